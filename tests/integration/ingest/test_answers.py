"""What people and programs get to see when something doesn't go, and what every answer carries."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from core.accounts.rules import ConnectFailed, ConsentDenied, TooManyStarts
from core.infra.errors import Conflict, Invalid, MastheadError, NotAllowed, NotFound, Refused, SignedOut
from core.infra.settings import Settings


def test_an_unknown_address_is_answered_with_a_page_and_a_way_back(
    client: FlaskClient, here: str, settings: Settings
) -> None:
    answer = client.get("/nowhere", base_url=here)
    assert answer.status_code == 404
    assert answer.content_type == "text/html; charset=utf-8"
    assert "There is nothing here" in answer.text
    assert f'href="{settings.console_url}/"' in answer.text


def test_a_program_gets_the_same_as_json(client: FlaskClient, here: str) -> None:
    answer = client.get("/nowhere", base_url=here, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (
        404,
        {
            "error": "There is nothing here",
            "message": "This address leads nowhere. It may be from an older version.",
        },
    )


def test_every_answer_carries_the_security_headers_and_a_correlation_id(client: FlaskClient, here: str) -> None:
    for path in ("/nowhere", "/oauth/meta/start", "/readyz"):
        headers = client.get(path, base_url=here, headers={"X-Correlation-Id": "chosen-by-a-stranger"}).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert re.fullmatch(r"[0-9a-z]{16}", headers["X-Correlation-Id"])


def test_the_policy_allows_the_pages_own_style_and_nothing_else(client: FlaskClient, here: str) -> None:
    answer = client.get("/nowhere", base_url=here)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "<script" not in answer.text
    assert "prefers-color-scheme:dark" in style


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConsentDenied(), 200),
        (ConnectFailed("The network is closed."), 502),
        (TooManyStarts(), 429),
        (SignedOut(), 401),
        (NotAllowed(), 403),
        (NotFound(), 404),
        (Conflict(), 409),
        (Invalid(["One thing.", "Another."]), 422),
        (Refused("Not now."), 400),
    ],
)
def test_errors_of_ours_are_told_in_their_own_words(app: Flask, here: str, error: MastheadError, status: int) -> None:
    answer = _raising(app, error, here)
    assert answer.status_code == status
    assert error.message.replace("'", "&#39;") in answer.text
    assert "If you report this" not in answer.text


def test_words_from_outside_are_shown_and_never_run(app: Flask, here: str) -> None:
    answer = _raising(app, ConnectFailed("<script>alert(1)</script>"), here)
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_a_bug_shows_an_incident_and_no_detail_and_the_log_has_both(
    app: Flask, here: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = _raising(app, RuntimeError("the inner workings"), here)
    assert answer.status_code == 500
    assert "inner workings" not in answer.text
    (incident,) = re.findall(r"name <code>([0-9a-z]{8})</code>", answer.text)
    (record,) = [record for record in caplog.records if record.getMessage() == "request_failed"]
    assert (record.__dict__["incident"], record.levelno) == (incident, logging.ERROR)
    assert record.exc_info


def test_a_program_gets_the_incident_too(app: Flask, here: str) -> None:
    answer = _raising(app, RuntimeError("x"), here, Accept="application/json")
    body = json.loads(answer.text)
    assert body["error"] == "That went wrong"
    assert re.fullmatch(r"[0-9a-z]{8}", body["incident"])


def test_a_silent_database_is_said_to_be_silent(app: Flask, here: str) -> None:
    answer = _raising(app, OperationalError("select 1", {}, Exception("gone")), here)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "doesn&#39;t answer right now" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", "127.0.0.1.evil.example:8502", "[bad"])
def test_another_host_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/oauth/meta/start", headers={"Host": host})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["127.0.0.1:8502", "[::1]:8502", "127.0.0.1"])
def test_loopback_by_number_is_led_to_localhost(client: FlaskClient, here: str, host: str) -> None:
    answer = client.get("/oauth/meta/callback?state=a&code=b", headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{here}/oauth/meta/callback?state=a&code=b")
    assert client.post("/oauth/meta/callback", headers={"Host": host}).status_code in (405, 421)


def test_a_person_without_an_organization_is_told_to_ask_for_an_invitation(
    client: FlaskClient, here: str, settings: Settings, database: object
) -> None:
    from core.organizations.cookie import COOKIE
    from tests.factories.organizations import make_sign_in
    from tests.integration.accounts.people import cookie_value

    sign_in = make_sign_in()
    sign_in.begin()
    client.set_cookie(COOKIE, cookie_value(sign_in, settings), domain="localhost")
    answer = client.get("/oauth/meta/start", base_url=here)
    assert answer.status_code == 403
    assert "Ask an admin for an invitation" in answer.text


def test_a_head_request_uses_nothing_up(client: FlaskClient, here: str, settings: Settings, database: object) -> None:
    from core.organizations.cookie import COOKIE
    from tests.factories.organizations import make_signed_in
    from tests.integration.accounts.people import cookie_value

    sign_in, _ = make_signed_in()
    client.set_cookie(COOKIE, cookie_value(sign_in, settings), domain="localhost")
    assert client.head("/oauth/meta/callback?state=a&code=b", base_url=here).status_code == 403


def _raising(app: Flask, error: Exception, here: str, **headers: str):
    def broken() -> str:
        raise error

    app.add_url_rule("/broken", view_func=broken)
    return app.test_client().get("/broken", base_url=here, headers=headers)
