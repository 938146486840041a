"""The harness notices known mistakes, and nothing without them; all ten in `make chaos CHAOS=power`."""

from __future__ import annotations

from tests.chaos import power
from tests.chaos.power import POWER
from tests.chaos.world import World

QUICK = {"resend on 500", "BLPOP of two queues", "approval not re-checked", "one bad row rolls back the batch"}


def test_known_mistakes_are_noticed_and_the_product_as_it_is_has_none(world: World, redis_url: str):
    tally = power.run(world, tuple(mistake for mistake in POWER if mistake.name in QUICK))
    assert tally.which == []
    assert tally.posts >= 2 * (len(QUICK) - 1)
