"""Tokens are renewed once, tried before the old one goes, and held only on the network's word."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from core.accounts import credentials, health_reads, queries, store, token_history, token_rows
from core.accounts.access import access_for, report_broken
from core.accounts.health_reads import Mend
from core.accounts.rules import AccountState, Purpose
from core.accounts.tending import tend_due
from core.infra import crypto, db
from core.infra.actor import Actor, Role
from core.infra.settings import Settings, TokenTimes
from core.notices import commands as notices
from core.provider_kit.errors import ReconnectNeeded, RetryLater, Trace
from core.provider_kit.throttle import Scope, Usage
from tests.factories.accounts import use_test_keys
from tests.factories.organizations import make_actor
from tests.factories.tower import Granted, Tower, make_due, make_grant, use_tower
from tests.integration.accounts.schedules import schedule_publication

TIMES = TokenTimes(trial_again_for_s=600)


class Died(BaseException):
    """The worker was killed."""


@pytest.fixture
def admin(committed_database: db.Database) -> Iterator[Actor]:
    yield make_actor(role=Role.ADMIN)
    use_test_keys()


@pytest.fixture
def tower(monkeypatch: pytest.MonkeyPatch) -> Tower:
    made = Tower()
    use_tower(monkeypatch, made)
    return made


@pytest.fixture
def tend(admin: Actor, worker_database: db.Database) -> Callable[[], int]:
    """One worker's turn, with the worker's role."""

    def run() -> int:
        with as_worker(worker_database):
            return tend_due(100, within_s=60, times=TIMES)

    return run


@contextmanager
def as_worker(database: db.Database) -> Iterator[None]:
    before = db.current()
    db.use(database)
    try:
        yield
    finally:
        db.use(before)


def token_of(granted: Granted) -> str:
    with db.transaction(granted.actor) as session:
        return access_for(session, granted.account_id, "test").token.get_secret_value()


def care(granted: Granted) -> Any:
    with db.transaction(granted.actor) as session:
        found = token_rows.care(session, granted.connection_id)
    assert found is not None
    return found[0]


def kept(granted: Granted) -> list[tuple[str, str]]:
    """(purpose, state) of every token that isn't emptied."""
    with db.transaction(granted.actor) as session:
        rows = session.execute(
            text(
                "select purpose, state from masthead.credential where connection_id = :id"
                " and octet_length(ciphertext) > 0 order by purpose, state"
            ),
            {"id": granted.connection_id},
        )
        return [tuple(row) for row in rows]


def actions(granted: Granted) -> list[str]:
    return [line.action for line in token_history.history(granted.actor)][::-1]


def state(granted: Granted) -> tuple[AccountState, str | None]:
    account = queries.account(granted.actor, granted.account_id)
    return account.state, account.state_reason


def test_many_tokens_that_fall_due_together_are_renewed_once_each_by_many_workers(
    admin: Actor, tower: Tower, worker_database: db.Database
) -> None:
    granted = [make_grant(admin, tower) for _ in range(40)]
    with as_worker(worker_database), ThreadPoolExecutor(4) as workers:
        done = list(workers.map(lambda _: tend_due(100, within_s=60, times=TIMES), range(4)))
    assert sum(done) == 40
    assert sorted(tower.renewals.values()) == [1] * 40
    assert all(token_of(each).startswith("token-") for each in granted)
    assert all(care(each).next_renewal_at > datetime.now(UTC) + timedelta(days=30) for each in granted)
    assert {line.action for each in granted for line in token_history.history(admin, each.account_id)} == {
        "token.renewed",
        "token.used",
    }


def test_no_more_are_claimed_than_asked_for_when_postgres_takes_the_table_for_tiny(
    admin: Actor, tower: Tower, worker_database: db.Database, settings: Settings
) -> None:
    granted = {make_grant(admin, tower).connection_id}
    with psycopg.connect(settings.owner_url().replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("vacuum analyze masthead.token_care")
    granted |= {make_grant(admin, tower).connection_id for _ in range(4)}
    with as_worker(worker_database), db.free_transaction() as session:
        claimed = [token_rows.claim(session, 1, timedelta(minutes=1)) for _ in granted]
    assert [len(each) for each in claimed] == [1] * len(granted)
    assert {each.connection_id for one in claimed for each in one} == granted


def test_a_worker_that_dies_after_the_answer_was_kept_loses_nothing(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, token="the-old-one")

    def die(asked: str) -> None:
        if asked == "look":
            raise Died

    tower.before = die
    with pytest.raises(Died):
        tend()
    assert kept(granted) == [("grant", "current"), ("grant", "next"), ("refresh", "current"), ("refresh", "next")]
    assert token_of(granted) == "the-old-one", "the last token is in use until its follower has worked"
    assert tend() == 0, "its lease keeps others away"
    tower.before = lambda _: None
    make_due(admin, granted.connection_id, renewal=True)
    assert tend() == 1
    assert sum(tower.renewals.values()) == 1
    assert token_of(granted).startswith("token-")
    assert kept(granted) == [("grant", "current"), ("refresh", "current"), ("refresh", "previous")]


@pytest.mark.parametrize("rotates", [False, True])
def test_a_worker_that_dies_before_the_answer_is_kept_renews_again_or_says_that_it_was_lost(
    admin: Actor, tower: Tower, tend: Callable[[], int], rotates: bool
) -> None:
    """A rotating refresh token was used up by the lost answer; nobody can bring it back, so a person must know."""
    tower.rotates = rotates
    granted = make_grant(admin, tower, token="the-old-one")

    def die(_: str) -> None:
        raise Died

    tower.after = die
    with pytest.raises(Died):
        tend()
    assert care(granted).renewal_began_at is not None
    tower.after = lambda _: None
    make_due(admin, granted.connection_id, renewal=True)
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)
    if not rotates:
        assert token_of(granted).startswith("token-")
        assert care(granted).renewal_refused_at is None
        return
    assert token_of(granted) == "the-old-one"
    assert care(granted).renewal_refused_at is not None
    assert "was lost on its way" in care(granted).renewal_error
    assert care(granted).next_renewal_at is None
    (health,) = health_reads.health(admin).accounts
    assert (health.mend, health.renews) == (Mend.CONSENT, False)
    make_due(admin, granted.connection_id)
    tend()
    assert "token.renewal_refused" in actions(granted)
    assert sum(tower.renewals.values()) == 1, "nobody asks again for what was refused"


def test_a_follower_that_does_not_work_never_replaces_what_does(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, token="the-old-one")

    def stillborn(asked: str) -> None:
        if asked == "renew":
            tower.dead.update(f"token-{number}" for number in range(100_000))

    tower.before = stillborn
    tend()
    assert token_of(granted) == "the-old-one"
    assert ("grant", "next") in kept(granted), "a new token may need a moment, so it is tried again"
    assert care(granted).renewal_failures == 1
    with db.transaction(admin) as session:
        session.execute(
            text("update masthead.credential set created_at = created_at - interval '1 hour' where state = 'next'")
        )
    make_due(admin, granted.connection_id, renewal=True)
    tend()
    assert ("grant", "next") not in kept(granted)
    tower.before = lambda _: None
    tower.dead.clear()
    make_due(admin, granted.connection_id, renewal=True)
    tend()
    assert token_of(granted).startswith("token-")
    assert care(granted).renewal_failures == 0


def test_what_may_pass_disconnects_nothing_is_tried_later_each_time_and_told_after_three(
    admin: Actor, tower: Tower, tend: Callable[[], int], worker_database: db.Database
) -> None:
    granted = make_grant(admin, tower, ends_in=timedelta(days=30))
    waits = []
    for _ in range(3):
        tower.failures = [RetryLater("The tower is away.", trace=Trace(http_status=503), provider_health=False)]
        make_due(admin, granted.connection_id, renewal=True)
        tend()
        waits.append(care(granted).next_renewal_at - datetime.now(UTC))
        with as_worker(worker_database):
            notices.raise_ends()
    assert timedelta(seconds=15) < waits[0] < waits[1] < waits[2] < timedelta(minutes=20)
    assert state(granted) == (AccountState.ACTIVE, None)
    assert told(admin) == ["not_renewed"]
    make_due(admin, granted.connection_id, renewal=True)
    tend()
    assert care(granted).renewal_failures == 0
    assert actions(granted) == [*["token.renewal_failed"] * 3, "token.renewed"]


def test_one_failure_is_told_at_once_when_less_than_two_days_are_left(
    admin: Actor, tower: Tower, tend: Callable[[], int], worker_database: db.Database
) -> None:
    make_grant(admin, tower, ends_in=timedelta(hours=47))
    tower.failures = [RetryLater("The tower is away.", trace=Trace(http_status=503))]
    tend()
    with as_worker(worker_database):
        notices.raise_ends()
        notices.raise_ends()
    assert told(admin) == ["not_renewed"]


def told(actor: Actor) -> list[str]:
    with db.transaction(actor) as session:
        return list(session.execute(text("select kind from masthead.notice order by at")).scalars())


def test_a_network_that_asks_to_wait_is_left_alone_and_nothing_is_held_against_the_grant(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    first, second = make_grant(admin, tower), make_grant(admin, tower)
    tower.failures = [RetryLater("Slow down.", trace=Trace(http_status=429), limit=Usage(Scope.APP, 100.0, 600.0))]
    tend()
    assert sum(tower.renewals.values()) == 0, "what one call heard keeps the other from being made"
    for each in (first, second):
        assert care(each).renewal_failures == 0
        assert care(each).next_renewal_at > datetime.now(UTC) + timedelta(minutes=9)


def test_a_dead_token_is_noticed_holds_its_posts_with_the_reason_and_lets_them_go_when_it_lives_again(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, due=False)
    schedule_publication(admin, granted.account_id)
    tower.dead.add("*")
    tower.valid_refresh_tokens.clear()
    tend()
    assert state(granted) == (AccountState.AUTH_BROKEN, "The tower says that the access was taken back.")
    account = queries.account(admin, granted.account_id)
    assert (account.state_words, account.stranded) == ("Reconnect needed", 1)
    (health,) = health_reads.health(admin).accounts
    assert (health.mend, health.posts) == (Mend.RECONNECT, 1)
    tower.dead.clear()
    make_due(admin, granted.connection_id)
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)
    assert [each for each in actions(granted) if each != "token.renewal_refused"] == [
        "token.held",
        "token.dead",
        "token.recovered",
    ]


def test_a_dead_token_whose_refresh_token_lives_is_renewed_and_nobody_has_to_do_anything(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, due=False, token="the-old-one")
    tower.dead.add("the-old-one")
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)
    assert token_of(granted).startswith("token-")


def test_permissions_that_are_lost_are_named_and_hold_what_needs_them_until_they_are_back(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, due=False)
    tower.scopes_now = frozenset({"publish"})
    tend()
    assert state(granted)[0] is AccountState.ACTIVE, "what is lost isn't needed for everything"
    (health,) = health_reads.health(admin).accounts
    assert (health.mend, [each.scope for each in health.account.missing_scopes]) == (Mend.CONSENT, ["listen"])
    tower.scopes_now = frozenset({"listen"})
    make_due(admin, granted.connection_id)
    tend()
    assert state(granted) == (
        AccountState.AUTH_BROKEN,
        "Masthead can't publish on your tower. (publish was not given)",
    )
    tower.scopes_now = frozenset({"listen", "publish"})
    make_due(admin, granted.connection_id)
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)
    (first, *_) = [line for line in token_history.history(admin)[::-1] if line.action == "token.scopes_changed"]
    assert first.after["breaks"] == ["Masthead can't hear your tower."]


@pytest.mark.parametrize("how", ["ineligible", "unlisted"])
def test_a_role_that_was_lost_holds_that_account_alone(
    admin: Actor, tower: Tower, tend: Callable[[], int], how: str
) -> None:
    granted = make_grant(admin, tower, due=False)
    with db.transaction(admin) as session:
        other = store.insert_account(
            session,
            connection_id=granted.connection_id,
            provider="tower",
            network="tower",
            provider_account_id=f"{granted.provider_account_id}-b",
            name="B",
            state=AccountState.ACTIVE,
        )
    tower.accounts_of.append(f"{granted.provider_account_id}-b")
    words = "You have no role here any more."
    if how == "ineligible":
        tower.ineligible[granted.provider_account_id] = words
    else:
        tower.unlisted.add(granted.provider_account_id)
    tend()
    assert state(granted) == (AccountState.AUTH_BROKEN, words)
    assert queries.account(admin, other).state is AccountState.ACTIVE
    tower.ineligible.clear()
    tower.unlisted.clear()
    make_due(admin, granted.connection_id)
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)


def test_a_consent_that_comes_while_a_token_is_renewed_stays(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower)
    again = threading.Event()

    def consent(asked: str) -> None:
        if asked == "renew" and not again.is_set():
            again.set()
            new_consent(granted.actor, granted.connection_id)

    tower.after = consent
    tend()
    assert token_of(granted) == "of-the-new-consent"
    assert ("grant", "next") not in kept(granted)


def new_consent(actor: Actor, connection_id: UUID) -> None:
    """What the choice does to the tokens of a connection that was here before."""
    with db.transaction(actor) as session:
        for purpose in (Purpose.GRANT, Purpose.REFRESH):
            store.empty_credentials(session, connection_id=connection_id, purpose=purpose)
        credentials.keep(session, connection_id, Purpose.GRANT, SecretStr("of-the-new-consent"))
        token_rows.begin(session, connection_id)


def test_a_use_is_noted_once_a_day_and_token(admin: Actor, tower: Tower) -> None:
    granted = make_grant(admin, tower)
    for _ in range(3):
        token_of(granted)
    with db.transaction(admin) as session:
        session.execute(text("update masthead.credential set last_used_at = clock_timestamp() - interval '1 day'"))
    token_of(granted)
    assert actions(granted) == ["token.used"] * 2
    (health,) = health_reads.health(admin).accounts
    assert health.last_used_at is not None
    assert datetime.now(UTC) - health.last_used_at < timedelta(minutes=1)


def test_the_history_is_narrowed_and_exported_without_formulas(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower)
    tower.failures = [RetryLater('=cmd|" /C calc"!A1', trace=Trace(http_status=503))]
    tend()
    token_of(granted)
    assert [each.action for each in token_history.history(admin, kind="Uses")] == ["token.used"]
    assert token_history.history(admin, UUID(int=1)) == ()
    exported = token_history.export_history(admin, granted.account_id).decode("utf-8-sig")
    assert "token.renewal_failed" in exported
    assert "\n=" not in exported
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in exported.splitlines() for cell in line.split(","))


def test_a_token_that_ran_out_holds_its_account_until_it_is_renewed(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower, ends_in=timedelta(minutes=-1))
    with db.transaction(admin) as session, pytest.raises(ReconnectNeeded, match="has expired"):
        access_for(session, granted.account_id, "test")
    with db.transaction(admin) as session:
        report_broken(session, granted.account_id, "The token of this account has expired.", refused=None)
    assert state(granted)[0] is AccountState.AUTH_BROKEN
    tend()
    assert state(granted) == (AccountState.ACTIVE, None)
    assert token_of(granted).startswith("token-")


def test_with_a_key_missing_nothing_is_asked_and_nothing_held_against_the_account(
    admin: Actor, tower: Tower, tend: Callable[[], int]
) -> None:
    granted = make_grant(admin, tower)
    crypto.use(Settings(MASTHEAD_SECRET_KEY="another secret of another installation"))
    tend()
    assert not tower.renewals
    assert not tower.looks
    assert state(granted) == (AccountState.ACTIVE, None)
    use_test_keys()
    make_due(admin, granted.connection_id, renewal=True)
    tend()
    assert sum(tower.renewals.values()) == 1
