"""A thousand tokens that fall due within one hour: each renewed once, and no call that the network refuses for a limit.

Two workers share the work, as two `worker-low` would. The sandbox lets our app make 2,000 calls an hour and says how
many are used up, as Meta does (meta 9); a renewal takes three. Masthead stops at 95 % and goes on when calls are
welcome again: then the sandbox's clock is moved an hour on, and ours up to the regain, until all are renewed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr

from bench.burst import SlowSandbox, slow_sandbox
from bench.figures import Baseline, Figure, none_of
from bench.installation import Installation, installation
from bench.observer import Observer, behind_the_wall
from bench.programs import CanNotMeasure
from core import providers
from core.accounts import credentials, store, token_rows
from core.accounts.rules import AccountState, ConnectionState, Purpose
from core.accounts.tending import tend_due
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.settings import TokenTimes
from tests.factories.accounts import use_test_keys
from tests.factories.organizations import make_actor, make_organization

TOKENS: Final = 1_000
QUICK_TOKENS: Final = 100
ORGANIZATIONS: Final = 10
WORKERS: Final = 2
DAILY_USERS: Final = 10  # x 200 calls an hour
QUICK_USERS: Final = 1
_HOUR_S: Final = 3_600
_WITHIN_S: Final = 1_800.0
_RENEWED: Final = "select count(*) from masthead.audit_event where action = 'token.renewed'"
_TWICE: Final = """select coalesce(sum(n - 1), 0) from (select count(*) as n from masthead.audit_event
  where action = 'token.renewed' group by organization_id, subject_id) each_one where n > 1"""
_LIMITS: Final = (4, 17, 32, 341, 613)


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """Renewals beside the one of each token, and calls refused for a limit."""
    del minutes
    count = QUICK_TOKENS if quick else TOKENS
    with (
        installation(folder) as installed,
        slow_sandbox(folder, 0.0) as sandbox,
        behind_the_wall(installed) as observer,
    ):
        users = QUICK_USERS if quick else DAILY_USERS
        options = {"daily_active_users": users, "usage_headers_after": 2}
        sandbox.post("/_sandbox/options", {"provider": "meta", "options": options})
        _make(sandbox, count)
        stops = _until_renewed(installed, sandbox, observer, count)
        renewed, twice = int(observer.one(_RENEWED)), int(observer.one(_TWICE))
        calls = sandbox.get("/_sandbox/requests")
    exchanges = sum(_is_renewal(each) for each in calls)
    refused = [each for each in calls if each["status"] in (400, 403, 429)]
    print(f"tokens: {renewed} renewed, {exchanges} exchanges, {stops} stops, {len(calls)} calls", file=sys.stderr)
    if renewed < count:
        raise CanNotMeasure(f"{renewed} of {count} tokens were renewed")
    due = Baseline("tokens that fell due within one hour", count)
    yield none_of("tokens_renewed_again", twice + max(0, exchanges - count), "renewals", due)
    yield none_of("tokens_refused_calls", len(refused), "calls", Baseline(f"calls, with {stops} stops", len(calls)))


def _is_renewal(call: dict[str, Any]) -> bool:
    asked = {**call["query"], **call["form"]}
    return bool(call["path"].endswith("/oauth/access_token")) and asked.get("grant_type") == "fb_exchange_token"


def _make(sandbox: SlowSandbox, count: int) -> None:
    """Consents of as many people, all to be renewed within the hour."""
    use_test_keys()
    admins = [make_actor(make_organization(f"Organization {number}"), Role.ADMIN) for number in range(ORGANIZATIONS)]
    pages = sandbox.post("/_sandbox/accounts", {"count": count, "person": "p-maya", "prefix": "Due"})
    scopes = [scope.name for scope in providers.provider("meta").oauth.scopes]
    asked = {"provider": "meta", "person": "p-maya", "scopes": scopes}
    given = [SecretStr(sandbox.post("/_sandbox/tokens", asked)["access_token"]) for _ in pages]
    tokens = providers.provider("meta").tokens
    if tokens is None:
        raise CanNotMeasure("Meta renews no tokens")
    granted = sorted(tokens.look(given[0]).scopes)  # with what the network adds, so that a look finds nothing new
    for number, (page, token) in enumerate(zip(pages, given, strict=True)):
        _grant(admins[number % ORGANIZATIONS], page, token, granted, number)


def _grant(admin: Actor, page: dict[str, str], token: SecretStr, scopes: list[str], number: int) -> UUID:
    ends_at = datetime.now(UTC) + timedelta(days=10)
    with db.transaction(admin) as session:
        connection_id = store.insert_connection(
            session,
            choice_lifetime=timedelta(minutes=30),
            provider="meta",
            provider_user_id=f"person-{number}",
            name=f"Person {number}",
            connected_by=admin.member_id,
            scopes=scopes,
            expires_at=ends_at,
        )
        store.change_connection(session, connection_id, state=ConnectionState.ACTIVE, choose_until=None)
        account_id = store.insert_account(
            session,
            connection_id=connection_id,
            provider="meta",
            network="facebook",
            provider_account_id=page["id"],
            name=page["name"],
            state=AccountState.ACTIVE,
        )
        own = SecretStr(page["page_token"])
        credentials.keep(session, connection_id, Purpose.GRANT, token, expires_at=ends_at)
        credentials.keep(session, connection_id, Purpose.ACCOUNT, own, account_id=account_id)
        token_rows.begin(session, connection_id)
        # Who lost a role is another look's business: here everybody is the same person with all these Pages.
        moment = datetime.now(UTC)
        due = moment + timedelta(seconds=number * _HOUR_S / TOKENS) - timedelta(hours=1)
        token_rows.note(
            session, connection_id, next_renewal_at=due, next_check_at=moment + timedelta(days=1), reached_at=moment
        )
    return connection_id


def _until_renewed(installed: Installation, sandbox: SlowSandbox, observer: Observer, count: int) -> int:
    """Let the workers work; gives how often the network's limit stopped them."""
    worker = db.connect(installed.settings.program_url("worker"), pool_size=2 * WORKERS, application="masthead-bench")
    stops, end = 0, time.monotonic() + _WITHIN_S
    try:
        while observer.one(_RENEWED) < count and time.monotonic() < end:
            with ThreadPoolExecutor(WORKERS) as workers:
                done = sum(workers.map(lambda _: tend_due(count, within_s=60, times=TokenTimes()), range(WORKERS)))
            held = observer.one("select count(*) from masthead.app_budget where held_until > clock_timestamp()")
            if held:
                stops += 1
                sandbox.post("/_sandbox/clock", {"advance_s": _HOUR_S})
                observer.run("update masthead.app_budget set held_until = clock_timestamp(), percent = 0, gap = '0'")
                observer.run(
                    "update masthead.token_care set next_renewal_at = clock_timestamp() where renewed_at is null"
                )
            elif not done:
                time.sleep(1)
    finally:
        db.use(installed.console)
        worker.engine.dispose()
    return stops
