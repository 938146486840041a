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

from core.infra.crash import LABELS
from core.posts.model import Publication
from tests.chaos.conftest import Forge
from tests.chaos.ledger import Ledger, settle
from tests.factories.publishing import FAST, House, Page, bring_forward, make_house, make_scheduled, tamper
from tests.fixtures.programs import RunningSandbox

SETTLE_S = 30.0


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
# Two-step points (c1 to c5) belong to containers, which no network of this issue has; they aren't labels yet. Every
# label here is reached under every fault: a sender that dies at s3 leaves any send to be swept and read back.
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
    house = make_house(network)
    ledger = Ledger(house.author, network)
    row = begin(house, house.page, FAULTS[5], ledger, "naive")
    for _ in range(3):
        forge.order("drain", naive=True)
        time.sleep(0.2)
    assert row.id in ledger.cases
    assert ledger.close("power")["duplicates"] == 1


def run(forge: Forge, sandbox: RunningSandbox, pairs: list[tuple[str, Fault]]) -> dict[str, Any]:
    """All pairs, one wave per label, in one organization with a Page per fault."""
    house = make_house(sandbox, pages=len(FAULTS))
    ledger = Ledger(house.author, sandbox)
    for label in LABELS:
        faults = [fault for name, fault in pairs if name == label]
        if faults:
            wave(forge, house, label, faults, ledger)
    return ledger.close("labels")


def wave(forge: Forge, house: House, label: str, faults: list[Fault], ledger: Ledger) -> None:
    """One label under some faults: let senders die there, then let a healthy one settle everything."""
    first = "s3" if label in AT_THE_SWEEP + AFTER_THE_SWEEP else label
    for fault in faults:
        begin(house, house.pages[FAULTS.index(fault)], fault, ledger, f"{label} x {fault.name}")
        forge.kill_at(first)
        ledger.kills += 1
    if label in AT_THE_SWEEP + AFTER_THE_SWEEP:
        time.sleep(FAST.lease_sending_s + 0.1)
    if label in AT_THE_SWEEP:
        forge.kill_at(label, "look")
        ledger.kills += 1
    if label in AFTER_THE_SWEEP:
        forge.order("look")
        time.sleep(FAST.first_read_after_s + 0.1)
        for _ in faults:
            forge.kill_at(label)
            ledger.kills += 1
    settle(forge.order, house.organization_id, SETTLE_S)
    if any(fault.name in ("token_revoked", "not_found_once", "reading_refused") for fault in faults):
        # Somebody connects the accounts again; what waited for that goes on.
        tamper(house.organization_id, "update masthead.account set state = 'active' where state = 'auth_broken'")
        settle(forge.order, house.organization_id, SETTLE_S)


def begin(house: House, page: Page, fault: Fault, ledger: Ledger, case: str) -> Publication:
    """A publication of its own words that comes due now, with the fault waiting for it."""
    row = make_scheduled(house, page)
    fault.put(ledger.sandbox, page)
    bring_forward(house.approver, row.id)
    ledger.enter(row, case)
    return row
