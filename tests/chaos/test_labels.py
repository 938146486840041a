"""What every run of the tests does of `tests.chaos.labels`: each label and each fault, spread over the shapes."""

from __future__ import annotations

import subprocess
import time

from core.infra.crash import LABELS
from tests.chaos import labels
from tests.chaos.ledger import Ledger
from tests.chaos.shapes import COMMON, SHAPES, Fault
from tests.chaos.world import Forge, World
from tests.factories.publishing import bring_forward, make_house, make_scheduled
from tests.fixtures.programs import RunningSandbox

# Where a label is tried that isn't tried with a text on Facebook, and every how manieth fault with it there.
ELSEWHERE = {"d2": "linkedin text", "c1": "facebook photo", "c2": "instagram image", "c4": "instagram image"}
ELSEWHERE |= {"c3": "facebook photo", "c5": "linkedin image"}
EVERY = {"c2": 2, "c3": 2, "c5": 2}


def a_cut() -> dict[str, list[tuple[str, Fault]]]:
    """Each label in one shape that has it, with a share of that shape's faults, so that each fault is met somewhere."""
    cut: dict[str, list[tuple[str, Fault]]] = {shape.name: [] for shape in SHAPES}
    for number, label in enumerate(LABELS):
        name = ELSEWHERE.get(label, "facebook text")
        (shape,) = [shape for shape in SHAPES if shape.name == name]
        pairs = [pair for pair in shape.pairs() if pair[0] == label]
        cut[name] += pairs[number % EVERY.get(label, 5) :: EVERY.get(label, 5)]
    return cut


def test_the_cut_has_every_label_every_fault_and_every_shape():
    cut = a_cut()
    pairs = [pair for pairs in cut.values() for pair in pairs]
    assert {label for label, _ in pairs} == set(LABELS)
    assert {fault.name for _, fault in pairs} == {fault.name for each in SHAPES for fault in each.faults}
    assert all(cut.values())


def test_a_death_anywhere_costs_no_post_and_doubles_none(world: World, ingest: subprocess.Popen[bytes]):
    tally = labels.run(world, pairs=a_cut())
    assert tally.which == []


def test_the_harness_notices_a_sender_that_takes_a_server_error_for_a_no(forge: Forge, network: RunningSandbox):
    house = make_house(network)
    ledger = Ledger(network)
    row = make_scheduled(house)
    ledger.enter(row, "resent")
    (lost,) = [fault for fault in COMMON if fault.name == "error_after"]
    SHAPES[0].put(network, house.page.id, lost)
    bring_forward(house.approver, row.id)
    for _ in range(3):
        assert forge.order("drain", variant="resend_on_500")["ended_by"] == 0
        time.sleep(0.2)
    assert len(ledger.close("power").duplicates) == 1
