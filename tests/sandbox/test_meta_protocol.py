"""What Meta would call malformed is refused, and marked so that a wrong client can't hide (PRODUCT 8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Page, error

GRAPH = "/graph.facebook.com/v26.0"


def sent(box: Box, page: Page, **more: str) -> dict[str, str]:
    return {"access_token": page.token, "appsecret_proof": box.proof(page.token), **more}


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "{page}/feed", {"data": {"message": "m", "surprise": "1"}}),
        ("GET", "{page}", {"params": {"fields": "id,nickname"}}),
        ("GET", "{page}", {"params": {"fields": "id,picture{colour}"}}),
        ("GET", "{page}", {"params": {"fields": "id,,name"}}),
        ("GET", "{page}/photographs", {}),
        ("POST", "{page}/published_posts", {"data": {"message": "m"}}),
        ("GET", "nobody/feed", {}),
        ("GET", "{page}/posts", {"params": {"after": "???"}}),
        ("GET", "{page}/posts", {"params": {"limit": "all"}}),
        ("PUT", "{page}/feed", {"data": {"message": "m"}}),
    ],
)
def test_a_call_that_does_not_exist(
    box: Box, page: Page, method: str, path: str, options: dict[str, dict[str, str]]
) -> None:
    place = "data" if "data" in options else "params"
    full = {place: sent(box, page, **options.get(place, {}))}
    answer = box.http.request(method, f"{GRAPH}/{path.format(page=page.id)}", **full)  # type: ignore[arg-type]
    error(answer)
    assert answer.is_client_error
    assert box.last_request(page.id if "{page}" in path else "nobody")["kind"] == "protocol"
    assert box.posts(page.id) == []


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    "options",
    [
        {"content": b"message=m", "headers": {"Content-Type": "text/plain"}},
        {"content": b"message=%zz", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"message=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"message=a&message=b", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b'{"message":', "headers": {"Content-Type": "application/json"}},
        {"content": b"message=m", "headers": {"Content-Type": "application/json"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"message=m"},
    ],
)
def test_a_body_that_is_not_what_it_says(box: Box, page: Page, options: dict[str, Any]) -> None:
    answer = box.http.post(f"{GRAPH}/{page.id}/feed", params=sent(box, page), **options)
    assert (answer.status_code, error(answer)) == (400, (100, None))
    assert box.last_request(page.id)["kind"] == "protocol"
    assert box.posts(page.id) == []


@pytest.mark.expects_refusal
def test_a_post_on_the_website_is_not_a_call(box: Box, page: Page) -> None:
    answer = box.http.post(f"/www.facebook.com/v26.0/{page.id}/feed", data=sent(box, page, message="m"))
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert box.last_request(page.id)["kind"] == "protocol"


@pytest.mark.expects_refusal
def test_a_parameter_in_query_and_body_is_refused(box: Box, page: Page) -> None:
    answer = box.http.post(f"{GRAPH}/{page.id}/feed?message=a", data=sent(box, page, message="b"))
    assert error(answer) == (100, None)


@pytest.mark.parametrize(
    ("version", "expected"), [("v26.0/", "v26.0"), ("v24.0/", "v24.0"), ("v3.2/", "v21.0"), ("", "v26.0")]
)
def test_an_old_version_falls_forward(box: Box, page: Page, version: str, expected: str) -> None:
    answer = box.http.get(f"/graph.facebook.com/{version}{page.id}", params=sent(box, page))
    assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, expected)


@pytest.mark.expects_refusal
def test_a_version_that_does_not_exist_is_refused(box: Box, page: Page) -> None:
    assert error(box.http.get(f"/graph.facebook.com/v99.0/{page.id}", params=sent(box, page))) == (2500, None)


def test_every_answer_has_a_trace(box: Box, page: Page) -> None:
    refused = box.graph("GET", "1", page.token)
    assert refused.json()["error"]["fbtrace_id"] == refused.headers["x-fb-trace-id"]
    assert box.graph("GET", page.id, page.token).headers["x-fb-trace-id"]


def test_the_log_shows_the_call_and_hides_its_secrets(box: Box, page: Page) -> None:
    box.publish(page, "logged")
    noted = box.last_request(f"{page.id}/feed")
    assert noted.items() >= {"method": "POST", "status": 200, "kind": "ok", "query": {}}.items()
    assert noted["form"] == {"message": "logged", "access_token": "***", "appsecret_proof": "***"}
    assert "content-type" in noted["headers"]
    box.redeem(box.dialog(box.new_person(), [])["code"])
    assert box.last_request("oauth/access_token")["query"].items() >= {"code": "***", "client_secret": "***"}.items()
    everything = box.http.get("/_sandbox/requests").text
    assert page.token not in everything
    assert box.secret not in everything
