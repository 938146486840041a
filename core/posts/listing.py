"""Lists of posts, a page at a time: `after` is the place where the last page ended, made for addresses."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Invalid
from core.organizations.rules import Permission, require
from core.posts import deciding, list_reads, rows, rules, slots, store
from core.posts.deciding import APPROVERS, Request
from core.posts.fragments import RANK
from core.posts.list_reads import Narrowed
from core.posts.rules import PublicationState
from core.posts.store import Situation
from core.posts.views import AskedPublication, Brief, Filters, Listing, PostRow, ReviewItem, ReviewQueue, Who

MOST: Final = 200
EVERYTHING: Final = Filters()
_LONGEST_SOUGHT: Final = 200
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(9000, 1, 1)
_FAR: Final = datetime(9999, 1, 1, tzinfo=UTC)


def listing(actor: Actor, filters: Filters = EVERYTHING, after: str | None = None, limit: int = 50) -> Listing:
    """One page of posts and how many show each word. Raises Invalid for an `after` that isn't from here."""
    require(actor, Permission.READ)
    place = None if after is None else newest_place(after)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        wanted = narrowed(filters, store.situation(session))
        ranks = [RANK[word] for word in filters.words] or None
        found = list_reads.listed(session, wanted, ranks, place, limit + 1)
        page = found[:limit]
        counted = list_reads.counted(session, wanted)
        publications = rows.briefs_by_post(list_reads.briefs(session, [row.id for row in page]))
    more = len(found) > limit
    return Listing(
        rows=tuple(_post_row(row, publications.get(row.id, ())) for row in page),
        after=cursor(page[-1].at, page[-1].id) if more else None,
        counts={word: counted.get(rank, 0) for word, rank in RANK.items()},
        total=sum(counted.values()),
    )


def review_queue(actor: Actor, after: str | None = None, limit: int = 50) -> ReviewQueue:
    """What waits for approval, soonest slot first, the actor's own work too (`may_approve` False and why)."""
    require(actor, Permission.READ)
    place = None if after is None else _queue_place(after)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        situation = store.situation(session)
        members = store.members(session, APPROVERS)
        found = list_reads.in_review(session, place, limit + 1)
        page = found[:limit]
        ids = [row.id for row in page]
        publications = rows.briefs_by_post(list_reads.briefs(session, ids))
        asked = rows.asked_by_post(list_reads.asked(session, ids))
    more = len(found) > limit
    return ReviewQueue(
        items=tuple(
            _item(row, publications.get(row.id, ()), asked.get(row.id, ()), actor, members, situation) for row in page
        ),
        after=cursor(page[-1].first_due_at or _FAR, page[-1].submitted_at, page[-1].id) if more else None,
    )


def authors(actor: Actor) -> tuple[Who, ...]:
    """Members who wrote a post, for the filter."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return tuple(Who(row.id, row.name) for row in list_reads.authors(session))


def narrowed(filters: Filters, situation: Situation) -> Narrowed:
    """What the filters say, in instants of the organization's zone."""
    zone = situation.organization.timezone
    return Narrowed(
        account_id=filters.account_id,
        author_id=filters.author_id,
        text=sought(filters.text),
        since=None if filters.from_day is None else slots.bounds(_within(filters.from_day), zone).start,
        until=None if filters.to_day is None else slots.bounds(_within(filters.to_day), zone).end,
    )


def sought(words: str) -> str:
    """What somebody looks for, no longer than people type: to look for half a text in one costs its length squared."""
    return words.replace("\x00", "").strip()[:_LONGEST_SOUGHT].strip()


def _within(day: date) -> date:
    """A day of an address, kept from the ends of the calendar, where zones lead out of it."""
    return min(max(day, _FIRST_DAY), _LAST_DAY)


def _post_row(row: Row[Any], publications: tuple[Brief, ...]) -> PostRow:
    return PostRow(
        id=row.id,
        text=row.text,
        link=row.link,
        author=Who(row.author_id, row.author_name),
        slot_at=row.slot_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        shown=rules.gravest(each.shown for each in publications),
        progress=rules.progress([each.shown for each in publications]),
        publications=publications,
    )


def _item(
    row: Row[Any],
    publications: tuple[Brief, ...],
    asked: tuple[AskedPublication, ...],
    actor: Actor,
    members: tuple[Who, ...],
    situation: Situation,
) -> ReviewItem:
    reviewer = rows.who(row.reviewer_id, row.reviewer_name)
    request = Request(row.author_id, row.submitted_by, reviewer, row.writers)
    why_not = deciding.why_not(request, actor.member_id, actor.role, members, situation.organization.self_approval)
    return ReviewItem(
        post_id=row.id,
        version=row.submitted_version,
        text=row.text,
        link=row.link,
        author=Who(row.author_id, row.author_name),
        submitted_by=Who(row.submitted_by, row.submitter_name),
        submitted_at=row.submitted_at,
        reviewer=reviewer,
        first_due_at=row.first_due_at,
        publications=tuple(each for each in publications if each.state is PublicationState.IN_REVIEW),
        asked=asked,
        may_approve=not why_not,
        why_not=why_not,
    )


def cursor(*place: datetime | UUID) -> str:
    """A place in a list as addresses carry it: what `after` takes."""
    parts = [each.isoformat() if isinstance(each, datetime) else str(each) for each in place]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def newest_place(after: str) -> tuple[datetime, UUID]:
    """The place that `cursor` wrote of a list of the newest. Raises Invalid."""
    at, post_id = _parts(after, 2)
    return _moment(at), _id(post_id)


def _queue_place(after: str) -> tuple[datetime, datetime, UUID]:
    urgency, at, post_id = _parts(after, 3)
    return _moment(urgency), _moment(at), _id(post_id)


_BROKEN: Final = "This address was cut off or changed. Open the list again from the menu."


def _parts(after: str, many: int) -> list[str]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except ValueError:
        raise Invalid([_BROKEN]) from None
    if not isinstance(parts, list) or len(parts) != many or not all(isinstance(each, str) for each in parts):
        raise Invalid([_BROKEN])
    return parts


def _moment(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise Invalid([_BROKEN]) from None
    if at.tzinfo is None:
        raise Invalid([_BROKEN])
    return at


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise Invalid([_BROKEN]) from None
