"""What a pause holds, as somebody sees it who is about to resume: first what is overdue, for that needs a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.accounts import pause_rows
from core.accounts.rules import Pause
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.organizations.rules import Permission, require
from core.posts import rules as posts
from core.posts import store as post_store
from core.posts.rules import Needs, PublicationState, Shown
from core.publishing import overdue_rows
from core.publishing.inputs import MOST_DECISIONS
from core.publishing.times import times

MOST_OVERDUE: Final = MOST_DECISIONS


@dataclass(frozen=True, slots=True)
class Overdue:
    """A publication whose time passed under the pause. `stuck`: why it can be neither sent nor given a time."""

    publication_id: UUID
    post_id: UUID
    text: str
    account_id: UUID
    account_name: str
    network: str
    due_at: datetime
    shown: Shown
    stuck: str


@dataclass(frozen=True, slots=True)
class Triage:
    """A pause that somebody may end, at `moment`.

    `overdue`: at most `MOST_OVERDUE`, longest overdue first; `more`: there are others, which become late like all that
    nothing is decided about. `planned` have their time to come and go out at it. `being_sent` can't be stopped.
    `others`: pauses that stay in force under or over this one, and hold `held_on` overdue publications on.
    `taken`: account -> times at which something is planned there; closer than `least` nothing is put beside it.
    """

    pause: Pause
    moment: datetime
    overdue: tuple[Overdue, ...]
    more: bool
    planned: int
    being_sent: int
    others: tuple[Pause, ...]
    held_on: int
    taken: Mapping[UUID, Sequence[datetime]]
    least: timedelta


def triage(actor: Actor, pause_id: UUID) -> Triage:
    """What stands under a pause now. Raises NotFound when it isn't in force (any more)."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        pause = next((each for each in pause_rows.in_force(session) if each.id == pause_id), None)
        if pause is None:
            raise NotFound("This pause is over, or there never was one. Accounts shows what is paused now.")
        under = [(row.id, pause_rows.read(row.pauses)) for row in overdue_rows.accounts_under(session, pause_id)]
        freed = [account_id for account_id, pauses in under if len(pauses) == 1]
        rows = overdue_rows.overdue(session, freed, pause.since, MOST_OVERDUE + 1)
        moment = post_store.situation(session).moment
        others = {each.id: each for _, pauses in under for each in pauses if each.id != pause_id}
        still = [account_id for account_id, pauses in under if len(pauses) > 1]
        _, planned = overdue_rows.waiting(session, freed, moment)
        held_on, _ = overdue_rows.waiting(session, still, moment)
        least = timedelta(seconds=times().backlog_spacing_s)
        shown = rows[:MOST_OVERDUE]
        return Triage(
            pause=pause,
            moment=moment,
            overdue=tuple(
                Overdue(
                    publication_id=row.id,
                    post_id=row.post_id,
                    text=row.text,
                    account_id=row.account_id,
                    account_name=row.account_name,
                    network=row.network,
                    due_at=row.due_at,
                    shown=posts.words(
                        PublicationState(row.state),
                        Needs(row.needs) if row.needs else None,
                        row.account_state,
                        paused=True,
                    ),
                    stuck=_stuck(row.account_name, row.account_state, holds=row.holds, unproven=row.unproven),
                )
                for row in shown
            ),
            more=len(rows) > MOST_OVERDUE,
            planned=planned,
            being_sent=pause_rows.being_sent(session, pause_id),
            others=tuple(others.values()),
            held_on=held_on,
            taken=overdue_rows.planned(session, {row.account_id for row in shown}, moment - least),
            least=least,
        )


def _stuck(account_name: str, account_state: str, *, holds: bool, unproven: bool) -> str:
    if account_state != posts.ACCOUNT_SENDS:
        return f"{account_name} must be connected again first."
    if not holds:
        return "Its approval has lapsed. Submit it again."
    return posts.MAY_BE_LIVE if unproven else ""
