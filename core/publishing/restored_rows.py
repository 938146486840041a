"""SQL for what may have been sent without the database knowing: it was restored, or a standby took over.

Takes a session; never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

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
_HELD: Final = text("select state from masthead.publication where id = :id for update")
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


def put_in_doubt(
    session: Session, publication_id: UUID, since: datetime, *, because: str = _BECAUSE, named: str | None = None
) -> bool:
    """Take one through the states of a send whose outcome nobody knows; False when it isn't on the schedule any more.

    Nothing was asked before `since`. `named`: the post that the network named.
    Raises IntegrityError while an equal publication of the account is in doubt.
    """
    was = session.execute(_HELD, {"id": publication_id}).scalar_one_or_none()
    if was not in _ON_THE_WAY[:-1]:
        return False
    for state in _ON_THE_WAY[_ON_THE_WAY.index(was) + 1 :]:
        set_because(session, because)
        session.execute(_MOVE, {"id": publication_id, "state": state})
    values = {"id": publication_id, "since": since, "because": because, "named": named, "lost": store.LOST_REQUEST}
    session.execute(_ATTEMPT, values)
    session.execute(_FORGET, {"id": publication_id, "because": because})
    set_because(session, because)
    session.execute(_UNKNOWN, {"id": publication_id})
    return True


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
