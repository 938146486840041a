"""What both networks do to a post that is live: a comment under it, and taking it away (meta 4.3, 5.6, 11.3, 11.4)."""

from __future__ import annotations

from core.provider_kit import hostile
from core.provider_kit.errors import OutcomeUnknown, ReconnectNeeded, Rejected, Trace
from core.provider_kit.types import Access
from core.providers.meta.calls import is_not_there
from core.providers.meta.failures import LOOK, Speaker
from core.providers.meta.graph import Graph, Reply


def refuse_no_id(post_id: str) -> None:
    """Raise Rejected for what can't be an id."""
    if hostile.identifier(post_id) is None:
        raise Rejected("This is no id of a post.", how_to_fix="Tell your operator.")


def comment(graph: Graph, speaker: Speaker, post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
    """POST /{post}/comments, once: the id of the comment. Raises ProviderFailure."""
    refuse_no_id(post_id)
    reply = graph.change(
        post_id,
        "comments",
        token=access.token,
        form={"message": text},
        timeout_s=timeout_s,
        correlation_id=access.correlation_id,
    )
    comment_id = hostile.identifier(reply.body.get("id"))
    if comment_id is None:
        raise unclear(speaker, "named no comment", reply)
    return comment_id


def delete(graph: Graph, post_id: str, access: Access, *, timeout_s: float) -> None:
    """DELETE /{post}; a second one is answered with "not there" (meta 12). Raises ProviderFailure."""
    refuse_no_id(post_id)
    try:
        reply = graph.delete(post_id, token=access.token, timeout_s=timeout_s, correlation_id=access.correlation_id)
    except ReconnectNeeded as refused:
        if is_not_there(refused.trace):
            return
        raise
    if reply.body.get("success") is not True:
        raise OutcomeUnknown("The answer doesn't say whether the post was taken away.", trace=_trace(reply))


def unclear(speaker: Speaker, what: str, reply: Reply) -> OutcomeUnknown:
    """A yes that doesn't say what was done."""
    words = f"{speaker.network} said yes but {what}."
    return OutcomeUnknown(words, how_to_fix=speaker.words(LOOK), trace=_trace(reply))


def _trace(reply: Reply) -> Trace:
    return Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage)
