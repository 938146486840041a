"""Videos of Pages: plain ones, reels and stories, from the first byte to the post (meta 4.5 to 4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import orjson

from sandbox import ledger
from sandbox.ledger import Media
from sandbox.meta.facts import UPLOAD_LIFETIME_S
from sandbox.meta.processing import Processing

if TYPE_CHECKING:
    from sandbox.world import World

VIDEO_NUMBER_BASE = 122_300_000_000_000_000
VIDEO, REEL, STORY = "video", "reel", "story"


class State(StrEnum):
    """`video_state`: what was asked for when it was finished."""

    PUBLISHED = "PUBLISHED"
    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"


@dataclass(frozen=True, slots=True)
class PageVideo:
    """One video. `file_size` is what was promised, `received` what came of it; complete when it has a `sha256`.

    `state` is None until it is finished. `post_id` is the post that shows it, or will once it is processed. `session`
    is the name of a chunked upload. `begun_as` tells which call began it, `kind` what it became.
    """

    number: int
    id: str
    page_id: str
    app_id: str
    kind: str
    begun_as: str
    session: str | None
    file_size: int | None
    received: int
    sha256: str | None
    width: int
    height: int
    seconds: float
    title: str | None
    description: str | None
    thumbnail: str | None
    state: str | None
    detail: str
    created_at: float
    uploaded_at: float | None
    ready_at: float
    polls_left: int
    error: int | None
    finished_at: float | None
    publish_at: float | None
    post_id: str | None

    @property
    def work(self) -> Processing:
        """How far the network is with it."""
        return Processing(self.ready_at, self.polls_left, self.error)

    @property
    def media(self) -> Media:
        """The video as the ledger keeps it."""
        return Media("video", self.sha256 or "")

    def failed(self, now: float) -> bool:
        """Did the network give up on it?"""
        return self.error is not None and self.uploaded_at is not None and self.work.ended(now)

    def ready(self, now: float) -> bool:
        """Is it processed, and well?"""
        return self.error is None and self.uploaded_at is not None and self.work.ended(now)

    def expired(self, now: float) -> bool:
        """Was it begun a day ago and never finished?"""
        return self.finished_at is None and now >= self.created_at + UPLOAD_LIFETIME_S


COLUMNS = tuple(PageVideo.__dataclass_fields__)


def new_id(world: World) -> str:
    """The id of the next video."""
    return str(VIDEO_NUMBER_BASE + world.count("meta video"))


def begin(world: World, page_id: str, app_id: str, kind: str, session: str | None = None) -> PageVideo:
    """A new one of which nothing has come yet, inside the caller's transaction."""
    row = world.db.execute(
        "insert into meta_video (id, page_id, app_id, kind, begun_as, session, created_at) values (?, ?, ?, ?, ?, ?, ?)"
        " returning *",
        (new_id(world), page_id, app_id, kind, kind, session, world.now),
    ).fetchone()
    return PageVideo(*row)


def save(world: World, video: PageVideo) -> None:
    """Keep every change."""
    names = ", ".join(f"{name} = :{name}" for name in COLUMNS if name not in ("number", "id"))
    world.db.execute(f"update meta_video set {names} where id = :id", asdict(video))  # noqa: S608 (our own names)


def find(world: World, video_id: str) -> PageVideo | None:
    """The video of this id."""
    return _first(world, "id = ?", video_id)


def of_session(world: World, session: str) -> PageVideo | None:
    """The video of a chunked upload."""
    return _first(world, "session = ?", session)


def of_post(world: World, post_id: str) -> PageVideo | None:
    """The video that a post shows."""
    return _first(world, "post_id = ?", post_id)


def _first(world: World, where: str, value: str) -> PageVideo | None:
    row = world.db.execute(f"select * from meta_video where {where}", (value,)).fetchone()  # noqa: S608 (our own words)
    return PageVideo(*row) if row else None


def finished(world: World, page_id: str, column: str, kinds: Sequence[str]) -> list[PageVideo]:
    """Those of a Page that were finished, newest first; `column` is `kind`, or `begun_as`."""
    rows = world.db.execute(
        f"select * from meta_video where page_id = ? and {column} in (select value from json_each(?))"  # noqa: S608
        " and finished_at is not null order by number desc",
        (page_id, orjson.dumps(list(kinds)).decode()),
    )
    return [PageVideo(*row) for row in rows]


def reels_since(world: World, page_id: str, since: float) -> int:
    """How many reels were published by API."""
    row = world.db.execute(
        "select count(*) from meta_video where page_id = ? and begun_as = 'reel' and finished_at > ?"
        " and state in ('PUBLISHED', 'SCHEDULED')",
        (page_id, since),
    ).fetchone()
    return int(row[0])


def count_poll(world: World, video: PageVideo) -> None:
    """One read of the status less; with the last one, what waited for it goes live."""
    world.db.execute("update meta_video set polls_left = polls_left - 1 where id = ?", (video.id,))
    left = find(world, video.id)
    if left is not None and not left.polls_left:
        release(world, left)


def release(world: World, video: PageVideo) -> None:
    """Let the post of a processed video go live, when it waits for nothing else."""
    post = ledger.find(world.db, video.post_id) if video.post_id else None
    if post is None or post.live_at is not None or video.error is not None or video.polls_left:
        return
    at = max(world.now, video.ready_at, video.publish_at or 0)
    # Lists show it as much later as they would have, had it been ready when it was finished.
    ledger.go_live(world.db, post, at, at + (post.listed_at - post.created_at))


def delete(world: World, video: PageVideo) -> None:
    """Take it away, and the post that shows it."""
    if video.post_id is not None:
        ledger.delete(world.db, video.post_id, world.now)
    world.db.execute("delete from meta_video where id = ?", (video.id,))
