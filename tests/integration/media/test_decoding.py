"""Whatever is sent: words for a person or a sound image, and never a dead process (RELIABILITY, goal S7)."""

from __future__ import annotations

import io
import resource
from uuid import uuid4

import pytest
from PIL import Image

from core.media import decoding, files, making
from core.media.making import Made
from core.media.rules import NotAnImage
from tests.factories.media import HALVES, picture
from tests.integration.media import hostile

ORGANIZATION = uuid4()
pytestmark = pytest.mark.usefixtures("storage")


def make(content: bytes) -> Made:
    return making.make(ORGANIZATION, [content])


def opened(made: Made, network: str | None = None) -> Image.Image:
    kept = made.renditions[network] if network else made.kept
    image = Image.open(io.BytesIO(files.read(ORGANIZATION, kept.sha256.hex())))
    image.load()
    return image


def near(seen: object, meant: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(seen[:3], meant, strict=True))


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_a_hostile_file_is_refused_in_words(name: str, caplog: pytest.LogCaptureFixture) -> None:
    content, words = hostile.REFUSED[name]
    with pytest.raises(NotAnImage, match=words) as refused:
        make(content())
    assert str(refused.value)[0].isupper()
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 150
    assert "image_child_died" not in [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("name", hostile.TAKEN)
def test_an_odd_file_becomes_a_plain_image(name: str) -> None:
    made = make(hostile.TAKEN[name]())
    image = opened(made)
    assert image.format in ("JPEG", "PNG")
    assert image.mode in ("L", "RGB", "RGBA")
    assert getattr(image, "n_frames", 1) == 1
    assert (image.width, image.height) == (made.kept.width, made.kept.height)
    assert opened(made, "jpeg").mode in ("L", "RGB")


def test_there_are_enough_of_them() -> None:
    assert len(hostile.REFUSED) >= 30


@pytest.mark.parametrize("content", [hostile.with_exif(1), hostile.png_with_words()], ids=["JPEG", "PNG"])
def test_nothing_but_pixels_is_kept(content: bytes) -> None:
    assert b"SECRET" in content
    made = make(content)
    for kept in (made.kept, *made.renditions.values()):
        written = files.read(ORGANIZATION, kept.sha256.hex())
        assert b"SECRET" not in written
        assert b"Exif" not in written
        assert set(Image.open(io.BytesIO(written)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(("orientation", "turned"), [(1, False), (3, False), (6, True), (8, True)])
def test_a_camera_held_on_its_side_is_turned_upright(orientation: int, turned: bool) -> None:
    image = opened(make(hostile.with_exif(orientation)))
    assert image.size == ((50, 80) if turned else (80, 50))
    corner = {1: HALVES[0], 3: HALVES[1], 6: HALVES[0], 8: HALVES[1]}[orientation]
    assert near(image.getpixel((5, 5)), corner)


def test_colours_are_turned_into_srgb() -> None:
    image = opened(make(hostile.with_profile(hostile.red_for_blue())))
    assert near(image.getpixel((5, 5)), HALVES[1]), "red as this profile means it is blue"
    assert image.info.get("icc_profile") is None


def test_what_is_transparent_is_white_where_a_network_takes_jpeg_only() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    written = io.BytesIO()
    clear.save(written, "PNG")
    made = make(written.getvalue())
    assert opened(made).getpixel((5, 5)) == (0, 0, 0, 0)
    assert near(opened(made, "jpeg").getpixel((5, 5)), (255, 255, 255))


def test_an_image_of_48_million_pixels_is_taken_and_this_process_stays_small() -> None:
    large = picture(size=(8000, 6000), quality=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = make(large)
    assert (made.kept.width, made.kept.height) == (8000, 6000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000, "kilobytes"


def test_a_child_that_would_take_too_much_is_ended_and_the_person_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_WITHIN_S", 0.05)
    with pytest.raises(NotAnImage, match="too long or too much memory"):
        make(picture())
    with making.turns.one(ORGANIZATION), making.turns.one(uuid4()):
        pass  # and its slot is free again


def test_a_decoder_has_little_memory_and_time() -> None:
    assert decoding.MEMORY_BYTES <= 1_200 * 2**20
    assert decoding.CPU_S < making._WITHIN_S
