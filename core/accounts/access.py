"""What a sender needs to act for an account, read anew each time so that Disconnect works at once (PRODUCT 4)."""

from __future__ import annotations

import logging
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core.accounts import credentials, store, token_rows
from core.accounts.reaching import hold
from core.accounts.rules import STATE_WORDS, AccountState, ConnectionState
from core.audit import commands as audit
from core.infra.actor import ProgramActor
from core.infra.crypto import CredentialTampered, KeyMissing
from core.provider_kit.errors import ReconnectNeeded, Unreadable
from core.provider_kit.types import Access

_log = logging.getLogger(__name__)
_RECONNECT = "Connect it again on the Accounts page."
_ASK_OPERATOR = (
    "Ask your operator: `masthead keys status` names the key. If it is lost, connect the account again on Accounts."
)


def access_for(session: Session, account_id: UUID, correlation_id: str) -> Access:
    """The account's token and provider id, for one call that starts now.

    Call it in the transaction right before the call, never keep the result. A pause is none of its business, because
    what was sent before it must still be read back: whoever sends looks at pauses itself. Raises ReconnectNeeded for
    an account that is disconnected, refused by the network, without a usable token, or whose stored token was changed;
    Unreadable, which is one, where this installation lacks the key.
    """
    account = store.standing(session, account_id)
    if account is None:
        raise ReconnectNeeded("This account doesn't exist in this organization.", how_to_fix=_RECONNECT)
    stored, token = _usable(session, account)
    if account.unused_lately and token_rows.use(session, stored.id):
        actor = ProgramActor(store.organization_of(session), "accounts", correlation_id)
        audit.record(session, actor, "token.used", "account", account_id)
    return Access(account.provider_account_id, token, correlation_id, stored.id)


def report_broken(session: Session, account_id: UUID, reason: str, *, refused: Access | None) -> bool:
    """Hold an active account whose token the network refused, with the reason in words, until a person connects again.

    `refused`: what the call was made with; None where nobody was asked, for no token could be used. A call lasts,
    and meanwhile somebody may connect anew or the token may be renewed. Then nothing is held, for that says nothing of
    the token that stands now: its next use will tell. Gives whether it still stood.

    Where the token is the connection's own, every account of that connection is held. The grant is looked at next, for
    what else stands on it.
    """
    account = store.account(session, account_id)
    if account is None:
        return False
    connection = store.connection(session, account.connection_id, lock=True)  # before its accounts, as everywhere
    standing = store.standing(session, account_id)
    if standing is None or _was_replaced(session, standing, refused):
        _log.info(
            "the account has another token by now, so nothing is held for this refusal",
            extra={"account_id": str(account_id), "reason": reason},
        )
        return False
    own = store.has_own_token(session, account.connection_id, account_id)
    # One that has run out is no word of the network's: a renewal mends it.
    ran_out = standing.token is not None and standing.token.expired
    actor = ProgramActor(store.organization_of(session), "accounts", session.info["correlation_id"])
    hold(session, actor, account.connection_id, account_id if own else None, reason, heals=ran_out)
    if connection is not None and connection.state == ConnectionState.ACTIVE:
        store.change_connection(
            session,
            connection.id,
            state=ConnectionState.BROKEN,
            last_error={"account_id": str(account_id), "words": reason},
        )
        token_rows.look_soon(session, connection.id)
    return True


def _was_replaced(session: Session, standing: store.Standing, refused: Access | None) -> bool:
    """Whether the account stands on another token than the one that was refused, or on one that can be used by now."""
    if refused is not None:
        return standing.token is None or standing.token.id != refused.credential_id
    try:
        _usable(session, standing)
    except Unreadable:  # it may be good
        return True
    except ReconnectNeeded:
        return False
    return True


def _usable(session: Session, account: store.Standing) -> tuple[store.StoredCredential, SecretStr]:
    """The token that the account stands on, opened. Raises as `access_for` does."""
    if account.state != AccountState.ACTIVE:
        words = STATE_WORDS[AccountState(account.state)]
        raise ReconnectNeeded(f"{words}: {account.state_reason or account.name}", how_to_fix=_RECONNECT)
    if account.connection_state not in (ConnectionState.ACTIVE, ConnectionState.BROKEN):
        raise ReconnectNeeded("The grant behind this account was given back.", how_to_fix=_RECONNECT)
    if account.token is None or account.token.expired:
        raise ReconnectNeeded("The token of this account has expired.", how_to_fix=_RECONNECT)
    try:
        token = credentials.opened(session, account.token)
    except KeyMissing as error:
        raise Unreadable(error.message, how_to_fix=_ASK_OPERATOR) from None
    except CredentialTampered as error:
        raise ReconnectNeeded(error.message, how_to_fix=_RECONNECT) from None
    return account.token, token
