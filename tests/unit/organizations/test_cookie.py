"""The cookie of the installed Streamlit, made by its own code, as ingest reads it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from http.cookies import SimpleCookie
from typing import Any

import pytest
import time_machine
from starlette.responses import Response
from streamlit.auth_util import MAX_COOKIE_BYTES
from streamlit.web.server.starlette import starlette_app_utils, starlette_auth_routes, starlette_websocket

from core.infra.settings import Settings
from core.organizations import session_key
from core.organizations.cookie import COOKIE, MOST_CHUNKS, claims_from, cookie_secret

SECRET_KEY = "a key for tests alone, 32 characters or more"
CLAIMS: dict[str, Any] = {
    "iss": "https://id.example",
    "sub": "maya-1",
    "iat": int(time.time()),
    "nonce": "n-1",
    "email": "maya@northwind.example",
    "email_verified": True,
    "name": "Maya Lindt é 中",
}


@pytest.fixture
def settings() -> Settings:
    return Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_PORT=8501)


@pytest.fixture(autouse=True)
def streamlits_secret(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (starlette_auth_routes, starlette_websocket):
        monkeypatch.setattr(module, "get_cookie_secret", lambda: cookie_secret(settings))


def as_streamlit_sets_it(claims: dict[str, Any], origin: str = "http://localhost:8501") -> dict[str, str]:
    """What a browser sends after `st.login`, through Streamlit's own functions and a real header each way."""
    response = Response()
    content = claims | {"origin": origin, "is_logged_in": True, "provider": "oidc"}
    asyncio.run(starlette_auth_routes._set_auth_cookie(response, content, {"id_token": "t"}))
    jar: SimpleCookie = SimpleCookie()
    for name, value in response.raw_headers:
        if name == b"set-cookie":
            jar.load(value.decode("latin-1"))
    return {name: morsel.value for name, morsel in jar.items()}


def as_streamlit_reads_it(cookies: dict[str, str]) -> dict[str, Any]:
    decoded = starlette_websocket._get_signed_cookie_with_chunks(cookies, COOKIE)
    return starlette_websocket._parse_decoded_user_cookie(decoded, "http://localhost:8501") if decoded else {}


def many(groups: int) -> list[str]:
    """Names of groups that zlib can't shorten much."""
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(groups)]


def test_a_cookie_that_streamlit_signed_is_read_as_streamlit_reads_it(settings: Settings) -> None:
    cookies = as_streamlit_sets_it(CLAIMS)
    claims, theirs = claims_from(cookies, settings), as_streamlit_reads_it(cookies)
    assert claims is not None
    assert {name: value for name, value in claims.items() if name != "origin"} == theirs
    assert session_key(claims) == session_key(theirs) == session_key(CLAIMS)


@pytest.mark.parametrize("groups", [200, 500])
def test_a_cookie_in_chunks_is_put_together(settings: Settings, groups: int) -> None:
    cookies = as_streamlit_sets_it(CLAIMS | {"groups": many(groups)})
    assert f"{COOKIE}_2" in cookies
    assert all(len(name) + len(value) < MAX_COOKIE_BYTES for name, value in cookies.items())
    claims = claims_from(cookies, settings)
    assert claims is not None
    assert len(claims["groups"]) == groups
    assert session_key(claims) == session_key(as_streamlit_reads_it(cookies))


def test_a_missing_or_swapped_chunk_is_refused(settings: Settings) -> None:
    cookies = as_streamlit_sets_it(CLAIMS | {"groups": many(300)})
    first, second = f"{COOKIE}_1", f"{COOKIE}_2"
    assert claims_from({name: value for name, value in cookies.items() if name != second}, settings) is None
    assert claims_from(cookies | {first: cookies[second], second: cookies[first]}, settings) is None


@pytest.mark.parametrize("count", ["0", "00", str(MOST_CHUNKS + 1), "99", "-1", "1e3", "2 "])
def test_a_strange_number_of_chunks_is_refused(settings: Settings, count: str) -> None:
    signed = starlette_app_utils.create_signed_value(cookie_secret(settings), COOKIE, f"chunks-{count}").decode()
    parts = {f"{COOKIE}_{number}": signed for number in range(100)}
    assert claims_from({COOKIE: signed, **parts}, settings) is None


def test_no_cookie_is_nobody(settings: Settings) -> None:
    assert claims_from({}, settings) is None
    assert claims_from({COOKIE: ""}, settings) is None


@pytest.mark.parametrize("where", ["first", "middle", "last", "short", "unsigned"])
def test_a_changed_cookie_is_refused(settings: Settings, where: str) -> None:
    value = as_streamlit_sets_it(CLAIMS)[COOKIE]
    at = {"first": 0, "middle": len(value) // 2, "last": len(value) - 2}.get(where, 0)
    changed = {
        "short": value[:-1],
        "unsigned": value.rpartition(".")[0],
    }.get(where, value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :])
    assert claims_from({COOKIE: changed}, settings) is None


def test_another_installations_cookie_is_refused(settings: Settings) -> None:
    other = Settings(MASTHEAD_SECRET_KEY="x" * 40, MASTHEAD_PORT=8501)
    assert claims_from(as_streamlit_sets_it(CLAIMS), other) is None


def test_another_origins_cookie_is_refused(settings: Settings) -> None:
    assert claims_from(as_streamlit_sets_it(CLAIMS, "http://evil.example"), settings) is None
    assert claims_from(as_streamlit_sets_it(CLAIMS, "http://localhost:9501"), settings) is None


def test_the_tokens_cookie_is_not_the_users(settings: Settings) -> None:
    tokens = as_streamlit_sets_it(CLAIMS)["_streamlit_user_tokens"]
    assert claims_from({COOKIE: tokens}, settings) is None


@pytest.mark.parametrize(
    "content", ["[]", "null", "7", '"text"', "{", '{"is_logged_in": 1}', '{"is_logged_in": false}']
)
def test_signed_nonsense_is_nobody(settings: Settings, content: str) -> None:
    signed = starlette_app_utils.create_signed_value(cookie_secret(settings), COOKIE, content).decode()
    assert claims_from({COOKIE: signed}, settings) is None


def test_a_cookie_counts_for_as_long_as_a_session_though_streamlit_reads_it_for_31_days(settings: Settings) -> None:
    with time_machine.travel(time.time() - 13 * 3600):
        cookies = as_streamlit_sets_it(CLAIMS)
    assert as_streamlit_reads_it(cookies)["sub"] == "maya-1"
    assert claims_from(cookies, settings) is None
