"""The address of a live post: found after the fact, and never in the way of the publication."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from core.infra import db
from core.notices import commands as notices
from core.notices.queries import listed
from core.notices.rules import Kind
from core.posts import queries
from core.posts.rules import NOT_SHOWN, PublicationState
from core.provider_kit.errors import NotSent, NotShown, Trace
from core.publishing import due_rows, link_rows, links, rules
from core.publishing.queries import evidence
from jobs import low
from tests.factories.costs import KEPT_AFTER, rows_fetched
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    how_often,
    make_due,
    make_many_due,
    make_quiet_house,
    make_scheduled,
    send_one,
    tamper,
)
from tests.fixtures.programs import RunningSandbox


def find(worker: db.Database) -> int:
    with acting_as(worker):
        return how_often(lambda: links.find_next(times=FAST))


def make_due_now(worker: db.Database, house: House) -> None:
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(text("update masthead.publication_link set next_try_at = clock_timestamp()"))


def test_the_address_of_a_live_post_is_found(house: House, worker: db.Database, network: RunningSandbox):
    row = make_due(house)
    send_one(worker, row.id)
    assert evidence(house.author, row.id).link_state == "pending"
    assert find(worker) == 1
    shown = evidence(house.author, row.id)
    assert shown.link_state == "found"
    assert shown.link is not None
    assert shown.link.startswith("http")
    assert find(worker) == 0


def test_an_address_that_is_not_there_yet_is_looked_for_again_and_then_missing(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    send_one(worker, row.id)
    monkeypatch.setattr(ScriptedPublisher, "permalink", lambda *_, **__: None)
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher())
    for _ in rules.LINK_TRIES_AFTER_S:
        assert find(worker) == 1
        assert evidence(house.author, row.id).link_state == "pending"
        assert find(worker) == 0
        make_due_now(worker, house)
    find(worker)
    assert evidence(house.author, row.id).link_state == "missing"
    assert again(house.author, row.id).state is PublicationState.PUBLISHED


@pytest.mark.parametrize("trouble", [NotSent("away"), ZeroDivisionError("a bug")])
def test_trouble_with_the_address_never_touches_the_publication(
    trouble: Exception, house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    send_one(worker, row.id)

    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(ScriptedPublisher, "permalink", fail)
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher())
    assert find(worker) == 1
    assert again(house.author, row.id).state is PublicationState.PUBLISHED


def test_a_finder_that_died_leaves_the_address_to_the_next(house: House, worker: db.Database):
    row = make_due(house)
    send_one(worker, row.id)
    with worker.free_transaction() as session:
        assert due_rows.claim_links(session, 5, lease_s=60) == [(house.organization_id, row.id)]
    assert find(worker) == 0  # the dead one's lease
    make_due_now(worker, house)
    assert find(worker) == 1
    assert (evidence(house.author, row.id).link_state, again(house.author, row.id).state) == (
        "found",
        PublicationState.PUBLISHED,
    )


def test_an_account_without_access_is_asked_later(house: House, worker: db.Database):
    row = make_due(house)
    send_one(worker, row.id)
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.account set state = 'disabled'"))
    assert find(worker) == 1
    assert evidence(house.author, row.id).link_state == "pending"


def test_two_finders_do_not_look_for_the_same_address(house: House, worker: db.Database):
    row = make_due(house)
    send_one(worker, row.id)
    find(worker)
    with acting_as(worker):
        assert links.find_one(house.organization_id, row.id, times=FAST) is None


def test_what_the_network_took_and_could_not_process_is_said_on_the_post_and_in_a_notice(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    send_one(worker, row.id)
    failed = NotShown("Facebook couldn't process it.", how_to_fix="Export it again.", trace=Trace(http_status=200))

    def fail(*_: object, **__: object) -> None:
        raise failed

    monkeypatch.setattr(ScriptedPublisher, "permalink", fail)
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher())
    assert find(worker) == 1
    assert find(worker) == 0
    detail = queries.detail(house.author, row.post_id)
    (shown,) = detail.publications
    assert (shown.state, shown.shown.detail) == (PublicationState.PUBLISHED, NOT_SHOWN)
    assert shown.because == "Facebook couldn't process it. Export it again."
    assert (detail.timeline[-1].what, detail.timeline[-1].detail) == (
        "found that the network doesn't show it",
        "Facebook couldn't process it. Export it again.",
    )
    with acting_as(worker):
        notices.raise_due()
    (told,) = [each for each in listed(house.author) if each.kind is Kind.FAILED]
    assert told.words.endswith("Facebook couldn't process it. Export it again.")


def make_sought(house: House, *, ago_s: int = 0) -> UUID:
    """A publication whose address is to be looked for since `ago_s` seconds ago."""
    row = make_scheduled(house)
    tamper(house.organization_id, SOUGHT, id=row.id, ago_s=ago_s)
    return row.id


SOUGHT = """
insert into masthead.publication_link(organization_id, publication_id, next_try_at)
select organization_id, id, clock_timestamp() - make_interval(secs => %(ago_s)s) from masthead.publication
where organization_id = masthead.ctx_organization() and id = coalesce(%(id)s, id)
"""


def claim(worker: db.Database, at_most: int) -> list[UUID]:
    with acting_as(worker), db.free_transaction() as session:
        return [publication_id for _, publication_id in due_rows.claim_links(session, at_most, lease_s=60)]


def test_an_organization_with_many_addresses_to_look_for_keeps_nobody_elses_waiting(worker: db.Database):
    many, one = make_quiet_house(), make_quiet_house()
    first, *rest = [make_sought(many, ago_s=60 - number) for number in range(4)]
    theirs = make_sought(one)
    assert set(claim(worker, 2)) == {first, theirs}
    assert claim(worker, 2) == rest[:2]


# That one of two organizations is never drawn so often in a row happens once in 2 to the hundredth.
LOOKS = 100
DUE_AGAIN = (
    "update masthead.publication_link set next_try_at = clock_timestamp() - interval '1 min'"
    " where organization_id = masthead.ctx_organization()"
)


def test_also_where_they_are_taken_one_at_a_time(worker: db.Database):
    many, one = make_quiet_house(), make_quiet_house()
    make_sought(many, ago_s=60)
    theirs, taken = make_sought(one), 0
    while theirs not in claim(worker, 1):
        taken += 1
        assert taken < LOOKS
        tamper(many.organization_id, DUE_AGAIN)


def tries(house: House, publication_id: UUID) -> int:
    with db.transaction(house.author) as session:
        row = link_rows.link(session, publication_id)
        assert row is not None
        return row.tries


USED_UP = (
    "insert into masthead.account_budget(organization_id, account_id, route, percent)"
    " select organization_id, id, '', 81 from masthead.account"
    " where organization_id = masthead.ctx_organization()"
)


def test_addresses_that_may_not_be_asked_for_now_come_later_and_end_no_job(
    worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher())
    many, one = make_quiet_house(), make_quiet_house()
    make_many_due(many, 50)
    tamper(many.organization_id, SOUGHT, id=None, ago_s=60)
    tamper(many.organization_id, USED_UP)
    assert claim(worker, 1) == []
    theirs = make_sought(one)
    with acting_as(worker):
        assert low.find_links() > 0
        with db.free_transaction() as session:
            assert due_rows.work_waiting(session)[1] is False
    assert claim(worker, 1) == []
    assert tries(one, theirs) == 1


def test_while_one_address_is_asked_for_the_others_are_anybodys(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        send_one(worker, make_due(house).id)
    held: list[int] = []

    def slow(*_: object, **__: object) -> str:
        with worker.organization_transaction(house.organization_id, "program:test") as session:
            leased = "select count(*) from masthead.publication_link where next_try_at > clock_timestamp()"
            held.append(session.execute(text(f"{leased} and state = 'pending'")).scalar_one())
        return "https://network.example/1"

    monkeypatch.setattr(ScriptedPublisher, "permalink", slow)
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher())
    assert find(worker) == 3
    assert held == [1, 1, 1]


MANY = 2000


def rows_read_to_claim(worker: db.Database, at_most: int) -> tuple[int, int]:
    """How many rows of publications and links Postgres fetched for one claim, and how many were claimed."""
    with acting_as(worker), db.free_transaction() as session:
        with rows_fetched(session, "publication", "publication_link") as fetched:
            claims = due_rows.claim_links(session, at_most, lease_s=60)
        return fetched.count, len(claims)


@pytest.mark.parametrize("looked_before", [0, KEPT_AFTER], ids=["a plan of its own", "a plan from before"])
def test_a_claim_costs_what_it_returns_however_many_addresses_are_to_be_looked_for(
    looked_before: int, quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    for _ in range(looked_before):
        assert rows_read_to_claim(worker, 4)[1] == 0
    make_many_due(house, MANY)
    tamper(house.organization_id, SOUGHT, id=None, ago_s=60)
    assert rows_read_to_claim(worker, 4) == (pytest.approx(0, abs=60), 4)
