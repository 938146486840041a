"""What takes a sign-in of the last minutes (RELIABILITY 9.1, 6): a copied cookie or an open screen isn't enough."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from core.infra import clock
from core.infra.actor import Actor
from core.infra.errors import Refused
from core.infra.settings import SignInTimes


class StaleSignIn(Refused):
    """This needs a sign-in from the last minutes. Sign in again; you come back to this page."""


@cache
def _lasts() -> timedelta:
    """For how long a sign-in is fresh in this process, read from the environment once."""
    return timedelta(seconds=SignInTimes().fresh_sign_in_s)


def lasts_words() -> str:
    """For how long a sign-in is fresh, as people read it: "15 minutes"."""
    minutes = _lasts().total_seconds() / 60
    return f"{minutes:g} minute{'' if minutes == 1 else 's'}"


def fresh_until(actor: Actor) -> datetime:
    """Until when this sign-in may decide such things."""
    return actor.authenticated_at + _lasts()


def is_fresh(actor: Actor) -> bool:
    """Whether the person signed in lately enough."""
    return clock.now() < fresh_until(actor)


def require_fresh(actor: Actor) -> None:
    """Raise StaleSignIn unless the person signed in lately enough."""
    if not is_fresh(actor):
        raise StaleSignIn(
            f"To decide this you must have signed in within the last {lasts_words()}. Sign in again; you come back to"
            " this page."
        )
