"""Collections and batches (linkedin 1.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.linkedin.errors import ApiError
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.restli import encode

PARAMETERS = frozenset({"start", "count"})
Element = dict[str, Any]


def collection(request: RestRequest, elements: Sequence[Element], more: bool, total: int | None = None) -> Element:
    """One page. `total` is optional in LinkedIn's answers; `next` is there if and only if more follow."""
    start, count = request.window()
    links = [_link(request, "next", start + count, count)] if more else []
    if start:
        links.insert(0, _link(request, "prev", max(0, start - count), count))
    paging: Element = {"start": start, "count": count, "links": links}
    if total is not None:
        paging["total"] = total
    return {"elements": list(elements), "paging": paging}


def sliced(request: RestRequest, elements: Sequence[Element]) -> Element:
    """One page of a list that is whole in memory."""
    start, count = request.window()
    more = len(elements) > start + count
    return collection(request, elements[start : start + count], more, len(elements))


def _link(request: RestRequest, relation: str, start: int, count: int) -> Element:
    kept = [
        f"{name}={encode(value.text)}"
        for name, value in request.query.items()
        if value.text is not None and name not in PARAMETERS
    ]
    href = f"/rest/{request.address.path}?{'&'.join([*kept, f'start={start}', f'count={count}'])}"
    return {"rel": relation, "type": "application/json", "href": href}


def batch(request: RestRequest, read: Callable[[str], Element]) -> Element:
    """BATCH_GET: 200, even when some keys failed."""
    results: Element = {}
    statuses: Element = {}
    errors: Element = {}
    for key in request.ids():
        try:
            results[key] = read(key)
            statuses[key] = 200
        except ApiError as error:
            errors[key] = {"status": error.status, "message": error.message}
            statuses[key] = error.status
    return {"results": results, "statuses": statuses, "errors": errors}


def only(request: RestRequest, entity: Element) -> Element:
    """`fields=id,author`: these alone (1.5)."""
    asked = request.text("fields")
    if asked is None:
        return entity
    wanted = {name.strip() for name in asked.split(",")}
    return {name: value for name, value in entity.items() if name in wanted}
