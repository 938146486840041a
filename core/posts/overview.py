"""Home and the menu's badges: what waits for this person, what went wrong, and today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.accounts import pause_rows
from core.infra import db
from core.infra.actor import Actor, Role
from core.organizations.rules import Permission, require
from core.posts import home_reads, rows, rules, slots, store
from core.posts.deciding import APPROVERS
from core.posts.home_reads import Reader
from core.posts.store import Situation
from core.posts.views import Asked, Counts, Home, Reconnect

# A failure is final, and so is what a network couldn't show: either would stand on Home for ever. After this time it is
# found on Posts.
FAILURES_STAY: Final = timedelta(days=14)
LINES: Final = 20
_TODAY_LINES: Final = 100


def home(actor: Actor) -> Home:
    """What waits for this person, what went wrong in the organization, and today's slots in its zone."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        situation = store.situation(session)
        reader = _reader(actor, situation)
        today = slots.day_of(situation.moment, situation.organization.timezone)
        of_today = home_reads.between(session, today.start, today.end, _TODAY_LINES)
        return Home(
            organization=situation.organization,
            today=today.day,
            to_approve=tuple(map(_asked, home_reads.to_decide(session, reader, LINES))),
            changes_requested=tuple(map(_asked, home_reads.returned(session, reader, LINES))),
            failed=tuple(map(rows.waiting, home_reads.failed(session, FAILURES_STAY, LINES))),
            not_shown=tuple(map(rows.waiting, home_reads.not_shown(session, FAILURES_STAY, LINES))),
            needs_person=tuple(map(rows.waiting, home_reads.needing(session, LINES))),
            at_risk=tuple(map(rows.waiting, home_reads.at_risk(session, LINES))),
            held=tuple(map(rows.waiting, home_reads.held(session, LINES))),
            untimed=tuple(map(rows.waiting, home_reads.untimed(session, LINES))),
            accounts_to_reconnect=tuple(
                Reconnect(
                    account_id=row.id,
                    name=row.name,
                    network=row.network,
                    state=row.state,
                    reason=row.state_reason or "",
                    waiting=row.publications,
                )
                for row in home_reads.to_reconnect(session, LINES)
            ),
            today_slots=tuple(map(rows.waiting, of_today)),
            out_today=of_today[0].going_out if of_today else 0,
            published_today=of_today[0].gone_out if of_today else 0,
            counts=_counts(session, reader),
            pauses=pause_rows.in_force(session),
        )


def counts(actor: Actor) -> Counts:
    """Figures for the menu's badges, in two short statements."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return _counts(session, _reader(actor, store.situation(session)))


def _counts(session: Session, reader: Reader) -> Counts:
    row = home_reads.counts(session, reader, FAILURES_STAY)
    return Counts(
        to_approve=row.to_approve,
        changes_requested=row.changes_requested,
        failed=row.failed,
        not_shown=row.not_shown,
        needs_person=row.needs_person,
        unclear=row.unclear,
        at_risk=row.at_risk,
        held=row.held,
        reconnect=row.reconnect,
    )


def _reader(actor: Actor, situation: Situation) -> Reader:
    return Reader(
        member_id=actor.member_id,
        approves=actor.role in APPROVERS,
        any_reviewer=actor.role is Role.ADMIN,
        self_approval=situation.organization.self_approval,
    )


def _asked(row: Row[Any]) -> Asked:
    return Asked(
        post_id=row.id,
        text=row.text,
        who=row.name,
        words=getattr(row, "words", ""),
        at=row.at,
        first_due_at=row.first_due_at,
        networks=tuple(row.networks or ()),
        from_backup=rules.FROM_BACKUP if getattr(row, "restored", False) else "",
    )
