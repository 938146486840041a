"""The link behind a Connect button: proof that this person, in this sign-in, pressed it (docs/decisions/0004).

An intent is minted without writing anything, because a page does so at every render. It names the sign-in it is for and
is authenticated with a key of this installation, so a link made for one browser is worthless in another; the consent
keeps its hash under a unique index, so it starts one consent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from core.accounts.rules import INTENT_LIFETIME, IntentExpired, IntentInvalid
from core.infra.actor import Actor
from core.infra.clock import now
from core.infra.crypto import keyed_digest, urlsafe

_PURPOSE: Final = "connect-intent"
_DIGEST_CHARACTERS: Final = 43
_LONGEST: Final = 1024


class Intent(BaseModel):
    """What a press of the button means; `expires` in seconds since 1970."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    organization_id: UUID
    person_id: UUID
    session_id: UUID
    connection_id: UUID | None
    nonce: str
    expires: float

    @property
    def fingerprint(self) -> bytes:
        """32 bytes under which a used intent is remembered; over the nonce, because base64 has many spellings."""
        return hashlib.sha256(self.nonce.encode()).digest()


def mint(actor: Actor, provider: str, connection_id: UUID | None) -> str:
    """A token for one start by this actor, valid for an hour."""
    intent = Intent(
        provider=provider,
        organization_id=actor.organization_id,
        person_id=actor.person_id,
        session_id=actor.session_id,
        connection_id=connection_id,
        nonce=secrets.token_urlsafe(16),
        expires=(now() + INTENT_LIFETIME).timestamp(),
    )
    body = intent.model_dump_json().encode()
    return urlsafe(keyed_digest(_PURPOSE, body)) + urlsafe(body)


def read(token: str, actor: Actor, provider: str) -> Intent:
    """The intent back, if it was minted here for this actor and provider. Raises IntentInvalid or IntentExpired."""
    body = _body(token[_DIGEST_CHARACTERS:]) if len(token) <= _LONGEST else b""
    expected = urlsafe(keyed_digest(_PURPOSE, body))
    if not body or not hmac.compare_digest(token[:_DIGEST_CHARACTERS].encode(), expected.encode()):
        raise IntentInvalid
    try:
        intent = Intent.model_validate_json(body)
    except ValidationError:
        raise IntentInvalid from None
    bound = (intent.provider, intent.organization_id, intent.person_id, intent.session_id)
    if bound != (provider, actor.organization_id, actor.person_id, actor.session_id):
        raise IntentInvalid
    if intent.expires < now().timestamp():
        raise IntentExpired
    return intent


def _body(encoded: str) -> bytes:
    try:
        return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (NotBase64, ValueError):
        return b""
