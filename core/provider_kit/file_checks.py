"""What is wrong with the files of a payload on any network: which file, what it is, and what is needed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from core.provider_kit.types import (
    DocumentRules,
    Format,
    ImageRules,
    MediaItem,
    MediaKind,
    Payload,
    Problem,
    VideoRules,
)

_MEGABYTE: Final = 1_000_000
_ARTICLES: Final[dict[MediaKind, str]] = {"image": "an image", "video": "a video", "document": "a document"}
_TITLES: Final = {
    "application/pdf": "PDF",
    "application/msword": "Word (doc)",
    "application/vnd.ms-powerpoint": "PowerPoint (ppt)",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (docx)",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint (pptx)",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
}
# Shapes with a name that cameras and editors use, each as width through height.
_SHAPES: Final = {
    f"{wide}:{high}": wide / high
    for wide, high in ((1, 1), (4, 5), (5, 4), (3, 4), (4, 3), (2, 3), (3, 2), (9, 16), (16, 9), (1, 2), (2, 1))
}
_SAME_SHAPE: Final = 0.005
_ABOUT_ONE: Final = 0.05


def problems(title: str, form: Format, payload: Payload) -> Iterator[Problem]:
    """Problems of the files, each with its number; `title` is the network's."""
    media = payload.media
    yield from _number(title, form, [item.kind for item in media])
    for number, item in enumerate(media):
        for each in _file(title, form, item, _called(media, number)):
            yield replace(each, at=number)
    if payload.cover is not None:
        if form.covers is None:
            yield Problem("error", f"{title}'s {form.title.lower()} takes no cover.", "Remove the cover.")
        else:
            yield from _image(title, form.covers, payload.cover, "The cover")


def _called(media: Sequence[MediaItem], number: int) -> str:
    """How a sentence begins that speaks of this file: "The image", or "Image 2" where there are several files."""
    kind = media[number].kind
    return f"The {kind}" if len(media) == 1 else f"{kind.capitalize()} {number + 1}"


def _wanted(form: Format) -> list[MediaKind]:
    known: dict[MediaKind, object] = {"image": form.images, "video": form.videos, "document": form.documents}
    return [kind for kind, rules in known.items() if rules is not None]


def _number(title: str, form: Format, kinds: Sequence[MediaKind]) -> Iterator[Problem]:
    least, most = form.files
    wanted = _wanted(form)
    plain = form.title == "Post"
    this = title if plain else f"{title}'s {form.title.lower()}"
    refused = sorted({kind for kind in kinds if kind not in wanted})
    for kind in refused:
        carrier = f"{title} posts" if plain else this
        yield Problem("error", f"{carrier} can't carry {_ARTICLES[kind]} here.", f"Remove the {kind}.")
    if refused:
        return
    either = " or ".join(_ARTICLES[kind] for kind in wanted)
    if len(kinds) < least:
        if least == 1:
            yield Problem("error", f"{this} needs {either}.", f"Add {either}.")
        else:
            plural = " or ".join(f"{kind}s" for kind in wanted)
            yield Problem("error", f"{this} needs at least {least} {plural}.", f"Add {least - len(kinds)} more.")
    elif len(kinds) > most:
        if most == 1:
            named = wanted[0] if len(wanted) == 1 else "file"
            yield Problem("error", f"{title} posts carry one {named} here.", f"Keep one {named}.")
        else:
            words = f"{this} carries at most {most} files, and this post has {len(kinds)}."
            yield Problem("error", words, f"Remove {len(kinds) - most}.")
    counted = Counter(kinds)
    if len(counted) > 1 and not form.mixed:
        both = " and ".join(f"{kind}s" for kind in sorted(counted))
        yield Problem("error", f"{this} carries either {both.replace(' and ', ' or ')}, not both.", "Keep one kind.")
    elif counted["video"] > form.videos_most and len(kinds) <= most:
        allowed = "one video" if form.videos_most == 1 else f"at most {form.videos_most} videos"
        yield Problem("error", f"{this} carries {allowed}.", f"Remove {counted['video'] - form.videos_most}.")


def _file(title: str, form: Format, item: MediaItem, called: str) -> Iterator[Problem]:
    if item.kind == "image" and form.images is not None:
        yield from _image(title, form.images, item, called)
    elif item.kind == "video" and form.videos is not None:
        yield from _video(title, form.videos, item, called)
    elif item.kind == "document" and form.documents is not None:
        yield from _document(title, form.documents, item, called)


def _type(
    title: str, rules: ImageRules | VideoRules | DocumentRules, item: MediaItem, called: str
) -> Iterator[Problem]:
    if item.mime not in rules.mimes:
        takes = " or ".join(_TITLES.get(each, each.partition("/")[2].upper()) for each in rules.mimes)
        kind = "this" if called.startswith("The") else called.lower()
        yield Problem(
            "error",
            f"{title} takes {takes}, and {kind}{f' {item.kind}' if kind == 'this' else ''} is another kind.",
            f"Upload the {item.kind} again." if item.kind == "image" else f"Save it as {takes} and upload that.",
        )


def _size(title: str, most: int, item: MediaItem, called: str) -> Iterator[Problem]:
    if item.size > most:
        yield Problem(
            "error",
            f"{called} is {item.size / _MEGABYTE:.1f} MB; {title} takes at most {most / _MEGABYTE:.0f} MB.",
            "Choose a smaller one.",
        )


def _least_size(title: str, least: int, item: MediaItem, called: str) -> Iterator[Problem]:
    if item.size < least:
        words = f"{called} has only {item.size:,} bytes; {title} takes at least {least:,}."
        yield Problem("error", words, "Export it in a better quality and upload that.")


def shape(ratio: float) -> str:
    """A width through a height as people who make pictures say it: "4:5"; "0.77:1" where it has no such name."""
    return next((name for name, known in _SHAPES.items() if abs(known - ratio) < _SAME_SHAPE), f"{ratio:.2f}:1")


def shapes(least: float, most: float) -> str:
    """Which shapes are taken: "4:5 to 1.91:1", or "about 9:16" where both ends are next to a known one."""
    between = [name for name, known in _SHAPES.items() if least < known < most]
    if len(between) == 1 and most - least < _ABOUT_ONE:
        return f"about {between[0]}"
    return f"{shape(least)} to {shape(most)}"


def _ratio(title: str, rules: ImageRules | VideoRules, item: MediaItem, called: str) -> Iterator[Problem]:
    if rules.ratio is None or not item.height:
        return
    ratio = item.width / item.height
    if not rules.ratio[0] <= round(ratio, 2) <= rules.ratio[1]:
        yield Problem(
            "error",
            f"{called} is {item.width} x {item.height} pixels, {shape(ratio)}; {title} takes {shapes(*rules.ratio)}.",
            "Crop it, or choose another one.",
        )


def _image(title: str, rules: ImageRules, item: MediaItem, called: str) -> Iterator[Problem]:
    yield from _type(title, rules, item, called)
    yield from _size(title, rules.max_bytes, item, called)
    yield from _ratio(title, rules, item, called)
    if item.width < rules.min_width:
        yield Problem(
            "error",
            f"{called} is {item.width} pixels wide; {title} needs at least {rules.min_width}.",
            "Choose a larger one.",
        )
    if rules.max_pixels is not None and item.width * item.height > rules.max_pixels:
        yield Problem(
            "error",
            f"{called} has {item.width * item.height:,} pixels; {title} takes at most {rules.max_pixels:,}.",
            "Choose a smaller one.",
        )
    of = "the image" if called.startswith("The") else called.lower()
    if item.alt and not rules.max_alt:
        yield Problem("warning", f"{title} takes no description of an image; it is left out.", "")
    elif len(item.alt) > rules.max_alt:
        yield Problem(
            "error",
            f"The description of {of} is {len(item.alt) - rules.max_alt:,} characters too long for {title}"
            f" (at most {rules.max_alt:,}).",
            "Shorten it.",
        )


def _video(title: str, rules: VideoRules, item: MediaItem, called: str) -> Iterator[Problem]:
    yield from _type(title, rules, item, called)
    yield from _size(title, rules.max_bytes, item, called)
    yield from _least_size(title, rules.min_bytes, item, called)
    yield from _ratio(title, rules, item, called)
    least_s, most_s = rules.duration_s
    if not least_s * 1000 <= item.duration_ms <= most_s * 1000:
        yield Problem(
            "error",
            f"{called} lasts {_lasting(item.duration_ms / 1000)};"
            f" {title} takes {_lasting(least_s)} to {_lasting(most_s)}.",
            "Cut it, or choose another one." if item.duration_ms > most_s * 1000 else "Choose a longer one.",
        )
    if item.width < rules.min_width or item.height < rules.min_height:
        yield Problem(
            "error",
            f"{called} is {item.width} x {item.height} pixels;"
            f" {title} needs at least {rules.min_width} x {rules.min_height}.",
            "Choose a larger one.",
        )
    if rules.max_width is not None and item.width > rules.max_width:
        yield Problem(
            "error",
            f"{called} is {item.width:,} pixels wide; {title} takes at most {rules.max_width:,}.",
            "Save it smaller and upload that.",
        )
    encodings = list(_encodings(title, rules, item, called))
    yield from encodings
    if rules.plain and not encodings:  # in another encoding it has to be exported anew anyway
        yield from _packing(title, item, called)
    if rules.frame_rate is not None and not rules.frame_rate[0] <= round(item.frame_rate, 1) <= rules.frame_rate[1]:
        yield Problem(
            "error",
            f"{called} has {item.frame_rate:.4g} frames a second;"
            f" {title} takes {rules.frame_rate[0]:.4g} to {rules.frame_rate[1]:.4g}.",
            "Export it with another frame rate and upload that.",
        )
    if rules.bit_rate is not None and item.bit_rate > rules.bit_rate:
        yield Problem(
            "error",
            f"{called} has {item.bit_rate / _MEGABYTE:.1f} Mbit a second;"
            f" {title} takes at most {rules.bit_rate / _MEGABYTE:.0f}.",
            "Export it with a lower bit rate and upload that.",
        )


def _encodings(title: str, rules: VideoRules, item: MediaItem, called: str) -> Iterator[Problem]:
    if rules.codecs and item.codec not in rules.codecs:
        yield _encoding(title, called, item.codec, rules.codecs)
    if rules.audio_codecs and item.audio_codec and item.audio_codec not in rules.audio_codecs:
        yield _encoding(title, f"{called}'s sound", item.audio_codec, rules.audio_codecs)


def _packing(title: str, item: MediaItem, called: str) -> Iterator[Problem]:
    """An edit list that could be left out was, in the rendition that this is then."""
    if item.packing == "edited":
        yield Problem(
            "error",
            f"{called} was cut by an edit list alone, which {title} refuses:"
            " without it, what was cut away would be seen again.",
            "Export it anew, so that only what is to be seen is in the file, and upload that.",
        )
    elif not item.packing:
        yield Problem(
            "warning",
            f"{called} was uploaded before Masthead looked for edit lists, which {title} refuses.",
            "Upload it again: if it has one, it is prepared without.",
        )


def _encoding(title: str, of: str, codec: str, takes: Sequence[str]) -> Problem:
    these = " or ".join(each.upper() for each in takes)
    return Problem(
        "error",
        f"{of} is {codec.upper() or 'of an unknown encoding'}; {title} takes {these}.",
        f"Export it as {takes[0].upper()} and upload that.",
    )


def _lasting(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _document(title: str, rules: DocumentRules, item: MediaItem, called: str) -> Iterator[Problem]:
    yield from _type(title, rules, item, called)
    yield from _size(title, rules.max_bytes, item, called)
    if rules.max_pages is not None and item.pages > rules.max_pages:
        yield Problem(
            "error",
            f"{called} has {item.pages:,} pages; {title} takes at most {rules.max_pages:,}.",
            "Choose a shorter one.",
        )
