"""Photos on a Page: alone, several in a post, waiting for one (meta 4.1, 4.2, 4.4, 6, 11.1, 12)."""

from __future__ import annotations

import hashlib
import re
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Page, error
from tests.sandbox.shelf import Shelf, picture

DAY_S = 86_400
ATTACHMENTS = "attachments{media_type,media,url,title,target,subattachments}"


def post_photo(box: Box, page: Page, url: str, **parameters: Any) -> httpx.Response:
    return box.graph("POST", f"{page.id}/photos", page.token, url=url, **parameters)


def upload(box: Box, page: Page, content: bytes, part: str = "source", **parameters: str) -> httpx.Response:
    signed = {"access_token": page.token, "appsecret_proof": box.proof(page.token), **parameters}
    files = {part: ("photo.jpg", content, "image/jpeg")}
    return box.http.post(f"/graph.facebook.com/v26.0/{page.id}/photos", data=signed, files=files)


def unpublished(box: Box, page: Page, shelf: Shelf, content: bytes | None = None) -> str:
    told = post_photo(box, page, shelf.put(content), published="false").json()
    assert told.keys() == {"id"}
    return str(told["id"])


def attach(box: Box, page: Page, *ids: str, message: str = "album", **parameters: Any) -> httpx.Response:
    items = {f"attached_media[{place}]": f'{{"media_fbid":"{photo}"}}' for place, photo in enumerate(ids)}
    return box.publish(page, message, **items, **parameters)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def attachment(box: Box, page: Page) -> dict[str, Any]:
    listed = box.graph(
        "GET", f"{page.id}/published_posts", page.token, fields=f"status_type,full_picture,{ATTACHMENTS}"
    )
    [post] = listed.json()["data"]
    assert post["status_type"] == "added_photos"
    [found] = post["attachments"]["data"]
    assert post["full_picture"] == found["media"]["image"]["src"]
    told: dict[str, Any] = found
    return told


def test_a_published_photo_is_a_post(box: Box, page: Page, shelf: Shelf) -> None:
    content = picture(640, 480)
    told = post_photo(box, page, shelf.put(content), caption="Look", alt_text_custom="A colour").json()
    assert told.keys() == {"id", "post_id"}
    [post] = box.posts(page.id)
    expected = {"id": told["post_id"], "text": "Look", "media": [{"kind": "image", "sha256": sha256(content)}]}
    assert post.items() >= expected.items()
    found = attachment(box, page)
    assert (found["media_type"], found["target"]["id"]) == ("photo", told["id"])
    image = found["media"]["image"]
    assert (image["width"], image["height"]) == (640, 480)
    assert box.http.get(image["src"].replace("localhost", "127.0.0.1")).content == content


@pytest.mark.parametrize("part", ["source", "anything"])
def test_a_photo_can_be_sent_as_a_file(box: Box, page: Page, part: str) -> None:
    content = picture(kind="PNG")
    assert upload(box, page, content, part, caption="File").json().keys() == {"id", "post_id"}
    assert box.posts(page.id)[0]["media"][0]["sha256"] == sha256(content)


def test_an_unpublished_photo_is_seen_by_nobody(box: Box, page: Page, shelf: Shelf) -> None:
    photo = unpublished(box, page, shelf)
    assert box.posts(page.id) == []
    assert box.graph("GET", f"{page.id}/feed", page.token).json() == {"data": []}
    assert box.graph("GET", photo, page.token, fields="page_story_id").json() == {"id": photo}


def test_photos_are_shown_in_the_order_they_are_attached(box: Box, page: Page, shelf: Shelf) -> None:
    contents = [picture() for _ in range(3)]
    first, second, third = (unpublished(box, page, shelf, content) for content in contents)
    post_id = attach(box, page, second, third, first).json()["id"]
    [post] = box.posts(page.id)
    assert [each["sha256"] for each in post["media"]] == [sha256(contents[place]) for place in (1, 2, 0)]
    album = attachment(box, page)
    assert (album["media_type"], album["target"]["id"]) == ("album", post_id.partition("_")[2])
    assert [each["target"]["id"] for each in album["subattachments"]["data"]] == [second, third, first]
    told = box.graph("GET", first, page.token, fields="page_story_id").json()
    assert told["page_story_id"] == post_id


def test_one_attached_photo_is_a_photo(box: Box, page: Page, shelf: Shelf) -> None:
    photo = unpublished(box, page, shelf)
    attach(box, page, photo)
    assert attachment(box, page)["target"]["id"] == photo


def test_photos_can_be_attached_as_json(box: Box, page: Page, shelf: Shelf) -> None:
    body = {"attached_media": [{"media_fbid": unpublished(box, page, shelf)}]}
    signed = {"access_token": page.token, "appsecret_proof": box.proof(page.token)}
    assert box.graph("POST", f"{page.id}/feed", None, body={**body, **signed}).is_success
    assert len(box.posts(page.id)[0]["media"]) == 1


def test_a_photo_is_used_once(box: Box, page: Page, shelf: Shelf) -> None:
    photo = unpublished(box, page, shelf)
    assert error(attach(box, page, photo, photo)) == (100, 1366051)
    assert attach(box, page, photo).is_success
    assert error(attach(box, page, photo, message="again")) == (100, 1366051)
    published = post_photo(box, page, shelf.put()).json()["id"]
    assert error(attach(box, page, published, message="shown before")) == (100, 1366051)


@pytest.mark.expects_refusal
def test_only_photos_of_the_page_itself_can_be_attached(box: Box, page: Page, shelf: Shelf) -> None:
    foreign = unpublished(box, box.new_pages()[0], shelf)
    assert error(attach(box, page, foreign)) == (100, 33)
    assert error(attach(box, page, "122200999999999999")) == (100, 33)
    assert error(box.publish(page, "m", attached_media='["1"]')) == (100, None)
    assert box.posts(page.id) == []


def test_an_unused_photo_is_deleted_after_a_day(box: Box, page: Page, shelf: Shelf) -> None:
    unused, used = unpublished(box, page, shelf), unpublished(box, page, shelf)
    attach(box, page, used)
    box.control("clock", {"advance_s": DAY_S + 1})
    assert error(attach(box, page, unused, message="late")) == (100, 33)
    assert error(box.graph("GET", unused, page.token)) == (100, 33)
    assert box.graph("GET", used, page.token).is_success


def test_a_scheduled_post_keeps_its_photos_until_it_is_live(box: Box, page: Page, shelf: Shelf) -> None:
    photo = post_photo(box, page, shelf.put(), published="false", temporary="true").json()["id"]
    at = int(time.time()) + 2 * DAY_S
    scheduled = {"published": "false", "scheduled_publish_time": at, "unpublished_content_type": "SCHEDULED"}
    assert attach(box, page, photo, **scheduled).is_success
    assert box.posts(page.id) == []
    box.control("clock", {"advance_s": 2 * DAY_S + 1})
    assert len(box.posts(page.id)[0]["media"]) == 1


def test_a_photo_can_be_scheduled_by_itself(box: Box, page: Page, shelf: Shelf) -> None:
    at = int(time.time()) + 1_200
    told = post_photo(box, page, shelf.put(), caption="later", published="false", scheduled_publish_time=at).json()
    assert told.keys() == {"id"}
    listed = box.graph("GET", f"{page.id}/scheduled_posts", page.token, fields=ATTACHMENTS).json()["data"]
    assert listed[0]["attachments"]["data"][0]["target"]["id"] == told["id"]
    box.control("clock", {"advance_s": 1_201})
    assert box.posts(page.id)[0]["text"] == "later"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"no picture", (324, None)),
        (picture()[:-400], (324, None)),
        (picture(kind="WEBP"), (100, 1366046)),
        (picture() + b"\0" * 10 * 1024 * 1024, (100, 1366046)),
    ],
    ids=["text", "broken", "webp", "too large"],
)
def test_a_picture_that_facebook_refuses(
    box: Box, page: Page, shelf: Shelf, content: bytes, expected: tuple[int, int | None]
) -> None:
    assert error(post_photo(box, page, shelf.put(content))) == expected
    assert error(upload(box, page, content)) == expected
    assert box.posts(page.id) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_the_kinds_that_facebook_takes(box: Box, page: Page, kind: str) -> None:
    assert upload(box, page, picture(300, 200, kind)).is_success


def test_an_address_that_gives_nothing(box: Box, page: Page, shelf: Shelf) -> None:
    for url in (shelf.put(status=404), "ftp://127.0.0.1/x.jpg", "http://127.0.0.1:1/x.jpg"):
        assert error(post_photo(box, page, url)) == (324, None)
    assert error(box.graph("POST", f"{page.id}/photos", page.token, caption="nothing")) == (324, None)


def test_a_caption_comes_under_one_name(box: Box, page: Page, shelf: Shelf) -> None:
    assert error(post_photo(box, page, shelf.put(), caption="a", message="b")) == (100, None)
    assert error(post_photo(box, page, shelf.put(), caption="x" * 63_207)) == (100, None)
    assert post_photo(box, page, shelf.put(), message="alias").is_success
    assert box.posts(page.id)[0]["text"] == "alias"


@pytest.mark.expects_refusal
def test_a_file_elsewhere_is_malformed(box: Box, page: Page) -> None:
    signed = {"access_token": page.token, "appsecret_proof": box.proof(page.token), "message": "m"}
    answer = box.http.post(f"/graph.facebook.com/v26.0/{page.id}/feed", data=signed, files={"source": b"bytes"})
    assert error(answer) == (100, None)
    assert box.last_request(page.id)["kind"] == "protocol"


@pytest.mark.expects_refusal
def test_a_photo_needs_the_pages_token_and_its_permissions(box: Box, shelf: Shelf) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    token = box.user_token(person)
    assert error(box.graph("POST", f"{page.id}/photos", token, url=shelf.put())) == (210, None)
    box.graph("DELETE", "me/permissions/pages_manage_posts", token)
    assert error(post_photo(box, page, shelf.put())) == (200, None)


def test_the_same_words_with_another_picture_are_no_duplicate(box: Box, page: Page, shelf: Shelf) -> None:
    url = shelf.put()
    assert post_photo(box, page, url, caption="Daily").is_success
    assert error(post_photo(box, page, url, caption="Daily")) == (506, None)
    assert post_photo(box, page, shelf.put(), caption="Daily").is_success


def test_followers_see_every_photo_of_a_post(box: Box, page: Page, shelf: Shelf) -> None:
    ids = [unpublished(box, page, shelf) for _ in range(2)]
    told = attach(box, page, *ids, message="Two", fields="permalink_url").json()
    for path in (told["permalink_url"].replace("localhost", "127.0.0.1"), f"/?account={page.id}"):
        sources = re.findall(r'<img class="picture" src="([^"]+)"', box.http.get(path).text)
        assert len(sources) == 2
        assert all(box.http.get(source).headers["content-type"] == "image/jpeg" for source in sources)
    url = attachment(box, page)["subattachments"]["data"][0]["url"].replace("localhost", "127.0.0.1")
    assert "Two" in box.http.get(url).text


def test_a_photo_without_story_is_in_nobodys_feed(box: Box, page: Page, shelf: Shelf) -> None:
    post_photo(box, page, shelf.put(), caption="storyless", no_story="true")
    assert "storyless" not in box.http.get(f"/?account={page.id}").text


@pytest.mark.expects_refusal
def test_photos_that_followers_see_are_listed(box: Box, page: Page, shelf: Shelf) -> None:
    first = post_photo(box, page, shelf.put(), caption="one").json()["id"]
    second, third, _ = (unpublished(box, page, shelf) for _ in range(3))
    attach(box, page, second)
    box.graph("POST", f"{page.id}/photo_stories", page.token, photo_id=third)
    path = f"{page.id}/photos"
    listed = box.graph("GET", path, page.token, type="uploaded", fields="id,page_story_id").json()["data"]
    assert [each["id"] for each in listed] == [second, first]
    assert all(each["page_story_id"].startswith(page.id) for each in listed)
    assert box.graph("GET", path, page.token).json() == {"data": []}
    assert error(box.graph("GET", path, page.token, type="all")) == (100, None)


def test_deleting_a_photo_deletes_what_only_it_is(box: Box, page: Page, shelf: Shelf) -> None:
    waiting = unpublished(box, page, shelf)
    assert box.graph("DELETE", waiting, page.token).json() == {"success": True}
    assert error(box.graph("DELETE", waiting, page.token)) == (100, 33)
    alone = post_photo(box, page, shelf.put()).json()
    assert box.graph("DELETE", alone["id"], page.token).is_success
    assert error(box.graph("GET", alone["post_id"], page.token)) == (100, 33)
    assert box.posts(page.id)[0]["deleted_at"] is not None


@pytest.mark.parametrize(("mode", "live"), [("error_before", 0), ("error_after", 1), ("refused_but_live", 1)])
def test_faults_meet_photos_too(box: Box, page: Page, shelf: Shelf, mode: str, live: int) -> None:
    box.fault(f"POST /graph.facebook.com/*/{page.id}/photos", mode, times=1)
    assert not post_photo(box, page, shelf.put()).is_success
    assert len(box.posts(page.id)) == live


def test_delayed_visibility_hides_a_photo_from_lists_for_a_while(box: Box, page: Page, shelf: Shelf) -> None:
    box.fault(f"POST /graph.facebook.com/*/{page.id}/photos", "delayed_visibility", times=1, args={"ms": 20_000})
    post_photo(box, page, shelf.put())
    path = f"{page.id}/published_posts"
    assert box.graph("GET", path, page.token).json() == {"data": []}
    box.control("clock", {"advance_s": 21})
    assert len(box.graph("GET", path, page.token).json()["data"]) == 1
