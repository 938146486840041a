"""The address of a live post: found after the fact, and never in the way of the publication."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.infra import db
from core.notices import commands as notices
from core.notices.queries import listed
from core.notices.rules import Kind
from core.posts import queries
from core.posts.rules import NOT_SHOWN, PublicationState
from core.provider_kit.errors import NotSent, NotShown, Trace
from core.publishing import due_rows, links, rules
from core.publishing.queries import evidence
from tests.factories.publishing import FAST, House, ScriptedPublisher, acting_as, again, make_due, send_one
from tests.fixtures.programs import RunningSandbox


def find(worker: db.Database) -> int:
    with acting_as(worker):
        return links.find_due(5, times=FAST)


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
