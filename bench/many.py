"""Publications by the thousand: copies of one approved post of each Page, with words of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from bench.installation import Installation
from bench.observer import Observer, Sent, await_that
from tests.factories.publishing import House, make_house, make_many_due, tamper, use_owner
from tests.fixtures.programs import RunningSandbox

_LATER: Final = (
    "update masthead.publication set due_at = due_at + interval '1 day', not_after = not_after + interval '1 day'"
    " where occurrence > 1 and due_at <= clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Many:
    """Organizations whose publications are made by SQL, quicker than people could write them."""

    houses: Sequence[House]

    @classmethod
    def at(cls, installed: Installation, sandbox: RunningSandbox, *, organizations: int, pages: int = 1) -> Many:
        """New organizations with Pages at this sandbox."""
        use_owner(installed.settings.owner_url())
        return cls([make_house(sandbox, pages) for _ in range(organizations)])

    def prepare(self, each: int) -> None:
        """So many publications for each organization, in equal parts for its Pages, for tomorrow.

        They must be made while no sender runs, for until then they are due.
        """
        for house in self.houses:
            for page in house.pages:
                make_many_due(replace(house, pages=(page,)), each // len(house.pages))
            tamper(house.organization_id, _LATER)

    def come_due_over(self, observer: Observer, begins_at: datetime, over_s: float) -> None:
        """Move every slot that was prepared into the seconds that begin at a moment."""
        posts = observer.posts_of(self._ids)
        observer.spread(posts, begins_at, over_s, copies_only=True)

    def left(self, observer: Observer) -> int:
        """How many that are due wait still."""
        return int(
            observer.one(
                "select count(*) from masthead.publication where organization_id = any(%s) and state = 'scheduled'"
                " and due_at <= clock_timestamp()",
                self._ids,
            )
        )

    def await_sent(self, observer: Observer, since: datetime, many: int, within_s: float) -> list[Sent]:
        """What of theirs was accepted since, as soon as there are so many. Raises CanNotMeasure."""

        def theirs() -> list[Sent]:
            return [each for each in observer.sent(since) if each.organization_id in self._ids]

        await_that(
            lambda: len(theirs()) >= many, within_s, lambda: f"only {len(theirs())} of {many} posts were sent in time"
        )
        return theirs()

    @property
    def _ids(self) -> list[UUID]:
        return [house.organization_id for house in self.houses]
