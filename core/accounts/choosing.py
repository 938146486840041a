"""The choice: which of the accounts that a grant reaches this organization takes (PRODUCT 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials, store, token_rows
from core.accounts.connecting import pending
from core.accounts.giving_back import end_connection, give_back, locked_with_grant
from core.accounts.model import Connection
from core.accounts.rules import (
    TAKEN_ELSEWHERE,
    ConnectionState,
    Purpose,
    missing_scopes,
    state_after_consent,
)
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, Refused
from core.organizations.rules import Permission, require
from core.provider_kit.types import OfferedAccount


@dataclass(frozen=True, slots=True)
class Chosen:
    """The accounts taken, and of these the ones that this organization had before."""

    connection_id: UUID
    account_ids: tuple[UUID, ...]
    reconnected: tuple[UUID, ...]

    def as_json(self) -> dict[str, Any]:
        """The form in which a repeated click finds it again."""
        return {
            "connection_id": str(self.connection_id),
            "account_ids": [str(each) for each in self.account_ids],
            "reconnected": [str(each) for each in self.reconnected],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Chosen:
        """The result back from its stored form."""
        return cls(
            UUID(stored["connection_id"]),
            tuple(UUID(each) for each in stored["account_ids"]),
            tuple(UUID(each) for each in stored["reconnected"]),
        )


def choose(actor: Actor, action_id: UUID, connection_id: UUID, chosen: Collection[str]) -> Chosen:
    """Take the accounts with these provider ids, all or none; the same action id again gives the same answer.

    An account that this organization had keeps its id, posts and history and gets the new token. So does its
    connection, where it stands on the same person's grant. Raises NotAllowed, NotFound, Invalid for what can't be
    taken, Conflict when another organization was faster, Refused when the choice is over.
    """
    require(actor, Permission.CONNECT)
    ended: list[UUID] = []
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.choose"):
            return Chosen.from_json(audit.earlier_result(session, actor, action_id))
        locked_with_grant(session, connection_id)
        connection = pending(session, actor, connection_id)
        taken = _wanted(session, connection_id, chosen)
        target = _live_connection(session, actor, connection)
        account_ids: list[UUID] = []
        reconnected: list[UUID] = []
        for each in taken:
            account_id, before = _take(session, target, connection, each)
            account_ids.append(account_id)
            if before is not None:
                reconnected.append(account_id)
                ended += _left_empty(session, before, target)
        audit.record(
            session,
            actor,
            "accounts.connected",
            "connection",
            str(target),
            after={"accounts": [str(each) for each in account_ids], "reconnected": [str(each) for each in reconnected]},
        )
        result = Chosen(target, tuple(account_ids), tuple(reconnected))
        audit.remember(session, actor, action_id, result.as_json())
    for each_id in ended:
        give_back(actor, each_id)
    return result


def _wanted(session: Session, connection_id: UUID, chosen: Collection[str]) -> Sequence[OfferedAccount]:
    """The chosen accounts, in an order that all organizations share: so they never wait for each other in a circle."""
    offered = credentials.offer(session, connection_id)
    if offered is None:
        raise Refused("The list of accounts hasn't come from the network yet. Load it, then choose.")
    wanted = [each for each in offered if each.provider_account_id in chosen]
    problems = [f"{each.name}: {each.reason}." for each in wanted if not each.eligible]
    if len({each.provider_account_id for each in wanted}) < len(set(chosen)):
        problems.append("An account was chosen that this grant doesn't reach.")
    if not chosen:
        problems.append("Choose at least one account.")
    if problems:
        raise Invalid(problems)
    return sorted(wanted, key=lambda each: (each.network, each.provider_account_id))


def _live_connection(session: Session, actor: Actor, chosen: Connection) -> UUID:
    """The connection that the accounts hang on from now: an earlier one on the same grant if there is one."""
    missing = missing_scopes(providers.provider(chosen.provider).oauth.scopes, chosen.scopes)
    state = ConnectionState.BROKEN if any(each.required for each in missing) else ConnectionState.ACTIVE
    facts: dict[str, Any] = {"state": state, "last_error": None, "choose_until": None}
    earlier = store.connections_of_grant(
        session, chosen.provider, chosen.provider_user_id, (ConnectionState.ACTIVE, ConnectionState.BROKEN)
    )
    if not earlier:
        store.empty_credentials(session, connection_id=chosen.id, purpose=Purpose.OFFER)
        store.change_connection(session, chosen.id, **facts)
        token_rows.begin(session, chosen.id)
        return chosen.id
    token = credentials.grant_token(session, chosen.id)
    if token is None:
        raise Refused("The token of this grant is gone. Connect again.")
    target = earlier[0].id
    renewal = credentials.grant_token(session, chosen.id, purpose=Purpose.REFRESH)
    for purpose in (Purpose.GRANT, Purpose.REFRESH):
        store.empty_credentials(session, connection_id=target, purpose=purpose)
    credentials.keep(session, target, Purpose.GRANT, token, expires_at=chosen.expires_at)
    if renewal is not None:
        credentials.keep(session, target, Purpose.REFRESH, renewal, expires_at=chosen.consent_ends_at)
    store.empty_credentials(session, connection_id=chosen.id)
    store.change_connection(session, chosen.id, state=ConnectionState.REVOKED, choose_until=None)
    store.change_connection(
        session,
        target,
        name=chosen.name,
        scopes=chosen.scopes,
        declined=chosen.declined,
        connected_by=actor.member_id,
        expires_at=chosen.expires_at,
        data_access_expires_at=chosen.data_access_expires_at,
        consented_at=chosen.consented_at,
        consent_ends_at=chosen.consent_ends_at,
        **facts,
    )
    token_rows.begin(session, target)
    return target


def _take(session: Session, target: UUID, grant: Connection, offered: OfferedAccount) -> tuple[UUID, UUID | None]:
    """Make an account live on a connection; returns its id and, if this organization had it, its connection so far."""
    missing = missing_scopes(providers.provider(grant.provider).oauth.scopes, grant.scopes)
    state, reason = state_after_consent(missing)
    facts: dict[str, Any] = {
        "connection_id": target,
        "provider": grant.provider,  # another app of the company may reach an account that this organization had
        "name": offered.name,
        "url": offered.url,
        "picture_url": offered.picture_url,
        "heals": False,
    }
    before = store.account_by_provider_id(session, offered.network, offered.provider_account_id)
    try:
        if before is None:
            account_id = store.insert_account(
                session,
                network=offered.network,
                provider_account_id=offered.provider_account_id,
                state=state,
                state_reason=reason,
                **facts,
            )
        else:
            account_id = before.id
            store.change_account(session, account_id, state=state, state_reason=reason, **facts)
    except store.AccountTaken:
        raise Conflict(
            f"{offered.name} is {TAKEN_ELSEWHERE}. Nothing was connected; choose again without it."
        ) from None
    store.empty_credentials(session, account_id=account_id)
    if offered.token is not None:
        credentials.keep(session, target, Purpose.ACCOUNT, offered.token, account_id=account_id)
    return account_id, before.connection_id if before else None


def _left_empty(session: Session, before: UUID, target: UUID) -> list[UUID]:
    """End the connection that an account came from, if it was the last there; returns what is to be given back."""
    if before == target:
        return []
    connection = locked_with_grant(session, before)
    if connection is None or connection.state == ConnectionState.REVOKED:
        return []
    if store.accounts_of_connection(session, before):
        return []
    return [before] if end_connection(session, connection) else []
