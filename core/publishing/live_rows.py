"""SQL of what is done to live posts. Takes a session; never commits.

Every write of a program names the epoch under which it claimed the row. The trigger `live_work_moved` refuses what the
table of moves doesn't have, and notes each move.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.accounts.pause_rows import PAUSED
from core.infra.ids import new_id
from core.posts.store import organization_of, set_because
from core.publishing.live_rules import OPEN, Kind, LiveState, Look, Next

_MOST_EVIDENCE: Final = 20


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """One piece of work that this process may do, under this epoch."""

    organization_id: UUID
    work_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work with what it takes to do it. `post_id` is the network's; `moment` is Postgres' time."""

    id: UUID
    publication_id: UUID
    kind: Kind
    text: str
    state: LiveState
    epoch: int
    tries: int
    reads: int
    absent: int
    resent: int
    waits_since: datetime
    opened_at: datetime | None
    correlation_id: str
    post_id: str | None
    link_state: str | None
    deleted: bool
    account_id: UUID
    account_state: str
    paused: bool
    provider: str
    network: str
    moment: datetime


_WORK: Final = f"""
select w.id, w.publication_id, w.kind, w.text, w.state, w.epoch, w.tries, w.reads, w.absent, w.resent, w.waits_since,
  w.opened_at, w.correlation_id, p.provider_post_id as post_id, l.state as link_state,
  p.deleted_at is not null as deleted, a.id as account_id, a.state as account_state, {PAUSED} as paused, a.provider,
  a.network, clock_timestamp() as moment
from masthead.live_work w
join masthead.publication p on p.organization_id = w.organization_id and p.id = w.publication_id
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
left join masthead.publication_link l on l.organization_id = w.organization_id and l.publication_id = w.publication_id
where w.id = :id"""  # noqa: S608 - the parts are our own words
_CLAIMED: Final = text(f"{_WORK} and w.epoch = :epoch and w.next_action_at > clock_timestamp()")
_FOUND: Final = text(_WORK)
_HELD: Final = text(f"{_WORK} for update of w")


def claim_due(session: Session, at_most: int, *, lease_s: float, first_read_s: float) -> list[LiveClaim]:
    """Take up to `at_most` pieces of work whose time has come, each under a new epoch (a definer function, 0037)."""
    rows = session.execute(
        text("select organization_id, work_id, epoch from masthead.claim_live(:at_most, :lease, :first_read)"),
        {
            "at_most": at_most,
            "lease": timedelta(seconds=lease_s),
            "first_read": timedelta(seconds=first_read_s),
        },
    )
    return [LiveClaim(row.organization_id, row.work_id, row.epoch) for row in rows]


def is_waiting(session: Session) -> bool:
    """Whether there is something to do now, in whatever organization."""
    return bool(session.execute(text("select masthead.live_waiting()")).scalar_one())


def claimed(session: Session, claim: LiveClaim) -> Work | None:
    """What this process has claimed; None when the lease lapsed or somebody else has it."""
    row = session.execute(_CLAIMED, {"id": claim.work_id, "epoch": claim.epoch}).one_or_none()
    return None if row is None else _work(row)


def find(session: Session, work_id: UUID) -> Work | None:
    """One piece of work as it is now."""
    row = session.execute(_FOUND, {"id": work_id}).one_or_none()
    return None if row is None else _work(row)


def lock(session: Session, work_id: UUID) -> Work | None:
    """One piece of work, held until the end of the transaction. Whoever holds its publication too holds that first."""
    row = session.execute(_HELD, {"id": work_id}).one_or_none()
    return None if row is None else _work(row)


_OPEN: Final = text(f"""
update masthead.live_work w set state = 'sending', tries = w.tries + 1, reads = 0, absent = 0,
  opened_at = coalesce(w.opened_at, clock_timestamp()), send_deadline = clock_timestamp() + :send_within,
  next_action_at = clock_timestamp() + :lease
from masthead.publication p, masthead.account a
where w.id = :id and w.epoch = :epoch and w.state = 'waiting' and w.next_action_at > clock_timestamp()
  and p.organization_id = w.organization_id and p.id = w.publication_id and p.deleted_at is null
  and p.provider_post_id = :post_id
  and a.organization_id = p.organization_id and a.id = p.account_id and a.state = 'active' and not {PAUSED}
  and masthead.call_after(a.organization_id, a.id, a.provider, a.network, 'live', w.kind <> 'comment') is null
  and not exists (select 1 from masthead.breaker b where b.provider = a.provider and b.network = a.network
    and b.route = 'live' and b.state <> 'closed')
returning w.tries
""")  # noqa: S608 - the parts are our own words


def open_try(session: Session, claim: LiveClaim, post_id: str, *, lease_s: float, send_within_s: float) -> int | None:
    """Waiting -> sending if everything still holds: how many tries that makes; None when something doesn't hold.

    Lease, epoch, post, account, pauses, budgets and breaker are looked at here: it is the last look before the call.
    """
    tries: int | None = session.execute(
        _OPEN,
        {
            "id": claim.work_id,
            "epoch": claim.epoch,
            "post_id": post_id,
            "lease": timedelta(seconds=lease_s),
            "send_within": timedelta(seconds=send_within_s),
        },
    ).scalar_one_or_none()
    return tries


_MOVE: Final = text("""
update masthead.live_work set state = :state, provider_comment_id = coalesce(:comment_id, provider_comment_id),
  next_action_at = case when :goes_on then clock_timestamp() + make_interval(secs => :wait_s) end,
  closed_at = case when :goes_on then null else clock_timestamp() end,
  last_error = cast(:error as jsonb), resent = resent + :resent
where id = :id
""")


def move(session: Session, work: Work, to: Next, *, resent: bool = False) -> None:
    """Change a piece of work that this transaction holds; the words go into its event."""
    set_because(session, " ".join(filter(None, (to.words, to.fix))), waits=to.waits)
    session.execute(
        _MOVE,
        {
            "id": work.id,
            "state": to.state.value,
            "comment_id": to.comment_id,
            "goes_on": to.state in OPEN,
            "wait_s": to.wait_s or 0.0,
            "error": None if to.error is None else json.dumps(to.error),
            "resent": int(resent),
        },
    )


_KEEP_LOOK: Final = text("""
update masthead.live_work set reads = reads + 1, absent = absent + :absent,
  evidence = case when jsonb_array_length(evidence) < :most then evidence else evidence - 0 end
    || jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'complete', cast(:complete as boolean),
      'found', cast(:found as text), 'words', cast(:words as text)))
where id = :id
""")


def keep_look(session: Session, work: Work, look: Look) -> None:
    """Keep what a look for a comment gave, as evidence."""
    session.execute(
        _KEEP_LOOK,
        {
            "id": work.id,
            "absent": int(look.complete and look.found is None),
            "complete": look.complete,
            "found": look.found,
            "words": look.words,
            "most": _MOST_EVIDENCE,
        },
    )


def note_deleted(session: Session, work: Work, words: str) -> None:
    """The publication was taken away; whatever else was to be done to it is let be."""
    session.execute(
        text(
            "update masthead.publication set deleted_at = clock_timestamp()"
            " where id = :id and state = 'published' and deleted_at is null"
        ),
        {"id": work.publication_id},
    )
    set_because(session, words)
    session.execute(
        text(
            "update masthead.live_work set state = 'dropped', next_action_at = null, closed_at = clock_timestamp()"
            " where publication_id = :publication_id and id <> :id"
            " and state in ('waiting','checking','needs_human','failed')"
        ),
        {"publication_id": work.publication_id, "id": work.id},
    )


# What people ask for


def add(
    session: Session,
    publication_id: UUID,
    kind: Kind,
    *,
    asked_by: UUID,
    words: str,
    words_before: str,
    correlation_id: str,
) -> UUID:
    """A new piece of work that waits to be done at once."""
    work_id = new_id()
    session.execute(
        text(
            "insert into masthead.live_work(organization_id, id, publication_id, kind, text, text_before, asked_by,"
            " correlation_id) values (:organization_id, :id, :publication_id, :kind, :text, :before, :asked_by,"
            " :correlation_id)"
        ),
        {
            "organization_id": organization_of(session),
            "id": work_id,
            "publication_id": publication_id,
            "kind": kind.value,
            "text": words,
            "before": words_before,
            "asked_by": asked_by,
            "correlation_id": correlation_id,
        },
    )
    return work_id


def again(session: Session, work: Work, *, because: str, correlation_id: str) -> None:
    """Let it be tried anew from now on; the transaction holds it.

    What was written again by itself stays counted: after that only a person has a comment written.
    """
    set_because(session, because)
    session.execute(
        text(
            "update masthead.live_work set state = 'waiting', tries = 0, reads = 0, absent = 0,"
            " waits_since = clock_timestamp(), next_action_at = clock_timestamp(), closed_at = null, last_error = null,"
            " correlation_id = :correlation_id where id = :id"
        ),
        {"id": work.id, "correlation_id": correlation_id},
    )


def close(session: Session, work: Work, state: LiveState, *, because: str) -> None:
    """End it by a person's word; the transaction holds it."""
    set_because(session, because)
    session.execute(
        text(
            "update masthead.live_work set state = :state, next_action_at = null, closed_at = clock_timestamp(),"
            " last_error = null where id = :id"
        ),
        {"id": work.id, "state": state.value},
    )


def drop_failed(session: Session, publication_id: UUID, kind: Kind, *, because: str) -> None:
    """Let be what failed of this kind, for another one takes its place."""
    set_because(session, because)
    session.execute(
        text(
            "update masthead.live_work set state = 'dropped', closed_at = clock_timestamp(), last_error = null"
            " where publication_id = :id and kind = :kind and state = 'failed'"
        ),
        {"id": publication_id, "kind": kind.value},
    )


def open_change(session: Session, publication_id: UUID) -> Work | None:
    """The change of a post that is under way, held; the database allows one at most."""
    row = session.execute(
        text(
            f"{_WORK.replace('where w.id = :id', '')} where w.publication_id = :publication_id and w.kind <> 'comment'"
            " and w.state in ('waiting','sending','checking') for update of w"
        ),
        {"publication_id": publication_id},
    ).one_or_none()
    return None if row is None else _work(row)


def live_text(session: Session, publication_id: UUID) -> str | None:
    """The text that a live post was last changed to; None: it was never changed."""
    found: str | None = session.execute(
        text(
            "select w.text from masthead.live_work w where w.publication_id = :id and w.kind = 'edit'"
            " and w.state = 'done' order by w.closed_at desc, w.id desc limit 1"
        ),
        {"id": publication_id},
    ).scalar_one_or_none()
    return found


_OF_POST: Final = text(f"""
select w.id, w.publication_id, w.kind, w.text, w.text_before, w.state, w.epoch, w.asked_at, w.closed_at,
  w.next_action_at, w.last_error, w.evidence, w.provider_comment_id, person.name as asked_by, a.network,
  a.name as account_name, a.state as account_state, p.deleted_at is not null as deleted, {PAUSED} as paused
from masthead.live_work w
join masthead.publication p on p.organization_id = w.organization_id and p.id = w.publication_id
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
left join masthead.member m on m.organization_id = w.organization_id and m.id = w.asked_by
left join masthead.person on person.id = m.person_id
where p.post_id = :post_id order by w.asked_at, w.id
""")  # noqa: S608 - the parts are our own words


def of_post(session: Session, post_id: UUID) -> Sequence[Row[Any]]:
    """Everything done or to be done to the live posts of a post, oldest first."""
    return session.execute(_OF_POST, {"post_id": post_id}).all()


_IN_TROUBLE: Final = text("""
select w.id, w.kind, w.state, w.last_error, w.closed_at, p.post_id, left(p.payload->>'text', 140) as text,
  a.name as account_name, a.network
from masthead.live_work w
join masthead.publication p on p.organization_id = w.organization_id and p.id = w.publication_id
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id and t.deleted_at is null
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where w.state in ('needs_human','failed') order by w.closed_at desc, w.id limit :most
""")


def in_trouble(session: Session, most: int) -> Sequence[Row[Any]]:
    """What of it a person has to look at, newest first."""
    return session.execute(_IN_TROUBLE, {"most": most}).all()


def _work(row: Row[Any]) -> Work:
    values = dict(row._mapping)
    return Work(**values | {"kind": Kind(row.kind), "state": LiveState(row.state)})
