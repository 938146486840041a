"""What a sign-in service says of a person, read from the claims that Streamlit keeps in its signed cookie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from zoneinfo import available_timezones

from core.infra.errors import SignedOut
from core.organizations.sound import folded_email, shown_name

# The section of the console's sign-in settings in which the service is told to ask anew. Streamlit writes beside the
# claims, in its signed cookie, by which section they came.
ASKED_ANEW: Final = "again"
_NEVER: Final = 0
_LONGEST_ID: Final = 255  # OpenID Connect Core 2: "sub" must not exceed 255 ASCII characters
_LATEST: Final = 2**33  # seconds since 1970; beyond it lie milliseconds and nonsense
_OPTIONAL: Final = ("nonce", "jti", "sid")


@dataclass(frozen=True, slots=True)
class Claims:
    """One sign-in. `key` names it; `email` is as `folded_email` gives it; `issued_at` is the issuer's clock.

    `authenticated_at` is when the service asked who it is: as it says, else when it issued this, if it was told to ask.
    Where nobody may have been asked it is 1970.
    """

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    timezone: str | None
    issued_at: datetime
    authenticated_at: datetime
    key: bytes = field(repr=False)

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> Self:
        """Take from an ID token's claims what Masthead uses. Raises SignedOut when they can't name a person."""
        key = session_key(claims)
        email = folded_email(str(claims.get("email") or ""))
        issuer, subject = str(claims["iss"]), str(claims["sub"])
        if len(issuer) > _LONGEST_ID or len(subject) > _LONGEST_ID:
            raise SignedOut("The sign-in service sent a longer issuer or subject than allowed. Ask your operator.")
        if not issuer.isprintable() or not subject.isprintable():
            raise SignedOut("The sign-in service sent an issuer or subject that can't be one. Ask your operator.")
        said = (claims.get("name"), claims.get("preferred_username"), email.partition("@")[0], subject)
        zone = claims.get("zoneinfo")
        return cls(
            issuer=issuer,
            subject=subject,
            email=email,
            # "true" is what some services send; everything else is not verified.
            email_verified=claims.get("email_verified") in (True, "true") and bool(email),
            name=next(filter(None, (shown_name(str(each)) for each in said if each)), "Somebody"),
            timezone=zone if isinstance(zone, str) and zone in available_timezones() else None,
            issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            authenticated_at=datetime.fromtimestamp(_authenticated(claims), UTC),
            key=key,
        )


def _authenticated(claims: Mapping[str, Any]) -> int:
    """`auth_time` (OpenID Connect Core 2) where it is one: a service that keeps people signed in issues later."""
    issued_at, said = int(claims["iat"]), claims.get("auth_time")
    if isinstance(said, int | float) and 1 < said < _LATEST:
        return min(issued_at, int(said))
    return issued_at if claims.get("provider") == ASKED_ANEW else _NEVER


def session_key(claims: Mapping[str, Any]) -> bytes:
    """32 bytes that name a sign-in: SHA-256 over issuer, subject, time of issue, and nonce, jti and sid if there.

    The console (st.user) and ingest (the cookie itself) compute the same key from the same sign-in.
    Raises SignedOut when issuer, subject or time of issue is missing or out of range.
    """
    issuer, subject, issued_at = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not issuer or not subject or not isinstance(issued_at, int | float) or not 1 < issued_at < _LATEST:
        raise SignedOut("The sign-in service sent no issuer, subject or time. Sign in again, or ask your operator.")
    named = [str(issuer), str(subject), int(issued_at), *(str(claims.get(name) or "") for name in _OPTIONAL)]
    return hashlib.sha256(json.dumps(["masthead/1/session", *named]).encode()).digest()
