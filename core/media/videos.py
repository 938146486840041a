"""What a video is, its poster, and the video as networks take it. Runs in a confined child alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from core.media import boxes, decoding
from core.media.rules import JPEG, MOST_PIXELS, MOV, NotTaken

_BUFFER: Final = 1024 * 1024
_POSTER_AT_MS: Final = 1_000  # the first moment is often black
_POSTER_SIDE: Final = 1_920
_POSTER_QUALITY: Final = 88
_MOST_PACKETS: Final = 1_000  # until the first picture must have come
_FORMATS: Final = "mov"  # FFmpeg's name for the family; naming it keeps playlists and other containers out
_NO_PICTURES: Final = "There is no video in this file. Choose one that has pictures."
_UNREADABLE: Final = "The pictures of this video can't be read. Export it as MP4 with H.264 and upload that."
_PROTECTED: Final = "This video is protected against copying. Export it without protection and upload that."
_TOO_LONG: Final = "This video says that it lasts longer than a day. Export it once more and upload that."
_LONGEST_MS: Final = 24 * 3_600 * 1_000  # what a file says of itself may be anything
_MOST_BITS: Final = 10**9  # a second, and more than any network takes
_HEVC_OF_APPLE: Final = "hvc1"
_PLACE_WORDS: Final = ("location", "gps", "xyz")


def made(folder: Path, plain: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is kept of `source`, what networks get that want it `plain`, its poster and thumbnail.

    Raises NotTaken, and what FFmpeg raises of a damaged file.
    """
    source = folder / "source"
    layout = _layout(source)
    with _opened(source) as container:
        stream = _pictures(container)
        facts = _facts(container, stream, source.stat().st_size)
        tells_where = any(word in key.lower() for key in container.metadata for word in _PLACE_WORDS)
        frame = _frame(container, stream, facts["duration_ms"])
        pictured = _upright(frame)
        facts["width"], facts["height"] = pictured.size
    kept = source
    if layout.fragmented or tells_where or not layout.begins_with_index:
        kept = folder / "kept"
        _write_anew(source, kept, layout.mime)
        facts |= _length(kept)
    facts |= {"mime": layout.mime, "pages": 0}
    is_edited = _layout(kept).edited
    takers = [each["network"] for each in plain if is_edited and _takes(each, facts)]
    rendition = _without_edits(source, folder / "plain", facts) if takers else None
    poster = folder / "poster"
    pictured.thumbnail((_POSTER_SIDE, _POSTER_SIDE), Image.Resampling.LANCZOS)
    pictured.save(poster, "JPEG", quality=_POSTER_QUALITY, optimize=True)
    return {
        "kept": {**facts, "name": kept.name, "packing": "edited" if is_edited else "plain"},
        "renditions": dict.fromkeys(takers, rendition) if rendition else {},
        "poster": {"name": poster.name, "mime": JPEG, "width": pictured.width, "height": pictured.height},
        "thumbnail": decoding.thumbnail(pictured, folder / "thumbnail"),
    }


def _layout(place: Path) -> boxes.Layout:
    with place.open("rb") as file:
        return boxes.layout(file, place.stat().st_size)


def _takes(rules: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether a form of post takes these encodings; what it refuses whatever its packing needs no rendition."""
    silent = not facts["audio_codec"]
    return (not rules["codecs"] or facts["codec"] in rules["codecs"]) and (
        silent or not rules["audio_codecs"] or facts["audio_codec"] in rules["audio_codecs"]
    )


def _without_edits(source: Path, place: Path, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same video without an edit list; None where that would show pictures that the list hides."""
    if not _write_anew(source, place, facts["mime"], edit_list=False):
        place.unlink(missing_ok=True)
        return None
    return {**facts, **_length(place), "name": place.name, "packing": "plain"}


def _length(place: Path) -> dict[str, Any]:
    """The facts that another packing changes."""
    with _opened(place) as container:
        facts = _facts(container, _pictures(container), place.stat().st_size)
    return {"duration_ms": facts["duration_ms"], "bit_rate": facts["bit_rate"]}


@contextmanager
def _opened(place: Path) -> Iterator[InputContainer]:
    """Through a file of ours, so that nothing in it can make FFmpeg open another."""
    with place.open("rb") as file, av.open(file, "r", format=_FORMATS, buffer_size=_BUFFER) as container:
        yield container


def _pictures(container: InputContainer) -> VideoStream:
    streams = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if not streams:
        raise NotTaken(_NO_PICTURES)
    stream = streams[0]
    if stream.codec_context is None:
        raise NotTaken(_UNREADABLE)
    if stream.codec_context.codec_tag in ("encv", "enca"):
        raise NotTaken(_PROTECTED)
    if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
        raise NotTaken(
            f"This video has more than {MOST_PIXELS // 1_000_000} million pixels. Export it smaller and upload that."
        )
    stream.codec_context.thread_count = 1
    return stream


def _facts(container: InputContainer, stream: VideoStream, size: int) -> dict[str, Any]:
    duration_ms = round((container.duration or 0) / 1_000)
    if not duration_ms and stream.duration and stream.time_base:
        duration_ms = round(stream.duration * stream.time_base * 1_000)
    if not 0 <= duration_ms <= _LONGEST_MS:
        raise NotTaken(_TOO_LONG)
    sound = next((each.codec_context for each in container.streams.audio), None)
    return {
        "duration_ms": duration_ms,
        "codec": stream.codec_context.codec.canonical_name,
        "audio_codec": sound.codec.canonical_name if sound is not None else "",
        "frame_rate": round(float(stream.average_rate or stream.guessed_rate or 0), 3),
        "bit_rate": min(round(size * 8_000 / duration_ms), _MOST_BITS) if duration_ms else 0,
    }


def _frame(container: InputContainer, stream: VideoStream, duration_ms: int) -> VideoFrame:
    """A picture from near the beginning, which so is known to be readable."""
    if stream.time_base and duration_ms > _POSTER_AT_MS:
        container.seek(round(_POSTER_AT_MS / 1_000 / stream.time_base), stream=stream)
    for number, packet in enumerate(container.demux(stream)):
        for frame in packet.decode():
            return frame
        if number > _MOST_PACKETS:
            break
    raise NotTaken(_UNREADABLE)


def _upright(frame: VideoFrame) -> Image.Image:
    """Turned as the camera was held."""
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _stream_like(output: OutputContainer, template: VideoStream | AudioStream) -> VideoStream | AudioStream:
    stream = output.add_stream_from_template(template)
    if template.codec_context.codec_tag == _HEVC_OF_APPLE:  # kept, because its players know no other name
        stream.codec_context.codec_tag = _HEVC_OF_APPLE
    return stream


def _write_anew(source: Path, place: Path, mime: str, *, edit_list: bool = True) -> bool:
    """The same pictures and sound with the index first, and nothing else that rode along.

    Without an edit list all times are moved by as much as needed, and sound that the list hides is left out. False,
    with the file unfinished, where it hides pictures: others are built upon them, so that they can't be left out.
    """
    # Bit for bit the same each time, so that the same video sent twice is one file.
    options = {"movflags": "faststart", "fflags": "+bitexact"} | ({} if edit_list else {"use_editlist": "0"})
    with (
        _opened(source) as container,
        av.open(str(place), "w", format="mov" if mime == MOV else "mp4", options=options) as output,
    ):
        pictures = _pictures(container)
        wanted: list[VideoStream | AudioStream] = [pictures, *container.streams.audio[:1]]
        into = {each.index: _stream_like(output, each) for each in wanted}
        for packet in container.demux(wanted):
            if packet.dts is None:  # the empty one at the end
                continue
            if packet.is_discard and not edit_list:
                if packet.stream.index == pictures.index:
                    return False
                continue
            packet.stream = into[packet.stream.index]
            output.mux(packet)
    return True
