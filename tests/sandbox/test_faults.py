"""Every fault that can be asked for, as a client meets it and as the ledger counts it (PRODUCT 8)."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Page, error


def on_feed(page: Page) -> str:
    return f"POST /graph.facebook.com/*/{page.id}/feed"


def listed(box: Box, page: Page) -> list[str]:
    data = box.graph("GET", f"{page.id}/published_posts", page.token).json()["data"]
    return [post["message"] for post in data]


@pytest.mark.parametrize(
    ("mode", "args", "status", "expected"),
    [
        ("refuse", {}, 400, (100, None)),
        ("refuse", {"code": 368, "message": "Blocked"}, 400, (368, None)),
        ("error_before", {}, 500, (2, None)),
        ("error_before", {"status": 503, "code": 1}, 503, (1, None)),
        ("duplicate_refused", {}, 400, (506, None)),
        ("rate_limited", {}, 400, (80001, None)),
        ("rate_limited", {"code": 32}, 400, (32, None)),
        ("not_found_once", {}, 400, (100, 33)),
    ],
)
def test_a_refusal_before_the_work_leaves_no_post(
    box: Box, page: Page, mode: str, args: dict[str, Any], status: int, expected: tuple[int, int | None]
) -> None:
    box.fault(on_feed(page), mode, times=1, args=args)
    answer = box.publish(page, "first")
    assert (answer.status_code, error(answer)) == (status, expected)
    assert box.posts(page.id) == []
    assert box.last_request(page.id).items() >= {"kind": "fault", "fault": mode, "status": status}.items()
    assert box.publish(page, "second").is_success


@pytest.mark.parametrize(
    ("mode", "args", "status", "expected"),
    [
        ("error_after", {}, 500, (2, None)),
        ("refused_but_live", {}, 403, (4, 2207051)),
        ("refused_but_live", {"code": 1, "status": 400}, 400, (1, None)),
    ],
)
def test_an_error_after_the_work_hides_a_live_post(
    box: Box, page: Page, mode: str, args: dict[str, Any], status: int, expected: tuple[int, int | None]
) -> None:
    box.fault(on_feed(page), mode, times=1, args=args)
    answer = box.publish(page, "live")
    assert (answer.status_code, error(answer)) == (status, expected)
    assert [post["text"] for post in box.posts(page.id)] == ["live"]


@pytest.mark.parametrize(("mode", "live"), [("reset_before", []), ("reset_after", ["sent"])])
def test_a_reset_cuts_the_connection(box: Box, page: Page, mode: str, live: list[str]) -> None:
    box.fault(on_feed(page), mode, times=1)
    with pytest.raises(httpx.ReadError, match="reset"):
        box.publish(page, "sent")
    assert [post["text"] for post in box.posts(page.id)] == live
    assert box.last_request(page.id).items() >= {"status": 0, "fault": mode}.items()


def test_a_slow_answer_comes_after_the_post_is_live(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "slow_after", times=1, args={"ms": 600})
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(box.publish(page, "slow").status_code))
    thread.start()
    time.sleep(0.3)
    assert (len(box.posts(page.id)), seen) == (1, [])
    thread.join()
    assert seen == [200]


def test_latency_waits_before_the_work(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "latency", args={"ms": 300})
    begun = time.monotonic()
    assert box.publish(page, "late").is_success
    assert time.monotonic() - begun >= 0.3


def test_latency_keeps_nobody_else_waiting(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "latency", args={"ms": 300})
    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: box.publish(page, f"at once {number}"), range(10)))
    assert time.monotonic() - begun < 1.5
    assert len(box.posts(page.id)) == 10


def test_delayed_visibility_hides_a_post_from_lists_for_a_while(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "delayed_visibility", times=1, args={"ms": 20_000})
    post_id = box.publish(page, "indexed later").json()["id"]
    assert listed(box, page) == []
    assert box.graph("GET", post_id, page.token).is_success
    [post] = box.posts(page.id)
    assert post["visible_at"] > post["created_at"]
    box.control("clock", {"advance_s": 21})
    assert listed(box, page) == ["indexed later"]


def test_a_condition_and_an_outcome_come_together(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "delayed_visibility", times=1, args={"ms": 20_000})
    box.fault(on_feed(page), "reset_after", times=1)
    with pytest.raises(httpx.ReadError):
        box.publish(page, "lost and hidden")
    assert (len(box.posts(page.id)), listed(box, page)) == (1, [])


def test_a_rate_limit_tells_when_to_come_back(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "rate_limited", times=1, args={"regain_min": 7})
    told = json.loads(box.publish(page, "m").headers["x-business-use-case-usage"])[page.id][0]
    assert (told["call_count"], told["estimated_time_to_regain_access"], told["type"]) == (100, 7, "pages")


def test_usage_is_announced_with_a_normal_answer(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "usage", args={"percent": 95, "regain_min": 3})
    answer = box.publish(page, "m")
    told = json.loads(answer.headers["x-business-use-case-usage"])[page.id][0]
    assert (answer.status_code, told["call_count"], told["estimated_time_to_regain_access"]) == (200, 95, 3)


def test_a_revoked_token_stays_dead(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "token_revoked", times=1)
    assert error(box.publish(page, "m")) == (190, 460)
    assert error(box.publish(page, "m")) == (190, 460)
    assert box.debug(page.token)["is_valid"] is False


def test_a_token_can_seem_revoked_once(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "token_revoked", times=1, args={"permanent": False, "subcode": 463})
    assert error(box.publish(page, "m")) == (190, 463)
    assert box.publish(page, "m").is_success


def test_a_missing_scope_is_declined_from_then_on(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    box.fault(on_feed(page), "scope_missing", times=1)
    assert error(box.publish(page, "m")) == (200, None)
    told = box.graph("GET", "me/permissions", box.user_token(person, [])).json()["data"]
    assert {"permission": "pages_manage_posts", "status": "declined"} in told


def test_each_object_is_missing_once(box: Box, page: Page) -> None:
    ids = [box.publish(page, f"post {number}").json()["id"] for number in range(2)]
    box.fault(f"GET /graph.facebook.com/*/{page.id}_*", "not_found_once")
    for post_id in ids:
        assert error(box.graph("GET", post_id, page.token)) == (100, 33)
        assert box.graph("GET", post_id, page.token).is_success


def test_a_garbage_body_hides_a_live_post(box: Box, page: Page) -> None:
    box.fault(on_feed(page), "garbage_body", times=1)
    answer = box.publish(page, "m")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert len(box.posts(page.id)) == 1


def test_faults_of_containers_wait_for_their_network(box: Box, page: Page) -> None:
    for mode in ("slow_container", "container_error"):
        box.fault(on_feed(page), mode)
    assert box.publish(page, "m").is_success


def test_the_first_match_acts(box: Box, page: Page) -> None:
    box.fault(f"POST /graph.facebook.com/*/{page.id}/feed", "refuse", times=1, args={"code": 368})
    box.fault("POST /graph.facebook.com/*", "error_before")
    assert error(box.publish(page, "m")) == (368, None)
    assert error(box.publish(page, "m")) == (2, None)
    assert box.graph("GET", page.id, page.token).is_success


def test_a_fault_with_times_acts_exactly_so_often_under_concurrency(box: Box) -> None:
    pages = box.new_pages(20)
    fault = box.fault("POST /graph.facebook.com/*/feed", "error_after", times=7)
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda page: box.publish(page, "m").status_code, pages))
    assert statuses.count(500) == 7
    assert next(each for each in box.control("faults") if each["id"] == fault)["applied"] == 7
    assert all(len(box.posts(page.id)) == 1 for page in pages)


def test_a_probability_draws_the_same_again_with_the_same_seed(box: Box, page: Page) -> None:
    def draw(seed: int) -> list[bool]:
        box.control("faults", method="DELETE")
        box.fault("GET /graph.facebook.com/*", "error_before", probability=0.3, seed=seed)
        return [box.graph("GET", page.id, page.token).is_success for _ in range(40)]

    first = draw(5)
    assert first == draw(5)
    assert first != draw(6)
    assert 4 <= first.count(False) <= 22


def test_a_fault_can_be_lifted(box: Box, page: Page) -> None:
    fault = box.fault(on_feed(page), "refuse")
    assert not box.publish(page, "m").is_success
    assert box.control(f"faults?id={fault}", method="DELETE") == {"removed": 1}
    assert box.publish(page, "m").is_success


def test_faults_meet_the_openid_provider_too(box: Box) -> None:
    discovery = "/oidc/.well-known/openid-configuration"
    for mode, status in (("error_before", 500), ("refuse", 400), ("rate_limited", 429)):
        box.fault(f"GET {discovery}", mode, times=1)
        assert box.http.get(discovery).status_code == status
    box.fault(f"GET {discovery}", "reset_before", times=1)
    with pytest.raises(httpx.ReadError):
        box.http.get(discovery)


@pytest.mark.parametrize(
    "body",
    [
        {"route": "*", "mode": "explode"},
        {"route": "*", "mode": "latency", "args": {"seconds": 1}},
        {"route": "*", "mode": "latency", "args": {"ms": "long"}},
        {"route": "*", "mode": "refuse", "times": 0},
        {"route": "*", "mode": "refuse", "probability": 2},
        {"route": "*", "mode": "refuse", "surprise": 1},
        {"mode": "refuse"},
    ],
)
def test_a_wrong_fault_is_refused(box: Box, body: dict[str, Any]) -> None:
    assert box.http.post("/_sandbox/faults", json=body).status_code == httpx.codes.BAD_REQUEST
    assert box.control("faults") == []


def test_every_mode_of_the_contract_is_known(box: Box) -> None:
    modes = (
        "refuse error_before error_after reset_before reset_after slow_after delayed_visibility refused_but_live"
        " duplicate_refused rate_limited usage latency token_revoked scope_missing slow_container container_error"
        " not_found_once garbage_body"
    )
    assert all(box.fault("GET /nowhere", mode) for mode in modes.split())
