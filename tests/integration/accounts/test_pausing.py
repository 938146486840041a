"""Pausing an account, a provider or the organization: one row, one reason, one audit line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.accounts import commands, queries
from core.accounts.commands import Paused
from core.accounts.rules import AccountState, PauseScope
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, MastheadError, NotAllowed, NotFound
from core.publishing import commands as publishing
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor

pytestmark = pytest.mark.usefixtures("database")

Press = Callable[[Actor, UUID, UUID, str], Paused]
WAYS: dict[str, Press] = {
    "account": commands.pause_account,
    "provider": lambda actor, action_id, _account, reason: commands.pause_provider(actor, action_id, "meta", reason),
    "organization": lambda actor, action_id, _account, reason: commands.pause_organization(actor, action_id, reason),
}


def lines(actor: Actor) -> list[str]:
    with db.transaction(actor) as session:
        return list(session.execute(text("select action from masthead.audit_event order by id")).scalars())


@pytest.mark.parametrize("what", WAYS)
def test_a_pause_says_what_by_whom_since_when_and_why_and_shows_on_its_accounts(what: str) -> None:
    admin = make_actor()
    facebook, linkedin = make_account(admin), make_account(admin, provider="linkedin", network="linkedin_organization")
    other = make_account(admin)
    done = WAYS[what](admin, uuid4(), facebook.id, "  A recall ")
    (pause,) = queries.pauses(make_actor(admin.organization_id, Role.VIEWER))
    assert (pause.id, pause.scope, pause.by, pause.reason) == (done.pause_id, PauseScope(what), admin.name, "A recall")
    under = {each.id for each in queries.accounts(admin) if each.pauses == (pause,)}
    assert (
        under
        == {
            "account": {facebook.id},
            "provider": {facebook.id, other.id},
            "organization": {facebook.id, other.id, linkedin.id},
        }[what]
    )
    row = queries.account(admin, facebook.id)
    assert (row.state, row.state_words, row.sends) == (AccountState.ACTIVE, "Paused", False)
    assert (row.own_pause == pause) == (what == "account")
    assert lines(admin).count(f"{what}.paused") == 1


@pytest.mark.parametrize("what", WAYS)
def test_a_double_click_is_one_pause_and_a_second_person_is_told(what: str) -> None:
    admin = make_actor()
    account_id, action_id = make_account(admin).id, uuid4()
    first = WAYS[what](admin, action_id, account_id, "why")
    assert WAYS[what](admin, action_id, account_id, "why") == first
    with pytest.raises(Conflict, match="is paused already"):
        WAYS[what](make_actor(admin.organization_id), uuid4(), account_id, "why")
    assert lines(admin).count(f"{what}.paused") == 1
    resume_id = uuid4()
    assert publishing.resume(admin, resume_id, first.pause_id) == publishing.resume(admin, resume_id, first.pause_id)
    with pytest.raises(Conflict, match=f"{admin.name} resumed it meanwhile"):
        publishing.resume(admin, uuid4(), first.pause_id)
    assert lines(admin).count(f"{what}.resumed") == 1
    assert WAYS[what](admin, uuid4(), account_id, "again").pause_id != first.pause_id


@pytest.mark.parametrize("what", WAYS)
def test_editors_pause_nothing_and_approvers_accounts_alone(what: str) -> None:
    admin = make_actor()
    account_id = make_account(admin).id
    approver = make_actor(admin.organization_id, Role.APPROVER)
    for role in (Role.VIEWER, Role.EDITOR):
        with pytest.raises(NotAllowed):
            WAYS[what](make_actor(admin.organization_id, role), uuid4(), account_id, "why")
    if what == "account":
        pause_id = WAYS[what](approver, uuid4(), account_id, "why").pause_id
        publishing.resume(approver, uuid4(), pause_id)
    else:
        with pytest.raises(NotAllowed):
            WAYS[what](approver, uuid4(), account_id, "why")
        pause_id = WAYS[what](admin, uuid4(), account_id, "why").pause_id
        with pytest.raises(NotAllowed, match="takes an admin"):
            publishing.resume(approver, uuid4(), pause_id)
        assert len(queries.pauses(admin)) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "\x00\u202e"])
@pytest.mark.parametrize("what", WAYS)
def test_a_pause_says_why(what: str, reason: str) -> None:
    actor = make_actor()
    with pytest.raises(Invalid, match="Say why"):
        WAYS[what](actor, uuid4(), make_account(actor).id, reason)


def test_a_reason_is_kept_as_one_line_that_can_be_stored_and_shown() -> None:
    actor = make_actor()
    commands.pause_organization(actor, uuid4(), "wrong\x00 \u202epicture\ud800\n\n  of\x1b[31m the fair")
    assert queries.pauses(actor)[0].reason == "wrong picture of[31m the fair"


def test_what_is_not_here_can_not_be_paused_and_what_was_never_paused_not_resumed() -> None:
    actor, stranger = make_actor(), make_actor()
    theirs = make_account(stranger).id
    pause_id = commands.pause_account(stranger, uuid4(), theirs, "why").pause_id
    for press in (
        lambda: commands.pause_account(actor, uuid4(), theirs, "why"),
        lambda: commands.pause_provider(actor, uuid4(), "made up", "why"),
        lambda: publishing.resume(actor, uuid4(), pause_id),
        lambda: publishing.resume(actor, uuid4(), uuid4()),
    ):
        with pytest.raises(NotFound):
            press()
    assert [each.id for each in queries.pauses(stranger)] == [pause_id]


def test_a_disconnected_account_is_not_paused_but_a_broken_one_can_be() -> None:
    actor = make_actor()
    with pytest.raises(Conflict, match="is disconnected"):
        commands.pause_account(actor, uuid4(), make_account(actor, state=AccountState.DISABLED).id, "why")
    broken = make_account(actor, state=AccountState.AUTH_BROKEN).id
    commands.pause_account(actor, uuid4(), broken, "why")
    row = queries.account(actor, broken)
    assert (row.state_words, row.sends, row.own_pause is not None) == ("Reconnect needed", False, True)


def test_of_many_who_pause_at_once_one_does(committed_database: db.Database) -> None:
    admin = make_actor()
    account_id = make_account(admin).id

    def press(_: int) -> bool:
        try:
            commands.pause_account(admin, uuid4(), account_id, "why")
        except MastheadError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(press, range(8))) == [False] * 7 + [True]
    assert len(queries.pauses(admin)) == 1
