"""What Postgres does for a call: every statement with its plan, and what was read in sequence.

A plan is asked for where and as the statement runs: by the program's own role, in the organization's transaction, with
the same parameters. Statements inside functions and triggers have no plan that a program may see; Postgres counts what
they read in sequence all the same, table by table, and so this can say whether one did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, event

# In plans the policies are seen by what they compare with: the body of ctx_organization() takes the place of its call.
_POLICY: Final = ("app.organization_id", "app.person_id")
_CONDITIONS: Final = ("Index Cond", "Recheck Cond", "Filter", "TID Cond")
_SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Tid Scan", "Sample Scan")
_SEQUENTIAL: Final = """
select relname, seq_scan from pg_stat_xact_user_tables where schemaname = 'masthead' and seq_scan > 0"""


@dataclass(frozen=True, slots=True)
class Scan:
    """One table read in a plan."""

    table: str
    kind: str
    conditions: str

    @property
    def by_policy(self) -> bool:
        """Whether the policy decides which rows it sees."""
        return any(word in self.conditions for word in _POLICY)


@dataclass(slots=True)
class Seen:
    """The statements of a call with their scans, and the tables that were read in sequence."""

    statements: list[tuple[str, list[Scan]]] = field(default_factory=list)
    in_sequence: set[str] = field(default_factory=set)

    def faults(self, large: frozenset[str], walled: frozenset[str]) -> list[str]:
        """What is wrong, in words: `large` tables must be read by an index, `walled` ones through their policy."""
        found = [
            f"{scan.kind} of {scan.table}{'' if scan.by_policy else ', not through its policy'}, in\n{statement}"
            for statement, scans in self.statements
            for scan in scans
            if (scan.kind == "Seq Scan" and scan.table in large) or (scan.table in walled and not scan.by_policy)
        ]
        read = sorted(self.in_sequence & large)
        return found + [f"{table} was read in sequence, perhaps inside a function or trigger" for table in read]


@contextmanager
def watched(connection: Connection) -> Iterator[Seen]:
    """Plans of every statement on a connection for the length of a block."""
    seen = Seen()
    raw: Any = connection.connection.driver_connection

    def look(
        _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        if statement.lstrip().split(None, 1)[0].lower() not in ("select", "insert", "update", "delete", "with"):
            return
        given = parameters[0] if isinstance(parameters, list) and parameters else parameters
        plan = raw.execute(f"explain (format json, verbose off) {statement}", given, prepare=False)
        seen.statements.append((statement, list(_scans(plan.fetchone()[0][0]["Plan"]))))

    before = _in_sequence(raw)
    event.listen(connection, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", look)
    seen.in_sequence |= {table for table, times in _in_sequence(raw).items() if times > before.get(table, 0)}


def _scans(node: Mapping[str, Any], gate: str = "") -> Iterator[Scan]:
    """Every table read at or below a node; `gate` are conditions under which the node runs at all.

    In a subquery that names the row outside, the planner asks once whether that row is the organization's.
    """
    gate += str(node.get("One-Time Filter", ""))
    if node["Node Type"] in _SCANS and node.get("Relation Name"):
        conditions = " ".join([gate, *(str(node.get(name, "")) for name in _CONDITIONS)])
        yield Scan(node["Relation Name"], node["Node Type"], conditions)
    for child in node.get("Plans", ()):
        yield from _scans(child, gate)


def _in_sequence(raw: Any) -> dict[str, int]:
    return dict(raw.execute(_SEQUENTIAL).fetchall())
