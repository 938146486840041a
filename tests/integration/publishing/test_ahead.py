"""What is prepared before its slot: for these bytes and this slot, never in the way of what is due, never visible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.accounts.queries import account
from core.infra import db
from core.infra.settings import PublishTimes
from core.posts import commands as posts
from core.posts import preflight, queries
from core.posts.model import Publication
from core.posts.rules import AT_RISK, PublicationState
from core.provider_kit.errors import (
    NotReady,
    NotSent,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Trace,
)
from core.provider_kit.types import Published
from core.publishing import ahead, claiming, commands, sweeping
from core.publishing.queries import evidence
from core.publishing.steps import ClaimLost
from core.publishing.store import Claim
from tests.factories.accounts import connect_again
from tests.factories.media import make_kept_image
from tests.factories.memory_network import MemoryNetwork
from tests.factories.pauses import PAUSES
from tests.factories.posts import attached, hashes
from tests.factories.publishing import (
    House,
    Page,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    bring_forward,
    let_pass,
    make_quiet_house,
    make_scheduled,
    send_one,
    tamper,
)

_S = PublicationState
YES = Published("77_1", 200)
SHIPPED = PublishTimes()
NEAR_S = 1800.0


@pytest.fixture
def house(quiet_house_of_worker: House, kept_files: Path) -> House:
    return quiet_house_of_worker


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> MemoryNetwork:
    """A network of containers."""
    network = MemoryNetwork("container")
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    return network


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedPublisher]:
    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


def make_near(house: House, page: Page | None = None, *, in_s: float = NEAR_S, **post: Any) -> Publication:
    """An approved publication with an image, whose slot comes in so many seconds."""
    row = make_scheduled(house, page, files=attached(make_kept_image(house.author)), **post)
    move_slot(house, row.id, in_s)
    return again(house.author, row.id)


def move_slot(house: House, publication_id: UUID, in_s: float) -> None:
    due_at = f"clock_timestamp() + make_interval(secs => {in_s:f})"
    let_pass(house.approver, publication_id, due_at=due_at, not_after=f"{due_at} + interval '30 minutes'")


def claim_ahead(worker: db.Database, at_most: int = 4, times: PublishTimes = SHIPPED) -> list[Claim]:
    with acting_as(worker):
        return claiming.ahead(at_most, times)


def prepare(worker: db.Database, claim: Claim) -> bool:
    with acting_as(worker):
        return ahead.prepare_one(claim.organization_id, claim.publication_id, claim.epoch, times=SHIPPED)


def prepare_next(worker: db.Database) -> bool:
    (claim,) = claim_ahead(worker)
    return prepare(worker, claim)


def note(house: House, publication_id: UUID) -> Any:
    with db.transaction(house.author) as session:
        return session.execute(
            text(
                "select *, extract(epoch from next_action_at - clock_timestamp())::float8 as in_s"
                " from masthead.preparation where publication_id = :id"
            ),
            {"id": publication_id},
        ).one()


def come_back(house: House) -> None:
    """The lease, or the wait, of everything is over."""
    tamper(
        house.organization_id,
        "update masthead.preparation set next_action_at = clock_timestamp() where next_action_at is not null",
    )


def told(house: House, row: Publication) -> list[tuple[str, str]]:
    return [
        (each.what, each.detail)
        for each in queries.detail(house.author, row.post_id).timeline
        if each.kind == "program"
    ]


def steps(house: House, row: Publication) -> list[tuple[str, bool]]:
    """(reference, still of use) of what was handed to the network."""
    return [(each.reference, each.dropped_at is None) for each in evidence(house.author, row.id).steps]


# What is prepared, and when


def test_the_container_is_there_before_the_slot_and_only_the_visible_call_waits_for_it(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house)
    assert prepare_next(worker)
    assert (network.calls["make"], network.calls["publish"], network.posts) == (1, 0, [])
    now = again(house.author, row.id)
    assert (now.state, now.version, now.epoch, now.attempt_count) == (_S.SCHEDULED, row.version, row.epoch, 0)
    assert attempts(house.author, row.id) == []
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert (network.calls["make"], network.calls["publish"], len(network.posts)) == (1, 1, 1)


def test_the_history_says_that_it_was_prepared(house: House, worker: db.Database, network: MemoryNetwork):
    row = make_near(house)
    prepare_next(worker)
    assert told(house, row) == [
        (
            "prepared it ahead of its time",
            "Facebook has its files now. At its time nothing but the post itself is left to send.",
        )
    ]


@pytest.mark.parametrize(("in_s", "is_taken"), [(2690, True), (130, True), (2710, False), (110, False), (-1, False)])
def test_it_begins_three_quarters_of_an_hour_before_the_slot_and_not_so_late_as_to_be_in_the_way(
    in_s: float, is_taken: bool, house: House, worker: db.Database
):
    make_near(house, in_s=in_s)
    with acting_as(worker):
        assert sweeping.look("test", SHIPPED).ahead is is_taken
    assert bool(claim_ahead(worker)) is is_taken


def test_what_has_no_files_is_not_prepared(house: House, worker: db.Database):
    row = make_scheduled(house)
    move_slot(house, row.id, NEAR_S)
    assert claim_ahead(worker) == []


def test_what_is_prepared_is_prepared_once(house: House, worker: db.Database, network: MemoryNetwork):
    make_near(house)
    assert prepare_next(worker)
    with acting_as(worker):
        assert not sweeping.look("test", SHIPPED).ahead
    assert claim_ahead(worker) == []


def test_two_claims_at_once_never_have_the_same_one(house: House, worker: db.Database):
    rows = {make_near(house).id for _ in range(3)}
    first, second = claim_ahead(worker, 2), claim_ahead(worker, 2)
    assert (len(first), len(second)) == (2, 1)
    assert {each.publication_id for each in (*first, *second)} == rows


def test_organizations_take_turns_however_many_one_of_them_has(house: House, worker: db.Database):
    for _ in range(5):
        make_near(house, in_s=600)
    other = make_quiet_house()
    single = make_near(other, in_s=1200)
    claimed = claim_ahead(worker, 2)
    assert single.id in {each.publication_id for each in claimed}
    assert {each.organization_id for each in claimed} == {house.organization_id, other.organization_id}
    for _ in range(2):
        make_near(other, in_s=1200)
    (third, fourth) = claim_ahead(worker, 2)
    assert {third.organization_id, fourth.organization_id} == {house.organization_id, other.organization_id}


# What holds a send holds this too


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_paused_is_not_prepared(what: str, house: House, worker: db.Database):
    make_near(house)
    PAUSES[what](house)
    assert claim_ahead(worker) == []


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_paused_once_it_is_claimed_asks_the_network_for_nothing(
    what: str, house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house)
    (claim,) = claim_ahead(worker)
    PAUSES[what](house)
    assert not prepare(worker, claim)
    assert (network.calls["make"], steps(house, row)) == (0, [])
    assert told(house, row) == [("stopped preparing it ahead of its time", "It was paused before it was sent.")]


def test_the_story_tells_that_a_disconnected_account_ended_a_preparation_and_says_it_once(
    house: House, worker: db.Database, script
):
    row = make_near(house)
    (claim,) = claim_ahead(worker)
    tamper(
        house.organization_id, "update masthead.account set state = 'disabled', state_reason = 'disconnected by Ana'"
    )
    assert not prepare(worker, claim)
    come_back(house)
    assert claim_ahead(worker) == []
    assert told(house, row) == [("stopped preparing it ahead of its time", "The account can't send now.")]


def test_the_story_tells_that_a_refused_access_ended_a_preparation(house: House, worker: db.Database, script):
    row = make_near(house)
    script(prepared=ReconnectNeeded("The Page took the permission back."))
    assert not prepare_next(worker)
    assert told(house, row) == [("stopped preparing it ahead of its time", "The Page took the permission back.")]


@pytest.mark.parametrize(
    "trouble",
    [NotReady("working", after_s=1), NotSent("away"), ReconnectNeeded("Gone.")],
    ids=["at it still", "away", "refused"],
)
@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (PAUSES["account"], "It was paused before it was sent."),
        (
            lambda house: tamper(house.organization_id, "update masthead.account set state = 'disabled'"),
            "The account can't send now.",
        ),
    ],
    ids=["pause", "disconnect"],
)
def test_the_story_tells_what_ended_a_preparation_that_was_under_way(
    trouble: ProviderFailure, hold: Callable[[House], object], words: str, house: House, worker: db.Database, script
):
    row, people = make_near(house), db.current()

    def held(_steps: Any) -> None:
        with acting_as(people):
            hold(house)

    script(prepared=trouble, steps=held)
    assert not prepare_next(worker)
    assert told(house, row) == [("stopped preparing it ahead of its time", words)]
    assert account(house.author, row.account_id).state != "auth_broken"


def test_what_is_paused_while_it_is_prepared_is_not_sent_and_loses_nothing(house: House, worker: db.Database, script):
    row = make_near(house)
    people = db.current()

    def pause(steps: Any) -> None:
        with acting_as(people):
            PAUSES["account"](house)
        steps.keep("container", "1784")

    publisher = script(steps=pause)
    assert prepare_next(worker)
    bring_forward(house.approver, row.id)
    with acting_as(worker):
        assert claiming.due(5, SHIPPED) == []
    assert (publisher.sent, steps(house, row)) == ([], [("1784", True)])


@pytest.mark.parametrize(
    "statement",
    [
        "update masthead.account set state = 'auth_broken', state_reason = 'gone'",
        "update masthead.publication set approved_until = due_at - interval '1 s'",
        """insert into masthead.account_budget(organization_id, account_id, route, percent, gap, said_at)
           select organization_id, id, '', 70, '10 s', clock_timestamp() from masthead.account""",
        """insert into masthead.account_budget(organization_id, account_id, route, percent, gap, said_at, held_until)
           select organization_id, id, '', 99, '0', clock_timestamp(), clock_timestamp() + interval '1 h'
           from masthead.account""",
    ],
    ids=["account", "approval", "budget in use", "budget used up"],
)
def test_what_could_not_be_sent_or_has_little_room_left_is_not_prepared(
    statement: str, house: House, worker: db.Database
):
    make_near(house)
    assert len(claim_ahead(worker)) == 1
    come_back(house)
    tamper(house.organization_id, statement)
    assert claim_ahead(worker) == []


def test_a_network_in_trouble_is_left_alone(house: House, worker: db.Database):
    make_near(house)
    tamper(
        house.organization_id,
        "insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at) values"
        " ('meta', 'facebook', 'prepare', 'open', clock_timestamp(), '30 s', clock_timestamp())",
    )
    assert claim_ahead(worker) == []
    tamper(house.organization_id, "delete from masthead.breaker")
    assert len(claim_ahead(worker)) == 1


# People


def test_an_edit_makes_what_was_prepared_useless_and_the_new_bytes_are_prepared_anew(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house)
    prepare_next(worker)
    (before,) = steps(house, row)
    edit_and_approve(house, row)
    move_slot(house, row.id, NEAR_S)
    assert prepare_next(worker)
    assert (network.calls["make"], network.posts) == (2, [])
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is _S.PUBLISHED
    ((old, _), (new, of_use)) = steps(house, row)
    assert (old, of_use) == (before[0], True)
    assert old != new
    assert [each.text for each in network.posts] == ["Other words."]


def edit_and_approve(house: House, row: Publication) -> None:
    """Other words, approved again by the commands that people have."""
    revision = queries.detail(house.author, row.post_id).post.revision
    saved = posts.save(
        house.author,
        row.post_id,
        revision,
        text="Other words.",
        link=None,
        account_ids=[row.account_id],
        slot_at=datetime.now(UTC) + timedelta(days=1),
    )
    posts.submit(house.author, uuid4(), row.post_id, saved.revision)
    posts.approve(house.approver, uuid4(), row.post_id, hashes(house.author, row.post_id))


def test_a_post_that_is_being_prepared_can_be_cancelled_and_the_next_step_is_refused(
    house: House, worker: db.Database, script
):
    row = make_near(house)
    people, refused = db.current(), []

    def cancel(steps: Any) -> None:
        steps.keep("container", "1784")
        with acting_as(people):
            commands.cancel(house.author, uuid4(), publication_id=row.id)
        try:
            steps.keep("container", "1785")
        except ClaimLost as lost:
            refused.append(lost)
            raise

    script(steps=cancel)
    assert not prepare_next(worker)
    assert len(refused) == 1
    assert again(house.author, row.id).state is _S.CANCELLED
    assert steps(house, row) == [("1784", True)]
    assert told(house, row) == []


def test_another_slot_ends_a_preparation_and_begins_another_that_finds_what_was_made(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house)
    assert prepare_next(worker)
    move_slot(house, row.id, NEAR_S + 60)
    assert prepare_next(worker)
    assert network.calls["make"] == 1


def test_a_container_older_than_twenty_hours_is_not_used(house: House, worker: db.Database, network: MemoryNetwork):
    row = make_near(house)
    assert prepare_next(worker)
    tamper(
        house.organization_id,
        "alter table masthead.publication_step disable trigger publication_step_guard;"
        "update masthead.publication_step set expires_at = clock_timestamp() - interval '1 s';"
        "alter table masthead.publication_step enable trigger publication_step_guard",
    )
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert (network.calls["make"], len(network.posts)) == (2, 1)


# Failures and deaths


def test_a_network_that_is_at_it_still_is_asked_when_it_says_and_no_try_is_used_up(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house)
    network.faults = [("status", "working")]
    assert not prepare_next(worker)
    waits = note(house, row.id)
    assert (waits.owner, waits.tries, waits.prepared_at) == (None, 0, None)
    assert 1 < waits.in_s < 2.5
    assert claim_ahead(worker) == []
    come_back(house)
    assert prepare_next(worker)
    assert network.calls["make"] == 1
    assert again(house.author, row.id).attempt_count == 0


def test_a_failure_is_tried_again_ever_more_rarely_and_is_no_try_of_the_post(house: House, worker: db.Database, script):
    row = make_near(house)
    waits = []
    for trouble in (NotSent("away"), RetryLater("busy"), ValueError("ours"), NotSent("away"), NotSent("away")):
        script(prepared=trouble)
        assert not prepare_next(worker)
        waits.append(note(house, row.id).in_s)
        come_back(house)
    for waited, step in zip(waits, (5, 15, 60, 300, 300), strict=True):
        assert step - 1 < waited <= step * 1.25
    now = again(house.author, row.id)
    assert (now.state, now.attempt_count, now.last_error, told(house, row)) == (_S.SCHEDULED, 0, None, [])
    script(YES)
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert again(house.author, row.id).attempt_count == 1


def test_a_refusal_for_good_is_told_ahead_and_left_to_the_slot(house: House, worker: db.Database, script):
    row = make_near(house)
    script(prepared=Rejected("Too small.", how_to_fix="Export it larger.", trace=Trace(http_status=400, code="36000")))
    assert not prepare_next(worker)
    assert claim_ahead(worker) == []
    assert told(house, row) == [("could not prepare it ahead of its time", "Too small.")]
    with acting_as(worker):
        preflight.look(house.organization_id, [row.id])
    (shown,) = queries.detail(house.author, row.post_id).publications
    assert (shown.shown.detail, shown.because) == (AT_RISK, "Too small. Export it larger.")
    script(YES)
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert again(house.author, row.id).last_error is None


def test_what_was_refused_is_not_held_against_other_bytes(house: House, worker: db.Database, script):
    row = make_near(house)
    script(prepared=Rejected("Too small.", how_to_fix="Export it larger."))
    prepare_next(worker)
    edit_and_approve(house, row)
    with acting_as(worker):
        preflight.look(house.organization_id, [row.id])
    (shown,) = queries.detail(house.author, row.post_id).publications
    assert (shown.shown.detail, shown.because) == ("", "")
    move_slot(house, row.id, NEAR_S)
    script(YES)
    assert prepare_next(worker)


@pytest.mark.parametrize("outcome", [None, Rejected("Too small.")], ids=["prepared", "refused"])
def test_what_comes_of_bytes_that_were_edited_meanwhile_is_not_said_of_the_new_ones(
    outcome: Rejected | None, house: House, worker: db.Database, script
):
    row = make_near(house)
    people = db.current()

    def edit() -> None:
        with acting_as(people):
            edit_and_approve(house, row)
        if outcome is not None:
            raise outcome

    script(prepared=edit)
    prepare_next(worker)
    assert (again(house.author, row.id).last_error, told(house, row)) == (None, [])


def test_an_access_that_is_gone_holds_the_account_ahead_of_the_slot(house: House, worker: db.Database, script):
    make_near(house)
    script(prepared=ReconnectNeeded("The token is gone."))
    assert not prepare_next(worker)
    assert account(house.author, house.page.account.id).state == "auth_broken"
    come_back(house)
    assert claim_ahead(worker) == []


def test_the_refusal_of_a_token_that_was_replaced_while_it_was_prepared_stops_nothing(
    house: House, worker: db.Database, script
):
    row, people = make_near(house), db.current()

    def refused() -> None:
        with acting_as(people):
            connect_again(house.approver, house.page.account)
        raise ReconnectNeeded("The token is gone.")

    script(prepared=refused)
    assert not prepare_next(worker)
    assert account(house.author, house.page.account.id).state == "active"
    assert told(house, row) == []
    come_back(house)
    script()
    assert prepare_next(worker)


def test_a_sender_that_dies_over_it_leaves_it_to_the_next_before_the_slot(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_near(house, in_s=130)
    (claim,) = claim_ahead(worker)
    held = note(house, row.id)
    assert 110 < held.in_s <= 120
    assert held.next_action_at < held.due_at
    assert claim_ahead(worker) == []
    come_back(house)
    (later,) = claim_ahead(worker)
    assert later.epoch == claim.epoch + 1
    assert not prepare(worker, claim)
    assert prepare(worker, later)
    assert network.calls["make"] == 1


def test_whoever_outlives_its_lease_is_refused_the_next_step(house: House, worker: db.Database, script):
    row = make_near(house)

    def outlive(steps: Any) -> None:
        come_back(house)
        steps.keep("container", "1784")

    script(steps=outlive)
    assert not prepare_next(worker)
    assert steps(house, row) == []


def test_no_lease_reaches_past_the_slot_and_from_then_on_the_sender_has_it(house: House, worker: db.Database, script):
    row = make_near(house)
    seen: list[float] = []
    sent: list[object] = []

    def until_the_slot(steps: Any) -> None:
        move_slot_of_both(house, row.id, 60)
        steps.keep("container", "1784")
        seen.append(note(house, row.id).in_s)
        move_slot_of_both(house, row.id, 0)
        sent.append(claiming.due(5, SHIPPED))
        steps.keep("container", "1785")

    script(steps=until_the_slot)
    assert not prepare_next(worker)
    assert 58 < seen[0] <= 60
    assert [[each.publication_id for each in claims] for claims in sent] == [[row.id]]
    assert steps(house, row) == [("1784", True)]


def move_slot_of_both(house: House, publication_id: UUID, in_s: float) -> None:
    """Time passes: the slot is nearer, and it is the same slot."""
    move_slot(house, publication_id, in_s)
    tamper(
        house.organization_id,
        "update masthead.preparation w set due_at = p.due_at from masthead.publication p"
        " where p.id = w.publication_id and p.id = %(id)s",
        id=publication_id,
    )


# What is due


def test_what_is_due_is_claimed_as_ever_while_its_twin_is_prepared(house: House, worker: db.Database):
    files = attached(make_kept_image(house.author))
    later, due = (make_scheduled(house, words="Twice.", files=files) for _ in range(2))
    assert later.payload_sha256 == due.payload_sha256
    move_slot(house, later.id, NEAR_S)
    assert [each.publication_id for each in claim_ahead(worker)] == [later.id]
    bring_forward(house.approver, due.id)
    with acting_as(worker):
        assert [each.publication_id for each in claiming.due(5, SHIPPED)] == [due.id]
