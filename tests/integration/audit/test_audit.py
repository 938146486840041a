"""The audit trail: who, what, when, on whose click; and receipts that make a double click one action."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.audit.commands import earlier_result, first_time, record, remember
from core.audit.queries import NEWEST, history, lines
from core.infra import db
from core.infra.actor import ProgramActor, Role
from core.infra.errors import Conflict, OrganizationMissing
from core.infra.redaction import MASK
from tests.factories.organizations import make_actor


def test_a_line_says_who_did_what_when_and_by_which_click(database: db.Database) -> None:
    actor = replace(make_actor(), correlation_id="click-7")
    subject = uuid4()
    with db.transaction(actor) as session:
        record(session, actor, "posts.submit", "post", subject, before={"version": 1}, after={"version": 2})
    (line,) = history(actor, "post", subject)
    assert (line.actor, line.action, line.correlation_id) == (actor.label, "posts.submit", "click-7")
    assert (line.subject_kind, line.subject_id) == ("post", str(subject))
    assert (line.before, line.after) == ({"version": 1}, {"version": 2})
    assert datetime.now(UTC) - line.at < timedelta(minutes=1)


def test_a_program_signs_by_its_name(database: db.Database) -> None:
    program = ProgramActor(make_actor().organization_id, "sender", "c-1")
    with db.transaction(program) as session:
        record(session, program, "publishing.publish", "publication", "p-1")
    assert [line.actor for line in history(program, "publication", "p-1")] == ["program:sender"]


def test_a_line_keeps_ids_times_and_roles_and_no_secret(database: db.Database) -> None:
    actor, at = make_actor(), datetime(2026, 11, 23, 9, tzinfo=UTC)
    after = {
        "id": UUID(int=5),
        "at": at,
        "role": Role.EDITOR,
        "scopes": {"b", "a"},
        "access_token": "EAAcanary0123456789",
        "answer": {"client_secret": "hush", "text": "got EAAcanary0123456789"},
        "ratio": float("nan"),
        "sealed": b"\x00\x01",
    }
    with db.transaction(actor) as session:
        record(session, actor, "accounts.connect", "connection", "c-1", after=after)
    (line,) = history(actor, "connection", "c-1")
    assert line.after == {
        "id": "00000000-0000-0000-0000-000000000005",
        "at": "2026-11-23T09:00:00+00:00",
        "role": "editor",
        "scopes": ["a", "b"],
        "access_token": MASK,
        "answer": {"client_secret": MASK, "text": f"got {MASK}"},
        "ratio": "nan",
        "sealed": "[2 bytes]",
    }


def test_a_command_that_fails_leaves_no_line(database: db.Database) -> None:
    actor = make_actor()

    def fails() -> None:
        with db.transaction(actor) as session:
            record(session, actor, "posts.submit", "post", "p-1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert history(actor, "post", "p-1") == ()


def test_an_actor_writes_no_line_in_another_organization(database: db.Database) -> None:
    actor, other = make_actor(), make_actor()
    with db.transaction(actor) as session:
        for attempt in (
            lambda: record(session, other, "posts.submit", "post", "p-1"),
            lambda: first_time(session, other, uuid4(), "posts.submit"),
            lambda: remember(session, other, uuid4(), {}),
            lambda: earlier_result(session, other, uuid4()),
        ):
            with pytest.raises(OrganizationMissing):
                attempt()


def test_history_is_of_one_subject_in_order_and_of_one_organization(database: db.Database) -> None:
    actor, other = make_actor(), make_actor()
    for who in (actor, other):
        with db.transaction(who) as session:
            for action in ("posts.create", "posts.submit", "posts.approve"):
                record(session, who, action, "post", "p-1")
            record(session, who, "posts.create", "post", "p-2")
            record(session, who, "accounts.pause", "account", "p-1")
    assert [line.action for line in history(actor, "post", "p-1")] == ["posts.create", "posts.submit", "posts.approve"]
    with db.transaction(actor) as session:
        assert len(lines(session, "post", ["p-1", "p-2"])) == 4
        assert lines(session, "post", []) == ()


def test_a_long_history_keeps_its_newest_end(database: db.Database) -> None:
    actor = make_actor()
    with db.transaction(actor) as session:
        for number in range(NEWEST + 3):
            record(session, actor, f"posts.save.{number}", "post", "p-1")
    found = history(actor, "post", "p-1")
    assert (len(found), found[0].action, found[-1].action) == (NEWEST, "posts.save.3", f"posts.save.{NEWEST + 2}")


def test_an_action_is_the_first_once(database: db.Database) -> None:
    actor, action = make_actor(), uuid4()
    with db.transaction(actor) as session:
        assert first_time(session, actor, action, "posts.submit")
        remember(session, actor, action, {"post_id": uuid4(), "version": 3, "token": "EAAcanary0123456789"})
    with db.transaction(actor) as session:
        assert not first_time(session, actor, action, "posts.submit")
        assert earlier_result(session, actor, action)["version"] == 3
        assert earlier_result(session, actor, action)["token"] == MASK


def test_an_action_that_gave_nothing_has_an_empty_result(database: db.Database) -> None:
    actor, action = make_actor(), uuid4()
    with db.transaction(actor) as session:
        assert first_time(session, actor, action, "posts.submit")
        assert earlier_result(session, actor, action) == {}
        assert earlier_result(session, actor, uuid4()) == {}


def test_an_action_id_belongs_to_one_command(database: db.Database) -> None:
    actor, action = make_actor(), uuid4()
    with db.transaction(actor) as session:
        first_time(session, actor, action, "posts.submit")
    with db.transaction(actor) as session, pytest.raises(Conflict):
        first_time(session, actor, action, "posts.approve")


def test_an_action_that_was_rolled_back_may_be_first_again(database: db.Database) -> None:
    actor, action = make_actor(), uuid4()

    def fails() -> None:
        with db.transaction(actor) as session:
            assert first_time(session, actor, action, "posts.submit")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with db.transaction(actor) as session:
        assert first_time(session, actor, action, "posts.submit")


def test_two_organizations_may_use_the_same_action_id(database: db.Database) -> None:
    action = uuid4()
    for actor in (make_actor(), make_actor()):
        with db.transaction(actor) as session:
            assert first_time(session, actor, action, "posts.submit")


def test_twenty_clicks_at_once_act_once_and_all_learn_the_result(committed_database: db.Database) -> None:
    actor, action = make_actor(), uuid4()

    def click(number: int) -> int:
        with db.transaction(actor) as session:
            if not first_time(session, actor, action, "posts.submit"):
                return int(earlier_result(session, actor, action)["by"])
            record(session, actor, "posts.submit", "post", "p-1")
            remember(session, actor, action, {"by": number})
            return number

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(20)))) == 1
    assert len(history(actor, "post", "p-1")) == 1


def test_a_second_click_waits_and_acts_when_the_first_one_fails(committed_database: db.Database) -> None:
    actor, action = make_actor(), uuid4()
    begun, results = threading.Event(), []

    def second() -> None:
        with db.transaction(actor) as session:
            begun.set()
            results.append(first_time(session, actor, action, "posts.submit"))

    thread = threading.Thread(target=second)

    def fails_while_the_second_waits() -> None:
        with db.transaction(actor) as session:
            assert first_time(session, actor, action, "posts.submit")
            thread.start()
            begun.wait(5)
            time.sleep(0.2)
            assert results == []
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_while_the_second_waits()
    thread.join(10)
    assert results == [True]
