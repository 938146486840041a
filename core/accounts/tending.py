"""Keeping grants alive: renewed ahead of their end, looked at on a schedule, held when a network says they are dead.

One grant at a time, claimed with a lease (`token_care`), by any number of workers:

    begun     "a call that renews it is under way" is committed before the call
    kept      what the network gave is sealed beside the token in use, which stays in use
    proven    the follower is tried by one read; only then it takes the other's place, which is emptied

A worker that dies after `kept` loses nothing: the next one goes on with the follower. One that dies between the
network's answer and `kept` loses that answer. Meta's token renews itself, so it is simply renewed again. A refresh
token may have been used up by the lost answer: it is tried again, then the one before it, and when the network takes
neither, people read that the answer was lost and by when to consent anew. Until then the token in use works on.

Whatever may pass (the network is away, asks to wait, answers nonsense) disconnects nothing: it is tried again, later
each time. Only a network's word that a token is dead, that a permission is gone or a role was taken away holds
accounts, and what a look has held, a look lets go again when the network says that all is well.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from core.accounts import reaching, store, token_rows
from core.accounts.grant_work import Overtaken, Proven, Work, ask, may_call, moment_of, next_look, take, unchanged
from core.accounts.model import Connection
from core.accounts.renewing import renew
from core.accounts.rules import (
    ConnectionState,
    CredentialState,
    missing_scopes,
    renewal_due,
    retry_in,
    state_after_consent,
)
from core.accounts.token_rows import Claimed
from core.audit import commands as audit
from core.infra import db, installation
from core.infra.actor import ProgramActor
from core.infra.logs import bound
from core.infra.settings import PublishTimes, TokenTimes
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded
from core.provider_kit.types import TokenFacts
from core.throttle.calls import settle

PROGRAM: Final = "tokens"
_log = logging.getLogger(__name__)


def tend_due(at_most: int = 60, *, within_s: float = 15, times: TokenTimes | None = None) -> int:
    """Renew and look at grants whose turn it is, for about `within_s` seconds; gives how many.

    With the worker's database; any number may run at once.
    """
    times = times or installation.settings().tokens
    end = time.monotonic() + within_s
    done = 0
    while done < at_most and time.monotonic() < end:
        with db.free_transaction() as session:  # one at a time, so that no lease runs out before its work begins
            claimed = token_rows.claim(session, 1, timedelta(seconds=times.lease_s))
        if not claimed:
            break
        done += 1
        tend_one(claimed[0], times)
    return done


def tend_one(claimed: Claimed, times: TokenTimes) -> None:
    """Renew and look at one claimed grant. Trouble of our own is logged; the lease lets the next worker try."""
    correlation_id = f"tokens-{claimed.connection_id.hex}-{claimed.epoch}"
    actor = ProgramActor(claimed.organization_id, PROGRAM, correlation_id)
    with bound(organization_id=claimed.organization_id, actor=actor.label, correlation_id=correlation_id):
        try:
            work = take(actor, claimed, times)
            if work is not None:
                with may_call(work) as free:
                    if free:
                        _tend(work)
        except Overtaken:
            _log.info("grant_overtaken", extra={"connection_id": str(claimed.connection_id)})
        except Exception:
            _log.exception("grant_not_tended", extra={"connection_id": str(claimed.connection_id)})
        finally:
            settle(PublishTimes())


def _tend(work: Work) -> None:
    proven = renew(work) if work.follower or (work.due and work.can_renew) else None
    if proven is None and work.plan_stands and not (work.check_due or work.refused):
        return
    if proven is None:
        try:
            proven = Proven(work.grant.value, ask(work, lambda: work.tokens.look(work.grant.value)))
        except ReconnectNeeded as dead:
            # A refresh token may outlive the token in use (linkedin 10.2: try once).
            again = bool(work.refresh_tokens) and not (work.plan_stands or work.refused)
            proven = renew(work) if again else None
            if proven is None:
                _dead(work, dead)
                return
        except ProviderFailure as failure:
            _not_looked(work, failure)
            return
    _alive(work, proven)


def _alive(work: Work, proven: Proven) -> None:
    """Keep what the network says of the token; hold and let go what follows from it; plan what comes next."""
    token, facts = proven
    with db.transaction(work.actor) as session:
        connection = unchanged(session, work)
        changed = _keep_facts(session, work, connection, facts)
        reach = work.reach_due or changed or reaching.may_heal(session, work.connection_id)
    reached: reaching.Reached | None = None
    trouble: ProviderFailure | None = None
    if reach:
        try:
            reached = reaching.look(work.actor, work.provider, work.connection_id, token, lambda do: ask(work, do))
        except ProviderFailure as failure:
            trouble = failure
    with db.transaction(work.actor) as session:
        connection = unchanged(session, work)
        if reached is not None:
            reaching.settle(session, work.actor, connection, work.provider, reached)
        work.calls.keep(session)
        _plan(session, work, connection, reached=reached is not None, trouble=trouble)


def _keep_facts(session: Session, work: Work, connection: Connection, facts: TokenFacts) -> bool:
    """Whether permissions have changed."""
    asked = work.provider.oauth.scopes
    before, now = frozenset(connection.scopes), facts.scopes or frozenset(connection.scopes)
    store.change_connection(
        session,
        work.connection_id,
        scopes=sorted(now),
        declined=[scope.name for scope in asked if scope.name not in now],
        expires_at=facts.expires_at or connection.expires_at,
        data_access_expires_at=facts.data_access_expires_at or connection.data_access_expires_at,
    )
    if facts.expires_at is not None:
        token_rows.turn(session, work.grant.id, CredentialState.CURRENT, expires_at=facts.expires_at)
    if before == now:
        return False
    missing = missing_scopes(asked, now)
    audit.record(
        session,
        work.actor,
        "token.scopes_changed",
        "connection",
        work.connection_id,
        before={"scopes": sorted(before)},
        after={"scopes": sorted(now), "breaks": [each.breaks for each in missing if each.scope in before]},
    )
    _, reason = state_after_consent(missing)
    if reason is not None:
        reaching.hold(session, work.actor, work.connection_id, None, reason)
    return True


def _dead(work: Work, dead: ReconnectNeeded) -> None:
    """The network says that the token is dead. Accounts with tokens of their own are asked for themselves."""
    alive = reaching.with_living_tokens(work.actor, work.provider, work.connection_id)
    with db.transaction(work.actor) as session:
        connection = unchanged(session, work)
        for account in store.accounts_of_connection(session, work.connection_id, lock=True):
            if account.id not in alive:
                reaching.hold(session, work.actor, work.connection_id, account.id, dead.reason)
        if connection.state == ConnectionState.ACTIVE:
            audit.record(
                session, work.actor, "token.dead", "connection", work.connection_id, after={"why": dead.reason}
            )
        store.change_connection(
            session, work.connection_id, state=ConnectionState.BROKEN, last_error={"words": dead.reason}
        )
        moment = moment_of(session, work)
        plan: dict[str, Any] = {}
        if not (work.plan_stands and work.tokens.needs_refresh_token):  # a dead token renews nothing
            plan = {"next_renewal_at": None, "renewal_failures": 0, "renewal_error": None}
        work.calls.keep(session)
        token_rows.note(
            session,
            work.connection_id,
            checked_at=moment,
            check_failures=0,
            check_error=dead.reason,
            next_check_at=next_look(moment, work.times),
            lease_until=None,
            **plan,
        )
    _log.warning("grant_dead", extra={"connection_id": str(work.connection_id), "reason": dead.reason})


def _not_looked(work: Work, failure: ProviderFailure) -> None:
    """Nothing is known, so nothing changes but when it is asked again."""
    with db.transaction(work.actor) as session:
        unchanged(session, work)
        _look_again(session, work, failure)


def _look_again(session: Session, work: Work, failure: ProviderFailure) -> None:
    found = token_rows.care(session, work.connection_id)
    if found is None:
        raise Overtaken
    care, moment = found
    values: dict[str, Any] = {}
    if failure.limit is not None:
        wait = timedelta(seconds=failure.limit.regain_s or work.times.retry_after_s[0])
    else:
        failures = care.check_failures + 1
        wait = retry_in(failures, work.times.retry_after_s, random.random())  # noqa: S311
        values = {"check_failures": failures, "check_error": failure.reason}
    work.calls.keep(session)
    token_rows.note(session, work.connection_id, next_check_at=moment + wait, lease_until=None, **values)
    _log.warning("grant_not_looked_at", extra={"connection_id": str(work.connection_id), "reason": failure.reason})


def _plan(
    session: Session, work: Work, connection: Connection, *, reached: bool, trouble: ProviderFailure | None
) -> None:
    moment, times = moment_of(session, work), work.times
    ends_at = connection.expires_at
    next_check_at = next_look(moment, times)
    if ends_at is not None and moment < ends_at < next_check_at:
        next_check_at = ends_at
    values: dict[str, Any] = {
        "checked_at": moment,
        "check_failures": 0,
        "check_error": None,
        "next_check_at": next_check_at,
        "lease_until": None,
    }
    if reached:
        values["reached_at"] = moment
    if not work.plan_stands:
        values["next_renewal_at"] = (
            renewal_due(
                work.grant.since,
                ends_at,
                connection.consent_ends_at,
                ahead=timedelta(seconds=times.renew_ahead_s),
                at_most_every=timedelta(seconds=times.renew_at_most_every_s),
                earlier=timedelta(seconds=random.uniform(0, times.renew_jitter_s)),  # noqa: S311
            )
            if work.can_renew and not work.refused
            else None
        )
    token_rows.note(session, work.connection_id, **values)
    if trouble is not None:
        _look_again(session, work, trouble)
