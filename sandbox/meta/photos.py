"""Photos of Pages: unpublished ones wait a day for the post that uses them (meta 4.4)."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from sandbox.ledger import Media
from sandbox.meta.facts import UNUSED_PHOTO_LIFETIME_S

if TYPE_CHECKING:
    from sandbox.world import World

PHOTO_NUMBER_BASE = 122_200_000_000_000_000


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo; `post_id` is the post that shows it, at `position` among its photos."""

    id: str
    page_id: str
    app_id: str
    sha256: str
    width: int
    height: int
    caption: str | None
    alt_text: str
    created_at: float
    post_id: str | None
    position: int

    @property
    def media(self) -> Media:
        """The photo as the ledger keeps it."""
        return Media("image", self.sha256, self.alt_text)


def new_id(world: World) -> str:
    """The id of the next photo."""
    return str(PHOTO_NUMBER_BASE + world.count("meta photo"))


def add(world: World, photo: Photo) -> None:
    """Keep a new one."""
    world.db.execute("insert into meta_photo values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(photo))


def find(world: World, photo_id: str) -> Photo | None:
    """The photo of this id; one that nobody used within a day is gone."""
    row = world.db.execute(
        "select * from meta_photo where id = ? and (post_id is not null or created_at > ?)",
        (photo_id, world.now - UNUSED_PHOTO_LIFETIME_S),
    ).fetchone()
    return Photo(*row) if row else None


def of_post(world: World, post_id: str) -> list[Photo]:
    """The photos of a post, in the order in which they are shown."""
    rows = world.db.execute("select * from meta_photo where post_id = ? order by position", (post_id,))
    return [Photo(*row) for row in rows]


def of_page(world: World, page_id: str) -> list[Photo]:
    """Those of a Page that its posts show, newest first."""
    rows = world.db.execute(
        "select * from meta_photo where page_id = ? and post_id is not null order by length(id) desc, id desc",
        (page_id,),
    )
    return [Photo(*row) for row in rows]


def use(world: World, photo: Photo, post_id: str, position: int) -> None:
    """A post shows it from now on."""
    world.db.execute("update meta_photo set post_id = ?, position = ? where id = ?", (post_id, position, photo.id))


def delete(world: World, photo: Photo) -> None:
    """Take it away."""
    world.db.execute("delete from meta_photo where id = ?", (photo.id,))
