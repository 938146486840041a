"""After a backup was restored: nothing leaves by itself, and what may have gone out since is asked of its network.

The database is as it was when the backup was made, and knows nothing of what was published after it: what was due since
looks as if it had never been sent. So every organization is paused by its operator, and each publication that came due
since becomes unclear, as if its sender had vanished with the outcome: the read-back finds the post, or a person decides
(decision 0029). What networks were handed before is forgotten, for nobody knows whether it was used. A first comment is
looked for before it is written. What wasn't on the schedule may have been sent by a press since, and says so to whoever
is about to press again.

For the worker's database, while no program runs. Run again it goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from core.accounts import pausing
from core.accounts.rotating import organizations
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.ids import new_id
from core.infra.settings import SettingsInvalid
from core.posts.overview import FAILURES_STAY
from core.publishing import restored_rows

PROGRAM: Final = "operator"
_LOOKS_STILL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    `paused`: organizations that weren't yet. `in_doubt`: publications that are read back now; `marked`: those that
    waited for an approval or a time, were late or failed, and say now that they may have been sent since.
    """

    since: datetime
    organizations: int
    paused: int
    in_doubt: int
    marked: int


def restored(since: datetime | None = None) -> Restored:
    """Pause everything, and put in doubt what came due since the backup was made.

    `since` None: the last look of a ticker that the database knows of, which is when the backup was made while no
    program has run since. Raises SettingsInvalid when that can't be, and for a time to come.
    """
    since = _made_at(since)
    correlation_id = f"restored-{new_id().hex}"
    several = paused = in_doubt = marked = 0
    for organization_id in organizations():
        actor = ProgramActor(organization_id, PROGRAM, correlation_id)
        several += 1
        paused += _pause(actor, since)
        doubted, noted = _put_in_doubt(actor, since)
        in_doubt, marked = in_doubt + doubted, marked + noted
    return Restored(since, several, paused, in_doubt, marked)


def _made_at(since: datetime | None) -> datetime:
    with db.free_transaction() as session:
        now, last = restored_rows.now_and_last_look(session)
    if since is not None:
        if since > now:
            raise SettingsInvalid(f"--since {since.isoformat()} is to come. Say when the backup was made.")
        return since
    if last is None:
        raise SettingsInvalid("The database doesn't say when the backup was made. Give --since 2027-01-31T03:00Z.")
    if (now - last).total_seconds() < _LOOKS_STILL_S:
        raise SettingsInvalid(
            "A program has looked since: stop all of Masthead, and give --since, when the backup was made, such as"
            " 2027-01-31T03:00Z."
        )
    return last


def _pause(actor: ProgramActor, since: datetime) -> bool:
    with db.transaction(actor) as session:
        return pausing.pause_by_operator(
            session,
            actor,
            f"A backup of {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC was restored: what was changed or published since"
            " isn't known here. Look under Unclear and at the accounts before you resume.",
        )


def _put_in_doubt(actor: ProgramActor, since: datetime) -> tuple[int, int]:
    """How many are in doubt now, and how many say that they may have been sent since."""
    with db.transaction(actor) as session:
        due = restored_rows.due(session)
        restored_rows.put_comments_in_doubt(session)
        marked = restored_rows.mark_what_people_may_have_sent(session, since, FAILURES_STAY)
    done: list[UUID] = []
    for publication_id in due:
        with db.transaction(actor) as session:
            if restored_rows.put_in_doubt(session, publication_id, since):
                done.append(publication_id)
    if done or marked:
        with db.transaction(actor) as session:
            after = {"since": since, "publications": len(done), "may_have_been_sent": marked}
            audit.record(session, actor, "organization.restored", "organization", actor.organization_id, after=after)
    return len(done), marked
