"""Numbers and secrets that follow from the seed: the same seed gives the same world, call by call."""

from __future__ import annotations

import base64
import hashlib
import hmac


def digest(seed: int, name: str) -> bytes:
    """32 bytes that only (seed, name) decide."""
    return hmac.new(str(seed).encode(), name.encode(), hashlib.sha256).digest()


def number(seed: int, name: str, digits: int) -> str:
    """A decimal id of exactly that many digits, as a string: ids are strings everywhere."""
    low = 10 ** (digits - 1)
    return str(low + int.from_bytes(digest(seed, name)[:12]) % (9 * low))


def hexadecimal(seed: int, name: str) -> str:
    """32 hexadecimal characters, the look of an application's secret."""
    return digest(seed, name).hex()[:32]


def opaque(seed: int, name: str) -> str:
    """43 URL-safe characters, the look of a token or code."""
    return base64.urlsafe_b64encode(digest(seed, name)).rstrip(b"=").decode()
