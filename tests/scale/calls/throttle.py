"""Calls of budgets and breakers: senders write them, admins read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.provider_kit.throttle import Limits, Route, Scope, Usage
from core.throttle import queries, store
from tests.scale.calls import Calls
from tests.scale.world import alone, inside, outside

_KEY: Final = ("meta", "facebook", Route.PUBLISH)
_DAY: Final = timedelta(days=1)
_LIMITS: Final = Limits()

CALLS: Final[Calls] = {
    queries.standing: (alone(lambda world: queries.standing(world.actor)),),
    store.keep_account: (
        inside(
            lambda session, world: store.keep_account(
                session, world.any_id("account"), None, Usage(Scope.ACCOUNT, 70.0), _LIMITS
            ),
            "worker",
        ),
    ),
    store.keep_app: (
        outside(
            lambda session, _: store.keep_app(session, "meta", "facebook", None, Usage(Scope.APP, 96.0), _LIMITS),
            "worker",
        ),
    ),
    store.has_room: tuple(
        inside(
            lambda session, world, scope=scope: store.has_room(
                session, scope, world.any_id("account"), "meta", "facebook", [None, Route.PUBLISH]
            ),
            "worker",
        )
        for scope in Scope
    ),
    store.holds: (
        inside(
            lambda session, world: store.holds(
                session, world.any_id("account"), "meta", "facebook", [Route.PREPARE, Route.PUBLISH]
            ),
            "worker",
        ),
    ),
    store.last_holds: (
        inside(lambda session, world: store.last_holds(session, [world.any_id("account")], [Route.PUBLISH])),
    ),
    store.whole_holds: (outside(lambda session, _: store.whole_holds(session), "worker"),),
    store.end_whole_holds: (outside(lambda session, _: store.end_whole_holds(session, "meta", "facebook"), "worker"),),
    store.count: (
        outside(
            lambda session, _: store.count(session, _KEY, lane=1, calls=2, failures=1, window_s=60.0),
            "worker",
        ),
    ),
    store.trip: (
        outside(
            lambda session, _: store.trip(session, _KEY, window_s=60.0, least=5, open_s=30.0, longest_s=900.0),
            "worker",
        ),
    ),
    store.take_probe: (outside(lambda session, _: store.take_probe(session, _KEY, by="me", lease_s=20.0), "worker"),),
    store.probed: (
        outside(lambda session, _: store.probed(session, _KEY, by="me", well=True, longest_s=900.0), "worker"),
    ),
    store.breaker_wait_s: (outside(lambda session, _: store.breaker_wait_s(session, _KEY), "worker"),),
    store.account_budgets: (inside(lambda session, _: store.account_budgets(session, within=_DAY)),),
    store.app_budgets: (inside(lambda session, _: store.app_budgets(session, ["meta"], within=_DAY)),),
    store.breakers: (inside(lambda session, _: store.breakers(session, ["meta"], within=_DAY)),),
    store.connected_providers: (inside(lambda session, _: store.connected_providers(session)),),
}
WITHOUT_SQL: Final = ()
