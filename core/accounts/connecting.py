"""From the press of Connect to a grant that waits for the choice of accounts (PRODUCT 4, RFC 9700).

connect_intent   the link behind the button
start_connect    a consent row; the browser goes to the network
finish_connect   the network sent the browser back: every check before the code is exchanged, then the grant, sealed
load_choice      the list of accounts, where the network did not give it at once
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials, intents, store
from core.accounts.model import Connection
from core.accounts.rules import (
    CHOICE_LIFETIME,
    CONNECT_AGAIN,
    CONSENT_LIFETIME,
    STARTS_PER_MINUTE,
    Arrival,
    ConnectFailed,
    ConnectionState,
    ConnectRefused,
    ConsentDenied,
    ConsentFacts,
    IntentInvalid,
    Purpose,
    Refusal,
    TooManyStarts,
    refusal,
)
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.crypto import keyed_digest, urlsafe
from core.infra.errors import NotFound, Refused
from core.organizations.rules import Permission, require
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.port import Provider
from core.provider_kit.types import Grant

_STATE_BYTES: Final = 32
_SAID_NO: Final = ""  # the words for a person's no (`port.OAuth.callback_errors`); OAuth spells it access_denied
_log = logging.getLogger(__name__)


class Callback(BaseModel):
    """What a network may hand back through the browser; without anything usable it is empty, and refused as such."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    state: Annotated[str, Field(max_length=512)] = ""
    code: Annotated[SecretStr | None, Field(max_length=4096)] = None
    error: Annotated[str | None, Field(max_length=512)] = None
    error_code: Annotated[str | None, Field(max_length=512)] = None

    @property
    def failed(self) -> bool:
        """The network says that it went wrong, in OAuth's parameter or one of its own."""
        return self.error is not None or self.error_code is not None


@dataclass(frozen=True, slots=True)
class Finished:
    """A grant waits for its choice; `next_path` is the console's page for it."""

    connection_id: UUID
    next_path: str


def connect_intent(actor: Actor, provider_key: str, connection_id: UUID | None = None) -> str:
    """Path at ingest behind a Connect button, for this person in this sign-in; good for one start within an hour.

    `connection_id` names the connection to consent to again; what was declined there is asked for once more. Writes
    nothing, so a page may call it at every render. Raises NotAllowed, and Refused for a provider without settings.
    """
    require(actor, Permission.CONNECT)
    provider = _configured(provider_key)
    return f"/oauth/{provider.key}/start?intent={intents.mint(actor, provider.key, connection_id)}"


def start_connect(actor: Actor, provider_key: str, *, intent: str, redirect_uri: str) -> str:
    """Begin a consent; returns the network's address to send the browser to.

    Raises NotAllowed, IntentInvalid (not this sign-in's, or used), IntentExpired, TooManyStarts.
    """
    require(actor, Permission.CONNECT)
    provider = _configured(provider_key)
    wanted = intents.read(intent, actor, provider.key)
    state = secrets.token_urlsafe(_STATE_BYTES)
    challenge = code_challenge(code_verifier(state))
    scopes = _asked(provider)
    with db.transaction(actor) as session:
        if store.starts_lately(session, actor.person_id, timedelta(minutes=1)) >= STARTS_PER_MINUTE:
            raise TooManyStarts
        before = store.connection(session, wanted.connection_id) if wanted.connection_id else None
        try:
            store.insert_consent(
                session,
                lifetime=CONSENT_LIFETIME,
                state_sha256=_sha256(state),
                intent_sha256=wanted.fingerprint,
                session_id=actor.session_id,
                person_id=actor.person_id,
                member_id=actor.member_id,
                provider=provider.key,
                scopes=list(scopes),
                redirect_uri=redirect_uri,
                code_challenge=challenge,
                connection_id=before.id if before else None,
            )
        except store.IntentUsed:
            raise IntentInvalid from None
        audit.record(session, actor, "connect.started", "provider", provider.key)
    return provider.oauth.authorize_url(
        redirect_uri=redirect_uri,
        state=state,
        scopes=scopes,
        code_challenge=challenge if provider.oauth.uses_pkce else None,
        ask_again=bool(before and before.declined),
    )


def finish_connect(actor: Actor, provider_key: str, callback: Callback, *, redirect_uri: str) -> Finished:
    """Take the network's answer, exchange its code and keep the grant until the choice.

    Nothing is sent to the network unless the answer belongs to a consent that this person started in this sign-in and
    organization, with this provider, these scopes and this redirect address, at most 10 minutes ago, and is the first.
    Raises NotAllowed, ConnectRefused (which says why), ConsentDenied, ConnectFailed.
    """
    require(actor, Permission.CONNECT)
    provider = _configured(provider_key)
    consent = _take(actor, provider, callback, redirect_uri)
    said = _SAID_NO if callback.error == "access_denied" else provider.oauth.callback_errors.get(callback.error or "")
    if said == _SAID_NO:
        _close(actor, consent, "denied", "connect.denied", provider.key)
        raise ConsentDenied
    if callback.failed:
        _close(actor, consent, "failed", "connect.failed", provider.key)
        words = said or f"There was a problem at {provider.title}, so nothing was connected. {CONNECT_AGAIN}"
        raise ConnectFailed(words)
    if callback.code is None:
        raise _refused(actor, provider.key, Refusal.CODE)
    try:
        grant = provider.oauth.exchange(
            code=callback.code.get_secret_value(),
            redirect_uri=consent.redirect_uri,
            code_verifier=code_verifier(callback.state) if provider.oauth.uses_pkce else None,
        )
    except ProviderFailure as failure:
        _close(actor, consent, "failed", "connect.failed", provider.key)
        raise ConnectFailed(f"{failure.reason} {failure.how_to_fix} {CONNECT_AGAIN}".replace("  ", " ")) from None
    connection_id = _keep(actor, provider, consent, grant)
    try:
        _list_accounts(actor, provider, connection_id, grant.token)
    except ProviderFailure as failure:
        _log.warning("accounts_not_listed", extra={"provider": provider.key, "reason": failure.reason})
    return Finished(connection_id, f"/accounts?choose={connection_id}")


def load_choice(actor: Actor, connection_id: UUID) -> None:
    """Ask the network for the accounts of a pending grant. Raises NotFound, and ConnectFailed in its words."""
    require(actor, Permission.CONNECT)
    with db.transaction(actor) as session:
        connection = pending(session, actor, connection_id)
        provider = _configured(connection.provider)
        token = credentials.grant_token(session, connection_id)
    if token is None:
        raise NotFound
    try:
        _list_accounts(actor, provider, connection_id, token)
    except ProviderFailure as failure:
        raise ConnectFailed(f"{failure.reason} {failure.how_to_fix}".strip()) from None


def pending(session: Session, actor: Actor, connection_id: UUID, *, lock: bool = False) -> Connection:
    """The actor's own grant that waits for their choice. Raises NotFound, and Refused once its 30 minutes are over."""
    connection = store.connection(session, connection_id, lock=lock)
    if connection is None or connection.connected_by != actor.member_id:
        raise NotFound
    if connection.state != ConnectionState.PENDING or not store.in_time(session, connection_id):
        raise Refused(f"This choice is over: it was made already, or more than 30 minutes went by. {CONNECT_AGAIN}")
    return connection


def code_verifier(state: str) -> str:
    """The PKCE verifier of a state: 43 characters that only this installation can tell, so it is stored nowhere."""
    return urlsafe(keyed_digest("connect-pkce", state.encode()))


def code_challenge(verifier: str) -> str:
    """S256 of a verifier (RFC 7636 4.2)."""
    return urlsafe(_sha256(verifier))


def _take(actor: Actor, provider: Provider, callback: Callback, redirect_uri: str) -> ConsentFacts:
    state_sha256 = _sha256(callback.state)
    arrival = Arrival(
        provider=provider.key,
        person_id=actor.person_id,
        session_id=actor.session_id,
        scopes=_asked(provider),
        redirect_uri=redirect_uri,
        code_challenge=code_challenge(code_verifier(callback.state)),
    )
    with db.transaction(actor) as session:
        consent = store.consent_by_state(session, state_sha256)
        if consent is None:
            elsewhere = store.consent_is_elsewhere(session, state_sha256)
            because: Refusal | None = Refusal.OTHER_ORGANIZATION if elsewhere else Refusal.UNKNOWN
        else:
            because = refusal(consent, arrival)
            if because is None and not store.take_consent(session, consent.id):
                because = Refusal.REPLAYED
    if consent is None or because is not None:
        raise _refused(actor, provider.key, because or Refusal.UNKNOWN)
    return consent


def _refused(actor: Actor, provider_key: str, because: Refusal) -> ConnectRefused:
    with db.transaction(actor) as session:
        audit.record(session, actor, "connect.refused", "provider", provider_key, after={"because": because.value})
    _log.warning("connect_refused", extra={"provider": provider_key, "because": because.value})
    return ConnectRefused(because)


def _close(actor: Actor, consent: ConsentFacts, outcome: str, action: str, provider_key: str) -> None:
    with db.transaction(actor) as session:
        store.close_consent(session, consent.id, outcome)
        audit.record(session, actor, action, "provider", provider_key)


def _keep(actor: Actor, provider: Provider, consent: ConsentFacts, grant: Grant) -> UUID:
    declined = [name for name in consent.scopes if name not in grant.scopes]
    with db.transaction(actor) as session:
        store.lock_grant(session, provider.key, grant.provider_user_id)
        _supersede_unchosen(session, actor, provider.key, grant.provider_user_id)
        connection_id = store.insert_connection(
            session,
            choice_lifetime=CHOICE_LIFETIME,
            provider=provider.key,
            provider_user_id=grant.provider_user_id,
            name=grant.name,
            scopes=sorted(grant.scopes),
            declined=declined,
            connected_by=actor.member_id,
            expires_at=grant.expires_at,
            data_access_expires_at=grant.data_access_expires_at,
            consent_ends_at=grant.consent_ends_at,
        )
        credentials.keep(session, connection_id, Purpose.GRANT, grant.token, expires_at=grant.expires_at)
        if grant.refresh_token is not None:
            credentials.keep(
                session, connection_id, Purpose.REFRESH, grant.refresh_token, expires_at=grant.consent_ends_at
            )
        store.close_consent(session, consent.id, "granted", connection_id)
        audit.record(
            session,
            actor,
            "connect.granted",
            "connection",
            str(connection_id),
            after={"provider": provider.key, "scopes": sorted(grant.scopes), "declined": declined},
        )
    return connection_id


def _supersede_unchosen(session: Session, actor: Actor, provider_key: str, provider_user_id: str) -> None:
    """The person consented once more before choosing: the newer grant replaces the older, which is the same one."""
    states = (ConnectionState.PENDING,)
    for older in store.connections_of_grant(session, provider_key, provider_user_id, states):
        if older.connected_by == actor.member_id:
            store.empty_credentials(session, connection_id=older.id)
            store.change_connection(session, older.id, state=ConnectionState.REVOKED, choose_until=None)


def _list_accounts(actor: Actor, provider: Provider, connection_id: UUID, token: SecretStr) -> None:
    offered = provider.oauth.accounts(token)
    with db.transaction(actor) as session:
        pending(session, actor, connection_id, lock=True)
        credentials.keep_offer(session, connection_id, offered)


def _configured(provider_key: str) -> Provider:
    try:
        provider = providers.provider(provider_key)
    except KeyError:
        raise NotFound("There is no such network here.") from None
    if not provider.configured:
        name = f"PROVIDER_{provider.key.upper()}_CLIENT_ID"
        raise Refused(f"{provider.title} isn't set up here. The operator sets {name} and its secret first.")
    return provider


def _asked(provider: Provider) -> tuple[str, ...]:
    return tuple(scope.name for scope in provider.oauth.scopes)


def _sha256(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
