"""Pictures and their states: WAITING_UPLOAD, PROCESSING, then AVAILABLE or PROCESSING_FAILED (linkedin 5.1)."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image as Picture
from PIL import UnidentifiedImageError

from sandbox import pictures
from sandbox.faults.model import Conditions, Mode
from sandbox.linkedin.facts import FORMATS, GIF_FRAMES_MAX, PIXELS_MAX, UPLOAD_URL_LIFETIME_S
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

WAITING, PROCESSING, AVAILABLE, FAILED = "WAITING_UPLOAD", "PROCESSING", "AVAILABLE", "PROCESSING_FAILED"
DEFAULT_POLLS = 3


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it stands. `sha256` is null until bytes came; `trouble` says why they can't be used.

    Faults: `polls` looks still see it PROCESSING, `slow_s` lengthens that (once a picture: `slowed`), `failing` ends it
    badly.
    """

    id: str
    upload: str
    app_id: str
    owner: str
    upload_expires_at: float
    uploaded_at: float | None
    sha256: str | None
    trouble: str | None
    ready_at: float
    polls: int
    slow_s: float | None
    slowed: int
    failing: int

    def status(self, now: float) -> str:
        """Its state at a time."""
        if self.uploaded_at is None:
            return WAITING
        if self.polls > 0 or now < self.ready_at:
            return PROCESSING
        return FAILED if self.failing or self.trouble else AVAILABLE


def add(world: World, app_id: str, owner: str) -> Image:
    """A place for one picture."""
    turn = world.count("linkedin image")
    random = opaque(world.seed, f"linkedin image {turn}").replace("-", "x").replace("_", "y")
    row = world.db.execute(
        "insert into linkedin_image (id, upload, app_id, owner, upload_expires_at) values (?, ?, ?, ?, ?) returning *",
        (
            f"urn:li:image:C4E10AQ{random[:24]}",
            opaque(world.seed, f"linkedin upload {turn}"),
            app_id,
            owner,
            world.now + UPLOAD_URL_LIFETIME_S,
        ),
    ).fetchone()
    return Image(*row)


def find(world: World, image_id: str) -> Image | None:
    """The picture of this URN."""
    row = world.db.execute("select * from linkedin_image where id = ?", (image_id,)).fetchone()
    return Image(*row) if row else None


def find_by_upload(world: World, key: str) -> Image | None:
    """The picture whose upload address this is."""
    row = world.db.execute("select * from linkedin_image where upload = ?", (key,)).fetchone()
    return Image(*row) if row else None


def take(world: World, image: Image, content: bytes) -> None:
    """Bytes came. The same address takes them again, as a client repeats a PUT whose answer it missed."""
    trouble, content_type = _look_at(content)
    sha256 = pictures.keep(world, content, content_type)
    wait_s = float(world.option("linkedin", "processing_s")) if image.slow_s is None else image.slow_s
    world.db.execute(
        "update linkedin_image set uploaded_at = ?, sha256 = ?, trouble = ?, ready_at = ? where id = ?",
        (world.now, sha256, trouble, world.now + wait_s, image.id),
    )


def look(world: World, image: Image, conditions: Conditions) -> str:
    """The state that a call sees. A call counts as a poll, and a fault may meet any of them."""
    spoil(world, image, conditions)
    current = find(world, image.id) or image
    status = current.status(world.now)
    if current.polls > 0 and current.uploaded_at is not None:
        world.db.execute("update linkedin_image set polls = polls - 1 where id = ?", (image.id,))
    return status


def spoil(world: World, image: Image, conditions: Conditions) -> None:
    """Faults of containers (PRODUCT 8): stay PROCESSING for polls or a time, or end as PROCESSING_FAILED."""
    if (slow := conditions.get(Mode.SLOW_CONTAINER)) and not image.slowed:
        default = 0 if "ms" in slow.args else DEFAULT_POLLS
        slow_s = slow.number("ms", 0) / 1000 if "ms" in slow.args else None
        ready_at = image.ready_at if slow_s is None else (image.uploaded_at or world.now) + slow_s
        world.db.execute(
            "update linkedin_image set slowed = 1, polls = ?, slow_s = ?, ready_at = ? where id = ?",
            (int(slow.number("polls", default)), slow_s, ready_at, image.id),
        )
    if conditions.get(Mode.CONTAINER_ERROR):
        world.db.execute("update linkedin_image set failing = 1 where id = ?", (image.id,))


def _look_at(content: bytes) -> tuple[str | None, str]:
    """What is wrong with the bytes, if anything, and their content type."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            picture = Picture.open(io.BytesIO(content), formats=tuple(FORMATS))
            frames = getattr(picture, "n_frames", 1)
    except (UnidentifiedImageError, OSError, ValueError, Picture.DecompressionBombError):
        return "not a JPG, PNG or GIF", "application/octet-stream"
    content_type = FORMATS.get(picture.format or "", "application/octet-stream")
    if picture.width * picture.height >= PIXELS_MAX:
        return "too many pixels", content_type
    if frames > GIF_FRAMES_MAX:
        return "too many frames", content_type
    return None, content_type
