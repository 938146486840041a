"""SIGKILL of a real sender at every labelled point, under every fault of the sandbox that fits a one-step publication.

Each publication has words of its own, so that posts can be counted at the sandbox whatever Masthead believes. A case is
lost when Masthead says that nothing was sent while it is live, that it was while it isn't, or nothing at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.infra import crash
from core.posts.model import Publication
from tests.chaos.conftest import Forge
from tests.chaos.ledger import Ledger, settle
from tests.factories.publishing import (
    FAST,
    House,
    Page,
    bring_forward,
    let_pass,
    make_house,
    make_scheduled_on,
    tamper,
)
from tests.fixtures.programs import RunningSandbox

SETTLE_S = 90.0


@dataclass(frozen=True)
class Fault:
    """One way in which the network misbehaves at the send; `reading` at the read-back."""

    name: str
    feed: tuple[tuple[str, dict[str, Any]], ...] = ()
    reading: tuple[tuple[str, dict[str, Any]], ...] = field(default=())

    def put(self, sandbox: RunningSandbox, page: Page) -> None:
        for route, faults in ((page.feed, self.feed), (page.reading, self.reading)):
            for mode, args in faults:
                sandbox.post("/_sandbox/faults", {"route": route, "mode": mode, "times": 1, "args": args})


FAULTS = (
    Fault("none"),
    Fault("refuse", (("refuse", {}),)),
    Fault("error_before", (("error_before", {}),)),
    Fault("error_after", (("error_after", {}),)),
    Fault("reset_before", (("reset_before", {}),)),
    Fault("reset_after", (("reset_after", {}),)),
    Fault("slow_after", (("slow_after", {"ms": 1500}),)),
    Fault("delayed_visibility", (("delayed_visibility", {"ms": 2500}),)),
    Fault("lost_and_delayed", (("reset_after", {}), ("delayed_visibility", {"ms": 2500}))),
    Fault("refused_but_live", (("refused_but_live", {}),)),
    Fault("duplicate_refused", (("duplicate_refused", {}),)),
    Fault("rate_limited", (("rate_limited", {}),)),
    Fault("token_revoked", (("token_revoked", {"permanent": False}),)),
    Fault("not_found_once", (("not_found_once", {}),)),
    Fault("garbage_body", (("garbage_body", {}),)),
    Fault("garbage_reading", (("reset_after", {}),), (("garbage_body", {}),)),
    Fault("reading_fails", (("reset_after", {}),), (("error_before", {}),)),
    Fault("reading_refused", (("error_after", {}),), (("not_found_once", {}),)),
)
# A text has no invisible steps, so it never gets to c1 to c5 (`test_steps` has those). Every label here
# is reached under every fault: a sender that dies at s3 leaves any send to be swept and read back.
LABELS = tuple(label for label in crash.LABELS if not label.startswith("c"))
IMPOSSIBLE: frozenset[tuple[str, str]] = frozenset()
# Where a death is prepared by an earlier one at s3, which leaves the row `sending` with a lease that runs out.
AFTER_THE_SWEEP = ("r1", "r2", "r3")
AT_THE_SWEEP = ("sw1", "sw2")


def possible(labels: Iterable[str], faults: Iterable[Fault]) -> list[tuple[str, Fault]]:
    return [(label, fault) for label in labels for fault in faults if (label, fault.name) not in IMPOSSIBLE]


def a_cut() -> list[tuple[str, Fault]]:
    """Every label with two faults and every fault with at least two labels: what every run of the tests does."""
    pairs = possible(LABELS, FAULTS)
    return [
        (label, fault) for label, fault in pairs if (FAULTS.index(fault) - 2 * LABELS.index(label)) % len(FAULTS) < 2
    ]


def test_the_cut_has_every_label_and_every_fault():
    assert {label for label, _ in a_cut()} == set(LABELS)
    assert {fault.name for _, fault in a_cut()} == {fault.name for fault in FAULTS}


def test_a_death_anywhere_costs_no_post_and_doubles_none(forge: Forge, network: RunningSandbox):
    line = run(forge, network, a_cut())
    assert line["which"] == []


@pytest.mark.chaos
def test_a_death_anywhere_under_any_fault_costs_no_post_and_doubles_none(forge: Forge, network: RunningSandbox):
    line = run(forge, network, possible(LABELS, FAULTS))
    assert line["which"] == []
    assert line["posts"] == len(LABELS) * len(FAULTS)


def test_the_harness_notices_a_sender_that_sends_again_what_is_unclear(forge: Forge, network: RunningSandbox):
    house = make_house(network, pages=len(FAULTS))
    ledger = Ledger(house.author, network)
    (row,) = Wave(forge, house, ledger).begin("naive", [fault for fault in FAULTS if fault.name == "reset_after"])
    bring_forward(house.approver, row.id)
    for _ in range(3):
        assert forge.order("drain", naive=True)["ended_by"] == 0
        time.sleep(0.2)
    assert ledger.close("power")["duplicates"] == 1


def run(forge: Forge, sandbox: RunningSandbox, pairs: list[tuple[str, Fault]]) -> dict[str, Any]:
    """All pairs in one organization with a Page per fault: first every death, then one healthy process for all."""
    house = make_house(sandbox, pages=len(FAULTS))
    ledger = Ledger(house.author, sandbox)
    wave = Wave(forge, house, ledger)
    # Those that need a sweep come first: it would set free what the others leave lying.
    for label in (*AT_THE_SWEEP, *AFTER_THE_SWEEP, *LABELS):
        faults = [fault for name, fault in pairs if name == label]
        pairs = [pair for pair in pairs if pair[0] != label]
        if not faults:
            continue
        if label in AT_THE_SWEEP:
            wave.at_the_sweep(label, faults)
        elif label in AFTER_THE_SWEEP:
            wave.at_the_read(label, faults)
        else:
            wave.at_the_send(label, faults)
    settle(forge.order, house.organization_id, SETTLE_S, reconnect=True)
    return ledger.close("labels")


@dataclass(frozen=True)
class Wave:
    """One label under some faults. What is left lying is parked, so that each process finds its own row alone."""

    forge: Forge
    house: House
    ledger: Ledger

    def at_the_send(self, label: str, faults: list[Fault]) -> None:
        for row in self.begin(label, faults):
            bring_forward(self.house.approver, row.id)
            self.kill(label)
            self.park()

    def at_the_sweep(self, label: str, faults: list[Fault]) -> None:
        self._left_sending(label, faults)
        self.kill(label, "look")
        self.park()

    def at_the_read(self, label: str, faults: list[Fault]) -> None:
        rows = self._left_sending(label, faults)
        assert self.forge.order("look")["ended_by"] == 0
        self.park()
        for row in rows:
            let_pass(self.house.approver, row.id, next_action_at="clock_timestamp()")
            self.kill(label)
            self.park()

    def _left_sending(self, label: str, faults: list[Fault]) -> list[Publication]:
        rows = self.begin(label, faults)
        for row in rows:
            bring_forward(self.house.approver, row.id)
            self.kill("s3")
            self.park()
        time.sleep(FAST.lease_sending_s)
        return rows

    def begin(self, label: str, faults: list[Fault]) -> list[Publication]:
        """One post on the Page of each fault, with the faults waiting for it."""
        pages = {self.house.pages[FAULTS.index(fault)]: fault for fault in faults}
        rows = make_scheduled_on(self.house, pages)
        by_page = {page.id: fault for page, fault in pages.items()}
        for page, fault in pages.items():
            fault.put(self.ledger.sandbox, page)
        for row in rows:
            self.ledger.enter(row, f"{label} x {by_page[row.payload['account']].name}")
        return rows

    def kill(self, label: str, do: str = "drain") -> None:
        self.forge.kill_at(label, do)
        self.ledger.kills += 1

    def park(self) -> None:
        organization_id = self.house.organization_id
        tamper(
            organization_id,
            "update masthead.publication set next_action_at = clock_timestamp() + interval '1 hour'"
            " where state in ('scheduled','unknown') and due_at <= clock_timestamp()",
        )
        tamper(organization_id, "update masthead.account set state = 'active' where state = 'auth_broken'")
