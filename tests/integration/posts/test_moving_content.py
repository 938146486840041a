"""What posts said before they could carry several files is all there afterwards, moved by a plain owner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.infra import embedded
from core.infra.migrate import migrate
from core.infra.settings import Settings
from core.posts.content import Attached, Variant, from_version
from tests.fixtures.servers import OWNER_PASSWORD, SECRET_KEY, Servers

ORGANIZATION, MEMBER, POST, BARE = (UUID(int=number) for number in (1, 2, 3, 4))
IMAGE, OTHER = UUID(int=10), UUID(int=11)
WITH_TEXT, WITHOUT, WITH_OTHER, DESCRIBED, IN_VAIN = (UUID(int=number) for number in range(20, 25))

# account -> text, media, media_id, alt as 0008 had them
VARIANTS: dict[UUID, tuple[str | None, str, UUID | None, str | None]] = {
    WITH_TEXT: ("For one", "inherit", None, None),
    WITHOUT: (None, "none", None, None),
    WITH_OTHER: (None, "inherit", OTHER, None),
    DESCRIBED: (None, "inherit", None, "Beans, described anew"),
}


@pytest.fixture
def database(servers: Servers, worker_number: int) -> Iterator[str]:
    name = f"{servers.template}_content_{worker_number}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        embedded.make_owner(connection, OWNER_PASSWORD, name)
    yield name
    servers.drop(name)


def fill(connection: psycopg.Connection[Any]) -> None:
    """Two posts with everything that 0022 could hold of their files; what they don't need isn't there."""
    connection.execute("set session_replication_role = replica")
    connection.execute("set search_path = masthead")
    connection.execute(
        "insert into organization(id, name, timezone) values (%s, 'Northwind', 'Europe/Berlin')", [ORGANIZATION]
    )
    for media_id in (IMAGE, OTHER):
        connection.execute(
            "insert into media(organization_id, id, file_name, sha256, mime, width, height, size, uploaded_by)"
            " values (%s, %s, 'a.jpg', sha256('a'), 'image/jpeg', 8, 8, 8, %s)",
            [ORGANIZATION, media_id, MEMBER],
        )
    for post_id, media_id, alt in ((POST, IMAGE, "Beans"), (BARE, None, "")):
        connection.execute(
            "insert into post(organization_id, id, author_id, updated_by, text, media_id, alt)"
            " values (%s, %s, %s, %s, 'Hello', %s, %s)",
            [ORGANIZATION, post_id, MEMBER, MEMBER, media_id, alt],
        )
    stored = {
        str(account_id): {"text": text, "media": str(media_id or media), "alt": alt}
        for account_id, (text, media, media_id, alt) in VARIANTS.items()
    }
    for post_id, media_id, alt, variants in ((POST, IMAGE, "Beans", stored), (BARE, None, "", {})):
        connection.execute(
            "insert into post_version(organization_id, post_id, version, text, media_id, alt, variants, submitted_by)"
            " values (%s, %s, 1, 'Hello', %s, %s, %s, %s)",
            [ORGANIZATION, post_id, media_id, alt, json.dumps(variants), MEMBER],
        )
    for account_id in (*VARIANTS, IN_VAIN):
        connection.execute(
            "insert into account(organization_id, id, connection_id, provider, network, provider_account_id, name,"
            " state) values (%s, %s, %s, 'meta', 'facebook', %s, 'Page', 'active')",
            [ORGANIZATION, account_id, MEMBER, str(account_id)],
        )
    own = [(POST, account_id, *values) for account_id, values in VARIANTS.items()]
    # Described an image that the post hasn't.
    for row in [*own, (BARE, IN_VAIN, None, "inherit", None, "Nothing to see")]:
        connection.execute(
            "insert into post_variant(organization_id, post_id, account_id, text, media, media_id, alt)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [ORGANIZATION, *row],
        )


def test_files_descriptions_variants_and_versions_are_moved(servers: Servers, database: str) -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=servers.owner_url(database))
    migrate(settings, revision="0022")
    address = psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=database)
    with psycopg.connect(address, autocommit=True) as connection:
        fill(connection)
    migrate(settings, revision="0023")

    with psycopg.connect(address) as connection:
        files = connection.execute(
            "select post_id, account_id, media_id, place, alt from masthead.post_media order by account_id nulls first"
        ).fetchall()
        own = dict(connection.execute("select account_id, own_files from masthead.post_variant").fetchall())
        besides = dict(connection.execute("select post_id, besides from masthead.post_version").fetchall())
        forced = connection.execute(
            "select relname from pg_class where relnamespace = 'masthead'::regnamespace and relkind = 'r'"
            " and relname like 'post%' and not (relrowsecurity and relforcerowsecurity)"
        ).fetchall()
    assert files == [
        (POST, None, IMAGE, 0, "Beans"),
        (POST, WITH_OTHER, OTHER, 0, ""),
        (POST, DESCRIBED, IMAGE, 0, "Beans, described anew"),
    ]
    assert own == {WITH_TEXT: False, WITHOUT: True, WITH_OTHER: True, DESCRIBED: True, IN_VAIN: False}
    submitted = from_version("Hello", None, besides[POST])
    assert submitted.files == (Attached(IMAGE, "Beans"),)
    assert submitted.variants == {
        WITH_TEXT: Variant(text="For one"),
        WITHOUT: Variant(files=()),
        WITH_OTHER: Variant(files=(Attached(OTHER),)),
        DESCRIBED: Variant(files=(Attached(IMAGE, "Beans, described anew"),)),
    }
    assert from_version("Hello", None, besides[BARE]).files == ()
    assert forced == []
