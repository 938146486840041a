"""Consent, codes, tokens and their end (linkedin 2)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.driver import INGEST, Box, query_of
from tests.sandbox.linkedin_driver import (
    API,
    AUTHORIZATION,
    MEMBER_SCOPES,
    ORGANIZATION_SCOPES,
    WWW,
    Author,
    LinkedIn,
    code,
)

DAY_S = 86_400


def failure(answer: httpx.Response) -> tuple[int, str]:
    assert set(answer.json()) == {"error", "error_description"}
    return answer.status_code, answer.json()["error"]


def works(linkedin: LinkedIn, token: str) -> tuple[int, int | None, str | None] | None:
    answer = linkedin.rest("GET", "organizationAcls?q=roleAssignee", token, "FINDER")
    return None if answer.is_success else code(answer)


def test_there_are_two_apps_each_with_an_address_of_its_own(linkedin: LinkedIn) -> None:
    addresses = {name: linkedin.apps[name]["redirect_uris"] for name in ("linkedin", "linkedin_member")}
    assert addresses == {name: [f"{INGEST}/oauth/{name}/callback"] for name in addresses}
    assert len({linkedin.apps[name]["client_id"] for name in addresses}) == 2


def test_a_browser_picks_a_person_then_allows_everything_then_returns(box: Box, linkedin: LinkedIn) -> None:
    assert "Maya Okafor" in box.http.get(AUTHORIZATION, params=linkedin.ask()).text
    person = box.new_person()
    back = box.http.post(AUTHORIZATION, params=linkedin.ask(), data={"person": person})
    page = box.http.get(back.headers["location"]).text
    assert "as Test Person" in page
    assert "Create, modify, and delete posts on behalf of your organizations" in page
    assert 'type="checkbox"' not in page, "consent is all or nothing"
    allowed = box.http.post(AUTHORIZATION, params=linkedin.ask(), data={"action": "continue", "person": person})
    told = query_of(allowed.headers["location"])
    assert set(told) == {"code", "state"}
    assert told["state"] == "s t&te=1"


def test_an_identical_consent_is_not_asked_again(box: Box, linkedin: LinkedIn) -> None:
    person = box.new_person()
    linkedin.consent(person)
    box.http.cookies.set("sandbox_linkedin", person)
    assert "code" in query_of(box.http.get(AUTHORIZATION, params=linkedin.ask()).headers["location"])
    other = linkedin.ask(scope="r_organization_social")
    assert "would like to" in box.http.get(AUTHORIZATION, params=other).text
    assert "sandbox_linkedin=;" in box.http.get(f"{WWW}/m/logout/").headers["set-cookie"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"action": "cancel", "step": "login"}, "user_cancelled_login"),
        ({"action": "cancel"}, "user_cancelled_authorize"),
    ],
)
def test_cancelling_says_where(box: Box, linkedin: LinkedIn, data: dict[str, str], error: str) -> None:
    told = query_of(box.http.post(AUTHORIZATION, params=linkedin.ask(), data=data).headers["location"])
    assert (told["error"], told["state"]) == (error, "s t&te=1")
    assert told["error_description"]


@pytest.mark.expects_refusal
@pytest.mark.parametrize(("provider", "scope"), [("linkedin", "openid"), ("linkedin_member", "w_organization_social")])
def test_a_scope_of_another_product_is_refused(box: Box, linkedin: LinkedIn, provider: str, scope: str) -> None:
    told = linkedin.consent(box.new_person(), provider, scope=f"w_member_social {scope}")
    assert told["error"] == "unauthorized_scope_error"
    assert told["error_description"] == f'Scope "{scope}" is not authorized for your application'


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_id": "77nobody"}, "Client_id doesn&#39;t match"),
        ({"redirect_uri": f"{INGEST}/oauth/linkedin/callback/"}, "Redirect_uri doesn&#39;t match"),
        ({"scope": "w_everything"}, "Invalid scope"),
        ({"state": ""}, "state"),
        ({"response_type": "token"}, "response_type"),
        ({"code_challenge": "x"}, "code_challenge"),
    ],
)
def test_a_wrong_request_is_a_page_and_never_a_redirect(
    box: Box, linkedin: LinkedIn, changed: dict[str, str], words: str
) -> None:
    answer = box.http.get(AUTHORIZATION, params=linkedin.ask(**changed))
    assert (answer.status_code, "location" in answer.headers) == (401, False)
    assert words in answer.text
    assert box.last_request("/authorization")["kind"] == "protocol"


def test_a_code_becomes_tokens_of_60_and_365_days(box: Box, linkedin: LinkedIn) -> None:
    told = linkedin.exchange(code=linkedin.consent(box.new_person())["code"]).json()
    assert told["expires_in"] in range(5_183_990, 5_184_001)
    assert told["refresh_token_expires_in"] in range(31_535_990, 31_536_001)
    assert told["scope"] == ",".join(sorted(ORGANIZATION_SCOPES))
    assert (told["token_type"], len(told["access_token"])) == ("Bearer", 500)
    assert "id_token" not in told
    assert works(linkedin, told["access_token"]) is None


def test_the_member_app_gets_an_id_token_and_nothing_to_refresh(box: Box, linkedin: LinkedIn) -> None:
    person = box.new_person()
    told = linkedin.exchange("linkedin_member", code=linkedin.consent(person, "linkedin_member")["code"]).json()
    assert "refresh_token" not in told
    keys = KeySet.import_key_set(box.http.get(f"{WWW}/oauth/openid/jwks").json())
    claims = jwt.decode(told["id_token"], keys, algorithms=["RS256"]).claims
    info = linkedin.http("GET", f"{API}/v2/userinfo", told["access_token"]).json()
    assert (claims["sub"], claims["aud"]) == (info["sub"], linkedin.apps["linkedin_member"]["client_id"])
    assert info.items() >= {"name": "Test Person", "given_name": "Test", "email": f"{person}@test.example"}.items()
    assert box.http.get(info["picture"].replace("localhost", "127.0.0.1")).is_success


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"grant_type": ""}, (400, "invalid_request")),
        ({"code": ""}, (400, "invalid_request")),
        ({"redirect_uri": ""}, (400, "invalid_request")),
        ({"client_secret": ""}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"client_id": "77nobody"}, (400, "invalid_client_id")),
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"code": "nonsense"}, (401, "invalid_request")),
        ({"redirect_uri": f"{INGEST}/oauth/other"}, (400, "invalid_redirect_uri")),
    ],
)
def test_a_wrong_exchange(box: Box, linkedin: LinkedIn, changed: dict[str, str], expected: tuple[int, str]) -> None:
    given = linkedin.consent(box.new_person())["code"]
    assert failure(linkedin.exchange(**{"code": given, **changed})) == expected
    assert linkedin.exchange(code=given).is_success, "a refused exchange spends nothing"


@pytest.mark.expects_refusal
def test_a_missing_parameter_is_named(linkedin: LinkedIn) -> None:
    told = linkedin.exchange(code="x", redirect_uri="").json()
    assert told["error_description"] == 'A required parameter "redirect_uri" is missing'


@pytest.mark.expects_refusal
def test_a_code_works_once_for_thirty_minutes_for_its_app(box: Box, linkedin: LinkedIn) -> None:
    given = linkedin.consent(box.new_person())["code"]
    assert failure(linkedin.exchange("linkedin_member", code=given)) == (400, "invalid_redirect_uri")
    assert linkedin.exchange(code=given).is_success
    assert failure(linkedin.exchange(code=given)) == (401, "invalid_request")
    late = linkedin.consent(box.new_person())["code"]
    box.control("clock", {"advance_s": 1_801})
    assert failure(linkedin.exchange(code=late)) == (400, "invalid_redirect_uri")


def test_a_refresh_never_extends_the_year(box: Box, linkedin: LinkedIn) -> None:
    first = linkedin.exchange(code=linkedin.consent(box.new_person())["code"]).json()
    box.control("clock", {"advance_s": 59 * DAY_S})
    second = linkedin.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["refresh_token_expires_in"] in range(306 * DAY_S - 10, 306 * DAY_S + 1)
    assert second["access_token"] != first["access_token"]
    assert works(linkedin, first["access_token"]) is None, "tokens of one consent live side by side"
    box.control("clock", {"advance_s": 301 * DAY_S})
    third = linkedin.refresh(first["refresh_token"]).json()
    assert third["expires_in"] in range(5 * DAY_S - 20, 5 * DAY_S + 1)
    box.control("clock", {"advance_s": 6 * DAY_S})
    assert failure(linkedin.refresh(first["refresh_token"])) == (400, "invalid_request")


@pytest.mark.parametrize("value", ["nonsense", "access"])
def test_only_a_refresh_token_refreshes(box: Box, linkedin: LinkedIn, value: str) -> None:
    told = linkedin.exchange(code=linkedin.consent(box.new_person())["code"]).json()
    given = told["access_token"] if value == "access" else value
    assert failure(linkedin.refresh(given)) == (400, "invalid_request")


def test_an_access_token_dies_after_60_days(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.control("clock", {"advance_s": 60 * DAY_S + 1})
    assert works(linkedin, company.token) == (401, 65602, "EXPIRED_ACCESS_TOKEN")
    assert linkedin.oauth("introspectToken", company.token).json()["status"] == "expired"


def test_another_set_of_scopes_ends_the_earlier_tokens(box: Box, linkedin: LinkedIn) -> None:
    person = box.new_person()
    first = linkedin.exchange(code=linkedin.consent(person)["code"]).json()
    again = linkedin.exchange(code=linkedin.consent(person)["code"]).json()
    assert works(linkedin, first["access_token"]) is None
    linkedin.exchange(code=linkedin.consent(person, scope="rw_organization_admin")["code"])
    assert works(linkedin, again["access_token"]) == (401, 65601, "REVOKED_ACCESS_TOKEN")
    assert failure(linkedin.refresh(first["refresh_token"])) == (400, "invalid_request")


@pytest.mark.expects_refusal
def test_introspection_tells_the_state_of_a_token(box: Box, linkedin: LinkedIn) -> None:
    told = linkedin.exchange(code=linkedin.consent(box.new_person())["code"]).json()
    for value in (told["access_token"], told["refresh_token"]):
        about: dict[str, Any] = linkedin.oauth("introspectToken", value).json()
        assert (about["active"], about["status"], about["auth_type"]) == (True, "active", "3L")
        assert about["scope"] == told["scope"]
        assert about["expires_at"] > about["created_at"] >= about["authorized_at"]
    assert linkedin.oauth("introspectToken", told["access_token"], "linkedin_member").json() == {"active": False}
    assert linkedin.oauth("introspectToken", "", "linkedin").status_code == 400
    assert linkedin.oauth("introspectToken", "x", client_id="77nobody").status_code == 400
    assert linkedin.oauth("introspectToken", "x", client_secret="wrong").status_code == 401


def test_revoking_the_refresh_token_ends_what_came_of_it(box: Box, linkedin: LinkedIn) -> None:
    told = linkedin.exchange(code=linkedin.consent(box.new_person())["code"]).json()
    other = linkedin.refresh(told["refresh_token"]).json()["access_token"]
    assert linkedin.oauth("revoke", told["access_token"]).status_code == 200
    assert works(linkedin, told["access_token"]) == (401, 65601, "REVOKED_ACCESS_TOKEN")
    assert works(linkedin, other) is None
    assert linkedin.oauth("revoke", told["refresh_token"]).status_code == 200
    assert works(linkedin, other) == (401, 65601, "REVOKED_ACCESS_TOKEN")
    assert linkedin.oauth("revoke", "nonsense").status_code == 200


def test_secrets_and_tokens_are_masked_in_the_log(box: Box, linkedin: LinkedIn) -> None:
    linkedin.refresh("a-refresh-token")
    form = box.last_request("/accessToken")["form"]
    assert (form["refresh_token"], form["client_secret"]) == ("***", "***")


def test_a_ready_token_of_the_member_app_works(linkedin: LinkedIn) -> None:
    token = linkedin.token("linkedin_member", "p-nadia", MEMBER_SCOPES)
    assert linkedin.http("GET", f"{API}/v2/userinfo", token).json()["name"] == "Nadia Haddad"
