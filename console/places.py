"""Where the other programs are, as browsers reach them."""

from __future__ import annotations

from functools import cache

from core.infra.settings import Settings


@cache
def console_url() -> str:
    """Origin of the console itself, for links that people send each other; without a trailing slash."""
    return Settings.load().console_url


@cache
def ingest_url() -> str:
    """Origin of ingest, where consents begin; without a trailing slash."""
    return Settings.load().ingest_url
