"""A network in memory whose tokens are renewed, looked at, revoked and given back on a test's word."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import SecretStr

from core import providers
from core.accounts import credentials, store, token_rows
from core.accounts.rules import AccountState, ConnectionState, Purpose
from core.infra import db
from core.infra.actor import Actor
from core.provider_kit import throttle
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded
from core.provider_kit.port import OAuth, Provider, Publisher
from core.provider_kit.types import Access, OfferedAccount, Renewed, Scope, TokenFacts
from tests.factories.accounts import use_test_keys

SCOPES = (
    Scope("publish", "Masthead can't publish on your tower."),
    Scope("listen", "Masthead can't hear your tower.", required=False),
)
_numbers = itertools.count(1)


@dataclass
class Tower:
    """A network whose refresh tokens each work once, and bring the next (`rotates`), or work on.

    `before` runs before an answer is given, `after` between the answer and our hearing it; both get what was asked.
    """

    rotates: bool = True
    lives: timedelta = timedelta(days=60)
    valid_refresh_tokens: set[str] = field(default_factory=set)
    renewals: Counter[str] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)
    dead: set[str] = field(default_factory=set)
    scopes_now: frozenset[str] = frozenset(scope.name for scope in SCOPES)
    ineligible: dict[str, str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    failures: list[ProviderFailure] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None
    accounts_of: list[str] = field(default_factory=list)
    needs_refresh_token: bool = True
    scopes: Sequence[Scope] = SCOPES
    uses_pkce: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # tokens

    def renew(self, token: SecretStr, refresh_token: SecretStr | None) -> Renewed:
        self.before("renew")
        self._fail()
        asked = refresh_token.get_secret_value() if refresh_token else ""
        with self._lock:
            if asked not in self.valid_refresh_tokens:
                raise ReconnectNeeded("The tower doesn't take this refresh token.")
            self.renewals[asked] += 1
            number = next(_numbers)
            if self.rotates:
                self.valid_refresh_tokens.discard(asked)
                asked = f"refresh-{number}"
                self.valid_refresh_tokens.add(asked)
        renewed = Renewed(SecretStr(f"token-{number}"), datetime.now(UTC) + self.lives, SecretStr(asked))
        self.after("renew")
        return renewed

    def look(self, token: SecretStr) -> TokenFacts:
        self.before("look")
        self._fail()
        said = token.get_secret_value()
        with self._lock:
            self.looks[said] += 1
        if said in self.dead or "*" in self.dead:
            raise ReconnectNeeded("The tower says that the access was taken back.")
        return TokenFacts(self.scopes_now, None)

    # oauth and publisher, as far as looks need them

    def accounts(self, token: SecretStr) -> Sequence[OfferedAccount]:
        return [
            OfferedAccount(
                "tower", each, each, None, None, None, each not in self.ineligible, self.ineligible.get(each, "")
            )
            for each in self.accounts_of
            if each not in self.unlisted
        ]

    def probe(self, access: Access, *, timeout_s: float) -> None:
        if access.provider_account_id in self.unlisted:
            raise ReconnectNeeded("You have no role here any more.")

    def _fail(self) -> None:
        throttle.hear(())
        with self._lock:
            failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    @property
    def provider(self) -> Provider:
        """What the registry would hold."""
        return Provider(
            key="tower",
            title="Tower",
            icon="cell_tower",
            configured=True,
            points_elsewhere=True,
            networks={},
            oauth=cast("OAuth", self),
            publishers={"tower": cast("Publisher", self)},
            tokens=self,
        )


@dataclass(frozen=True)
class Granted:
    """A consent with one account that stands on its token."""

    actor: Actor
    connection_id: UUID
    account_id: UUID
    provider_account_id: str


def use_tower(monkeypatch: pytest.MonkeyPatch, tower: Tower) -> None:
    """Let the registry hold this network and no other."""
    provider = tower.provider
    monkeypatch.setattr(providers, "providers", lambda: {"tower": provider})


def make_grant(
    actor: Actor, tower: Tower, *, due: bool = True, ends_in: timedelta = timedelta(days=10), token: str = ""
) -> Granted:
    """A live consent; `due`: its renewal is, else a look at it is."""
    use_test_keys()
    number = next(_numbers)
    name, refresh_token = f"tower-{number}", f"refresh-of-{number}"
    tower.accounts_of.append(name)
    tower.valid_refresh_tokens.add(refresh_token)
    ends_at = datetime.now(UTC) + ends_in
    with db.transaction(actor) as session:
        connection_id = store.insert_connection(
            session,
            choice_lifetime=timedelta(minutes=30),
            provider="tower",
            provider_user_id=f"person-{number}",
            name=f"Person {number}",
            connected_by=actor.member_id,
            scopes=[scope.name for scope in SCOPES],
            expires_at=ends_at,
        )
        store.change_connection(session, connection_id, state=ConnectionState.ACTIVE, choose_until=None)
        account_id = store.insert_account(
            session,
            connection_id=connection_id,
            provider="tower",
            network="tower",
            provider_account_id=name,
            name=name,
            state=AccountState.ACTIVE,
        )
        credentials.keep(
            session, connection_id, Purpose.GRANT, SecretStr(token or f"first-{number}"), expires_at=ends_at
        )
        credentials.keep(session, connection_id, Purpose.REFRESH, SecretStr(refresh_token))
        token_rows.begin(session, connection_id)
    make_due(actor, connection_id, renewal=due)
    return Granted(actor, connection_id, account_id, name)


def make_due(actor: Actor, connection_id: UUID, *, renewal: bool = False) -> None:
    """Let its turn come, whoever held it before."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    values: dict[str, Any] = {"next_check_at": past, "lease_until": None}
    if renewal:
        values = {"next_renewal_at": past, "next_check_at": datetime.now(UTC) + timedelta(hours=6), "lease_until": None}
    with db.transaction(actor) as session:
        token_rows.note(session, connection_id, **values)
