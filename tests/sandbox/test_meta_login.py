"""The login dialog and the code it gives (meta 2.1, 2.2)."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.driver import PUBLISH, Box, error, query_of

DIALOG = "/www.facebook.com/v26.0/dialog/oauth"


def ask(box: Box, **changed: str) -> dict[str, str]:
    asked = {"client_id": box.app_id, "redirect_uri": box.redirect_uri, "state": "s t&te=1", "scope": ",".join(PUBLISH)}
    return {name: value for name, value in {**asked, **changed}.items() if value}


def statuses(box: Box, token: str) -> dict[str, str]:
    data = box.graph("GET", "me/permissions", token).json()["data"]
    return {each["permission"]: each["status"] for each in data}


def test_a_browser_picks_a_person_then_allows_then_returns(box: Box) -> None:
    assert "Maya Okafor" in box.http.get(DIALOG, params=ask(box)).text
    back = box.http.post(DIALOG, params=ask(box), data={"person": "p-sara"})
    assert back.headers["location"].startswith(DIALOG)
    page = box.http.get(back.headers["location"]).text
    assert "as Sara Lund" in page
    assert "Northwind Careers" in page
    assert "pages_manage_posts" in page


def test_the_state_returns_verbatim_with_facebooks_fragment(box: Box) -> None:
    answer = box.http.post(DIALOG, params=ask(box), data={"action": "continue", "person": box.new_person()})
    assert query_of(answer.headers["location"])["state"] == "s t&te=1"
    assert answer.headers["location"].endswith("#_=_")


def test_cancelling_says_that_the_user_denied(box: Box) -> None:
    answer = box.http.post(DIALOG, params=ask(box), data={"action": "cancel"})
    assert query_of(answer.headers["location"]) == {
        "error": "access_denied",
        "error_code": "200",
        "error_reason": "user_denied",
        "error_description": "Permissions error",
        "state": "s t&te=1",
    }


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "123"},
        {"redirect_uri": "http://localhost:8502/oauth/meta/callback/"},
        {"scope": "pages_read_user_engagement"},
        {"state": ""},
        {"response_type": "token"},
        {"auth_type": "again"},
        {"surprise": "1"},
    ],
)
def test_a_wrong_dialog_is_a_page_and_never_a_redirect(box: Box, changed: dict[str, str]) -> None:
    answer = box.http.get(DIALOG, params=ask(box, **changed))
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert box.last_request("/dialog/oauth")["kind"] == "protocol"


def test_a_code_becomes_a_short_lived_token(box: Box) -> None:
    answer = box.redeem(box.dialog(box.new_person(), PUBLISH)["code"]).json()
    assert answer["token_type"] == "bearer"
    assert 3_600 <= answer["expires_in"] <= 7_200
    assert box.graph("GET", "me", answer["access_token"]).json()["name"] == "Test Person"


def test_a_code_is_refused_the_second_time(box: Box) -> None:
    code = box.dialog(box.new_person(), PUBLISH)["code"]
    box.redeem(code)
    assert error(box.redeem(code)) == (100, 36009)


def test_a_code_dies_after_ten_minutes(box: Box) -> None:
    code = box.dialog(box.new_person(), PUBLISH)["code"]
    box.control("clock", {"advance_s": 601})
    assert error(box.redeem(code)) == (100, 36007)


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"redirect_uri": "http://localhost:8502/oauth/other"}, (100, 36008)),
        ({"code": "nonsense"}, (100, None)),
        ({"client_secret": "wrong"}, (1, None)),
        ({"client_id": "123"}, (101, None)),
    ],
)
def test_a_code_is_bound_to_app_secret_and_redirect(
    box: Box, changed: dict[str, str], expected: tuple[int, int | None]
) -> None:
    code = box.dialog(box.new_person(), PUBLISH)["code"]
    answer = box.redeem(changed.pop("code", code), **changed)
    assert (answer.status_code, error(answer)) == (400, expected)


def test_a_declined_permission_is_told_and_not_asked_again(box: Box) -> None:
    person = box.new_person()
    asked = [*PUBLISH, "read_insights"]
    token = box.redeem(box.dialog(person, PUBLISH, ask=asked)["code"]).json()["access_token"]
    assert statuses(box, token)["read_insights"] == "declined"
    box.http.cookies.set("sandbox_facebook", person)
    again = ask(box, scope=",".join(asked))
    assert 'value="read_insights"' not in box.http.get(DIALOG, params=again).text
    assert 'value="read_insights"' in box.http.get(DIALOG, params={**again, "auth_type": "rerequest"}).text


def test_rerequest_can_grant_what_was_declined(box: Box) -> None:
    person = box.new_person()
    box.dialog(person, PUBLISH[:1], ask=PUBLISH)
    back = box.dialog(person, PUBLISH, query={"auth_type": "rerequest"})
    token = box.redeem(back["code"]).json()["access_token"]
    assert set(statuses(box, token).values()) == {"granted"}


def test_only_the_chosen_pages_are_granted(box: Box) -> None:
    person = box.new_person()
    chosen, other = box.new_pages(2, person)
    back = box.dialog(person, PUBLISH, pages="some", page=[chosen.id])
    token = box.redeem(back["code"]).json()["access_token"]
    assert [each["id"] for each in box.graph("GET", "me/accounts", token).json()["data"]] == [chosen.id]
    granular = {each["scope"]: each.get("target_ids") for each in box.debug(token)["granular_scopes"]}
    assert granular["pages_manage_posts"] == [chosen.id]
    assert granular["public_profile"] is None
    assert error(box.graph("GET", other.id, token, fields="name")) == (100, 33)


def test_all_pages_name_no_targets(box: Box) -> None:
    token = box.redeem(box.dialog(box.new_person(), PUBLISH)["code"]).json()["access_token"]
    assert all("target_ids" not in each for each in box.debug(token)["granular_scopes"])


@pytest.mark.expects_refusal
def test_a_dialog_elsewhere_is_not_found(box: Box) -> None:
    answer = box.http.get("/graph.facebook.com/v26.0/dialog/oauth", params=ask(box))
    assert answer.status_code != httpx.codes.OK
    assert box.last_request("/dialog/oauth")["kind"] == "protocol"
