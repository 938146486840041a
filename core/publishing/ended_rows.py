"""SQL for what waits until a network's hold is over, when it ends early. Takes a session; never commits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from core.throttle.rules import LATEST_BACK_S, Why

# Who is held by a whole network's hold says so on its row; what is read or changed later waits to its end and a bit.
_POSTS: Final = text("""
update masthead.publication p set next_action_at = clock_timestamp() + random() * make_interval(secs => :spread_s)
from masthead.account a
where a.organization_id = p.organization_id and a.id = p.account_id and a.network = :network
  and p.state = 'scheduled' and p.next_action_at > clock_timestamp() and p.last_error ->> 'held' = any(:held)
""")
_WAITS: Final = "between :first_end and cast(:last_end as timestamptz) + make_interval(secs => 2 * :spread_s)"
_QUESTIONS: Final = text(f"""
update masthead.publication p set next_action_at = clock_timestamp() + random() * make_interval(secs => :spread_s)
from masthead.account a
where a.organization_id = p.organization_id and a.id = p.account_id and a.network = :network
  and p.state in ('unknown','needs_human') and p.next_action_at {_WAITS}
""")  # noqa: S608 - our own words
_CHANGES: Final = text(f"""
update masthead.live_work w set next_action_at = clock_timestamp() + random() * make_interval(secs => :spread_s)
from masthead.publication p join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where p.organization_id = w.organization_id and p.id = w.publication_id and a.network = :network
  and w.state in ('waiting','checking') and w.next_action_at {_WAITS}
""")  # noqa: S608 - our own words
_LINKS: Final = text(f"""
update masthead.publication_link l set next_try_at = clock_timestamp() + random() * make_interval(secs => :spread_s)
from masthead.publication p join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where p.organization_id = l.organization_id and p.id = l.publication_id and a.network = :network
  and l.state = 'pending' and l.next_try_at {_WAITS}
""")  # noqa: S608 - our own words


def let_posts_go(session: Session, network: str) -> int:
    """The organization's posts that a whole network's hold keeps on the schedule look again within seconds."""
    return _moved(session, _POSTS, network=network, held=[Why.APP.value, Why.TROUBLE.value])


def let_the_rest_go(session: Session, network: str, first_end: datetime, last_end: datetime) -> int:
    """So do reads, comments, changes and addresses that were put off to where those holds were to end."""
    ends = {"first_end": first_end, "last_end": last_end}
    return sum(_moved(session, each, network=network, **ends) for each in (_QUESTIONS, _CHANGES, _LINKS))


def _moved(session: Session, statement: Any, **values: object) -> int:
    result = session.execute(statement, {**values, "spread_s": LATEST_BACK_S})
    return cast("CursorResult[Any]", result).rowcount
