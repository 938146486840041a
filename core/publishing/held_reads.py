"""What waits on the schedule because a network may not be called now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.organizations.rules import Permission, require
from core.throttle.rules import Why


@dataclass(frozen=True, slots=True)
class HeldPosts:
    """Posts of one account that wait for one reason. `next_at`: when the first looks again; `late_at`: until when."""

    account_id: UUID
    account_name: str
    network: str
    why: Why
    posts: int
    next_at: datetime
    late_at: datetime


def held_posts(actor: Actor) -> tuple[HeldPosts, ...]:
    """All of the organization's, soonest first. Raises NotAllowed."""
    require(actor, Permission.READ_LIMITS)
    titles = {key: network.title for key, network in providers.networks().items()}
    with db.transaction(actor) as session:
        return held(session, titles)


def held(session: Session, titles: dict[str, str]) -> tuple[HeldPosts, ...]:
    """Counted from the schedule, by account and reason."""
    rows = session.execute(
        text(
            "select p.account_id, a.name, a.network, p.last_error ->> 'held' as why, count(*) as posts,"
            " min(p.next_action_at) as next_at, min(p.not_after) as late_at"
            " from masthead.publication p"
            " join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id"
            " where p.organization_id = masthead.ctx_organization() and p.state = 'scheduled'"
            " and p.due_at <= clock_timestamp() and p.next_action_at > clock_timestamp() and p.last_error ? 'held'"
            " group by 1, 2, 3, 4 order by next_at, a.name"
        )
    )
    return tuple(
        HeldPosts(
            account_id=row.account_id,
            account_name=row.name,
            network=titles.get(row.network, row.network),
            why=Why(row.why),
            posts=row.posts,
            next_at=row.next_at,
            late_at=row.late_at,
        )
        for row in rows
    )
