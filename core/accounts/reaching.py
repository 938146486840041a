"""Which accounts a grant still reaches: what a look at it holds, and what it lets go again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core.accounts import credentials, store
from core.accounts.model import Connection
from core.accounts.rules import AccountState, ConnectionState, Purpose, missing_scopes
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.crypto import CredentialTampered
from core.infra.settings import PublishTimes
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded
from core.provider_kit.port import Provider
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access, OfferedAccount
from core.throttle.calls import Calls

Ask = Callable[[Callable[[], Sequence[OfferedAccount]]], Sequence[OfferedAccount]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reached:
    """What is to be held, with the reason; and what is well again, with a new token where it has one of its own."""

    holds: Mapping[UUID, str]
    heals: Mapping[UUID, SecretStr | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """An account as we know it. `token`: its own, None where it stands on its connection's."""

    id: UUID
    network: str
    provider_account_id: str
    state: AccountState
    heals: bool
    token: SecretStr | None


def may_heal(session: Session, connection_id: UUID) -> bool:
    """Whether an earlier look holds one of its accounts."""
    accounts = store.accounts_of_connection(session, connection_id)
    return any(each.state == AccountState.AUTH_BROKEN and each.heals for each in accounts)


def look(actor: ProgramActor, provider: Provider, connection_id: UUID, token: SecretStr, ask: Ask) -> Reached:
    """Compare what the network lists with what we have; `ask` makes the call under its limits. Raises ProviderFailure.

    An account that isn't listed any more is held only when the network refuses its own token too: lists may be short.
    """
    offered = {(each.network, each.provider_account_id): each for each in ask(lambda: provider.oauth.accounts(token))}
    holds: dict[UUID, str] = {}
    heals: dict[UUID, SecretStr | None] = {}
    for account in _known(actor, connection_id):
        offer = offered.get((account.network, account.provider_account_id))
        if account.state is AccountState.ACTIVE:
            reason = _refusal(actor, provider, account, account.token or token) if offer is None else offer.reason
            if reason:
                holds[account.id] = reason
        elif account.heals and offer is not None and offer.eligible:
            own = offer.token
            if _refusal(actor, provider, account, own or token, unless_sure="The network didn't answer.") is None:
                heals[account.id] = own
    return Reached(holds, heals)


def settle(session: Session, actor: ProgramActor, connection: Connection, provider: Provider, reached: Reached) -> None:
    """Hold and let go what a look found; nothing is let go while a permission is missing that everything needs."""
    for account_id, reason in reached.holds.items():
        hold(session, actor, connection.id, account_id, reason)
    if any(each.required for each in missing_scopes(provider.oauth.scopes, connection.scopes)):
        return
    for account_id, token in reached.heals.items():
        account = store.account(session, account_id, lock=True)
        if account is None or account.state != AccountState.AUTH_BROKEN or not account.heals:
            continue
        store.change_account(session, account_id, state=AccountState.ACTIVE, state_reason=None, heals=False)
        if token is not None:
            store.empty_credentials(session, account_id=account_id)
            credentials.keep(session, connection.id, Purpose.ACCOUNT, token, account_id=account_id)
        audit.record(session, actor, "token.recovered", "account", account_id)
    held = [each for each in store.accounts_of_connection(session, connection.id) if each.state != AccountState.ACTIVE]
    if not held and connection.state == ConnectionState.BROKEN:
        store.change_connection(session, connection.id, state=ConnectionState.ACTIVE, last_error=None)


def hold(
    session: Session,
    actor: ProgramActor,
    connection_id: UUID,
    account_id: UUID | None,
    reason: str,
    *,
    heals: bool = True,
) -> None:
    """Hold an active account, or all of a connection, until a consent mends it; its posts wait.

    `heals`: a look may see that what holds them is over.
    """
    for each in store.break_accounts(session, connection_id, account_id, reason, heals=heals):
        posts = sum(row.stranded for row in store.listed(session, each))
        audit.record(session, actor, "token.held", "account", each, after={"why": reason, "posts": posts})


def with_living_tokens(actor: ProgramActor, provider: Provider, connection_id: UUID) -> frozenset[UUID]:
    """Accounts whose own tokens the network doesn't refuse, though the grant's is dead."""
    return frozenset(
        account.id
        for account in _known(actor, connection_id)
        if account.token is not None
        and account.state is AccountState.ACTIVE
        and _refusal(actor, provider, account, account.token) is None
    )


def _known(actor: ProgramActor, connection_id: UUID) -> list[_Known]:
    with db.transaction(actor) as session:
        return [
            _Known(
                id=each.id,
                network=each.network,
                provider_account_id=each.provider_account_id,
                state=AccountState(each.state),
                heals=each.heals,
                token=_own_token(session, each.id),
            )
            for each in store.accounts_of_connection(session, connection_id)
        ]


def _own_token(session: Session, account_id: UUID) -> SecretStr | None:
    standing = store.standing(session, account_id)
    if standing is None or standing.token is None or standing.token.account_id is None:
        return None
    try:
        return credentials.opened(session, standing.token)
    except CredentialTampered:  # it is in the log; a send says so to people
        return None


def _refusal(
    actor: ProgramActor, provider: Provider, account: _Known, token: SecretStr, *, unless_sure: str | None = None
) -> str | None:
    """Why the network lets nothing be done for an account with this token, by one cheap read; None when it lets it.

    `unless_sure`: what to say where it didn't answer, by default None.
    """
    publisher = provider.publishers.get(account.network)
    if publisher is None:
        return unless_sure
    calls = Calls(account.id, provider.key, account.network)
    access = Access(account.provider_account_id, token, actor.correlation_id)
    try:
        with calls.on(Route.READ):
            publisher.probe(access, timeout_s=PublishTimes().probe_timeout_s)
    except ReconnectNeeded as refused:
        return refused.reason
    except ProviderFailure as failure:
        _log.warning("account_not_probed", extra={"account_id": str(account.id), "reason": failure.reason})
        return unless_sure
    finally:
        if calls.heard:
            with db.transaction(actor) as session:
                calls.keep(session)
    return None
