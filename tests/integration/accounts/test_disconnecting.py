"""Disconnect works at once, gives a grant back exactly when nothing stands on it, and leaves posts where they are."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from core.accounts import commands, giving_back, queries, store
from core.accounts.access import access_for
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import ProgramActor, Role
from core.infra.errors import NotAllowed, NotFound, Refused
from core.provider_kit.errors import ReconnectNeeded
from core.provider_kit.port import Provider
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.people import app_of
from tests.integration.accounts.schedules import schedule_publication
from tests.integration.accounts.test_reconnecting import connect, named, revocations

Rows = Callable[..., list[Any]]


@pytest.mark.usefixtures("database")
def test_disconnecting_the_last_account_revokes_at_the_network_and_empties_every_token(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows, provider: Provider
) -> None:
    maya = new_person()
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    waiting = schedule_publication(maya.actor, account_id)
    with db.transaction(maya.actor) as session:
        token = access_for(session, account_id, "").token
    before = revocations(sandbox)

    done = commands.disconnect(maya.actor, uuid.uuid4(), account_id=account_id)

    assert (done.account_ids, done.stranded) == ((account_id,), 1)
    assert revocations(sandbox) == before + 1
    with pytest.raises(ReconnectNeeded):
        provider.oauth.accounts(token)
    with db.transaction(maya.actor) as session, pytest.raises(ReconnectNeeded, match="Disconnected: disconnected by"):
        access_for(session, account_id, "")
    account = queries.account(maya.actor, account_id)
    assert (account.state_words, account.stranded) == ("Disconnected", 1)
    organization_id = maya.actor.organization_id
    (publication,) = rows(organization_id, "select id, state from masthead.publication")
    assert (publication.id, publication.state) == (waiting, "scheduled")
    tokens = rows(
        organization_id,
        "select state, octet_length(ciphertext) + octet_length(wrapped_key) as size from masthead.credential",
    )
    assert {(row.state, row.size) for row in tokens} == {("revoked", 0)}
    (connection,) = rows(organization_id, "select state, give_back_at from masthead.connection")
    assert (connection.state, connection.give_back_at) == ("revoked", None)


@pytest.mark.usefixtures("database")
def test_one_of_two_accounts_leaves_the_grant_in_use(new_person: MakePerson, sandbox: RunningSandbox) -> None:
    maya = new_person()
    coffee, careers = connect(maya, ["Northwind Coffee", "Northwind Careers"]).account_ids
    before = revocations(sandbox)
    commands.disconnect(maya.actor, uuid.uuid4(), account_id=coffee)
    assert revocations(sandbox) == before
    with db.transaction(maya.actor) as session:
        assert access_for(session, careers, "").token
    commands.disconnect(maya.actor, uuid.uuid4(), account_id=careers)
    assert revocations(sandbox) == before + 1


@pytest.mark.usefixtures("database")
def test_a_whole_connection_is_disconnected_with_all_its_accounts(
    new_person: MakePerson, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    chosen = connect(maya, ["Northwind Coffee", "Northwind Careers"])
    before = revocations(sandbox)
    action_id = uuid.uuid4()
    done = commands.disconnect(maya.actor, action_id, connection_id=chosen.connection_id)
    assert set(done.account_ids) == set(chosen.account_ids)
    assert commands.disconnect(maya.actor, action_id, connection_id=chosen.connection_id) == done
    assert revocations(sandbox) == before + 1
    assert {each.state for each in queries.accounts(maya.actor)} == {AccountState.DISABLED}
    lines = rows(maya.actor.organization_id, "select 1 from masthead.audit_event where action = 'account.disconnected'")
    assert len(lines) == 2
    with pytest.raises(NotFound):
        commands.disconnect(maya.actor, uuid.uuid4(), connection_id=chosen.connection_id)


@pytest.mark.usefixtures("database")
def test_a_grant_that_another_organization_stands_on_is_given_back_by_the_last_of_them(
    new_person: MakePerson, sandbox: RunningSandbox
) -> None:
    """Facebook revokes per person and app: to give back one organization's grant would end the other's tokens."""
    one, two = new_person(), new_person()
    (coffee,) = connect(one, ["Northwind Coffee"]).account_ids
    (careers,) = connect(two, ["Northwind Careers"]).account_ids
    with db.transaction(two.actor) as session:
        token_of_two = access_for(session, careers, "").token
    before = revocations(sandbox)

    commands.disconnect(one.actor, uuid.uuid4(), account_id=coffee)
    assert revocations(sandbox) == before
    assert page_answers(sandbox, token_of_two.get_secret_value())

    commands.disconnect(two.actor, uuid.uuid4(), account_id=careers)
    assert revocations(sandbox) == before + 1
    assert not page_answers(sandbox, token_of_two.get_secret_value())


@pytest.mark.usefixtures("committed_database")
def test_after_disconnect_no_call_leaves_later_than_a_second(
    new_person: MakePerson, worker_database: db.Database, sandbox: RunningSandbox
) -> None:
    """A sender that reads access right before each call, as senders do, with the worker's own role."""
    maya = new_person()
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    calls: list[float] = []
    refused = threading.Event()

    def send_on_and_on() -> None:
        while not refused.is_set():
            try:
                with worker_database.organization_transaction(maya.actor.organization_id, "program:sender") as session:
                    access = access_for(session, account_id, "corr")
            except ReconnectNeeded:
                refused.set()
                return
            calls.append(time.monotonic())
            page_answers(sandbox, access.token.get_secret_value())

    senders = [threading.Thread(target=send_on_and_on) for _ in range(3)]
    for sender in senders:
        sender.start()
    while len(calls) < 10:
        time.sleep(0.01)
    commands.disconnect(maya.actor, uuid.uuid4(), account_id=account_id)
    disconnected = time.monotonic()
    for sender in senders:
        sender.join(10)

    assert refused.is_set()
    assert max(calls) - disconnected < 1


@pytest.mark.usefixtures("committed_database")
def test_a_network_that_does_not_answer_is_asked_again_by_the_low_queue(
    new_person: MakePerson, worker_database: db.Database, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    organization_id = maya.actor.organization_id
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    before = revocations(sandbox)
    sandbox.post(
        "/_sandbox/faults", {"route": "DELETE /graph.facebook.com/*/permissions", "mode": "error_before", "times": 1}
    )
    try:
        commands.disconnect(maya.actor, uuid.uuid4(), account_id=account_id)
    finally:
        sandbox.delete("/_sandbox/faults")
    assert revocations(sandbox) == before
    with db.transaction(maya.actor) as session, pytest.raises(ReconnectNeeded):
        access_for(session, account_id, "")

    with as_current(worker_database):
        assert commands.revoke_overdue_choices() == 0, "not before its time"
        rows(organization_id, "update masthead.connection set give_back_at = clock_timestamp() - interval '1 second'")
        assert commands.revoke_overdue_choices() == 1
        assert commands.revoke_overdue_choices() == 0
    assert revocations(sandbox) == before + 1
    tokens = rows(organization_id, "select 1 from masthead.credential where octet_length(ciphertext) > 0")
    assert tokens == []


@pytest.mark.usefixtures("committed_database")
def test_a_choice_nobody_makes_is_revoked_after_30_minutes(
    new_person: MakePerson, worker_database: db.Database, sandbox: RunningSandbox, rows: Rows
) -> None:
    maya = new_person()
    organization_id = maya.actor.organization_id
    connection_id = maya.connect()
    before = revocations(sandbox)
    with as_current(worker_database):
        assert commands.revoke_overdue_choices() == 0
        _overdue(rows, organization_id)
        assert commands.revoke_overdue_choices() == 1
    assert revocations(sandbox) == before + 1
    (connection,) = rows(organization_id, "select state from masthead.connection")
    assert connection.state == "revoked"
    assert rows(organization_id, "select 1 from masthead.credential where octet_length(ciphertext) > 0") == []
    with pytest.raises(Refused, match="press Connect again"):
        queries.choice(maya.actor, connection_id)


@pytest.mark.usefixtures("committed_database")
def test_a_choice_nobody_makes_does_not_cost_the_accounts_that_are_connected(
    new_person: MakePerson, worker_database: db.Database, sandbox: RunningSandbox, rows: Rows
) -> None:
    """The pending grant is the same person's as the live one: Facebook would end both."""
    maya = new_person()
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    maya.connect()
    before = revocations(sandbox)
    _overdue(rows, maya.actor.organization_id)
    with as_current(worker_database):
        assert commands.revoke_overdue_choices() == 1
    assert revocations(sandbox) == before
    with db.transaction(maya.actor) as session:
        token = access_for(session, account_id, "").token.get_secret_value()
    assert page_answers(sandbox, token)


@pytest.mark.usefixtures("committed_database")
def test_the_operator_releases_an_account_so_that_another_organization_can_connect_it(
    new_person: MakePerson, worker_database: db.Database, rows: Rows
) -> None:
    maya, tomas = new_person(), new_person(facebook="p-tomas")
    (account_id,) = connect(maya, ["Harbor Museum"]).account_ids
    pending = tomas.connect()
    museum = named(tomas, pending, "Harbor Museum").provider_account_id

    with as_current(worker_database):
        released = commands.release("facebook", museum)
        with pytest.raises(NotFound, match="No organization here"):
            commands.release("facebook", museum)

    assert (released.organization_id, released.account_id) == (maya.actor.organization_id, account_id)
    assert queries.account(maya.actor, account_id).state_reason == "released by the operator"
    (line,) = rows(
        maya.actor.organization_id, "select actor from masthead.audit_event where action = 'account.disconnected'"
    )
    assert line.actor == "program:operator"
    commands.choose(tomas.actor, uuid.uuid4(), pending, [museum])
    assert [each.name for each in queries.accounts(tomas.actor)] == ["Harbor Museum"]


@pytest.mark.usefixtures("database")
def test_only_admins_disconnect_and_only_what_is_theirs(new_person: MakePerson) -> None:
    maya = new_person()
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    approver = new_person(maya.actor.organization_id, Role.APPROVER)
    with pytest.raises(NotAllowed):
        commands.disconnect(approver.actor, uuid.uuid4(), account_id=account_id)
    stranger = new_person()
    with pytest.raises(NotFound):
        commands.disconnect(stranger.actor, uuid.uuid4(), account_id=account_id)
    with pytest.raises(NotFound):
        queries.account(stranger.actor, account_id)


@pytest.mark.usefixtures("database")
def test_a_choice_can_be_dropped_before_it_is_made(new_person: MakePerson, sandbox: RunningSandbox, rows: Rows) -> None:
    maya = new_person()
    connection_id = maya.connect()
    before = revocations(sandbox)
    done = commands.disconnect(maya.actor, uuid.uuid4(), connection_id=connection_id)
    assert (done.account_ids, done.ended) == ((), (connection_id,))
    assert revocations(sandbox) == before + 1
    (line,) = rows(
        maya.actor.organization_id,
        "select subject_id from masthead.audit_event where action = 'connection.disconnected'",
    )
    assert line.subject_id == str(connection_id)


@pytest.mark.usefixtures("committed_database")
@pytest.mark.parametrize("_round", range(3))
def test_disconnect_and_reconnect_at_the_same_moment_end_in_one_of_the_two(new_person: MakePerson, _round: int) -> None:
    maya = new_person()
    (account_id,) = connect(maya, ["Northwind Coffee"]).account_ids
    pending = maya.connect()
    page = named(maya, pending, "Northwind Coffee").provider_account_id
    together = threading.Barrier(2)

    def disconnect() -> None:
        together.wait()
        commands.disconnect(maya.actor, uuid.uuid4(), account_id=account_id)

    def reconnect() -> None:
        together.wait()
        commands.choose(maya.actor, uuid.uuid4(), pending, [page])

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(disconnect), threads.submit(reconnect)]:
            each.result(20)

    (account,) = queries.accounts(maya.actor)
    assert account.id == account_id
    with db.transaction(maya.actor) as session:
        if account.state is AccountState.ACTIVE:
            assert access_for(session, account_id, "").token
        else:
            with pytest.raises(ReconnectNeeded, match="Disconnected"):
                access_for(session, account_id, "")


@pytest.mark.usefixtures("committed_database")
def test_a_choice_made_in_the_last_moment_is_not_taken_back(
    new_person: MakePerson, worker_database: db.Database, rows: Rows
) -> None:
    """The job saw it overdue, then waited for the transaction that made the choice."""
    maya = new_person()
    connection_id = maya.connect()
    page = named(maya, connection_id, "Northwind Coffee").provider_account_id
    _overdue(rows, maya.actor.organization_id)
    with worker_database.free_transaction() as session:
        assert store.overdue_choices(session, 10) == [(maya.actor.organization_id, connection_id)]
    rows(
        maya.actor.organization_id,
        "update masthead.connection set choose_until = clock_timestamp() + interval '1 minute' where state = 'pending'",
    )
    commands.choose(maya.actor, uuid.uuid4(), connection_id, [page])
    actor = ProgramActor(maya.actor.organization_id, "accounts", "late")
    with as_current(worker_database):
        assert giving_back.give_back(actor, connection_id)
    (account,) = queries.accounts(maya.actor)
    assert account.state is AccountState.ACTIVE


@contextmanager
def as_current(database: db.Database) -> Iterator[None]:
    """Work as another program for a while."""
    web = db.current()
    db.use(database)
    try:
        yield
    finally:
        db.use(web)


def page_answers(sandbox: RunningSandbox, token: str) -> bool:
    """Whether Facebook takes a Page's token."""
    proof = hmac.digest(app_of(sandbox)["client_secret"].encode(), token.encode(), hashlib.sha256).hex()
    query = {"access_token": token, "appsecret_proof": proof, "fields": "id"}
    return httpx.get(f"{sandbox.url}/graph.facebook.com/v26.0/me", params=query).is_success


def _overdue(rows: Rows, organization_id: uuid.UUID) -> None:
    rows(
        organization_id,
        "update masthead.connection set choose_until = clock_timestamp() - interval '1 second' where state = 'pending'",
    )
