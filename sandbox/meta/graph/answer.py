"""From a call to an answer: take apart, authenticate, count, find the node, act, put the headers on."""

from __future__ import annotations

import base64
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from sandbox.answers import Answer, Kind, as_json
from sandbox.call import Call
from sandbox.meta import uploads
from sandbox.meta.errors import GraphError, malformed, missing_object, unsupported
from sandbox.meta.facts import GRAPH, NEWEST_VERSION
from sandbox.meta.graph.authenticate import NOBODY, Caller, authenticate
from sandbox.meta.graph.nodes import Node, find_node
from sandbox.meta.graph.request import (
    Address,
    GraphRequest,
    read_address,
    read_parameters,
    refuse_files,
    refuse_unknown,
)
from sandbox.meta.graph.routes import EDGES, ENDPOINTS, EVERYWHERE, Endpoint
from sandbox.meta.graph.usage import Bucket, Header
from sandbox.seeding import digest

if TYPE_CHECKING:
    from sandbox.world import World


async def answer_graph(world: World, call: Call) -> Answer:
    """Answer a call to graph.facebook.com or graph-video.facebook.com."""
    headers: list[Header] = []
    version = NEWEST_VERSION
    try:
        address = read_address(call.rest)
        version = address.version
        answer = as_json(await _perform(world, call, address, headers))
    except GraphError as error:
        answer = error.answer(trace_id(world, call))
    answer.headers += [*headers, *common_headers(world, call, version)]
    return answer


def trace_id(world: World, call: Call) -> str:
    """Every answer has one (meta 10.1); it follows from the seed and the number of the request."""
    return "A" + base64.urlsafe_b64encode(digest(world.seed, f"trace {call.number}")[:12]).decode().rstrip("=")


def common_headers(world: World, call: Call, version: str) -> list[Header]:
    """The headers of every answer, faults too."""
    trace = trace_id(world, call)
    return [
        ("facebook-api-version", version),
        ("x-fb-trace-id", trace),
        ("x-fb-request-id", trace[::-1]),
        ("Cache-Control", "private, no-cache, no-store, must-revalidate"),
    ]


async def _perform(world: World, call: Call, address: Address, headers: list[Header]) -> dict[str, Any]:
    parameters = read_parameters(call)
    endpoint = _endpoint(call, address)
    if endpoint is not None:
        refuse_files(call)
        if call.host != GRAPH:
            raise unsupported(call.method, f"{call.host}/{address.node}")
    if endpoint is not None and not endpoint.needs_token:
        refuse_unknown(parameters, endpoint.parameters | EVERYWHERE)
        return endpoint.handle(GraphRequest(world, call, address, parameters, Caller(NOBODY, "")))
    # An upload carries its token in a header and its file as its body: no place for a proof (meta 4.5).
    proven = not address.node.startswith(uploads.PREFIX)
    caller = authenticate(world, call, parameters, me=address.node == "me", proven=proven)
    bucket = Bucket(world, caller, address.node)
    try:
        bucket.charge()
    finally:
        # Told also with a refusal, so that a client can slow down.
        headers += bucket.headers(call)
    request = GraphRequest(world, call, address, parameters, caller)
    if endpoint is not None:
        refuse_unknown(parameters, endpoint.parameters | EVERYWHERE)
        return endpoint.handle(request)
    return await _on_node(request, find_node(world, caller, call.method, address.node))


def _endpoint(call: Call, address: Address) -> Endpoint | None:
    path = "/".join(part for part in (address.node, address.edge) if part)
    if path not in ENDPOINTS:
        return None
    methods, endpoint = ENDPOINTS[path]
    if call.method not in methods:
        raise unsupported(call.method, f"/{path}")
    return endpoint


async def _on_node(request: GraphRequest, node: Node) -> dict[str, Any]:
    method, edge = request.method, request.address.edge
    # The only edge with a third part: DELETE /me/permissions/{name} (meta 2.6).
    known = "permissions" if method == "DELETE" and edge.startswith("permissions/") else edge
    route = EDGES.get((node.kind, method, known))
    if route is None:
        if method == "GET":
            raise malformed(f"Tried accessing nonexisting field ({edge}) on node type ({node.kind})")
        error = missing_object(method, request.address.node)
        error.kind = Kind.PROTOCOL
        raise error
    if route.host != request.call.host:
        raise unsupported(method, f"{request.call.host}/{request.address.node}/{edge}")
    refuse_unknown(request.parameters, route.parameters | EVERYWHERE)
    if not route.takes_file:
        refuse_files(request.call)
    told = route.handle(request, node.value)
    return await told if isawaitable(told) else told
