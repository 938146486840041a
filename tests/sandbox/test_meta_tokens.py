"""What tokens are worth, and how they die (meta 2.3 to 2.8)."""

from __future__ import annotations

import time

import pytest

from tests.sandbox.driver import PUBLISH, Box, Page, error

DAY_S = 86_400


def short_token(box: Box, person: str) -> str:
    return str(box.redeem(box.dialog(person, PUBLISH)["code"]).json()["access_token"])


def page_token(box: Box, token: str, page: Page) -> str:
    return str(box.graph("GET", page.id, token, fields="access_token").json()["access_token"])


def test_a_short_token_becomes_one_of_sixty_days(box: Box) -> None:
    answer = box.exchange(short_token(box, box.new_person())).json()
    assert abs(answer["expires_in"] - 60 * DAY_S) < 5
    assert box.debug(answer["access_token"])["expires_at"] == pytest.approx(time.time() + 60 * DAY_S, abs=5)


def test_a_long_token_is_renewed_at_most_once_a_day(box: Box) -> None:
    token = box.exchange(short_token(box, box.new_person())).json()["access_token"]
    assert box.exchange(token).json()["access_token"] == token
    box.control("clock", {"advance_s": DAY_S + 1})
    assert box.exchange(token).json()["access_token"] != token


def test_an_expired_token_cant_be_exchanged(box: Box) -> None:
    token = short_token(box, box.new_person())
    box.control("clock", {"advance_s": 3 * 3_600})
    assert error(box.exchange(token)) == (190, 463)
    answer = box.graph("GET", "me", token)
    assert (answer.status_code, error(answer)) == (401, (190, 463))
    assert "Session has expired on" in answer.json()["error"]["message"]


def test_a_page_token_of_a_long_token_has_no_date(box: Box, page: Page) -> None:
    told = box.debug(page.token)
    assert told.items() >= {"type": "PAGE", "expires_at": 0, "is_valid": True, "profile_id": page.id}.items()
    box.control("clock", {"advance_s": 400 * DAY_S})
    assert box.publish(page, "still here").is_success


def test_a_page_token_of_a_short_token_dies_with_it(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    token = page_token(box, short_token(box, person), page)
    assert token != page.token
    box.control("clock", {"advance_s": 3 * 3_600})
    assert error(box.graph("GET", page.id, token)) == (190, 463)


def test_revoking_the_app_kills_user_and_page_tokens(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    token = box.user_token(person)
    assert box.graph("DELETE", "me/permissions", token).json() == {"success": True}
    assert error(box.graph("GET", "me", token)) == (190, 458)
    assert error(box.publish(page, "too late")) == (190, 458)
    told = box.debug(page.token)
    assert (told["is_valid"], told["error"]["subcode"], told["scopes"]) == (False, 458, [])


def test_revoking_one_permission_stops_what_needs_it(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    token = box.user_token(person)
    assert box.graph("DELETE", "me/permissions/pages_manage_posts", token).json() == {"success": True}
    assert error(box.publish(page, "no")) == (200, None)
    assert box.graph("GET", f"{page.id}/posts", page.token).is_success


@pytest.mark.expects_refusal
def test_a_page_token_has_no_permissions_edge(box: Box, page: Page) -> None:
    assert not box.graph("GET", "me/permissions", page.token).is_success


def test_debugging_garbage_answers_200_and_invalid(box: Box) -> None:
    assert box.debug("garbage") == {
        "error": {"code": 190, "message": "Invalid OAuth access token."},
        "is_valid": False,
        "scopes": [],
    }


def test_debugging_needs_the_app(box: Box, page: Page) -> None:
    assert error(box.graph("GET", "debug_token", page.token, input_token=page.token)) == (100, None)


@pytest.mark.expects_refusal
def test_a_missing_token_names_the_current_user(box: Box) -> None:
    assert error(box.graph("GET", "me", None)) == (2500, None)
    assert box.last_request("/v26.0/me")["kind"] == "protocol"


def test_the_header_may_carry_the_token(box: Box, page: Page) -> None:
    answer = box.http.get(
        f"/graph.facebook.com/v26.0/{page.id}",
        params={"appsecret_proof": box.proof(page.token)},
        headers={"Authorization": f"Bearer {page.token}"},
    )
    assert answer.json()["id"] == page.id


@pytest.mark.expects_refusal
def test_a_call_without_proof_is_refused_unless_the_app_allows_it(box: Box, page: Page) -> None:
    path = f"/graph.facebook.com/v26.0/{page.id}"
    answer = box.http.get(path, params={"access_token": page.token})
    assert error(answer) == (100, None)
    assert "require an appsecret_proof" in answer.json()["error"]["message"]
    assert box.last_request(path)["kind"] == "protocol"
    box.control("options", {"provider": "meta", "options": {"require_appsecret_proof": False}})
    try:
        assert box.http.get(path, params={"access_token": page.token}).is_success
    finally:
        box.control("options", {"provider": "meta", "options": {"require_appsecret_proof": True}})


@pytest.mark.expects_refusal
def test_a_wrong_proof_is_refused(box: Box, page: Page) -> None:
    answer = box.graph("GET", page.id, None, access_token=page.token, appsecret_proof="0" * 64)
    assert answer.json()["error"]["message"] == "Invalid appsecret_proof provided in the API argument"


def test_the_proof_may_be_bound_to_a_time(box: Box, page: Page) -> None:
    at = int(time.time())
    proof = box.proof(f"{page.token}|{at}")
    parameters = {"access_token": page.token, "appsecret_proof": proof, "appsecret_time": at}
    assert box.graph("GET", page.id, None, **parameters).is_success
    assert not box.graph("GET", page.id, None, **{**parameters, "appsecret_time": at - 900}).is_success
