"""Who is told what, in which words, and when it is mailed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from core.infra.actor import Role
from core.notices import rules
from core.notices.rules import ABOUT, Delivery, Kind, News, Person

AUTHOR, SUBMITTER, APPROVER, NAMED, ADMIN, VIEWER = (
    Person(uuid4(), uuid4(), role)
    for role in (Role.EDITOR, Role.EDITOR, Role.APPROVER, Role.APPROVER, Role.ADMIN, Role.VIEWER)
)
NAMES = {
    AUTHOR.member_id: "author",
    SUBMITTER.member_id: "submitter",
    APPROVER.member_id: "approver",
    NAMED.member_id: "named",
    ADMIN.member_id: "admin",
    VIEWER.member_id: "viewer",
}
EVERYBODY = (AUTHOR, SUBMITTER, APPROVER, NAMED, ADMIN, VIEWER)
TROUBLE = "admin approver author named submitter"
# Kind -> who is told when nobody of them did it.
TOLD = {
    Kind.APPROVAL_ASKED: "admin approver named",
    Kind.CHANGES_REQUESTED: "author submitter",
    Kind.APPROVED: "author submitter",
    Kind.LAPSED: "author submitter",
    Kind.FAILED: TROUBLE,
    Kind.NEEDS_PERSON: TROUBLE,
    Kind.LATE: TROUBLE,
    Kind.AT_RISK: TROUBLE,
    Kind.LIVE_TROUBLE: TROUBLE,
    Kind.RECONNECT: "admin viewer",  # the viewer connected it, when they were an admin
    Kind.NOT_RENEWED: "admin viewer",
    Kind.STOPPED: "admin",
}


def news(kind: Kind, actor: str = "program:sender", **more: UUID | None) -> News:
    about = {
        "author_id": AUTHOR.member_id,
        "submitted_by": SUBMITTER.member_id,
        "connected_by": VIEWER.member_id,
        **more,
    }
    return News(kind=kind, key="k", subject_kind="post", subject_id=uuid4(), actor=actor, **about)


def told(what: News, members: tuple[Person, ...] = EVERYBODY, *, self_approval: bool = False) -> str:
    return " ".join(sorted(NAMES[each] for each in rules.told(what, members, self_approval=self_approval)))


def test_every_kind_says_who_is_told() -> None:
    assert set(TOLD) == set(Kind) == set(ABOUT)


@pytest.mark.parametrize("kind", Kind)
def test_who_is_told_by_kind(kind: Kind) -> None:
    assert told(news(kind)) == TOLD[kind]


@pytest.mark.parametrize(("kind", "actor"), [*product(Kind, EVERYBODY)])
def test_nobody_is_told_of_their_own_deed(kind: Kind, actor: Person) -> None:
    without = [each for each in TOLD[kind].split() if each != NAMES[actor.member_id]]
    assert told(news(kind, actor.label)) == " ".join(without)


@pytest.mark.parametrize(("kind", "gone"), [*product(Kind, EVERYBODY)])
def test_who_is_no_active_member_is_told_nothing(kind: Kind, gone: Person) -> None:
    there = tuple(each for each in EVERYBODY if each is not gone)
    assert NAMES[gone.member_id] not in told(news(kind), there).split()


def test_a_named_approver_is_asked_alone() -> None:
    assert told(news(Kind.APPROVAL_ASKED, reviewer_id=NAMED.member_id)) == "named"


def test_approvers_are_asked_about_their_own_work_only_where_they_may_approve_it() -> None:
    own = news(Kind.APPROVAL_ASKED, author_id=APPROVER.member_id)
    assert told(own) == "admin named"
    assert told(own, self_approval=True) == "admin approver named"


def test_trouble_is_mailed_at_once_unless_somebody_wishes_otherwise() -> None:
    assert {ABOUT[kind].default for kind in Kind if ABOUT[kind].is_trouble} == {Delivery.AT_ONCE}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words_for_anything_that_is_known_of_it(kind: Kind) -> None:
    full = {"who": "Tom", "post": "Beans", "account": "Acme", "why": "Too long.", "comment": "Shorter", "ends": "3 May"}
    for data in (full, {}, {"who": "", "post": "", "account": ""}):
        assert rules.sentence(kind, data).strip()
        assert rules.subject_line([(kind, data)], "Northwind", is_digest=False).startswith("Northwind: ")
    many = rules.subject_line([(kind, full)] * 100, "Northwind", is_digest=False)
    assert "100" in many


@pytest.mark.parametrize(("post", "end"), [("Beans", "“Beans”."), ("Beans!", "“Beans!”"), ("", "a post without text.")])
def test_a_sentence_has_one_full_stop_at_most(post: str, end: str) -> None:
    assert rules.sentence(Kind.APPROVED, {"who": "Tom", "post": post}) == f"Tom approved {end}"


def test_a_long_post_is_named_by_its_beginning() -> None:
    assert rules.beginning("word " * 100).endswith("…")
    assert len(rules.beginning("x" * 5000)) <= 80
    assert rules.beginning("Fresh\nbeans") == "Fresh beans"


# When

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)


def test_a_burst_waits_for_quiet_but_not_for_ever() -> None:
    just_now, long_ago = NOON - timedelta(seconds=1), NOON - timedelta(minutes=2)
    assert not rules.is_ripe(just_now, just_now, NOON)
    assert rules.is_ripe(NOON - rules.QUIET, NOON - rules.QUIET, NOON)
    assert rules.is_ripe(long_ago, just_now, NOON)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
def test_each_day_has_one_digest_at_eight_by_the_clock_over_both_changes(zone: str) -> None:
    for first in (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC)):
        seen: dict[date, datetime] = {}
        for quarter in range(40 * 96):
            moment = first + timedelta(minutes=15 * quarter)
            day, until = rules.digest_for(moment, zone)
            assert (until.hour, until.minute, until.date()) == (8, 0, day)
            assert until <= moment < until + timedelta(hours=25, minutes=1)
            assert seen.setdefault(day, until) == until
        assert 40 <= len(seen) <= 41


def test_the_end_of_an_access_is_told_in_three_steps() -> None:
    ends = NOON + timedelta(days=20)
    steps = [rules.ends_threshold(ends, NOON + timedelta(days=each)) for each in range(22)]
    assert steps == [None] * 6 + [14] * 7 + [7] * 6 + [1] + [None, None]


def test_tries_come_further_and_further_apart() -> None:
    waits = [rules.next_try(tries) for tries in range(1, 10)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
