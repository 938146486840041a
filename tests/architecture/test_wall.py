"""The wall between organizations, tried from the catalogue of a migrated database.

Every table x every verb x every login role x every context that isn't the row's own; what can reach across at all; and
that nothing a login role may do takes the wall away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from core.infra.ids import new_id
from core.infra.migrate import migrate
from core.infra.settings import LOGIN_ROLES, Settings
from tests.architecture.wall import Connection, Rows, Table, attempt, enter, insert, tables
from tests.fixtures.servers import SECRET_KEY, Servers

CLAIM = "masthead_claim"
ROLES = tuple(f"masthead_{program}" for program in LOGIN_ROLES)
VERBS = ("select", "insert", "update", "delete")
APPEND_ONLY = ("audit_event", "live_event", "publication_event", "reconcile_read")
# Tables of no organization. What a login role may do with them is below, in `FREE`.
OUTSIDE = {
    "alembic_version",
    "app_budget",
    "breaker",
    "breaker_count",
    "console_session",
    "person",
    "publication_transition",
    "ticker_heartbeat",
}
FREE = {
    "alembic_version": {"masthead_web": "r", "masthead_worker": "r", "masthead_dispatch": "r"},
    "app_budget": {"masthead_web": "r", "masthead_worker": "arw"},
    "breaker": {"masthead_web": "r", "masthead_worker": "arw"},
    "breaker_count": {"masthead_worker": "arw"},
    "publication_transition": {"masthead_web": "r", "masthead_worker": "r"},
    "ticker_heartbeat": {"masthead_web": "r", "masthead_worker": "arw", "masthead_dispatch": "arw"},
}
# Unique over all organizations, each for a reason; whoever adds one lets organizations feel each other.
UNIQUE_EVERYWHERE = {
    "account_one_owner": "an account has one live organization in an installation (PRODUCT 4)",
    "attempt_one_accepted": "over publication ids, which are random and unique",
    "attempt_one_unresolved": "over publication ids, which are random and unique",
    "publication_id_key": "random ids, by which definer functions name a publication",
    "publication_one_twin_in_flight": "over account ids, which are random and unique",
    "consent_state_sha256_key": "hashes of 256 random bits",
    "consent_intent_sha256_key": "hashes of 256 random bits",
    "invitation_token_sha256_key": "hashes of 256 random bits",
}
# What looks across organizations, who may call it, and what it gives: ids, instants, counts and states.
# Rows that go away after a time, and who throws them away (docs/decisions/0011).
FORGOTTEN = {("notice", "masthead_worker"), ("mail", "masthead_worker"), ("upload", "masthead_worker")}
DEFINERS = {
    "person_of": ("web", "uuid"),
    "session_of": ("web", "session_id uuid, person_id uuid"),
    "memberships_of": ("web", "organization_id uuid"),
    "invitation_of": ("web", "organization_id uuid, invitation_id uuid"),
    "consent_of": ("web", "organization_id uuid, consent_id uuid"),
    "overdue_choices": ("worker", "organization_id uuid, connection_id uuid"),
    "claim_uploads": ("worker", "organization_id uuid, upload_id uuid, epoch bigint"),
    "old_uploads": ("worker", "organization_id uuid, upload_id uuid"),
    "overdue_uploads": ("worker", "organization_id uuid, upload_id uuid"),
    "grant_in_use": ("web worker", "boolean"),
    "taken_elsewhere": ("web", "provider_account_id text"),
    "account_owner": ("worker", "organization_id uuid, account_id uuid"),
    "connect_starts": ("web", "bigint"),
    "next_due": ("dispatch worker", "timestamp with time zone"),
    "work_waiting": ("dispatch worker", "sends boolean, links boolean"),
    "oldest_due": ("web dispatch worker", "interval"),
    "claim_due": ("worker", "organization_id uuid, publication_id uuid, epoch bigint"),
    "claim_ahead": ("worker", "organization_id uuid, publication_id uuid, epoch bigint"),
    "ahead_waiting": ("dispatch worker", "boolean"),
    "claim_checks": ("worker", "organization_id uuid, publication_id uuid, epoch bigint"),
    "claim_links": ("worker", "organization_id uuid, publication_id uuid"),
    "claim_live": ("worker", "organization_id uuid, work_id uuid, epoch bigint"),
    "live_waiting": ("dispatch worker", "boolean"),
    "organizations_after": ("worker", "organization_id uuid"),
    "organizations_with_news": ("worker", "organization_id uuid"),
    "organizations_with_unmailed": ("worker", "organization_id uuid"),
    "preflight_due": ("worker", "organization_id uuid, publication_id uuid"),
    "organizations_unattended": ("worker", "organization_id uuid"),
    "organizations_at_risk": ("worker", "organization_id uuid"),
    "claim_mails": ("worker", "organization_id uuid, mail_id uuid"),
    "claim_tokens": ("worker", "organization_id uuid, connection_id uuid, epoch bigint"),
    "lapse": ("dispatch worker", "organization_id uuid, publication_id uuid, to_state text"),
    "ask_in_time": ("dispatch worker", "organization_id uuid, publication_id uuid, to_state text"),
    "sweep": ("dispatch worker", "organization_id uuid, publication_id uuid, to_state text"),
}
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidTextRepresentation)


@dataclass(frozen=True)
class World:
    """A migrated database of its own with a row of every table in two organizations, and a login of every role."""

    owner: Connection
    superuser: Connection
    roles: dict[str, Connection]
    tables: dict[str, Table]
    rows: Rows
    mine: UUID
    other: UUID

    @property
    def walled(self) -> list[Table]:
        return [table for table in self.tables.values() if table.key]


@pytest.fixture(scope="module")
def world(servers: Servers, worker_number: int) -> Iterator[World]:
    name = f"{servers.template}_wall_{worker_number}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        owner = psycopg.conninfo.conninfo_to_dict(servers.owner_url(name))["user"]
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner)))
    try:
        settings = Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=servers.owner_url(name))
        migrate(settings)
        roles = {f"masthead_{program}": _login(settings.program_url(program)) for program in LOGIN_ROLES}
        superuser = psycopg.connect(psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=name), autocommit=True)
        with closing(_login(settings.owner_url())) as owner_connection, closing(superuser):
            found = tables(superuser)
            rows, mine, other = Rows(owner_connection, found), new_id(), new_id()
            rows.fill(mine)
            rows.fill(other)
            yield World(owner_connection, superuser, roles, found, rows, mine, other)
            for connection in roles.values():
                connection.close()
    finally:
        servers.drop(name)


def _login(url: str) -> Connection:
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def forgeries(world: World) -> list[str]:
    """What somebody might put where the organization belongs, hoping for everything or for another's."""
    mine, other = str(world.mine), str(world.other)
    return [
        "garbage",
        "*",
        "%",
        "null",
        "0",
        " ",
        "00000000-0000-0000-0000-000000000000",
        str(new_id()),
        other.upper(),
        f"{{{other}}}",
        f"{other},{mine}",
        f"{other} {mine}",
        f"{mine}'",
        f"{mine}' or '1'='1",
        f"' or organization_id = '{mine}' --",
        f"(select '{mine}'::uuid)",
        mine[:-1],
        f"{mine}0",
        f"\\x{mine}",
    ]


def contexts(world: World, kind: str) -> list[str | None]:
    return {"none": [None, ""], "other": [str(world.other)], "forged": forgeries(world)}[kind]


# Rows


@pytest.mark.parametrize("kind", ["none", "other", "forged"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", VERBS)
def test_nobody_reaches_a_row_outside_its_organization(world: World, verb: str, role: str, kind: str) -> None:
    connection, wrong, tried = world.roles[role], [], 0
    for table in world.walled:
        for context in contexts(world, kind):
            with attempt(connection):
                tried += 1
                try:
                    enter_as_forger(connection, context)
                    count = reach(world, connection, table, verb)
                except REFUSED:
                    continue
                if count:
                    wrong.append(f"{verb} {table.name} as {role} in {context!r}: {count} rows")
    print(f"{verb} as {role} in {kind}: {tried} tries")
    assert wrong == []
    assert tried >= len(world.walled)


def enter_as_forger(connection: Connection, context: str | None) -> None:
    if context is not None:
        enter(connection, context)


def reach(world: World, connection: Connection, table: Table, verb: str) -> int:
    """How many rows of "mine" the verb gets at; a savepoint by the caller undoes it."""
    assert table.key is not None
    where = sql.SQL(" where {} = {}").format(sql.Identifier(table.key), sql.Literal(world.mine))
    if verb == "select":
        row = connection.execute(sql.SQL("select count(*) from {}{}").format(table.identifier, where)).fetchone()
        return int(row[0]) if row else 0
    if verb == "insert":
        values = world.rows.values(table, world.mine) | new_keys(table)
        return connection.execute(insert(table, values, returning=False), list(values.values())).rowcount
    if verb == "delete":
        return connection.execute(sql.SQL("delete from {}{}").format(table.identifier, where)).rowcount
    column = sql.Identifier(writable_column(connection, table))
    update = sql.SQL("update {} set {} = {}{}").format(table.identifier, column, column, where)
    return connection.execute(update).rowcount


def new_keys(table: Table) -> dict[str, Any]:
    return {"id": new_id()} if table.name == "organization" else {}


def writable_column(connection: Connection, table: Table) -> str:
    """A column this role may write, so that the row decides and not the grant; the first one if there is none."""
    for column in table.columns:
        query = "select has_column_privilege(%s, %s, 'update')"
        if connection.execute(query, (f"masthead.{table.name}", column.name)).fetchone() == (True,):
            return column.name
    return table.columns[0].name


def test_the_same_reach_gets_at_rows_inside_their_organization(world: World) -> None:
    """Without this, a mistake in the tries above would look like a wall."""
    reached = {verb: set() for verb in VERBS}
    for role, connection in world.roles.items():
        for table in world.walled:
            for verb in VERBS:
                with attempt(connection):
                    enter(connection, str(world.mine))
                    try:
                        if reach(world, connection, table, verb):
                            reached[verb].add((role, table.name))
                    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityError):
                        continue
    names = {table.name for table in world.walled}
    assert {name for role, name in reached["select"] if role == "masthead_web"} == names
    assert len({name for _, name in reached["update"]}) > len(names) / 2
    assert len({name for _, name in reached["insert"]}) > len(names) / 2


@pytest.mark.parametrize("role", ROLES)
def test_nobody_moves_a_row_into_another_organization(world: World, role: str) -> None:
    connection = world.roles[role]
    for table in world.walled:
        assert table.key is not None
        move = sql.SQL("update {} set {} = {}").format(
            table.identifier, sql.Identifier(table.key), sql.Literal(world.other)
        )
        with attempt(connection):
            enter(connection, str(world.mine))
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityError)):
                connection.execute(move)


def test_the_owner_itself_sees_no_row_without_an_organization(world: World) -> None:
    """But where the claim role has a policy: the owner is a member of that role, to replace its functions."""
    claimed = {
        name
        for (name,) in world.superuser.execute(
            "select tablename from pg_policies where schemaname = 'masthead' and policyname = 'claim'"
        )
    }
    alone = [table for table in world.walled if table.name not in claimed]
    assert {"post", "credential", "audit_event", "review_comment"} <= {table.name for table in alone}
    for table in alone:
        with attempt(world.owner):
            count = sql.SQL("select count(*) from {}").format(table.identifier)
            assert world.owner.execute(count).fetchone() == (0,), table.name


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_happened_can_not_be_changed_or_removed_by_any_login_role(world: World, table: str, role: str) -> None:
    connection, identifier = world.roles[role], world.tables[table].identifier
    statements = [
        *(
            sql.SQL("update {} set {} = default").format(identifier, sql.Identifier(column.name))
            for column in world.tables[table].columns
        ),
        sql.SQL("update {} set at = at").format(identifier),
        sql.SQL("delete from {}").format(identifier),
        sql.SQL("truncate {}").format(identifier),
    ]
    for statement in statements:
        with attempt(connection):
            enter(connection, str(world.mine))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


# People, who belong to no organization


def test_people_are_seen_by_their_organizations_and_by_their_own_sign_in_alone(world: World) -> None:
    web = world.roles["masthead_web"]
    person, stranger = (world.rows.made["person", each]["id"] for each in (world.mine, world.other))
    for organization, me, expected in (
        (None, "", set()),
        (world.mine, "", {person}),
        (world.other, "", {stranger}),
        (None, str(person), {person}),
        (None, str(new_id()), set()),
    ):
        with attempt(web):
            enter(web, organization and str(organization), me)
            assert {each for (each,) in web.execute("select id from masthead.person")} == expected
            sessions = {each for (each,) in web.execute("select person_id from masthead.console_session")}
            assert sessions == ({person} if me == str(person) else set())
    for forged in ("garbage", f"{person}' or true --", f"{person},{stranger}"):
        with attempt(web):
            enter(web, None, forged)
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                web.execute("select id from masthead.person")


def test_an_organization_changes_nobodys_name_or_sign_in(world: World) -> None:
    web = world.roles["masthead_web"]
    for statement in (
        "update masthead.person set name = 'Taken'",
        "update masthead.console_session set revoked_at = null",
    ):
        with attempt(web):
            enter(web, str(world.other))
            try:
                assert web.execute(statement.encode()).rowcount == 0
            except psycopg.errors.InsufficientPrivilege as refused:
                assert "row-level security" in str(refused)  # noqa: PT017


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("person", "id issuer subject disabled_at created_at"),
        ("console_session", "id key_sha256 person_id signed_in_at expires_at"),
        ("member", "organization_id id person_id created_at"),
        ("invitation", "organization_id id email invited_by created_at"),
        ("consent", "organization_id id state_sha256 session_id person_id member_id provider scopes expires_at"),
        ("publication", "organization_id id post_id account_id occurrence intent_key epoch version created_at"),
        ("attempt", "organization_id id publication_id step epoch request_sha256 send_deadline opened_at"),
        ("publication_step", "organization_id id publication_id payload_sha256 name reference epoch dropped_at"),
        ("command_receipt", "organization_id action_id command at"),
        ("organization", "id created_at"),
    ],
)
def test_the_console_can_not_change_what_names_a_row_or_counts_its_sends(
    world: World, table: str, columns: str
) -> None:
    query = "select has_column_privilege('masthead_web', %s, %s, 'update')"
    for column in columns.split():
        assert world.superuser.execute(query, (f"masthead.{table}", column)).fetchone() == (False,), column


def test_senders_can_not_change_what_was_approved(world: World) -> None:
    query = "select has_column_privilege('masthead_worker', 'masthead.publication', %s, 'update')"
    approved = ("approved_payload", "approved_sha256", "approved_by", "approved_until")
    for column in ("payload", "payload_sha256", "due_at", "not_after", "epoch", *approved):
        assert world.superuser.execute(query, (column,)).fetchone() == (False,), column


# Structure


def test_every_table_of_an_organization_forces_its_policy(world: World) -> None:
    forced = world.superuser.execute(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class"
        " where relnamespace = 'masthead'::regnamespace and relkind in ('r', 'p')"
    ).fetchall()
    walled = {table.name for table in world.walled} | {"person", "console_session"}
    assert {name for name, is_forced in forced if is_forced} == walled
    assert {name for name, _ in forced} - {table.name for table in world.walled} == OUTSIDE


def test_policies_are_the_one_of_the_organization_and_those_of_the_claim_role(world: World) -> None:
    for table in world.walled:
        policies = world.superuser.execute(
            "select policyname, permissive, roles::text, cmd, qual, with_check from pg_policies"
            " where schemaname = 'masthead' and tablename = %s",
            (table.name,),
        ).fetchall()
        expression = f"({table.key} = masthead.ctx_organization())"
        own = ("own_organization", "PERMISSIVE", "{public}", "ALL", expression, expression)
        assert own in policies, f"{table.name} has no policy of its own: {policies}"
        others = [policy for policy in policies if policy != own]
        assert {policy[2] for policy in others} <= {f"{{{CLAIM}}}"}, f"{table.name}: {others}"


def test_a_table_without_its_wall_would_be_found(world: World) -> None:
    with attempt(world.superuser):
        world.superuser.execute("create table masthead.forgotten(organization_id uuid not null, id uuid primary key)")
        found = tables(world.superuser)["forgotten"]
        changed = World(
            **{**world.__dict__, "tables": {**world.tables, "forgotten": found}},
        )
        with pytest.raises(AssertionError, match="forgotten"):
            test_policies_are_the_one_of_the_organization_and_those_of_the_claim_role(changed)
        with pytest.raises(AssertionError):
            test_every_table_of_an_organization_forces_its_policy(changed)
        with pytest.raises(AssertionError, match="forgotten"):
            test_every_table_is_keyed_by_its_organization_first(changed)


def test_every_table_is_keyed_by_its_organization_first(world: World) -> None:
    for table in world.walled:
        if table.name != "organization":
            assert table.primary_key[:1] == ("organization_id",), table.name
    unique = world.superuser.execute(
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid"
        " left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
        " where c.relnamespace = 'masthead'::regnamespace and i.indisunique and c.relname <> all(%s)"
        " and a.attname is distinct from 'organization_id'",
        ([*OUTSIDE, "organization"],),
    ).fetchall()
    assert {str(name).removeprefix("masthead.") for (name,) in unique} <= UNIQUE_EVERYWHERE.keys()


def test_foreign_keys_inside_the_wall_carry_the_organization(world: World) -> None:
    for table in world.walled:
        for key in table.foreign_keys:
            target = world.tables[key.to]
            if key.to == "organization":
                assert key.columns in {("organization_id",)}, key
            elif target.key:
                pairs = dict(zip(key.columns, key.to_columns, strict=True))
                assert pairs.get("organization_id") == "organization_id", f"{table.name}.{key.name}"
            else:
                assert key.to == "person", f"{table.name}.{key.name} points outside the wall"


def test_a_row_can_not_point_at_another_organizations_row(world: World) -> None:
    tried = 0
    pointed_at = {key.to for table in world.walled for key in table.foreign_keys}
    for table in world.walled:
        for key in table.foreign_keys:
            if key.to in {"organization", "person"}:
                continue
            target = world.rows.made[key.to, world.mine]
            values = world.rows.values(table, world.other)
            across = {
                mine: target[theirs]
                for mine, theirs in zip(key.columns, key.to_columns, strict=True)
                if mine != "organization_id"
            }
            tried += 1
            with attempt(world.owner):
                enter(world.owner, str(world.other))
                # Where one row is all there can be, of these neighbours or at one time; with what only tells of it.
                pointing = [each for each in world.walled if table.name in {own.to for own in each.foreign_keys}]
                leaves = all(each.name not in pointed_at for each in pointing)
                for each in (*pointing, table) if leaves else (table,) if names_nothing_of_its_own(table) else ():
                    own = sql.SQL("delete from {} where organization_id = {}").format(each.identifier, world.other)
                    world.owner.execute(own)
                with pytest.raises(psycopg.errors.ForeignKeyViolation, match=key.name):
                    world.owner.execute(insert(table, values | across), list((values | across).values()))
    assert tried > 20


def names_nothing_of_its_own(table: Table) -> bool:
    """Whether a row is known by the rows it points at alone."""
    return set(table.primary_key) <= {column for key in table.foreign_keys for column in key.columns}


# Roles


@pytest.mark.parametrize("role", [*ROLES, CLAIM])
def test_a_role_is_nobody_special_and_owns_nothing(world: World, role: str) -> None:
    about = world.superuser.execute(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin from pg_roles"
        " where rolname = %s",
        (role,),
    ).fetchone()
    assert about == (False, False, False, False, False, role != CLAIM)
    member = world.superuser.execute(
        "select roleid::regrole::text from pg_auth_members where member = %s::regrole", (role,)
    ).fetchall()
    assert member == []
    owned = world.superuser.execute(
        "select classid::regclass::text from pg_shdepend where refobjid = %s::regrole and deptype = 'o'"
        " and dbid = (select oid from pg_database where datname = current_database())",
        (role,),
    ).fetchall()
    assert {kind for (kind,) in owned} == ({"pg_proc"} if role == CLAIM else set())


@pytest.mark.parametrize("role", ROLES)
def test_a_login_role_can_not_become_another(world: World, role: str) -> None:
    owner = world.owner.execute("select current_user").fetchone()[0]
    for other in {*ROLES, CLAIM, owner, "postgres", "pg_read_all_data", "pg_write_all_data"} - {role}:
        for statement in ("set role {}", "set session authorization {}", "grant {} to " + role):
            with attempt(world.roles[role]), pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.DataError)):
                world.roles[role].execute(sql.SQL(statement).format(sql.Identifier(other)))


@pytest.mark.parametrize("role", ROLES)
def test_a_login_role_can_not_take_the_wall_down(world: World, role: str) -> None:
    connection = world.roles[role]
    for table in [*world.walled, world.tables["person"], world.tables["console_session"]]:
        for statement in (
            "alter table {} disable row level security",
            "alter table {} no force row level security",
            "drop policy own_organization on {}",
            "create policy mine on {} using (true)",
            "alter policy own_organization on {} using (true)",
            "alter table {} owner to current_user",
            "alter table {} disable trigger all",
            "create trigger mine before update on {} for each row execute function masthead.publication_guard()",
            "truncate {}",
            "drop table {}",
            "create index on {} ((1))",
            "copy {} to program 'cat'",
        ):
            with attempt(connection):
                enter(connection, str(world.mine))
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
                    connection.execute(sql.SQL(statement).format(table.identifier))


@pytest.mark.parametrize("role", ROLES)
def test_switching_row_security_off_switches_the_table_off(world: World, role: str) -> None:
    connection = world.roles[role]
    for table in world.walled:
        with attempt(connection):
            enter(connection, str(world.mine))
            connection.execute("set local row_security = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("select * from {}").format(table.identifier))


@pytest.mark.parametrize("role", ROLES)
def test_a_login_role_makes_nothing_of_its_own(world: World, role: str) -> None:
    for statement in (
        "create table masthead.mine(x int)",
        "create table public.mine(x int)",
        "create temporary table mine(x int)",
        "create view masthead.mine as select * from masthead.organization",
        "create function masthead.mine() returns int language sql as 'select 1'",
        "create or replace function masthead.ctx_organization() returns uuid language sql as 'select null::uuid'",
        "create schema mine",
        "create extension plpgsql",
        "set local session_replication_role = replica",
        "alter role current_user bypassrls",
        "copy (select 1) to program 'cat'",
        "select pg_read_file('/etc/passwd')",
        "set local search_path = pg_temp; create type uuid as (x int)",
    ):
        with (
            attempt(world.roles[role]),
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.ProgrammingError)),
        ):
            world.roles[role].execute(statement.encode())


def test_nothing_is_granted_to_everybody_and_rows_are_deleted_only_where_they_are_forgotten(world: World) -> None:
    granted = world.superuser.execute(
        "select c.relname, coalesce(r.rolname, 'public'), string_agg(a.privilege_type, ' ' order by a.privilege_type)"
        " from pg_class c cross join aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee"
        " where c.relnamespace = 'masthead'::regnamespace and a.grantee <> c.relowner group by 1, 2"
    ).fetchall()
    assert {role for _, role, _ in granted} <= {*ROLES, CLAIM}
    letters = {"INSERT": "a", "SELECT": "r", "UPDATE": "w"}
    for name, role, privileges in granted:
        beyond = set(privileges.split()) - letters.keys()
        assert beyond == ({"DELETE"} if (name, role) in FORGOTTEN else set()), (name, role)
        if name in FREE:
            assert (
                FREE[name].get(role) == "".join(sorted(letters[each] for each in privileges.split())) or role == CLAIM
            )
    schema = world.superuser.execute(
        "select coalesce(r.rolname, 'public'), a.privilege_type from pg_namespace n cross join aclexplode(n.nspacl) a"
        " left join pg_roles r on r.oid = a.grantee where n.nspname = 'masthead' and a.grantee <> n.nspowner"
    ).fetchall()
    assert set(schema) == {(role, "USAGE") for role in (*ROLES, CLAIM)}


def test_no_view_and_no_foreign_table_stands_beside_the_wall(world: World) -> None:
    kinds = world.superuser.execute(
        "select relname from pg_class where relnamespace = 'masthead'::regnamespace and relkind in ('v', 'm', 'f')"
    ).fetchall()
    assert kinds == []


# Functions


def test_definer_functions_are_the_ones_listed_and_each_is_locked_in(world: World) -> None:
    found = world.superuser.execute(
        "select p.proname, r.rolname, p.proconfig, pg_get_function_result(p.oid),"
        " array(select coalesce(g.rolname, 'public')"
        "   from aclexplode(p.proacl) a left join pg_roles g on g.oid = a.grantee"
        "   where a.privilege_type = 'EXECUTE' and a.grantee <> p.proowner order by 1)"
        " from pg_proc p join pg_roles r on r.oid = p.proowner"
        " where p.pronamespace = 'masthead'::regnamespace and p.prosecdef"
    ).fetchall()
    assert {row[0] for row in found} == DEFINERS.keys()
    for name, owner, configuration, result, callers in found:
        expected_callers, gives = DEFINERS[str(name)]
        assert owner == CLAIM, name
        assert configuration[0] == "search_path=masthead, pg_temp", name
        assert set(callers) == {f"masthead_{each}" for each in expected_callers.split()}, name
        assert result in {gives, f"SETOF {gives}", f"TABLE({gives})"}, name


def test_what_definer_functions_give_is_ids_instants_counts_and_states() -> None:
    for name, (_, gives) in DEFINERS.items():
        for column in gives.split(", "):
            kind = column.split(" ", 1)[-1] if not column.startswith("timestamp") else column
            is_an_id = re.fullmatch(r"(provider_account_id|to_state) text", column) is not None
            assert is_an_id or kind in {"uuid", "bigint", "boolean", "interval", "timestamp with time zone"}, name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_calls_only_its_own_definer_functions(world: World, role: str) -> None:
    for name, (callers, _) in DEFINERS.items():
        if role.removeprefix("masthead_") in callers.split():
            continue
        signature = world.superuser.execute("select oid::regprocedure::text from pg_proc where proname = %s", (name,))
        arguments = str(signature.fetchone()[0]).partition("(")[2].rstrip(")").split(",")
        call = sql.SQL("select * from masthead.{}({})").format(
            sql.Identifier(name), sql.SQL(", ").join(sql.SQL("null::" + each) for each in arguments if each)
        )
        with attempt(world.roles[role]), pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.roles[role].execute(call)


def test_every_function_has_its_search_path_pinned_or_was_parsed_when_it_was_made(world: World) -> None:
    loose = world.superuser.execute(
        "select proname from pg_proc where pronamespace = 'masthead'::regnamespace and prosqlbody is null"
        " and not coalesce('search_path=masthead, pg_temp' = any(proconfig), false)"
    ).fetchall()
    assert loose == []


def test_no_function_leaves_it_to_the_plan_how_often_it_chooses_what_to_lock(world: World) -> None:
    """Within `in (select ... for update skip locked)` a nested loop chooses for each row anew, past any limit."""
    chosen_anew = world.superuser.execute(
        "select proname from pg_proc where pronamespace = 'masthead'::regnamespace"
        r" and prosrc ~* '(\)|\.\w+)\s+in\s*\(\s*select[^;]*for update'"
    ).fetchall()
    assert chosen_anew == []


def test_no_function_may_be_called_by_everybody(world: World) -> None:
    everybody = world.superuser.execute(
        "select proname from pg_proc p where pronamespace = 'masthead'::regnamespace"
        " and (proacl is null or exists (select 1 from aclexplode(proacl) a where a.grantee = 0))"
    ).fetchall()
    assert everybody == []


def test_the_claim_role_reads_no_content(world: World) -> None:
    """Its functions return ids; that it could not read more than it needs is the second lock."""
    for table, column in (
        ("person", "email"),
        ("person", "name"),
        ("console_session", "chosen_organization"),
        ("credential", "ciphertext"),
        ("credential", "wrapped_key"),
        ("post", "text"),
        ("audit_event", "after"),
        ("review_comment", "text"),
        ("live_work", "text"),
    ):
        query = "select has_column_privilege(%s, %s, %s, 'select')"
        assert world.superuser.execute(query, (CLAIM, f"masthead.{table}", column)).fetchone() == (False,), column
