"""Ending a pause, with a decision about each publication whose time passed under it.

Nothing leaves by itself afterwards: what nothing is decided about is late, whatever its window (the sweep sees it by
the pause's end), and what is decided goes out one after the other, never two on an account closer than a backlog's
spacing. What is due later is simply scheduled again. Pauses over or under this one stay in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts import pause_rows, pausing
from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid
from core.organizations.rules import Permission, require
from core.posts import receipts
from core.posts import store as posts
from core.posts.model import Publication
from core.posts.problems import Ask
from core.posts.rules import Needs, PublicationState
from core.publishing import overdue_rows, planning, spacing
from core.publishing.inputs import Decision, Decisions, Fate
from core.publishing.moving import why_not_move
from core.publishing.spacing import Wish
from core.publishing.times import times
from core.publishing.views import LeftAlone
from core.publishing.work import Work, hold, schedule, why_fixed, without_problems

_S = PublicationState
_RESUME: Final = "publishing.resume"
_CHANGED: Final = "Somebody changed one meanwhile: it was left as it stands."
_SPOKEN_FOR: Final = (
    "Something else was planned on that account meanwhile, so these times would lie too close to it."
    " Look at them again."
)


@dataclass(frozen=True, slots=True)
class Resumed:
    """What resuming did: publications that got a time, that go out now, that were dropped; `late` need a person.

    `still_paused`: names of what is paused over or under it still.
    """

    pause_id: UUID
    moved: tuple[UUID, ...]
    now: tuple[UUID, ...]
    dropped: tuple[UUID, ...]
    late: int
    left_alone: tuple[LeftAlone, ...]
    still_paused: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was done, in a sentence or two."""
        sent = "sent now" if len(self.now) == 1 else "sent one after the other"
        done = [
            f"{len(several)} {what}"
            for several, what in ((self.now, sent), (self.moved, "given a time"), (self.dropped, "dropped"))
            if several
        ]
        said = [f"Resumed: {', '.join(done)}." if done else "Resumed."]
        if self.late:
            said.append(f"{self.late} {'is' if self.late == 1 else 'are'} late and need{'s' * (self.late == 1)} you.")
        if self.still_paused:
            said.append(f"Still paused: {', '.join(dict.fromkeys(self.still_paused))}.")
        return " ".join([*said, *dict.fromkeys(each.words for each in self.left_alone)])


def resume(actor: Actor, action_id: UUID, pause_id: UUID, decisions: Sequence[Decision] = ()) -> Resumed:
    """End a pause (approvers an account's, admins the others), deciding about what is overdue, at most 200 of it.

    A decision counts only where the publication still stands at the time that the person saw; others are left alone
    with the reason, and become late. Raises NotAllowed, NotFound, Invalid, and Conflict when somebody resumed it
    before, or planned something meanwhile that a given time would lie too close to.
    """
    require(actor, Permission.PAUSE_ACCOUNT)
    wanted = Decisions.read(decisions=tuple(decisions)).decisions
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _RESUME, Resumed)
        if earlier is not None:
            return earlier
        pause, ended_at = pausing.end(session, actor, pause_id)
        under = [(row.id, pause_rows.read(row.pauses)) for row in overdue_rows.accounts_under(session, pause_id)]
        freed = {account_id for account_id, pauses in under if not pauses}
        works, standing, left = _held(session, wanted, freed)
        times_given = _times(session, standing, freed, works)
        _carry_out(session, actor, works, standing, times_given)
        late, _ = overdue_rows.waiting(session, freed, ended_at)
        still = {
            each.id: each.name or "publishing for the whole organization" for _, pauses in under for each in pauses
        }
        by_fate = {fate: tuple(each.id for each in standing if each.decision.fate is fate) for fate in Fate}
        resumed = Resumed(
            pause_id=pause_id,
            moved=by_fate[Fate.AT],
            now=by_fate[Fate.NOW],
            dropped=by_fate[Fate.DROP],
            late=late,
            left_alone=tuple(left),
            still_paused=tuple(still.values()),
        )
        kind, subject_id = pausing.subject(pause.scope, actor, pause.account_id)
        said = {str(each.id): times_given.get(each.id, Fate.DROP) for each in standing}
        after = {"pause": pause_id, "provider": pause.provider, "publications": said, "late": late}
        left_words = list(dict.fromkeys(each.words for each in left))
        record(session, actor, f"{pause.scope}.resumed", kind, subject_id, after=after | {"left_alone": left_words})
        receipts.keep(session, actor, action_id, resumed)
        return resumed


@dataclass(frozen=True, slots=True)
class _Standing:
    """A decision, and the publication as this transaction holds it."""

    decision: Decision
    work: Work
    row: Publication

    @property
    def id(self) -> UUID:
        return self.row.id


def _held(
    session: Session, wanted: Sequence[Decision], freed: Collection[UUID]
) -> tuple[list[Work], list[_Standing], list[LeftAlone]]:
    """Everything that something is decided about, held post by post, and what can't be done after all."""
    post_ids = posts.post_ids_of(session, [each.publication_id for each in wanted])
    works = {post_id: hold(session, post_id) for post_id in sorted(set(post_ids.values()))}
    standing: list[_Standing] = []
    left: list[LeftAlone] = []
    for each in wanted:
        work = works.get(post_ids.get(each.publication_id, each.publication_id))
        row = next((row for row in work.rows if row.id == each.publication_id), None) if work else None
        if work is None or row is None:
            left.append(LeftAlone(each.publication_id, _CHANGED))
        elif words := _why_not(session, work, row, each, freed):
            left.append(LeftAlone(row.id, words))
        else:
            standing.append(_Standing(each, work, row))
    return list(works.values()), standing, left


def _why_not(session: Session, work: Work, row: Publication, decision: Decision, freed: Collection[UUID]) -> str:
    fixed = why_fixed(row)
    if fixed:
        return fixed
    if row.due_at != decision.was or not (row.state is _S.SCHEDULED or row.needs is Needs.LATE):
        return _CHANGED
    if row.account_id not in freed:
        return f"{work.account(row).name} stays paused."
    if decision.fate is Fate.DROP:
        return planning.why_not_cancel(row) or ""
    at = decision.at or work.moment
    if decision.fate is Fate.AT and at <= work.moment:
        raise Invalid(["A time that was given has passed meanwhile. Look at the times again."])
    now = decision.fate is Fate.NOW
    words = planning.why_not_now(work, row) if now else why_not_move(work, row, at)
    if words:
        return words
    _, bad = without_problems(session, work, [row], Ask.PUBLISH_NOW if now else Ask.SCHEDULE, at)
    return bad[0].words if bad else ""


def _times(
    session: Session, standing: Sequence[_Standing], freed: Collection[UUID], works: Sequence[Work]
) -> dict[UUID, datetime]:
    """When each goes out: at the times that were given, and what goes now one after the other around them."""
    if not standing:
        return {}
    moment = max(work.moment for work in works)
    least = timedelta(seconds=times().backlog_spacing_s)
    taken = overdue_rows.planned(session, freed, moment - least, besides=[each.id for each in standing])
    asked = [Wish(each.id, each.row.account_id, each.decision.at) for each in standing if each.decision.at is not None]
    given = spacing.apart(asked, taken, least)
    if any(given[wish.publication_id] != wish.at for wish in asked):
        raise Conflict(_SPOKEN_FOR)
    for wish in asked:
        taken.setdefault(wish.account_id, []).append(wish.at)
    now = [each for each in standing if each.decision.fate is Fate.NOW]
    now.sort(key=lambda each: (each.decision.was, each.id))
    return given | spacing.apart([Wish(each.id, each.row.account_id, moment) for each in now], taken, least)


def _carry_out(
    session: Session,
    actor: Actor,
    works: Sequence[Work],
    standing: Sequence[_Standing],
    times_given: Mapping[UUID, datetime],
) -> None:
    together = {work.post.id: [row.id for row in work.rows if row.due_at == work.post.slot_at] for work in works}
    for each in standing:
        match each.decision.fate:
            case Fate.DROP:
                because = "a person dropped it when it was resumed"
                posts.change(session, each.row, because=because, state=_S.CANCELLED, needs=None, next_action_at=None)
            case Fate.NOW:
                because = "a person asked to publish it when it was resumed"
                schedule(session, actor, each.work, each.row, times_given[each.id], because)
            case Fate.AT:
                because = "a person gave it another time when it was resumed"
                schedule(session, actor, each.work, each.row, times_given[each.id], because)
    asked = {each.id: each.decision.at for each in standing}
    for work in works:
        new = {asked.get(row_id) for row_id in together[work.post.id]}
        slot = next(iter(new), None)
        if slot is not None and len(new) == 1:  # the whole post moved, so its own time does
            posts.move_slot(session, work.post, slot, actor.member_id, work.moment)
