"""What must never be read back from the request log: tokens and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "***"
SECRET_NAMES = frozenset(
    {"code", "code_verifier", "appsecret_proof", "signed_request", "id_token_hint", "password", "batch"}
)
SECRET_ENDINGS = ("token", "secret", "assertion")


def masked(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """The same parameters with every secret value replaced."""
    return {name: MASK if is_secret(name) else _masked_value(value) for name, value in pairs.items()}


def is_secret(name: str) -> bool:
    """Does a parameter of this name carry a secret?"""
    lowered = name.lower()
    return lowered in SECRET_NAMES or lowered.endswith(SECRET_ENDINGS)


def _masked_value(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value(item) for item in value]
    return value
