"""From a call to an answer: token, version, route, quota, then the resource (linkedin 13; real order unknown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.answers import Answer, Kind, as_json
from sandbox.call import Call
from sandbox.linkedin import apps
from sandbox.linkedin.errors import ApiError, bad_query, no_resource
from sandbox.linkedin.rest.authenticate import authenticate
from sandbox.linkedin.rest.profile import userinfo
from sandbox.linkedin.rest.quota import charge
from sandbox.linkedin.rest.request import RestRequest, read_address, read_query_of, read_version
from sandbox.linkedin.rest.routes import find_route
from sandbox.seeding import digest

if TYPE_CHECKING:
    from sandbox.world import World

USERINFO = "/v2/userinfo"


def answer_api(world: World, call: Call) -> Answer:
    """Answer a call to api.linkedin.com."""
    try:
        answer = _userinfo(world, call) if call.rest.startswith("/v2/") else _rest(world, call)
    except ApiError as error:
        answer = error.answer()
    answer.headers += common_headers(world, call)
    return answer


def common_headers(world: World, call: Call) -> list[tuple[str, str]]:
    """What every answer carries, errors and faults too (1.4); the ids follow from the seed and the request's number."""
    trace = digest(world.seed, f"linkedin call {call.number}").hex()
    return [
        ("x-li-uuid", f"AAY{trace[:18].upper()}=="),
        ("x-li-request-id", trace[20:32]),
        ("x-li-fabric", "prod-lva1"),
        ("x-li-pop", "sandbox"),
        ("x-li-proto", "http/1.1"),
        ("x-restli-protocol-version", call.headers.get("x-restli-protocol-version", "1.0.0")),
    ]


def _userinfo(world: World, call: Call) -> Answer:
    """Unversioned: the version header is ignored here (1.2)."""
    token, app = authenticate(world, call)
    if call.rest != USERINFO or call.method != "GET":
        raise no_resource()
    charge(world, app, token, "userinfo.GET")
    return as_json(userinfo(world, token, apps.scopes(world, app)))


def _rest(world: World, call: Call) -> Answer:
    token, app = authenticate(world, call)
    version = read_version(world, call)
    verb, query = read_query_of(call)
    address = read_address(call, verb, query)
    route = find_route(address)
    if route is None:
        raise no_resource()
    charge(world, app, token, address.tag(version))
    if unknown := sorted(query.keys() - route.parameters - {"action"}):
        raise bad_query(f"{', '.join(unknown)} not known")
    request = RestRequest(world, call, version, address, query, token, app)
    told = route.handle(request)
    if told is None:
        return Answer(route.status, b"", "application/json", request.told, Kind.OK)
    return as_json(told, route.status, headers=request.told)
