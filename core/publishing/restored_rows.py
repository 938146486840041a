"""SQL for what may have been sent without the database knowing: it was restored, or a standby took over.

Takes a session; never commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.posts.rules import Needs, PublicationState
from core.posts.store import set_because
from core.publishing import store

_BECAUSE: Final = "A backup from before it was due was restored: it may have been sent since."

_COMMENT_BECAUSE: Final = "A backup from before it was written was restored: it may be there."


def now_and_last_look(session: Session) -> tuple[datetime, datetime | None]:
    """The time at the database, and when a ticker looked last as far as the database knows."""
    row = session.execute(text("select clock_timestamp() as now, max(at) as last from masthead.ticker_heartbeat")).one()
    return row.now, row.last


def due(session: Session) -> Sequence[UUID]:
    """What is on the schedule and its time has passed, longest first; a sender that is gone may have held it."""
    return session.scalars(
        text(
            "select id from masthead.publication where state in ('scheduled','queued','claimed')"
            " and due_at <= clock_timestamp() and payload_sha256 = approved_sha256 order by due_at, id"
        )
    ).all()


_ON_THE_WAY: Final = ("scheduled", "queued", "claimed", "sending")
_TWINS: Final = "publication_one_twin_in_flight"
_HELD: Final = text("select state, needs from masthead.publication where id = :id for update")
_MOVE: Final = text("""
update masthead.publication set state = :state, lease_owner = 'operator',
  lease_until = clock_timestamp() + interval '1 minute'
where id = :id
""")
# Nothing tells what was asked, so the request has no hash; nothing was asked before the backup, nor after now. What has
# a time to come was given it since.
_ATTEMPT: Final = text("""
insert into masthead.attempt(organization_id, publication_id, step, epoch, request_sha256, opened_at, send_deadline,
  correlation_id, state, closed_at, message, provider_ref)
select organization_id, id, 'post', epoch, :lost,
  case when due_at <= clock_timestamp() then greatest(due_at, :since) else :since end, clock_timestamp(),
  correlation_id, 'unknown', clock_timestamp(), :because, cast(:named as text)
from masthead.publication where id = :id
""")
_FORGET: Final = text("""
update masthead.publication_step set dropped_at = clock_timestamp(), dropped_because = :because
where publication_id = :id and dropped_at is null
""")
_UNKNOWN: Final = text("""
update masthead.publication set state = 'unknown', lease_owner = null, lease_until = null,
  next_action_at = clock_timestamp()
where id = :id and state = 'sending'
""")


# A person is asked at once, and its network too.
_ASK: Final = text("""
update masthead.publication set state = 'needs_human', needs = 'outcome', lease_owner = null, lease_until = null,
  next_action_at = clock_timestamp()
where id = :id
""")


def put_in_doubt(
    session: Session, publication_id: UUID, since: datetime, *, because: str = _BECAUSE, named: str | None = None
) -> bool:
    """Take one through the states of a send whose outcome nobody knows; False for what nobody wants sent any more.

    Nothing was asked before `since`. `named`: the post that the network named.

    Of two equal ones of an account only one may be on its way, for their posts can't be told apart: of the other, and
    of what waits for a person's press, a person is asked at once. What was late or not approved in time moves to no
    other state by that, and so has no event of it.
    """
    row = session.execute(_HELD, {"id": publication_id}).one_or_none()
    if row is None:
        return False
    values = {"id": publication_id, "since": since, "because": because, "named": named, "lost": store.LOST_REQUEST}
    if row.state == PublicationState.IN_REVIEW:
        set_because(session, because)
        _ask_at_once(session, values)
        return True
    if row.needs in (Needs.LATE, Needs.APPROVAL):
        _ask_at_once(session, values)
        return True
    if row.state not in _ON_THE_WAY[:-1]:
        return False
    try:
        with session.begin_nested():
            for state in _ON_THE_WAY[_ON_THE_WAY.index(row.state) + 1 :]:
                set_because(session, because)
                session.execute(_MOVE, {"id": publication_id, "state": state})
            _add_lost_attempt(session, values)
            set_because(session, because)
            session.execute(_UNKNOWN, {"id": publication_id})
    except IntegrityError as error:
        if _TWINS not in str(error.orig):
            raise
        set_because(session, because)
        _ask_at_once(session, values)
    return True


def _add_lost_attempt(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(_ATTEMPT, values)
    session.execute(_FORGET, {"id": values["id"], "because": values["because"]})


def _ask_at_once(session: Session, values: Mapping[str, Any]) -> None:
    _add_lost_attempt(session, values)
    session.execute(_ASK, {"id": values["id"]})


# What people may have sent since with a press or two: the words of a page must not say that nothing was. Failures as
# long as Home shows them: writing to the others would bring them back there.
_MARK: Final = text("""
update masthead.publication p set last_error = coalesce(p.last_error, '{}') || '{"restored": true}'
where p.removed_at is null and not coalesce(p.last_error ? 'restored', false) and (
  p.state in ('in_review','approved')
  or (p.state in ('draft','changes_requested') and p.due_at > :since and p.due_at <= clock_timestamp())
  or (p.state = 'needs_human' and p.needs in ('late','approval'))
  or (p.state = 'failed' and p.updated_at > clock_timestamp() - cast(:recent as interval)
    and not exists (select 1 from masthead.publication later where later.organization_id = p.organization_id
      and later.post_id = p.post_id and later.account_id = p.account_id and later.occurrence > p.occurrence)))
returning id
""")


def mark_what_people_may_have_sent(session: Session, since: datetime, recent: timedelta) -> int:
    """Note on what wasn't on the schedule at `since` that it may have been sent after it; gives how many.

    That is what waited for an approval or a time, what wasn't asked for and has come due, and what was late or failed.
    """
    return len(session.scalars(_MARK, {"since": since, "recent": recent}).all())


_COMMENT_BEGUN: Final = text("""
update masthead.live_work set state = 'sending', opened_at = coalesce(opened_at, waits_since),
  send_deadline = clock_timestamp(), next_action_at = clock_timestamp()
where kind = 'comment' and state = 'waiting' returning id
""")
_COMMENT_IN_DOUBT: Final = text("update masthead.live_work set state = 'checking' where id = any(:ids)")


def put_comments_in_doubt(session: Session) -> int:
    """First comments that were to be written when the backup was made may be there: they are looked for instead."""
    ids = session.scalars(_COMMENT_BEGUN).all()
    set_because(session, _COMMENT_BECAUSE)
    session.execute(_COMMENT_IN_DOUBT, {"ids": list(ids)})
    return len(ids)
