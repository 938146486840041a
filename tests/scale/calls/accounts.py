"""Calls of accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core.accounts import credentials, health_reads, pause_rows, queries, store, token_rows
from core.accounts.rules import AccountState, ConnectionState, CredentialState, PauseScope, Purpose
from core.accounts.token_rows import Claimed
from core.infra import db
from core.infra.crypto import Sealed
from core.provider_kit.types import OfferedAccount
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside, sha256_of

_SEALED: Final = Sealed("made", b"\x00", b"\x00" * 12, b"\x00")
_LIVE: Final = (ConnectionState.ACTIVE, ConnectionState.BROKEN)
_NONE: Final = UUID(int=0)


def _active(world: World) -> UUID:
    """An account that sends."""
    found: UUID = world.one("select id from masthead.account where state = 'active' order by id limit 1")
    return found


def _token(world: World) -> UUID:
    """A token in use."""
    found: UUID = world.one("select id from masthead.credential where state = 'current' order by id limit 1")
    return found


def _pause(world: World) -> UUID:
    """A pause in force."""
    found: UUID = world.one("select id from masthead.pause where ended_at is null order by id limit 1")
    return found


def _paused(session: Session, world: World) -> None:
    pause_rows.begin(
        session, PauseScope.PROVIDER, provider="linkedin", account_id=None, reason="Why.", by=world.actor.member_id
    )


def _connection_of(world: World) -> UUID:
    found: UUID = world.one("select connection_id from masthead.account where id = :id", id=_active(world))
    return found


def _consent(session: Session, world: World) -> None:
    store.insert_consent(
        session,
        lifetime=timedelta(minutes=10),
        state_sha256=sha256_of("new state"),
        intent_sha256=sha256_of("new intent"),
        session_id=uuid4(),
        person_id=world.actor.person_id,
        member_id=world.actor.member_id,
        provider="meta",
        scopes=[],
        redirect_uri="https://ingest.example",
    )


def _connect(session: Session, world: World) -> UUID:
    about: dict[str, Any] = {"provider": "meta", "provider_user_id": "new", "name": "New"}
    return store.insert_connection(
        session, choice_lifetime=timedelta(minutes=30), connected_by=world.actor.member_id, **about
    )


def _choice(world: World) -> object:
    offered = [
        OfferedAccount("facebook", f"account-{number}", f"Account {number}", None, None, None, eligible=True, reason="")
        for number in range(30)
    ]
    with db.transaction(world.actor) as session:
        connection_id = _connect(session, world)
        credentials.keep_offer(session, connection_id, offered)
    return queries.choice(world.actor, connection_id)


def _grant(session: Session, world: World) -> object:
    connection = store.connection(session, _connection_of(world), lock=True)
    assert connection is not None
    return store.grant_in_use(session, connection)


def _wrap(session: Session, world: World) -> object:
    found = store.stored_credential(
        session, _connection_of(world), _active(world), Purpose.ACCOUNT, CredentialState.CURRENT
    )
    assert found is not None
    return store.change_wrap(session, found, _SEALED)


def _account(session: Session, world: World) -> object:
    about: dict[str, Any] = {"provider": "meta", "network": "facebook", "provider_account_id": "new", "name": "New"}
    return store.insert_account(session, connection_id=_connection_of(world), state=AccountState.ACTIVE, **about)


def _keep(session: Session, world: World) -> object:
    return credentials.keep(session, _connect(session, world), Purpose.GRANT, SecretStr("made"))


CALLS: Final[Calls] = {
    queries.accounts: (alone(lambda world: queries.accounts(world.actor)),),
    queries.account: (alone(lambda world: queries.account(world.actor, _active(world))),),
    queries.accounts_in: (inside(lambda session, _: queries.accounts_in(session)),),
    queries.choice: (alone(_choice),),
    queries.pauses: (alone(lambda world: queries.pauses(world.actor)),),
    pause_rows.in_force: (inside(lambda session, _: pause_rows.in_force(session)),),
    pause_rows.begin: (inside(_paused),),
    pause_rows.end: (inside(lambda session, world: pause_rows.end(session, _pause(world), world.actor.member_id)),),
    pause_rows.ended_by: (inside(lambda session, world: pause_rows.ended_by(session, _pause(world))),),
    pause_rows.being_sent: (inside(lambda session, world: pause_rows.being_sent(session, _pause(world))),),
    store.starts_lately: (
        inside(lambda session, world: store.starts_lately(session, world.actor.person_id, timedelta(minutes=1))),
    ),
    store.insert_consent: (inside(_consent),),
    store.consent_by_state: (inside(lambda session, _: store.consent_by_state(session, sha256_of("state 1-1"))),),
    store.consent_is_elsewhere: (
        inside(lambda session, _: store.consent_is_elsewhere(session, sha256_of("state 2-1"))),
    ),
    store.take_consent: (inside(lambda session, world: store.take_consent(session, world.any_id("consent"))),),
    store.close_consent: (
        inside(lambda session, world: store.close_consent(session, world.any_id("consent"), "connected")),
    ),
    store.lock_grant: (inside(lambda session, _: store.lock_grant(session, "meta", "1-1")),),
    store.grant_in_use: (inside(_grant),),
    store.insert_connection: (inside(_connect),),
    store.connection: (inside(lambda session, world: store.connection(session, _connection_of(world))),),
    store.connections_of_grant: (inside(lambda session, _: store.connections_of_grant(session, "meta", "1-1", _LIVE)),),
    store.change_connection: (
        inside(lambda session, world: store.change_connection(session, _connection_of(world), name="Other")),
    ),
    store.in_time: (inside(lambda session, world: store.in_time(session, _connection_of(world))),),
    store.overdue_choices: (outside(lambda session, _: store.overdue_choices(session, 10), "worker"),),
    store.account: (
        inside(lambda session, world: store.account(session, _active(world))),
        inside(lambda session, world: store.account(session, _active(world), lock=True)),
    ),
    store.account_by_provider_id: (
        inside(lambda session, _: store.account_by_provider_id(session, "facebook", "account-1-2")),
    ),
    store.accounts_of_connection: (
        inside(lambda session, world: store.accounts_of_connection(session, _connection_of(world), lock=True)),
    ),
    store.insert_account: (inside(_account),),
    store.change_account: (inside(lambda session, world: store.change_account(session, _active(world), name="Other")),),
    store.break_accounts: (
        inside(lambda session, world: store.break_accounts(session, _connection_of(world), None, "Why."), "worker"),
        inside(
            lambda session, world: store.break_accounts(session, _connection_of(world), _active(world), "Why."),
            "worker",
        ),
    ),
    store.connected_here: (
        inside(lambda session, _: store.connected_here(session, "facebook", ["account-1-2", "account-1-4"])),
    ),
    store.taken_elsewhere: (
        inside(lambda session, _: store.taken_elsewhere(session, "facebook", ["account-2-2", "account-1-4"])),
    ),
    store.account_owner: (
        outside(lambda session, _: store.account_owner(session, "facebook", "account-2-2"), "worker"),
    ),
    store.standings: (inside(lambda session, world: store.standings(session, [_active(world)])),),
    queries.standings_in: (inside(lambda session, world: queries.standings_in(session, [_active(world)])),),
    store.listed: (
        inside(lambda session, _: store.listed(session)),
        inside(lambda session, world: store.listed(session, _active(world))),
    ),
    store.change_window: (inside(lambda session, world: store.change_window(session, _active(world), 600)),),
    store.insert_credential: (inside(_keep),),
    store.stored_credential: (
        inside(
            lambda session, world: store.stored_credential(
                session, _connection_of(world), None, Purpose.GRANT, CredentialState.CURRENT
            ),
            "worker",
        ),
    ),
    store.standing: (inside(lambda session, world: store.standing(session, _active(world)), "worker"),),
    store.change_wrap: (inside(_wrap, "worker"),),
    store.wrapped_by_others: (
        inside(lambda session, _: store.wrapped_by_others(session, "new", _NONE, 100), "worker"),
    ),
    store.keys_in_use: (inside(lambda session, _: store.keys_in_use(session), "worker"),),
    store.organizations_after: (outside(lambda session, _: store.organizations_after(session, _NONE, 10), "worker"),),
    store.has_own_token: (
        inside(lambda session, world: store.has_own_token(session, _connection_of(world), _active(world))),
    ),
    store.empty_credentials: (
        inside(lambda session, world: store.empty_credentials(session, connection_id=_connection_of(world))),
        inside(
            lambda session, world: store.empty_credentials(session, account_id=_active(world), purpose=Purpose.ACCOUNT)
        ),
    ),
    store.set_aside: (inside(lambda session, world: store.set_aside(session, _connection_of(world))),),
    token_rows.claim: (outside(lambda session, _: token_rows.claim(session, 1, timedelta(minutes=5)), "worker"),),
    token_rows.care: (inside(lambda session, world: token_rows.care(session, _connection_of(world)), "worker"),),
    token_rows.begin: (inside(lambda session, world: token_rows.begin(session, _connection_of(world))),),
    token_rows.note: (
        inside(lambda session, world: token_rows.note(session, _connection_of(world), check_error="Away."), "worker"),
    ),
    token_rows.look_soon: (
        inside(lambda session, world: token_rows.look_soon(session, _connection_of(world)), "worker"),
    ),
    token_rows.postpone: (
        inside(lambda session, world: token_rows.postpone(session, _connection_of(world), datetime.now(UTC)), "worker"),
    ),
    token_rows.rest: (inside(lambda session, world: token_rows.rest(session, _connection_of(world))),),
    token_rows.still_ours: (
        inside(
            lambda session, world: token_rows.still_ours(
                session, Claimed(world.organization_id, _connection_of(world), 1)
            ),
            "worker",
        ),
    ),
    token_rows.turn: (
        inside(lambda session, world: token_rows.turn(session, _token(world), CredentialState.REVOKED), "worker"),
    ),
    token_rows.drop_followers: (
        inside(lambda session, world: token_rows.drop_followers(session, _connection_of(world)), "worker"),
    ),
    token_rows.use: (inside(lambda session, world: token_rows.use(session, _token(world)), "worker"),),
    token_rows.health: (inside(lambda session, _: token_rows.health(session)),),
    health_reads.health: (alone(lambda world: health_reads.health(world.actor)),),
}
WITHOUT_SQL: Final = (
    pause_rows.read,
    queries.providers,
    queries.consent_end,
    queries.data_access_end,
    store.organization_of,
    store.later,
)
