"""Pausing the organization, a provider in it, or one account. Resuming is about posts: it is in `core.publishing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.accounts import pause_rows, store
from core.accounts.rules import LONGEST_PAUSE_REASON, STATE_WORDS, AccountState, Pause, PauseScope
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor, ProgramActor
from core.infra.errors import Conflict, Invalid, NotFound
from core.organizations.rules import Permission, require
from core.provider_kit import hostile


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause that began. `being_sent`: what was on its way to the network at that moment; it can't be stopped."""

    pause_id: UUID
    being_sent: int


def pause_account(actor: Actor, action_id: UUID, account_id: UUID, reason: str) -> Paused:
    """Hold everything that waits for an account until somebody resumes it; what is being sent goes on (approvers).

    Raises NotAllowed, NotFound, Invalid without a reason, Conflict when it is paused already or disconnected.
    """
    require(actor, Permission.PAUSE_ACCOUNT)
    why = _reason(reason)
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.pause"):
            return _earlier(session, actor, action_id)
        account = store.account(session, account_id)
        if account is None:
            raise NotFound
        if account.state == AccountState.DISABLED:
            words = STATE_WORDS[AccountState.DISABLED].lower()
            raise Conflict(f"{account.name} is {words}. Reload to see it as it is now.")
        return _begin(session, actor, action_id, PauseScope.ACCOUNT, account.name, why, account_id=account_id)


def pause_provider(actor: Actor, action_id: UUID, provider: str, reason: str) -> Paused:
    """Hold everything of the organization that would go out by a provider (admins).

    Raises NotAllowed, NotFound for a provider that isn't known, Invalid, Conflict when it is paused already.
    """
    require(actor, Permission.PAUSE_ORGANIZATION)
    why = _reason(reason)
    known = providers.providers().get(provider)
    if known is None:
        raise NotFound
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.pause_provider"):
            return _earlier(session, actor, action_id)
        return _begin(
            session, actor, action_id, PauseScope.PROVIDER, f"Publishing to {known.title}", why, provider=provider
        )


def pause_organization(actor: Actor, action_id: UUID, reason: str) -> Paused:
    """Hold everything of the organization (admins). Raises NotAllowed, Invalid, Conflict when it is paused already."""
    require(actor, Permission.PAUSE_ORGANIZATION)
    why = _reason(reason)
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.pause_organization"):
            return _earlier(session, actor, action_id)
        return _begin(session, actor, action_id, PauseScope.ORGANIZATION, "Publishing", why)


def pause_by_operator(session: Session, actor: ProgramActor, reason: str) -> bool:
    """Hold everything of an organization because of its operator; False when it is paused already."""
    pause_id = pause_rows.begin(
        session, PauseScope.ORGANIZATION, provider=None, account_id=None, reason=reason, by=None
    )
    if pause_id is not None:
        after = {"reason": reason, "pause": pause_id}
        audit.record(
            session, actor, f"{PauseScope.ORGANIZATION}.paused", "organization", actor.organization_id, after=after
        )
    return pause_id is not None


def end(session: Session, actor: Actor, pause_id: UUID) -> tuple[Pause, datetime]:
    """End a pause inside the command that resumes; gives it and when: what was due by then isn't sent by itself.

    Raises NotAllowed, NotFound, and Conflict when somebody ended it before.
    """
    pause = next((each for each in pause_rows.in_force(session) if each.id == pause_id), None)
    if pause is not None:
        require(actor, permission(pause.scope))
    ended_at = pause_rows.end(session, pause_id, actor.member_id)
    if pause is None or ended_at is None:
        by = pause_rows.ended_by(session, pause_id)
        if by is None:
            raise NotFound
        raise Conflict(f"{by} resumed it meanwhile. What is overdue needs you: look on Home.")
    return pause, ended_at


def permission(scope: PauseScope) -> Permission:
    """What it takes to pause and to resume something of this kind."""
    return Permission.PAUSE_ACCOUNT if scope is PauseScope.ACCOUNT else Permission.PAUSE_ORGANIZATION


def subject(pause_scope: PauseScope, actor: Actor, account_id: UUID | None) -> tuple[str, UUID]:
    """Kind and id for the audit line."""
    if pause_scope is PauseScope.ACCOUNT and account_id is not None:
        return "account", account_id
    return "organization", actor.organization_id


def _reason(reason: str) -> str:
    why = hostile.line(reason, limit=LONGEST_PAUSE_REASON + 1)
    if not 0 < len(why) <= LONGEST_PAUSE_REASON:
        raise Invalid([f"Say why in 1 to {LONGEST_PAUSE_REASON} characters, so that others know when to resume."])
    return why


def _earlier(session: Session, actor: Actor, action_id: UUID) -> Paused:
    earlier = audit.earlier_result(session, actor, action_id)
    return Paused(UUID(earlier["pause_id"]), earlier["being_sent"])


def _begin(
    session: Session,
    actor: Actor,
    action_id: UUID,
    scope: PauseScope,
    name: str,
    reason: str,
    *,
    provider: str | None = None,
    account_id: UUID | None = None,
) -> Paused:
    pause_id = pause_rows.begin(
        session, scope, provider=provider, account_id=account_id, reason=reason, by=actor.member_id
    )
    if pause_id is None:
        raise Conflict(f"{name} is paused already. Reload to see by whom and why.")
    paused = Paused(pause_id, pause_rows.being_sent(session, pause_id))
    after = {"reason": reason, "pause": pause_id, "being_sent": paused.being_sent}
    kind, subject_id = subject(scope, actor, account_id)
    after |= {"provider": provider} if provider else {}
    audit.record(session, actor, f"{scope}.paused", kind, subject_id, after=after)
    audit.remember(session, actor, action_id, {"pause_id": str(pause_id), "being_sent": paused.being_sent})
    return paused
