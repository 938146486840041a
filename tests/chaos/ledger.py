"""Counts what became of every publication against what the network really shows."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.infra.actor import Actor
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from tests.factories.publishing import again, attempts
from tests.fixtures.programs import RunningSandbox

_S = PublicationState


@dataclass
class Ledger:
    """What was sent on its way, and how it ended."""

    actor: Actor
    sandbox: RunningSandbox
    began: float = field(default_factory=time.monotonic)
    kills: int = 0
    cases: dict[UUID, str] = field(default_factory=dict)

    def enter(self, row: Publication, case: str) -> None:
        self.cases[row.id] = case

    def close(self, mode: str) -> dict[str, Any]:
        """Look at everything, print one JSON line, give it back."""
        shown: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for post in self.sandbox.get("/_sandbox/posts"):
            shown.setdefault((post["account_id"], post["text"]), []).append(post)
        states: Counter[str] = Counter()
        duplicates: list[str] = []
        lost: list[str] = []
        for publication_id, case in self.cases.items():
            row = again(self.actor, publication_id)
            live = shown.get((row.payload["account"], row.payload["text"]), [])
            states[row.state if row.needs is None else f"{row.state}: {row.needs}"] += 1
            if len(live) > 1:
                duplicates.append(f"{case}: {len(live)} posts")
            trouble = self._trouble(row, live)
            if trouble:
                lost.append(f"{case}: {trouble}")
        line = {
            "mode": mode,
            "posts": len(self.cases),
            "kills": self.kills,
            "duplicates": len(duplicates),
            "lost": len(lost),
            "seconds": round(time.monotonic() - self.began, 1),
            "ended": dict(sorted(states.items())),
        }
        print(json.dumps(line), flush=True)
        return line | {"which": [*duplicates, *lost]}

    def _trouble(self, row: Publication, live: list[Mapping[str, Any]]) -> str:
        """Why a publication counts as lost; empty when it doesn't."""
        said = f"{row.state} ({row.needs})" if row.needs else str(row.state)
        if row.state is _S.PUBLISHED:
            if not live:
                return "shown as published, and nothing is live"
            proven = row.provider_post_id is None and row.proof is not None  # live, link not found yet
            return "" if proven or row.provider_post_id == live[0]["id"] else "published under another post's id"
        if row.state is _S.NEEDS_HUMAN and row.needs is Needs.OUTCOME:
            return ""  # a person is asked, whatever is true
        if live:
            return f"shown as {said} while it is live"
        if row.state in (_S.FAILED, _S.CANCELLED) or row.needs is not None:
            return ""
        if row.state is _S.SCHEDULED and row.next_action_at is not None:
            resolved = all(each.state not in ("open", "unknown") for each in attempts(self.actor, row.id))
            return "" if resolved else "scheduled with an unclear attempt"
        return f"neither final nor with a person: {said}"


def settle(order: Any, organization_id: UUID, seconds: float, *, reconnect: bool = False) -> None:
    """Let a healthy process work until nothing is left to do; with `reconnect` a person mends accounts meanwhile."""
    answer = order("recover", organization=str(organization_id), s=seconds, reconnect=reconnect)
    assert answer["ended_by"] == 0, answer
