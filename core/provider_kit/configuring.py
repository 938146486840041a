"""What the settings of every provider share: how a network's address may look, and how a wrong setting is said."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError


def base_address(value: str) -> str:
    """A network's address without its last slash: https, or http on this machine. Raises ValueError."""
    parts = urlsplit(value)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an address without query or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ValueError("must start with https:// (plain http only on this machine)")
    return value.rstrip("/")


def one_line(folder: str, error: ValidationError) -> str:
    """The first wrong setting of a provider's folder, in one line of at most 200 characters without any secret."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    given = "" if "secret" in name else f" ({first['input']!r:.40})"
    said = "is not a setting of this provider" if first["type"] == "extra_forbidden" else f"{first['msg']:.90}"
    return f"PROVIDER_{folder.upper()}_{name.upper():.60}{given}: {said}. Change or unset it."[:200]
