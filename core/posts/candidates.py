"""A publication as it would be taken further, with everything that a check of it may want to know.

The checks (`core.posts.checks`) are pure: whatever they need is read beforehand, for all publications at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.accounts.queries import Standing
from core.posts.content import AccountContent
from core.posts.store import AccountFacts, Situation, Twin
from core.posts.views import AccountProblem, Mend, Severity
from core.provider_kit.types import Network, Payload, Place
from core.throttle.rules import Why


class Ask(StrEnum):
    """What is about to happen to the publications. `LOOK`: nothing, their time comes and somebody should know."""

    SUBMIT = "submit"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    PUBLISH_NOW = "publish_now"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One publication as it would be taken further. `due_at` None: no slot; `content`: before the network's say.

    `approved_until`: when its approval lapses, where it has one that would hold. `refused`: what its network said no to
    when it was prepared ahead of its slot, and the way to mend it.
    """

    account: AccountFacts
    payload: Payload
    due_at: datetime | None
    content: AccountContent | None = None
    approved_until: datetime | None = None
    refused: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A candidate and the facts around it.

    `at`: when it would go out, as far as is known. `planned`: how many other posts of the organization go to the
    account in the 24 hours before `at`, where its network counts them (`Network.daily_posts`). `held`: why its network
    isn't called for the account now, and until when. `lost`: files that storage doesn't have. `reachable`: whether the
    network could fetch a file from our public address, as far as the address itself tells.
    """

    candidate: Candidate
    ask: Ask
    at: datetime
    situation: Situation
    network: Network | None
    standing: Standing | None
    twin: Twin | None
    planned: int
    held: tuple[Why, datetime] | None
    lost: frozenset[str]
    public_url: str
    reachable: bool

    def problem(
        self,
        severity: Severity,
        words: str,
        fix: str = "",
        *,
        place: Place = "post",
        mend: Mend = "edit",
        threatens: bool = False,
        at: int | str | None = None,
    ) -> AccountProblem:
        """Something found. `threatens`: it may keep the post from going out, so people are told ahead of its time."""
        threatens = threatens or severity == "error"
        return AccountProblem(
            severity, self.account.id, self.account.name, words, fix, place, mend, threatens=threatens, at=at
        )

    @property
    def account(self) -> AccountFacts:
        """Where it goes."""
        return self.candidate.account

    @property
    def payload(self) -> Payload:
        """What goes there."""
        return self.candidate.payload
