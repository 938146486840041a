"""Admins hear once that posts wait though nothing holds them back, of their own organization alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.infra import db
from core.infra.settings import Settings
from core.notices import commands
from core.posts.model import Publication
from core.publishing import claiming
from core.queueing.connection import for_hints
from core.queueing.enqueue import Hints
from jobs import tick
from tests.factories.notices import by, everybody, mail_all, notices, told
from tests.factories.posts import Team, make_approved, make_team, publication, soon
from tests.factories.publishing import (
    FAST,
    SHIPPED,
    House,
    acting_as,
    again,
    bring_forward,
    let_connect_long_ago,
    let_pass,
    sweep,
    tamper,
    use_owner,
    vanish_while_sending,
)
from tests.fixtures.programs import RunningSandbox

NOBODY = {"viewer": [], "author": [], "approver": [], "admin": []}


@pytest.fixture
def team(team: Team, settings: Settings) -> Team:
    use_owner(settings.owner_url())
    let_connect_long_ago(team.organization_id)
    return team


def make_late(team: Team, text: str = "Fresh beans.", ago_s: float = 600) -> Publication:
    """A post whose time came ten minutes ago, and that nobody sends."""
    post_id = make_approved(team.author, team.approver, [team.account_id], text=text, slot_at=soon())
    row = publication(team.author, post_id)
    bring_forward(team.approver, row.id, ago_s=ago_s)
    return row


def raise_stopped(worker: db.Database) -> int:
    return by(worker, commands.raise_stopped)


def send_and_stop_again(team: Team, worker: db.Database) -> UUID:
    """A sender comes, begins a try and goes away; what it left is swept, and that was a while ago."""
    house = House(team.organization_id, team.author, team.approver, ())
    row = make_late(team, "Sent meanwhile.", ago_s=1)
    tamper(
        team.organization_id,
        "update masthead.publication set next_action_at = clock_timestamp() + interval '1 h' where id <> %(id)s",
        id=row.id,
    )
    vanish_while_sending(worker, house, row.id)
    let_pass(team.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
    assert sweep(worker, FAST)[row.id] == "unknown"
    tamper(team.organization_id, "update masthead.attempt set opened_at = clock_timestamp() - interval '10 min'")
    tamper(team.organization_id, "update masthead.publication set next_action_at = null where state = 'scheduled'")
    return row.id


def test_a_stoppage_is_told_once_to_the_admins_however_many_posts_wait(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    first = make_late(team)
    for number in range(2):
        make_late(team, f"Number {number}.", ago_s=300)
    assert raise_stopped(worker_database) == 1
    assert everybody(team) == NOBODY | {"admin": ["stopped"]}
    (notice,) = notices(team.admin)
    assert (notice.subject_kind, notice.subject_id) == ("post", first.post_id)
    assert "though nothing holds them back" in notice.words
    assert "Ask your operator to run “masthead doctor”." in notice.words
    assert mail_all(worker_database) == 1
    (mailed,) = mail.get("/_sandbox/mail")
    assert "Posts wait though nothing holds them back" in mailed["subject"]
    make_late(team, "One more.")
    assert raise_stopped(worker_database) == 0


def test_another_organization_hears_nothing_of_it(team: Team, worker_database: db.Database) -> None:
    other = make_team()
    make_late(team)
    assert raise_stopped(worker_database) == 1
    assert everybody(other) == NOBODY


def test_whose_window_closes_meanwhile_is_late_and_the_stoppage_the_same(
    team: Team, worker_database: db.Database
) -> None:
    late, _ = make_late(team), make_late(team, "Another.", ago_s=300)
    assert raise_stopped(worker_database) == 1
    let_pass(team.approver, late.id, not_after="clock_timestamp()")
    assert sweep(worker_database) == {late.id: "needs_human"}
    assert raise_stopped(worker_database) == 0


def test_a_stoppage_after_something_was_sent_is_another(team: Team, worker_database: db.Database) -> None:
    make_late(team)
    assert raise_stopped(worker_database) == 1
    send_and_stop_again(team, worker_database)
    assert raise_stopped(worker_database) == 1
    assert raise_stopped(worker_database) == 0
    assert told(team.admin) == ["stopped", "stopped"]


def test_a_read_that_nobody_makes_is_told_too(team: Team, worker_database: db.Database) -> None:
    row_id = send_and_stop_again(team, worker_database)
    let_pass(team.approver, row_id, next_action_at="clock_timestamp() + interval '10 min'")
    assert raise_stopped(worker_database) == 0
    let_pass(team.approver, row_id, next_action_at="clock_timestamp() - interval '10 min'")
    assert raise_stopped(worker_database) == 1
    assert notices(team.admin)[0].subject_id == again(team.author, row_id).post_id


def test_a_backlog_that_is_spaced_is_no_stoppage(team: Team, worker_database: db.Database) -> None:
    for number in range(15):
        make_late(team, f"Number {number}.")
    with acting_as(worker_database):
        assert len(claiming.due(20, SHIPPED)) == 1
    assert raise_stopped(worker_database) == 0


def test_who_watches_the_clock_tells_it_once_a_minute(team: Team, worker_database: db.Database, redis_url: str) -> None:
    make_late(team)
    tick.use(Hints(for_hints(redis_url)))
    by(worker_database, lambda: tick.housekeeping() or 0)
    assert told(team.admin) == ["stopped"]
