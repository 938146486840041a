"""The calendar: the address is the view, a move is asked of core, and what can't move says why."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text as sql

from core.infra import db
from core.infra.actor import Role
from core.posts import preflight, queries
from core.posts.rules import Word
from core.publishing import commands as publishing
from tests.console.days import BERLIN, ahead, clocks_change, today
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.notices import by
from tests.factories.posts import Team, make_approved, make_post, make_submitted, make_team, publication, soon


def at(day: date, clock: time = time(10, 30)) -> datetime:
    return datetime.combine(day, clock, BERLIN)


def chips(tab: Tab) -> dict[str, list[dict[str, Any]]]:
    """Day -> its chips, of days with any."""
    return {day["iso"]: day["chips"] for day in tab.component("calendar")["days"] if day["chips"]}


def texts(tab: Tab) -> list[str]:
    return [chip["text"] for found in chips(tab).values() for chip in found]


def drop(tab: Tab, chip: dict[str, Any], day: date) -> Tab:
    """What the browser hands over when a chip is dropped on a day."""
    dropped = {"post": chip["post"], "at": chip["at"], "seen": chip["seen"], "day": day.isoformat()}
    return tab.trigger("calendar", "moved", dropped)


@pytest.fixture
def writer(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    return Tab(sign_in)


@pytest.fixture
def day() -> date:
    """The 15th of next month: far from every edge."""
    return (today().replace(day=1) + timedelta(days=32)).replace(day=15)


def test_a_chip_at_risk_says_so_in_words(committed_database: db.Database, worker_database: db.Database) -> None:
    team, slot = make_team(), soon(20)
    make_approved(team.author, team.approver, [team.account_id], text="May not go", slot_at=slot)
    with db.transaction(team.admin) as session:
        session.execute(sql("update masthead.credential set expires_at = clock_timestamp() + interval '20 minutes'"))
    by(worker_database, lambda: preflight.look_due(10))
    tab = Tab(someone(team.organization_id, Role.VIEWER)[0])
    day = slot.astimezone(BERLIN).date().isoformat()
    (chip,) = chips(tab.open("calendar", on=day))[day]
    assert chip["shown"]["label"] == "At risk"
    assert (chip["shown"]["words"], ", Scheduled: at risk, May not go" in chip["words"]) == ("Scheduled: at risk", True)


def test_a_month_has_whole_weeks_with_what_stands_on_each_day(team: Team, writer: Tab, day: date) -> None:
    make_submitted(team.author, [team.account_id], text="Waits", slot_at=at(day))
    writer.open("calendar", on=day.isoformat())
    days = writer.component("calendar")["days"]
    assert writer.title == f"{day:%B %Y}"
    assert len(days) % 7 == 0
    assert date.fromisoformat(days[0]["iso"]).weekday() == 0
    assert {date.fromisoformat(each["iso"]).month for each in days if not each["out"]} == {day.month}
    (chip,) = chips(writer)[day.isoformat()]
    assert (chip["time"], chip["text"], chip["shown"]["label"], chip["fixed"]) == ("10:30", "Waits", "In review", "")
    assert chip["networks"] == [{"title": "Facebook", "color": chip["networks"][0]["color"]}]
    assert chip["words"] == "10:30, In review, Waits, Acme Coffee"


def test_the_viewers_time_stands_beside_where_it_differs(team: Team, day: date) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    make_post(team.author, [team.account_id], slot_at=at(day))
    tab = Tab(sign_in, timezone="America/New_York").open("calendar", on=day.isoformat())
    (chip,) = chips(tab)[day.isoformat()]
    mine = f"{at(day).astimezone(ZoneInfo('America/New_York')):%H:%M} your time"
    assert (chip["time"], chip["beside"]) == ("10:30", mine)
    assert mine in chip["title"]
    assert "Times in Europe/Berlin" in tab.words
    assert "Yours (America/New_York)" in tab.words


def test_the_buttons_turn_months_weeks_and_days(writer: Tab) -> None:
    writer.open("calendar", on="2027-01-31")
    assert writer.press("calendar_right").address["on"] == "2027-02-01"
    assert writer.press("calendar_left").address["on"] == "2027-01-01"
    writer.open("calendar", on="2027-01-31", view="week")
    assert writer.title == "25 \N{EN DASH} 31 Jan 2027"
    assert writer.press("calendar_right").title == "1 \N{EN DASH} 7 Feb 2027"
    assert writer.press("calendar_today").address["on"] == today().isoformat()


@pytest.mark.parametrize("parameters", [{"on": "x"}, {"on": "0001-01-01"}, {"on": "9999-12-31"}, {"view": "x"}])
def test_nonsense_in_the_address_shows_this_month(writer: Tab, parameters: dict[str, str]) -> None:
    assert writer.open("calendar", **parameters).title == f"{today():%B %Y}"


def test_filters_come_from_the_address_and_go_there(team: Team, writer: Tab, day: date) -> None:
    other = make_account(team.admin, name="Acme Tea")
    make_submitted(team.author, [team.account_id], text="Coffee", slot_at=at(day))
    make_post(team.admin, [other.id], text="Tea", slot_at=at(day, time(11)))
    for parameters in ({"account": str(other.id)}, {"author": str(team.admin.member_id)}, {"state": "draft"}):
        assert texts(writer.open("calendar", on=day.isoformat(), **parameters)) == ["Tea"]
    writer.press("calendar_clear")
    assert writer.address == {"on": day.isoformat()}
    assert texts(writer) == ["Coffee", "Tea"]
    writer.app.selectbox(key="calendar_account").set_value(str(team.account_id))
    assert texts(writer.again()) == ["Coffee"]
    writer.app.get_by_key("calendar_states").set_value([Word.IN_REVIEW])
    assert writer.again().address["state"] == "in-review"


def test_a_full_day_is_cut_at_four_and_opens_as_a_list(team: Team, writer: Tab, day: date) -> None:
    for number in range(6):
        make_post(team.author, [team.account_id], text=f"Post {number}", slot_at=at(day, time(8 + number)))
    writer.open("calendar", on=day.isoformat(), state="draft")
    (full,) = [each for each in writer.component("calendar")["days"] if each["total"]]
    assert (len(full["chips"]), full["total"]) == (4, 6)
    assert full["href"] == f"/calendar?state=draft&view=list&on={day}"
    writer.trigger("calendar", "unfolded", {"day": day.isoformat()})
    assert writer.address == {"on": day.isoformat(), "state": "draft", "view": "list"}
    (group,) = writer.component("calendar_list")["groups"]
    assert [row["text"] for row in group["rows"]] == [f"Post {number}" for number in range(6)]


def test_a_dropped_post_keeps_its_clock_time_and_can_be_taken_back(team: Team, writer: Tab, day: date) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], text="Coffee", slot_at=at(day))
    writer.open("calendar", on=day.isoformat())
    (chip,) = chips(writer)[day.isoformat()]
    drop(writer, chip, day + timedelta(days=1))
    assert publication(team.author, post).due_at == at(day + timedelta(days=1))
    assert "Moved “Coffee” to" in writer.words
    assert writer.component("calendar")["said"].startswith("Moved “Coffee”")
    writer.press("undo_take_back")
    assert publication(team.author, post).due_at == at(day)
    assert queries.detail(team.viewer, post).post.slot_at == at(day)


def test_a_second_drop_of_what_was_seen_once_changes_nothing(team: Team, writer: Tab, day: date) -> None:
    post = make_post(team.author, [team.account_id], slot_at=at(day))
    writer.open("calendar", on=day.isoformat())
    (chip,) = chips(writer)[day.isoformat()]
    for _ in range(2):
        drop(writer, chip, day + timedelta(days=1))
    moves = [each for each in queries.detail(team.viewer, post).timeline if "another time" in each.what]
    assert len(moves) == 1


def test_after_undo_the_same_drop_moves_again(team: Team, writer: Tab, day: date) -> None:
    post = make_post(team.author, [team.account_id], slot_at=at(day))
    for _ in range(2):
        writer.open("calendar", on=day.isoformat())
        drop(writer, chips(writer)[day.isoformat()][0], day + timedelta(days=1))
        assert publication(team.author, post).due_at == at(day + timedelta(days=1))
        writer.press("undo_take_back")
        assert publication(team.author, post).due_at == at(day)


def test_a_stale_page_is_told_and_shows_where_it_stands_now(team: Team, writer: Tab, day: date) -> None:
    post = make_post(team.author, [team.account_id], slot_at=at(day))
    writer.open("calendar", on=day.isoformat())
    (chip,) = chips(writer)[day.isoformat()]
    publishing.reschedule(team.admin, UUID(int=1), at(day + timedelta(days=3)), post_id=post)
    drop(writer, chip, day + timedelta(days=1))
    assert "Somebody moved it meanwhile" in writer.words
    assert list(chips(writer)) == [(day + timedelta(days=3)).isoformat()]


def test_the_page_follows_a_post_that_leaves_it(team: Team, writer: Tab, day: date) -> None:
    make_post(team.author, [team.account_id], slot_at=at(day))
    writer.open("calendar", on=day.isoformat(), view="week")
    to = day + timedelta(days=14)
    drop(writer, chips(writer)[day.isoformat()][0], to)
    assert list(chips(writer)) == [to.isoformat()]


def test_the_past_is_refused_in_words(team: Team, writer: Tab) -> None:
    day = ahead(2)
    make_post(team.author, [team.account_id], slot_at=at(day))
    writer.open("calendar", on=day.isoformat(), view="week")
    drop(writer, chips(writer)[day.isoformat()][0], ahead(-2))
    assert "That time has passed" in writer.words


def test_a_time_that_the_clocks_skip_is_refused_with_the_two_nearest(team: Team, writer: Tab) -> None:
    sunday = clocks_change(3)
    post = make_post(team.author, [team.account_id], slot_at=at(sunday - timedelta(days=1), time(2, 30)))
    writer.open("calendar", on=sunday.isoformat(), view="week")
    drop(writer, next(iter(chips(writer).values()))[0], sunday)
    assert "doesn't exist in Europe/Berlin" in writer.words
    assert [writer.button(f"calendar_time_{each}").label[-5:] for each in (0, 1)] == ["01:59", "03:00"]
    writer.press("calendar_time_1")
    assert publication(team.author, post).due_at == at(sunday, time(3, 0))


def test_a_time_that_occurs_twice_is_asked(team: Team, writer: Tab) -> None:
    sunday = clocks_change(10)
    post = make_post(team.author, [team.account_id], slot_at=at(sunday - timedelta(days=1), time(2, 30)))
    writer.open("calendar", on=sunday.isoformat(), view="week")
    drop(writer, next(iter(chips(writer).values()))[0], sunday)
    labels = [writer.button(f"calendar_time_{each}").label for each in (0, 1)]
    assert labels == ["The first (UTC+02:00)", "The second (UTC+01:00)"]
    writer.press("calendar_time_1")
    assert publication(team.author, post).due_at == at(sunday, time(2, 30)).replace(fold=1).astimezone(ZoneInfo("UTC"))


def test_who_only_reads_moves_nothing_and_reads_why(team: Team, day: date) -> None:
    post = make_post(team.author, [team.account_id], slot_at=at(day))
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("calendar", on=day.isoformat())
    (chip,) = chips(tab)[day.isoformat()]
    assert "to reschedule posts that have not been sent takes an editor" in chip["fixed"]
    assert not tab.component("calendar")["may_write"]
    drop(tab, chip, day + timedelta(days=1))
    assert publication(team.author, post).due_at == at(day)
    assert "You are a viewer here" in tab.words


def test_a_day_starts_a_post_for_it(team: Team, writer: Tab, day: date) -> None:
    writer.open("calendar").trigger("calendar", "created", {"day": day.isoformat()})
    assert writer.title == "New post"
    assert writer.app.date_input[0].value == day
    assert "Choose a time as well." in writer.words


def test_the_day_of_a_new_post_stays_with_its_first_words(team: Team, writer: Tab, day: date) -> None:
    writer.open("compose", day=day.isoformat())
    writer.app.time_input[0].set_value(time(9, 15))
    writer.again()
    post = UUID(writer.address["post"])
    assert queries.detail(team.viewer, post).post.slot_at == at(day, time(9, 15))


def test_a_day_that_is_over_is_not_wished_for(writer: Tab, team: Team) -> None:
    writer.open("compose", day=ahead(-3).isoformat())
    assert writer.app.date_input[0].value is None


@pytest.mark.parametrize("nonsense", [None, "x", {}, {"post": "x", "at": "y", "seen": "", "day": "z"}])
def test_nonsense_from_a_browser_moves_nothing(writer: Tab, nonsense: object) -> None:
    writer.open("calendar").trigger("calendar", "moved", nonsense)
    assert not writer.has("trouble_bar")


def test_back_from_a_post_shows_the_view_it_was_opened_from(team: Team, writer: Tab, day: date) -> None:
    post = make_post(team.author, [team.account_id], slot_at=at(day))
    writer.open("calendar", on=day.isoformat(), view="week")
    writer.open("post", post=str(post))
    writer.open("calendar", post=str(post))  # what Streamlit leaves in the browser's history
    assert writer.address == {"on": day.isoformat(), "view": "week"}
