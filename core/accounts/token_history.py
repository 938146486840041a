"""What became of tokens: lines of the audit trail about consents, renewals, looks, uses and ends, by account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts import queries
from core.accounts.queries import AccountRow
from core.audit import queries as audit
from core.audit.commands import record
from core.audit.queries import AuditLine
from core.infra import csv, db
from core.infra.actor import Actor
from core.infra.csv import Cell
from core.organizations import queries as organizations
from core.organizations.rules import Permission, require

# What can be asked for -> the actions it means.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Consents": ("connect.granted", "accounts.connected"),
    "Renewals": ("token.renewed", "token.renewal_failed", "token.renewal_refused"),
    "Found by a look": ("token.scopes_changed", "token.dead", "token.held", "token.recovered"),
    "Uses": ("token.used",),
    "Ends": ("token.revoked", "account.disconnected", "connection.disconnected"),
}
_ALL: Final = tuple(action for actions in KINDS.values() for action in actions)
_PROGRAM: Final = "program:"
_COLUMNS: Final = ("account", "network", "who", "what", "before", "after", "trace_id", "line")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened. `accounts`: those it is about, more than one where they stand on one consent."""

    id: int
    at: datetime
    accounts: tuple[AccountRow, ...]
    who: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    correlation_id: str


def history(actor: Actor, account_id: UUID | None = None, kind: str | None = None) -> tuple[HistoryLine, ...]:
    """Newest first, of one account or of all: 500 about accounts and 500 about consents at most. Raises NotAllowed."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return _lines(session, account_id, kind)


def export_history(actor: Actor, account_id: UUID | None = None, kind: str | None = None) -> bytes:
    """The same as CSV; the export is a line of the audit trail itself. Raises NotAllowed."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        zone = organizations.organization_in(session).timezone
        made = [_row(each, zone) for each in _lines(session, account_id, kind)]
        after = (
            {"lines": len(made)} | ({"account": account_id} if account_id else {}) | ({"kind": kind} if kind else {})
        )
        record(session, actor, "accounts.export_history", "organization", actor.organization_id, after=after)
    return csv.table(["at_utc", f"at_local ({zone})", *_COLUMNS], made)


def _lines(session: Session, account_id: UUID | None, kind: str | None) -> tuple[HistoryLine, ...]:
    rows = queries.accounts_in(session)
    wanted = [row for row in rows.values() if account_id in (None, row.id)]
    connections = list({row.connection_id for row in wanted})
    actions = KINDS.get(kind or "", _ALL)
    found = [
        *audit.lines(session, "account", [row.id for row in wanted], actions),
        *audit.lines(session, "connection", connections, actions),
    ]
    names = organizations.names_of_actors(session)
    lines = [_line(each, wanted, names) for each in found]
    return tuple(sorted(lines, key=lambda each: each.id, reverse=True))


def _line(line: AuditLine, rows: Sequence[AccountRow], names: Mapping[str, str]) -> HistoryLine:
    by_program = line.actor.startswith(_PROGRAM)
    return HistoryLine(
        id=line.id,
        at=line.at,
        accounts=tuple(row for row in rows if line.subject_id in (str(row.id), str(row.connection_id))),
        who="Masthead" if by_program else names.get(line.actor, "A former member"),
        action=line.action,
        before=line.before or {},
        after=line.after or {},
        correlation_id=line.correlation_id,
    )


def _row(line: HistoryLine, zone: str) -> list[Cell]:
    return [
        line.at,
        csv.local(line.at, zone),
        "; ".join(each.name for each in line.accounts),
        "; ".join(dict.fromkeys(each.network for each in line.accounts)),
        line.who,
        line.action,
        json.dumps(dict(line.before), ensure_ascii=False) if line.before else None,
        json.dumps(dict(line.after), ensure_ascii=False) if line.after else None,
        line.correlation_id,
        line.id,
    ]
