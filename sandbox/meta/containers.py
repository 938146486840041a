"""Containers of Instagram: what will become a post, and how far it is (meta 5.1, 5.3, 5.8)."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

import orjson

from sandbox.ledger import Media
from sandbox.meta.facts import CONTAINER_LIFETIME_S, DAY_S

if TYPE_CHECKING:
    from sandbox.world import World

CONTAINER_NUMBER_BASE = 17_900_000_000_000_000
MEDIA_NUMBER_BASE = 17_950_000_000_000_000
# What a container becomes. An item is a part of a carousel, with a picture or a video.
IMAGE, CAROUSEL_ITEM, CAROUSEL, REELS, STORIES = "IMAGE", "CAROUSEL_ITEM", "CAROUSEL", "REELS", "STORIES"
PICTURE, VIDEO = "image", "video"


class Status(StrEnum):
    """`status_code`."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PUBLISHED = "PUBLISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Container:
    """One container. It is in progress until `ready_at`, and for `polls_left` more reads of its status.

    `shows` is PICTURE or VIDEO, of a carousel neither: its parts are `children`, a JSON list of ids. A `resumable` one
    waits for bytes, of which `received` of `file_size` came; whole when it has a `sha256`. Media ids belong to
    containers that were published; those of children too, but only their carousel has `published_at`.
    """

    id: str
    account_id: str
    app_id: str
    kind: str
    shows: str
    caption: str | None
    alt_text: str
    detail: str
    children: str
    resumable: int
    file_size: int | None
    received: int
    sha256: str | None
    cover: str | None
    thumb_offset_ms: int
    created_at: float
    uploaded_at: float | None
    ready_at: float
    polls_left: int
    error_subcode: int | None
    media_id: str | None
    shortcode: str | None
    published_at: float | None

    def expired(self, now: float) -> bool:
        """Is its day over without a post?"""
        return self.media_id is None and now >= self.created_at + CONTAINER_LIFETIME_S

    def status(self, now: float) -> Status:
        """How far it is."""
        if self.media_id is not None:
            return Status.PUBLISHED
        if self.expired(now):
            return Status.EXPIRED
        if self.waits or now < self.ready_at or self.polls_left:
            return Status.IN_PROGRESS
        return Status.FINISHED if self.error_subcode is None else Status.ERROR

    @property
    def waits(self) -> bool:
        """Are there bytes to come?"""
        return bool(self.resumable) and self.sha256 is None

    @property
    def child_ids(self) -> list[str]:
        """The parts of a carousel, in order."""
        ids: list[str] = orjson.loads(self.children)
        return ids

    @property
    def media(self) -> Media:
        """Its picture or video as the ledger keeps it."""
        return Media(self.shows, self.sha256 or "", self.alt_text)


_COLUMNS = tuple(field.name for field in fields(Container))


def new_id(world: World) -> str:
    """The id of the next container."""
    return str(CONTAINER_NUMBER_BASE + world.count("meta container"))


def new_media_id(world: World) -> str:
    """The id of the next post, or part of one."""
    return str(MEDIA_NUMBER_BASE + world.count("meta instagram media"))


def add(world: World, container: Container) -> None:
    """Keep a new one."""
    places = ", ".join("?" for _ in _COLUMNS)
    world.db.execute(f"insert into meta_container values ({places})", astuple(container))  # noqa: S608 (our own names)


def save(world: World, container: Container) -> None:
    """Keep every change."""
    names = ", ".join(f"{name} = :{name}" for name in _COLUMNS if name != "id")
    world.db.execute(f"update meta_container set {names} where id = :id", asdict(container))  # noqa: S608 (our own)


def find(world: World, container_id: str) -> Container | None:
    """The container of this id."""
    row = world.db.execute("select * from meta_container where id = ?", (container_id,)).fetchone()
    return Container(*row) if row else None


def of_media(world: World, media_id: str) -> Container | None:
    """The container that became this post, or this part of one."""
    row = world.db.execute("select * from meta_container where media_id = ?", (media_id,)).fetchone()
    return Container(*row) if row else None


def media_of_shortcode(world: World, shortcode: str) -> str | None:
    """The id of the post that an address names."""
    row = world.db.execute("select media_id from meta_container where shortcode = ?", (shortcode,)).fetchone()
    return str(row[0]) if row else None


def count_poll(world: World, container: Container) -> None:
    """One read of the status less until it is ready."""
    world.db.execute("update meta_container set polls_left = polls_left - 1 where id = ?", (container.id,))


def mark_published(world: World, container: Container, media_id: str, shortcode: str) -> None:
    """It became a post."""
    world.db.execute(
        "update meta_container set media_id = ?, shortcode = ?, published_at = ? where id = ?",
        (media_id, shortcode, world.now, container.id),
    )


def mark_part(world: World, container_id: str, media_id: str) -> None:
    """It became a part of a carousel that was published."""
    world.db.execute("update meta_container set media_id = ? where id = ?", (media_id, container_id))


def made_today(world: World, account_id: str) -> int:
    """How many containers were made within 24 hours."""
    row = world.db.execute(
        "select count(*) from meta_container where account_id = ? and created_at > ?", (account_id, world.now - DAY_S)
    ).fetchone()
    return int(row[0])


def published_since(world: World, account_id: str, since: float) -> int:
    """How many became posts; a carousel is one."""
    row = world.db.execute(
        "select count(*) from meta_container where account_id = ? and published_at > ?", (account_id, since)
    ).fetchone()
    return int(row[0])
