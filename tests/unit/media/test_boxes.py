"""What the boxes of a video tell, whatever strangers put into them."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pytest

from core.media import boxes
from core.media.boxes import Layout
from core.media.rules import MOV, MP4, NotTaken
from tests.factories.videos import video


def box(kind: bytes, *parts: bytes, length: int | None = None) -> bytes:
    content = b"".join(parts)
    return (8 + len(content) if length is None else length).to_bytes(4, "big") + kind + content


FTYP = box(b"ftyp", b"isom", bytes(4))
MDAT = box(b"mdat", bytes(64))
EDTS = box(b"edts", box(b"elst", bytes(20)))


def read(content: bytes) -> Layout:
    return boxes.layout(io.BytesIO(content), len(content))


def edited(*index: bytes) -> bool:
    return read(FTYP + box(b"moov", *index) + MDAT).edited


def test_a_plain_video_has_its_index_first_and_no_edit_list() -> None:
    assert read(video()) == Layout(MP4, begins_with_index=True, fragmented=False, edited=False)


def test_where_the_index_stands_and_whether_a_track_is_edited_is_told() -> None:
    assert not read(video(moov_first=False)).begins_with_index
    assert read(video(edit_list=True)).edited
    both = read(video(moov_first=False, edit_list=True, brand=b"qt  "))
    assert both == Layout(MOV, begins_with_index=False, fragmented=False, edited=True)


def test_any_track_may_be_the_edited_one() -> None:
    assert edited(box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd")), box(b"trak", box(b"tkhd"), EDTS))


@pytest.mark.parametrize(
    "index",
    [
        (),
        (EDTS,),  # belongs to no track
        (box(b"udta", EDTS),),
        (box(b"trak", box(b"mdia", EDTS)),),
        (box(b"trak", box(b"tkhd", b"edts")),),
    ],
    ids=["nothing", "beside tracks", "in what people said", "too deep", "letters"],
)
def test_an_edit_list_elsewhere_is_none(index: tuple[bytes, ...]) -> None:
    assert not edited(*index)


@pytest.mark.parametrize(
    "index",
    [
        (box(b"trak", length=9_000),),
        (box(b"trak", box(b"tkhd", length=9_000)),),
        (box(b"trak", length=3),),
        (box(b"trak", box(b"\xff\xfe\xfd\xfc")),),
        (box(b"trak", length=1), bytes(8)),
    ],
    ids=["too long a track", "too long a box", "too short", "no letters", "too short in 64 bits"],
)
def test_an_index_that_can_not_be_walked_is_not_said_to_be_plain(index: tuple[bytes, ...]) -> None:
    assert edited(*index)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (FTYP + box(b"moov") + box(b"mdat", length=5_000), "cut off"),
        (FTYP + box(b"moov", length=1) + (1 << 62).to_bytes(8, "big"), "cut off"),
        (FTYP + box(b"moov", length=5_000), "cut off"),
        (FTYP + MDAT, "cut off"),
        (b"", "cut off"),
        (FTYP + box(b"moov", length=1) + (9).to_bytes(8, "big"), "damaged"),
        (FTYP + box(b"moov", length=2), "damaged"),
        (FTYP + box(b"\xffoov"), "damaged"),
        (FTYP + box(b"free") * 100_001, "damaged"),
        (FTYP + box(b"moov", box(b"cmov", bytes(30))) + MDAT, "index of this video is compressed"),
        (FTYP + box(b"moov", box(b"free"), box(b"cmov", length=9_000)) + MDAT, "index of this video is compressed"),
        (FTYP + box(b"moov", box(b"free") * 100_001) + MDAT, "damaged"),
        (FTYP + box(b"moov", box(b"trak", box(b"free") * 100_001)) + MDAT, "damaged"),
    ],
)
def test_what_is_cut_off_or_no_video_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(NotTaken, match=words):
        read(content)


def test_a_few_bytes_behind_the_last_box_do_no_harm() -> None:
    assert not read(FTYP + box(b"moov", bytes(7)) + MDAT + bytes(7)).edited


def test_what_lies_in_itself_a_million_times_costs_nothing() -> None:
    assert not edited(b"".join(box(b"moov", length=8 * (1_000_000 - depth)) for depth in range(1_000_000)))


class HeadsAlone(io.RawIOBase):
    """A file of a terabyte in which only heads of boxes may be read."""

    def __init__(self, heads: dict[int, bytes]) -> None:
        self._heads, self._at, self.reads = heads, 0, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 16
        self.reads += 1
        return self._heads[self._at]


def test_only_heads_are_read_however_large_a_file_is() -> None:
    terabyte = 1 << 40
    data = (1).to_bytes(4, "big") + b"mdat" + (terabyte - 48).to_bytes(8, "big")
    file = HeadsAlone(
        {
            0: box(b"ftyp", length=24) + b"isom",
            8: b"isom",
            24: data,
            terabyte - 24: box(b"moov", length=24),
            terabyte - 16: box(b"trak", length=16),
            terabyte - 8: box(b"edts"),
        }
    )
    found = boxes.layout(cast("BinaryIO", file), terabyte)
    assert (found.begins_with_index, found.edited) == (False, True)
    assert file.reads < 10
