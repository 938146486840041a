"""Pauses, by the commands that people have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid4

from core.accounts import commands
from core.infra.actor import Actor
from core.publishing import commands as publishing
from core.publishing.commands import Decision, Resumed
from tests.factories.publishing import House

REASON: Final = "A storm."


def pause_account(actor: Actor, account_id: UUID, reason: str = REASON) -> UUID:
    return commands.pause_account(actor, uuid4(), account_id, reason).pause_id


def pause_provider(actor: Actor, provider: str = "meta", reason: str = REASON) -> UUID:
    return commands.pause_provider(actor, uuid4(), provider, reason).pause_id


def pause_organization(actor: Actor, reason: str = REASON) -> UUID:
    return commands.pause_organization(actor, uuid4(), reason).pause_id


def resume(actor: Actor, pause_id: UUID, *decisions: Decision) -> Resumed:
    return publishing.resume(actor, uuid4(), pause_id, decisions)


# What holds the first account of a house, each by its name.
PAUSES: Final[dict[str, Callable[[House], UUID]]] = {
    "account": lambda house: pause_account(house.approver, house.page.account.id),
    "provider": lambda house: pause_provider(house.approver),
    "organization": lambda house: pause_organization(house.approver),
}
