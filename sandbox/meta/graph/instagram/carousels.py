"""The parts of a carousel (meta 5.1, 5.3, 10.4)."""

from __future__ import annotations

import orjson

from sandbox.meta import containers
from sandbox.meta.containers import CAROUSEL_ITEM, Container, Status
from sandbox.meta.errors import invalid, malformed, missing_object
from sandbox.meta.facts import CAROUSEL_MAX, CAROUSEL_MIN
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount


def read_children(request: GraphRequest, account: InstagramAccount) -> list[Container]:
    """The containers that `children` names, each of them finished."""
    ids = _ids(request)
    if not CAROUSEL_MIN <= len(ids) <= CAROUSEL_MAX:
        raise errors.wrong_count_of_children()
    if len(set(ids)) < len(ids):
        raise invalid("Param children names a container twice")
    return [_child(request, account, child_id) for child_id in ids]


def _ids(request: GraphRequest) -> list[str]:
    """A comma list or an array."""
    text = (request.text("children") or "").strip()
    if not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        items = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise malformed("Param children must be an array.") from problem
    return [str(item) for item in items]


def _child(request: GraphRequest, account: InstagramAccount, child_id: str) -> Container:
    child = containers.find(request.world, child_id)
    if child is None:
        raise errors.container_gone()
    if child.account_id != account.id:
        raise missing_object(request.method, child_id)
    if child.kind != CAROUSEL_ITEM:
        raise invalid(f"The container {child_id} was not made with is_carousel_item")
    status = child.status(request.world.now)
    if status is Status.IN_PROGRESS:
        raise errors.not_ready()
    if status is not Status.FINISHED:
        raise errors.container_gone()
    return child
