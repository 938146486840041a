"""Ending a pause: nothing leaves by itself, what is decided goes out one after the other, what is planned stays so."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.errors import Conflict, Invalid, MastheadError
from core.posts import queries as posts
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.publishing import claiming, commands
from core.publishing.commands import Decision, Fate
from core.publishing.triage import Triage, triage
from tests.factories.pauses import PAUSES, pause_account, pause_organization, pause_provider, resume
from tests.factories.posts import publications
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    let_pass,
    make_due,
    make_due_everywhere,
    make_house,
    make_scheduled,
    sweep,
)
from tests.fixtures.programs import RunningSandbox

_S = PublicationState


def now(row: Publication) -> Decision:
    return Decision(publication_id=row.id, was=row.due_at, fate=Fate.NOW)


def at(row: Publication, when: datetime) -> Decision:
    return Decision(publication_id=row.id, was=row.due_at, fate=Fate.AT, at=when)


def drop(row: Publication) -> Decision:
    return Decision(publication_id=row.id, was=row.due_at, fate=Fate.DROP)


def seen(house: House, pause_id: object) -> Triage:
    return triage(house.author, pause_id)  # type: ignore[arg-type]


def claimed(worker: db.Database) -> set[object]:
    with acting_as(worker):
        return {each.publication_id for each in claiming.due(50, FAST)}


def soon(minutes: float = 60) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_overdue_is_shown_first_and_what_is_planned_is_counted(
    what: str, quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    make_scheduled(house)
    in_time = make_due(house, ago_s=60)
    closed = make_due(house, ago_s=120)
    before = make_due(house, ago_s=90)
    let_pass(house.approver, before.id, not_after="clock_timestamp() - interval '1 s'")
    assert sweep(worker) == {before.id: "needs_human"}
    pause_id = PAUSES[what](house)
    let_pass(house.approver, closed.id, not_after="clock_timestamp()")
    assert sweep(worker) == {closed.id: "needs_human"}
    found = seen(house, pause_id)
    assert [each.publication_id for each in found.overdue] == [closed.id, in_time.id]
    assert [each.shown.label for each in found.overdue] == ["Needs you", "Held"]
    assert (found.planned, found.being_sent, found.held_on, found.others, found.more) == (1, 0, 0, (), False)


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_decided_happens_and_the_rest_needs_a_person(
    what: str, quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    planned = make_scheduled(house)
    sent, moved, dropped, left = (make_due(house, ago_s=600, window_s=86_400) for _ in range(4))
    pause_id = PAUSES[what](house)
    when = soon()
    done = resume(house.approver, pause_id, now(sent), at(moved, when), drop(dropped))
    assert (done.now, done.moved, done.dropped, done.late) == ((sent.id,), (moved.id,), (dropped.id,), 1)
    assert done.words == "Resumed: 1 sent now, 1 given a time, 1 dropped. 1 is late and needs you."
    assert claimed(worker) == {sent.id}
    assert sweep(worker) == {left.id: "needs_human"}
    rows = {row.id: again(house.author, row.id) for row in (planned, moved, dropped, left)}
    assert [rows[row.id].state for row in (planned, moved, dropped)] == [_S.SCHEDULED, _S.SCHEDULED, _S.CANCELLED]
    assert (rows[moved.id].due_at, rows[left.id].needs) == (when, Needs.LATE)
    with db.transaction(house.approver) as session:
        audit = "select action, after from masthead.audit_event where action like '%.resumed'"
        (line,) = session.execute(text(audit)).all()
    assert line.action == f"{what}.resumed"
    assert set(line.after["publications"]) == {str(row.id) for row in (sent, moved, dropped)}
    assert line.after["late"] == 1


def test_the_timeline_says_what_became_of_a_post_at_the_resume(quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    moved, dropped = make_due(house), make_due(house)
    when = soon()
    resume(house.approver, pause_organization(house.approver), at(moved, when), drop(dropped))
    for row, words, slot in (
        (moved, "gave it a time when it was resumed", when),
        (dropped, "dropped it when it was resumed", None),
    ):
        last = posts.detail(house.author, row.post_id).timeline[-1]
        assert (last.who, last.what, last.publication_id, last.slot_at) == ("Ada Admin", words, row.id, slot)


def test_publishing_many_at_once_goes_out_a_minute_apart_around_what_is_planned(
    quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    other, *_ = (make_due(house, ago_s=60 - turn) for turn in range(12))
    planned = make_scheduled(house, slot_at=soon(5))
    pause_id = pause_organization(house.approver)
    overdue = seen(house, pause_id).overdue
    decisions = [Decision(publication_id=each.publication_id, was=each.due_at, fate=Fate.NOW) for each in overdue]
    assert len(decisions) == 12
    done = resume(house.approver, pause_id, *decisions)
    assert len(done.now) == 12
    assert done.words == "Resumed: 12 sent one after the other."
    with db.transaction(house.approver) as session:
        times = session.execute(
            text("select due_at from masthead.publication where state = 'scheduled' and due_at < :end order by due_at"),
            {"end": soon(600)},
        ).scalars()
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert len(gaps) == 12
    assert min(gaps) >= 60
    assert claimed(worker) == {other.id}, "the longest overdue goes first, alone"
    assert again(house.author, planned.id).due_at == planned.due_at


def test_pages_do_not_wait_for_each_other(network: RunningSandbox, worker: db.Database):
    house = make_house(network, pages=3)
    rows = [again(house.author, row.id) for row in make_due_everywhere(house)]
    resume(house.approver, pause_organization(house.approver), *map(now, rows))
    assert claimed(worker) == {row.id for row in rows}


def test_times_too_close_to_each_other_or_to_what_is_planned_are_refused_and_nothing_is_resumed(
    quiet_house_of_worker: House,
):
    house = quiet_house_of_worker
    one, two = make_due(house), make_due(house)
    planned = make_scheduled(house, slot_at=soon(90))
    pause_id = pause_organization(house.approver)
    when = soon()
    for decisions in (
        (at(one, when), at(two, when + timedelta(seconds=59))),
        (at(one, planned.due_at - timedelta(seconds=30)),),
    ):
        with pytest.raises(Conflict, match="too close"):
            resume(house.approver, pause_id, *decisions)
    with pytest.raises(Invalid, match="has passed"):
        resume(house.approver, pause_id, at(one, soon(-1)))
    with pytest.raises(Invalid, match="twice"):
        resume(house.approver, pause_id, now(one), drop(one))
    assert len(seen(house, pause_id).overdue) == 2
    done = resume(house.approver, pause_id, at(one, when), at(two, when + timedelta(seconds=60)))
    assert done.moved == (one.id, two.id)


def test_what_changed_since_it_was_seen_is_left_alone_and_says_why(quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    moved, lapsed, broken, elsewhere = (make_due(house) for _ in range(4))
    pause_id = pause_account(house.approver, house.page.account.id)
    commands.reschedule(house.author, uuid4(), soon(), publication_id=moved.id)
    let_pass(house.approver, lapsed.id, approved_until="clock_timestamp()")
    stranger = Decision(publication_id=uuid4(), was=soon(-5), fate=Fate.NOW)
    done = resume(house.approver, pause_id, now(moved), now(lapsed), stranger, drop(broken), now(elsewhere))
    words = {each.publication_id: each.words for each in done.left_alone}
    assert (
        words[moved.id] == words[stranger.publication_id] == "Somebody changed one meanwhile: it was left as it stands."
    )
    assert words[lapsed.id] == "Its approval has lapsed. Submit it again."
    assert (done.now, done.dropped) == ((elsewhere.id,), (broken.id,))
    assert sweep(worker) == {lapsed.id: "needs_human"}


def test_a_double_click_decides_once_and_of_two_people_one_resumes(quiet_house_of_worker: House):
    house = quiet_house_of_worker
    row = make_due(house)
    pause_id, action_id = pause_organization(house.approver), uuid4()
    decisions = [now(row)]
    first = commands.resume(house.approver, action_id, pause_id, decisions)
    assert commands.resume(house.approver, action_id, pause_id, decisions) == first
    assert again(house.author, row.id).version == row.version + 1
    rows = [make_due(house) for _ in range(4)]
    pause_id = pause_organization(house.approver)
    together = threading.Barrier(4)

    def press(row: Publication) -> bool:
        together.wait()
        try:
            commands.resume(house.approver, uuid4(), pause_id, [drop(row)])
        except MastheadError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(press, rows))
    assert sorted(won) == [False] * 3 + [True]
    dropped = [again(house.author, row.id).state is _S.CANCELLED for row in rows]
    assert dropped == won


def test_resuming_the_outer_leaves_the_inner_in_force_and_says_so(quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    inner_row = make_due(house)
    inner = pause_account(house.approver, house.page.account.id)
    provider = pause_provider(house.approver)
    outer = pause_organization(house.approver)
    found = seen(house, outer)
    assert (found.overdue, found.held_on, {each.id for each in found.others}) == ((), 1, {inner, provider})
    done = resume(house.approver, outer, now(inner_row))
    assert [each.words for each in done.left_alone] == ["Acme stays paused."]
    assert done.words.startswith("Resumed. Still paused: ")
    assert (claimed(worker), sweep(worker)) == (set(), {}), "it is held on, and no lateness of its own"
    assert resume(house.approver, provider).still_paused == ("Acme (Facebook)",)
    assert [each.publication_id for each in seen(house, inner).overdue] == [inner_row.id]
    resume(house.approver, inner, now(inner_row))
    assert claimed(worker) == {inner_row.id}


def test_an_account_resumed_under_the_organizations_pause_stays_held(quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    row = make_due(house)
    outer = pause_organization(house.approver)
    resume(house.approver, pause_account(house.approver, house.page.account.id))
    assert (claimed(worker), sweep(worker)) == (set(), {})
    resume(house.approver, outer)
    assert (claimed(worker), sweep(worker)) == (set(), {row.id: "needs_human"})


def test_a_post_that_moves_as_a_whole_keeps_its_accounts_together(network: RunningSandbox, worker: db.Database):
    house = make_house(network, pages=2)
    rows = make_due_everywhere(house)
    slot = rows[0].due_at
    with db.transaction(house.approver) as session:
        for table, column in (("publication", "due_at"), ("post", "slot_at")):
            session.execute(text(f"update masthead.{table} set {column} = :slot"), {"slot": slot})  # noqa: S608
    rows = publications(house.author, rows[0].post_id)
    when = soon().replace(microsecond=0)
    resume(house.approver, pause_organization(house.approver), *(at(row, when) for row in rows))
    assert posts.detail(house.author, rows[0].post_id).post.slot_at == when
    assert {row.due_at for row in publications(house.author, rows[0].post_id)} == {when}


def test_what_is_to_be_sent_now_under_a_pause_is_said_to_be_held(quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    row = make_scheduled(house)
    pause_id = pause_organization(house.approver)
    said = commands.publish_now(house.approver, uuid4(), publication_id=row.id).words
    assert said == "1 publication held, because it is paused there: resuming asks about it."
    assert [each.publication_id for each in seen(house, pause_id).overdue] == [row.id]


def test_what_an_account_can_not_send_is_shown_as_stuck(quiet_house_of_worker: House):
    house = quiet_house_of_worker
    broken, lapsed = make_due(house, ago_s=2), make_due(house, page=None, ago_s=1)
    let_pass(house.approver, lapsed.id, approved_until="clock_timestamp()")
    pause_id = pause_organization(house.approver)
    assert [each.stuck for each in seen(house, pause_id).overdue] == ["", "Its approval has lapsed. Submit it again."]
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.account set state = 'auth_broken'"))
    assert {each.stuck for each in seen(house, pause_id).overdue} == {"Acme must be connected again first."}
    done = resume(house.approver, pause_id, now(broken))
    assert "must be connected again" in done.left_alone[0].words
