"""A list of posts as a file: exactly what the filters say, all of it, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.audit.commands import record
from core.infra import csv, db
from core.infra.actor import Actor
from core.infra.csv import Cell
from core.organizations.rules import Permission, require
from core.posts import list_reads, listing, rows, rules, slots, store
from core.posts.fragments import RANK
from core.posts.list_reads import Narrowed
from core.posts.views import Brief, Filters

MOST: Final = 20_000
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Exported:
    """The file, its name, and how many posts are in it."""

    data: bytes
    name: str
    posts: int


def export(actor: Actor, filters: Filters) -> Exported:
    """Posts that fit the filters as CSV, newest slot (or making) first, at most 20,000; one line in the audit trail."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        situation = store.situation(session)
        zone = situation.organization.timezone
        made = [_line(*each, zone) for each in _posts(session, filters, listing.narrowed(filters, situation))]
        after = {"posts": len(made), **_said(filters)}
        record(session, actor, "post.export", "organization", actor.organization_id, after=after)
    day = slots.day_of(situation.moment, zone).day
    return Exported(csv.table(_header(zone), made), f"posts_{day.isoformat()}.csv", len(made))


def _posts(session: Session, filters: Filters, narrowed: Narrowed) -> Iterator[tuple[Row[Any], str, tuple[Brief, ...]]]:
    """Posts, their whole text and their publications, some at once, each time from where the last ones ended."""
    ranks = [RANK[word] for word in filters.words] or None
    after, left = None, MOST
    while left:
        page = list_reads.listed(session, narrowed, ranks, after, min(left, _AT_ONCE))
        ids = [row.id for row in page]
        texts = list_reads.texts(session, ids)
        publications = rows.briefs_by_post(list_reads.briefs(session, ids))
        for row in page:
            yield row, texts[row.id], publications.get(row.id, ())
        left = left - len(page) if len(page) == _AT_ONCE else 0
        after = (page[-1].at, page[-1].id) if page else None


def _header(zone: str) -> list[str]:
    return [
        "post_id",
        "state",
        "progress",
        "slot_utc",
        f"slot_local ({zone})",
        "published_utc",
        f"published_local ({zone})",
        "deleted_utc",
        f"deleted_local ({zone})",
        "author",
        "accounts",
        "networks",
        "text",
        "link",
        "created_utc",
        "publication_ids",
    ]


def _line(row: Row[Any], words: str, publications: tuple[Brief, ...], zone: str) -> list[Cell]:
    shown = [each.shown for each in publications]
    published = max((each.published_at for each in publications if each.published_at), default=None)
    deleted = max((each.deleted_at for each in publications if each.deleted_at), default=None)
    return [
        str(row.id),
        rules.gravest(shown).words,
        rules.progress(shown),
        row.slot_at,
        csv.local(row.slot_at, zone),
        published,
        csv.local(published, zone),
        deleted,
        csv.local(deleted, zone),
        row.author_name,
        "; ".join(each.account_name for each in publications),
        "; ".join(dict.fromkeys(each.network for each in publications)),
        words,
        row.link,
        row.created_at,
        "; ".join(str(each.id) for each in publications),
    ]


def _said(filters: Filters) -> dict[str, Any]:
    """What was asked for, without what was not."""
    asked: dict[str, object] = {
        "states": [word.value for word in filters.words],
        "account": filters.account_id,
        "author": filters.author_id,
        "text": listing.sought(filters.text),
        "from": _day(filters.from_day),
        "to": _day(filters.to_day),
    }
    return {name: value for name, value in asked.items() if value}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
