"""Resume: what is overdue comes first, and the times are shown before anything is done."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.accounts import queries
from core.infra import db
from core.infra.actor import Role
from core.posts import slots
from core.posts.rules import PublicationState
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.pauses import pause_account, pause_organization
from tests.factories.posts import Team, make_approved, publication, soon

ZONE = "Europe/Berlin"


def overdue(team: Team, words: str, *, minutes: float = 5, account_id: UUID | None = None) -> UUID:
    """A publication that came due so many minutes ago."""
    account_id = account_id or team.account_id
    row = publication(team.author, make_approved(team.author, team.approver, [account_id], text=words, slot_at=soon()))
    with db.transaction(team.admin) as session:
        session.execute(
            text(
                "update masthead.publication set due_at = clock_timestamp() - make_interval(secs => :ago),"
                " not_after = clock_timestamp() + interval '1 day' where id = :id"
            ),
            {"id": row.id, "ago": minutes * 60},
        )
    return row.id


def resume(team: Team, role: Role, pause_id: UUID) -> Tab:
    return Tab(someone(team.organization_id, role)[0]).open("resume", pause=str(pause_id))


def choose(tab: Tab, publication_id: UUID, what: str) -> None:
    tab.app.selectbox(key=f"resume_choice_{publication_id}").set_value(what)
    tab.again()


def for_all(tab: Tab, what: str) -> None:
    tab.app.button_group(key="resume_for_all").set_value(what)
    tab.again()


def rows(team: Team) -> dict[UUID, tuple[str, datetime | None]]:
    with db.transaction(team.admin) as session:
        found = session.execute(text("select id, state, due_at from masthead.publication")).all()
    return {row.id: (row.state, row.due_at) for row in found}


def test_each_is_shown_with_what_becomes_of_it_and_nothing_happens_before_the_press(team: Team) -> None:
    first, second = overdue(team, "The first one", minutes=9), overdue(team, "The second one")
    pause_id = pause_organization(team.admin, "A recall")
    before = rows(team)
    tab = resume(team, Role.ADMIN, pause_id)
    assert "2 overdue" in tab.words
    assert "By Ada Admin since" in tab.words
    assert "A recall" in tab.words
    assert tab.words.index("The first one") < tab.words.index("The second one")
    assert tab.words.count("Needs you: late") == 2
    choose(tab, first, "Publish now")
    choose(tab, second, "Drop")
    assert "Dropped: it won't be sent" in tab.words
    assert "1 published now, one after the other · 1 dropped" in tab.words
    assert rows(team) == before
    tab.press("resume_confirm")
    now = rows(team)
    assert (now[first][0], now[second][0]) == (PublicationState.SCHEDULED, PublicationState.CANCELLED)
    assert now[first][1] > before[first][1]
    assert queries.pauses(team.admin) == ()


def test_spread_shows_the_times_it_gives(team: Team) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    several = [overdue(team, f"Coffee {number}", minutes=9 - number) for number in range(3)]
    tea = overdue(team, "Tea", account_id=other)
    tab = resume(team, Role.ADMIN, pause_organization(team.admin))
    for_all(tab, "Spread")
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    tab.app.date_input(key="resume_start_day").set_value(day)
    tab.app.time_input(key="resume_start_time").set_value(time(9, 30))
    tab.app.number_input(key="resume_every").set_value(20)
    tab.again()
    start = slots.instant(datetime.combine(day, time(9, 30)), ZONE)
    for shown in ("09:30 (Europe/Berlin)", "09:50 (Europe/Berlin)", "10:10 (Europe/Berlin)"):
        assert shown in tab.words
    tab.press("resume_confirm")
    now = rows(team)
    assert [now[each][1] for each in several] == [start + turn * timedelta(minutes=20) for turn in range(3)]
    assert now[tea][1] == start


def test_all_at_one_time_leave_a_minute_apart(team: Team) -> None:
    several = [overdue(team, f"Coffee {number}", minutes=9 - number) for number in range(3)]
    tab = resume(team, Role.ADMIN, pause_organization(team.admin))
    for_all(tab, "Another time")
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    tab.app.date_input(key="resume_start_day").set_value(day)
    tab.again()
    tab.press("resume_confirm")
    times = [rows(team)[each][1] for each in several]
    assert [later - times[0] for later in times if later and times[0]] == [timedelta(minutes=each) for each in range(3)]


def test_one_alone_gets_a_time_of_its_own(team: Team) -> None:
    one, left = overdue(team, "One", minutes=9), overdue(team, "Left")
    tab = resume(team, Role.ADMIN, pause_organization(team.admin))
    choose(tab, one, "Another time")
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    tab.app.date_input(key=f"resume_at_{one}_day").set_value(day)
    tab.app.time_input(key=f"resume_at_{one}_time").set_value(time(18, 15))
    tab.again()
    assert "18:15 (Europe/Berlin)" in tab.words
    tab.press("resume_confirm")
    assert rows(team)[one][1] == slots.instant(datetime.combine(day, time(18, 15)), ZONE)
    assert rows(team)[left][0] == PublicationState.SCHEDULED, "the sweep makes it late"


def test_what_can_not_go_out_is_only_left_or_dropped(team: Team) -> None:
    one = overdue(team, "Stuck")
    with db.transaction(team.admin) as session:
        session.execute(text("update masthead.account set state = 'auth_broken'"))
    tab = resume(team, Role.ADMIN, pause_organization(team.admin))
    assert "Acme Coffee must be connected again first." in tab.words
    assert tab.app.selectbox(key=f"resume_choice_{one}").options == ["As chosen for all", "Decide later", "Drop"]
    for_all(tab, "Publish now")
    assert "Needs you: late" in tab.words


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_who_may_not_resume_sees_what_is_held_and_why_not(team: Team, role: Role) -> None:
    overdue(team, "Waits")
    tab = resume(team, role, pause_organization(team.admin))
    assert "Waits" in tab.words
    assert tab.button("resume_confirm").disabled
    assert "takes an admin" in tab.button("resume_confirm").help
    own = resume(team, role, pause_account(team.admin, team.account_id))
    assert own.button("resume_confirm").disabled == (role is not Role.APPROVER)


def test_an_inner_pause_is_said_to_stay(team: Team) -> None:
    overdue(team, "Held twice")
    pause_account(team.approver, team.account_id, "Stocktaking")
    tab = resume(team, Role.ADMIN, pause_organization(team.admin))
    assert "Stays in force: Acme Coffee (Facebook) is paused. By" in tab.words
    assert "1 overdue post stays held by that" in tab.words
    assert tab.has("resume_none_state")
    tab.press("resume_confirm")
    assert [each.reason for each in queries.pauses(team.admin)] == ["Stocktaking"]


def test_a_pause_that_is_over_is_said_to_be(team: Team) -> None:
    tab = resume(team, Role.ADMIN, UUID(int=7))
    assert "This pause is over, or there never was one." in tab.words
    tab = Tab(someone(team.organization_id, Role.ADMIN)[0]).open("resume")
    assert "Nothing is paused" in tab.words
    pause_organization(team.admin)
    assert Tab(someone(team.organization_id, Role.ADMIN)[0]).open("resume").has_button("resume_confirm")
    pause_account(team.approver, team.account_id, "Stocktaking")
    assert "2 pauses are in force" in Tab(someone(team.organization_id, Role.ADMIN)[0]).open("resume").words


def post_of(team: Team, publication_id: UUID) -> UUID:
    statement = text("select post_id from masthead.publication where id = :id")
    with db.transaction(team.admin) as session:
        found: UUID = session.execute(statement, {"id": publication_id}).scalar_one()
    return found


def test_an_account_named_like_a_badge_is_no_badge_on_the_way_there(team: Team) -> None:
    forger = make_account(team.admin, name=":green-badge[Published] **x**").id
    post_id = post_of(team, overdue(team, "Waits", account_id=forger))
    pause_account(team.approver, forger, "Stocktaking")
    tab = Tab(someone(team.organization_id, Role.APPROVER)[0]).open("post", post=str(post_id))
    labels = [each.proto.label for each in tab.app.get("page_link")]
    assert r"Resume \:green-badge\[Published\] \*\*x\*\* (Facebook)" in labels


def test_the_post_leads_to_it(team: Team) -> None:
    post_id = post_of(team, overdue(team, "Waits"))
    pause_id = pause_account(team.approver, team.account_id, "Stocktaking")
    tab = Tab(someone(team.organization_id, Role.APPROVER)[0]).open("post", post=str(post_id))
    assert "Acme Coffee (Facebook) is paused by Apia Approver since" in tab.words
    (link,) = [each for each in tab.app.get("page_link") if each.proto.label == "Resume Acme Coffee (Facebook)"]
    assert f"pause={pause_id}" in link.proto.query_string
