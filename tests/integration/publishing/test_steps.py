"""What invisible steps made is kept at once, for exactly these bytes, by whoever holds the publication alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.infra import db, installation
from core.infra.settings import Settings
from core.media import files, storage
from core.media.files import Named
from core.provider_kit.errors import NotSent, Rejected
from core.provider_kit.types import MediaItem
from core.publishing import store
from core.publishing.queries import evidence
from core.publishing.steps import ClaimedSteps, ClaimLost, KeptSteps
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    bring_forward,
    claim_one,
    let_pass,
    make_due,
    sweep,
    tamper,
)
from tests.fixtures.servers import SECRET_KEY

IMAGE = MediaItem("ab" * 32, "image/jpeg", 100, 100, 1000)


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture
def storage_folder(tmp_path: Path) -> Iterator[Path]:
    """The folder that files are kept in."""
    installation.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_STORAGE_URL=f"file://{tmp_path}"))
    yield tmp_path
    installation.use(None)


@pytest.fixture
def row(house: House):
    return make_due(house)


@pytest.fixture
def steps(house: House, worker: db.Database, row) -> ClaimedSteps:
    """The steps of a publication that this process has claimed and is preparing."""
    return claimed(house, worker, row)


def claimed(house: House, worker: db.Database, row) -> ClaimedSteps:
    claim = claim_one(worker, row.id)
    with acting_as(worker), db.organization_transaction(house.organization_id, "program:sender") as session:
        taken = store.claim(session, claim, owner="test", lease_s=30)
    assert taken is not None
    assert taken.approved_sha256 is not None
    return ClaimedSteps(claim, taken.approved_sha256, FAST.lease_preparing_s)


def test_what_is_kept_is_found_again_and_shown_to_people(worker: db.Database, steps: ClaimedSteps, house: House, row):
    with acting_as(worker):
        assert steps.get("container") is None
        steps.keep("container", "1784", lives_s=60)
        assert steps.get("container") == "1784"
        assert steps.get("other") is None
    let_pass(house.approver, row.id, correlation_id="'click-1'")
    (shown,) = evidence(house.author, row.id).steps
    assert (shown.words, shown.reference) == ("handed its files to Facebook", "1784")
    assert shown.expires_at is not None
    assert (shown.expires_at - shown.made_at).total_seconds() == pytest.approx(60, abs=0.1)
    assert (shown.dropped_at, shown.dropped_because) == (None, "")


def test_what_only_the_provider_needs_to_know_is_not_shown(worker: db.Database, steps: ClaimedSteps, house: House, row):
    with acting_as(worker):
        steps.keep("made at", "17")
        assert steps.get("made at") == "17"
    assert evidence(house.author, row.id).steps == ()


def test_what_has_expired_is_not_used_again_but_still_asked_about(
    worker: db.Database, steps: ClaimedSteps, house: House, row
):
    with acting_as(worker):
        steps.keep("container", "1784", lives_s=60)
        expire(house)
        assert steps.get("container") is None
        with db.organization_transaction(house.organization_id, "program:checker") as session:
            assert KeptSteps.of(session, row.id, steps.approved_sha256).get("container") == "1784"
        steps.keep("container", "1785", lives_s=60)
        assert steps.get("container") == "1785"
    assert [(each.reference, each.dropped_because) for each in evidence(house.author, row.id).steps] == [
        ("1784", "A newer one took its place."),
        ("1785", ""),
    ]


def expire(house: House) -> None:
    tamper(
        house.organization_id,
        "alter table masthead.publication_step disable trigger publication_step_guard;"
        "update masthead.publication_step set expires_at = clock_timestamp() - interval '1 s';"
        "alter table masthead.publication_step enable trigger publication_step_guard",
    )


def test_what_is_dropped_is_gone_for_good_with_the_reason(worker: db.Database, steps: ClaimedSteps, house: House, row):
    with acting_as(worker):
        steps.keep("container", "1784")
        steps.drop("container", "The network could not process it.")
        steps.drop("container", "Nothing is left to drop.")
        assert steps.get("container") is None
    (shown,) = evidence(house.author, row.id).steps
    assert shown.dropped_because == "The network could not process it."
    with pytest.raises(CheckViolation, match="dropped for good"):
        tamper(house.organization_id, "update masthead.publication_step set dropped_at = null, dropped_because = null")


def test_what_was_made_for_bytes_that_were_changed_since_is_let_go_of(
    worker: db.Database, steps: ClaimedSteps, house: House, row
):
    with acting_as(worker):
        steps.keep("container", "1784")
        tamper(
            house.organization_id,
            "update masthead.publication_step set payload_sha256 = decode(repeat('00', 32), 'hex')",
        )
        assert steps.get("container") is None
        steps.keep("container", "1785")
    kept = [(each.reference, each.dropped_at is None) for each in evidence(house.author, row.id).steps]
    assert kept == [("1784", False), ("1785", True)]


def test_other_bytes_find_nothing(worker: db.Database, steps: ClaimedSteps, house: House, row):
    with acting_as(worker):
        steps.keep("container", "1784")
        with db.organization_transaction(house.organization_id, "program:checker") as session:
            assert KeptSteps.of(session, row.id, b"x" * 32).get("container") is None


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"lease_until": "clock_timestamp() - interval '1 ms'"},
        {"state": "'sending'"},
        {"epoch": "epoch + 1"},
    ],
)
def test_whoever_lost_the_publication_keeps_and_drops_nothing(
    meanwhile: dict[str, str], worker: db.Database, steps: ClaimedSteps, house: House, row
):
    with acting_as(worker):
        steps.keep("container", "1784")
        let_pass(house.approver, row.id, **meanwhile)
        with pytest.raises(ClaimLost):
            steps.get("container")
        with pytest.raises(ClaimLost):
            steps.keep("container", "1785")
        with pytest.raises(ClaimLost):
            steps.drop("container", "broken")
    assert [(each.reference, each.dropped_at) for each in evidence(house.author, row.id).steps] == [("1784", None)]


def test_whoever_comes_next_finds_what_the_one_before_kept(worker: db.Database, steps: ClaimedSteps, house: House, row):
    with acting_as(worker):
        steps.keep("container", "1784")
    let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
    sweep(worker)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    bring_forward(house.approver, row.id)
    later = claimed(house, worker, row)
    with acting_as(worker):
        assert later.get("container") == "1784"
        with pytest.raises(ClaimLost):
            steps.keep("container", "1785")
        assert later.get("container") == "1784"


def test_each_kept_step_gives_the_claim_a_whole_lease_more(worker: db.Database, steps: ClaimedSteps, house: House, row):
    let_pass(house.approver, row.id, lease_until="clock_timestamp() + interval '0.5 s'")
    before = again(house.author, row.id).lease_until
    with acting_as(worker):
        steps.keep("container", "1784")
    after = again(house.author, row.id).lease_until
    assert before is not None
    assert after is not None
    assert after > before


def test_the_files_are_those_of_the_organization_and_exactly_the_approved_ones(
    steps: ClaimedSteps, house: House, storage_folder: Path
):
    sha256 = storage.current().keep(house.organization_id, io.BytesIO(b"an image"))
    kept = replace(IMAGE, sha256=sha256)
    assert steps.read(kept) == b"an image"
    assert files.named_by(steps.address(kept).rpartition("/")[2]) == Named(house.organization_id, sha256, "image/jpeg")
    other = replace(steps, claim=replace(steps.claim, organization_id=UUID(int=1)))
    with pytest.raises(NotSent):
        other.read(kept)


@pytest.mark.parametrize("ask", [ClaimedSteps.read, ClaimedSteps.address], ids=["read", "address"])
def test_a_file_that_is_gone_ends_it_and_a_storage_that_is_away_only_delays_it(
    steps: ClaimedSteps, house: House, storage_folder: Path, ask: Callable[[ClaimedSteps, MediaItem], object]
):
    sha256 = storage.current().keep(house.organization_id, io.BytesIO(b"an image"))
    with pytest.raises(Rejected, match="gone from Masthead's storage"):
        ask(steps, IMAGE)
    away = storage_folder.rename(storage_folder.with_name("unmounted"))
    with pytest.raises(NotSent, match="can't be read right now"):
        ask(steps, replace(IMAGE, sha256=sha256))
    away.rename(storage_folder)
    assert ask(steps, replace(IMAGE, sha256=sha256))


def test_an_address_is_given_without_reading_the_file(
    steps: ClaimedSteps, house: House, storage_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    sha256 = storage.current().keep(house.organization_id, io.BytesIO(b"an image"))
    monkeypatch.setattr(storage.Storage, "open", lambda *_: pytest.fail("it was read"))
    for _ in range(2):
        assert "/files/" in steps.address(replace(IMAGE, sha256=sha256))


def test_a_read_back_makes_and_forgets_nothing():
    kept = KeptSteps({"container": "1784"})
    assert (kept.get("container"), kept.get("other")) == ("1784", None)
    for wrong in (
        lambda: kept.keep("container", "1785"),
        lambda: kept.drop("container", "broken"),
        lambda: kept.address(IMAGE),
        lambda: kept.read(IMAGE),
    ):
        with pytest.raises(RuntimeError, match="a read-back"):
            wrong()


@pytest.mark.parametrize(
    "change",
    ["reference = 'x'", "name = 'x'", "payload_sha256 = payload_sha256", "expires_at = null", "epoch = 7"],
)
def test_senders_can_not_rewrite_what_was_made(
    change: str, worker: db.Database, steps: ClaimedSteps, house: House, row
):
    with acting_as(worker):
        steps.keep("container", "1784")
        with (
            pytest.raises(DBAPIError) as refused,
            db.organization_transaction(house.organization_id, "program:sender") as session,
        ):
            session.execute(text(f"update masthead.publication_step set {change}"))  # noqa: S608 - tests' own words
    assert isinstance(refused.value.orig, InsufficientPrivilege)
