"""Taking accounts out: by an admin (Disconnect) or by the operator (`masthead account release`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts import store
from core.accounts.giving_back import end_connection, give_back, locked_with_grant
from core.accounts.rules import AccountState, ConnectionState
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor, ProgramActor
from core.infra.db import ActsInOrganization
from core.infra.errors import NotFound
from core.infra.ids import new_id
from core.organizations.rules import Permission, require


@dataclass(frozen=True, slots=True)
class Disconnected:
    """`stranded`: publications that wait for these accounts, Held now. `ended`: the connection to give back, if any."""

    account_ids: tuple[UUID, ...]
    stranded: int
    ended: tuple[UUID, ...]

    def as_json(self) -> dict[str, Any]:
        """The form in which a repeated click finds it again."""
        return {
            "account_ids": [str(each) for each in self.account_ids],
            "stranded": self.stranded,
            "ended": [str(each) for each in self.ended],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Disconnected:
        """The result back from its stored form."""
        accounts = tuple(UUID(each) for each in stored["account_ids"])
        return cls(accounts, stored["stranded"], tuple(UUID(each) for each in stored["ended"]))


@dataclass(frozen=True, slots=True)
class Released:
    """Which organization's account the operator released."""

    organization_id: UUID
    account_id: UUID
    stranded: int


def disconnect(
    actor: Actor, action_id: UUID, *, account_id: UUID | None = None, connection_id: UUID | None = None
) -> Disconnected:
    """Disconnect one account, or every account of a connection; the same action id again gives the same answer.

    From the commit on no call gets their tokens. The grant is revoked at the network when no other account stands on
    it, in any organization. Posts stay as they are and are shown Held. Raises NotAllowed, NotFound.
    """
    require(actor, Permission.DISCONNECT)
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, "accounts.disconnect"):
            return Disconnected.from_json(audit.earlier_result(session, actor, action_id))
        reason = f"disconnected by {actor.name}"
        result = _take_out(session, account_id, connection_id, reason)
        _recorded(session, actor, result, connection_id)
        audit.remember(session, actor, action_id, result.as_json())
    for each in result.ended:
        give_back(actor, each)
    return result


def release(network: str, provider_account_id: str) -> Released:
    """Disconnect an account in whatever organization has it, so that another can connect it (operator's command line).

    Needs the worker's database. Raises NotFound when no organization here has it.
    """
    with db.free_transaction() as session:
        owner = store.account_owner(session, network, provider_account_id)
    if owner is None:
        raise NotFound(f"No organization here has connected {network} account {provider_account_id}.")
    organization_id, account_id = owner
    actor = ProgramActor(organization_id, "operator", f"release-{new_id().hex}")
    with db.transaction(actor) as session:
        result = _take_out(session, account_id, None, "released by the operator")
        _recorded(session, actor, result, None)
    for each in result.ended:
        give_back(actor, each)
    return Released(organization_id, account_id, result.stranded)


def _take_out(session: Session, account_id: UUID | None, connection_id: UUID | None, reason: str) -> Disconnected:
    if account_id is not None:
        seen = store.account(session, account_id)
        connection_id = seen.connection_id if seen else None
    connection = locked_with_grant(session, connection_id) if connection_id else None
    if connection is None or connection.state == ConnectionState.REVOKED:
        raise NotFound
    live = store.accounts_of_connection(session, connection.id, lock=True)
    accounts = [each for each in live if account_id in (None, each.id)]
    if account_id is not None and not accounts:
        raise NotFound
    stranded = 0
    for account in accounts:
        store.change_account(session, account.id, state=AccountState.DISABLED, state_reason=reason)
        store.empty_credentials(session, account_id=account.id)
        stranded += sum(row.stranded for row in store.listed(session, account.id))
    ends = len(accounts) == len(live) and end_connection(session, connection)
    return Disconnected(tuple(each.id for each in accounts), stranded, (connection.id,) if ends else ())


def _recorded(session: Session, actor: ActsInOrganization, result: Disconnected, connection_id: UUID | None) -> None:
    if connection_id is not None and not result.account_ids:
        audit.record(session, actor, "connection.disconnected", "connection", connection_id)
    for account_id in result.account_ids:
        audit.record(session, actor, "account.disconnected", "account", account_id, after={"stranded": result.stranded})
