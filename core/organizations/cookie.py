"""Reads the cookie that Streamlit signs at sign-in, for programs that run without Streamlit.

Streamlit (1.67, `starlette_app_utils`, `auth_util`) signs JSON with itsdangerous, salted with the cookie's name, and
splits what is over 4 KB: the cookie then says `chunks-<n>` and the parts are `<name>_1` ... `<name>_<n>`, each signed.
The claims are as old as the sign-in; whether it still counts is for `queries.signed_in` to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer

from core.infra.settings import COOKIE_PURPOSE, Settings
from core.organizations.rules import CLOCK_SKEW, SESSION_LASTS

COOKIE: Final = "_streamlit_user"
MOST_CHUNKS: Final = 16  # 64 KB, more than servers take as headers
_OLDEST_S: Final = int((SESSION_LASTS + CLOCK_SKEW).total_seconds())
_CHUNKS: Final = re.compile(r"chunks-([1-9]\d?)")


def cookie_secret(settings: Settings) -> str:
    """What the console gives Streamlit to sign with."""
    return settings.derived(COOKIE_PURPOSE).hex()


def claims_from(cookies: Mapping[str, str], settings: Settings) -> dict[str, Any] | None:
    """The claims in a request's cookies.

    None when there are none, or they weren't signed here, for this console's origin, within the last 12 hours.
    """
    content = _unsigned(cookies, COOKIE, settings)
    if content is not None and (split := _CHUNKS.fullmatch(content)):
        count = int(split[1])
        parts = [_unsigned(cookies, f"{COOKIE}_{number}", settings) for number in range(1, min(count, MOST_CHUNKS) + 1)]
        content = "".join(part for part in parts if part) if all(parts) and count <= MOST_CHUNKS else None
    try:
        claims = json.loads(content) if content is not None else None
    except ValueError:
        return None
    if not isinstance(claims, dict) or claims.get("is_logged_in") is not True:
        return None
    return claims if claims.get("origin") == _origin(settings.console_url) else None


def _unsigned(cookies: Mapping[str, str], name: str, settings: Settings) -> str | None:
    signer = URLSafeTimedSerializer(cookie_secret(settings), salt=name)
    try:
        content = signer.loads(cookies.get(name, ""), max_age=_OLDEST_S)
    except BadData:
        return None
    return content if isinstance(content, str) else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
