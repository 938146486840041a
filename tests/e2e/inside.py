"""Acting on a running installation through core's own commands, where no page does it yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from uuid import UUID

import pytest

from core import providers
from core.accounts import queries as accounts
from core.accounts.rules import AccountState
from core.cli import stand_in
from core.infra import db, installation
from core.infra.actor import Actor
from core.infra.db import Database, make_engine
from core.infra.ids import new_id
from core.infra.settings import Settings
from core.organizations import commands, queries
from core.posts import commands as posts
from tests.e2e.driving import Product


def settings_of(product: Product) -> Settings:
    """The settings that the product's programs have."""
    data = product.data
    ports = json.loads((data / "ports.json").read_text())
    owner = (data / "postgres-owner").read_text()
    return Settings.model_validate(
        {
            "MASTHEAD_SECRET_KEY": (data / "secret-key").read_text(),
            "MASTHEAD_DATA": str(data),
            "MASTHEAD_PORT": product.port,
            "DATABASE_URL": f"postgresql://masthead_owner:{owner}@127.0.0.1:{ports['postgres']}/masthead",
        }
    )


@contextmanager
def as_console(product: Product) -> Iterator[None]:
    """Inside the block this process is logged in as the product's console is, and knows the networks as it does."""
    settings = settings_of(product)
    database = Database(make_engine(settings.program_url("web")))
    db.use(database)
    installation.use(settings)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in chain.from_iterable(map(dict.items, stand_in.environments(product.sandbox_url))):
            environment.setenv(name, value)
        providers.providers.cache_clear()
        try:
            yield
        finally:
            installation.use(None)
            db.use(None)
            database.engine.dispose()
    providers.providers.cache_clear()


def acting(product: Product, organization_key: str, name: str) -> Actor:
    """A member of a demo organization, for commands inside `as_console`."""
    organization_id = UUID(json.loads((product.data / "demo.json").read_text())[organization_key])
    with db.organization_transaction(organization_id, "program:e2e") as session:
        member = next(each for each in queries.members_in(session) if each.name == name)
    return Actor(
        organization_id=organization_id,
        member_id=member.id,
        person_id=member.person_id,
        role=member.role,
        name=name,
        session_id=new_id(),
        correlation_id="e2e",
    )


def planned_draft(product: Product, organization_key: str, author: str, words: str, slot: datetime) -> UUID:
    """A draft with a time that a member of a demo organization wrote."""
    with as_console(product):
        return posts.create(acting(product, organization_key, author), new_id(), text=words, slot_at=slot)


def submitted(product: Product, organization_key: str, author: str, words: str, slot: datetime) -> UUID:
    """A post for the organization's first account that can be used, which a member asks any approver to approve."""
    with as_console(product):
        actor = acting(product, organization_key, author)
        account = next(each for each in accounts.accounts(actor) if each.state == AccountState.ACTIVE)
        post_id = posts.create(actor, new_id(), text=words, account_ids=[account.id], slot_at=slot)
        posts.submit(actor, new_id(), post_id, 1)
        return post_id


def disable(product: Product, organization_key: str, name: str, *, by: str) -> None:
    """Disable a member of a demo organization, as one of its admins."""
    with as_console(product):
        member_id = acting(product, organization_key, name).member_id
        commands.disable_member(acting(product, organization_key, by), new_id(), member_id)
