"""Comments on a Page's posts, the first one above all (meta 2.9, 11.1, 11.3)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.driver import PUBLISH, Box, Page, error
from tests.sandbox.shelf import Shelf
from tests.sandbox.videos import local, look, process, publish_reel

DAY_S = 86_400


def comment(box: Box, page: Page, node: str, message: str = "First!", **parameters: Any) -> httpx.Response:
    return box.graph("POST", f"{node}/comments", page.token, message=message, **parameters)


def listed(box: Box, page: Page, node: str, **parameters: Any) -> list[str]:
    return [each["message"] for each in look(box, page, f"{node}/comments", "message", **parameters)["data"]]


@pytest.fixture
def post(box: Box, page: Page) -> str:
    return str(box.publish(page, "A post").json()["id"])


def test_the_first_comment_is_the_pages_own(box: Box, page: Page, post: str) -> None:
    told = comment(box, page, post).json()
    assert told.keys() == {"id"}
    assert told["id"].startswith(post.partition("_")[2] + "_")
    read = look(box, page, told["id"], "message,from,created_time,permalink_url,parent,is_hidden,can_hide")
    assert read["from"] == {"name": page.name, "id": page.id}
    assert (read["message"], read["is_hidden"], "parent" in read) == ("First!", False, False)
    assert listed(box, page, post) == ["First!"]
    [kept] = box.posts(page.id)[0]["comments"]
    assert (kept["id"], kept["text"], kept["author_id"], kept["deleted_at"]) == (told["id"], "First!", page.id, None)


def test_a_comment_tells_its_fields_at_once(box: Box, page: Page, post: str) -> None:
    assert comment(box, page, post, fields="message").json()["message"] == "First!"


def test_a_post_counts_and_shows_its_comments(box: Box, page: Page, post: str) -> None:
    first = comment(box, page, post, "one").json()["id"]
    comment(box, page, post, "two")
    comment(box, page, first, "one and a half")
    read = look(box, page, post, "comments.summary(true).limit(0)")["comments"]
    assert read == {"data": [], "summary": {"order": "ranked", "total_count": 3, "can_comment": True}}
    read = look(box, page, post, "comments.limit(1){message}")["comments"]
    assert [each["message"] for each in read["data"]] == ["one"]
    assert "summary" not in read
    read = look(box, page, post, "comments.filter(stream){message,parent}")["comments"]
    assert [each["message"] for each in read["data"]] == ["one", "two", "one and a half"]


@pytest.mark.expects_refusal
def test_comments_are_listed_by_level_order_and_time(box: Box, page: Page, post: str) -> None:
    first = comment(box, page, post, "one").json()["id"]
    answer = comment(box, page, first, "an answer").json()["id"]
    comment(box, page, answer, "an answer to it")
    box.control("clock", {"advance_s": 100})
    comment(box, page, post, "two")
    assert listed(box, page, post) == ["one", "two"]
    assert listed(box, page, post, order="reverse_chronological") == ["two", "one"]
    assert len(listed(box, page, post, filter="stream")) == 4
    assert listed(box, page, first) == ["an answer", "an answer to it"]
    assert look(box, page, answer, "parent")["parent"] == {"id": first}
    told = look(box, page, f"{post}/comments", "id", summary="true", limit=1)
    assert told["summary"]["total_count"] == 4
    assert "next" in told["paging"]
    assert error(box.graph("GET", f"{post}/comments", page.token, order="best")) == (100, None)


def test_a_comment_is_edited_hidden_and_deleted(box: Box, page: Page, post: str) -> None:
    comment_id = comment(box, page, post).json()["id"]
    assert box.graph("POST", comment_id, page.token, message="Better").json() == {"success": True}
    assert look(box, page, comment_id, "message")["message"] == "Better"
    assert box.graph("POST", comment_id, page.token, is_hidden="true").json() == {"success": True}
    assert "Better" not in box.http.get(f"/?account={page.id}").text
    assert box.graph("DELETE", comment_id, page.token).json() == {"success": True}
    assert error(box.graph("GET", comment_id, page.token)) == (100, 33)
    assert listed(box, page, post) == []
    assert box.posts(page.id)[0]["comments"][0]["deleted_at"] is not None


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"message": ""}, (100, None)),
        ({"message": "x" * 8_001}, (100, None)),
        ({"message": "m", "link": "https://example.com"}, (100, None)),
        ({"message": "m", "attachment_id": "1", "attachment_url": "https://example.com/x.jpg"}, (100, None)),
    ],
)
def test_what_is_no_comment(
    box: Box, page: Page, post: str, parameters: dict[str, str], expected: tuple[int, int | None]
) -> None:
    assert error(box.graph("POST", f"{post}/comments", page.token, **parameters)) == expected


def test_what_isnt_live_cant_be_commented(box: Box, page: Page, shelf: Shelf) -> None:
    dark = box.publish(page, "dark", published="false").json()["id"]
    assert error(comment(box, page, dark)) == (100, None)
    gone = box.publish(page, "gone").json()["id"]
    box.graph("DELETE", gone, page.token)
    assert error(comment(box, page, gone)) == (100, 33)
    photo = box.graph("POST", f"{page.id}/photos", page.token, url=shelf.put(), published="false").json()["id"]
    story = box.graph("POST", f"{page.id}/photo_stories", page.token, photo_id=photo).json()["post_id"]
    assert error(comment(box, page, story)) == (100, None)


def test_comments_of_a_reel_are_those_of_its_post(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page)
    process(box)
    post_id = look(box, page, video_id, "post_id")["post_id"]
    assert comment(box, page, post_id).is_success
    assert listed(box, page, video_id) == listed(box, page, post_id) == ["First!"]


@pytest.mark.parametrize("scope", ["pages_manage_engagement", "pages_read_engagement", "pages_read_user_content"])
def test_commenting_needs_three_permissions(box: Box, scope: str) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    post = box.publish(page, "A post").json()["id"]
    box.graph("DELETE", f"me/permissions/{scope}", box.user_token(person, []))
    answer = comment(box, page, post)
    assert (answer.status_code, error(answer)) == (403, (200, None))


@pytest.mark.expects_refusal
def test_only_the_page_itself_comments(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    post = box.publish(page, "A post").json()["id"]
    token = box.user_token(person, PUBLISH)
    assert error(box.graph("POST", f"{post}/comments", token, message="m")) == (210, None)
    assert error(comment(box, box.new_pages()[0], post)) == (200, None)


def test_without_the_permission_nobody_reads_who_wrote(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    post = box.publish(page, "A post").json()["id"]
    comment(box, page, post)
    box.graph("DELETE", "me/permissions/pages_read_user_content", box.user_token(person, []))
    assert error(box.graph("GET", f"{post}/comments", page.token)) == (10, None)


def test_followers_read_comments_under_their_post(box: Box, page: Page, post: str) -> None:
    first = comment(box, page, post, "<i>one</i>").json()["id"]
    comment(box, page, post, "number two")
    comment(box, page, first, "to number one")
    link = look(box, page, post, "permalink_url")["permalink_url"]
    for path in (local(link), f"/?account={page.id}"):
        html = box.http.get(path).text
        assert html.index("&lt;i&gt;one&lt;/i&gt;") < html.index("to number one") < html.index("number two")


@pytest.mark.parametrize(("mode", "there"), [("error_before", 0), ("error_after", 1), ("reset_after", 1)])
def test_faults_meet_comments_too(box: Box, page: Page, post: str, mode: str, there: int) -> None:
    box.fault(f"POST /graph.facebook.com/*/{post}/comments", mode, times=1)
    if mode == "reset_after":
        with pytest.raises(httpx.ReadError):
            comment(box, page, post)
    else:
        assert error(comment(box, page, post)) == (2, None)
    assert len(box.posts(page.id)[0]["comments"]) == there


@pytest.mark.expects_refusal
def test_a_live_post_is_edited_by_its_own_app_and_shows_it(box: Box, page: Page, post: str) -> None:
    before = look(box, page, post, "updated_time,created_time")
    box.control("clock", {"advance_s": 60})
    assert box.graph("POST", post, page.token, message="Other words").json() == {"success": True}
    after = look(box, page, post, "message,updated_time,created_time")
    assert after["message"] == box.posts(page.id)[0]["text"] == "Other words"
    assert after["updated_time"] > before["updated_time"]
    assert after["created_time"] == before["created_time"]
    assert error(box.graph("POST", post, page.token, link="https://example.com")) == (100, None)
