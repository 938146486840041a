"""What the sandbox reads in a video file (ISO/IEC 14496-12; meta 5.7, 6; the writer of the files is our own)."""

from __future__ import annotations

import io
import struct

import pytest

from sandbox.videos import NotAVideo, read_video
from tests.factories.videos import MOV, video


def test_a_video_tells_length_size_codecs_and_rate() -> None:
    content = video(12.5, (1080, 1920), fps=25, sample_rate=44_100, channels=1)
    read = read_video(io.BytesIO(content))
    assert (read.container, read.seconds, read.width, read.height) == ("MP4", 12.5, 1080, 1920)
    assert (read.codec, read.fps, read.chroma_420) == ("H264", pytest.approx(25), True)
    assert (read.audio, read.sample_rate, read.channels) == ("AAC", 44_100, 1)
    assert (read.moov_first, read.edit_list, read.size) == (True, False, len(content))
    assert read.bits_per_second == pytest.approx(len(content) * 8 / 12.5)


def test_what_is_unusual_is_told_too() -> None:
    read = read_video(
        io.BytesIO(video(5, codec="hvc1", brand=MOV, audio=None, chroma=422, moov_first=False, edit_list=True))
    )
    assert (read.container, read.codec, read.audio, read.content_type) == ("MOV", "HEVC", None, "video/quicktime")
    assert (read.chroma_420, read.moov_first, read.edit_list) == (False, False, True)
    assert read_video(io.BytesIO(video(codec="xvid"))).codec == "xvid"


def test_a_video_filmed_on_its_side_is_measured_as_it_is_shown() -> None:
    read = read_video(io.BytesIO(video(size=(1920, 1080), turned=True)))
    assert (read.width, read.height, read.ratio) == (1080, 1920, 1080 / 1920)


def test_a_large_file_is_filled_up_and_told_by_its_head() -> None:
    content = video(240 * 60.0, bytes_at_least=3_000_000)
    assert len(content) == 3_000_000
    assert read_video(io.BytesIO(content)).seconds == 240 * 60


@pytest.mark.parametrize("cut", [0, 4, 7, 20, 60, 300, 600])
def test_a_file_that_ends_too_early_is_no_video(cut: int) -> None:
    with pytest.raises(NotAVideo):
        read_video(io.BytesIO(video()[:cut]))


@pytest.mark.parametrize(
    "content",
    [
        b"<html>not a video</html>" * 20,
        bytes(1_000),
        struct.pack(">I4s", 8, b"free") * 5_000,
        struct.pack(">I4sQ", 1, b"ftyp", 1 << 62) + bytes(100),
        video().replace(b"vide", b"text"),
        video().replace(b"mdat", b"skip"),
    ],
    ids=["text", "zeros", "boxes without end", "a box as large as the world", "no pictures", "nothing in it"],
)
def test_what_is_no_video_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(NotAVideo):
        read_video(io.BytesIO(content))


def test_a_file_with_every_byte_spoiled_in_turn_is_read_or_refused_and_nothing_else() -> None:
    content = video(1)
    head = content.index(b"mdat")
    for at in range(head):
        spoiled = bytearray(content)
        spoiled[at] ^= 0xFF
        try:
            read_video(io.BytesIO(bytes(spoiled)))
        except NotAVideo:
            continue
