"""The operator ends what a network has said to everybody: what waited goes out, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import cli
from core.accounts.rotating import organizations
from core.audit.queries import history
from core.infra import db
from core.infra.errors import Invalid
from core.infra.settings import PublishTimes, Settings
from core.posts.rules import PublicationState
from core.provider_kit.errors import OutcomeUnknown, RetryLater
from core.provider_kit.throttle import USED_UP, Route, Scope, Usage
from core.provider_kit.types import Published
from core.publishing import claiming, due_rows, ended_rows, live_sending, rules, sending, unholding
from core.publishing.held_reads import held_posts
from core.publishing.live_rules import LiveState
from core.publishing.queries import live_works
from core.publishing.unholding import Ended
from core.throttle import calls
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    bring_forward,
    check_one,
    leave_unclear,
    let_pass,
    make_due,
    make_quiet_house,
    make_scheduled,
    seen,
    send_one,
    tamper,
)
from tests.integration.publishing.test_live_work import ScriptedLive

_S = PublicationState
DAY_S: Final = 86_400.0


@pytest.fixture(autouse=True)
def own_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_tally", calls._Tally())


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture
def held_for_a_day(house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch) -> ScriptedPublisher:
    """Facebook has refused a post of this house, and our app with it, for a whole day."""
    publisher = ScriptedPublisher(
        RetryLater("Out of service.", limit=Usage(Scope.APP, USED_UP, DAY_S, of_route=True)),
        *(Published(f"77_{number}", 200) for number in range(3)),
    )
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
    make_due(house)
    assert send_all(worker) == [_S.SCHEDULED]
    return publisher


def send_all(worker: db.Database) -> list[PublicationState | None]:
    with acting_as(worker):
        return [
            sending.publish_one(each.organization_id, each.publication_id, each.epoch, times=FAST)
            for each in claiming.due(20, FAST)
        ]


def end(worker: db.Database, network: str = "facebook") -> Ended:
    with acting_as(worker):
        return unholding.end(network, PublishTimes())


def in_a_moment(worker: db.Database) -> None:
    """What looks again within seconds looks now."""
    with acting_as(worker):
        with db.free_transaction() as session:
            session.execute(text("update masthead.app_budget set next_call_at = null"))
        for organization_id in organizations():
            with db.organization_transaction(organization_id, "program:test") as session:
                session.execute(
                    text(
                        "update masthead.publication set next_action_at = clock_timestamp()"
                        " where next_action_at < clock_timestamp() + interval '5 s'"
                    )
                )


def test_posts_of_every_organization_that_waited_for_it_go_out(
    house: House, worker: db.Database, held_for_a_day: ScriptedPublisher
) -> None:
    other = make_quiet_house()
    theirs = make_due(other)
    assert send_all(worker) == [_S.SCHEDULED]
    next_at = again(other.author, theirs.id).next_action_at
    assert next_at is not None
    assert next_at - datetime.now(UTC) > timedelta(hours=23)
    ended = end(worker)
    assert [(each.network, each.route, each.is_breaker) for each in ended.holds] == [("facebook", "publish", False)]
    assert (ended.posts, ended.others) == (2, 0)
    assert again(other.author, theirs.id).next_action_at < datetime.now(UTC) + timedelta(seconds=6)
    in_a_moment(worker)
    assert send_all(worker) == [_S.PUBLISHED]  # calls stay spread until the network says that there is room
    in_a_moment(worker)
    assert send_all(worker) == [_S.PUBLISHED]
    assert held_posts(house.approver) == held_posts(other.approver) == ()


def test_a_network_that_means_it_holds_again_by_its_next_answer(
    house: House, worker: db.Database, held_for_a_day: ScriptedPublisher
) -> None:
    end(worker)
    held_for_a_day.answers.insert(
        0, RetryLater("Out of service.", limit=Usage(Scope.APP, USED_UP, DAY_S, of_route=True))
    )
    in_a_moment(worker)
    assert send_all(worker) == [_S.SCHEDULED]
    (held,) = held_posts(house.approver)
    assert held.next_at > datetime.now(UTC) + timedelta(hours=23)


def hold(session: Session, route: Route, length: timedelta) -> None:
    session.execute(
        text(
            "insert into masthead.app_budget(provider, network, route, percent, held_until)"
            " values ('meta', 'facebook', :route, 100, clock_timestamp() + :length)"
        ),
        {"route": route.value, "length": length},
    )


def open_breaker(session: Session, route: Route, length: timedelta) -> None:
    session.execute(
        text(
            "insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at)"
            " values ('meta', 'facebook', :route, 'open', clock_timestamp() + :length, '30 s', clock_timestamp())"
        ),
        {"route": route.value, "length": length},
    )


def publishing_is_held(worker: db.Database) -> None:
    """Facebook takes no posts for a day; the breaker of uploads has some seconds left. Reading is free all the time."""
    with acting_as(worker), db.free_transaction() as session:
        hold(session, Route.PUBLISH, timedelta(days=1))
        open_breaker(session, Route.PREPARE, timedelta(seconds=2))


def test_a_read_that_waits_for_its_own_time_is_not_made_earlier(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher(read=seen()))
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    for _ in range(3):
        assert check_one(worker, row.id) is PublicationState.UNKNOWN
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    let_pass(house.approver, row.id, next_action_at="clock_timestamp() + interval '10 min'")  # as shipped
    publishing_is_held(worker)
    assert end(worker).others == 0
    assert again(house.author, row.id).next_action_at > datetime.now(UTC) + timedelta(minutes=9)


def test_a_question_that_a_long_hold_has_put_off_until_a_person_is_asked_is_read_now(
    house: House, worker: db.Database
) -> None:
    row = make_due(house)
    with acting_as(worker), db.free_transaction() as session:
        hold(session, Route.READ, timedelta(days=1))
    leave_unclear(worker, house, row.id)
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.claim_checks(session, 10, lease_s=1) == []
    assert end(worker).others == 1
    # Its send might have lasted until its deadline, and the first read comes after that.
    assert again(house.author, row.id).next_action_at < datetime.now(UTC) + timedelta(seconds=61)


def test_what_somebody_reads_at_the_moment_is_left_to_them(house: House, worker: db.Database) -> None:
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    with acting_as(worker), db.free_transaction() as session:
        assert len(due_rows.claim_checks(session, 10, lease_s=70)) == 1
    claimed_until = again(house.author, row.id).next_action_at
    publishing_is_held(worker)
    assert end(worker).others == 0
    assert again(house.author, row.id).next_action_at == claimed_until


def comment_looked_for_three_times(house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The post of a first comment whose writing got no answer and that three looks didn't show."""
    live = ScriptedLive(answers=[OutcomeUnknown("The connection ended before the answer.")])
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)
    monkeypatch.setattr("core.providers.live", lambda _network: live)
    row = make_scheduled(house, comment="First!")
    bring_forward(house.approver, row.id)
    with monkeypatch.context() as scripted:
        publisher = ScriptedPublisher(Published(f"1_{row.id.hex}", 200))
        scripted.setattr("core.providers.publisher", lambda _network: publisher)
        assert send_one(worker, row.id) is PublicationState.PUBLISHED
    for _ in range(4):
        with acting_as(worker):
            live_sending.do_next(times=FAST)
        looked_at(house, "clock_timestamp()")
    return row.id


def looked_at(house: House, next_at: str) -> None:
    tamper(
        house.organization_id,
        f"update masthead.live_work set next_action_at = {next_at} where next_action_at is not null",  # noqa: S608
    )


@pytest.mark.parametrize(("put_off", "moved", "least", "most"), [("10 min", 0, 9, 11), ("1 day", 1, 8, 11)])
def test_a_comment_is_looked_for_when_it_would_have_been_without_a_hold_and_so_not_written_twice(
    house: House,
    worker: db.Database,
    monkeypatch: pytest.MonkeyPatch,
    put_off: str,
    moved: int,
    least: int,
    most: int,
) -> None:
    publication_id = comment_looked_for_three_times(house, worker, monkeypatch)
    looked_at(house, f"clock_timestamp() + interval '{put_off}'")
    publishing_is_held(worker)
    assert end(worker).others == moved
    (comment,) = live_works(house.author, again(house.author, publication_id).post_id)[publication_id]
    assert (comment.state, len(comment.looks)) == (LiveState.CHECKING, 3)
    in_minutes = (comment.next_at - datetime.now(UTC)).total_seconds() / 60
    assert least < in_minutes < most


def test_ended_again_it_goes_on_where_it_broke_off(
    house: House, worker: db.Database, held_for_a_day: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("Postgres went away, or a deadlock")

    with monkeypatch.context() as breaking:
        breaking.setattr(ended_rows, "let_posts_go", broken)
        with pytest.raises(RuntimeError):
            end(worker)
    again_ended = end(worker)
    assert (again_ended.holds, again_ended.posts) == ((), 1)


def test_an_open_breaker_is_probed_by_whoever_sends_next(house: House, worker: db.Database) -> None:
    with acting_as(worker), db.free_transaction() as session:
        open_breaker(session, Route.PUBLISH, timedelta(minutes=15))
    (ended,) = end(worker).holds
    assert ended.is_breaker
    with acting_as(worker), db.free_transaction() as session:
        state, is_time = session.execute(text("select state, until <= clock_timestamp() from masthead.breaker")).one()
    assert (state, is_time) == ("open", True)


def test_what_an_account_was_told_and_other_networks_are_left_alone(
    house: House, worker: db.Database, held_for_a_day: ScriptedPublisher
) -> None:
    row = make_due(house)
    send_all(worker)
    before = again(house.author, row.id).next_action_at
    assert end(worker, "instagram") == Ended((), 0, 0)
    assert again(house.author, row.id).next_action_at == before


def test_each_organization_that_it_concerned_reads_of_it(
    house: House, worker: db.Database, held_for_a_day: ScriptedPublisher
) -> None:
    end(worker)
    told = history(house.approver, "organization", house.organization_id)[-1]
    assert (told.action, told.after) == ("organization.hold_ended", {"network": "facebook", "posts": 1, "others": 0})


def test_a_network_that_is_not_there_is_refused_with_those_that_are(worker: db.Database) -> None:
    with pytest.raises(Invalid, match=r"no network 'myspace'.*facebook"):
        end(worker, "myspace")


@pytest.fixture
def command(worker: db.Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line finds the database of these tests."""
    for name in ("DATABASE_URL", "DATABASE_URL_WORKER"):
        monkeypatch.setenv(name, settings.program_url("worker"))
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", settings.secret_key.get_secret_value())
    before = db.current()
    yield
    db.use(before)


@pytest.mark.usefixtures("command")
def test_the_command_shows_what_is_held_and_ends_it(
    held_for_a_day: ScriptedPublisher, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["holds", "show"]) == 0
    until = datetime.now(UTC) + timedelta(days=1)
    said = capsys.readouterr().out
    assert said.startswith(f"meta facebook, publishing: it asked to be left alone until {until:%Y-%m-%d %H:}")
    assert cli.main(["holds", "end", "--network", "facebook"]) == 0
    assert "1 posts look again within seconds" in capsys.readouterr().out
    assert cli.main(["holds", "show"]) == 0
    assert capsys.readouterr().out == "No network is held.\n"
    assert cli.main(["holds", "end", "--network", "facebook"]) == 0
    assert capsys.readouterr().out.startswith("Nothing holds facebook now.")
    assert cli.main(["holds", "end", "--network", "myspace"]) == 2
    assert "Known: facebook" in capsys.readouterr().err
