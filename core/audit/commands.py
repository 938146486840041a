"""Lines and receipts that other nouns' commands write inside their own transaction.

A command asks `first_time` before it does anything, and returns what `earlier_result` gives when it isn't; it writes
one line with `record`, and with `remember` what a repetition of it is to return.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import store
from core.infra.db import ActsInOrganization
from core.infra.errors import Conflict, OrganizationMissing
from core.infra.redaction import redacted_fields


def record(
    session: Session,
    actor: ActsInOrganization,
    action: str,
    subject_kind: str,
    subject_id: UUID | str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the one audit line of a command: `action` by `actor` on a subject, with what changed.

    `before` and `after` may hold what JSON can, and UUIDs, times, enums and sets; whatever looks like a secret is
    masked. Raises OrganizationMissing when the session belongs to another organization than the actor.
    """
    _refuse_other_organization(session, actor)
    store.add_event(
        session,
        {
            "organization_id": actor.organization_id,
            "actor": actor.label,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": str(subject_id),
            "before": None if before is None else redacted_fields(before),
            "after": None if after is None else redacted_fields(after),
            "correlation_id": actor.correlation_id,
        },
    )


def first_time(session: Session, actor: ActsInOrganization, action_id: UUID, command: str) -> bool:
    """True exactly once per action id; a second click waits for the first one's transaction and then gets False.

    When the first one is rolled back, the second is the first. Raises Conflict when another command used the id.
    """
    _refuse_other_organization(session, actor)
    if store.add_receipt(session, actor.organization_id, action_id, command):
        return True
    earlier = store.receipt(session, action_id)
    if earlier is None or earlier.command != command:
        raise _asked_otherwise()
    return False


def remember(session: Session, actor: ActsInOrganization, action_id: UUID, result: Mapping[str, Any]) -> None:
    """Keep what an action gave for a repetition of it; never a secret, which would be masked."""
    _refuse_other_organization(session, actor)
    store.complete_receipt(session, action_id, redacted_fields(result))


def earlier_result(
    session: Session, actor: ActsInOrganization, action_id: UUID, command: str | None = None
) -> dict[str, Any]:
    """What `remember` kept for this action; empty when it kept nothing.

    Name the command where `first_time` hasn't been asked: raises Conflict when another one used the id.
    """
    _refuse_other_organization(session, actor)
    earlier = store.receipt(session, action_id)
    if earlier is not None and command not in (None, earlier.command):
        raise _asked_otherwise()
    return dict(earlier.result or {}) if earlier else {}


def _asked_otherwise() -> Conflict:
    return Conflict("This was asked for in another way already. Reload and look before you try again.")


def _refuse_other_organization(session: Session, actor: ActsInOrganization) -> None:
    if session.info.get("organization_id") != actor.organization_id:
        raise OrganizationMissing("This session belongs to another organization than its actor.")
