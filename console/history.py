"""Everything that happened to a post as lines of a timeline: people, programs, steps, tries, reads at the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from console.components.timeline import Entry
from core import providers
from core.posts.views import Detail, TimelineEntry
from core.publishing.queries import Evidence

_TRIED: Final = {
    "open": ("is being sent", "send", "blue"),
    "accepted": ("was accepted by the network", "check_circle", "green"),
    "rejected": ("was refused by the network", "error", "red"),
    "not_sent": ("never reached the network", "wifi_off", "gray"),
    "unknown": ("got no clear answer", "help", "violet"),
    "proven_absent": ("was proven not to be live", "search_off", "gray"),
    "superseded": ("was taken over by a later one", "history", "gray"),
}


def entries(detail: Detail, evidence: Mapping[UUID, Evidence]) -> list[Entry]:
    """All lines, in no particular order."""
    several = len({each.account_id for each in detail.publications}) > 1
    names = {each.id: providers.named(each.account_name, each.network) for each in detail.publications if several}
    lines = [_entry(each, _account(each, names) if several else "") for each in detail.timeline]
    for publication_id, found in evidence.items():
        lines += _tried(found, names.get(publication_id, ""))
    return lines


def _account(each: TimelineEntry, names: Mapping[UUID, str]) -> str:
    """Empty: it was of the whole post. One that was taken out of the post has no name here, only its account has."""
    known = names.get(each.publication_id) if each.publication_id else None
    return known or each.account_name or ""


def _entry(each: TimelineEntry, account: str) -> Entry:
    facts = [("trace", each.correlation_id)] if each.correlation_id and each.kind == "program" else []
    return Entry(
        at=each.at,
        who=each.who,
        what=each.what,
        icon=each.icon,
        account=account,
        detail=each.detail,
        said=each.kind == "comment",
        facts=facts,
    )


def _tried(evidence: Evidence, account: str) -> Iterator[Entry]:
    for step in evidence.steps:
        named = [("network's id", step.reference), ("trace", step.correlation_id)]
        facts = [(name, value) for name, value in named if value]
        yield Entry(step.made_at, "Masthead", step.words, "cloud_upload", account=account, facts=facts)
        if step.dropped_at is not None:
            why = step.dropped_because
            yield Entry(
                step.dropped_at, "Masthead", "let that go", "delete_sweep", account=account, detail=why, facts=facts
            )
    for number, attempt in enumerate(evidence.attempts, start=1):
        what, icon, color = _TRIED.get(attempt.state, (attempt.state, "history", "gray"))
        facts = [
            (name, str(value))
            for name, value in (
                ("HTTP", attempt.http_status),
                ("code", attempt.provider_code),
                ("network's trace", attempt.provider_trace_id),
                ("trace", attempt.correlation_id),
                ("request", attempt.request_sha256[:16]),
            )
            if value
        ]
        yield Entry(
            at=attempt.closed_at or attempt.opened_at,
            who=f"Attempt {number}",
            what=what,
            icon=icon,
            color=color,
            account=account,
            detail="" if attempt.state == "accepted" else attempt.words or attempt.message or "",
            facts=facts,
        )
    for read in evidence.reads:
        yield Entry(
            at=read.at,
            who="Masthead",
            what="read the account",
            icon="manage_search",
            color="violet",
            account=account,
            detail=read.words,
        )
