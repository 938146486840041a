"""What stands on the days of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.infra import db
from core.infra.errors import Invalid
from core.posts import commands, queries, slots
from core.posts.calendar import Calendar, Chip
from core.posts.rules import Word
from core.posts.views import Filters
from core.publishing import commands as publishing
from tests.factories.accounts import make_account
from tests.factories.pauses import pause_account
from tests.factories.posts import (
    Team,
    fail,
    hide,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publication,
    publications,
    publish,
    soon,
    take_away,
)

BERLIN = "Europe/Berlin"


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


@pytest.fixture
def real_team(committed_database: db.Database) -> Team:
    return make_team()


def around(team: Team, at: datetime, filters: Filters | None = None, **limits: int) -> Calendar:
    day = slots.day_of(at, BERLIN).day
    return queries.calendar(
        team.viewer, day - timedelta(days=10), day + timedelta(days=10), filters or Filters(), **limits
    )


def chips(calendar: Calendar) -> list[Chip]:
    return [chip for day in calendar.days for chip in day.chips]


def test_publications_of_a_post_at_one_time_are_one_chip_and_others_their_own(team: Team) -> None:
    other, third = (make_account(team.admin, name=name).id for name in ("Acme Tea", "Acme Zest"))
    at = soon()
    post = make_approved(team.author, team.approver, [team.account_id, other, third], slot_at=at)
    apart = next(each for each in publications(team.author, post) if each.account_id == third)
    publishing.reschedule(team.author, uuid4(), at + timedelta(hours=30), publication_id=apart.id)
    together, alone = chips(around(team, at))
    assert [each.account_name for each in together.publications] == ["Acme Coffee", "Acme Tea"]
    assert [each.account_name for each in alone.publications] == ["Acme Zest"]
    assert (together.post_id, together.at, together.shown.word) == (post, at, Word.SCHEDULED)


def test_a_draft_that_goes_nowhere_yet_stands_at_its_wish(team: Team) -> None:
    at = soon()
    post = make_post(team.author, text="Nowhere yet", slot_at=at)
    make_post(team.author, text="No time")
    (chip,) = chips(around(team, at))
    assert (chip.post_id, chip.text, chip.shown.word, chip.publications) == (post, "Nowhere yet", Word.DRAFT, ())


def test_what_was_deleted_is_gone(team: Team) -> None:
    at = soon()
    post = make_post(team.author, [team.account_id], slot_at=at)
    commands.delete(team.author, uuid4(), post)
    assert around(team, at).total == 0


def test_what_was_cancelled_shows_when_it_is_asked_for(team: Team) -> None:
    at = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=at)
    publishing.cancel(team.author, uuid4(), post_id=post)
    assert around(team, at).total == 0
    (chip,) = chips(around(team, at, Filters(words=(Word.CANCELLED,))))
    assert chip.fixed == "It was cancelled. Open it to try it again."


def test_days_are_the_organizations(database: db.Database) -> None:
    team = make_team(timezone="Pacific/Auckland")
    at = datetime(2027, 6, 1, 11, 30, tzinfo=UTC)  # 23:30 on 1 June in Auckland
    make_post(team.author, slot_at=at)
    make_post(team.author, slot_at=at + timedelta(hours=1))
    days = queries.calendar(team.viewer, date(2027, 6, 1), date(2027, 6, 2), Filters()).days
    assert [(each.day, each.total) for each in days] == [(date(2027, 6, 1), 1), (date(2027, 6, 2), 1)]


def test_a_full_day_travels_cut_and_counted(team: Team) -> None:
    at = soon()
    posts = [make_post(team.author, text=f"post {n}", slot_at=at.replace(minute=n)) for n in range(7)]
    calendar = around(team, at, per_day=4)
    (day,) = [each for each in calendar.days if each.total]
    assert [chip.post_id for chip in day.chips] == posts[:4]
    assert (day.total, calendar.total, calendar.listed) == (7, 7, 4)
    assert around(team, at, per_day=4, most=2).listed == 2


def test_a_full_day_leaves_room_for_the_days_after_it(team: Team) -> None:
    at = soon()
    for minute in range(5):
        make_post(team.author, slot_at=at.replace(minute=minute))
    later = make_post(team.author, slot_at=at + timedelta(days=3))
    calendar = around(team, at, per_day=2, most=3)
    assert [chip.post_id for chip in chips(calendar)][2:] == [later]
    assert [each.total for each in calendar.days if each.total] == [5, 1]


def test_filters_narrow_by_account_author_and_state(team: Team) -> None:
    at = soon()
    other = make_account(team.admin, name="Acme Tea").id
    both = make_submitted(team.author, [team.account_id, other], text="both", slot_at=at)
    coffee = make_post(team.admin, [team.account_id], text="coffee", slot_at=at + timedelta(minutes=1))
    nowhere = make_post(team.author, text="nowhere", slot_at=at + timedelta(minutes=2))

    def found(filters: Filters) -> list[UUID]:
        return [chip.post_id for chip in chips(around(team, at, filters))]

    assert found(Filters()) == [both, coffee, nowhere]
    assert found(Filters(account_id=other)) == [both]
    assert found(Filters(author_id=team.author.member_id)) == [both, nowhere]
    assert found(Filters(words=(Word.DRAFT,))) == [coffee, nowhere]
    (whole,) = chips(around(team, at, Filters(account_id=other)))
    assert len(whole.publications) == 2, "what moves together shows together"


def test_a_chip_says_why_it_can_not_be_moved(real_team: Team, worker_database: db.Database) -> None:
    team, at = real_team, soon()
    published, failed = (make_approved(team.author, team.approver, [team.account_id], slot_at=at) for _ in range(2))
    publish(worker_database, publication(team.author, published))
    fail(worker_database, publication(team.author, failed))
    planned = make_approved(team.author, team.approver, [team.account_id], slot_at=at)
    assert {chip.post_id: chip.fixed for chip in chips(around(team, at))} == {
        published: "It is published already.",
        failed: "It failed. Open it to try it again.",
        planned: "",
    }


def test_a_chip_says_that_it_was_deleted_at_its_network(real_team: Team, worker_database: db.Database) -> None:
    team, at = real_team, soon()
    live = publication(team.author, make_approved(team.author, team.approver, [team.account_id], slot_at=at))
    publish(worker_database, live)
    take_away(worker_database, live)
    (chip,) = chips(around(team, at, Filters(words=(Word.PUBLISHED,))))
    assert chip.shown.words == "Published: deleted"
    assert [each.shown for each in chip.publications] == [chip.shown]


def test_a_chip_says_that_its_network_does_not_show_it(real_team: Team, worker_database: db.Database) -> None:
    team, at = real_team, soon()
    accepted = publication(team.author, make_approved(team.author, team.approver, [team.account_id], slot_at=at))
    publish(worker_database, accepted)
    hide(worker_database, accepted, "Facebook couldn't process it.")
    (chip,) = chips(around(team, at, Filters(words=(Word.PUBLISHED,))))
    assert chip.shown.words == "Published: not shown"
    take_away(worker_database, accepted)
    (chip,) = chips(around(team, at))
    assert chip.shown.words == "Published: deleted"


def test_what_is_held_shows_it(team: Team) -> None:
    at = soon()
    make_approved(team.author, team.approver, [team.account_id], slot_at=at)
    pause_account(team.approver, team.account_id)
    (chip,) = chips(around(team, at))
    assert (chip.shown.word, chip.fixed) == (Word.HELD, "")
    assert around(team, at, Filters(words=(Word.SCHEDULED,))).total == 0


def test_a_move_and_its_way_back_are_seen_as_something_new(team: Team) -> None:
    at = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=at)
    (before,) = chips(around(team, at))
    publishing.move(team.author, uuid4(), post, was=at, to=at + timedelta(days=1))
    publishing.move(team.author, uuid4(), post, was=at + timedelta(days=1), to=at)
    (after,) = chips(around(team, at))
    assert (before.at, before.seen == after.seen) == (after.at, False)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date.min, date(1, 1, 30)), (date(2027, 1, 1), date(2027, 6, 1)), (date(2027, 2, 1), date(2027, 1, 1))],
)
def test_days_that_make_no_calendar_are_refused_in_words(team: Team, first: date, last: date) -> None:
    with pytest.raises(Invalid, match="between 2000 and 2199"):
        queries.calendar(team.viewer, first, last, Filters())
