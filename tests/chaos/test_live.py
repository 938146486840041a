"""SIGKILL at every labelled point of a first comment, under faults: the network never shows it twice, and never not."""

from __future__ import annotations

import signal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.infra import db
from core.infra.crash import LIVE_LABELS
from core.publishing.live_rules import OPEN, LiveState
from tests.chaos.world import Forge, World
from tests.factories.publishing import House, bring_forward, make_house, make_scheduled, tamper

FAULTS: Final[dict[str, dict[str, Any]]] = {
    "none": {},
    "error_after": {},
    "reset_after": {},
    "slow_after": {"ms": 1500},
}
CALL: Final = ("l0", "l1", "l2", "l3", "l4", "l5", "l6")
# A look for a comment comes after a call without an answer.
LOOK: Final = {"l7": "error_after", "l8": "reset_after", "l9": "error_after"}
_PARK: Final = """
update masthead.live_work set next_action_at = clock_timestamp() + interval '1 hour'
where state in ('waiting','sending','checking')
"""
_NOW: Final = "update masthead.live_work set next_action_at = clock_timestamp() where publication_id = %(id)s"
_ALL_NOW: Final = "update masthead.live_work set next_action_at = clock_timestamp() where next_action_at is not null"
_ROUNDS: Final = 20


def works(house: House) -> dict[UUID, tuple[LiveState, str]]:
    """Publication -> how its comment stands, and the post under which it belongs."""
    with db.transaction(house.author) as session:
        found = session.execute(
            text(
                "select w.publication_id, w.state, p.provider_post_id from masthead.live_work w"
                " join masthead.publication p on p.id = w.publication_id"
            )
        )
        return {row.publication_id: (LiveState(row.state), row.provider_post_id) for row in found}


def take_turn(house: House, publication_id: UUID) -> None:
    """Let this comment alone be due."""
    tamper(house.organization_id, _PARK)
    tamper(house.organization_id, _NOW, id=publication_id)


def comments(world: World, post_id: str) -> list[str]:
    (post,) = [post for post in world.sandbox.get("/_sandbox/posts") if post["id"] == post_id]
    return [each["text"] for each in post["comments"]]


def test_a_death_anywhere_costs_no_comment_and_doubles_none(world: World, forge: Forge) -> None:
    assert {*CALL, *LOOK} == set(LIVE_LABELS)
    house = make_house(world.sandbox)
    pairs = [(label, fault) for label in CALL for fault in FAULTS] + list(LOOK.items())
    rows = {make_scheduled(house, comment=f"First: {label} x {fault}").id: (label, fault) for label, fault in pairs}
    for publication_id in rows:
        bring_forward(house.approver, publication_id)
    for _ in range(_ROUNDS):
        if len(works(house)) == len(rows):
            break
        forge.order("drain")
    begun = works(house)
    assert begun.keys() == rows.keys()
    for publication_id, (label, fault) in rows.items():
        state, post_id = begun[publication_id]
        assert state is LiveState.WAITING
        if fault != "none":
            route = f"POST /graph.facebook.com/*/{post_id}/comments"
            world.sandbox.post("/_sandbox/faults", {"route": route, "mode": fault, "times": 1, "args": FAULTS[fault]})
        take_turn(house, publication_id)
        if label in LOOK:
            forge.order("live")
            assert works(house)[publication_id][0] is LiveState.CHECKING
            take_turn(house, publication_id)
        assert forge.order("live", crash_at=label)["ended_by"] == signal.SIGKILL, (label, fault)
    for _ in range(_ROUNDS):
        if not any(state in OPEN for state, _ in works(house).values()):
            break
        tamper(house.organization_id, _ALL_NOW)
        forge.order("live")
    ended = {rows[publication_id]: state for publication_id, (state, _) in works(house).items()}
    assert ended == dict.fromkeys(ended, LiveState.DONE)
    shown = {rows[publication_id]: comments(world, post_id) for publication_id, (_, post_id) in works(house).items()}
    assert shown == {pair: [f"First: {pair[0]} x {pair[1]}"] for pair in rows.values()}
