"""SIGKILL of a real sender at every labelled point of publications in two and three steps, against the real sandbox.

A photo on Facebook, an image on Instagram, an image on LinkedIn. Each publication has words of its own. As in
`test_labels`, a case is lost when Masthead says something else than the network shows. A fault that a case died too
early to meet isn't met when it is finished later; `test_steps` has those.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.infra import installation
from core.infra.settings import Settings
from core.posts.model import Publication
from core.posts.rules import PublicationState
from tests.chaos.conftest import Forge
from tests.chaos.ledger import Ledger, settle
from tests.chaos.shapes import SHAPES, Fault, Shape
from tests.factories.media import make_media
from tests.factories.posts import make_approved, publication
from tests.factories.publishing import FAST, House, Page, again, bring_forward, tamper
from tests.fixtures.programs import RunningSandbox

SETTLE_S = 150.0
BEFORE = {"c4": "c3", "sw1": "s3", "sw2": "s3", "r1": "s3", "r2": "s3", "r3": "s3"}
_PARK = """
update masthead.publication set next_action_at = clock_timestamp() + interval '1 hour'
where state in ('scheduled','unknown') and due_at <= clock_timestamp() and id is distinct from %(besides)s
"""


@dataclass
class Trial:
    """One shape's organization. What is left lying is parked, so that each process finds its own row alone."""

    shape: Shape
    forge: Forge
    house: House
    ledger: Ledger
    media_id: Any

    def one(self, label: str, fault: Fault) -> None:
        page = self.house.pages[self.shape.faults.index(fault)]
        row = self._row(page, f"{label} x {fault.name}")
        # What an earlier case died too early to meet would come on top: LinkedIn's routes name no account.
        self.ledger.sandbox.delete("/_sandbox/faults")
        self.shape.put(self.ledger.sandbox, page.id, fault)
        bring_forward(self.house.approver, row.id, window_s=86_400)  # a full run takes longer than a window
        for point in (BEFORE[label], label) if label in BEFORE else (label,):
            self._die(row, point)
        self._park()

    def _row(self, page: Page, case: str) -> Publication:
        post_id = make_approved(
            self.house.author,
            self.house.approver,
            [page.account.id],
            text=f"{self.shape.name}: {case}.",
            media=self.media_id,
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        row = publication(self.house.author, post_id)
        self.ledger.enter(row, f"{self.shape.name}: {case}")
        return row

    def _die(self, row: Publication, point: str) -> None:
        """Let processes work on it, one after the other, until one has got to the point and died there."""
        do = "look" if point.startswith("sw") else "drain"
        if do == "look":
            time.sleep(FAST.lease_sending_s)  # the first look after the lease is the one that sweeps
        for _ in range(12):
            if self.forge.order(do, crash_at=point, slots=1).get("ended_by") == 9:
                self.ledger.kills += 1
                return
            self._let_time_pass(row)
        now = again(self.house.author, row.id)
        raise AssertionError(f"{self.ledger.cases[row.id]}: {point} was not reached: {now.state} {now.last_error}")

    def _let_time_pass(self, row: Publication) -> None:
        state = again(self.house.author, row.id).state
        if state in (PublicationState.QUEUED, PublicationState.CLAIMED, PublicationState.SENDING):
            time.sleep(FAST.lease_preparing_s if state is PublicationState.CLAIMED else FAST.lease_sending_s)
            self.forge.order("look")
            self._park(besides=row)  # the look sets free what earlier cases left lying too
            tamper(self.house.organization_id, "update masthead.account set next_send_at = null")
        time.sleep(0.3)
        tamper(
            self.house.organization_id,
            "update masthead.publication set next_action_at = clock_timestamp()"
            " where id = %(id)s and state in ('scheduled','unknown')",
            id=row.id,
        )

    def _park(self, besides: Publication | None = None) -> None:
        tamper(self.house.organization_id, _PARK, besides=besides.id if besides else None)


@pytest.fixture
def trial(
    request: pytest.FixtureRequest,
    forge: Forge,
    network: RunningSandbox,
    settings: Settings,
    ingest: subprocess.Popen[bytes],
) -> Iterator[Trial]:
    shape: Shape = request.param
    house = shape.house(network)
    installation.use(settings)  # images are kept where the programs look for them
    yield Trial(shape, forge, house, Ledger(house.author, network), make_media(house.author).id)
    installation.use(None)


def run(trial: Trial, wanted: Callable[[str, int], bool]) -> dict[str, Any]:
    for label in trial.shape.labels:
        faults = [fault for fault in trial.shape.faults if trial.shape.has(label, fault)]
        for number, fault in enumerate(faults):
            if wanted(label, number % len(faults)):
                trial.one(label, fault)
    settle(trial.forge.order, trial.house.organization_id, SETTLE_S, reconnect=True)
    return trial.ledger.close(f"labels: {trial.shape.name}")


@pytest.mark.parametrize("trial", SHAPES, ids=lambda shape: shape.network, indirect=True)
def test_a_death_between_steps_at_a_real_network_costs_no_post_and_doubles_none(trial: Trial):
    steps = ("c2", "c3", "c4", "c5", "s3", "sw1", "sw2", "r2")
    line = run(trial, lambda label, number: label in steps and number == steps.index(label))
    assert line["which"] == []


@pytest.mark.chaos
@pytest.mark.parametrize("trial", SHAPES, ids=lambda shape: shape.network, indirect=True)
def test_a_death_anywhere_under_any_fault_at_a_real_network_costs_no_post_and_doubles_none(trial: Trial):
    line = run(trial, lambda _label, _number: True)
    assert line["which"] == []
