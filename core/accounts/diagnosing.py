"""What is wrong with a provider's setup here, or with a connection: asked of the network now, by the provider's checks.

Nothing is written at the network and nothing is changed here; who asked, and what was found, is a line of the trail.
No database connection is held while a network is asked, and all calls of one look end within `WITHIN_S` seconds.

The calls of a day are the app's, and so every organization's here: nobody looks again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials, store
from core.accounts.model import Account
from core.accounts.rules import AccountState, ConnectionState, LookUnderWay, TooManyLooks
from core.audit import commands as audit
from core.audit import queries as trail
from core.infra import db, installation
from core.infra.actor import Actor, ProgramActor
from core.infra.crypto import CredentialTampered
from core.infra.db import ActsInOrganization
from core.infra.errors import NotFound, Refused
from core.infra.ids import new_id
from core.infra.turns import Turns
from core.organizations.rules import Permission, require
from core.provider_kit import diagnosis
from core.provider_kit.diagnosis import Diagnosis, Fault, Installation, KnownAccount, Standing
from core.provider_kit.port import Provider
from core.provider_kit.throttle import Route
from core.throttle import rules as throttle
from core.throttle.calls import Calls
from core.throttle.rules import Why

WITHIN_S: Final = 20.0
MOST_LOOKS: Final = 10
_LOOKS_WITHIN: Final = timedelta(minutes=10)
_SETUP: Final = "provider.checked"
_CONNECTION: Final = "connection.checked"
# One of an organization at a time, so that each is counted before the next; some in all, for each holds a thread.
_turns: Final = Turns(in_all=4, for_one=1, refusal=LookUnderWay)


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What one look found, gravest first; nothing when all is well. `what`: whose setup, or which connection."""

    provider: str
    what: str
    faults: tuple[Fault, ...]


def check_setup(actor: Actor, provider_key: str) -> Diagnosed:
    """Look at a provider's app and at how this installation is set up for it.

    Raises NotAllowed, NotFound, Refused, TooManyLooks, LookUnderWay.
    """
    require(actor, Permission.CONNECT)
    with _look(actor):
        found = setup_of(provider_key)
        with db.transaction(actor) as session:
            audit.record(session, actor, _SETUP, "provider", provider_key, after=_told(found))
    return found


def check_connection(actor: Actor, connection_id: UUID) -> Diagnosed:
    """Look at a connection and its accounts.

    Raises NotAllowed, NotFound, TooManyLooks, LookUnderWay; Refused while the network wants no calls.
    """
    require(actor, Permission.CHECK_CONNECTION)
    with _look(actor):
        return _checked(actor, connection_id)


@contextmanager
def _look(actor: Actor) -> Iterator[None]:
    """One of those that an organization may ask for. Raises TooManyLooks, LookUnderWay."""
    with _turns.one(actor.organization_id):
        with db.transaction(actor) as session:
            if trail.counted(session, (_SETUP, _CONNECTION), _LOOKS_WITHIN) >= MOST_LOOKS:
                raise TooManyLooks
        yield


def setup_of(provider_key: str) -> Diagnosed:
    """As `check_setup`, for the operator's command line. Raises NotFound, Refused."""
    provider = _provider(provider_key)
    if not provider.configured:
        name = f"PROVIDER_{provider.key.upper()}_CLIENT_ID"
        raise Refused(f"{provider.title} isn't set up here. The operator sets {name} and its secret first.")
    settings = installation.settings()
    here = Installation(settings.callback_url(provider.key), settings.ingest_url, not provider.points_elsewhere)
    asked = _diagnosis(provider)
    faults = diagnosis.examined(lambda: asked.setup(here), within_s=WITHIN_S)
    return _sorted(provider, provider.title, faults)


def connection_of(provider_account_id: str) -> Diagnosed:
    """Look at the connection of an account, by the network's id, in whatever organization (operator's command line).

    Needs the worker's database. Raises NotFound when no organization here has it.
    """
    actor, account = owned(provider_account_id)
    return _checked(actor, account.connection_id)


def owned(provider_account_id: str) -> tuple[ProgramActor, Account]:
    """An account by the network's id, and the operator in the organization that has it. Raises NotFound."""
    with db.free_transaction() as session:
        owners = (store.account_owner(session, network, provider_account_id) for network in providers.networks())
        owner = next((each for each in owners if each is not None), None)
    if owner is None:
        raise NotFound(f"No organization here has connected an account {provider_account_id}.")
    organization_id, account_id = owner
    actor = ProgramActor(organization_id, "operator", f"look-{new_id().hex}")
    with db.transaction(actor) as session:
        account = store.account(session, account_id)
        session.expunge_all()
    if account is None:
        raise NotFound
    return actor, account


def _checked(actor: ActsInOrganization, connection_id: UUID) -> Diagnosed:
    with db.transaction(actor) as session:
        connection = store.connection(session, connection_id)
        if connection is None or connection.state not in (ConnectionState.ACTIVE, ConnectionState.BROKEN):
            raise NotFound
        provider, what = _provider(connection.provider), f"Connection of {connection.name}"
        accounts = store.accounts_of_connection(session, connection_id)
        refuse_while_held(session, provider, accounts)
        token = grant_of(session, connection_id)
        known = tuple(KnownAccount(each.network, each.provider_account_id, each.name) for each in accounts)
    asked = _diagnosis(provider)
    faults = diagnosis.examined(lambda: asked.connection(Standing(token, known)), within_s=WITHIN_S)
    found = _sorted(provider, what, faults)
    with db.transaction(actor) as session:
        audit.record(session, actor, _CONNECTION, "connection", connection_id, after=_told(found))
    return found


def grant_of(session: Session, connection_id: UUID) -> SecretStr:
    """The grant's token. Raises Refused with the reason when it can't be used here."""
    try:
        token = credentials.grant_token(session, connection_id)
    except CredentialTampered as error:
        raise Refused(error.message) from None
    if token is None:
        raise Refused("Nothing is kept of this access any more. Connect the account again.")
    return token


def refuse_while_held(session: Session, provider: Provider, accounts: Sequence[Account]) -> None:
    """Calls while a network throttles prolong it (PRODUCT 7 g). One in trouble is just what is to be looked at."""
    for account in accounts:
        if account.state != AccountState.ACTIVE:
            continue
        for hold in Calls(account.id, provider.key, account.network).holds(session, Route.READ):
            if hold.why is not Why.TROUBLE and hold.wait_s > 0:
                title = provider.networks[account.network].title if account.network in provider.networks else "It"
                wait = f"{hold.wait_s / 60:.0f} minutes" if hold.wait_s > 90 else f"{hold.wait_s:.0f} seconds"
                raise Refused(f"{throttle.words(hold.why, title)}, so nothing is asked now. Check again in {wait}.")


def _provider(provider_key: str) -> Provider:
    try:
        return providers.provider(provider_key)
    except KeyError:
        raise NotFound("There is no such network here.") from None


def _diagnosis(provider: Provider) -> Diagnosis:
    if provider.diagnosis is None:
        raise Refused(f"{provider.title} brings no checks of its own.")
    return provider.diagnosis


def _sorted(provider: Provider, what: str, faults: tuple[Fault, ...]) -> Diagnosed:
    return Diagnosed(provider.key, what, tuple(sorted(faults, key=lambda fault: fault.advice)))


def _told(found: Diagnosed) -> dict[str, list[str]]:
    return {"found": [fault.kind.value for fault in found.faults]}
