"""The addresses of the control interface."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import ledger, people
from sandbox.clock import iso
from sandbox.control import actions
from sandbox.control.bodies import (
    AccountsBody,
    ClockBody,
    FaultBody,
    OptionsBody,
    PersonBody,
    ResetBody,
    TokenBody,
    Unknown,
)
from sandbox.mail import store as mail_store
from sandbox.world import World

Ask = Callable[[World, Request], Any]


def control_routes(world: World) -> list[BaseRoute]:
    """All routes, bound to a world."""
    asks: dict[str, Ask] = {
        "/health": _health,
        "/world": lambda world, _: actions.describe(world),
        "/posts": _posts,
        "/requests": _requests,
        "/faults": lambda world, _: actions.list_faults(world),
        "/clock": _clock,
        "/mail": _mail,
        "/options": lambda world, _: actions.list_options(world),
    }
    orders: dict[str, tuple[type[BaseModel], Callable[[World, Any], Any]]] = {
        "/faults": (FaultBody, actions.add_fault),
        "/clock": (ClockBody, actions.move_clock),
        "/tokens": (TokenBody, actions.issue_token),
        "/accounts": (AccountsBody, actions.make_accounts),
        "/people": (PersonBody, actions.add_person),
        "/options": (OptionsBody, actions.set_options),
        "/reset": (ResetBody, actions.reset),
    }
    for stand_in in world.stand_ins:
        orders |= {f"/{stand_in.key}/{path}": order for path, order in stand_in.orders.items()}
    routes: list[BaseRoute] = [
        Route("/faults", _ask(world, _lift), methods=["DELETE"]),
        Route("/mail", _ask(world, _forget_mail), methods=["DELETE"]),
    ]
    routes += [Route(path, _ask(world, ask), methods=["GET"]) for path, ask in asks.items()]
    routes += [Route(path, _order(world, body, act), methods=["POST"]) for path, (body, act) in orders.items()]
    return routes


def _ask(world: World, ask: Ask) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            found = ask(world, request)
        except ValueError as problem:
            return _json({"error": str(problem)}, 400)
        return _json(found)

    return endpoint


def _order(world: World, body: type[BaseModel], act: Callable[[World, Any], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            return _json(act(world, body.model_validate_json(await request.body() or b"{}")))
        except ValidationError as problem:
            return _json({"error": problem.errors(include_url=False, include_context=False, include_input=False)}, 400)
        except (Unknown, sqlite3.IntegrityError) as problem:
            return _json({"error": str(problem)}, 400)

    return endpoint


def _lift(world: World, request: Request) -> Any:
    given = request.query_params.get("id")
    return {"removed": world.faults.remove(int(given) if given else None)}


def _mail(world: World, request: Request) -> Any:
    return [mail.shown() for mail in mail_store.select(world, request.query_params.get("to"))]


def _forget_mail(world: World, request: Request) -> Any:
    return {"removed": mail_store.delete_all(world)}


def _health(world: World, request: Request) -> Any:
    people.everybody(world.db)
    return {"ok": True, "now": iso(world.now), "seed": world.seed}


def _clock(world: World, request: Request) -> Any:
    return {"now": iso(world.now), "offset_s": world.clock.offset_s}


def _posts(world: World, request: Request) -> bytes:
    return ledger.as_json(world.db, world.now, request.query_params.get("account_id")).encode()


def _requests(world: World, request: Request) -> bytes:
    asked = request.query_params
    after, limit = int(asked.get("after", "0")), int(asked.get("limit", "50000"))
    return world.requests.select(after, asked.get("kind"), asked.get("path"), limit)


def _json(value: Any, status: int = 200) -> Response:
    """JSON; bytes are JSON that is written already."""
    content = value if isinstance(value, bytes) else orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    return Response(content, status, media_type="application/json")
