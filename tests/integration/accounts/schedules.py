"""A publication that waits for its slot, as the nouns above make it."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

from sqlalchemy import text

from core.infra import db
from core.infra.actor import Actor

_POST = """
insert into masthead.post(organization_id, id, author_id, updated_by, text)
values (:organization, :post, :member, :member, 'Hi')
"""
_PUBLICATION = """
insert into masthead.publication(organization_id, id, post_id, account_id, intent_key, payload, payload_sha256,
  approved_payload, approved_sha256, approved_at, approved_until, due_at, not_after, state)
values (:organization, :publication, :post, :account, :key, cast(:payload as jsonb), sha256('x'),
  cast(:payload as jsonb), sha256('x'), clock_timestamp(), clock_timestamp() + interval '30 days',
  clock_timestamp() + interval '1 hour', clock_timestamp() + interval '90 minutes', 'scheduled')
"""


def schedule_publication(actor: Actor, account_id: UUID) -> UUID:
    """An approved publication of one account, due in an hour."""
    publication_id = uuid4()
    values = {
        "organization": actor.organization_id,
        "post": uuid4(),
        "member": actor.member_id,
        "publication": publication_id,
        "account": account_id,
        "key": publication_id.hex,
        "payload": json.dumps({"text": "Hi"}),
    }
    with db.transaction(actor) as session:
        session.execute(text(_POST), values)
        session.execute(text(_PUBLICATION), values)
    return publication_id
