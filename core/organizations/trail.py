"""The audit trail as its page shows it: lines with the names of who acted, a page at a time, narrowed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core.audit import queries as audit
from core.audit.commands import record
from core.audit.queries import AuditLine, Narrowed
from core.infra import csv, db
from core.infra.actor import Actor
from core.infra.csv import Cell
from core.organizations import store
from core.organizations.queries import names_of_actors
from core.organizations.rules import Permission, require

MOST: Final = 500
MOST_EXPORTED: Final = 50_000
_COLUMNS: Final = ("at_utc", "who", "action", "subject", "subject_id", "before", "after", "trace_id", "line")
EVERYTHING: Final = Narrowed()
_PROGRAM: Final = "program:"


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One thing that was done. `who` is a member's name, or that of one of Masthead's own programs."""

    id: int
    at: datetime
    who: str
    by_program: bool
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of lines, newest first. `before` is where the next page begins, None on the last one."""

    lines: tuple[TrailLine, ...]
    before: int | None


def trail(actor: Actor, narrowed: Narrowed = EVERYTHING, *, before: int | None = None, limit: int = 50) -> Trail:
    """One page of the organization's audit trail, older than the line `before`. Raises NotAllowed."""
    require(actor, Permission.READ_AUDIT)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        found = audit.trail(session, narrowed, before=before, limit=limit + 1)
        names = names_of_actors(session)
    page = found[:limit]
    return Trail(tuple(_line(each, names) for each in page), page[-1].id if len(found) > limit else None)


def export_trail(actor: Actor, narrowed: Narrowed = EVERYTHING) -> bytes:
    """All lines that fit as CSV, newest first, at most 50,000; the export is a line itself. Raises NotAllowed."""
    require(actor, Permission.READ_AUDIT)
    with db.transaction(actor) as session:
        zone = store.organization(session).timezone
        names = names_of_actors(session)
        made = [_row(_line(each, names), zone) for each in _all(session, narrowed)]
        record(
            session,
            actor,
            "organizations.export_audit",
            "organization",
            actor.organization_id,
            {},
            {"lines": len(made)},
        )
    return csv.table([*_COLUMNS[:1], f"at_local ({zone})", *_COLUMNS[1:]], made)


def _all(session: Session, narrowed: Narrowed) -> Iterator[AuditLine]:
    before, left = None, MOST_EXPORTED
    while left:
        page = audit.trail(session, narrowed, before=before, limit=min(left, MOST))
        yield from page
        left = left - len(page) if len(page) == MOST else 0
        before = page[-1].id if page else None


def _row(line: TrailLine, zone: str) -> list[Cell]:
    return [
        line.at,
        csv.local(line.at, zone),
        line.who,
        line.action,
        line.subject_kind,
        line.subject_id,
        json.dumps(dict(line.before), ensure_ascii=False) if line.before else None,
        json.dumps(dict(line.after), ensure_ascii=False) if line.after else None,
        line.correlation_id,
        line.id,
    ]


def _line(line: AuditLine, names: Mapping[str, str]) -> TrailLine:
    by_program = line.actor.startswith(_PROGRAM)
    who = line.actor.removeprefix(_PROGRAM) if by_program else names.get(line.actor, "A former member")
    return TrailLine(
        id=line.id,
        at=line.at,
        who=who,
        by_program=by_program,
        action=line.action,
        subject_kind=line.subject_kind,
        subject_id=line.subject_id,
        before=line.before or {},
        after=line.after or {},
        correlation_id=line.correlation_id,
    )
