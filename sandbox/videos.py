"""What a video is, told by its content: the boxes of an MP4 or MOV file are read, its pictures never decoded.

ISO/IEC 14496-12 and 14496-15. Reading is bounded: headers only, so that a gigabyte costs what a small file does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

MP4, MOV = "MP4", "MOV"
H264, HEVC = "H264", "HEVC"
_NAMES: Final = {
    "avc1": H264,
    "avc3": H264,
    "hvc1": HEVC,
    "hev1": HEVC,
    "vp09": "VP9",
    "av01": "AV1",
    "mp4a": "AAC",
    "ap4h": "ProRes",
    "apcn": "ProRes",
    "mp4v": "MPEG4",
}
_BOXES_MAX: Final = 4_096
_ENTRY_MAX: Final = 4_096
_TIMES_MAX: Final = 8_192
# Profiles of H.264 that store colour more finely than 4:2:0.
_FINE_PROFILES: Final = frozenset({122, 244, 44})


class NotAVideo(Exception):
    """The bytes are no MP4 or MOV file with pictures in it."""


@dataclass(frozen=True, slots=True)
class Video:
    """One file. `width` and `height` are as it is shown; `size` counts bytes.

    Codecs are named as people name them (`H264`, `AAC`); one that isn't known keeps the four letters of the file. `fps`
    is the average. Without sound `audio` is None.
    """

    container: str
    size: int
    seconds: float
    width: int
    height: int
    codec: str
    fps: float
    chroma_420: bool
    moov_first: bool
    edit_list: bool
    audio: str | None = None
    sample_rate: int = 0
    channels: int = 0

    @property
    def ratio(self) -> float:
        """Width to height."""
        return self.width / self.height

    @property
    def bits_per_second(self) -> float:
        """What a second of it takes, sound included."""
        return self.size * 8 / self.seconds if self.seconds else 0.0

    @property
    def content_type(self) -> str:
        """What a browser is told."""
        return "video/quicktime" if self.container == MOV else "video/mp4"


@dataclass(slots=True)
class _Track:
    kind: str = ""
    entry: bytes = b""
    scale: int = 0
    length: int = 0
    width: int = 0
    height: int = 0
    samples: int = 0
    edited: bool = False

    @property
    def seconds(self) -> float:
        return self.length / self.scale if self.scale else 0.0


@dataclass(slots=True)
class _Found:
    brand: str = ""
    seconds: float = 0.0
    moov_at: int | None = None
    mdat_at: int | None = None
    tracks: list[_Track] = field(default_factory=list)


def read_video(file: BinaryIO) -> Video:
    """The video in a file that can be sought in; raises NotAVideo."""
    size = file.seek(0, 2)
    found = _Found()
    try:
        _walk(_Reader(file), 0, size, found)
    except (struct.error, IndexError, UnicodeDecodeError) as problem:
        raise NotAVideo(f"a box can't be read: {problem}") from problem
    picture = next((track for track in found.tracks if track.kind == "vide" and track.entry), None)
    if not found.brand or found.moov_at is None or picture is None:
        raise NotAVideo("there is no ftyp, moov or track of pictures")
    if found.mdat_at is None or not picture.width or not picture.height:
        raise NotAVideo("there is nothing to show")
    sound = next((track for track in found.tracks if track.kind == "soun" and len(track.entry) >= 36), None)
    seconds = found.seconds or picture.seconds
    return Video(
        container=MOV if found.brand == "qt  " else MP4,
        size=size,
        seconds=seconds,
        width=picture.width,
        height=picture.height,
        codec=_codec(picture),
        fps=picture.samples / picture.seconds if picture.seconds else 0.0,
        chroma_420=_is_420(picture.entry),
        moov_first=found.moov_at < found.mdat_at,
        edit_list=any(track.edited for track in found.tracks),
        audio=_codec(sound) if sound else None,
        sample_rate=struct.unpack_from(">I", sound.entry, 32)[0] >> 16 if sound else 0,
        channels=struct.unpack_from(">H", sound.entry, 24)[0] if sound else 0,
    )


class _Reader:
    """Reads pieces of a file, and not too many."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _BOXES_MAX

    def boxes(self, at: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Name, begin and end of the content of each box in a stretch of the file."""
        while end - at >= 8:
            self._left -= 1
            if self._left < 0:
                raise NotAVideo("there are too many boxes")
            length, name = struct.unpack(">I4s", self.read(at, 8))
            begin = at + 8
            if length == 1:
                (length,) = struct.unpack(">Q", self.read(begin, 8))
                begin += 8
            stop = end if length == 0 else at + length
            if stop < begin or stop > end:
                raise NotAVideo("a box is longer than what it stands in")
            yield name.decode("latin-1"), begin, stop
            at = stop

    def read(self, at: int, count: int) -> bytes:
        """Exactly so many bytes."""
        self._file.seek(at)
        content = self._file.read(count)
        if len(content) < count:
            raise NotAVideo("the file ends too early")
        return content


_INSIDE: Final = frozenset({"moov", "mdia", "minf", "stbl"})


def _walk(reader: _Reader, at: int, end: int, found: _Found) -> None:
    for name, begin, stop in reader.boxes(at, end):
        if name == "ftyp":
            found.brand = reader.read(begin, 4).decode("latin-1")
        elif name == "mdat":
            found.mdat_at = begin if found.mdat_at is None else found.mdat_at
        elif name == "mvhd":
            scale, length = _duration(reader, begin)
            found.seconds = length / scale if scale else 0.0
        elif name == "trak":
            found.tracks.append(_Track())
            _walk(reader, begin, stop, found)
        elif name in _INSIDE:
            if name == "moov":
                found.moov_at = begin
            _walk(reader, begin, stop, found)
        elif found.tracks:
            _note(reader, name, begin, stop, found.tracks[-1])


def _note(reader: _Reader, name: str, begin: int, stop: int, track: _Track) -> None:
    """What a box says of its track."""
    if name == "tkhd":
        _size(reader, begin, track)
    elif name == "mdhd":
        track.scale, track.length = _duration(reader, begin)
    elif name == "hdlr" and not track.kind:
        track.kind = reader.read(begin + 8, 4).decode("latin-1")
    elif name == "stsd":
        track.entry = reader.read(begin + 8, min(stop - begin - 8, _ENTRY_MAX))
    elif name == "stts":
        (entries,) = struct.unpack(">I", reader.read(begin + 4, 4))
        entries = min(entries, _TIMES_MAX)
        times = struct.unpack(f">{2 * entries}I", reader.read(begin + 8, 8 * entries))
        track.samples = sum(times[::2])
    elif name == "edts":
        track.edited = True


def _duration(reader: _Reader, begin: int) -> tuple[int, int]:
    """Time scale and length of a `mvhd` or `mdhd`, which comes in two sizes."""
    if reader.read(begin, 1)[0] == 1:
        scale, length = struct.unpack(">IQ", reader.read(begin + 20, 12))
    else:
        scale, length = struct.unpack(">II", reader.read(begin + 12, 8))
    return scale, length


def _size(reader: _Reader, begin: int, track: _Track) -> None:
    """Width and height as shown: a track that is turned by a quarter is as high as it is stored wide."""
    matrix_at = begin + (52 if reader.read(begin, 1)[0] == 1 else 40)
    matrix = struct.unpack(">9i", reader.read(matrix_at, 36))
    width, height = (side >> 16 for side in struct.unpack(">II", reader.read(matrix_at + 36, 8)))
    turned = matrix[0] == 0 and matrix[4] == 0
    track.width, track.height = (height, width) if turned else (width, height)


def _codec(track: _Track) -> str:
    letters = track.entry[4:8].decode("latin-1")
    return _NAMES.get(letters, letters)


def _is_420(entry: bytes) -> bool:
    """By the decoder's configuration; where there is none it is taken to be."""
    if (at := entry.find(b"avcC")) >= 0:
        return entry[at + 5] not in _FINE_PROFILES
    if (at := entry.find(b"hvcC")) >= 0:
        return entry[at + 20] & 3 == 1
    return True
