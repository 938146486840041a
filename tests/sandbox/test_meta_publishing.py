"""Posts on a Page: make, schedule, edit, delete (meta 4.2, 4.3)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.driver import Box, Page, error


def test_a_post_is_live_at_once(box: Box, page: Page) -> None:
    answer = box.publish(page, "Grüße 👋 & <b>more</b>", link="https://example.com/a?b=1")
    post_id = answer.json()["id"]
    assert post_id.startswith(f"{page.id}_")
    [post] = box.posts(page.id)
    assert (
        post.items()
        >= {
            "id": post_id,
            "provider": "meta",
            "network": "facebook",
            "account_id": page.id,
            "text": "Grüße 👋 & <b>more</b>",
            "link": "https://example.com/a?b=1",
            "media": [],
            "deleted_at": None,
        }.items()
    )
    assert post["visible_at"] == post["created_at"]


def test_a_create_can_answer_fields_of_the_new_post(box: Box, page: Page) -> None:
    told = box.publish(page, "Read after write", fields="id,permalink_url,message").json()
    assert told["message"] == "Read after write"
    assert told["permalink_url"].endswith(told["id"].replace("_", "/posts/"))


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (100, None)),
        ({"message": "x" * 63_207}, (100, None)),
        ({"message": "m", "link": "ftp://example.com"}, (100, None)),
        ({"message": "m", "link": "https://nowhere.invalid/"}, (1609005, None)),
        ({"message": "m", "published": "maybe"}, (100, None)),
        ({"message": "m", "attached_media[0]": '{"media_fbid":"1"}'}, (100, 33)),
        ({"message": "m", "child_attachments": '[{"link":"https://example.com"}]'}, (100, None)),
        ({"message": "m", "link": "https://example.com", "name": "Mine"}, (100, None)),
        ({"message": "m", "tags": "1"}, (100, None)),
        ({"message": "m", "idempotency_key": "1"}, (100, None)),
    ],
)
def test_what_the_feed_refuses(
    box: Box, page: Page, parameters: dict[str, Any], expected: tuple[int, int | None]
) -> None:
    assert error(box.graph("POST", f"{page.id}/feed", page.token, **parameters)) == expected
    assert box.posts(page.id) == []


@pytest.mark.expects_refusal
def test_a_user_token_cant_post_as_the_page(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    assert error(box.graph("POST", f"{page.id}/feed", box.user_token(person), message="m")) == (210, None)


def test_a_page_cant_post_on_another(box: Box, page: Page) -> None:
    other = box.new_pages()[0]
    assert error(box.graph("POST", f"{other.id}/feed", page.token, message="m")) == (200, None)


def test_the_same_text_twice_in_a_row_is_a_duplicate(box: Box, page: Page) -> None:
    assert box.publish(page, "twin").is_success
    answer = box.publish(page, "twin")
    assert error(answer) == (506, None)
    assert answer.json()["error"]["error_user_title"] == "Duplicate Status Update"
    assert box.publish(page, "another").is_success
    assert box.publish(page, "twin").is_success


def test_a_duplicate_is_allowed_once_the_window_has_passed(box: Box, page: Page) -> None:
    box.publish(page, "daily")
    box.control("clock", {"advance_s": 601})
    assert box.publish(page, "daily").is_success


def test_a_duplicate_of_a_deleted_post_is_none(box: Box, page: Page) -> None:
    box.graph("DELETE", box.publish(page, "again").json()["id"], page.token)
    assert box.publish(page, "again").is_success


def test_an_unpublished_post_is_not_visible_until_it_is_published(box: Box, page: Page) -> None:
    post_id = box.publish(page, "dark", published="false").json()["id"]
    assert box.posts(page.id) == []
    assert box.graph("GET", post_id, page.token, fields="is_published").json()["is_published"] is False
    assert box.graph("POST", post_id, page.token, is_published="true").json() == {"success": True}
    assert [post["id"] for post in box.posts(page.id)] == [post_id]


def test_a_scheduled_post_becomes_live_by_the_clock(box: Box, page: Page) -> None:
    at = int(time.time()) + 1_200
    post_id = box.publish(page, "later", published="false", scheduled_publish_time=at).json()["id"]
    listed = box.graph("GET", f"{page.id}/scheduled_posts", page.token, fields="scheduled_publish_time").json()["data"]
    assert listed == [{"id": post_id, "scheduled_publish_time": at}]
    assert box.posts(page.id) == []
    box.control("clock", {"advance_s": 1_201})
    assert [post["id"] for post in box.posts(page.id)] == [post_id]
    assert box.graph("GET", f"{page.id}/scheduled_posts", page.token).json()["data"] == []


@pytest.mark.parametrize("ahead_s", [0, 590, 76 * 86_400])
def test_a_schedule_lies_between_ten_minutes_and_75_days(box: Box, page: Page, ahead_s: int) -> None:
    at = int(time.time()) + ahead_s
    assert error(box.publish(page, "m", published="false", scheduled_publish_time=at)) == (100, None)


def test_a_published_post_takes_no_schedule(box: Box, page: Page) -> None:
    assert error(box.publish(page, "m", scheduled_publish_time=int(time.time()) + 1_200)) == (100, None)


@pytest.mark.expects_refusal
def test_a_text_can_be_edited(box: Box, page: Page) -> None:
    post_id = box.publish(page, "tpyo").json()["id"]
    assert box.graph("POST", post_id, page.token, message="typo").json() == {"success": True}
    assert box.graph("GET", post_id, page.token, fields="message").json()["message"] == "typo"
    assert error(box.graph("POST", post_id, page.token, link="https://example.com")) == (100, None)


def test_a_deleted_post_is_gone_and_the_ledger_remembers(box: Box, page: Page) -> None:
    post_id = box.publish(page, "regret").json()["id"]
    assert box.graph("DELETE", post_id, page.token).json() == {"success": True}
    assert error(box.graph("DELETE", post_id, page.token)) == (100, 33)
    assert error(box.graph("GET", post_id, page.token)) == (100, 33)
    [post] = box.posts(page.id)
    assert post["deleted_at"] is not None


def test_a_json_body_works_like_a_form(box: Box, page: Page) -> None:
    body = {"message": "json", "published": True, "access_token": page.token, "appsecret_proof": box.proof(page.token)}
    assert box.graph("POST", f"{page.id}/feed", None, body=body).is_success


def test_a_multipart_body_works_like_a_form(box: Box, page: Page) -> None:
    parts = {"message": "multi", "access_token": page.token, "appsecret_proof": box.proof(page.token)}
    files = {name: (None, value) for name, value in parts.items()}
    assert box.http.post(f"/graph.facebook.com/v26.0/{page.id}/feed", files=files).is_success
    assert box.posts(page.id)[0]["text"] == "multi"
