"""Connecting again keeps what there was; two organizations never hold one Page."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.accounts import commands, queries
from core.accounts.access import access_for, report_broken
from core.accounts.commands import Chosen
from core.accounts.rules import TAKEN_ELSEWHERE, AccountState
from core.infra import db
from core.infra.errors import Conflict
from core.provider_kit.errors import ReconnectNeeded
from tests.factories.accounts import refuse
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.people import Person
from tests.integration.accounts.schedules import schedule_publication

Rows = Callable[..., list[Any]]


@pytest.mark.usefixtures("database")
def test_reconnecting_keeps_account_connection_posts_and_history_and_replaces_the_tokens(
    new_person: MakePerson, rows: Rows
) -> None:
    maya = new_person()
    first = connect(maya, ["Northwind Coffee"])
    (account,) = queries.accounts(maya.actor)
    waiting = schedule_publication(maya.actor, account.id)
    before = current_tokens(rows, maya)
    with db.transaction(maya.actor) as session:
        old = access_for(session, account.id, "")
        refuse(session, account.id, "Facebook says the password was changed.")
    (broken,) = queries.accounts(maya.actor)
    assert (broken.state_words, broken.stranded) == ("Reconnect needed", 1)
    with db.transaction(maya.actor) as session, pytest.raises(ReconnectNeeded, match="password was changed"):
        access_for(session, account.id, "")

    again = connect(maya, ["Northwind Coffee"])

    assert (again.connection_id, again.account_ids) == (first.connection_id, first.account_ids)
    assert again.reconnected == first.account_ids
    (after,) = queries.accounts(maya.actor)
    assert (after.id, after.state, after.state_reason, after.stranded) == (account.id, AccountState.ACTIVE, None, 0)
    with db.transaction(maya.actor) as session:
        assert access_for(session, account.id, "").token.get_secret_value().startswith("EAA")
    # A call that began before is refused only now.
    with db.transaction(maya.actor) as session:
        report_broken(session, account.id, "Facebook says the password was changed.", refused=old)
    assert queries.account(maya.actor, account.id).state is AccountState.ACTIVE
    organization_id = maya.actor.organization_id
    now = current_tokens(rows, maya)
    assert sorted(now) == ["account", "grant"]
    assert not set(now.values()) & set(before.values())
    kept = rows(
        organization_id, "select octet_length(ciphertext) as bytes from masthead.credential where state <> 'current'"
    )
    assert kept
    assert not any(row.bytes for row in kept), "a revoked token is emptied"
    (publication,) = rows(organization_id, "select id, account_id, state from masthead.publication")
    assert (publication.id, publication.account_id, publication.state) == (waiting, account.id, "scheduled")
    states = rows(organization_id, "select state from masthead.connection order by created_at")
    assert [row.state for row in states] == ["active", "revoked"]


@pytest.mark.usefixtures("database")
def test_reconnecting_one_account_leaves_the_others_of_the_connection_as_they_are(new_person: MakePerson) -> None:
    maya = new_person()
    connect(maya, ["Northwind Coffee", "Northwind Careers"])
    connect(maya, ["Northwind Careers"])
    accounts = queries.accounts(maya.actor)
    assert [(each.name, each.state) for each in accounts] == [
        ("Northwind Careers", AccountState.ACTIVE),
        ("Northwind Coffee", AccountState.ACTIVE),
    ]
    with db.transaction(maya.actor) as session:
        assert all(access_for(session, each.id, "").token for each in accounts)


@pytest.mark.usefixtures("database")
def test_the_choice_marks_what_this_organization_has(new_person: MakePerson) -> None:
    maya = new_person()
    connect(maya, ["Northwind Coffee"])
    offered = queries.choice(maya.actor, maya.connect()).offered
    assert [row.name for row in offered if row.already] == ["Northwind Coffee"]
    assert all(row.eligible for row in offered if row.already)


@pytest.mark.usefixtures("database")
def test_a_colleague_who_reconnects_takes_the_account_over_and_the_old_grant_is_given_back(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    connect(maya, ["Northwind Coffee"])
    sara = new_person(maya.actor.organization_id, facebook="p-sara")
    before = revocations(sandbox)

    taken = connect(sara, ["Northwind Coffee"])

    (account,) = queries.accounts(sara.actor)
    assert taken.reconnected == (account.id,)
    assert account.connection_id == taken.connection_id
    assert revocations(sandbox) == before + 1
    states = rows(maya.actor.organization_id, "select state, give_back_at from masthead.connection order by created_at")
    assert [(row.state, row.give_back_at) for row in states] == [("revoked", None), ("active", None)]


@pytest.mark.usefixtures("database")
def test_a_paused_account_stays_paused(new_person: MakePerson) -> None:
    maya = new_person()
    done = connect(maya, ["Northwind Coffee"])
    commands.pause_account(maya.actor, uuid.uuid4(), done.account_ids[0], "campaign on hold")
    connect(maya, ["Northwind Coffee"])
    (account,) = queries.accounts(maya.actor)
    assert account.own_pause is not None
    assert (account.own_pause.by, account.own_pause.reason) == (maya.actor.name, "campaign on hold")


@pytest.mark.usefixtures("database")
def test_a_disconnected_account_comes_back_as_the_same_one(new_person: MakePerson) -> None:
    maya = new_person()
    done = connect(maya, ["Northwind Coffee"])
    commands.disconnect(maya.actor, uuid.uuid4(), account_id=done.account_ids[0])
    again = connect(maya, ["Northwind Coffee"])
    assert again.account_ids == done.account_ids
    assert again.connection_id != done.connection_id
    (account,) = queries.accounts(maya.actor)
    assert account.state is AccountState.ACTIVE


@pytest.mark.usefixtures("database")
def test_the_second_organization_reads_that_somebody_here_has_the_page(new_person: MakePerson, rows: Rows) -> None:
    maya, tomas = new_person(), new_person(facebook="p-tomas")
    connect(maya, ["Harbor Museum"])
    connection_id = tomas.connect()
    museum = named(tomas, connection_id, "Harbor Museum")
    assert (museum.eligible, museum.reason, museum.already) == (False, TAKEN_ELSEWHERE, False)
    with pytest.raises(Conflict, match="Harbor Museum is already connected in another organization here"):
        commands.choose(tomas.actor, uuid.uuid4(), connection_id, [museum.provider_account_id])
    assert queries.accounts(tomas.actor) == []
    assert rows(tomas.actor.organization_id, "select * from masthead.taken_elsewhere('facebook', array['1','2'])") == []


@pytest.mark.usefixtures("committed_database")
@pytest.mark.parametrize("_round", range(3))
def test_of_two_organizations_racing_for_one_page_one_gets_it(new_person: MakePerson, rows: Rows, _round: int) -> None:
    racers = [new_person(facebook="p-maya"), new_person(facebook="p-tomas")]
    pending = [racer.connect() for racer in racers]
    page = named(racers[0], pending[0], "Harbor Museum").provider_account_id
    together = threading.Barrier(2)

    def choose(racer: Person, connection_id: uuid.UUID) -> Chosen | Conflict:
        together.wait()
        try:
            return commands.choose(racer.actor, uuid.uuid4(), connection_id, [page])
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(choose, racers, pending))

    assert sorted(type(each).__name__ for each in results) == ["Chosen", "Conflict"]
    loser = racers[0] if isinstance(results[0], Conflict) else racers[1]
    (words,) = [each.message for each in results if isinstance(each, Conflict)]
    assert words == f"Harbor Museum is {TAKEN_ELSEWHERE}. Nothing was connected; choose again without it."
    held = [rows(racer.actor.organization_id, "select 1 from masthead.account") for racer in racers]
    assert sorted(map(len, held)) == [0, 1]
    (state,) = rows(loser.actor.organization_id, "select state from masthead.connection")
    assert state.state == "pending", "the choice can be made again without that Page"


@pytest.mark.usefixtures("committed_database")
def test_organizations_that_choose_the_same_pages_in_another_order_do_not_wait_in_a_circle(
    new_person: MakePerson,
) -> None:
    racers = [new_person(facebook="p-maya"), new_person(facebook="p-sara")]
    pending = [racer.connect() for racer in racers]
    names = ("Northwind Coffee", "Northwind Careers")
    pages = [named(racers[0], pending[0], name).provider_account_id for name in names]
    orders: Sequence[Sequence[str]] = (pages, pages[::-1])
    together = threading.Barrier(2)

    def choose(racer: Person, connection_id: uuid.UUID, order: Sequence[str]) -> bool:
        together.wait()
        try:
            commands.choose(racer.actor, uuid.uuid4(), connection_id, order)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(choose, racers, pending, orders)) == [False, True]


def current_tokens(rows: Rows, person: Person) -> dict[str, uuid.UUID]:
    """Purpose to row of the tokens in use."""
    found = rows(person.actor.organization_id, "select id, purpose from masthead.credential where state = 'current'")
    return {row.purpose: row.id for row in found}


def connect(person: Person, names: Sequence[str]) -> Chosen:
    """Consent and take the Pages with these names."""
    connection_id = person.connect()
    pages = [named(person, connection_id, name).provider_account_id for name in names]
    return commands.choose(person.actor, uuid.uuid4(), connection_id, pages)


def named(person: Person, connection_id: uuid.UUID, name: str) -> queries.OfferedRow:
    """The Page with this name in a choice."""
    return next(row for row in queries.choice(person.actor, connection_id).offered if row.name == name)


def revocations(sandbox: RunningSandbox) -> int:
    """How often a grant was given back at Facebook."""
    return sum(
        request["method"] == "DELETE" and request["path"].endswith("/me/permissions") and request["status"] == 200
        for request in sandbox.get("/_sandbox/requests")
    )
