"""Counts what became of every publication against what the network really shows."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from core.infra import db
from core.posts.model import Publication, PublicationEvent
from core.posts.rules import Needs, PublicationState
from core.publishing.model import Attempt
from tests.fixtures.programs import RunningSandbox

_S = PublicationState
_UNCLEAR: Final = frozenset({"open", "unknown"})
_CLOCKS_DIFFER: Final = timedelta(seconds=1)
# What closes later than this after everything was up hasn't closed "by itself".
_BY_ITSELF_WITHIN: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Ending:
    """How one publication ended: its row, its tries, its moves, and its posts at the network."""

    case: str
    row: Publication
    attempts: Sequence[Attempt]
    events: Sequence[PublicationEvent]
    live: Sequence[Mapping[str, Any]]
    names_post: bool = True
    clocks_agree: bool = True

    @property
    def state(self) -> str:
        return self.row.state if self.row.needs is None else f"{self.row.state}: {self.row.needs}"

    @property
    def trouble(self) -> str:
        """Why it counts as lost; empty when it doesn't."""
        if self._is_early():
            return "live before its time"
        if self.row.state is _S.PUBLISHED:
            return self._published_otherwise()
        if self.row.state is _S.NEEDS_HUMAN and self.row.needs is Needs.OUTCOME:
            return ""  # a person is asked, whatever is true
        if self.live:
            return f"shown as {self.state} while it is live"
        if self.row.state in (_S.FAILED, _S.CANCELLED) or self.row.needs is not None:
            return ""
        unclear = any(each.state in _UNCLEAR for each in self.attempts)
        return f"neither final nor with a person: {self.state}{', with an unclear attempt' if unclear else ''}"

    def _is_early(self) -> bool:
        if not self.clocks_agree or not self.live or self.row.due_at is None:
            return False
        return self.row.due_at - _made_at(self.live[0]) > _CLOCKS_DIFFER

    def _published_otherwise(self) -> str:
        if not self.live:
            return "shown as published, and nothing is live"
        proven = self.row.provider_post_id is None and self.row.proof is not None  # live, link not found yet
        if proven or not self.names_post or self.row.provider_post_id == self.live[0]["id"]:
            return ""
        return "published under another post's id"

    @property
    def was_unclear(self) -> bool:
        """For a time nobody here knew what became of it."""
        return any(each.to_state is _S.UNKNOWN for each in self.events)

    @property
    def was_unanswered(self) -> bool:
        """Accepted by the network, and for a time nobody here knew."""
        return bool(self.live) and self.was_unclear

    def closed_by_itself(self, up_at: datetime) -> bool:
        """Recorded as live without a person, soon after everything was up."""
        return self.row.state is _S.PUBLISHED and self.at_rest_at <= up_at + _BY_ITSELF_WITHIN

    @property
    def at_rest_at(self) -> datetime:
        """When it moved last."""
        return max(each.at for each in self.events)


@dataclass
class Tally:
    """What a mode prints. `recoveries`: seconds. `untried`: what was to happen and never did."""

    posts: int = 0
    kills: int = 0
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    closed_by_itself: int = 0
    recoveries: list[float] = field(default_factory=list)
    seconds_to_quiet: float = 0.0
    untried: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """No post twice, none lost, nothing left untried."""
        return not self.which

    @property
    def which(self) -> list[str]:
        return [*self.duplicates, *self.lost, *self.untried]

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.posts + other.posts,
            self.kills + other.kills,
            self.duplicates + other.duplicates,
            self.lost + other.lost,
            self.ended + other.ended,
            self.unanswered + other.unanswered,
            self.closed_by_itself + other.closed_by_itself,
            self.recoveries + other.recoveries,
            max(self.seconds_to_quiet, other.seconds_to_quiet),
            self.untried + other.untried,
        )

    def as_json(self) -> str:
        """For another process, which adds it to its own."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, written: str) -> Tally:
        """What `as_json` wrote."""
        values = json.loads(written)
        return cls(**values | {"ended": Counter(values["ended"])})

    def line(self, mode: str, seed: int) -> str:
        """The one line of JSON. Without anything to take a share or a percentile of, those are null."""
        needs_person = sum(count for state, count in self.ended.items() if state.startswith(_S.NEEDS_HUMAN))
        return json.dumps(
            {
                "mode": mode,
                "posts": self.posts,
                "kills": self.kills,
                "duplicates": len(self.duplicates),
                "lost": len(self.lost),
                "unknown_open": self.ended[_S.UNKNOWN],
                "needs_person": needs_person,
                "self_resolved_pct": _share(self.closed_by_itself, self.unanswered),
                "recovery_p99_s": percentile(self.recoveries, 0.99),
                "seconds_to_quiet": round(self.seconds_to_quiet, 1),
                "seed": seed,
            }
        )


@dataclass
class Ledger:
    """What was sent on its way, and how it ended.

    `names_posts`: whether its networks answer with the id of a post. `clocks_agree` False: ours and the networks' are
    set apart on purpose, so their times say nothing of ours.
    """

    sandbox: RunningSandbox
    names_posts: bool = True
    clocks_agree: bool = True
    kills: int = 0
    killed_at: float = field(default_factory=time.monotonic)
    up_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    cases: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)

    def enter(self, row: Publication, case: str) -> None:
        self.cases[row.id] = (row.organization_id, case)

    def killed(self, count: int = 1) -> None:
        """So many processes died just now."""
        self.kills += count
        self.killed_at = time.monotonic()

    def everything_is_up(self) -> None:
        """From now on nothing dies any more, and what was left unclear has to close."""
        self.up_at = datetime.now(UTC)

    def close(self, mode: str = "") -> Tally:
        """Look at everything; with a name, say on stderr how it ended."""
        tally = Tally(kills=self.kills, seconds_to_quiet=time.monotonic() - self.killed_at)
        for ending in self.endings():
            self._count(tally, ending)
        if mode:
            print(f"{mode}: {dict(sorted(tally.ended.items()))} {tally.which}", file=sys.stderr, flush=True)
        return tally

    def endings(self) -> list[Ending]:
        """Every publication as it stands now, beside what the network shows."""
        shown: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for post in self.sandbox.get("/_sandbox/posts"):
            shown[post["account_id"], _mark(post["text"], post["media"])].append(post)
        by_organization: dict[UUID, list[UUID]] = defaultdict(list)
        for publication_id, (organization_id, _) in self.cases.items():
            by_organization[organization_id].append(publication_id)
        found = [each for organization_id, ids in by_organization.items() for each in _rows(organization_id, ids)]
        owners = {row.provider_post_id: row.id for row, _, _ in found if row.provider_post_id is not None}
        return [
            Ending(
                self.cases[row.id][1],
                row,
                tries,
                moves,
                not_of_another(row, shown[row.payload["account"], _marked(row)], owners),
                self.names_posts,
                self.clocks_agree,
            )
            for row, tries, moves in found
        ]

    def _count(self, tally: Tally, ending: Ending) -> None:
        tally.posts += 1
        tally.ended[ending.state] += 1
        if len(ending.live) > 1:
            tally.duplicates.append(f"{ending.case}: {len(ending.live)} posts")
        if ending.trouble:
            tally.lost.append(f"{ending.case}: {ending.trouble}")
        if ending.was_unanswered:
            tally.unanswered += 1
            tally.closed_by_itself += ending.closed_by_itself(self.up_at)
        if ending.at_rest_at > self.up_at:
            tally.recoveries.append((ending.at_rest_at - self.up_at).total_seconds())


def not_of_another(
    row: Publication, live: Sequence[Mapping[str, Any]], owners: Mapping[str, UUID]
) -> Sequence[Mapping[str, Any]]:
    """Of posts with this row's words those that may be its own.

    What failed and was tried again has the words of what came of it. A row that is published itself keeps all of them:
    two are a duplicate, whoever owns the second.
    """
    if row.state is _S.PUBLISHED:
        return live
    return [post for post in live if owners.get(post["id"], row.id) == row.id]


def settle(order: Any, organization_ids: Iterable[UUID], seconds: float, *, reconnect: bool = False) -> None:
    """Let a healthy process work until nothing is left to do; with `reconnect` a person mends accounts meanwhile."""
    ids = [str(each) for each in organization_ids]
    # Each process has to look at every organization, so a single one is enough for one.
    hands, slots = (2, 6) if len(ids) > 1 else (1, 4)
    answer = order("recover", organizations=ids, s=seconds, reconnect=reconnect, hands=hands, slots=slots)
    assert answer["ended_by"] == 0, answer


def _made_at(post: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(post["created_at"])


def _marked(row: Publication) -> str:
    return _mark(row.payload["text"], row.payload.get("media") or [])


def _mark(text: str | None, media: Iterable[Mapping[str, Any]]) -> str:
    """What tells one post from every other of its account: its words, or its files where it shows none."""
    return text or " ".join(each["sha256"] for each in media)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of all are at most; None of nothing."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 1) if values else None


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _rows(
    organization_id: UUID, ids: Sequence[UUID]
) -> list[tuple[Publication, list[Attempt], list[PublicationEvent]]]:
    with db.organization_transaction(organization_id, "program:chaos") as session:
        rows = session.scalars(select(Publication).where(Publication.id.in_(ids))).all()
        tries = session.scalars(select(Attempt).where(Attempt.publication_id.in_(ids)).order_by(Attempt.id)).all()
        moves = session.scalars(select(PublicationEvent).where(PublicationEvent.publication_id.in_(ids))).all()
        session.expunge_all()
    return [
        (
            row,
            [each for each in tries if each.publication_id == row.id],
            [each for each in moves if each.publication_id == row.id],
        )
        for row in rows
    ]
