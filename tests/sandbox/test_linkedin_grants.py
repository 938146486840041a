"""What LinkedIn takes back: tokens, roles, products, versions; and what apps aren't given (linkedin 1.2, 2, 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import API, AUTHORIZATION, Author, LinkedIn, code

POSTED = (403, None, None)
NOT_GRANTED = (403, 100, "ACCESS_DENIED")


@pytest.fixture
def alone(own_box: Box) -> Iterator[LinkedIn]:
    """A client of a sandbox whose options may be changed."""
    return LinkedIn(own_box)


def options(linkedin: LinkedIn, **values: Any) -> None:
    linkedin.box.control("options", {"provider": "linkedin", "options": values})


def role(linkedin: LinkedIn, author: Author, name: str | None, **more: str) -> httpx.Response:
    body = {"person": author.person, "account": author.urn, "role": name, **more}
    return linkedin.box.http.post("/_sandbox/linkedin/roles", json=body)


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("revoked", (401, 65601, "REVOKED_ACCESS_TOKEN")),
        ("invalid", (401, 65600, "INVALID_ACCESS_TOKEN")),
        ("expired", (401, 65602, "EXPIRED_ACCESS_TOKEN")),
        ("restricted", (401, 65608, "RESTRICTED_MEMBER")),
    ],
)
def test_a_members_tokens_end_for_a_reason(
    box: Box, linkedin: LinkedIn, reason: str, expected: tuple[int, int, str]
) -> None:
    person = box.new_person()
    told = linkedin.exchange(code=linkedin.consent(person)["code"]).json()
    body = {"app": "linkedin", "person": person, "reason": reason}
    assert box.control("linkedin/revocations", body) == {"ended": 2}
    assert code(linkedin.rest("GET", "me", told["access_token"])) == expected
    assert linkedin.refresh(told["refresh_token"]).status_code == 400
    about = linkedin.oauth("introspectToken", told["refresh_token"]).json()
    assert (about["active"], about["status"]) == (False, "expired" if reason == "expired" else "revoked")
    box.http.cookies.set("sandbox_linkedin", person)
    assert "would like to" in box.http.get(AUTHORIZATION, params=linkedin.ask()).text, "consent is asked again"


def test_the_other_apps_tokens_live_on(box: Box, linkedin: LinkedIn, company: Author) -> None:
    member = linkedin.member(company.person)
    box.control("linkedin/revocations", {"person": company.person})
    assert linkedin.publish(company, "m").status_code == 401
    assert linkedin.publish(member, "m").is_success


@pytest.mark.parametrize(
    "body",
    [
        {"person": "p-maya", "reason": "boredom"},
        {"person": "p-nobody"},
        {"app": "meta", "person": "p-maya"},
        {"app": "linkedin"},
        {"person": "p-maya", "when": "now"},
    ],
)
def test_a_wrong_revocation_is_refused(box: Box, body: dict[str, str]) -> None:
    assert box.http.post("/_sandbox/linkedin/revocations", json=body).status_code == httpx.codes.BAD_REQUEST


def test_a_role_that_was_lost_refuses_everything_of_the_page(linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "before").headers["x-restli-id"]
    image = linkedin.image(company)
    assert role(linkedin, company, None).is_success
    answer = linkedin.publish(company, "after")
    assert code(answer) == POSTED
    assert answer.json()["message"].endswith("[/author]")
    assert code(linkedin.read(company, urn)) == POSTED
    assert code(linkedin.comment(company, urn, "m")) == POSTED
    assert linkedin.rest("GET", f"images/{image.replace(':', '%3A')}", company.token).status_code == 403
    found = linkedin.rest("GET", "organizationAcls?q=roleAssignee", company.token, "FINDER").json()["elements"]
    assert found == []
    assert role(linkedin, company, "ADMINISTRATOR").is_success
    assert linkedin.publish(company, "after").is_success


@pytest.mark.parametrize(
    ("name", "state", "posts", "comments"),
    [
        ("ADMINISTRATOR", "APPROVED", True, True),
        ("CONTENT_ADMINISTRATOR", "APPROVED", True, False),
        ("DIRECT_SPONSORED_CONTENT_POSTER", "APPROVED", True, True),
        ("RECRUITING_POSTER", "APPROVED", False, True),
        ("ANALYST", "APPROVED", False, False),
        ("ADMINISTRATOR", "REVOKED", False, False),
    ],
)
def test_what_each_role_may(
    linkedin: LinkedIn, company: Author, name: str, state: str, posts: bool, comments: bool
) -> None:
    """The table of 3.2."""
    urn = linkedin.publish(company, "before").headers["x-restli-id"]
    assert role(linkedin, company, name, state=state).is_success
    assert linkedin.publish(company, "m").is_success is posts
    assert linkedin.comment(company, urn, "m").is_success is comments
    told = linkedin.rest("GET", "organizationAcls?q=roleAssignee", company.token, "FINDER").json()["elements"]
    assert [(each["role"], each["state"]) for each in told] == [(name, state)]


@pytest.mark.parametrize(("name", "more"), [("BOSS", {}), ("ANALYST", {"state": "MAYBE"}), (None, {"account": "1"})])
def test_a_wrong_role_is_refused(linkedin: LinkedIn, company: Author, name: str | None, more: dict[str, str]) -> None:
    assert role(linkedin, company, name, **more).status_code == httpx.codes.BAD_REQUEST
    assert linkedin.publish(company, "m").is_success


@pytest.mark.expects_refusal
def test_a_product_that_is_not_granted_gives_no_scope(alone: LinkedIn) -> None:
    company, member = alone.organization(), alone.member()
    options(alone, products="", member_products="sign_in")
    refused = alone.consent(company.person)
    assert refused["error"] == "unauthorized_scope_error"
    assert alone.consent(member.person, "linkedin_member", scope="openid w_member_social")["error_description"] == (
        'Scope "w_member_social" is not authorized for your application'
    )
    answer = alone.publish(company, "m")
    assert code(answer) == NOT_GRANTED
    assert answer.json()["message"] == "Not enough permissions to access: posts.CREATE.20260901"
    assert code(alone.publish(member, "m")) == NOT_GRANTED
    assert alone.http("GET", f"{API}/v2/userinfo", member.token).is_success, "the other product is still there"
    options(alone, products="community_management", member_products="share")
    assert alone.publish(company, "m").is_success
    assert code(alone.http("GET", f"{API}/v2/userinfo", member.token)) == NOT_GRANTED


@pytest.mark.parametrize(
    ("provider", "option"), [("linkedin", "refresh_tokens"), ("linkedin_member", "share_refresh_tokens")]
)
@pytest.mark.parametrize("given", [True, False])
def test_which_app_gets_refresh_tokens_can_be_set(alone: LinkedIn, provider: str, option: str, given: bool) -> None:
    options(alone, **{option: given})
    told = alone.exchange(provider, code=alone.consent("p-ivo", provider)["code"]).json()
    assert ("refresh_token" in told) is ("refresh_token_expires_in" in told) is given


def test_how_long_tokens_live_can_be_set(alone: LinkedIn) -> None:
    options(alone, access_lifetime_s=600, refresh_lifetime_s=900)
    told = alone.exchange(code=alone.consent("p-ivo")["code"]).json()
    assert (told["expires_in"], told["refresh_token_expires_in"]) in {(600, 900), (599, 899)}
    alone.box.control("clock", {"advance_s": 601})
    assert code(alone.rest("GET", "me", told["access_token"])) == (401, 65602, "EXPIRED_ACCESS_TOKEN")
    again = alone.refresh(told["refresh_token"]).json()
    assert again["expires_in"] in range(290, 300), "never longer than the refresh token"
    alone.box.control("clock", {"advance_s": 301})
    answer = alone.refresh(told["refresh_token"])
    assert answer.status_code == 400
    assert answer.json()["error_description"].endswith("is invalid, expired or revoked")


@pytest.mark.expects_refusal
def test_the_active_versions_can_be_set(alone: LinkedIn) -> None:
    company = alone.organization()
    options(alone, versions="202608,202610")
    answer = alone.rest("GET", "me", company.token)
    assert code(answer) == (426, None, "NONEXISTENT_VERSION")
    assert answer.json()["message"] == "Requested version 20260901 is not active"
    assert alone.box.last_request("/rest/me")["kind"] == "refused", "a correct client can meet a sunset"
    newer = {"Linkedin-Version": "202610"}
    assert alone.rest("GET", "me", company.token, headers=newer).is_success


def test_the_development_tier_counts_to_500_and_100(alone: LinkedIn) -> None:
    options(alone, tier="development")
    company = alone.organization()
    answers = [alone.rest("GET", "me", company.token) for _ in range(101)]
    assert [answer.status_code for answer in answers[98:]] == [200, 200, 429]
    assert "MEMBER DAY" in answers[100].json()["message"]
    for resource in ("posts", "images", "videos", "documents", "socialActions"):
        batch = alone.rest("GET", f"{resource}?ids=List(1)", company.token, "BATCH_GET")
        assert code(batch) == NOT_GRANTED, resource
