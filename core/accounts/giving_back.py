"""Revoking a grant at its network, once, and only when nothing here stands on it any more.

Networks revoke per person and app, not per token: to give back one grant ends every connection on the same person's
grant, in every organization of the installation. So the decision is made under a lock for that person at that network,
and a token that may not be revoked there is only emptied here.

The order is: state and tokens in one transaction, then the network. What fails there is tried again by
`revoke_overdue_choices`, which the low queue runs. A consent that comes back in the very seconds of a revocation dies
with it: no lock is held over a call to a network.
"""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials, store, token_rows
from core.accounts.model import Connection
from core.accounts.rules import GIVE_BACK_AGAIN_AFTER, ConnectionState, CredentialState, Purpose
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.crypto import CredentialTampered
from core.infra.db import ActsInOrganization
from core.provider_kit.errors import ProviderFailure

_PROGRAM: Final = "accounts"
_log = logging.getLogger(__name__)


def locked_with_grant(session: Session, connection_id: UUID) -> Connection | None:
    """A connection, its person's grants at that network locked before it: everybody takes the locks in this order."""
    seen = store.connection(session, connection_id)
    if seen is None:
        return None
    store.lock_grant(session, seen.provider, seen.provider_user_id)
    return store.connection(session, connection_id, lock=True)


def end_connection(session: Session, connection: Connection) -> bool:
    """Take a connection (`locked_with_grant`) out of use; True when its grant is to be given back after the commit."""
    connection_id, shared = connection.id, store.grant_in_use(session, connection)
    if shared:
        store.empty_credentials(session, connection_id=connection_id)
    else:
        store.set_aside(session, connection_id)
        token_rows.drop_followers(session, connection_id)
        for purpose in (Purpose.OFFER, Purpose.ACCOUNT, Purpose.REFRESH):
            store.empty_credentials(session, connection_id=connection_id, purpose=purpose)
    token_rows.rest(session, connection_id)
    store.change_connection(
        session,
        connection_id,
        state=ConnectionState.REVOKED,
        choose_until=None,
        give_back_at=None if shared else store.later(GIVE_BACK_AGAIN_AFTER),
    )
    return not shared


def give_back(actor: ActsInOrganization, connection_id: UUID) -> bool:
    """Revoke an ended connection's grant at its network; True when nothing of it is left, False to try again."""
    with db.transaction(actor) as session:
        connection = store.connection(session, connection_id, lock=True)
        if connection is None or connection.give_back_at is None:
            return True
        if store.grant_in_use(session, connection):
            _given_back(session, connection_id)
            return True
        token = _token(session, connection_id)
        if token is None:
            _given_back(session, connection_id)
            return True
        store.change_connection(session, connection_id, give_back_at=store.later(GIVE_BACK_AGAIN_AFTER))
        provider_key = connection.provider
    if not _revoke(provider_key, token):
        return False
    with db.transaction(actor) as session:
        _given_back(session, connection_id)
        audit.record(session, actor, "token.revoked", "connection", connection_id, after={"provider": provider_key})
    return True


def revoke_overdue_choices(at_most: int = 50) -> int:
    """Give back grants whose 30 minutes of choice are over, and those an earlier try could not; returns how many.

    For the low queue, with the worker's database; any number may run at once.
    """
    with db.free_transaction() as session:
        overdue = store.overdue_choices(session, at_most)
    done = 0
    for organization_id, connection_id in overdue:
        actor = ProgramActor(organization_id, _PROGRAM, f"choice-{connection_id.hex}")
        with db.transaction(actor) as session:
            connection = locked_with_grant(session, connection_id)
            if connection is not None and connection.state == ConnectionState.PENDING:
                end_connection(session, connection)
                audit.record(session, actor, "connect.lapsed", "connection", str(connection_id))
        done += give_back(actor, connection_id)
    return done


def _token(session: Session, connection_id: UUID) -> SecretStr | None:
    """The token to revoke with; None where it is gone, expired or not what was stored, so that it can do nothing."""
    stored = store.stored_credential(session, connection_id, None, Purpose.GRANT, CredentialState.PREVIOUS)
    if stored is None or stored.expired:
        return None
    try:
        return credentials.opened(session, stored)
    except CredentialTampered:
        return None


def _revoke(provider_key: str, token: SecretStr) -> bool:
    try:
        providers.provider(provider_key).oauth.revoke(token)
    except KeyError:
        return True
    except ProviderFailure as failure:
        _log.warning("grant_not_given_back", extra={"provider": provider_key, "reason": failure.reason})
        return False
    return True


def _given_back(session: Session, connection_id: UUID) -> None:
    store.empty_credentials(session, connection_id=connection_id)
    store.change_connection(session, connection_id, give_back_at=None)
