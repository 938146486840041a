"""Masthead's ingest against the sandbox, and people who use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from core import cli, providers
from core.infra import crypto, db
from core.infra import installation as here
from core.infra.actor import Actor, Role
from core.infra.settings import Settings
from core.provider_kit.port import Provider
from core.providers import meta
from ingest.app import create_app
from tests.factories.organizations import make_actor, make_organization, make_signed_in
from tests.fixtures.programs import RunningSandbox
from tests.fixtures.servers import SECRET_KEY
from tests.integration.accounts.people import Person, app_of, take_off


class MakePerson(Protocol):
    """Makes a signed-in person, in a new organization unless one is given."""

    def __call__(
        self,
        organization_id: UUID | None = None,
        role: Role = Role.ADMIN,
        *,
        subject: str | None = None,
        facebook: str = "p-maya",
    ) -> Person: ...


@pytest.fixture
def installation(settings: Settings, sandbox: RunningSandbox) -> Iterator[Settings]:
    """This worker's settings at the addresses that the sandbox redirects to."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    made = Settings(
        MASTHEAD_SECRET_KEY=SECRET_KEY,
        MASTHEAD_DATA=settings.data,
        MASTHEAD_CONSOLE_URL=sandbox.console_url,
        MASTHEAD_PUBLIC_URL=sandbox.ingest_url,
        DATABASE_URL=settings.database_url,
        REDIS_URL=settings.redis_url,
    )
    crypto.use(made)
    yield made
    crypto.use(None)


@pytest.fixture
def provider(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Meta, whose hosts are the sandbox, as the only provider; nobody there has consented to anything yet."""
    sandbox.post("/_sandbox/reset", {})
    app = app_of(sandbox)
    built = meta.build(
        {
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "graph_url": f"{sandbox.url}/graph.facebook.com",
            "dialog_url": f"{sandbox.url}/www.facebook.com",
        }
    )
    use_provider(monkeypatch, built)
    return built


def use_provider(monkeypatch: pytest.MonkeyPatch, provider: Provider, **others: Provider) -> None:
    """Let the registry hold these providers and no other."""
    monkeypatch.setattr(providers, "providers", lambda: {provider.key: provider, **others})


@pytest.fixture
def app(installation: Settings, provider: Provider) -> Flask:
    return create_app(installation)


@pytest.fixture
def new_person(app: Flask, installation: Settings, sandbox: RunningSandbox) -> MakePerson:
    """Needs a database: ask for `database` or `committed_database` before it."""

    def make(
        organization_id: UUID | None = None,
        role: Role = Role.ADMIN,
        *,
        subject: str | None = None,
        facebook: str = "p-maya",
    ) -> Person:
        sign_in, actor = make_signed_in(organization_id or make_organization(), role, subject=subject)
        return Person(app, installation, sandbox, sign_in, actor, facebook)

    return make


@pytest.fixture
def stranger_to_masthead(sandbox: RunningSandbox) -> Callable[[str], None]:
    """Takes Masthead off a person's Facebook account, so that the dialog asks for everything."""
    return lambda person: take_off(sandbox, person)


@pytest.fixture
def rows() -> Callable[..., list[Any]]:
    """SQL in an organization as the web role sees it: rows(organization_id, "select ...", name=value)."""

    def ask(organization_id: UUID, statement: str, **values: Any) -> list[Any]:
        with db.organization_transaction(organization_id, "program:test") as session:
            result = session.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    return ask


@pytest.fixture
def admin(provider: Provider, installation: Settings, committed_database: db.Database) -> Iterator[Actor]:
    """An admin of a new organization, in a database that other programs see."""
    here.use(installation)
    yield make_actor(make_organization(), Role.ADMIN)
    here.use(None)


@pytest.fixture
def operator(
    committed_database: db.Database,
    sandbox: RunningSandbox,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Runs `masthead` as the operator of this installation: exit code, and what it says."""
    for name in [name for name in os.environ if name.startswith(("MASTHEAD_", "PROVIDER_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_DATA": str(settings.data),
        "MASTHEAD_PUBLIC_URL": sandbox.ingest_url,
        "DATABASE_URL_WORKER": settings.program_url("worker"),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run
