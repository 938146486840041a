"""Connecting a Page at the sandbox, from the button to a token that publishes, and everything a person may meet."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from core.accounts import commands, queries
from core.accounts.access import access_for
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Invalid, NotAllowed, NotFound, Refused
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.people import SCOPES, exchanges, query_of

Rows = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("database")


def test_a_page_is_connected_from_the_button_to_a_token_that_works(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    connection_id = maya.connect()

    choice = queries.choice(maya.actor, connection_id)
    assert (choice.provider_title, choice.listed, choice.missing) == ("Facebook and Instagram", True, ())
    page = next(row for row in choice.offered if row.name == "Northwind Coffee")
    assert page.eligible
    assert not page.already

    done = commands.choose(maya.actor, uuid.uuid4(), connection_id, [page.provider_account_id])
    (account,) = queries.accounts(maya.actor)
    assert done.account_ids == (account.id,)
    assert (account.name, account.state_words, account.missing_scopes) == ("Northwind Coffee", "Connected", ())
    assert account.connected_by_name == maya.actor.name

    with db.transaction(maya.actor) as session:
        access = access_for(session, account.id, "corr-1")
    assert access.provider_account_id == page.provider_account_id
    assert access.token.get_secret_value().startswith("EAA")
    assert "EAA" not in repr(access) + str(access)

    audit = rows(maya.actor.organization_id, "select action from masthead.audit_event order by id")
    done_so_far = ["connect.started", "connect.granted", "accounts.connected", "token.used"]
    assert [row.action for row in audit][-4:] == done_so_far


def test_the_choice_lists_every_page_with_the_reason_where_one_cannot_be_taken(
    new_person: MakePerson, sandbox: RunningSandbox
) -> None:
    maya = new_person()
    choice = queries.choice(maya.actor, maya.connect())
    accounts = sandbox.get("/_sandbox/world")["accounts"]
    world = {each["name"] for each in accounts if each["network"] == "facebook" and "p-maya" in each["people"]}
    assert world <= {row.name for row in choice.offered}
    assert len(choice.offered) > 25, "more than one page of the network's list"
    refused = [row for row in choice.offered if not row.eligible]
    assert refused
    assert all(row.reason for row in refused)
    assert choice.offered[-len(refused) :] == tuple(refused), "ineligible ones stand last"


def test_what_cannot_be_taken_is_refused_by_the_command_too(new_person: MakePerson) -> None:
    maya = new_person()
    connection_id = maya.connect()
    grey = next(row for row in queries.choice(maya.actor, connection_id).offered if not row.eligible)
    for chosen, words in (
        ([grey.provider_account_id], grey.reason),
        (["999"], "doesn't reach"),
        ([], "at least one"),
    ):
        with pytest.raises(Invalid, match=words):
            commands.choose(maya.actor, uuid.uuid4(), connection_id, chosen)
    assert queries.accounts(maya.actor) == []


def test_a_double_click_on_the_choice_connects_once(new_person: MakePerson, rows: Rows) -> None:
    maya = new_person()
    connection_id = maya.connect()
    pages = _pages(maya, connection_id, 2)
    action_id = uuid.uuid4()
    assert commands.choose(maya.actor, action_id, connection_id, pages) == commands.choose(
        maya.actor, action_id, connection_id, pages
    )
    assert len(queries.accounts(maya.actor)) == 2
    actions = rows(maya.actor.organization_id, "select 1 from masthead.audit_event where action = 'accounts.connected'")
    assert len(actions) == 1


def test_the_choice_is_for_the_person_who_consented(new_person: MakePerson) -> None:
    maya = new_person()
    connection_id = maya.connect()
    sara = new_person(maya.actor.organization_id, facebook="p-sara")
    tom = new_person()
    for other in (sara, tom):
        with pytest.raises(NotFound):
            queries.choice(other.actor, connection_id)
        with pytest.raises(NotFound):
            commands.choose(other.actor, uuid.uuid4(), connection_id, ["1"])


def test_after_30_minutes_the_choice_is_over(new_person: MakePerson, rows: Rows) -> None:
    maya = new_person()
    connection_id = maya.connect()
    pages = _pages(maya, connection_id, 1)
    _make_overdue(rows, maya.actor.organization_id)
    with pytest.raises(Refused, match="30 minutes"):
        queries.choice(maya.actor, connection_id)
    with pytest.raises(Refused, match="30 minutes"):
        commands.choose(maya.actor, uuid.uuid4(), connection_id, pages)


def test_who_denies_access_reads_friendly_words_and_nothing_is_kept(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    before = exchanges(sandbox)
    answer = maya.get(maya.consent(cancel=True))
    assert answer.status_code == 200
    assert "Access was not allowed at the network, so nothing was connected" in answer.text
    assert "Back to Accounts" in answer.text
    assert exchanges(sandbox) == before
    (consent,) = rows(maya.actor.organization_id, "select used_at, outcome from masthead.consent")
    assert consent.used_at is not None
    assert consent.outcome == "denied"
    assert rows(maya.actor.organization_id, "select 1 from masthead.connection") == []


@pytest.mark.parametrize("query", ["error=server_error", "error_code=1349048&error_message=Can%27t+load+URL"])
def test_a_problem_at_the_network_is_told_as_its_own(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows, query: str
) -> None:
    maya = new_person()
    state = query_of(maya.consent())["state"]
    before = exchanges(sandbox)
    answer = maya.get(f"/oauth/meta/callback?state={state}&{query}")
    assert answer.status_code == 502
    assert "There was a problem at Facebook and Instagram" in answer.text
    assert "load URL" not in answer.text
    assert exchanges(sandbox) == before
    (consent,) = rows(maya.actor.organization_id, "select outcome from masthead.consent")
    assert consent.outcome == "failed"


def test_a_scope_that_was_declined_is_named_and_asked_for_once_more(
    new_person: MakePerson, stranger_to_masthead: Callable[[str], None]
) -> None:
    stranger_to_masthead("p-sara")
    sara = new_person(facebook="p-sara")
    without = tuple(scope for scope in SCOPES if scope != "pages_manage_posts")
    connection_id = sara.connect(scopes=without)

    choice = queries.choice(sara.actor, connection_id)
    assert [(each.scope, each.breaks) for each in choice.missing] == [
        ("pages_manage_posts", "Masthead can't publish on your Pages.")
    ]
    assert not any(row.eligible for row in choice.offered if row.network == "facebook")

    again = sara.start(connection_id)
    assert query_of(again)["auth_type"] == "rerequest"
    answer = sara.get(sara.answer_of_facebook(again))
    assert answer.status_code == 303
    second = uuid.UUID(query_of(answer.headers["Location"])["choose"])
    assert queries.choice(sara.actor, second).missing == ()
    with pytest.raises(Refused):
        queries.choice(sara.actor, connection_id)


def test_the_first_consent_does_not_ask_again(new_person: MakePerson) -> None:
    assert "auth_type" not in query_of(new_person().start())


def test_a_required_scope_that_is_missing_at_the_choice_leaves_the_account_waiting_for_consent(
    new_person: MakePerson, rows: Rows
) -> None:
    maya = new_person()
    connection_id = maya.connect()
    pages = _pages(maya, connection_id, 1)
    rows(
        maya.actor.organization_id,
        "update masthead.connection set scopes = array_remove(scopes, 'pages_manage_posts'),"
        " declined = array['pages_manage_posts']",
    )
    commands.choose(maya.actor, uuid.uuid4(), connection_id, pages)
    (account,) = queries.accounts(maya.actor)
    assert account.state is AccountState.AUTH_BROKEN
    assert account.state_reason == "Masthead can't publish on your Pages. (pages_manage_posts was not given)"
    assert [each.scope for each in account.missing_scopes] == ["pages_manage_posts"]


def test_a_network_that_does_not_list_accounts_can_be_asked_again(
    new_person: MakePerson, sandbox: RunningSandbox
) -> None:
    maya = new_person()
    sandbox.post(
        "/_sandbox/faults", {"route": "GET /graph.facebook.com/*/me/accounts", "mode": "error_before", "times": 2}
    )
    try:
        connection_id = maya.connect()
        assert queries.choice(maya.actor, connection_id).listed is False
        with pytest.raises(Refused, match="hasn't come"):
            commands.choose(maya.actor, uuid.uuid4(), connection_id, ["1"])
        with pytest.raises(Refused):
            commands.load_choice(maya.actor, connection_id)
    finally:
        sandbox.delete("/_sandbox/faults")
    commands.load_choice(maya.actor, connection_id)
    assert queries.choice(maya.actor, connection_id).offered


def test_a_code_that_the_network_refuses_is_told_in_words(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    callback = maya.consent()
    state = query_of(callback)["state"]
    answer = maya.get(f"/oauth/meta/callback?state={state}&code=made-up")
    assert answer.status_code == 502
    assert "press Connect again" in answer.text
    assert "made-up" not in answer.text
    assert [row.outcome for row in rows(maya.actor.organization_id, "select outcome from masthead.consent")] == [
        "failed"
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_only_admins_connect(new_person: MakePerson, role: Role, sandbox: RunningSandbox) -> None:
    maya = new_person()
    other = new_person(maya.actor.organization_id, role)
    with pytest.raises(NotAllowed):
        commands.connect_intent(other.actor, "meta")
    before = exchanges(sandbox)
    refused = other.get(maya.consent())
    assert refused.status_code == 403
    assert "takes an admin" in refused.text
    assert exchanges(sandbox) == before


def test_more_than_ten_starts_a_minute_are_answered_in_words(new_person: MakePerson) -> None:
    maya = new_person()
    for _ in range(10):
        maya.start()
    answer = maya.get(commands.connect_intent(maya.actor, "meta"))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "more than 10 starts in a minute" in answer.text
    second = new_person(maya.actor.organization_id, facebook="p-sara")
    second.start()


def test_the_ten_starts_count_over_all_organizations_of_a_person(new_person: MakePerson) -> None:
    maya = new_person(subject="maya-twice")
    for _ in range(10):
        maya.start()
    elsewhere = new_person(subject="maya-twice")
    assert elsewhere.get(commands.connect_intent(elsewhere.actor, "meta")).status_code == 429


def test_an_intent_starts_one_consent(new_person: MakePerson, rows: Rows) -> None:
    maya = new_person()
    path = commands.connect_intent(maya.actor, "meta")
    assert maya.get(path).status_code == 303
    again = maya.get(path)
    assert again.status_code == 400
    assert "was used already" in again.text
    assert len(rows(maya.actor.organization_id, "select 1 from masthead.consent")) == 1


def test_an_intent_of_somebody_else_starts_nothing(new_person: MakePerson, rows: Rows) -> None:
    """The link of an attacker's own console, opened by the victim."""
    maya, attacker = new_person(), new_person()
    answer = maya.get(commands.connect_intent(attacker.actor, "meta"))
    assert answer.status_code == 400
    assert rows(maya.actor.organization_id, "select 1 from masthead.consent") == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
def test_no_page_can_start_a_consent_without_a_click(
    new_person: MakePerson, rows: Rows, headers: dict[str, str]
) -> None:
    maya = new_person()
    answer = maya.get(commands.connect_intent(maya.actor, "meta"), **headers)
    assert answer.status_code == 403
    assert rows(maya.actor.organization_id, "select 1 from masthead.consent") == []


def test_a_provider_without_settings_says_what_to_set(new_person: MakePerson, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.providers import meta
    from tests.integration.accounts.conftest import use_provider

    maya = new_person()
    use_provider(monkeypatch, meta.build({}))
    with pytest.raises(Refused, match="PROVIDER_META_CLIENT_ID"):
        commands.connect_intent(maya.actor, "meta")
    assert [(row.key, row.configured) for row in queries.providers(maya.actor)] == [("meta", False)]
    with pytest.raises(NotFound, match="no such network"):
        commands.connect_intent(maya.actor, "myspace")


def _pages(person: Any, connection_id: uuid.UUID, count: int) -> list[str]:
    offered = queries.choice(person.actor, connection_id).offered
    return [row.provider_account_id for row in offered if row.eligible and row.network == "facebook"][:count]


def _make_overdue(rows: Rows, organization_id: uuid.UUID) -> None:
    rows(
        organization_id,
        "update masthead.connection set choose_until = clock_timestamp() - interval '1 second' where state = 'pending'",
    )
