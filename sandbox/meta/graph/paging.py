"""Pages of lists, by cursor (meta 7.6): the end is only where `next` is absent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.meta.errors import malformed
from sandbox.meta.facts import DEFAULT_LIMIT, GRAPH, NEWEST_VERSION
from sandbox.meta.graph.request import GraphRequest

PARAMETERS = frozenset({"limit", "after", "before"})
Item = TypeVar("Item")


def read_limit(request: GraphRequest, most: int) -> int:
    """`limit`, at most `most`: more is an error (meta 11.1)."""
    value = request.parameters.get("limit")
    if value is None:
        return DEFAULT_LIMIT
    if not value.isdigit() or not 0 < int(value) <= most:
        raise malformed(f"Param limit must be a number from 1 to {most}")
    return int(value)


def write_cursor(key: Sequence[float]) -> str:
    """An opaque cursor for a place in a list."""
    return base64.urlsafe_b64encode(":".join(repr(part) for part in key).encode()).decode().rstrip("=")


def read_cursor(request: GraphRequest, name: str, size: int) -> tuple[float, ...] | None:
    """The place that a cursor names, or None when it isn't given."""
    value = request.parameters.get(name)
    if value is None:
        return None
    try:
        parts = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode().split(":")
        key = tuple(float(part) for part in parts)
    except (binascii.Error, ValueError) as problem:
        raise malformed(f"Invalid cursors values. Param {name} can't be read") from problem
    if len(key) != size:
        raise malformed(f"Invalid cursors values. Param {name} belongs to another list")
    return key


def cut(
    request: GraphRequest,
    found: Sequence[Item],
    most: int,
    number: Callable[[Item], int],
    show: Callable[[Item], dict[str, Any] | None],
) -> dict[str, Any]:
    """One page of a whole list in the order given. What `show` leaves out is left out after cutting (meta 7.6)."""
    limit = read_limit(request, most)
    after, before = read_cursor(request, "after", 1), read_cursor(request, "before", 1)
    numbers = [number(item) for item in found]
    start, end = 0, len(found)
    if after is not None and after[0] in numbers:
        start = numbers.index(int(after[0])) + 1
    if before is not None and before[0] in numbers:
        end = numbers.index(int(before[0]))
        start = max(0, end - limit)
    shown = found[start : min(end, start + limit)]
    data = [told for told in map(show, shown) if told is not None]
    if not shown:
        return {"data": data}
    first, last = (number(shown[0]),), (number(shown[-1]),)
    return page(request, data, first, last, more=start + len(shown) < len(found), earlier=start > 0)


def page(
    request: GraphRequest,
    data: list[dict[str, Any]],
    first: Sequence[float] | None,
    last: Sequence[float] | None,
    more: bool,
    earlier: bool,
) -> dict[str, Any]:
    """The envelope of a list. A page may hold fewer than `limit`, or nothing, and still have a `next`."""
    if first is None or last is None:
        return {"data": data}
    before, after = write_cursor(first), write_cursor(last)
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    if more:
        paging["next"] = _link(request, after=after)
    if earlier:
        paging["previous"] = _link(request, before=before)
    return {"data": data, "paging": paging}


def _link(request: GraphRequest, **place: str) -> str:
    """A link to the neighbouring page; it carries the access token, as Meta's do (meta 7.6)."""
    kept = {name: value for name, value in request.parameters.items() if name not in {"after", "before"}}
    kept["access_token"] = request.caller.value
    # The proof is of the caller's making, Meta's links don't carry it [G]: whoever follows one adds it.
    kept.pop("appsecret_proof", None)
    address = request.address
    path = "/".join(part for part in (address.version or NEWEST_VERSION, address.node, address.edge) if part)
    return f"{request.world.settings.own_url}/{GRAPH}/{path}?{urlencode({**kept, **place})}"
