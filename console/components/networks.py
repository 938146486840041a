"""What components know of a network: its declared data, as the registry has it. No network is named in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from core import providers
from core.provider_kit.file_checks import shapes
from core.provider_kit.types import Format, ImageRules, MediaKind, Network, TextRules, VideoRules

_UNKNOWN_COLOR: Final = "#667085"
# What is taken as an image: what a network doesn't take of these gets a rendition that it does.
IMAGE_TYPES: Final = ("image/jpeg", "image/png")
_ANYTHING: Final = TextRules("codepoints", 100_000)
_MEGABYTE: Final = 1_000_000
_ANY_SHAPE: Final = (0.1, 10.0)  # width / height


def network_mark(key: str) -> dict[str, str]:
    """Title and colour of a network, for a component that only names it: its rules are fifty times as long and more."""
    network = _network(key)
    return {"title": network.title, "color": network.color}


def network_data(key: str) -> dict[str, Any]:
    """Title, colour, rules, actions and forms of post of a network, for a component that a post is written in."""
    network = _network(key)
    images = network.images and {"max_alt": network.images.max_alt, "ratio": network.images.ratio}
    return {
        "key": key,
        "title": network.title,
        "color": network.color,
        "text": _text(network.text),
        "actions": list(network.actions),
        "takes_link": network.takes_link,
        "needs_media": network.needs_media,
        "images": images,
        "forms": [_form(network, form) for form in network.forms],
        "comments": network.comments and _text(network.comments),
        "mentions": network.mentions,
    }


def form_data(network: dict[str, Any], key: str) -> dict[str, Any]:
    """One of the forms in `network_data`; the plain one under this name where the network has it no more."""
    forms: list[dict[str, Any]] = network["forms"]
    return next((form for form in forms if form["key"] == key), {**forms[0], "key": key, "options": []})


def network_title(key: str) -> str:
    """How people call a network."""
    return _network(key).title


def _network(key: str) -> Network:
    known: Network | None = providers.networks().get(key)
    # Its folder may have been taken out of this installation.
    return known or Network(key, key.capitalize(), "", _UNKNOWN_COLOR, _ANYTHING, takes_link=True)


def _text(rules: TextRules) -> dict[str, Any]:
    return {
        "counter": rules.counter,
        "max_length": rules.max_length,
        "fold_at": rules.fold_at,
        "escaped": rules.escaped,
    }


def _form(network: Network, form: Format) -> dict[str, Any]:
    known: dict[MediaKind, object] = {"image": form.images, "video": form.videos, "document": form.documents}
    others = [rules.mimes for rules in (form.videos, form.documents) if rules is not None]
    return {
        "key": form.key,
        "title": form.title,
        "words": form.words,
        "needs": "; ".join(_needs(network, form)),
        "files": list(form.files),
        "takes": [kind for kind, rules in known.items() if rules is not None],
        "types": [*(IMAGE_TYPES if form.images is not None else ()), *(mime for mimes in others for mime in mimes)],
        "videos_most": form.videos_most,
        "mixed": form.mixed,
        "text": _text(form.text or network.text),
        "takes_text": form.takes_text,
        "takes_link": form.takes_link,
        "takes_comments": form.takes_comments,
        "max_alt": form.images.max_alt if form.images is not None else 0,
        "ratio": form.images.ratio if form.images is not None else None,
        "covers": form.covers is not None,
        "options": [{**asdict(option), "source": ""} for option in form.options],
    }


def _needs(network: Network, form: Format) -> Iterator[str]:
    """What a form carries, in words for whoever chooses it."""
    yield _number(form)
    if form.images is not None:
        yield f"images {_size(form.images)}"
    if form.videos is not None:
        shortest, longest = form.videos.duration_s
        yield f"videos of {_lasting(shortest)} to {_lasting(longest)}, {_size(form.videos)}"
    if form.documents is not None:
        pages = f" and {form.documents.max_pages} pages" if form.documents.max_pages is not None else ""
        yield f"documents of at most {_weight(form.documents.max_bytes)}{pages}"
    if not form.takes_text:
        yield "no text"
    else:
        rules = form.text or network.text
        yield f"text of at most {rules.max_length:,} {'bytes' if rules.counter == 'utf8' else 'characters'}"
    asked = [option.title.lower() for option in form.options if option.required]
    if asked:
        yield f"asks for {' and '.join(asked)}"


def _number(form: Format) -> str:
    """How many files, by kind where it carries fewer videos: "At most 10 images, or 1 video"."""
    least, most = form.files
    if most == 0:
        return "No files"
    kinds, videos = _kinds(form), min(most, form.videos_most)
    fewer = "video" in kinds and len(kinds) > 1 and videos < most
    groups = [(kinds, most)]
    if fewer and not form.mixed:
        groups = [([kind for kind in kinds if kind != "video"], most), (["video"], videos)]
    said = ", or ".join(_counted(group, least, number) for group, number in groups)
    begins = "At most " if not least else "Needs " if least == most else ""
    return f"{begins}{said}{f', at most {videos} of them videos' if fewer and form.mixed else ''}"


def _counted(kinds: Sequence[str], least: int, most: int) -> str:
    number = f"{least} to {most}" if 0 < least < most else f"{most}"
    return f"{number} {_either(kinds) if most == 1 else _either([f'{kind}s' for kind in kinds])}"


def _kinds(form: Format) -> list[str]:
    named = (("image", form.images), ("video", form.videos), ("document", form.documents))
    return [kind for kind, rules in named if rules is not None]


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))


def _size(rules: ImageRules | VideoRules) -> str:
    least, most = rules.ratio or _ANY_SHAPE
    bound = least > _ANY_SHAPE[0] or most < _ANY_SHAPE[1]  # what hardly any file breaks needs no words
    ratio = f"{shapes(least, most)}, " if bound else ""
    return f"{ratio}at most {_weight(rules.max_bytes)}"


def _weight(size: int) -> str:
    return f"{size / _MEGABYTE:.0f} MB" if size < 1000 * _MEGABYTE else f"{size / 1000 / _MEGABYTE:.3g} GB"


def _lasting(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 60 else f"{seconds / 60:.3g} min"
