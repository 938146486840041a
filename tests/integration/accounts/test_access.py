"""What senders get for an account, and what they don't."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from core.accounts import commands, credentials, queries
from core.accounts.access import access_for, report_broken
from core.accounts.model import Credential
from core.accounts.rules import AccountState, Purpose
from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Conflict, Invalid, NotAllowed, NotFound
from core.provider_kit.errors import ReconnectNeeded
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor
from tests.integration.accounts.schedules import schedule_publication

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


def test_a_paused_account_can_still_be_read_back_and_waits_for_its_resume() -> None:
    actor = make_actor()
    made = make_account(actor)
    commands.pause_account(actor, uuid.uuid4(), made.id, "  wrong picture ")
    with db.transaction(actor) as session:
        assert access_for(session, made.id, "").token
    (row,) = queries.accounts(actor)
    assert (row.state_words, row.state_reason) == ("Paused", f"paused by {actor.name}: wrong picture")
    commands.resume_account(actor, uuid.uuid4(), made.id)
    assert queries.account(actor, made.id).state is AccountState.ACTIVE


def test_pausing_twice_by_a_double_click_is_one_pause_and_by_two_people_is_told() -> None:
    actor = make_actor()
    made = make_account(actor)
    action_id = uuid.uuid4()
    commands.pause_account(actor, action_id, made.id, "why")
    commands.pause_account(actor, action_id, made.id, "why")
    with pytest.raises(Conflict, match="is paused"):
        commands.pause_account(actor, uuid.uuid4(), made.id, "why")
    resume_id = uuid.uuid4()
    commands.resume_account(actor, resume_id, made.id)
    commands.resume_account(actor, resume_id, made.id)
    with pytest.raises(Conflict, match="is connected"):
        commands.resume_account(actor, uuid.uuid4(), made.id)


def test_a_reason_is_kept_as_one_line_that_can_be_stored_and_shown() -> None:
    actor = make_actor()
    made = make_account(actor)
    commands.pause_account(actor, uuid.uuid4(), made.id, "wrong\x00 \u202epicture\ud800\n\n  of\x1b[31m the fair")
    assert queries.account(actor, made.id).state_reason == f"paused by {actor.name}: wrong picture of[31m the fair"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "\x00\u202e"])
def test_a_pause_says_why(reason: str) -> None:
    actor = make_actor()
    made = make_account(actor)
    with pytest.raises(Invalid, match="Say why"):
        commands.pause_account(actor, uuid.uuid4(), made.id, reason)


def test_approvers_pause_editors_do_not() -> None:
    admin = make_actor()
    made = make_account(admin)
    commands.pause_account(make_actor(admin.organization_id, Role.APPROVER), uuid.uuid4(), made.id, "why")
    with pytest.raises(NotAllowed):
        commands.resume_account(make_actor(admin.organization_id, Role.EDITOR), uuid.uuid4(), made.id)
    with pytest.raises(NotFound):
        commands.pause_account(admin, uuid.uuid4(), uuid.uuid4(), "why")


def test_a_dead_page_token_holds_that_account_alone() -> None:
    actor = make_actor()
    made = make_account(actor, name="A")
    other = make_account(actor, name="B", connection_id=made.connection_id)
    with db.transaction(actor) as session:
        report_broken(session, made.id, "The token is dead.")
        report_broken(session, uuid.uuid4(), "nobody's")
    one, two = queries.accounts(actor)
    assert (one.state, one.state_reason, two.state) == (
        AccountState.AUTH_BROKEN,
        "The token is dead.",
        AccountState.ACTIVE,
    )
    with db.transaction(actor) as session:
        assert access_for(session, other.id, "").token


def test_a_dead_token_of_the_connection_holds_all_its_accounts_but_not_the_paused() -> None:
    actor = make_actor()
    made = make_account(actor, name="A")
    make_account(actor, name="B", connection_id=made.connection_id)
    make_account(actor, name="C", connection_id=made.connection_id, state=AccountState.PAUSED)
    with db.transaction(actor) as session:
        session.connection().exec_driver_sql(
            "update masthead.credential set purpose = 'offer' where purpose = 'account'"
        )
        report_broken(session, made.id, "The grant is dead.")
        report_broken(session, made.id, "The grant is dead.")
    assert [each.state for each in queries.accounts(actor)] == [
        AccountState.AUTH_BROKEN,
        AccountState.AUTH_BROKEN,
        AccountState.PAUSED,
    ]


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


def test_resuming_says_how_many_posts_became_late_meanwhile(rows: Rows) -> None:
    actor = make_actor()
    made = make_account(actor)
    schedule_publication(actor, made.id)
    schedule_publication(actor, made.id)
    commands.pause_account(actor, uuid.uuid4(), made.id, "why")
    assert queries.account(actor, made.id).stranded == 2
    rows(
        actor.organization_id,
        "update masthead.publication set due_at = clock_timestamp() - interval '1 second'"
        " where id = (select min(id::text)::uuid from masthead.publication)",
    )
    action_id = uuid.uuid4()
    assert commands.resume_account(actor, action_id, made.id) == 1
    assert commands.resume_account(actor, action_id, made.id) == 1
