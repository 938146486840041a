"""SIGSTOP of real senders at each labelled point but the first, SIGCONT after their leases: what was taken stays so.

For each label, in some of the shapes, a process freezes with its publications under a share of the faults. Their leases
run out, healthy processes sweep them and finish what they may, and then the frozen one wakes in the middle of it all.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from core.infra import crash
from tests.chaos.labels import LONGEST_LEASE_S, SWEEPS, Trial, die, end
from tests.chaos.ledger import Tally, settle
from tests.chaos.shapes import BEFORE, SHAPES, Shape
from tests.chaos.world import Forge, World

SHAPES_EACH: Final = 3
FAULTS_EACH: Final = 8
# What is frozen inside a transaction holds its rows, and whoever comes skips them; so nobody waits for those.
_MEANWHILE_S: Final = 4.0
_SETTLE_S: Final = 900.0
_NOTHING_HELD: Final = "d0"
LABELS: Final = tuple(label for label in crash.LABELS if label != _NOTHING_HELD)


def run(world: World, seed: int, shapes: Sequence[Shape] = SHAPES, labels: Sequence[str] = LABELS) -> Tally:
    """Every label, each with some of the shapes and faults, which `seed` draws."""
    draw = random.Random(f"{seed}: {' '.join(labels)}")
    total = Tally()
    for label in labels:
        pairs = {shape.name: [pair for pair in shape.pairs() if pair[0] == label] for shape in shapes}
        able = [shape for shape in shapes if pairs[shape.name]]
        trials = [
            Trial(world, shape, draw.sample(pairs[shape.name], min(FAULTS_EACH, len(pairs[shape.name]))))
            for shape in draw.sample(able, min(SHAPES_EACH, len(able)))
        ]
        with world.forge() as forge:
            total += _label(forge, label, trials)
    return total


def _label(forge: Forge, label: str, trials: Sequence[Trial]) -> Tally:
    organizations = [trial.house.organization_id for trial in trials]
    for point in BEFORE.get(label, ()):
        for trial in trials:
            cases = trial.left(label)
            trial.come_due(cases)
            die(forge, point, cases, trial.ledger)
            trial.park()
    if label in BEFORE:
        time.sleep(LONGEST_LEASE_S)
    if label in BEFORE and label not in SWEEPS:
        assert forge.order("sweep")["ended_by"] == 0
        for trial in trials:
            trial.park()  # or the first shape's process would take those of the others too
    frozen = _freeze(forge, label, trials)
    for trial, _ in zip(trials, frozen, strict=False):
        trial.ledger.killed()
    time.sleep(LONGEST_LEASE_S)
    settle(forge.order, organizations, _MEANWHILE_S, reconnect=True)
    for answer in frozen:
        woken = forge.order("continue", pid=answer["pid"])
        assert woken["ended_by"] == 0, woken
    for trial in trials:
        trial.ledger.everything_is_up()
    settle(forge.order, organizations, _SETTLE_S, reconnect=True)
    tally = sum((trial.ledger.close() for trial in trials), Tally())
    caught = sum(len(answer["caught"]) for answer in frozen)
    print(f"zombies: {label}: {caught} of {tally.posts} frozen; {tally.which or 'sound'}", file=sys.stderr, flush=True)
    return tally


def _freeze(forge: Forge, label: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Freeze a process for each shape, one for all where it is a sweep; raises AssertionError if none got there."""
    if label in SWEEPS:
        cases = {id_: case for trial in trials for id_, case in trial.left(label).items() if case.deaths[0] == label}
        answers = [end(forge, label, cases, freeze=True)]
    else:
        answers = []
        for trial in trials:
            cases = {id_: case for id_, case in trial.left(label).items() if case.deaths[0] == label}
            if cases:  # on a busy machine all of them may have died before
                trial.come_due(cases)
                answers.append(end(forge, label, cases, freeze=True))
    frozen = [answer for answer in answers if answer.get("stopped")]
    assert frozen, f"no process came to {label}: {answers}"
    return frozen
