"""How our budgets and breakers stand, for people: the organization's accounts, and the apps that it uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.organizations.rules import Permission, require
from core.provider_kit.throttle import Route
from core.throttle import rules, store
from core.throttle.rules import BreakerState, Pace

_SHOWN_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget as the network described it last. `whose`: an account's name, or for an app its provider's title.

    `of`: what it counts, in words. `gap_s`: how far apart posts are spread. `held_until`: nothing is called before.
    """

    whose: str
    network: str
    account_id: UUID | None
    of: str
    percent: float
    pace: Pace
    gap_s: float
    said_at: datetime
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Breaker:
    """A route that is closed off because its calls failed, or was until lately. `until`: when it is probed."""

    network: str
    route: Route
    state: BreakerState
    opened_at: datetime
    until: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it, fullest and newest first. App-wide figures are the same for every organization."""

    accounts: tuple[Budget, ...]
    apps: tuple[Budget, ...]
    breakers: tuple[Breaker, ...]


def standing(actor: Actor) -> Standing:
    """What networks have said in the last day of our budgets, and the breakers of that time. Raises NotAllowed."""
    require(actor, Permission.READ_LIMITS)
    apps = {key: provider.title for key, provider in providers.providers().items()}
    with db.transaction(actor) as session:
        used = store.connected_providers(session)
        accounts = tuple(
            _budget(row, row.name, row.account_id) for row in store.account_budgets(session, within=_SHOWN_FOR)
        )
        whole = tuple(
            _budget(row, apps.get(row.provider, row.provider), None)
            for row in store.app_budgets(session, used, within=_SHOWN_FOR)
        )
        breakers = tuple(
            Breaker(
                network=_title(row.network),
                route=Route(row.route),
                state=BreakerState(row.state),
                opened_at=row.opened_at,
                until=row.until,
                closed_at=row.closed_at,
            )
            for row in store.breakers(session, used, within=_SHOWN_FOR)
        )
    return Standing(accounts, whole, breakers)


def _budget(row: Row[Any], whose: str, account_id: UUID | None) -> Budget:
    return Budget(
        whose=whose,
        network=_title(row.network),
        account_id=account_id,
        of=rules.counts_words(row.route, exact=row.exact),
        percent=row.percent,
        pace=rules.pace(row.percent, exact=row.exact, held=row.held_until is not None),
        gap_s=row.gap.total_seconds(),
        said_at=row.said_at,
        held_until=row.held_until,
    )


def _title(network: str) -> str:
    found = providers.networks().get(network)
    return found.title if found else network
