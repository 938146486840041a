"""How an MP4 or MOV file is built, by its outermost boxes (ISO/IEC 14496-12, 4.2). Nothing is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from core.media.rules import MOV, MP4, NotTaken

_MOST_BOXES: Final = 100_000  # a fragment each two seconds is a tenth of that in a day
_CUT_OFF: Final = "This video is cut off: its end is missing. Export or copy it once more and upload that."
_DAMAGED: Final = "This video is damaged: it can't be read. Export it once more and upload that."


@dataclass(frozen=True, slots=True)
class Layout:
    """`begins_with_index`: what tells where the pictures lie comes before them, as networks want it."""

    mime: str
    begins_with_index: bool
    fragmented: bool


def layout(file: BinaryIO, size: int) -> Layout:
    """Walk the outermost boxes. Raises NotTaken for a file that ends before they do, or that isn't made of boxes."""
    seen: list[bytes] = []
    brand = b""
    at = 0
    while at < size:
        if len(seen) > _MOST_BOXES:
            raise NotTaken(_DAMAGED)
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break  # a few bytes behind the last box do no harm
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size - at
        if length < 8 or not kind.isascii():
            raise NotTaken(_DAMAGED)
        if at + length > size:
            raise NotTaken(_CUT_OFF)
        brand = head[8:12] if kind == b"ftyp" and not brand else brand
        seen.append(kind)
        at += length
    if b"moov" not in seen:
        raise NotTaken(_CUT_OFF)
    first_data = seen.index(b"mdat") if b"mdat" in seen else len(seen)
    old = b"ftyp" not in seen  # QuickTime files from before there was a box for the type
    return Layout(
        mime=MOV if old or brand == b"qt  " else MP4,
        begins_with_index=seen.index(b"moov") < first_data,
        fragmented=b"moof" in seen,
    )
