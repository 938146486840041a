"""Signing in at the sandbox's OpenID provider."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.driver import CONSOLE, Box, query_of

CALLBACK = f"{CONSOLE}/oauth2callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def ask(**changed: str | None) -> dict[str, str]:
    asked = {
        "client_id": "masthead-console",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "st&te",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


def pick(box: Box, person: str = "p-maya", **changed: str | None) -> dict[str, str]:
    answer = box.http.post("/oidc/authorize", params=ask(**changed), data={"person": person})
    assert answer.status_code == httpx.codes.FOUND, answer.text
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    return query_of(answer.headers["location"])


def secret(box: Box) -> str:
    return str(next(app for app in box.control("world")["apps"] if app["provider"] == "oidc")["client_secret"])


def redeem(box: Box, code: str, **changed: str | None) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    sent = {name: value for name, value in {**form, **changed}.items() if value is not None}
    return box.http.post("/oidc/token", data=sent, auth=("masthead-console", secret(box)))


def claims(box: Box, answer: httpx.Response) -> dict[str, Any]:
    keys = KeySet.import_key_set(box.http.get("/oidc/jwks").json())
    return dict(jwt.decode(answer.json()["id_token"], keys, algorithms=["RS256"]).claims)


def test_discovery_names_the_issuer_and_advertises_pkce(box: Box) -> None:
    found = box.http.get("/oidc/.well-known/openid-configuration").json()
    assert found["issuer"] == f"http://localhost:{box.port}/oidc"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert all(found[name].startswith(found["issuer"]) for name in found if name.endswith(("_endpoint", "_uri")))


def test_a_person_signs_in_with_pkce(box: Box) -> None:
    back = pick(box)
    assert back["state"] == "st&te"
    answer = redeem(box, back["code"])
    assert answer.headers["cache-control"] == "no-store"
    told = claims(box, answer)
    assert (
        told.items()
        >= {
            "iss": f"http://localhost:{box.port}/oidc",
            "aud": "masthead-console",
            "sub": "p-maya",
            "email": "maya@northwind.example",
            "email_verified": True,
            "name": "Maya Okafor",
            "nonce": "n-1",
        }.items()
    )
    assert told["iat"] <= time.time() < told["exp"]
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert box.http.get("/oidc/userinfo", headers=bearer).json()["email"] == "maya@northwind.example"


def test_an_address_that_is_not_verified_says_so(box: Box) -> None:
    box.control(
        "people", {"id": "p-unverified", "name": "Una Known", "email": "una@test.example", "email_verified": False}
    )
    assert claims(box, redeem(box, pick(box, "p-unverified")["code"]))["email_verified"] is False


def test_the_secret_may_also_come_in_the_form(box: Box) -> None:
    form = {"grant_type": "authorization_code", "code": pick(box)["code"], "redirect_uri": CALLBACK}
    form |= {"code_verifier": VERIFIER, "client_id": "masthead-console", "client_secret": secret(box)}
    assert box.http.post("/oidc/token", data=form).status_code == httpx.codes.OK


def test_the_picker_shows_everybody(box: Box) -> None:
    page = box.http.get("/oidc/authorize", params=ask()).text
    for name in ("Maya Okafor", "Sara Lund", "Ivo Brandt", "Lin Zhao", "Tomas Reyes", "Nadia Haddad"):
        assert name in page
    assert "http" not in page.replace(CALLBACK, "").replace("http-equiv", "")


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_prompt_shows_the_picker_although_somebody_is_signed_in(box: Box, prompt: str) -> None:
    pick(box)
    assert box.http.get("/oidc/authorize", params=ask()).status_code == httpx.codes.FOUND
    assert box.http.get("/oidc/authorize", params=ask(prompt=prompt)).status_code == httpx.codes.OK


def straight_on(box: Box, **changed: str | None) -> dict[str, str]:
    answer = box.http.get("/oidc/authorize", params=ask(**changed))
    assert answer.status_code == httpx.codes.FOUND, answer.text
    return query_of(answer.headers["location"])


def test_when_somebody_was_asked_is_said_to_whom_it_matters_how_long_ago_that_was(box: Box) -> None:
    before = int(time.time())
    asked_at = claims(box, redeem(box, pick(box, max_age="0")["code"]))["auth_time"]
    assert before <= asked_at <= time.time()
    known = claims(box, redeem(box, straight_on(box, max_age="3600")["code"]))
    assert known["auth_time"] == asked_at <= known["iat"]
    for code in (pick(box)["code"], straight_on(box)["code"]):
        assert "auth_time" not in claims(box, redeem(box, code))


def test_whoever_was_asked_longer_ago_than_wanted_is_asked_anew(box: Box) -> None:
    pick(box)
    assert straight_on(box, max_age="3600")["code"]
    assert box.http.get("/oidc/authorize", params=ask(max_age="0")).status_code == httpx.codes.OK
    assert straight_on(box, max_age="0", prompt="none")["error"] == "login_required"


def test_prompt_none_without_a_session_is_login_required(box: Box) -> None:
    answer = box.http.get("/oidc/authorize", params=ask(prompt="none"))
    assert query_of(answer.headers["location"])["error"] == "login_required"


def test_cancelling_is_access_denied(box: Box) -> None:
    answer = box.http.post("/oidc/authorize", params=ask(), data={"cancel": "1"})
    assert query_of(answer.headers["location"]).items() >= {"error": "access_denied", "state": "st&te"}.items()


def test_a_code_is_refused_the_second_time_and_takes_its_token_back(box: Box) -> None:
    code = pick(box)["code"]
    bearer = {"Authorization": f"Bearer {redeem(box, code).json()['access_token']}"}
    assert redeem(box, code).json()["error"] == "invalid_grant"
    assert box.http.get("/oidc/userinfo", headers=bearer).status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize(
    "changed", [{"code_verifier": "w" * 50}, {"code_verifier": None}, {"redirect_uri": f"{CALLBACK}/"}]
)
def test_a_wrong_verifier_or_redirect_is_an_invalid_grant(box: Box, changed: dict[str, str | None]) -> None:
    assert redeem(box, pick(box)["code"], **changed).json()["error"] == "invalid_grant"


def test_a_verifier_without_a_challenge_is_refused(box: Box) -> None:
    code = pick(box, code_challenge=None, code_challenge_method=None)["code"]
    assert redeem(box, code).json()["error"] == "invalid_grant"


@pytest.mark.expects_refusal
def test_a_wrong_secret_is_an_invalid_client(box: Box) -> None:
    answer = box.http.post("/oidc/token", data={"grant_type": "authorization_code"}, auth=("masthead-console", "no"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.expects_refusal
def test_the_token_endpoint_takes_a_form_only(box: Box) -> None:
    answer = box.http.post("/oidc/token", json={"grant_type": "authorization_code", "code": "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
    ],
)
def test_a_wrong_request_goes_back_as_an_error(box: Box, changed: dict[str, str], expected: str) -> None:
    answer = box.http.get("/oidc/authorize", params=ask(**changed))
    assert query_of(answer.headers["location"]).items() >= {"error": expected, "state": "st&te"}.items()


@pytest.mark.expects_refusal
@pytest.mark.parametrize("changed", [{"client_id": "other"}, {"redirect_uri": f"{CALLBACK}?x=1"}])
def test_an_unknown_client_or_address_never_gets_a_redirect(box: Box, changed: dict[str, str]) -> None:
    answer = box.http.get("/oidc/authorize", params=ask(**changed))
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert box.last_request("/oidc/authorize")["kind"] == "protocol"


def test_signing_out_ends_the_session_and_returns_to_the_console(box: Box) -> None:
    pick(box)
    answer = box.http.get("/oidc/end_session", params={"post_logout_redirect_uri": f"{CONSOLE}/", "state": "x"})
    assert answer.headers["location"] == f"{CONSOLE}/?state=x"
    assert box.http.get("/oidc/authorize", params=ask()).status_code == httpx.codes.OK


@pytest.mark.expects_refusal
def test_signing_out_never_leads_elsewhere(box: Box) -> None:
    answer = box.http.get("/oidc/end_session", params={"post_logout_redirect_uri": "http://localhost:85010/"})
    assert answer.status_code == httpx.codes.BAD_REQUEST


def test_people_sign_in_at_the_real_time_whatever_the_networks_clock_says(box: Box) -> None:
    box.control("clock", {"advance_s": 90 * 86_400})
    assert abs(claims(box, redeem(box, pick(box)["code"]))["iat"] - time.time()) < 60
