"""Writes of accounts: the face of this noun for pages, ingest, jobs and the operator's command line."""

from __future__ import annotations

from uuid import UUID

from core.accounts import store
from core.accounts.choosing import Chosen, choose
from core.accounts.connecting import Callback, Finished, connect_intent, finish_connect, load_choice, start_connect
from core.accounts.diagnosing import Diagnosed, check_connection, check_setup, connection_of, setup_of
from core.accounts.disconnecting import Disconnected, Released, disconnect, release
from core.accounts.giving_back import revoke_overdue_choices
from core.accounts.pausing import Paused, pause_account, pause_organization, pause_provider
from core.accounts.rotating import keys_in_use, rotate_keys
from core.accounts.rules import LONGEST_WINDOW_S, SHORTEST_WINDOW_S
from core.accounts.tending import tend_due as tend_tokens
from core.accounts.verifying import VerifiedAccount, verify
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Invalid, NotFound
from core.organizations.rules import Permission, require

__all__ = [
    "Callback",
    "Chosen",
    "Diagnosed",
    "Disconnected",
    "Finished",
    "Paused",
    "Released",
    "VerifiedAccount",
    "check_connection",
    "check_setup",
    "choose",
    "connect_intent",
    "connection_of",
    "disconnect",
    "finish_connect",
    "keys_in_use",
    "load_choice",
    "pause_account",
    "pause_organization",
    "pause_provider",
    "release",
    "revoke_overdue_choices",
    "rotate_keys",
    "setup_of",
    "start_connect",
    "tend_tokens",
    "verify",
]


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
