"""Calls of the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from core.audit import queries, store
from core.audit.queries import Narrowed
from core.infra.db import ActsInOrganization
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside

_NOW: Final = datetime.now(UTC)
_CHECKS: Final = ("provider.checked", "connection.checked")
_LATELY: Final = timedelta(minutes=10)
_ANY: Final[dict[str, Any]] = {
    "actor": None,
    "areas": (),
    "reference": "",
    "since": None,
    "until": None,
    "before": None,
    "limit": 51,
}


def _narrowed(**asked: Any) -> Any:
    return inside(lambda session, _: store.narrowed(session, **(_ANY | asked)))


def _line(world: World) -> dict[str, Any]:
    actor: ActsInOrganization = world.actor
    about = {"action": "post.save", "subject_kind": "post", "subject_id": "1", "correlation_id": "test"}
    return {"organization_id": actor.organization_id, "actor": actor.label, **about}


CALLS: Final[Calls] = {
    queries.trail: (inside(lambda session, _: queries.trail(session, Narrowed(), before=None, limit=51)),),
    queries.history: (alone(lambda world: queries.history(world.actor, "post", world.post_id())),),
    queries.counted: (inside(lambda session, _: queries.counted(session, _CHECKS, _LATELY)),),
    queries.lines: (inside(lambda session, world: queries.lines(session, "post", [world.post_id()])),),
    store.add_event: (inside(lambda session, world: store.add_event(session, _line(world))),),
    store.counted: (inside(lambda session, _: store.counted(session, _CHECKS, _LATELY)),),
    store.events_of: (inside(lambda session, world: store.events_of(session, "post", [str(world.post_id())], 500)),),
    store.narrowed: (
        _narrowed(),
        _narrowed(before=1000),
        _narrowed(actor=f"person:{uuid4()}"),
        _narrowed(actor="person:00000004-7000-8000-0000-000000000064", areas=("post",)),
        _narrowed(areas=("account",)),
        _narrowed(reference=str(uuid4())),
        _narrowed(since=_NOW - timedelta(days=60), until=_NOW - timedelta(days=30)),
    ),
    store.add_receipt: (
        inside(lambda session, world: store.add_receipt(session, world.organization_id, uuid4(), "post.save")),
    ),
    store.receipt: (inside(lambda session, world: store.receipt(session, world.post_id())),),
    store.complete_receipt: (inside(lambda session, world: store.complete_receipt(session, world.post_id(), {})),),
}
WITHOUT_SQL: Final = ()
