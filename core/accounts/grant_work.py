"""One grant under a worker's hands: claimed, its tokens opened, and whether its network may be asked now."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials, store, token_rows
from core.accounts.model import Connection
from core.accounts.rules import ConnectionState, CredentialState, Purpose
from core.accounts.token_rows import Claimed
from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.crypto import CredentialTampered, KeyMissing
from core.infra.settings import PublishTimes, TokenTimes
from core.provider_kit.port import Provider, Tokens
from core.provider_kit.throttle import Route
from core.provider_kit.types import TokenFacts
from core.throttle import breaking
from core.throttle.calls import Calls

_LIVE: Final = (ConnectionState.ACTIVE, ConnectionState.BROKEN)
_KEY_MISSING_AGAIN: Final = timedelta(minutes=15)
T = TypeVar("T")


class Overtaken(Exception):
    """Somebody else has the grant by now, or it was consented to anew."""


class Token(NamedTuple):
    """A stored token, opened."""

    id: UUID
    value: SecretStr
    since: datetime
    expires_at: datetime | None


class Proven(NamedTuple):
    """A token that the network has just described."""

    token: SecretStr
    facts: TokenFacts


@dataclass(slots=True)
class Work:
    """One grant under our hands. `lost`: an earlier call that renews it has no answer on record.

    `plan_stands`: what comes next for its renewal is written already.
    """

    actor: ProgramActor
    claimed: Claimed
    provider: Provider
    tokens: Tokens
    calls: Calls
    times: TokenTimes
    grant: Token
    follower: Token | None
    refresh_tokens: tuple[SecretStr, ...]
    due: bool
    check_due: bool
    reach_due: bool
    lost: bool
    refused: bool
    plan_stands: bool = False

    @property
    def connection_id(self) -> UUID:
        return self.claimed.connection_id

    @property
    def can_renew(self) -> bool:
        """Whether the network could renew it at all."""
        return not self.tokens.needs_refresh_token or bool(self.refresh_tokens)


def take(actor: ProgramActor, claimed: Claimed, times: TokenTimes) -> Work | None:
    """The grant with its tokens opened; None when there is nothing to do for now, which is then planned."""
    connection_id = claimed.connection_id
    with db.transaction(actor) as session:
        connection = store.connection(session, connection_id)
        found = token_rows.care(session, connection_id)
        if connection is None or found is None or not token_rows.still_ours(session, claimed):
            return None
        care, moment = found
        provider = providers.providers().get(connection.provider)
        accounts = store.accounts_of_connection(session, connection_id)
        if connection.state not in _LIVE or not accounts:
            token_rows.rest(session, connection_id)
            return None
        if provider is None or provider.tokens is None or not provider.configured:
            token_rows.note(session, connection_id, next_check_at=next_look(moment, times), lease_until=None)
            return None
        calls = Calls(accounts[0].id, provider.key, accounts[0].network)
        waits = [hold.wait_s for hold in calls.holds(session, Route.READ) if hold.wait_s > 0]
        if waits:
            token_rows.postpone(session, connection_id, moment + timedelta(seconds=max(waits) + random.uniform(0, 5)))  # noqa: S311
            return None
        try:
            follower = opened(session, connection_id, Purpose.GRANT, CredentialState.NEXT)
            current = opened(session, connection_id, Purpose.GRANT, CredentialState.CURRENT)
            renewing = [
                opened(session, connection_id, Purpose.REFRESH, state)
                for state in (CredentialState.CURRENT, CredentialState.PREVIOUS)
            ]
        except KeyMissing as error:  # the operator sets it; nothing is wrong with the token
            token_rows.note(session, connection_id, check_error=error.message)
            token_rows.postpone(session, connection_id, moment + _KEY_MISSING_AGAIN)
            return None
        except CredentialTampered as error:
            token_rows.note(session, connection_id, check_error=error.message, next_renewal_at=None)
            token_rows.note(session, connection_id, next_check_at=next_look(moment, times), lease_until=None)
            return None
        if current is None:  # nothing to renew or to look at until somebody consents
            token_rows.rest(session, connection_id)
            return None
        reached_ago = moment - care.reached_at if care.reached_at else None
        return Work(
            actor=actor,
            claimed=claimed,
            provider=provider,
            tokens=provider.tokens,
            calls=calls,
            times=times,
            grant=current,
            follower=follower,
            refresh_tokens=tuple(each.value for each in renewing if each is not None),
            due=care.next_renewal_at is not None and care.next_renewal_at <= moment,
            check_due=care.next_check_at is not None and care.next_check_at <= moment,
            reach_due=reached_ago is None or reached_ago >= timedelta(seconds=times.reach_every_s),
            lost=care.renewal_began_at is not None,
            refused=care.renewal_refused_at is not None,
        )


def opened(session: Session, connection_id: UUID, purpose: Purpose, state: CredentialState) -> Token | None:
    """The token of the grant of this kind, in this state. Raises CredentialTampered."""
    stored = store.stored_credential(session, connection_id, None, purpose, state)
    if stored is None:
        return None
    return Token(stored.id, credentials.opened(session, stored), stored.created_at, stored.expires_at)


@contextmanager
def may_call(work: Work) -> Iterator[bool]:
    """Whether the network may be asked now; where its breaker wants a probe, the first grant's call is it."""
    times = PublishTimes()
    probe = None
    if breaking.wait_s(work.calls, Route.READ) is not None:
        probe = breaking.take(work.calls, Route.READ, f"{socket.gethostname()}:{os.getpid()}", times)
        wait_s = breaking.wait_s(work.calls, Route.READ)
        if probe is None and wait_s is not None:
            with db.transaction(work.actor) as session:
                token_rows.postpone(
                    session, work.connection_id, moment_of(session, work) + timedelta(seconds=max(wait_s, 1.0))
                )
            yield False
            return
    try:
        yield True
    finally:
        if probe is not None:
            probe.ended(well=None if work.calls.made == 0 else work.calls.troubles == 0, times=times)


def ask(work: Work, do: Callable[[], T]) -> T:
    """Make a call of this grant's under the limits of its network."""
    with work.calls.on(Route.READ):
        return do()


def unchanged(session: Session, work: Work) -> Connection:
    """The connection, locked, if it still stands on the token that we began with. Raises Overtaken."""
    connection = store.connection(session, work.connection_id, lock=True)
    current = store.stored_credential(session, work.connection_id, None, Purpose.GRANT, CredentialState.CURRENT)
    if connection is None or connection.state not in _LIVE or current is None or current.id != work.grant.id:
        raise Overtaken
    return connection


def moment_of(session: Session, work: Work) -> datetime:
    """Postgres' time."""
    found = token_rows.care(session, work.connection_id)
    if found is None:
        raise Overtaken
    return found[1]


def next_look(moment: datetime, times: TokenTimes) -> datetime:
    """When to look next, spread by chance."""
    spread = random.uniform(-times.check_jitter_s, times.check_jitter_s)  # noqa: S311
    return moment + timedelta(seconds=max(times.check_every_s + spread, times.check_every_s / 2))
