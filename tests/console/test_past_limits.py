"""Nothing stays where it is past its limit: it moves on by itself, or stands on Home with what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from console.app_pages.publish import home, unclear
from core.infra import db
from core.infra.actor import Role
from core.infra.settings import PublishTimes, Settings
from core.posts import commands as posts
from core.posts import queries
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import OutcomeUnknown
from core.provider_kit.types import Published
from core.publishing import claiming, rules, store, sweeping
from jobs.sender import Sender
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.posts import make_approved, make_submitted, publication, soon
from tests.factories.publishing import (
    FAST,
    SHIPPED,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    bring_forward,
    check_one,
    claim_one,
    leave_unclear,
    let_connect_long_ago,
    let_pass,
    live_post,
    make_due,
    make_quiet_house,
    seen,
    send_one,
    tamper,
    use_owner,
    vanish_while_sending,
)

_S = PublicationState
LAPSED = "clock_timestamp() - interval '1 ms'"
# The reads at once, one after the other; everything else at 1/50.
TIMES = FAST.model_copy(update={"read_spacing_s": (0.02, 0.02, 0.02), "first_read_after_s": 0.02, "in_flight": 4})
# What has no limit: nobody has asked for anything yet.
LIMITLESS = {_S.DRAFT}


@pytest.fixture
def house(
    settings: Settings, committed_database: db.Database, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> House:
    use_owner(settings.owner_url())
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)  # however long a busy machine takes to begin a call
    return make_quiet_house()


def submitted(house: House) -> UUID:
    return make_submitted(house.author, [house.page.account.id], text=f"Asked {uuid4()}", slot_at=soon())


def in_review(house: House, _worker: db.Database) -> UUID:
    row = publication(house.author, submitted(house))
    bring_forward(house.approver, row.id)
    return row.id


def changes_requested(house: House, _worker: db.Database) -> UUID:
    post = submitted(house)
    posts.request_changes(house.approver, uuid4(), post, 1, "Say more.")
    row = publication(house.author, post)
    bring_forward(house.approver, row.id)
    return row.id


def approved(house: House, _worker: db.Database) -> UUID:
    row = publication(house.author, make_approved(house.author, house.approver, [house.page.account.id], text="Ours"))
    let_pass(house.approver, row.id, approved_until=LAPSED)
    return row.id


def scheduled(house: House, _worker: db.Database) -> UUID:
    row = make_due(house)
    let_pass(house.approver, row.id, not_after=LAPSED)
    return row.id


def queued(house: House, worker: db.Database) -> UUID:
    row = make_due(house)
    claim_one(worker, row.id)
    let_pass(house.approver, row.id, lease_until=LAPSED)
    return row.id


def claimed(house: House, worker: db.Database) -> UUID:
    row = make_due(house)
    claim = claim_one(worker, row.id)
    with worker.organization_transaction(house.organization_id, "program:sender", "test") as session:
        assert store.claim(session, claim, owner="gone", lease_s=60) is not None
    let_pass(house.approver, row.id, lease_until=LAPSED)
    return row.id


def sending(house: House, worker: db.Database) -> UUID:
    row = make_due(house)
    vanish_while_sending(worker, house, row.id)
    let_pass(house.approver, row.id, lease_until=LAPSED)
    return row.id


def unknown(house: House, worker: db.Database) -> UUID:
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    return row.id


def needs_human(house: House, worker: db.Database) -> UUID:
    """Past all windows, and asked about long ago."""
    found = unknown(house, worker)
    tamper(
        house.organization_id,
        "update masthead.publication set state = 'needs_human', needs = 'outcome', next_action_at = null"
        " where id = %(id)s",
        id=found,
    )
    return found


# State -> how a row gets past its limit there; where it ends, for want of what; and what Home offers an admin then.
PAST: dict[PublicationState, tuple[Callable[[House, db.Database], UUID], _S, Needs | None, str | None]] = {
    _S.UNKNOWN: (unknown, _S.NEEDS_HUMAN, Needs.OUTCOME, "Decide"),
    _S.NEEDS_HUMAN: (needs_human, _S.NEEDS_HUMAN, Needs.OUTCOME, "Decide"),
    _S.SENDING: (sending, _S.NEEDS_HUMAN, Needs.OUTCOME, "Decide"),
    _S.CLAIMED: (claimed, _S.PUBLISHED, None, None),
    _S.QUEUED: (queued, _S.PUBLISHED, None, None),
    _S.SCHEDULED: (scheduled, _S.NEEDS_HUMAN, Needs.LATE, "Reschedule"),
    _S.IN_REVIEW: (in_review, _S.NEEDS_HUMAN, Needs.APPROVAL, "Reschedule"),
    _S.CHANGES_REQUESTED: (changes_requested, _S.CHANGES_REQUESTED, None, None),
    _S.APPROVED: (approved, _S.DRAFT, None, None),
}


def test_whatever_is_past_its_limit_moves_on_by_itself_or_stands_on_home_with_what_to_do(
    house: House, worker_database: db.Database, dispatch_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {_S.PUBLISHED, _S.FAILED, _S.CANCELLED}
    assert set(PAST) == set(_S) - over - LIMITLESS
    rows: dict[PublicationState, UUID] = {}
    for state, (make, *_) in PAST.items():
        rows[state] = make(house, worker_database)
        assert again(house.author, rows[state]).state is state
        tamper(  # the helpers find their row by its being the only one that is due
            house.organization_id,
            "update masthead.publication set next_action_at = clock_timestamp() + interval '1 h'"
            " where state in ('scheduled','unknown') and id = %(id)s",
            id=rows[state],
        )
    tamper(
        house.organization_id,
        "update masthead.publication set next_action_at = clock_timestamp() where next_action_at is not null",
    )
    answers = [Published(f"77_{number}", 200) for number in range(9)]
    publisher = ScriptedPublisher(*answers, read=seen())
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)

    began = time.monotonic()
    work_until_nothing_moves(dispatch_database, worker_database)
    assert time.monotonic() - began < 60

    for state, (_, ends, needs, _action) in PAST.items():
        now = again(house.author, rows[state])
        assert (now.state, now.needs) == (ends, needs), state
    assert len(publisher.sent) == 2  # what was queued and claimed, once each; nothing in doubt went out again
    post_ids = {state: again(house.author, row_id).post_id for state, row_id in rows.items()}
    shown = on_home(Tab(someone(house.organization_id, Role.ADMIN)[0]))
    for state, (*_, action) in PAST.items():
        assert shown.get(str(post_ids[state])) == action, state
    # What was sent back waits for who wrote it, and for nobody else.
    assert [each.post_id for each in queries.home(house.author).changes_requested] == [post_ids[_S.CHANGES_REQUESTED]]


def on_home(tab: Tab) -> dict[str, str]:
    """Post -> what Home offers to do about it."""
    items: list[dict[str, Any]] = list(tab.open("").component("home_items")["items"])
    return {item["href"].partition("post=")[2]: item["action"] for item in items}


def work_until_nothing_moves(dispatch: db.Database, worker: db.Database) -> None:
    """What the dispatcher and one sender do."""
    sender = Sender(TIMES)
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 0.5:
        with acting_as(dispatch):
            moved = sweeping.look("test", TIMES).moved
        with acting_as(worker):
            done = sender.drain()
        if moved or done:
            quiet_since = time.monotonic()
        time.sleep(TIMES.tick_s)
    sender.close()


STOPPED = "Posts are waiting though nothing holds them back"
LONG_AGO = "clock_timestamp() - interval '10 min'"


def due_long_ago(house: House, _worker: db.Database) -> None:
    make_due(house, ago_s=600)


def unread_for_long(house: House, worker: db.Database) -> None:
    let_pass(house.approver, unknown(house, worker), next_action_at=LONG_AGO)
    tamper(house.organization_id, f"update masthead.attempt set opened_at = {LONG_AGO}")  # noqa: S608 - our own words


@pytest.mark.parametrize("stop", [due_long_ago, unread_for_long])
def test_where_no_sender_runs_home_says_so_to_who_may_act_and_to_no_other_organization(
    house: House, worker_database: db.Database, stop: Callable[[House, db.Database], None]
) -> None:
    other = make_quiet_house()
    let_connect_long_ago(house.organization_id)
    tabs = {role: Tab(someone(house.organization_id, role)[0]).open() for role in Role}
    stranger = Tab(someone(other.organization_id, Role.ADMIN)[0]).open()
    assert STOPPED not in "".join(tab.words for tab in (*tabs.values(), stranger))
    stop(house, worker_database)
    assert {role: STOPPED in tab.open().words for role, tab in tabs.items()} == {
        role: role is not Role.VIEWER for role in Role
    }
    assert "(Europe/Berlin): the program that sends may have stopped." in tabs[Role.ADMIN].words
    assert "Ask your operator to run `masthead doctor`." in tabs[Role.ADMIN].words
    assert STOPPED not in stranger.open().words


def test_a_backlog_that_is_spaced_alarms_nobody(house: House, worker_database: db.Database) -> None:
    let_connect_long_ago(house.organization_id)
    for _ in range(15):
        make_due(house, ago_s=600)
    with acting_as(worker_database):
        assert len(claiming.due(20, SHIPPED)) == 1
    tab = Tab(someone(house.organization_id, Role.ADMIN)[0])
    assert STOPPED not in tab.open().words


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_an_unclear_outcome_is_seen_at_once_and_within_a_minute_with_what_was_read_so_far(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    row = make_due(house, words="Open on Monday.")
    lost = OutcomeUnknown("The connection broke before the answer came.")
    publisher = ScriptedPublisher(lost, read=seen(look_alikes=(live_post("77_1", "Open on Mondays!"),)))
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
    tab = Tab(someone(house.organization_id, role)[0])
    assert send_one(worker_database, row.id) is _S.UNKNOWN

    def on_unclear() -> list[str]:
        tab.open("unclear")
        (group,) = tab.component("unclear_list")["groups"]
        return [each["shown"]["label"] for each in group["rows"]]

    assert on_unclear() == ["Checking"]
    assert "The connection broke before the answer came" in tab.words
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker_database, row.id) is _S.UNKNOWN
    assert on_unclear() == ["Checking"]
    assert "1 like it, but none that is it for sure." in tab.words
    assert "Masthead is still reading; nothing has to be done yet." in tab.words
    tab.open("")
    (today,) = tab.component("home_slots")["groups"]
    assert [each["shown"]["label"] for each in today["rows"]] == ["Checking"]


def test_at_shipped_times_the_first_read_of_it_is_seen_within_a_minute() -> None:
    shipped = PublishTimes()
    read_s = shipped.connect_timeout_s + shipped.read_timeout_s
    assert shipped.first_read_after_s + shipped.tick_s + read_s + unclear.LOOK_EVERY_S < 60


def test_what_nothing_holds_back_is_said_within_a_minute_of_being_late_by_one() -> None:
    assert rules.UNATTENDED_AFTER_S == 60
    assert home.LOOK_EVERY_S < 60


def test_at_shipped_times_a_question_is_with_a_person_within_a_quarter_of_an_hour() -> None:
    shipped = PublishTimes()
    asked_s = shipped.lease_sending_s + shipped.first_read_after_s + sum(shipped.read_spacing_s)
    reads_s = (len(shipped.read_spacing_s) + 1) * (shipped.connect_timeout_s + shipped.read_timeout_s)
    assert asked_s + reads_s < 15 * 60
