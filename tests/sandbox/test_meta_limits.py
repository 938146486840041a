"""Rate limits and the headers that announce them (meta 9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Page, error


@pytest.fixture
def small(box: Box) -> Iterator[Box]:
    """A world where a Page has 4,800 calls a day."""
    before = box.control("options")["meta"]
    box.control("options", {"provider": "meta", "options": {"engaged_users": 1, "usage_headers_after": 2}})
    yield box
    box.control("options", {"provider": "meta", "options": before})


def usage(answer: httpx.Response, page: Page) -> dict[str, Any]:
    [entry] = json.loads(answer.headers["x-business-use-case-usage"])[page.id]
    found: dict[str, Any] = entry
    return found


def test_a_page_token_counts_against_the_page_once_enough_calls_were_made(small: Box, page: Page) -> None:
    assert "x-business-use-case-usage" not in small.graph("GET", page.id, page.token).headers
    answer = small.graph("GET", page.id, page.token)
    assert usage(answer, page).keys() == {
        "type",
        "call_count",
        "total_cputime",
        "total_time",
        "estimated_time_to_regain_access",
    }
    assert "x-app-usage" not in answer.headers


def test_a_user_token_counts_against_the_app(small: Box) -> None:
    token = small.user_token(small.new_person())
    for _ in range(2):
        answer = small.graph("GET", "me", token)
    assert json.loads(answer.headers["x-app-usage"]).keys() == {"call_count", "total_time", "total_cputime"}


def test_a_page_that_calls_too_much_meets_80001_until_the_window_has_passed(small: Box, page: Page) -> None:
    with httpx.Client(base_url=small.http.base_url) as client:
        path = f"/graph.facebook.com/v26.0/{page.id}"
        signed = {"access_token": page.token, "appsecret_proof": small.proof(page.token), "fields": "id"}
        request = client.build_request("GET", path, params=signed)
        for _ in range(4_800):
            client.send(request)
    answer = small.graph("GET", page.id, page.token)
    assert error(answer) == (80001, None)
    told = usage(answer, page)
    assert told["call_count"] >= 100
    assert 0 < told["estimated_time_to_regain_access"] <= 24 * 60 + 5
    small.control("clock", {"advance_s": 25 * 3_600})
    assert small.graph("GET", page.id, page.token).is_success
