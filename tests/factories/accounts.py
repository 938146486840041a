"""Connections and accounts as the choice leaves them, without a network."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import SecretStr

from core import providers
from core.accounts import credentials, store
from core.accounts.access import access_for, report_broken
from core.accounts.rules import AccountState, ConnectionState, Purpose
from core.infra import crypto, db, installation
from core.infra.actor import Actor
from core.infra.settings import Settings, SettingsInvalid
from tests.fixtures.servers import SECRET_KEY

ACCOUNT_TOKEN = "EAAmade0account0token"
GRANT_TOKEN = "EAAmade0grant0token"
_numbers = itertools.count(100_000_000_000)


@dataclass(frozen=True)
class MadeAccount:
    """A Page as Masthead knows it, with the ids to look for."""

    id: UUID
    connection_id: UUID
    provider_account_id: str


def make_account(
    actor: Actor,
    *,
    name: str = "Acme",
    network: str = "facebook",
    provider: str = "meta",
    provider_account_id: str | None = None,
    provider_user_id: str | None = None,
    state: AccountState = AccountState.ACTIVE,
    token: str | None = ACCOUNT_TOKEN,
    grant: str = GRANT_TOKEN,
    connection_id: UUID | None = None,
) -> MadeAccount:
    """An account in the actor's organization, on a new connection with this grant unless one is given.

    Without a token of its own (None) it stands on the grant, as LinkedIn's do.
    """
    use_test_keys()
    page = provider_account_id or str(next(_numbers))
    with db.transaction(actor) as session:
        if connection_id is None:
            connection_id = _connection(session, actor, provider, provider_user_id or str(next(_numbers)), grant)
        account_id = store.insert_account(
            session,
            connection_id=connection_id,
            provider=provider,
            network=network,
            provider_account_id=page,
            name=name,
            url=f"https://www.facebook.com/{page}",
            state=state,
        )
        if token is not None:
            credentials.keep(session, connection_id, Purpose.ACCOUNT, SecretStr(token), account_id=account_id)
    return MadeAccount(account_id, connection_id, page)


def connect_again(actor: Actor, account: MadeAccount) -> None:
    """As a consent anew leaves an account: live, on another token of the grant's and, where it had one, of its own."""
    use_test_keys()
    with db.transaction(actor) as session:
        own = store.has_own_token(session, account.connection_id, account.id)
        store.empty_credentials(session, connection_id=account.connection_id, purpose=Purpose.GRANT)
        credentials.keep(session, account.connection_id, Purpose.GRANT, SecretStr("EAAagain0grant0token"))
        if own:
            store.empty_credentials(session, account_id=account.id)
            again = SecretStr("EAAagain0account0token")
            credentials.keep(session, account.connection_id, Purpose.ACCOUNT, again, account_id=account.id)
        store.change_connection(session, account.connection_id, state=ConnectionState.ACTIVE, last_error=None)
        store.change_account(session, account.id, state=AccountState.ACTIVE, state_reason=None, heals=False)


def refuse(session: db.OrganizationSession, account_id: UUID, reason: str) -> None:
    """A call for an account meets a network that refuses its token."""
    report_broken(session, account_id, reason, refused=access_for(session, account_id, ""))


def use_test_keys() -> None:
    """Seal with the keys of the tests' own installation, which may keep its files where the test said."""
    of_its_own = Settings(MASTHEAD_SECRET_KEY=SECRET_KEY)
    try:
        in_use = installation.settings()
    except SettingsInvalid:
        in_use = of_its_own
    chosen = {"storage_url_setting": in_use.storage_url_setting}
    if chosen["storage_url_setting"] is None or in_use != of_its_own.model_copy(update=chosen):
        crypto.use(of_its_own)


def _connection(
    session: db.OrganizationSession, actor: Actor, provider: str, provider_user_id: str, grant: str
) -> UUID:
    asked_of = providers.providers().get(provider)
    connection_id = store.insert_connection(
        session,
        choice_lifetime=timedelta(minutes=30),
        provider=provider,
        provider_user_id=provider_user_id,
        name=actor.name,
        connected_by=actor.member_id,
    )
    store.change_connection(
        session,
        connection_id,
        state=ConnectionState.ACTIVE,
        choose_until=None,
        scopes=[scope.name for scope in asked_of.oauth.scopes] if asked_of else [],
    )
    credentials.keep(session, connection_id, Purpose.GRANT, SecretStr(grant))
    return connection_id
