"""Where bytes go: one address for a picture or document, one for each part of a video and for what goes with it (5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.linkedin.assets import Asset
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World


class Takes(StrEnum):
    """What an address takes."""

    WHOLE = "whole"
    PART = "part"
    CAPTIONS = "captions"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class Upload:
    """An address. Of a part, the bytes `first` to `last`, both included, and its `place` among the parts."""

    key: str
    asset_id: str
    takes: str
    place: int
    first: int
    last: int
    sha256: str | None


def add(world: World, asset: Asset, takes: Takes, place: int = 0, first: int = 0, last: int = 0) -> Upload:
    """A new address for an asset: opaque, and itself the permission."""
    row = world.db.execute(
        "insert into linkedin_upload values (?, ?, ?, ?, ?, ?, null) returning *",
        (
            opaque(world.seed, f"linkedin upload {world.count('linkedin upload')}"),
            asset.id,
            takes,
            place,
            first,
            last,
        ),
    ).fetchone()
    return Upload(*row)


def find(world: World, key: str) -> Upload | None:
    """The address of this key."""
    row = world.db.execute("select * from linkedin_upload where key = ?", (key,)).fetchone()
    return Upload(*row) if row else None


def of_asset(world: World, asset: Asset, takes: Takes) -> list[Upload]:
    """The addresses of an asset that take this, in the order of its bytes."""
    rows = world.db.execute(
        "select * from linkedin_upload where asset_id = ? and takes = ? order by place", (asset.id, takes)
    )
    return [Upload(*row) for row in rows]


def took(world: World, upload: Upload, sha256: str) -> None:
    """Remember which bytes came last."""
    world.db.execute("update linkedin_upload set sha256 = ? where key = ?", (sha256, upload.key))
