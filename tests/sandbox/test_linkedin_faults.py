"""Every fault as a client of LinkedIn meets it and as the ledger counts it (PRODUCT 8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, picture

POSTS = "POST /api.linkedin.com/rest/posts"


@pytest.mark.parametrize(
    ("mode", "args", "expected"),
    [
        ("refuse", {}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ("refuse", {"status": 403, "error": "ACCESS_DENIED", "code": 100}, (403, 100, "ACCESS_DENIED")),
        ("error_before", {}, (500, None, "INTERNAL_SERVER_ERROR")),
        ("error_before", {"status": 503, "error": "SERVICE_UNAVAILABLE"}, (503, None, "SERVICE_UNAVAILABLE")),
        ("rate_limited", {}, (429, 101, "TOO_MANY_REQUESTS")),
        ("not_found_once", {}, (404, None, "NOT_FOUND")),
        ("duplicate_refused", {}, (422, None, None)),
    ],
)
def test_a_refusal_before_the_work_leaves_no_post(
    box: Box,
    linkedin: LinkedIn,
    company: Author,
    mode: str,
    args: dict[str, Any],
    expected: tuple[int, int | None, str | None],
) -> None:
    box.fault(POSTS, mode, times=1, args=args)
    assert code(linkedin.publish(company, "first")) == expected
    assert box.posts(company.urn) == []
    assert box.last_request("/rest/posts").items() >= {"kind": "fault", "fault": mode}.items()
    assert linkedin.publish(company, "second").is_success


@pytest.mark.parametrize(
    ("mode", "args", "expected"),
    [
        ("error_after", {}, (500, None, "INTERNAL_SERVER_ERROR")),
        ("error_after", {"status": 504, "message": "Gateway timeout"}, (504, None, "INTERNAL_SERVER_ERROR")),
        ("refused_but_live", {}, (429, 101, "TOO_MANY_REQUESTS")),
    ],
)
def test_an_error_after_the_work_hides_a_live_post(
    box: Box,
    linkedin: LinkedIn,
    company: Author,
    mode: str,
    args: dict[str, Any],
    expected: tuple[int, int | None, str | None],
) -> None:
    box.fault(POSTS, mode, times=1, args=args)
    answer = linkedin.publish(company, "live")
    assert code(answer) == expected
    assert "x-restli-id" not in answer.headers
    assert [post["text"] for post in box.posts(company.urn)] == ["live"]
    again = linkedin.publish(company, "live")
    assert box.posts(company.urn)[0]["id"] in again.json()["message"], "the refused repeat names the live one"


@pytest.mark.parametrize(("mode", "live"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_cuts_the_connection(box: Box, linkedin: LinkedIn, company: Author, mode: str, live: int) -> None:
    box.fault(POSTS, mode, times=1)
    with pytest.raises(httpx.ReadError):
        linkedin.publish(company, "m")
    assert len(box.posts(company.urn)) == live


def test_a_fault_about_an_account_leaves_others_in_peace(box: Box, linkedin: LinkedIn, company: Author) -> None:
    """LinkedIn's paths name no account: it stands in the body, and encoded in the query of a list."""
    other = linkedin.organization()
    box.fault(POSTS, "refuse", about=company.urn, times=1)
    box.fault("GET /api.linkedin.com/rest/posts", "not_found_once", about=company.urn)
    assert linkedin.publish(other, "m").is_success
    assert linkedin.listed(other)["elements"]
    assert linkedin.publish(company, "m").status_code == 400
    assert linkedin.publish(company, "m").is_success
    assert linkedin.listed(company)["status"] == 404


def test_a_garbage_body_hides_a_live_post(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault(POSTS, "garbage_body", times=1)
    answer = linkedin.publish(company, "m")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert len(box.posts(company.urn)) == 1


def test_delayed_visibility_hides_a_post_from_the_finder(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault(POSTS, "delayed_visibility", times=1, args={"ms": 20_000})
    urn = linkedin.publish(company, "later").headers["x-restli-id"]
    assert linkedin.listed(company)["elements"] == []
    assert linkedin.read(company, urn).is_success
    box.control("clock", {"advance_s": 21})
    assert [post["id"] for post in linkedin.listed(company)["elements"]] == [urn]


@pytest.mark.parametrize(
    ("limit", "words"),
    [("application", "APPLICATION DAY"), ("member", "MEMBER DAY"), ("burst", "throttle limit for calls")],
)
def test_a_limit_names_whose_it_is(box: Box, linkedin: LinkedIn, company: Author, limit: str, words: str) -> None:
    box.fault(POSTS, "rate_limited", times=1, args={"limit": limit})
    answer = linkedin.publish(company, "m")
    assert words in answer.json()["message"]
    assert "retry-after" not in answer.headers


def test_a_revoked_token_stays_dead(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault(POSTS, "token_revoked", times=1)
    for _ in range(2):
        assert code(linkedin.publish(company, "m")) == (401, 65601, "REVOKED_ACCESS_TOKEN")
    assert linkedin.oauth("introspectToken", company.token).json()["status"] == "revoked"


def test_a_new_token_can_seem_revoked_for_a_moment(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault(POSTS, "token_revoked", times=1, args={"permanent": False})
    assert code(linkedin.publish(company, "m")) == (401, 65601, "REVOKED_ACCESS_TOKEN")
    assert linkedin.publish(company, "m").is_success


def test_a_missing_scope_is_gone_until_the_next_consent(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault(POSTS, "scope_missing", times=1)
    for _ in range(2):
        answer = linkedin.publish(company, "m")
        assert code(answer) == (403, 100, "ACCESS_DENIED")
        assert answer.json()["message"] == "Not enough permissions to access: posts.CREATE.20260901"
    assert "w_organization_social," not in linkedin.oauth("introspectToken", company.token).json()["scope"] + ","


def test_a_slow_picture_stays_in_processing_for_so_many_looks(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault("PUT /www.linkedin.com/dms-uploads/*", "slow_container", args={"polls": 2})
    place = linkedin.reserve(company)
    linkedin.put(place["uploadUrl"], picture())
    box.control("clock", {"advance_s": 1})
    states = [linkedin.status(company, place["image"]) for _ in range(3)]
    assert states == ["PROCESSING", "PROCESSING", "AVAILABLE"]


def test_a_slow_picture_stays_in_processing_for_so_long(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault("POST /api.linkedin.com/rest/images", "slow_container", times=1, args={"ms": 30_000})
    place = linkedin.reserve(company)
    linkedin.put(place["uploadUrl"], picture())
    box.control("clock", {"advance_s": 29})
    assert linkedin.status(company, place["image"]) == "PROCESSING"
    box.control("clock", {"advance_s": 2})
    assert linkedin.status(company, place["image"]) == "AVAILABLE"


def test_looks_can_be_slowed_and_spoiled_too(box: Box, linkedin: LinkedIn, company: Author) -> None:
    slowed, failed = linkedin.image(company), linkedin.image(company)
    box.fault("GET /api.linkedin.com/rest/images/*", "slow_container")
    assert [linkedin.status(company, slowed) for _ in range(4)] == [*["PROCESSING"] * 3, "AVAILABLE"]
    box.control("faults", method="DELETE")
    box.fault("GET /api.linkedin.com/rest/images/*", "container_error", times=1)
    assert [linkedin.status(company, failed) for _ in range(2)] == ["PROCESSING_FAILED"] * 2


def test_faults_meet_uploads_and_the_token_endpoint_in_their_own_words(
    box: Box, linkedin: LinkedIn, company: Author
) -> None:
    place = linkedin.reserve(company)
    box.fault("PUT /www.linkedin.com/dms-uploads/*", "error_before", times=1, args={"status": 503})
    assert linkedin.put(place["uploadUrl"], picture()).status_code == 503
    assert linkedin.status(company, place["image"]) == "WAITING_UPLOAD"
    box.fault("POST /www.linkedin.com/oauth/v2/accessToken", "error_before", times=1)
    answer = linkedin.refresh("x")
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
