"""Writes of accounts: the face of this noun for pages, ingest, jobs and the operator's command line."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts import store
from core.accounts.choosing import Chosen, choose
from core.accounts.connecting import Callback, Finished, connect_intent, finish_connect, load_choice, start_connect
from core.accounts.disconnecting import Disconnected, Released, disconnect, release
from core.accounts.giving_back import revoke_overdue_choices
from core.accounts.rotating import keys_in_use, rotate_keys
from core.accounts.rules import LONGEST_WINDOW_S, SHORTEST_WINDOW_S, STATE_WORDS, AccountState
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound
from core.organizations.rules import Permission, require
from core.provider_kit import hostile

__all__ = [
    "Callback",
    "Chosen",
    "Disconnected",
    "Finished",
    "Released",
    "choose",
    "connect_intent",
    "disconnect",
    "finish_connect",
    "keys_in_use",
    "load_choice",
    "pause_account",
    "release",
    "resume_account",
    "revoke_overdue_choices",
    "rotate_keys",
    "start_connect",
]

_LONGEST_REASON = 500


def pause_account(actor: Actor, action_id: UUID, account_id: UUID, reason: str) -> None:
    """Hold everything that waits for an account until it is resumed; what is being sent goes on.

    Raises NotAllowed, NotFound, Invalid without a reason, Conflict when the account isn't connected.
    """
    require(actor, Permission.PAUSE_ACCOUNT)
    why = hostile.line(reason, limit=_LONGEST_REASON + 1)
    if not 0 < len(why) <= _LONGEST_REASON:
        raise Invalid([f"Say why in 1 to {_LONGEST_REASON} characters, so that others know when to resume."])
    with db.transaction(actor) as session:
        if audit.first_time(session, actor, action_id, "accounts.pause"):
            words = f"paused by {actor.name}: {why}"
            _move(session, account_id, AccountState.ACTIVE, AccountState.PAUSED, words)
            audit.record(session, actor, "account.paused", "account", account_id, after={"reason": why})
            audit.remember(session, actor, action_id, {})


def resume_account(actor: Actor, action_id: UUID, account_id: UUID) -> int:
    """Let publications go to an account again; returns how many became late while it was paused.

    Those go to a person as "Needs you: late" (the sweep sees it by `account.resumed_at`, which a trigger writes).
    Raises NotAllowed, NotFound, Conflict when the account isn't paused.
    """
    require(actor, Permission.PAUSE_ACCOUNT)
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.resume"):
            return int(audit.earlier_result(session, actor, action_id)["late"])
        _move(session, account_id, AccountState.PAUSED, AccountState.ACTIVE, None)
        late = store.overdue(session, account_id)
        audit.record(session, actor, "account.resumed", "account", account_id, after={"late": late})
        audit.remember(session, actor, action_id, {"late": late})
        return late


def set_window(actor: Actor, action_id: UUID, account_id: UUID, window_s: int) -> None:
    """How long after its time a post may still go out to an account, 5 minutes to 24 hours (PRODUCT 6).

    Counts for what is scheduled or moved from now on. Raises NotAllowed, NotFound, Invalid.
    """
    require(actor, Permission.MANAGE_SETTINGS)
    if not SHORTEST_WINDOW_S <= window_s <= LONGEST_WINDOW_S:
        raise Invalid(["Choose a window between 5 minutes and 24 hours."])
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.set_window"):
            return
        before = store.account(session, account_id)
        if before is None:
            raise NotFound
        was = before.window_s
        store.change_window(session, account_id, window_s)
        audit.record(
            session,
            actor,
            "account.window_changed",
            "account",
            account_id,
            before={"window_s": was},
            after={"window_s": window_s},
        )


def _move(session: Session, account_id: UUID, seen: AccountState, to: AccountState, reason: str | None) -> None:
    if store.change_state(session, account_id, seen=seen, to=to, reason=reason):
        return
    account = store.account(session, account_id)
    if account is None:
        raise NotFound
    raise Conflict(
        f"{account.name} is {STATE_WORDS[AccountState(account.state)].lower()}. Reload to see it as it is now."
    )
