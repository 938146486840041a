"""Grants that wait to be revoked at their network, and what may have become of them meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from core.accounts import commands, giving_back
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.provider_kit.port import Provider
from tests.factories.accounts import GRANT_TOKEN, MadeAccount, make_account
from tests.factories.organizations import make_actor
from tests.integration.accounts.conftest import use_provider

Rows = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("database")


class Revoking:
    """A network that notes what it is asked to revoke."""

    scopes = ()

    def __init__(self) -> None:
        self.revoked: list[str] = []

    def revoke(self, token: SecretStr) -> None:
        self.revoked.append(token.get_secret_value())


@pytest.fixture
def network(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Revoking:
    oauth = Revoking()
    use_provider(monkeypatch, replace(provider, oauth=oauth))
    return oauth


def test_a_waiting_grant_is_revoked_once(network: Revoking, rows: Rows) -> None:
    actor, made = _waiting()
    assert giving_back.give_back(actor, made.connection_id)
    assert giving_back.give_back(actor, made.connection_id)
    assert network.revoked == [GRANT_TOKEN]
    assert _kept(rows, actor) == []


def test_a_grant_that_came_back_into_use_meanwhile_is_only_emptied_here(network: Revoking, rows: Rows) -> None:
    actor, made = _waiting(provider_user_id="4711")
    make_account(make_actor(), provider_user_id="4711")
    assert giving_back.give_back(actor, made.connection_id)
    assert network.revoked == []
    assert _kept(rows, actor) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        "update masthead.credential set nonce = decode(repeat('00', 12), 'hex')",
        "update masthead.credential set expires_at = clock_timestamp()",
        "update masthead.credential set state = 'revoked'",
    ],
    ids=["tampered with", "expired", "emptied"],
)
def test_a_token_that_can_do_nothing_any_more_is_let_go(network: Revoking, rows: Rows, spoilt: str) -> None:
    actor, made = _waiting()
    rows(actor.organization_id, spoilt)
    assert giving_back.give_back(actor, made.connection_id)
    assert network.revoked == []


def test_a_grant_of_a_provider_that_was_removed_is_let_go(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    use_provider(monkeypatch, replace(provider, key="another"))
    actor, made = _waiting()
    assert giving_back.give_back(actor, made.connection_id)
    assert _kept(rows, actor) == []


def test_what_is_disconnected_cannot_be_disconnected_again(network: Revoking) -> None:
    actor = make_actor()
    made = make_account(actor)
    other = make_account(actor, connection_id=made.connection_id)
    commands.disconnect(actor, uuid.uuid4(), account_id=made.id)
    for account_id in (made.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            commands.disconnect(actor, uuid.uuid4(), account_id=account_id)
    commands.disconnect(actor, uuid.uuid4(), account_id=other.id)
    assert network.revoked == [GRANT_TOKEN]


def _waiting(provider_user_id: str | None = None) -> tuple[Actor, MadeAccount]:
    """An ended connection whose revocation at the network is still to come."""
    actor = make_actor()
    made = make_account(actor, provider_user_id=provider_user_id)
    with db.transaction(actor) as session:
        connection = giving_back.locked_with_grant(session, made.connection_id)
        assert connection is not None
        assert giving_back.end_connection(session, connection)
        assert giving_back.locked_with_grant(session, uuid.uuid4()) is None
    return actor, made


def _kept(rows: Rows, actor: Actor) -> list[Any]:
    return rows(actor.organization_id, "select 1 from masthead.credential where octet_length(ciphertext) > 0")
