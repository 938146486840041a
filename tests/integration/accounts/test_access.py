"""What senders get for an account, and what they don't."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from core.accounts import credentials, queries, store
from core.accounts.access import access_for, report_broken
from core.accounts.disconnecting import disconnect
from core.accounts.model import Credential
from core.accounts.rules import AccountState, ConnectionState, Purpose
from core.accounts.token_history import history
from core.infra import db
from core.infra.actor import Actor
from core.provider_kit.errors import ReconnectNeeded
from tests.factories.accounts import MadeAccount, connect_again, make_account, refuse
from tests.factories.organizations import make_actor
from tests.factories.pauses import pause_account

Rows = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("database")


def test_access_carries_the_accounts_own_token_and_the_correlation_id() -> None:
    actor = make_actor()
    made = make_account(actor, token="EAAown")
    with db.transaction(actor) as session:
        access = access_for(session, made.id, "corr-7")
    assert access.token.get_secret_value() == "EAAown"
    assert (access.provider_account_id, access.correlation_id) == (made.provider_account_id, "corr-7")


def test_an_account_without_a_token_of_its_own_uses_the_connections() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set purpose = 'offer' where purpose = 'account'"
        )
        assert access_for(session, made.id, "").token.get_secret_value() == "EAAmade0grant0token"


def test_an_account_whose_own_token_is_gone_never_falls_back_to_the_persons() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set state = 'revoked' where purpose = 'account'"
        )
        with pytest.raises(ReconnectNeeded):
            access_for(session, made.id, "")


@pytest.mark.parametrize(
    "columns",
    [
        ("ciphertext",),
        ("nonce",),
        ("wrapped_key",),
        ("ciphertext", "nonce"),
        ("key_id", "wrapped_key", "nonce", "ciphertext"),
    ],
    ids="+".join,
)
def test_a_ciphertext_moved_to_another_row_opens_nowhere_and_is_logged(
    columns: Sequence[str], caplog: pytest.LogCaptureFixture
) -> None:
    actor = make_actor()
    mine, other = make_account(actor, token="EAAmine"), make_account(actor, token="EAAother")
    with db.transaction(actor) as session:
        theirs = session.scalars(select(Credential).where(Credential.account_id == other.id)).one()
        moved = {column: getattr(theirs, column) for column in columns}
        session.execute(update(Credential).where(Credential.account_id == mine.id).values(moved))
    with (
        caplog.at_level(logging.DEBUG),
        db.transaction(actor) as session,
        pytest.raises(ReconnectNeeded, match="not what was stored"),
    ):
        access_for(session, mine.id, "")
    (logged,) = [record for record in caplog.records if record.getMessage() == "credential_tampered"]
    assert logged.__dict__["account_id"] == str(mine.id)
    assert "EAA" not in caplog.text


def test_a_token_past_its_date_is_not_used() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set expires_at = clock_timestamp() where purpose = 'account'"
        )
        with pytest.raises(ReconnectNeeded, match="expired"):
            access_for(session, made.id, "")


def test_a_grant_that_was_given_back_opens_nothing() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql("update masthead.connection set state = 'revoked'")
        with pytest.raises(ReconnectNeeded, match="given back"):
            access_for(session, made.id, "")


def test_an_account_of_another_organization_does_not_exist_here() -> None:
    made, stranger = make_account(make_actor()), make_actor()
    with db.transaction(stranger) as session, pytest.raises(ReconnectNeeded, match="doesn't exist"):
        access_for(session, made.id, "")


def test_a_paused_account_can_still_be_read_back() -> None:
    actor = make_actor()
    made = make_account(actor)
    pause_account(actor, made.id)
    with db.transaction(actor) as session:
        assert access_for(session, made.id, "").token


def test_a_dead_page_token_holds_that_account_alone() -> None:
    actor = make_actor()
    made = make_account(actor, name="A")
    other = make_account(actor, name="B", connection_id=made.connection_id)
    with db.transaction(actor) as session:
        refuse(session, made.id, "The token is dead.")
        report_broken(session, uuid.uuid4(), "nobody's", refused=access_for(session, other.id, ""))
    one, two = queries.accounts(actor)
    assert (one.state, one.state_reason, two.state) == (
        AccountState.AUTH_BROKEN,
        "The token is dead.",
        AccountState.ACTIVE,
    )
    with db.transaction(actor) as session:
        assert access_for(session, other.id, "").token
    (held,) = [each for each in history(actor) if each.action == "token.held"]
    assert ([each.name for each in held.accounts], held.after) == (["A"], {"why": "The token is dead.", "posts": 0})


def test_a_dead_token_of_the_connection_holds_all_its_accounts_and_those_that_are_paused_stay_so() -> None:
    actor = make_actor()
    made = make_account(actor, name="A")
    make_account(actor, name="B", connection_id=made.connection_id)
    pause = pause_account(actor, make_account(actor, name="C", connection_id=made.connection_id).id)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set purpose = 'offer' where purpose = 'account'"
        )
        refused = access_for(session, made.id, "")
        report_broken(session, made.id, "The grant is dead.", refused=refused)
        report_broken(session, made.id, "The grant is dead.", refused=refused)
    every = queries.accounts(actor)
    assert {each.state for each in every} == {AccountState.AUTH_BROKEN}
    assert [[pause.id for pause in each.pauses] for each in every] == [[], [], [pause]]
    assert sum(each.action == "token.held" for each in history(actor)) == len(every)


@pytest.mark.parametrize("own_token", [True, False], ids=["of its own", "of its connection"])
def test_a_refusal_of_a_token_that_was_replaced_since_holds_nothing_and_is_logged(
    own_token: bool, caplog: pytest.LogCaptureFixture
) -> None:
    actor = make_actor()
    token = "EAAown" if own_token else None
    made = make_account(actor, name="A", token=token)
    make_account(actor, name="B", connection_id=made.connection_id, token=token)
    with db.transaction(actor) as session:
        refused = access_for(session, made.id, "")
    connect_again(actor, made)
    with caplog.at_level(logging.INFO), db.transaction(actor) as session:
        assert not report_broken(session, made.id, "The token is dead.", refused=refused)
    assert {each.state for each in queries.accounts(actor)} == {AccountState.ACTIVE}
    assert connection_state(actor, made) == ConnectionState.ACTIVE
    assert "the account has another token by now, so nothing is held for this refusal" in caplog.text
    with db.transaction(actor) as session:
        refuse(session, made.id, "This one is dead, too.")
    assert queries.account(actor, made.id).state is AccountState.AUTH_BROKEN


def connection_state(actor: Actor, account: MadeAccount) -> str:
    with db.transaction(actor) as session:
        connection = store.connection(session, account.connection_id)
        assert connection is not None
        return connection.state


def test_a_refusal_of_the_token_of_a_disconnected_account_leaves_the_connection_as_it_is() -> None:
    actor = make_actor()
    made = make_account(actor, name="A")
    other = make_account(actor, name="B", connection_id=made.connection_id)
    with db.transaction(actor) as session:
        refused = access_for(session, made.id, "")
    disconnect(actor, uuid.uuid4(), account_id=made.id)
    with db.transaction(actor) as session:
        assert not report_broken(session, made.id, "The token is dead.", refused=refused)
    assert queries.account(actor, other.id).state is AccountState.ACTIVE
    assert connection_state(actor, made) == ConnectionState.ACTIVE


def test_a_token_that_could_not_be_used_and_was_replaced_since_holds_nothing() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set expires_at = clock_timestamp() where purpose = 'account'"
        )
    connect_again(actor, made)
    with db.transaction(actor) as session:
        assert not report_broken(session, made.id, "The token of this account has expired.", refused=None)
    assert queries.account(actor, made.id).state is AccountState.ACTIVE


def test_accounts_inside_a_transaction_are_the_same_rows() -> None:
    actor = make_actor()
    made = make_account(actor)
    with db.transaction(actor) as session:
        assert queries.accounts_in(session) == {made.id: queries.account(actor, made.id)}


def test_a_connection_keeps_one_current_token_of_a_kind() -> None:
    actor = make_actor()
    made = make_account(actor)
    with pytest.raises(Exception, match="credential_current"), db.transaction(actor) as session:
        credentials.keep(session, made.connection_id, Purpose.GRANT, SecretStr("EAAsecond"))
