"""What both publishers do around their one visible call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected, Trace
from core.provider_kit.http import FORM, form_bytes
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import Access, Network, Payload, Problem, VisibleCall
from core.providers.meta.graph import Graph


def refuse_unfit(network: Network, payload: Payload, access: Access, found: Sequence[Problem]) -> None:
    """Raise Rejected for a payload of another account, or with an error among its problems."""
    if payload.network != network.key or payload.provider_account_id != access.provider_account_id:
        raise Rejected("This post belongs to another account.", how_to_fix="Tell your operator.")
    for problem in found:
        if problem.severity == "error":
            raise Rejected(problem.words, how_to_fix=problem.fix)


def visible_call(graph: Graph, path: str, form: Mapping[str, str], *, host: str = "", shows: str = "") -> VisibleCall:
    """The one call, built; the same form gives the same bytes."""
    body = form_bytes(form)
    return VisibleCall("POST", graph.url(path, host), body, FORM, call_sha256("POST", path, body), shows)


def refuse_changed(graph: Graph, path: str, call: VisibleCall, *, host: str = "") -> None:
    """Raise Rejected for a call that isn't what was prepared for this account."""
    if call.url != graph.url(path, host) or call_sha256(call.method, path, call.body) != call.sha256:
        raise Rejected("What was about to be sent is not what was prepared.", how_to_fix="Tell your operator.")


def permalink(graph: Graph, post_id: str, access: Access, *, field: str, timeout_s: float) -> str | None:
    """The address in a field of a post; None while it isn't shown (meta 4.3, 5.4). Raises ProviderFailure."""
    if hostile.identifier(post_id) is None:
        raise Rejected("This is no id of a post.")
    try:
        reply = graph.get(
            post_id,
            token=access.token,
            params={"fields": field},
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )
    except ReconnectNeeded as refused:
        if is_not_there(refused.trace):
            return None
        raise
    return hostile.web_address(reply.body.get(field))


def probe(graph: Graph, access: Access, *, timeout_s: float) -> None:
    """The smallest read of an account there is. Raises ProviderFailure."""
    graph.get(
        access.provider_account_id,
        token=access.token,
        params={"fields": "id"},
        timeout_s=timeout_s,
        correlation_id=access.correlation_id,
    )


def is_not_there(trace: Trace) -> bool:
    """Code 100/33: gone, not shown yet, or on Instagram's reads just said so (meta 10.2 [M], [2: postiz#1562])."""
    return (trace.code, trace.subcode) == ("100", "33")
