"""Versions, Rest.li and headers: what LinkedIn would call malformed is marked as the client's bug (linkedin 1)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import API, Author, LinkedIn, code, encoded

URN = encoded("urn:li:share:1")
HEADERS = {"Linkedin-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}


def call(linkedin: LinkedIn, author: Author, path: str, **headers: str) -> httpx.Response:
    kept = {name: value for name, value in {**HEADERS, **headers}.items() if value}
    return linkedin.http("GET", f"{API}/rest/{path}", author.token, headers=kept)


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("version", "status", "expected", "kind"),
    [
        ("", 400, "VERSION_MISSING", "protocol"),
        ("2026-09", 426, "NONEXISTENT_VERSION", "protocol"),
        ("202512", 426, "NONEXISTENT_VERSION", "protocol"),
        ("202511", 426, "NONEXISTENT_VERSION", "refused"),
    ],
)
def test_a_version_must_be_given_and_active(
    box: Box, linkedin: LinkedIn, company: Author, version: str, status: int, expected: str, kind: str
) -> None:
    answer = call(linkedin, company, "me", **{"Linkedin-Version": version})
    assert code(answer) == (status, None, expected)
    assert box.last_request("/rest/me")["kind"] == kind
    if status == 426:
        assert answer.json()["message"] == f"Requested version {version}01 is not active"


def test_a_version_ends_by_the_clock(box: Box, linkedin: LinkedIn) -> None:
    box.control("clock", {"set": "2027-09-16T00:00:00Z"})
    company = linkedin.organization()
    assert code(call(linkedin, company, "me")) == (426, None, "NONEXISTENT_VERSION")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, 65604, "EMPTY_ACCESS_TOKEN")),
        ({"Authorization": "Bearer nonsense"}, (401, 65600, "INVALID_ACCESS_TOKEN")),
        ({"Authorization": "Basic abc"}, (401, None, None)),
    ],
)
def test_a_call_needs_a_token(
    box: Box, linkedin: LinkedIn, headers: dict[str, str], expected: tuple[int, int | None, str | None]
) -> None:
    answer = box.http.get(f"{API}/rest/me", headers={**HEADERS, **headers})
    assert code(answer) == expected
    assert box.last_request("/rest/me")["kind"] == "protocol"


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("posts/urn:li:share:1", "ILLEGAL_ARGUMENT"),
        ("posts/urn%3Ali%3Aactivity%3A1", "INVALID_URN_TYPE"),
        ("posts/%zz", "ILLEGAL_ARGUMENT"),
        (f"posts?ids=List%28{URN}%29", "ILLEGAL_ARGUMENT"),
        ("posts?ids=List(urn:li:share:1)", "ILLEGAL_ARGUMENT"),
        (f"posts?ids=List({URN}", "ILLEGAL_ARGUMENT"),
        ("posts?q=author&author=urn:li:organization:1", "ILLEGAL_ARGUMENT"),
        ("posts?q=author", None),
        (f"posts?q=author&author={encoded('urn:li:organization:1')}&surprise=1", "ILLEGAL_ARGUMENT"),
        ("posts?q=everybody", "RESOURCE_NOT_FOUND"),
        ("posts", "RESOURCE_NOT_FOUND"),
        ("postings", "RESOURCE_NOT_FOUND"),
        ("organizations?ids=List(urn%3Ali%3Aorganization%3A1)", None),
        ("organizationAcls?q=roleAssignee&count=1000", "ILLEGAL_ARGUMENT"),
        ("organizationAcls?q=roleAssignee&count=all", None),
        ("organizationAcls?q=roleAssignee&role=BOSS", "ILLEGAL_ARGUMENT"),
    ],
)
def test_a_call_that_no_correct_client_sends(
    box: Box, linkedin: LinkedIn, company: Author, path: str, expected: str | None
) -> None:
    answer = call(linkedin, company, path)
    assert code(answer)[2] == expected
    assert answer.is_client_error
    assert box.last_request("/rest/")["kind"] == "protocol"


@pytest.mark.expects_refusal
def test_a_urn_as_key_of_an_organization_is_told_as_java_does(linkedin: LinkedIn, company: Author) -> None:
    answer = call(linkedin, company, "organizations?ids=List(urn%3Ali%3Aorganization%3A1)")
    assert answer.json()["message"] == "NumberFormatException parsing batch key 'urn:li:organization:1'"


@pytest.mark.expects_refusal
def test_lists_need_the_second_protocol(linkedin: LinkedIn, company: Author) -> None:
    answer = call(linkedin, company, f"posts?ids=List({URN})", **{"X-Restli-Protocol-Version": ""})
    assert answer.status_code == 400
    assert call(linkedin, company, "me", **{"X-Restli-Protocol-Version": ""}).is_success
    assert call(linkedin, company, "me", **{"X-Restli-Protocol-Version": "3.0.0"}).status_code == 400


@pytest.mark.expects_refusal
def test_the_method_header_must_fit(linkedin: LinkedIn, company: Author) -> None:
    assert call(linkedin, company, "me", **{"X-RestLi-Method": "FINDER"}).status_code == 400
    path = f"posts/{encoded(linkedin.publish(company, 'm').headers['x-restli-id'])}"
    body = {"patch": {"$set": {"commentary": "n"}}}
    assert linkedin.rest("POST", path, company.token, json=body).status_code == 400, "PARTIAL_UPDATE must be said"


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[]", "headers": {"Content-Type": "application/json"}}, 400),
    ],
)
def test_a_body_must_be_a_json_object(
    box: Box, linkedin: LinkedIn, company: Author, options: dict[str, Any], status: int
) -> None:
    assert linkedin.rest("POST", "posts", company.token, **options).status_code == status
    assert box.last_request("/rest/posts")["kind"] == "protocol"


@pytest.mark.expects_refusal
def test_too_long_an_address_must_be_tunnelled(linkedin: LinkedIn, company: Author) -> None:
    query = f"ids=List({','.join([URN] * 250)})"
    assert call(linkedin, company, f"posts?{query}").status_code == 414
    headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
    answer = linkedin.rest("POST", "posts", company.token, "BATCH_GET", content=query, headers=headers)
    assert answer.json()["statuses"] == {"urn:li:share:1": 404}


@pytest.mark.expects_refusal
def test_every_answer_can_be_named_to_support(linkedin: LinkedIn, company: Author) -> None:
    answers = [call(linkedin, company, path) for path in ("me", "nothing")]
    assert len({answer.headers["x-li-uuid"] for answer in answers}) == 2
    assert all(answer.headers["x-li-fabric"] and answer.headers["x-li-request-id"] for answer in answers)
    assert "retry-after" not in answers[0].headers
