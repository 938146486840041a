"""Limits: what the networks said, what waits for it, and nothing of another organization's."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.actor import Role
from core.provider_kit.throttle import Limits, Route, Scope, Usage
from core.throttle import store
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.organizations import make_organization
from tests.factories.posts import Team, make_approved, make_team, publication, soon

KEY = ("meta", "facebook", Route.PUBLISH)


@pytest.fixture
def team(committed_database: db.Database) -> Team:
    return make_team(account="Northwind Page")


def say(worker: db.Database, organization_id: UUID, account_id: UUID, usage: Usage) -> None:
    with worker.organization_transaction(organization_id, "program:test") as session:
        if usage.scope is Scope.ACCOUNT:
            store.keep_account(session, account_id, None, usage, Limits())
        else:
            store.keep_app(session, "meta", "facebook", None, usage, Limits())


def break_publishing(worker: db.Database) -> None:
    with worker.free_transaction() as session:
        store.count(session, KEY, lane=0, calls=5, failures=5, window_s=60)
        assert store.trip(session, KEY, window_s=60, least=5, open_s=30, longest_s=900)


def hold_a_post(team: Team, account_id: UUID, words: str, window: timedelta = timedelta(minutes=30)) -> None:
    post = make_approved(team.author, team.approver, [account_id], text=words, slot_at=soon())
    row = publication(team.author, post)
    with db.transaction(team.approver) as session:
        session.execute(
            text(
                "update masthead.publication set due_at = clock_timestamp(), not_after = clock_timestamp() + :window,"
                " next_action_at = clock_timestamp() + interval '4 min',"
                """ last_error = '{"reason": "Facebook asks us to slow down", "waits": true, "held": "account"}'"""
                " where id = :id"
            ),
            {"id": row.id, "window": window},
        )


def test_it_shows_budgets_breakers_and_what_waits_for_them(team: Team, worker_database: db.Database) -> None:
    say(worker_database, team.organization_id, team.account_id, Usage(Scope.ACCOUNT, 97.0, 240.0))
    say(worker_database, team.organization_id, team.account_id, Usage(Scope.APP, 72.0))
    break_publishing(worker_database)
    for words in ("First", "Second"):
        hold_a_post(team, team.account_id, words)
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    tab = Tab(sign_in).open("limits")
    assert "Northwind Page" in tab.words
    assert "**2** posts" in tab.words
    assert "Waiting: Facebook asks us to slow down until " in tab.words
    assert "(Europe/Berlin)" in tab.words
    assert "because too many calls failed" in tab.words
    accounts, apps = (each.value for each in tab.app.dataframe)
    assert list(accounts[["Whose", "Network", "Counts"]].iloc[0]) == ["Northwind Page", "Facebook", "all calls"]
    assert round(accounts["Used"][0]) == 97
    assert re.fullmatch(r"Nothing until \w{3} \d+ \w{3}.*, \d\d:\d\d", accounts["What goes out"][0])
    assert list(apps[["Whose", "Network"]].iloc[0]) == ["Facebook and Instagram", "all"]
    assert re.fullmatch(r"Posts are spread: one in \d+ s", apps["What goes out"][0])

    tab.open("post", post=str(publication_of(team)))
    assert "Waiting: Facebook asks us to slow down until " in tab.words
    assert "late" not in tab.words


def test_a_post_that_waits_past_its_window_says_so(team: Team) -> None:
    hold_a_post(team, team.account_id, "First", window=timedelta(minutes=3))
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("post", post=str(publication_of(team)))
    assert re.search(r"until .*\. From .* on it is late, and somebody must decide\.", tab.words)


def publication_of(team: Team) -> UUID:
    with db.transaction(team.admin) as session:
        found: UUID = session.execute(
            text("select post_id from masthead.publication where last_error ? 'held' limit 1")
        ).scalar_one()
    return found


def test_another_organization_sees_the_state_of_the_app_alone(team: Team, worker_database: db.Database) -> None:
    say(worker_database, team.organization_id, team.account_id, Usage(Scope.ACCOUNT, 97.0, 240.0))
    say(worker_database, team.organization_id, team.account_id, Usage(Scope.APP, 72.0))
    hold_a_post(team, team.account_id, "Ours")
    neighbour = make_team(account="Blue Fern")
    sign_in, _ = someone(neighbour.organization_id, Role.ADMIN)
    tab = Tab(sign_in).open("limits")
    assert "No post waits for a limit." in tab.words
    assert "Northwind Page" not in tab.words
    (apps,) = (each.value for each in tab.app.dataframe)
    assert list(apps["Whose"]) == ["Facebook and Instagram"]
    nobody, _ = someone(make_organization("Without accounts"), Role.ADMIN)
    assert Tab(nobody).open("limits").has("limits_none_state")
