"""From a container to a post, its quota, and reading it back (meta 5.4, 5.5, 5.8, 11.2)."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Instagram, error
from tests.sandbox.shelf import Shelf, picture

DAY_S = 86_400
FIELDS = "id,caption,media_type,media_product_type,media_url,permalink,shortcode,timestamp,username,alt_text"


def make(box: Box, account: Instagram, url: str, **parameters: Any) -> str:
    answer = box.graph("POST", f"{account.id}/media", account.page.token, image_url=url, **parameters)
    return str(answer.json()["id"])


def publish(box: Box, account: Instagram, container: str) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media_publish", account.page.token, creation_id=container)


def read(box: Box, account: Instagram, node: str, fields: str, **more: Any) -> dict[str, Any]:
    answer = box.graph("GET", node, account.page.token, fields=fields, **more)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def local(url: str) -> str:
    return url.replace("localhost", "127.0.0.1")


@pytest.fixture
def changed(box: Box) -> Iterator[Box]:
    """Options that a test may change; all are as before afterwards."""
    before = box.control("options")["meta"]
    yield box
    box.control("options", {"provider": "meta", "options": before})


def test_a_published_container_is_a_post_with_its_picture(box: Box, account: Instagram, shelf: Shelf) -> None:
    content = picture()
    container = make(box, account, shelf.put(content), caption="Grüße 👋 #tag", alt_text="One colour")
    media_id = publish(box, account, container).json()["id"]
    [post] = box.posts(account.id)
    expected = {
        "id": media_id,
        "network": "instagram",
        "account_id": account.id,
        "text": "Grüße 👋 #tag",
        "media": [{"kind": "image", "sha256": hashlib.sha256(content).hexdigest()}],
    }
    assert post.items() >= expected.items()
    told = read(box, account, media_id, FIELDS)
    assert told.items() >= {"caption": "Grüße 👋 #tag", "media_type": "IMAGE", "media_product_type": "FEED"}.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", told["timestamp"])
    assert told["permalink"].endswith(f"/www.instagram.com/p/{told['shortcode']}/")
    assert told["alt_text"] == "One colour"
    assert box.http.get(local(told["media_url"])).content == content


def test_the_container_tells_that_it_is_published_and_not_as_what(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, account, shelf.put())
    publish(box, account, container)
    assert read(box, account, container, "status_code") == {"status_code": "PUBLISHED", "id": container}
    box.control("clock", {"advance_s": 2 * DAY_S})
    assert read(box, account, container, "status_code")["status_code"] == "PUBLISHED"


def test_followers_see_the_post_with_its_picture(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, account, shelf.put(), caption="<b>Look</b>", alt_text='A "square"')
    told = read(box, account, publish(box, account, container).json()["id"], "permalink")
    for path in (local(told["permalink"]), f"/?account={account.id}", "/"):
        html = box.http.get(path).text
        assert "&lt;b&gt;Look&lt;/b&gt;" in html
        [source] = re.findall(r'<img class="picture" src="([^"]+)" alt="A &#34;square&#34;">', html)
        shown = box.http.get(source)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert f'href="{told["permalink"]}"' in box.http.get("/").text


def test_a_post_that_is_not_there_has_no_page(box: Box) -> None:
    assert box.http.get("/www.instagram.com/p/abcdefghijk/").status_code == 404


def test_a_container_in_progress_is_not_ready(box: Box, account: Instagram, shelf: Shelf) -> None:
    box.fault(f"POST /graph.facebook.com/*/{account.id}/media", "slow_container", times=1, args={"ms": 60_000})
    container = make(box, account, shelf.put())
    answer = publish(box, account, container)
    assert (answer.status_code, error(answer)) == (400, (9007, 2207027))
    assert answer.json()["error"]["error_user_title"] == "Media Not Ready"
    box.control("clock", {"advance_s": 61})
    assert publish(box, account, container).is_success


def test_a_failed_expired_or_unknown_container_does_not_exist(box: Box, account: Instagram, shelf: Shelf) -> None:
    box.fault(f"POST /graph.facebook.com/*/{account.id}/media", "container_error", times=1)
    assert error(publish(box, account, make(box, account, shelf.put()))) == (24, 2207008)
    assert error(publish(box, account, "17900099999999999")) == (24, 2207008)
    expired = make(box, account, shelf.put())
    box.control("clock", {"advance_s": DAY_S})
    assert error(publish(box, account, expired)) == (24, 2207008)
    assert box.posts(account.id) == []


def test_somebody_elses_container_cant_be_published(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, box.new_instagram()[0], shelf.put())
    assert error(publish(box, account, container)) == (100, 33)


@pytest.mark.expects_refusal
def test_publishing_needs_a_container(box: Box, account: Instagram) -> None:
    assert error(box.graph("POST", f"{account.id}/media_publish", account.page.token)) == (100, None)


def test_a_container_is_published_once(changed: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(changed, account, shelf.put())
    media_id = publish(changed, account, container).json()["id"]
    assert error(publish(changed, account, container)) == (24, 2207008)
    changed.control("options", {"provider": "meta", "options": {"republish": "same_id"}})
    assert publish(changed, account, container).json() == {"id": media_id}
    assert len(changed.posts(account.id)) == 1


def test_the_quota_is_enforced_when_publishing(changed: Box, account: Instagram, shelf: Shelf) -> None:
    changed.control("options", {"provider": "meta", "options": {"publish_quota": 2}})
    url = shelf.put()
    containers = [make(changed, account, url) for _ in range(3)]
    assert [publish(changed, account, each).status_code for each in containers[:2]] == [200, 200]
    assert error(publish(changed, account, containers[2])) == (9, 2207042)
    changed.control("clock", {"advance_s": DAY_S + 1})
    assert publish(changed, account, make(changed, account, url)).is_success


@pytest.mark.expects_refusal
def test_the_quota_tells_how_much_is_used(box: Box, account: Instagram, shelf: Shelf) -> None:
    path = f"{account.id}/content_publishing_limit"
    publish(box, account, make(box, account, shelf.put()))
    assert box.graph("GET", path, account.page.token).json() == {"data": [{"quota_usage": 1}]}
    told = read(box, account, path, "config,quota_usage")
    assert told == {"data": [{"quota_usage": 1, "config": {"quota_total": 50, "quota_duration": DAY_S}}]}
    since = int(time.time()) - 2 * DAY_S
    assert error(box.graph("GET", path, account.page.token, since=since)) == (100, None)
    assert error(box.graph("GET", path, account.page.token, fields="surprise")) == (100, None)


def test_the_list_is_newest_first_and_paged(box: Box, account: Instagram, shelf: Shelf) -> None:
    url = shelf.put()
    for number in range(5):
        publish(box, account, make(box, account, url, caption=f"post {number}"))
    found: list[str] = []
    place: dict[str, str] = {}
    for _ in range(3):
        listed = read(box, account, f"{account.id}/media", "caption", limit=2, **place)
        found += [each["caption"] for each in listed["data"]]
        place = {"after": listed["paging"]["cursors"]["after"]}
    assert found == [f"post {number}" for number in (4, 3, 2, 1, 0)]
    assert "next" not in listed["paging"]
    assert read(box, account, account.id, "media_count")["media_count"] == 5


def test_the_list_is_cut_by_time(box: Box, account: Instagram, shelf: Shelf) -> None:
    url = shelf.put()
    publish(box, account, make(box, account, url, caption="old"))
    box.control("clock", {"advance_s": 3_600})
    publish(box, account, make(box, account, url, caption="new"))
    middle = int(time.time()) + 1_800
    listed = read(box, account, f"{account.id}/media", "caption", since=middle)
    assert [each["caption"] for each in listed["data"]] == ["new"]
    listed = read(box, account, f"{account.id}/media", "caption", until=middle)
    assert [each["caption"] for each in listed["data"]] == ["old"]


def test_somebody_elses_post_is_as_if_it_were_not_there(box: Box, account: Instagram, shelf: Shelf) -> None:
    media_id = publish(box, account, make(box, account, shelf.put())).json()["id"]
    assert error(box.graph("GET", media_id, box.new_instagram()[0].page.token)) == (100, 33)
