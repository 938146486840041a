"""How an MP4 or MOV file is built, by its boxes (ISO/IEC 14496-12, 4.2 and 8.6.5). Nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from core.media.rules import MOV, MP4, NotTaken

_MOST_BOXES: Final = 100_000  # a fragment each two seconds is a tenth of that in a day
_SHORTEST: Final = 8
_CUT_OFF: Final = "This video is cut off: its end is missing. Export or copy it once more and upload that."
_PACKED: Final = "The index of this video is compressed. Export it as MP4 and upload that."
_DAMAGED: Final = "This video is damaged: it can't be read. Export it once more and upload that."


@dataclass(frozen=True, slots=True)
class Layout:
    """`begins_with_index`: what tells where the pictures lie comes before them, as networks want it.

    `edited`: an edit list says which parts are shown and when, or the index can't be read so far as to tell.
    """

    mime: str
    begins_with_index: bool
    fragmented: bool
    edited: bool


def layout(file: BinaryIO, size: int) -> Layout:
    """Walk the outermost boxes, and those of the index. Heads alone are read, and not too many of them.

    Raises NotTaken for a file that ends before its outermost boxes do, that isn't made of boxes, or whose index is
    compressed: that one says how much memory unpacking it takes.
    """
    reader = _Reader(file)
    seen: list[bytes] = []
    brand = b""
    edited = False
    for kind, begin, end in reader.boxes(0, size):
        if end > size:
            raise NotTaken(_CUT_OFF)
        if kind == b"ftyp" and not brand:
            brand = reader.read(begin, 4)
        elif kind == b"moov":
            edited = edited or _edited(reader, begin, end)
        seen.append(kind)
    if b"moov" not in seen:
        raise NotTaken(_CUT_OFF)
    first_data = seen.index(b"mdat") if b"mdat" in seen else len(seen)
    old = b"ftyp" not in seen  # QuickTime files from before there was a box for the type
    return Layout(
        mime=MOV if old or brand == b"qt  " else MP4,
        begins_with_index=seen.index(b"moov") < first_data,
        fragmented=b"moof" in seen,
        edited=edited,
    )


class _Reader:
    """Reads heads of boxes, and so many of them in one file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_BOXES

    def read(self, at: int, count: int) -> bytes:
        """At most so many bytes."""
        self._file.seek(at)
        return self._file.read(count)

    def boxes(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Kind, and begin and end of the content, of each box from here to `end`; the last may end behind it.

        A few bytes behind the last box do no harm. Raises NotTaken where there is no box.
        """
        while end - at >= _SHORTEST:
            self._left -= 1
            if self._left < 0:
                raise NotTaken(_DAMAGED)
            head = self.read(at, 16)
            length, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], at + 8
            if length == 1:
                length, begin = int.from_bytes(head[8:16], "big"), at + 16
            elif length == 0:  # to the end of what it stands in
                length = end - at
            if length < begin - at or not kind.isascii():
                raise NotTaken(_DAMAGED)
            yield kind, begin, at + length
            at += length


def _edited(reader: _Reader, begin: int, end: int) -> bool:
    """Whether a track of the index has an edit list, or none can be ruled out. Raises NotTaken of a packed index."""
    try:
        for kind, inner, inner_end in reader.boxes(begin, end):
            if kind == b"cmov":
                break
            if inner_end > end:
                return True
            if kind == b"trak" and _has_edits(reader, inner, inner_end):
                return True
        else:
            return False
    except NotTaken:  # what is shown of it is for the decoder to say; written anew it is sure to have none
        return True
    raise NotTaken(_PACKED)


def _has_edits(reader: _Reader, begin: int, end: int) -> bool:
    return any(kind == b"edts" or inner_end > end for kind, _, inner_end in reader.boxes(begin, end))
