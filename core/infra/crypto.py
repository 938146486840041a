"""Tokens at rest: each has a data key of its own, and that key is wrapped by a key of the installation.

    token --AES-256-GCM, random data key, random nonce--> ciphertext
    data key --AES-256-GCM, the ring's first key--> wrapped_key (its nonce, then ciphertext and tag: 60 bytes)

Both carry the row they belong to as associated data (`CredentialContext`), so that a ciphertext copied into another
row, account, connection or organization opens nowhere. The wrap carries the ring key's id besides, so that rotation
(`KeyRing.rewrap`) touches no token. A data key encrypts one message, so its nonce is never used twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from core.infra import installation
from core.infra.errors import MastheadError
from core.infra.settings import Settings

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + 16

_log = logging.getLogger(__name__)


class CredentialTampered(MastheadError):
    """A stored token is not what was stored, or not in its own row. It was not used; connect the account again."""


class KeyMissing(CredentialTampered):
    """The key that wraps this token isn't among the keys of this program. The token is sound and was not used."""


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """The row a token lives in. `account_id` is None for a token of the connection itself."""

    organization_id: UUID
    connection_id: UUID
    account_id: UUID | None
    credential_id: UUID
    purpose: str

    @property
    def associated_data(self) -> bytes:
        """What encryption binds the token to; no part can contain the separator but the last, so it is unambiguous."""
        account = self.account_id or "-"
        return f"v1|{self.organization_id}|{self.connection_id}|{account}|{self.credential_id}|{self.purpose}".encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A token as it is stored: the columns of `masthead.credential`. Its parts say nothing without the key ring."""

    key_id: str
    wrapped_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


class KeyRing:
    """The keys of an installation, newest first: the first wraps, all unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError("a key ring needs at least one key, each of 32 bytes")
        self._keys = dict(keys)
        self._first = next(iter(self._keys))

    @property
    def newest(self) -> str:
        """The id of the key that wraps."""
        return self._first

    def seal(self, plaintext: SecretStr, context: CredentialContext) -> Sealed:
        """Encrypt a token for exactly one row."""
        data_key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        ciphertext = AESGCM(data_key).encrypt(nonce, plaintext.get_secret_value().encode(), context.associated_data)
        return Sealed(self._first, self._wrap(data_key, context), nonce, ciphertext)

    def open_sealed(self, sealed: Sealed, context: CredentialContext) -> SecretStr:
        """The token back. Raises CredentialTampered, and logs which row, when anything isn't as it was sealed."""
        data_key = self._unwrap(sealed, context)
        try:
            plaintext = AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, context.associated_data)
        except (InvalidTag, ValueError):
            raise _tampered("token", sealed, context) from None
        return SecretStr(plaintext.decode())

    def rewrap(self, sealed: Sealed, context: CredentialContext) -> Sealed:
        """The same ciphertext under the ring's first key, for rotation. Raises CredentialTampered."""
        if sealed.key_id == self._first:
            return sealed
        wrapped = self._wrap(self._unwrap(sealed, context), context)
        return Sealed(self._first, wrapped, sealed.nonce, sealed.ciphertext)

    def _wrap(self, data_key: bytes, context: CredentialContext) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = _wrapping_data(context, self._first)
        return nonce + AESGCM(self._keys[self._first]).encrypt(nonce, data_key, bound)

    def _unwrap(self, sealed: Sealed, context: CredentialContext) -> bytes:
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise _missing(sealed, context)
        if len(sealed.wrapped_key) != WRAPPED_BYTES:
            raise _tampered("wrapped key", sealed, context)
        nonce, wrapped = sealed.wrapped_key[:NONCE_BYTES], sealed.wrapped_key[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, wrapped, _wrapping_data(context, sealed.key_id))
        except InvalidTag:
            raise _tampered("wrapped key", sealed, context) from None


def seal(plaintext: SecretStr, context: CredentialContext) -> Sealed:
    """`KeyRing.seal` with this installation's keys."""
    return _ring().seal(plaintext, context)


def open_sealed(sealed: Sealed, context: CredentialContext) -> SecretStr:
    """`KeyRing.open_sealed` with this installation's keys. Raises CredentialTampered."""
    return _ring().open_sealed(sealed, context)


def rewrap(sealed: Sealed, context: CredentialContext) -> Sealed:
    """`KeyRing.rewrap` with this installation's keys. Raises CredentialTampered."""
    return _ring().rewrap(sealed, context)


def newest_key() -> str:
    """The id of this installation's newest key."""
    return _ring().newest


def keyed_digest(purpose: str, message: bytes) -> bytes:
    """32 bytes that only this installation can compute, one family per purpose (HMAC-SHA256)."""
    return hmac.digest(installation.settings().derived(purpose), message, hashlib.sha256)


def urlsafe(data: bytes) -> str:
    """Base64 for addresses, without padding (RFC 4648 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_ring_in_use: KeyRing | None = None


def use(settings: Settings | None) -> None:
    """Take the keys of these settings, which become this process's (`installation.use`)."""
    global _ring_in_use
    installation.use(settings)
    _ring_in_use = None


def _ring() -> KeyRing:
    global _ring_in_use
    if _ring_in_use is None:
        _ring_in_use = KeyRing(installation.settings().credential_key_ring())
    return _ring_in_use


def _wrapping_data(context: CredentialContext, key_id: str) -> bytes:
    return context.associated_data + b"|" + key_id.encode()


def _missing(sealed: Sealed, context: CredentialContext) -> KeyMissing:
    _log.error("credential_key_missing", extra=_named(sealed, context))
    return KeyMissing()


def _tampered(what: str, sealed: Sealed, context: CredentialContext) -> CredentialTampered:
    _log.error("credential_tampered", extra={"what": what} | _named(sealed, context))
    return CredentialTampered()


def _named(sealed: Sealed, context: CredentialContext) -> dict[str, str]:
    """The row, for logs."""
    return {
        "organization_id": str(context.organization_id),
        "connection_id": str(context.connection_id),
        "account_id": str(context.account_id),
        "credential_id": str(context.credential_id),
        "purpose": context.purpose,
        "key_id": sealed.key_id[:64],
    }
