"""What was paused before pauses were rows stays paused, with its reason, its person and its time."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from core.infra import embedded
from core.infra.migrate import migrate
from core.infra.settings import Settings
from tests.fixtures.servers import OWNER_PASSWORD, SECRET_KEY, Servers

ORGANIZATION, PERSON, ADMIN, CONNECTION = (UUID(int=number) for number in range(1, 5))
PAUSED, RESUMED, SENDS = (UUID(int=number) for number in range(11, 14))
BEFORE = f"""
insert into masthead.person(id, issuer, subject, email, email_verified, name)
  values ('{PERSON}', 'https://id.example', '1', 'ana@people.example', true, 'Ana');
insert into masthead.organization(id, name, timezone, publish_paused, pause_reason)
  values ('{ORGANIZATION}', 'Acme', 'Europe/Madrid', true, 'a recall');
insert into masthead.member(organization_id, id, person_id, role)
  values ('{ORGANIZATION}', '{ADMIN}', '{PERSON}', 'admin');
insert into masthead.connection(organization_id, id, provider, provider_user_id, name, state, connected_by)
  values ('{ORGANIZATION}', '{CONNECTION}', 'meta', '1', 'Ana', 'active', '{ADMIN}');
insert into masthead.account(organization_id, id, connection_id, provider, network, provider_account_id, name, state,
    state_reason)
  select '{ORGANIZATION}', id, '{CONNECTION}', 'meta', 'facebook', id::text, 'Page', 'active', null
  from unnest(array['{PAUSED}', '{RESUMED}', '{SENDS}']::uuid[]) id;
insert into masthead.audit_event(organization_id, actor, action, subject_kind, subject_id, after, correlation_id)
  values ('{ORGANIZATION}', 'person:{PERSON}', 'account.paused', 'account', '{PAUSED}',
    '{{"reason": "stocktaking"}}', '');
update masthead.account set state = 'paused', state_reason = 'paused by Ana: stocktaking' where id <> '{SENDS}';
update masthead.account set state = 'active', state_reason = null where id = '{RESUMED}';
"""  # noqa: S608 - ids of this test


@pytest.fixture
def earlier(servers: Servers, worker_number: int) -> Iterator[str]:
    name = f"{servers.template}_earlier_{worker_number}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        embedded.make_owner(connection, OWNER_PASSWORD, name)
    migrate(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=servers.owner_url(name)), revision="0020")
    yield name
    servers.drop(name)


def test_what_was_paused_stays_so(servers: Servers, earlier: str) -> None:
    url = psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=earlier)
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
    migrate(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=servers.owner_url(earlier)))
    with psycopg.connect(url) as connection:
        pauses = connection.execute(
            "select scope, account_id, reason, began_by, ended_at is null from masthead.pause"
            " order by scope, account_id"
        ).fetchall()
        states = connection.execute("select distinct state, state_reason from masthead.account").fetchall()
        unforced = connection.execute(
            "select relname from pg_class where relnamespace = 'masthead'::regnamespace and relrowsecurity"
            " and not relforcerowsecurity"
        ).fetchall()
    assert pauses == [
        ("account", PAUSED, "stocktaking", ADMIN, True),
        ("account", RESUMED, "no reason was kept", ADMIN, False),
        ("organization", None, "a recall", ADMIN, True),
    ]
    assert states == [("active", None)]
    assert unforced == []
