"""Every post of every network. The harnesses count here, so a row exists if and only if the post was really made.

`live_at` is when followers can see it (null: unpublished, in the future: scheduled, or still being processed);
`listed_at` is when the network's own lists begin to show it, which the fault `delayed_visibility` moves. From `ends_at`
on, if it has one, followers don't see it any more: a story's day is over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

import orjson

TABLES = """
create table post (
    number integer primary key,
    id text not null unique,
    provider text not null,
    network text not null,
    account_id text not null,
    app_id text not null,
    text text,
    link text,
    media text not null default '[]',
    poll text,
    detail text not null,
    created_at real not null,
    updated_at real not null,
    live_at real,
    listed_at real not null,
    hidden integer not null default 0,
    kind text not null default 'post',
    scheduled integer not null default 0,
    ends_at real,
    deleted_at real,
    shown_at real generated always as (coalesce(live_at, created_at)) virtual
);
create index post_of_account on post (account_id, shown_at, number);
create index post_changed on post (account_id, updated_at, number);
create index post_live on post (live_at, number);
create view standing_post as
select number, id, network, account_id, app_id, text, link, media, poll, detail, created_at, updated_at, live_at,
    listed_at, hidden, kind, scheduled, ends_at, shown_at
from post where deleted_at is null;
"""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture (`image`), `video` or `document` of a post; its bytes are in `sandbox.pictures` or `sandbox.clips`."""

    kind: str
    sha256: str
    alt: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """What a post asks its readers, until `ends_at`."""

    question: str
    options: Sequence[str]
    ends_at: float


# What a post is, beside a post in the feed.
POST, REEL, STORY = "post", "reel", "story"


@dataclass(frozen=True, slots=True)
class Post:
    """A post that isn't deleted: one row of `standing_post`. `kind` is POST, REEL or STORY."""

    number: int
    id: str
    network: str
    account_id: str
    app_id: str
    text: str | None
    link: str | None
    media: tuple[Media, ...]
    poll: Poll | None
    detail: str
    created_at: float
    updated_at: float
    live_at: float | None
    listed_at: float
    hidden: int
    kind: str
    scheduled: int
    ends_at: float | None
    shown_at: float

    def published(self, now: float) -> bool:
        """Can followers see it, or could they until its day was over?"""
        return self.live_at is not None and self.live_at <= now

    def ended(self, now: float) -> bool:
        """Is its day over?"""
        return self.ends_at is not None and self.ends_at <= now


@dataclass(frozen=True, slots=True)
class NewPost:
    """What a network decides about a post that it takes.

    `detail` is JSON of the network's own; a `hidden` one is live, but in nobody's feed. A `scheduled` one waits for
    the moment that was asked for, not for the network.
    """

    id: str
    provider: str
    network: str
    account_id: str
    app_id: str
    text: str | None
    link: str | None
    detail: str
    created_at: float
    live_at: float | None
    listed_at: float
    media: Sequence[Media] = ()
    hidden: bool = False
    kind: str = POST
    scheduled: bool = False
    ends_at: float | None = None
    poll: Poll | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which posts of an account a list shows: 'published', 'scheduled' or 'all', within times, beside a place."""

    account_id: str
    which: str
    now: float
    limit: int
    include_hidden: bool = False
    since: float | None = None
    until: float | None = None
    place_at: float | None = None
    place_number: float | None = None
    kinds: Sequence[str] = (POST, REEL)


_OF_A_NEW_POST = tuple(field.name for field in fields(NewPost))
INSERT = """
insert into post (
    id, provider, network, account_id, app_id, text, link, media, poll, detail, created_at, updated_at, live_at,
    listed_at, hidden, kind, scheduled, ends_at
) values (
    :id, :provider, :network, :account_id, :app_id, :text, :link, :media, :poll, :detail, :created_at, :created_at,
    :live_at, :listed_at, :hidden, :kind, :scheduled, :ends_at
)
"""
# A published post isn't listed before its `listed_at`.
OLDER = """
select * from standing_post
where account_id = :account_id
    and kind in (select value from json_each(:kinds))
    and case :which when 'published' then live_at <= :now when 'scheduled' then scheduled and live_at > :now else 1 end
    and (listed_at <= :now or live_at is null or live_at > :now)
    and (:include_hidden or not hidden)
    and (:since is null or shown_at >= :since) and (:until is null or shown_at <= :until)
    and (:place_at is null or (shown_at, number) < (:place_at, :place_number))
order by shown_at desc, number desc limit :limit
"""
NEWER = OLDER.replace("(shown_at, number) <", "(shown_at, number) >").replace(" desc", "")
FOLLOWED = """
select * from standing_post
where live_at <= :now and listed_at <= :now and not hidden and (:account_id is null or account_id = :account_id)
    and (ends_at is null or ends_at > :now)
order by live_at desc, number desc limit :limit
"""
# One page of a list by place; {order} is one of our own words.
SLICE = """
select * from standing_post
where account_id = :account_id and live_at <= :now and listed_at <= :now and not hidden
order by {order} desc, number desc limit :count offset :start
"""
AS_JSON = """
select json_object(
    'id', id, 'provider', provider, 'network', network, 'account_id', account_id, 'text', text, 'link', link,
    'kind', kind,
    'media', (
        select json_group_array(json_object('kind', json_extract(value, '$.kind'),
            'sha256', json_extract(value, '$.sha256')))
        from json_each(media)),
    'poll', json(poll),
    'comments', (
        select json_group_array(json_object('id', c.id, 'author_id', c.author_id, 'text', c.text,
            'parent_id', c.parent_id,
            'created_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', c.created_at, 'unixepoch'),
            'deleted_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', c.deleted_at, 'unixepoch')))
        from comment c where c.post_id = post.id),
    'created_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', created_at, 'unixepoch'),
    'visible_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', max(listed_at, live_at), 'unixepoch'),
    'deleted_at', strftime('%Y-%m-%dT%H:%M:%f+00:00', deleted_at, 'unixepoch'))
from post where live_at <= :now and (:account_id is null or account_id = :account_id) order by number
"""


def add(db: sqlite3.Connection, new: NewPost) -> None:
    """Take a post. The caller's commit makes it live."""
    media = orjson.dumps([asdict(each) for each in new.media]).decode()
    poll = orjson.dumps(asdict(new.poll)).decode() if new.poll else None
    row = {name: getattr(new, name) for name in _OF_A_NEW_POST}  # not `asdict`, which copies all that is in it
    db.execute(INSERT, {**row, "media": media, "poll": poll})


def find(db: sqlite3.Connection, post_id: str) -> Post | None:
    """A post that isn't deleted, whether live or not."""
    return _first(db.execute("select * from standing_post where id = ?", (post_id,)))


def newest_live(db: sqlite3.Connection, account_id: str, now: float) -> Post | None:
    """The last post in the feed that followers of an account see."""
    return _first(
        db.execute(
            "select * from standing_post where account_id = ? and live_at <= ? and kind = 'post'"
            " order by shown_at desc, number desc limit 1",
            (account_id, now),
        )
    )


def count_live(db: sqlite3.Connection, account_id: str, now: float) -> int:
    """How many posts followers of an account see, stories apart."""
    row = db.execute(
        "select count(*) from standing_post where account_id = ? and live_at <= ? and kind <> 'story'",
        (account_id, now),
    )
    return int(row.fetchone()[0])


def save(db: sqlite3.Connection, post: Post) -> None:
    """Keep an edited post."""
    db.execute(
        "update post set text = ?, detail = ?, updated_at = ?, live_at = ?, listed_at = ?, hidden = ?, scheduled = ?,"
        " ends_at = ? where id = ?",
        (
            post.text,
            post.detail,
            post.updated_at,
            post.live_at,
            post.listed_at,
            post.hidden,
            post.scheduled,
            post.ends_at,
            post.id,
        ),
    )


def go_live(db: sqlite3.Connection, post: Post, at: float, listed_at: float) -> None:
    """Let a post that waited for its network be seen from a moment on; a story's day begins then."""
    ends_at = None if post.ends_at is None else at + (post.ends_at - post.created_at)
    db.execute(
        "update post set live_at = ?, listed_at = ?, ends_at = ? where id = ?", (at, listed_at, ends_at, post.id)
    )


def delete(db: sqlite3.Connection, post_id: str, now: float) -> None:
    """Take a post away; the ledger keeps that it was there."""
    db.execute("update post set deleted_at = ? where id = ?", (now, post_id))


def listed(db: sqlite3.Connection, listing: Listing, newer: bool) -> list[Post]:
    """One page of a network's list: newest first, or with `newer` those just above the place, oldest first."""
    asked = {**asdict(listing), "kinds": orjson.dumps(listing.kinds).decode()}
    return _all(db.execute(NEWER if newer else OLDER, asked))


def sliced(
    db: sqlite3.Connection, account_id: str, now: float, *, by_change: bool, start: int, count: int
) -> list[Post]:
    """Published posts of an account by place in the list: newest, or last changed, first."""
    statement = SLICE.format(order="updated_at" if by_change else "shown_at")
    return _all(db.execute(statement, {"account_id": account_id, "now": now, "start": start, "count": count}))


def followed(db: sqlite3.Connection, now: float, account_id: str | None, limit: int) -> list[Post]:
    """What followers see, newest first, of one account or of all."""
    return _all(db.execute(FOLLOWED, {"now": now, "account_id": account_id, "limit": limit}))


def as_json(db: sqlite3.Connection, now: float, account_id: str | None) -> str:
    """Every post ever made visible, as the control interface answers it; written by SQLite, for thousands of rows."""
    rows = db.execute(AS_JSON, {"now": now, "account_id": account_id})
    return "[" + ",".join(row[0] for row in rows) + "]"


def _all(rows: Iterable[sqlite3.Row]) -> list[Post]:
    return [_post(row) for row in rows]


def _first(rows: sqlite3.Cursor) -> Post | None:
    row = rows.fetchone()
    return _post(row) if row is not None else None


def _post(row: sqlite3.Row) -> Post:
    values = dict(row)
    values["media"] = tuple(Media(**each) for each in orjson.loads(values["media"]))
    values["poll"] = Poll(**orjson.loads(values["poll"])) if values["poll"] else None
    return Post(**values)
