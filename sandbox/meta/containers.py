"""Containers of Instagram: what will become a post, and how far it is (meta 5.3, 5.8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.meta.facts import CONTAINER_LIFETIME_S, DAY_S

if TYPE_CHECKING:
    from sandbox.world import World

CONTAINER_NUMBER_BASE = 17_900_000_000_000_000
MEDIA_NUMBER_BASE = 17_950_000_000_000_000


class Status(StrEnum):
    """`status_code`."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PUBLISHED = "PUBLISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Container:
    """One container. It is in progress until `ready_at`, and for `polls_left` more reads of its status."""

    id: str
    account_id: str
    app_id: str
    caption: str | None
    alt_text: str
    detail: str
    sha256: str
    created_at: float
    ready_at: float
    polls_left: int
    error_subcode: int | None
    media_id: str | None
    shortcode: str | None
    published_at: float | None

    def status(self, now: float) -> Status:
        """How far it is."""
        if self.media_id is not None:
            return Status.PUBLISHED
        if now >= self.created_at + CONTAINER_LIFETIME_S:
            return Status.EXPIRED
        if now < self.ready_at or self.polls_left:
            return Status.IN_PROGRESS
        return Status.FINISHED if self.error_subcode is None else Status.ERROR


def new_id(world: World) -> str:
    """The id of the next container."""
    return str(CONTAINER_NUMBER_BASE + world.count("meta container"))


def new_media_id(world: World) -> str:
    """The id of the next post."""
    return str(MEDIA_NUMBER_BASE + world.count("meta instagram media"))


def add(world: World, container: Container) -> None:
    """Keep a new one."""
    world.db.execute(
        "insert into meta_container values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null)",
        (
            container.id,
            container.account_id,
            container.app_id,
            container.caption,
            container.alt_text,
            container.detail,
            container.sha256,
            container.created_at,
            container.ready_at,
            container.polls_left,
            container.error_subcode,
        ),
    )


def find(world: World, container_id: str) -> Container | None:
    """The container of this id."""
    row = world.db.execute("select * from meta_container where id = ?", (container_id,)).fetchone()
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


def made_today(world: World, account_id: str) -> int:
    """How many containers were made within 24 hours."""
    row = world.db.execute(
        "select count(*) from meta_container where account_id = ? and created_at > ?", (account_id, world.now - DAY_S)
    ).fetchone()
    return int(row[0])


def published_since(world: World, account_id: str, since: float) -> int:
    """How many became posts."""
    row = world.db.execute(
        "select count(*) from meta_container where account_id = ? and published_at > ?", (account_id, since)
    ).fetchone()
    return int(row[0])
