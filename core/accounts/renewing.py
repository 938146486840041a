"""Putting a follower in the place of the token in use: begun, kept, proven (`core.accounts.tending`)."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts import credentials, store, token_rows
from core.accounts.grant_work import Overtaken, Proven, Token, Work, ask, moment_of, opened, unchanged
from core.accounts.rules import CredentialState, Purpose, retry_in
from core.audit import commands as audit
from core.infra import db
from core.provider_kit.errors import NotSent, ProviderFailure, ReconnectNeeded
from core.provider_kit.types import Renewed, TokenFacts

_LOST: Final = (
    "The answer to an earlier renewal was lost on its way, and the network doesn't renew the access a second time."
)
_log = logging.getLogger(__name__)


def renew(work: Work) -> Proven | None:
    """A follower in the place of the token in use; None when that didn't come to pass, which is then noted."""
    follower = work.follower or _follower(work)
    if follower is None:
        return None
    value = follower.value
    try:
        facts = ask(work, lambda: work.tokens.look(value))
    except ReconnectNeeded as refusal:
        _follower_refused(work, follower, refusal)
        return None
    except ProviderFailure as failure:
        _not_renewed(work, failure)
        return None
    _promote(work, follower, facts)
    return Proven(value, facts)


def _follower(work: Work) -> Token | None:
    """What the network gives to follow the token in use, kept; None when it gave nothing, which is then noted."""
    with db.transaction(work.actor) as session:
        if not token_rows.still_ours(session, work.claimed):
            raise Overtaken
        token_rows.note(session, work.connection_id, renewal_began_at=moment_of(session, work))
    try:
        renewed = ask(work, lambda: _renewed(work))
    except ReconnectNeeded as refusal:
        if work.tokens.needs_refresh_token:
            _refused(work, refusal)
        else:  # then the token in use is dead itself, which a look says for certain
            _not_renewed(work, refusal)
            work.check_due = True
        return None
    except ProviderFailure as failure:
        _not_renewed(work, failure)
        return None
    return _keep(work, renewed)


def _renewed(work: Work) -> Renewed:
    """What the network gave: for the newest refresh token, else for the one before it."""
    if not work.tokens.needs_refresh_token:
        return work.tokens.renew(work.grant.value, None)
    newest, *before = work.refresh_tokens
    try:
        return work.tokens.renew(work.grant.value, newest)
    except ReconnectNeeded:
        if not before:
            raise
    return work.tokens.renew(work.grant.value, before[0])


def _keep(work: Work, renewed: Renewed) -> Token:
    """Seal the follower beside the token in use, whoever holds the lease by now: no answer may be lost."""
    with db.transaction(work.actor) as session:
        unchanged(session, work)
        ours = token_rows.still_ours(session, work.claimed)
        if opened(session, work.connection_id, Purpose.GRANT, CredentialState.NEXT) is not None:
            if not ours:
                raise Overtaken
            token_rows.drop_followers(session, work.connection_id)
        follower_id = credentials.keep(
            session,
            work.connection_id,
            Purpose.GRANT,
            renewed.token,
            expires_at=renewed.expires_at,
            state=CredentialState.NEXT,
        )
        if renewed.refresh_token is not None:
            credentials.keep(
                session,
                work.connection_id,
                Purpose.REFRESH,
                renewed.refresh_token,
                expires_at=renewed.consent_ends_at,
                state=CredentialState.NEXT,
            )
        moment = moment_of(session, work)
        token_rows.note(session, work.connection_id, renewal_began_at=None)
    if not ours:
        raise Overtaken
    return Token(follower_id, renewed.token, moment, renewed.expires_at)


def _promote(work: Work, follower: Token, facts: TokenFacts) -> None:
    with db.transaction(work.actor) as session:
        connection = unchanged(session, work)
        on_trial = store.stored_credential(session, work.connection_id, None, Purpose.GRANT, CredentialState.NEXT)
        if on_trial is None or on_trial.id != follower.id:
            raise Overtaken
        ends_at = facts.expires_at or follower.expires_at
        token_rows.turn(session, work.grant.id, CredentialState.REVOKED)
        token_rows.turn(session, follower.id, CredentialState.CURRENT, expires_at=ends_at)
        consent_ends_at = _promote_refresh_token(session, work.connection_id) or connection.consent_ends_at
        before = connection.expires_at
        store.change_connection(session, work.connection_id, expires_at=ends_at, consent_ends_at=consent_ends_at)
        token_rows.note(
            session,
            work.connection_id,
            renewed_at=moment_of(session, work),
            renewal_began_at=None,
            renewal_failures=0,
            renewal_error=None,
            renewal_refused_at=None,
        )
        audit.record(
            session,
            work.actor,
            "token.renewed",
            "connection",
            work.connection_id,
            before={"ends_at": before},
            after={"ends_at": ends_at, "consent_ends_at": consent_ends_at},
        )
        work.grant = follower
        work.follower = None
        work.refused = False


def _promote_refresh_token(session: Session, connection_id: UUID) -> datetime | None:
    """Put the refresh token that came with the follower in use; the one so far stays until that one has worked."""
    found = {
        state: store.stored_credential(session, connection_id, None, Purpose.REFRESH, state)
        for state in (CredentialState.NEXT, CredentialState.CURRENT, CredentialState.PREVIOUS)
    }
    newest = found[CredentialState.NEXT]
    if newest is None:
        return None
    if (oldest := found[CredentialState.PREVIOUS]) is not None:
        token_rows.turn(session, oldest.id, CredentialState.REVOKED)
    if (current := found[CredentialState.CURRENT]) is not None:
        same = credentials.opened(session, current) == credentials.opened(session, newest)
        token_rows.turn(session, current.id, CredentialState.REVOKED if same else CredentialState.PREVIOUS)
    token_rows.turn(session, newest.id, CredentialState.CURRENT)
    return newest.expires_at


def _refused(work: Work, refusal: ReconnectNeeded) -> None:
    """Only a person's consent helps; the token in use works on until its end."""
    words = f"{_LOST} {refusal.reason}" if work.lost else refusal.reason
    with db.transaction(work.actor) as session:
        unchanged(session, work)
        token_rows.note(
            session,
            work.connection_id,
            renewal_refused_at=moment_of(session, work),
            renewal_error=words,
            renewal_began_at=None,
            next_renewal_at=None,
        )
        audit.record(
            session, work.actor, "token.renewal_refused", "connection", work.connection_id, after={"why": words}
        )
    work.plan_stands = work.refused = True
    _log.warning("grant_renewal_refused", extra={"connection_id": str(work.connection_id), "reason": words})


def _follower_refused(work: Work, follower: Token, refusal: ReconnectNeeded) -> None:
    """A token may need a moment until it works (linkedin 2.2); one that still doesn't is dropped, the other stays."""
    with db.transaction(work.actor) as session:
        unchanged(session, work)
        young = moment_of(session, work) - follower.since < timedelta(seconds=work.times.trial_again_for_s)
        if not young:
            _promote_refresh_token(session, work.connection_id)
            token_rows.drop_followers(session, work.connection_id)
    _not_renewed(work, refusal)


def _not_renewed(work: Work, failure: ProviderFailure) -> None:
    """It is tried again, later each time. A network that asks to wait has refused nothing, so that isn't counted."""
    with db.transaction(work.actor) as session:
        unchanged(session, work)
        found = token_rows.care(session, work.connection_id)
        if found is None:
            raise Overtaken
        care, moment = found
        values: dict[str, Any] = {}
        if not _may_have_been_done(failure):
            values["renewal_began_at"] = None
        if failure.limit is not None:
            wait = timedelta(seconds=failure.limit.regain_s or work.times.retry_after_s[0])
        else:
            failures = care.renewal_failures + 1
            wait = retry_in(failures, work.times.retry_after_s, random.random())  # noqa: S311
            values |= {"renewal_failures": failures, "renewal_error": failure.reason}
            after = {"why": failure.reason, "failures": failures, "again_at": moment + wait}
            audit.record(session, work.actor, "token.renewal_failed", "connection", work.connection_id, after=after)
        work.calls.keep(session)
        token_rows.note(session, work.connection_id, next_renewal_at=moment + wait, lease_until=None, **values)
    work.plan_stands = True
    _log.warning("grant_not_renewed", extra={"connection_id": str(work.connection_id), "reason": failure.reason})


def _may_have_been_done(failure: ProviderFailure) -> bool:
    """Whether the network may have renewed it all the same: it was asked, and its answer never came."""
    return failure.trace.http_status is None and failure.limit is None and not isinstance(failure, NotSent)
