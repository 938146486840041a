"""What was uploaded for posts, and its states: WAITING_UPLOAD, PROCESSING, then AVAILABLE or PROCESSING_FAILED (5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.faults.model import Conditions, Mode
from sandbox.linkedin.facts import PROCESSING_OPTIONS
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

WAITING, PROCESSING, AVAILABLE, FAILED = "WAITING_UPLOAD", "PROCESSING", "AVAILABLE", "PROCESSING_FAILED"
DEFAULT_POLLS = 3


class AssetKind(StrEnum):
    """What a post can show."""

    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"

    @property
    def urn(self) -> str:
        """How URNs of this kind begin."""
        return f"urn:li:{self.value}:"


# How the ids of each kind begin in LinkedIn's samples (5).
ID_PREFIX = {AssetKind.IMAGE: "C4E10AQ", AssetKind.VIDEO: "C5F10AQ", AssetKind.DOCUMENT: "D4D10AQ"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A picture, video or document as it stands. `sha256` is null until all bytes came; `trouble` says what is wrong.

    `size` and `token` are a video's: what was announced, and what finalizing must echo. Faults: `polls` looks still see
    it PROCESSING, `slow_s` lengthens that (once an asset: `slowed`), `failing` ends it badly.
    """

    id: str
    kind: str
    app_id: str
    owner: str
    upload_expires_at: float
    size: int | None
    token: str
    uploaded_at: float | None
    sha256: str | None
    trouble: str | None
    width: int | None
    height: int | None
    duration_s: float | None
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


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the bytes of an asset; with `trouble` it can't be used."""

    content_type: str
    trouble: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


def add(world: World, kind: AssetKind, app_id: str, owner: str, *, size: int | None = None, token: str = "") -> Asset:
    """A place for one asset; where its bytes go is told by `uploads`."""
    random = (
        opaque(world.seed, f"linkedin {kind} {world.count(f'linkedin {kind}')}").replace("-", "x").replace("_", "y")
    )
    expires_at = world.now + float(world.option("linkedin", "upload_url_lifetime_s"))
    row = world.db.execute(
        "insert into linkedin_asset (id, kind, app_id, owner, upload_expires_at, size, token)"
        " values (?, ?, ?, ?, ?, ?, ?) returning *",
        (f"{kind.urn}{ID_PREFIX[kind]}{random[:24]}", kind, app_id, owner, expires_at, size, token),
    ).fetchone()
    return Asset(*row)


def find(world: World, asset_id: str) -> Asset | None:
    """The asset of this URN."""
    row = world.db.execute("select * from linkedin_asset where id = ?", (asset_id,)).fetchone()
    return Asset(*row) if row else None


def take(world: World, asset: Asset, sha256: str, found: Found) -> None:
    """All bytes came. They may come again, as a client repeats a PUT whose answer it missed."""
    normal_s = float(world.option("linkedin", PROCESSING_OPTIONS[asset.kind]))
    wait_s = normal_s if asset.slow_s is None else asset.slow_s
    world.db.execute(
        "update linkedin_asset set uploaded_at = ?, sha256 = ?, trouble = ?, width = ?, height = ?, duration_s = ?,"
        " ready_at = ? where id = ?",
        (
            world.now,
            sha256,
            found.trouble,
            found.width,
            found.height,
            found.duration_s,
            world.now + wait_s,
            asset.id,
        ),
    )


def look(world: World, asset: Asset, conditions: Conditions) -> str:
    """The state that a call sees. A call counts as a poll, and a fault may meet any of them."""
    spoil(world, asset, conditions)
    current = find(world, asset.id) or asset
    status = current.status(world.now)
    if current.polls > 0 and current.uploaded_at is not None:
        world.db.execute("update linkedin_asset set polls = polls - 1 where id = ?", (asset.id,))
    return status


def spoil(world: World, asset: Asset, conditions: Conditions) -> None:
    """Faults of containers (PRODUCT 8): stay PROCESSING for polls or a time, or end as PROCESSING_FAILED."""
    if (slow := conditions.get(Mode.SLOW_CONTAINER)) and not asset.slowed:
        default = 0 if "ms" in slow.args else DEFAULT_POLLS
        slow_s = slow.number("ms", 0) / 1000 if "ms" in slow.args else None
        ready_at = asset.ready_at if slow_s is None else (asset.uploaded_at or world.now) + slow_s
        world.db.execute(
            "update linkedin_asset set slowed = 1, polls = ?, slow_s = ?, ready_at = ? where id = ?",
            (int(slow.number("polls", default)), slow_s, ready_at, asset.id),
        )
    if conditions.get(Mode.CONTAINER_ERROR):
        world.db.execute("update linkedin_asset set failing = 1 where id = ?", (asset.id,))
