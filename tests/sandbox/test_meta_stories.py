"""Stories of a Page: from a photo, from a video; a day, then the archive (meta 4.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.factories.videos import video
from tests.sandbox.driver import Box, Page, error
from tests.sandbox.shelf import Shelf
from tests.sandbox.videos import REEL, finish, local, look, process, start, status, uploaded

DAY_S = 86_400


@pytest.fixture
def changed(box: Box) -> Iterator[Box]:
    """Options that a test may change; all are as before afterwards."""
    before = box.control("options")["meta"]
    yield box
    box.control("options", {"provider": "meta", "options": before})


def photo(box: Box, page: Page, shelf: Shelf, published: str = "false") -> str:
    told = box.graph("POST", f"{page.id}/photos", page.token, url=shelf.put(), published=published).json()
    return str(told["id"])


def tell(box: Box, page: Page, photo_id: str) -> httpx.Response:
    return box.graph("POST", f"{page.id}/photo_stories", page.token, photo_id=photo_id)


def stories(box: Box, page: Page, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = box.graph("GET", f"{page.id}/stories", page.token, **parameters).json()["data"]
    return found


def test_an_unpublished_photo_becomes_a_story(box: Box, page: Page, shelf: Shelf) -> None:
    photo_id = photo(box, page, shelf)
    told = tell(box, page, photo_id).json()
    assert told.items() >= {"success": True}.items()
    assert re.fullmatch(r"\d+", told["post_id"])
    [post] = box.posts(page.id)
    assert (post["id"], post["kind"], post["media"][0]["kind"]) == (told["post_id"], "story", "image")
    [listed] = stories(box, page)
    assert listed.items() >= {"post_id": told["post_id"], "status": "PUBLISHED", "media_type": "photo"}.items()
    assert listed["media_id"] == photo_id
    assert re.fullmatch(r"\d+", listed["creation_time"])
    assert "/stories/" in listed["url"]


@pytest.mark.expects_refusal
def test_the_list_tells_what_is_asked(box: Box, page: Page, shelf: Shelf) -> None:
    photo_id = photo(box, page, shelf)
    tell(box, page, photo_id)
    assert stories(box, page, fields="media_id,media_type") == [{"media_id": photo_id, "media_type": "photo"}]
    assert error(box.graph("GET", f"{page.id}/stories", page.token, fields="surprise")) == (100, None)


def test_a_story_is_in_no_list_of_posts(box: Box, page: Page, shelf: Shelf) -> None:
    tell(box, page, photo(box, page, shelf))
    for edge in ("published_posts", "feed", "posts"):
        assert look(box, page, f"{page.id}/{edge}", "id")["data"] == []


@pytest.mark.expects_refusal
def test_followers_see_a_story_for_a_day(box: Box, page: Page, shelf: Shelf) -> None:
    tell(box, page, photo(box, page, shelf))
    url = local(stories(box, page)[0]["url"])
    assert "· Story ·" in box.http.get(url).text
    assert "· Story ·" in box.http.get(f"/?account={page.id}").text
    box.control("clock", {"advance_s": DAY_S + 1})
    assert box.http.get(url).status_code == 404
    assert "· Story ·" not in box.http.get(f"/?account={page.id}").text
    assert [each["status"] for each in stories(box, page)] == ["ARCHIVED"]
    assert stories(box, page, status="PUBLISHED") == []
    assert len(stories(box, page, status='["ARCHIVED"]')) == 1
    assert error(box.graph("GET", f"{page.id}/stories", page.token, status="HIDDEN")) == (100, None)
    assert len(box.posts(page.id)) == 1


def test_what_was_published_before_is_no_story(box: Box, page: Page, shelf: Shelf) -> None:
    assert error(tell(box, page, photo(box, page, shelf, "true"))) == (100, 1366051)
    photo_id = photo(box, page, shelf)
    assert tell(box, page, photo_id).is_success
    assert error(tell(box, page, photo_id)) == (100, 1366051)
    attached = {"attached_media[0]": f'{{"media_fbid":"{photo_id}"}}'}
    assert error(box.publish(page, "again", **attached)) == (100, 1366051)


@pytest.mark.expects_refusal
def test_a_story_needs_a_photo_of_the_page(box: Box, page: Page, shelf: Shelf) -> None:
    assert error(tell(box, page, photo(box, box.new_pages()[0], shelf))) == (100, 33)
    assert error(box.graph("POST", f"{page.id}/photo_stories", page.token)) == (100, None)
    answer = box.graph("POST", f"{page.id}/photo_stories", page.token, photo_id="1", caption="m")
    assert error(answer) == (100, None)


def test_a_video_becomes_a_story(box: Box, page: Page) -> None:
    video_id = uploaded(box, page, REEL, "video_stories")
    told = finish(box, page, video_id, "video_stories").json()
    assert told.keys() == {"success", "post_id"}
    process(box)
    [post] = box.posts(page.id)
    assert (post["id"], post["kind"], post["media"][0]["kind"]) == (told["post_id"], "story", "video")
    assert [each["media_id"] for each in stories(box, page)] == [video_id]
    assert status(box, page, video_id)["publishing_phase"]["publish_status"] == "published"
    assert look(box, page, f"{page.id}/video_reels", "id")["data"] == []


@pytest.mark.parametrize("seconds", [2.5, 61])
def test_a_video_story_has_three_to_sixty_seconds(box: Box, page: Page, seconds: float) -> None:
    video_id = uploaded(box, page, video(seconds), "video_stories")
    process(box)
    assert status(box, page, video_id)["video_status"] == "error"
    expected = 1363025 if seconds < 3 else 1363026
    assert error(finish(box, page, video_id, "video_stories")) == (6001, expected)
    assert box.posts(page.id) == []


def test_a_video_story_may_have_ninety_seconds_where_the_world_says_so(changed: Box, page: Page) -> None:
    changed.control("options", {"provider": "meta", "options": {"story_seconds": 90}})
    finish(changed, page, uploaded(changed, page, video(90), "video_stories"), "video_stories")
    process(changed)
    assert len(changed.posts(page.id)) == 1


@pytest.mark.expects_refusal
def test_a_video_story_takes_no_words(box: Box, page: Page) -> None:
    video_id = uploaded(box, page, REEL, "video_stories")
    assert error(finish(box, page, video_id, "video_stories", description="m")) == (100, None)


def test_a_video_story_is_finished_when_its_bytes_are_there(box: Box, page: Page) -> None:
    told = start(box, page, "video_stories")
    assert error(finish(box, page, told["video_id"], "video_stories")) == (6001, None)


def test_a_story_can_be_deleted(box: Box, page: Page, shelf: Shelf) -> None:
    told = tell(box, page, photo(box, page, shelf)).json()
    assert box.graph("DELETE", told["post_id"], page.token).json() == {"success": True}
    assert stories(box, page) == []
    assert box.posts(page.id)[0]["deleted_at"] is not None


@pytest.mark.parametrize(("mode", "live"), [("error_before", 0), ("error_after", 1), ("reset_after", 1)])
def test_faults_meet_stories_too(box: Box, page: Page, shelf: Shelf, mode: str, live: int) -> None:
    photo_id = photo(box, page, shelf)
    box.fault(f"POST /graph.facebook.com/*/{page.id}/photo_stories", mode, times=1)
    if mode == "reset_after":
        with pytest.raises(httpx.ReadError):
            tell(box, page, photo_id)
    else:
        assert error(tell(box, page, photo_id)) == (2, None)
    assert len(box.posts(page.id)) == live
    assert [each["media_id"] for each in stories(box, page)] == [photo_id] * live


def test_delayed_visibility_hides_a_story_from_its_list_for_a_while(box: Box, page: Page, shelf: Shelf) -> None:
    box.fault(f"POST /graph.facebook.com/*/{page.id}/photo_stories", "delayed_visibility", times=1, args={"ms": 20_000})
    tell(box, page, photo(box, page, shelf))
    assert stories(box, page) == []
    box.control("clock", {"advance_s": 21})
    assert len(stories(box, page)) == 1
