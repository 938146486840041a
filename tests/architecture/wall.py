"""What the tests of the wall know of a migrated database: its catalogue, its roles, and a valid row of every table.

Nothing here names a table: one that a later migration adds is found, filled and tried like the others.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from core.infra.ids import new_id

Connection = psycopg.Connection[tuple[Any, ...]]
CONTEXT = "app.organization_id"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    needed: bool  # not null and without a default
    generated: bool


@dataclass(frozen=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    name: str
    key: str | None  # the column that holds the organization; None for a table of no organization
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier("masthead", self.name)


def tables(connection: Connection) -> dict[str, Table]:
    """All tables of the schema by name, each after those it refers to."""
    names = [
        str(name)
        for (name,) in connection.execute(
            "select relname from pg_class where relnamespace = 'masthead'::regnamespace and relkind in ('r', 'p')"
        )
    ]
    found = {name: _table(connection, name) for name in names}
    order = TopologicalSorter(
        {each.name: {key.to for key in each.foreign_keys} - {each.name} for each in found.values()}
    )
    return {name: found[name] for name in order.static_order()}


def _table(connection: Connection, name: str) -> Table:
    columns = tuple(
        Column(*row)
        for row in connection.execute(
            "select attname, format_type(atttypid, null), attnotnull and not atthasdef and attidentity = '',"
            " attidentity <> '' or attgenerated <> '' from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
            (f"masthead.{name}",),
        )
    )
    named = {column.name for column in columns}
    key = "organization_id" if "organization_id" in named else "id" if name == "organization" else None
    return Table(
        name=name,
        key=key,
        columns=columns,
        primary_key=tuple(_columns_of(connection, name, "p")),
        foreign_keys=tuple(
            ForeignKey(str(constraint), tuple(mine), str(to), tuple(theirs))
            for constraint, mine, to, theirs in connection.execute(
                "select conname,"
                " array(select a.attname::text from unnest(conkey) with ordinality k(n, i) join pg_attribute a"
                "   on a.attrelid = conrelid and a.attnum = n order by i),"
                " (select relname from pg_class where oid = confrelid),"
                " array(select a.attname::text from unnest(confkey) with ordinality k(n, i) join pg_attribute a"
                "   on a.attrelid = confrelid and a.attnum = n order by i)"
                " from pg_constraint where conrelid = %s::regclass and contype = 'f' order by conname",
                (f"masthead.{name}",),
            )
        ),
        checks=tuple(
            str(definition)
            for (definition,) in connection.execute(
                "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'c'",
                (f"masthead.{name}",),
            )
        ),
    )


def _columns_of(connection: Connection, name: str, kind: str) -> list[str]:
    row = connection.execute(
        "select array(select a.attname::text from unnest(conkey) with ordinality k(n, i) join pg_attribute a"
        " on a.attrelid = conrelid and a.attnum = n order by i)"
        " from pg_constraint where conrelid = %s::regclass and contype = %s",
        (f"masthead.{name}", kind),
    ).fetchone()
    return list(row[0]) if row else []


@dataclass
class Rows:
    """Makes valid rows from the catalogue alone: by type, by what checks allow, and by what foreign keys point at."""

    connection: Connection
    tables: Mapping[str, Table]
    made: dict[tuple[str, UUID], dict[str, Any]] = field(default_factory=dict)
    choices: dict[str, int] = field(default_factory=dict)

    def fill(self, organization_id: UUID) -> None:
        """One row in every table with an organization, and one person who is signed in."""
        for table in self.tables.values():
            if table.key or self._is_of_people(table):
                self.made[table.name, organization_id] = self._insert(table, organization_id)

    def _is_of_people(self, table: Table) -> bool:
        return table.name == "person" or any(key.to == "person" for key in table.foreign_keys)

    def values(self, table: Table, organization_id: UUID, choice: int | None = None) -> dict[str, Any]:
        """Values of a new row, which refers to rows that `fill` made.

        `choice` varies what the checks on single columns leave open; by default it is the one that made a row before.
        """
        choice = self.choices.get(table.name, 0) if choice is None else choice
        allowed = [(column, _allowed(table, column)) for column in table.columns if self._is_wanted(table, column)]
        options = list(itertools.islice(itertools.product(*(each for _, each in allowed)), choice + 1))
        if choice >= len(options):
            raise LookupError(f"no valid row of {table.name} found: teach tests/architecture/wall.py how to make one")
        values = {column.name: value for (column, _), value in zip(allowed, options[choice], strict=True)}
        for key in table.foreign_keys:
            if set(key.columns) <= values.keys() | {table.key} and (key.to, organization_id) in self.made:
                target = self.made[key.to, organization_id]
                values |= {mine: target[theirs] for mine, theirs in zip(key.columns, key.to_columns, strict=True)}
        if table.key:
            values[table.key] = organization_id
        return values

    def _is_wanted(self, table: Table, column: Column) -> bool:
        """Needed columns, and a client-made id even where it has a default."""
        return not column.generated and (column.needed or column.name in table.primary_key)

    def _insert(self, table: Table, organization_id: UUID) -> dict[str, Any]:
        for choice in itertools.count():
            values = self.values(table, organization_id, choice)
            try:
                with self.connection.transaction():
                    enter(self.connection, str(organization_id), str(values.get("person_id") or values.get("id")))
                    row = self.connection.execute(insert(table, values), list(values.values())).fetchone()
            except psycopg.errors.CheckViolation:
                continue
            assert row is not None
            self.choices[table.name] = choice
            return dict(zip((column.name for column in table.columns), row, strict=True))
        raise AssertionError


def insert(table: Table, values: Mapping[str, Any], *, returning: bool = True) -> sql.Composed:
    """An insert with a placeholder per value."""
    return sql.SQL("insert into {} ({}) values ({}){}").format(
        table.identifier,
        sql.SQL(", ").join(sql.Identifier(name) for name in values),
        sql.SQL(", ").join(sql.Placeholder() for _ in values),
        sql.SQL(" returning *" if returning else ""),
    )


def enter(connection: Connection, organization_id: str | None, person_id: str = "") -> None:
    """Set what row-level security reads, as a forger could too, for this transaction."""
    if organization_id is not None:
        connection.execute("select set_config(%s, %s, true)", (CONTEXT, organization_id))
    connection.execute("select set_config('app.person_id', %s, true)", (person_id,))


@contextmanager
def attempt(connection: Connection) -> Iterator[None]:
    """A transaction whose work never stays."""
    with connection.transaction(force_rollback=True):
        yield


def _allowed(table: Table, column: Column) -> list[Any]:
    """Values that the checks on this column alone let through."""
    about = [check for check in table.checks if re.search(rf"\b{column.name}\b", check)]
    for check in about:
        if among := re.fullmatch(rf"CHECK \(\({column.name} = ANY \(ARRAY\[(.*)\]\)\)\)", check):
            return re.findall(r"'([^']*)'::text", among[1])
    lengths = [match[1] for check in about if (match := re.search(rf"octet_length\({column.name}\) = (\d+)", check))]
    if column.type in {"integer", "bigint"} and column.name in table.primary_key:
        return [secrets.randbelow(2**30) + 1]
    return [_value(column.type, int(lengths[0]) if lengths else 32)]


def _value(type_name: str, length: int) -> Any:
    values: dict[str, Any] = {
        "uuid": new_id(),
        "text": secrets.token_hex(8),
        "bytea": secrets.token_bytes(length),
        "timestamp with time zone": datetime.now(UTC) + timedelta(hours=1),
        "boolean": True,
        "integer": 1,
        "bigint": 1,
        "jsonb": Jsonb({}),
        "text[]": [],
        "interval": timedelta(minutes=1),
        "double precision": 1.0,
        "numeric": 1,
        "date": datetime.now(UTC).date(),
    }
    return values[type_name]
