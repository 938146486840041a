"""SQL of the desk: what a person is asked about, and what is still being read. Takes a session; never commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_OPEN = text("""
select p.id, p.post_id, left(p.payload->>'text', 140) as text, p.state, p.needs, a.name as account_name, a.network,
  coalesce(t.opened_at, p.updated_at) as sent_at, p.next_action_at
from masthead.publication p
join masthead.post on post.organization_id = p.organization_id and post.id = p.post_id and post.deleted_at is null
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
left join masthead.attempt t on t.organization_id = p.organization_id and t.publication_id = p.id
  and t.step in ('post','publish') and t.state in ('open','unknown')
where p.state in ('unknown','needs_human') and (p.state = 'unknown' or p.needs = 'outcome')
order by p.state = 'unknown', sent_at, p.id limit :limit
""")


def open_questions(session: Session, at_most: int) -> Sequence[Row[Any]]:
    """Publications whose outcome is unclear: those that a person is asked about first, the oldest first."""
    return session.execute(_OPEN, {"limit": at_most}).all()
