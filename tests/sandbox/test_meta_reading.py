"""Reading a Page's posts back (meta 11.1, 7.6)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.driver import Box, Page, error

LIST = "published_posts"


def read(box: Box, page: Page, edge: str = LIST, **parameters: Any) -> dict[str, Any]:
    answer = box.graph("GET", f"{page.id}/{edge}", page.token, **parameters)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def messages(listed: dict[str, Any]) -> list[str]:
    return [post["message"] for post in listed["data"]]


@pytest.fixture
def seven(box: Box, page: Page) -> Page:
    for number in range(7):
        box.publish(page, f"post {number}")
    return page


def test_the_newest_comes_first(box: Box, seven: Page) -> None:
    assert messages(read(box, seven)) == [f"post {number}" for number in (6, 5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("edge", ["feed", "posts", LIST])
def test_every_edge_pages_without_a_gap(box: Box, seven: Page, edge: str) -> None:
    found: list[str] = []
    place: dict[str, str] = {}
    for _ in range(4):
        listed = read(box, seven, edge, limit=2, **place)
        found += messages(listed)
        if "next" not in listed["paging"]:
            break
        place = {"after": listed["paging"]["cursors"]["after"]}
    assert found == [f"post {number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_paging_is_not_moved_by_a_new_post(box: Box, seven: Page) -> None:
    first = read(box, seven, limit=3)
    box.publish(seven, "in between")
    assert messages(read(box, seven, limit=3, after=first["paging"]["cursors"]["after"])) == [
        "post 3",
        "post 2",
        "post 1",
    ]


def test_the_way_back_shows_the_page_before(box: Box, seven: Page) -> None:
    first = read(box, seven, limit=3)
    second = read(box, seven, limit=3, after=first["paging"]["cursors"]["after"])
    assert messages(read(box, seven, limit=3, before=second["paging"]["cursors"]["before"])) == messages(first)


def test_since_and_until_cut_by_time(box: Box, page: Page) -> None:
    box.publish(page, "old")
    box.control("clock", {"advance_s": 3_600})
    box.publish(page, "new")
    middle = int(box.control("clock")["offset_s"]) // 2
    at = int(float(read(box, page, date_format="U")["data"][1]["created_time"])) + middle
    assert messages(read(box, page, since=at)) == ["new"]
    assert messages(read(box, page, until=at)) == ["old"]


def test_the_fields_of_a_post(box: Box, page: Page) -> None:
    box.publish(page, "hello", link="https://example.com/x")
    fields = (
        "id,message,story,created_time,updated_time,permalink_url,full_picture,status_type,is_published,from,"
        "attachments{media_type,media,url,title,target,subattachments},shares,"
        "comments.summary(true).limit(0),reactions.summary(true).limit(0)"
    )
    [post] = read(box, page, fields=fields)["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", post["created_time"])
    assert post["from"] == {"id": page.id, "name": page.name}
    assert post["status_type"] == "shared_story"
    assert post["attachments"]["data"][0]["url"] == "https://example.com/x"
    assert post["comments"] == {"data": [], "summary": {"total_count": 0, "order": "ranked", "can_comment": True}}
    assert post["reactions"]["summary"]["viewer_reaction"] == "NONE"
    assert "shares" not in post
    assert "story" not in post


def test_unpublished_posts_are_in_the_feed_only(box: Box, page: Page) -> None:
    box.publish(page, "dark", published="false")
    assert messages(read(box, page, "feed")) == ["dark"]
    assert read(box, page, LIST) == {"data": []}


@pytest.mark.expects_refusal
def test_more_than_a_hundred_at_once_is_an_error(box: Box, page: Page) -> None:
    assert error(box.graph("GET", f"{page.id}/{LIST}", page.token, limit=101)) == (100, None)


def test_a_list_ends_after_the_newest_600(box: Box, page: Page) -> None:
    box.control("options", {"provider": "meta", "options": {"duplicate_window_s": 0}})
    try:
        for _ in range(601):
            box.publish(page, "many")
    finally:
        box.control("options", {"provider": "meta", "options": {"duplicate_window_s": 600}})
    count, place = 0, {}
    while True:
        listed = read(box, page, limit=100, **place)
        count += len(listed["data"])
        if "next" not in listed["paging"]:
            break
        place = {"after": listed["paging"]["cursors"]["after"]}
    assert count == 600


def test_reading_needs_its_permission(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    box.graph("DELETE", "me/permissions/pages_read_engagement", box.user_token(person))
    assert error(box.graph("GET", f"{page.id}/{LIST}", page.token)) == (283, None)


def test_the_permalink_shows_the_post_as_followers_see_it(box: Box, page: Page) -> None:
    told = box.publish(page, "<script>alert(1)</script>", fields="permalink_url").json()
    moved = box.http.get(f"/www.facebook.com/{told['id']}")
    assert moved.headers["location"] == told["permalink_url"]
    html = box.http.get(told["permalink_url"].replace("localhost", "127.0.0.1")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    box.graph("DELETE", told["id"], page.token)
    assert box.http.get(told["permalink_url"].replace("localhost", "127.0.0.1")).status_code == 404
