"""Faults as they meet Instagram's calls (PRODUCT 8, meta 5.8, 9, 12)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Instagram, error
from tests.sandbox.shelf import Shelf


def on_media(account: Instagram) -> str:
    return f"POST /graph.facebook.com/*/{account.id}/media"


def on_publish(account: Instagram) -> str:
    return f"{on_media(account)}_publish"


def make(box: Box, account: Instagram, shelf: Shelf) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media", account.page.token, image_url=shelf.put(), caption="m")


def publish(box: Box, account: Instagram, container: str) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media_publish", account.page.token, creation_id=container)


def status(box: Box, account: Instagram, container: str) -> str:
    return str(box.graph("GET", container, account.page.token, fields="status_code").json()["status_code"])


@pytest.fixture
def container(box: Box, account: Instagram, shelf: Shelf) -> str:
    return str(make(box, account, shelf).json()["id"])


@pytest.mark.parametrize(("args", "polls"), [({"polls": 2}, 2), ({}, 3)])
def test_a_slow_container_takes_reads_of_its_status(
    box: Box, account: Instagram, shelf: Shelf, args: dict[str, int], polls: int
) -> None:
    box.fault(on_media(account), "slow_container", times=1, args=args)
    container = make(box, account, shelf).json()["id"]
    box.graph("GET", container, account.page.token)
    seen = [status(box, account, container) for _ in range(polls + 1)]
    assert seen == ["IN_PROGRESS"] * polls + ["FINISHED"]


def test_a_slow_container_can_fail_in_the_end(box: Box, account: Instagram, shelf: Shelf) -> None:
    box.fault(on_media(account), "slow_container", times=1, args={"polls": 1})
    box.fault(on_media(account), "container_error", times=1, args={"subcode": 2207085})
    container = make(box, account, shelf).json()["id"]
    assert [status(box, account, container) for _ in range(2)] == ["IN_PROGRESS", "ERROR"]
    told = box.graph("GET", container, account.page.token, fields="status").json()
    assert told["status"] == "Error: Media upload has failed with error code 2207085"


def test_a_slow_container_outlives_kill_9(own_box: Box, shelf: Shelf) -> None:
    account = own_box.new_instagram()[0]
    own_box.fault(on_media(account), "slow_container", args={"polls": 2})
    container = make(own_box, account, shelf).json()["id"]
    status(own_box, account, container)
    own_box.process.kill()
    own_box.process.wait()
    own_box.start()
    assert [status(own_box, account, container) for _ in range(2)] == ["IN_PROGRESS", "FINISHED"]


def test_a_container_is_missing_once(box: Box, account: Instagram, container: str) -> None:
    box.fault("GET /graph.facebook.com/*/179*", "not_found_once")
    assert error(box.graph("GET", container, account.page.token, fields="status_code")) == (100, 33)
    assert status(box, account, container) == "FINISHED"


@pytest.mark.parametrize(
    ("mode", "http", "expected"),
    [("error_after", 500, (2, None)), ("refused_but_live", 403, (4, 2207051))],
)
def test_a_post_can_be_live_although_its_answer_says_no(
    box: Box, account: Instagram, container: str, mode: str, http: int, expected: tuple[int, int | None]
) -> None:
    box.fault(on_publish(account), mode, times=1)
    answer = publish(box, account, container)
    assert (answer.status_code, error(answer)) == (http, expected)
    assert len(box.posts(account.id)) == 1
    assert status(box, account, container) == "PUBLISHED"


@pytest.mark.parametrize(("mode", "live"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_cuts_the_connection(box: Box, account: Instagram, container: str, mode: str, live: int) -> None:
    box.fault(on_publish(account), mode, times=1)
    with pytest.raises(httpx.ReadError, match="reset"):
        publish(box, account, container)
    assert len(box.posts(account.id)) == live


def test_a_garbage_body_hides_a_live_post(box: Box, account: Instagram, container: str) -> None:
    box.fault(on_publish(account), "garbage_body", times=1)
    assert publish(box, account, container).headers["content-type"] == "text/html"
    assert len(box.posts(account.id)) == 1


@pytest.mark.parametrize("args", [{}, {"code": 24, "subcode": 2207006}])
def test_a_refusal_leaves_the_container_as_it_was(
    box: Box, account: Instagram, container: str, args: dict[str, Any]
) -> None:
    box.fault(on_publish(account), "refuse", times=1, args=args)
    assert not publish(box, account, container).is_success
    assert (box.posts(account.id), status(box, account, container)) == ([], "FINISHED")


def test_delayed_visibility_hides_a_post_from_the_list_for_a_while(
    box: Box, account: Instagram, container: str
) -> None:
    box.fault(on_publish(account), "delayed_visibility", times=1, args={"ms": 20_000})
    media_id = publish(box, account, container).json()["id"]
    path = f"{account.id}/media"
    assert box.graph("GET", path, account.page.token).json() == {"data": []}
    assert box.graph("GET", media_id, account.page.token).is_success
    box.control("clock", {"advance_s": 21})
    assert [each["id"] for each in box.graph("GET", path, account.page.token).json()["data"]] == [media_id]


def test_a_limit_is_the_accounts_own(box: Box, account: Instagram, container: str) -> None:
    box.fault(on_publish(account), "rate_limited", times=1, args={"regain_min": 7})
    answer = publish(box, account, container)
    assert error(answer) == (80002, None)
    [told] = json.loads(answer.headers["x-business-use-case-usage"])[account.id]
    assert (told["type"], told["estimated_time_to_regain_access"]) == ("instagram", 7)


def test_usage_counts_for_the_account_also_when_a_container_is_read(
    box: Box, account: Instagram, container: str
) -> None:
    box.fault("GET /graph.facebook.com/*/179*", "usage", args={"percent": 95})
    answer = box.graph("GET", container, account.page.token)
    [told] = json.loads(answer.headers["x-business-use-case-usage"])[account.id]
    assert (told["type"], told["call_count"]) == ("instagram", 95)


def test_a_missing_scope_is_instagrams_and_declined_from_then_on(box: Box, account: Instagram, container: str) -> None:
    box.fault(on_publish(account), "scope_missing", times=1)
    assert error(publish(box, account, container)) == (10, None)
    assert error(publish(box, account, container)) == (10, None)
    assert box.publish(account.page, "Facebook goes on").is_success


def test_a_revoked_token_stays_dead(box: Box, account: Instagram, container: str) -> None:
    box.fault(on_publish(account), "token_revoked", times=1)
    assert error(publish(box, account, container)) == (190, 460)
    assert error(box.graph("GET", container, account.page.token)) == (190, 460)
