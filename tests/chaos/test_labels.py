"""What every run of the tests does of `tests.chaos.labels`: each label and each fault, spread over the shapes."""

from __future__ import annotations

import subprocess

import pytest

from core.infra.crash import LABELS
from tests.chaos import labels
from tests.chaos.shapes import SHAPES, Fault
from tests.chaos.world import World

# Where a label is tried that isn't tried with a text on Facebook, and every how manieth fault with it there.
ELSEWHERE = {"d2": "linkedin text", "c1": "facebook photo", "c2": "instagram image", "c4": "instagram image"}
ELSEWHERE |= {"c3": "facebook photo", "c5": "linkedin image"}
EVERY = {"c2": 2, "c3": 2, "c4": 5, "c5": 4}


def a_cut() -> dict[str, list[tuple[str, Fault]]]:
    """Each label in one shape that has it, with a share of that shape's faults, so that each fault is met somewhere."""
    cut: dict[str, list[tuple[str, Fault]]] = {shape.name: [] for shape in SHAPES}
    for number, label in enumerate(LABELS):
        name = ELSEWHERE.get(label, "facebook text")
        (shape,) = [shape for shape in SHAPES if shape.name == name]
        pairs = [pair for pair in shape.pairs() if pair[0] == label]
        cut[name] += pairs[number % EVERY.get(label, 7) :: EVERY.get(label, 7)]
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


def test_what_never_comes_to_its_label_is_told_and_not_counted_as_lost(
    world: World, ingest: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(labels, "_ROUNDS", 1)
    (shape,) = [shape for shape in SHAPES if shape.name == "facebook text"]
    tally = labels.run(world, pairs={shape.name: [("c5", shape.faults[0])]})  # a text has no c5
    assert (tally.lost, tally.untried) == ([], [f"facebook text: c5 x {shape.faults[0].name} never died at c5"])
