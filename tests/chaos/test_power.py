"""The harness notices known mistakes, and nothing without them; all ten in `make chaos CHAOS=power`."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from tests.chaos import power
from tests.chaos.power import POWER
from tests.chaos.world import World
from tests.fixtures.programs import PROJECT

QUICK = {"resend on 500", "BLPOP of two queues", "approval not re-checked", "one bad row rolls back the batch"}


def test_known_mistakes_are_noticed_and_the_product_as_it_is_has_none(world: World, redis_url: str):
    tally = power.run(world, tuple(mistake for mistake in POWER if mistake.name in QUICK))
    assert tally.which == []
    assert tally.posts >= 2 * (len(QUICK) - 1)


# In a process of its own, which is spoilt afterwards.
_SPOIL: Final = """
from core.publishing import rules, sending, store
from core.throttle import store as throttle
from jobs import worker
from tests.chaos.variants import VARIANTS
modules = (rules, sending, store, throttle, worker)
before = [set(dir(each)) for each in modules]
for spoil in VARIANTS.values():
    spoil()
print([sorted(set(dir(each)) - known) for each, known in zip(modules, before, strict=True)])
"""


def test_what_a_known_mistake_replaces_is_there_under_its_name():
    done = subprocess.run([sys.executable, "-c", _SPOIL], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[[], [], [], [], []]", "")
