"""Carousels, stories, comments and deleting on Instagram (meta 5.1, 5.4 to 5.7, 10.4, 11.2, 11.4)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import httpx
import pytest

from tests.factories.videos import video
from tests.sandbox.driver import Box, Instagram, error
from tests.sandbox.shelf import Shelf, picture
from tests.sandbox.videos import REEL, local, look, process

DAY_S = 86_400


def make(box: Box, account: Instagram, **parameters: Any) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media", account.page.token, **parameters)


def made(box: Box, account: Instagram, **parameters: Any) -> str:
    answer = make(box, account, **parameters)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def item(box: Box, account: Instagram, shelf: Shelf, content: bytes | None = None, **parameters: Any) -> str:
    return made(box, account, image_url=shelf.put(content), is_carousel_item="true", **parameters)


def clip(box: Box, account: Instagram, shelf: Shelf, content: bytes = REEL) -> str:
    return made(box, account, video_url=shelf.put(content), media_type="VIDEO", is_carousel_item="true")


def carousel(box: Box, account: Instagram, *children: str, **parameters: Any) -> httpx.Response:
    return make(box, account, media_type="CAROUSEL", children=",".join(children), **parameters)


def publish(box: Box, account: Instagram, container: str) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media_publish", account.page.token, creation_id=container)


def shown(box: Box, account: Instagram, shelf: Shelf, **parameters: Any) -> str:
    """The id of a post with one picture."""
    container = made(box, account, image_url=shelf.put(), caption="m", **parameters)
    return str(publish(box, account, container).json()["id"])


def state(box: Box, account: Instagram, container: str) -> str:
    return str(look(box, account.page, container, "status_code")["status_code"])


# Carousels


def test_pictures_and_videos_become_a_carousel_in_order(box: Box, account: Instagram, shelf: Shelf) -> None:
    content = picture()
    first, second = item(box, account, shelf, content, alt_text="A colour"), clip(box, account, shelf)
    assert error(carousel(box, account, first, second)) == (9007, 2207027)
    process(box)
    parent = carousel(box, account, second, first, caption="Two").json()["id"]
    media_id = publish(box, account, parent).json()["id"]
    [post] = box.posts(account.id)
    expected = [("video", hashlib.sha256(REEL).hexdigest()), ("image", hashlib.sha256(content).hexdigest())]
    assert [(each["kind"], each["sha256"]) for each in post["media"]] == expected
    assert (post["kind"], post["text"]) == ("post", "Two")
    fields = "caption,media_type,media_product_type,permalink,children{id,media_type,media_url,alt_text}"
    read = look(box, account.page, media_id, fields)
    assert (read["media_type"], read["media_product_type"], read["caption"]) == ("CAROUSEL_ALBUM", "FEED", "Two")
    parts = read["children"]["data"]
    assert [each["media_type"] for each in parts] == ["VIDEO", "IMAGE"]
    assert parts[1]["alt_text"] == "A colour"
    assert box.http.get(local(parts[1]["media_url"])).content == content
    assert look(box, account.page, parts[0]["id"], "media_type")["media_type"] == "VIDEO"
    assert {state(box, account, each) for each in (first, second, parent)} == {"PUBLISHED"}
    html = box.http.get(local(read["permalink"])).text
    assert len(re.findall(r'class="picture"', html)) == 2


def test_children_may_come_as_an_array(box: Box, account: Instagram, shelf: Shelf) -> None:
    ids = [item(box, account, shelf) for _ in range(2)]
    signed = {"access_token": account.page.token, "appsecret_proof": box.proof(account.page.token)}
    body = {"media_type": "CAROUSEL", "children": ids, **signed}
    assert box.graph("POST", f"{account.id}/media", None, body=body).is_success


def test_an_item_may_come_as_bytes(box: Box, account: Instagram, shelf: Shelf) -> None:
    told = make(box, account, media_type="VIDEO", upload_type="resumable", is_carousel_item="true").json()
    headers = {"Authorization": f"OAuth {account.page.token}", "offset": "0", "file_size": str(len(REEL))}
    assert box.http.post(local(told["uri"]), content=REEL, headers=headers).is_success
    process(box)
    parent = carousel(box, account, told["id"], item(box, account, shelf)).json()["id"]
    assert publish(box, account, parent).is_success
    assert [each["kind"] for each in box.posts(account.id)[0]["media"]] == ["video", "image"]


@pytest.mark.parametrize("count", [0, 1, 11])
def test_a_carousel_has_two_to_ten_items(box: Box, account: Instagram, shelf: Shelf, count: int) -> None:
    ids = [item(box, account, shelf)] + [f"1790009999999{number:04d}" for number in range(count - 1)]
    assert error(carousel(box, account, *ids[:count])) == (100, 2207028)


def test_a_carousel_of_ten_counts_as_one_post(box: Box, account: Instagram, shelf: Shelf) -> None:
    ids = [item(box, account, shelf) for _ in range(10)]
    assert publish(box, account, carousel(box, account, *ids).json()["id"]).is_success
    path = f"{account.id}/content_publishing_limit"
    assert box.graph("GET", path, account.page.token).json() == {"data": [{"quota_usage": 1}]}
    assert look(box, account.page, account.id, "media_count")["media_count"] == 1
    assert len(look(box, account.page, f"{account.id}/media", "id")["data"]) == 1


def test_what_is_no_item_of_a_carousel(box: Box, account: Instagram, shelf: Shelf) -> None:
    good, single = item(box, account, shelf), made(box, account, image_url=shelf.put())
    assert error(carousel(box, account, good, single)) == (100, None)
    assert error(carousel(box, account, good, good)) == (100, None)
    assert error(carousel(box, account, good, "17900099999999999")) == (24, 2207008)
    foreign = item(box, box.new_instagram()[0], shelf)
    assert error(carousel(box, account, good, foreign)) == (100, 33)
    broken = clip(box, account, shelf, video(61))
    process(box)
    assert state(box, account, broken) == "ERROR"
    assert error(carousel(box, account, good, broken)) == (24, 2207008)


@pytest.mark.expects_refusal
@pytest.mark.parametrize("parameter", [{"caption": "m"}, {"collaborators": '["a"]'}, {"is_ai_generated": "true"}])
def test_words_belong_to_the_carousel_and_not_to_its_items(
    box: Box, account: Instagram, shelf: Shelf, parameter: dict[str, str]
) -> None:
    assert error(make(box, account, image_url=shelf.put(), is_carousel_item="true", **parameter)) == (100, None)
    ids = [item(box, account, shelf) for _ in range(2)]
    assert carousel(box, account, *ids, **parameter).is_success


def test_an_item_is_published_once(box: Box, account: Instagram, shelf: Shelf) -> None:
    ids = [item(box, account, shelf) for _ in range(3)]
    one, other = (carousel(box, account, *pair).json()["id"] for pair in (ids[:2], ids[1:]))
    assert publish(box, account, one).is_success
    assert error(publish(box, account, other)) == (24, 2207008)
    assert error(publish(box, account, ids[2])) == (100, None)
    assert len(box.posts(account.id)) == 1


# Stories


def test_a_picture_of_any_shape_is_a_story_for_a_day(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = made(box, account, media_type="STORIES", image_url=shelf.put(picture(720, 1280)))
    media_id = publish(box, account, container).json()["id"]
    [post] = box.posts(account.id)
    assert (post["kind"], post["text"]) == ("story", None)
    read = look(box, account.page, media_id, "media_type,media_product_type,permalink")
    assert (read["media_type"], read["media_product_type"]) == ("IMAGE", "STORY")
    assert re.search(rf"/www\.instagram\.com/stories/[a-z0-9._]+/{media_id}$", read["permalink"])
    assert "· Story ·" in box.http.get(local(read["permalink"])).text
    assert look(box, account.page, f"{account.id}/media", "id")["data"] == []
    stories = f"{account.id}/stories"
    assert [each["id"] for each in look(box, account.page, stories, "id")["data"]] == [media_id]
    box.control("clock", {"advance_s": DAY_S + 1})
    assert look(box, account.page, stories, "id")["data"] == []
    assert error(box.graph("GET", media_id, account.page.token)) == (100, 33)
    assert box.http.get(local(read["permalink"])).status_code == 404


@pytest.mark.parametrize(("seconds", "expected"), [(3, "FINISHED"), (60, "FINISHED"), (60.5, "ERROR"), (2.5, "ERROR")])
def test_a_video_story_has_three_to_sixty_seconds(
    box: Box, account: Instagram, shelf: Shelf, seconds: float, expected: str
) -> None:
    container = made(box, account, media_type="STORIES", video_url=shelf.put(video(seconds)))
    assert state(box, account, container) == "IN_PROGRESS"
    process(box)
    assert state(box, account, container) == expected


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (100, None)),
        ({"caption": "m"}, (100, None)),
        ({"upload_type": "resumable"}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "video_url": "http://127.0.0.1:1/"}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/"}, (9004, 2207052)),
    ],
)
def test_what_no_story_is_made_of(
    box: Box, account: Instagram, parameters: dict[str, str], expected: tuple[int, int | None]
) -> None:
    assert error(make(box, account, media_type="STORIES", **parameters)) == expected


def test_a_story_tags_people_as_one_likes(box: Box, account: Instagram, shelf: Shelf) -> None:
    tags = '[{"username":"a"},{"username":"b","x":0.1,"y":0.2}]'
    assert made(box, account, media_type="STORIES", image_url=shelf.put(), user_tags=tags)


# Comments


def comment(box: Box, account: Instagram, media: str, message: str, edge: str = "comments") -> httpx.Response:
    return box.graph("POST", f"{media}/{edge}", account.page.token, message=message)


def test_the_first_comment_is_the_accounts_own(box: Box, account: Instagram, shelf: Shelf) -> None:
    media = shown(box, account, shelf)
    first = comment(box, account, media, "First! #tag").json()["id"]
    comment(box, account, media, "second")
    reply = comment(box, account, first, "answer", "replies").json()["id"]
    fields = "id,text,username,from,timestamp,replies{id,text}"
    listed = look(box, account.page, f"{media}/comments", fields)["data"]
    assert [each["text"] for each in listed] == ["second", "First! #tag"]
    assert listed[1]["replies"]["data"] == [{"id": reply, "text": "answer"}]
    assert listed[1]["from"]["id"] == account.id
    assert look(box, account.page, f"{first}/replies", "id")["data"] == [{"id": reply}]
    assert look(box, account.page, reply, "parent_id")["parent_id"] == first
    assert look(box, account.page, media, "comments_count")["comments_count"] == 3
    assert [each["text"] for each in box.posts(account.id)[0]["comments"]] == ["First! #tag", "second", "answer"]
    assert "First! #tag" in box.http.get(f"/?account={account.id}").text


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    "message",
    ["", "x" * 301, "#a #b #c #d #e", "see https://a.example and https://b.example", "ALL CAPITALS"],
    ids=["empty", "long", "hashtags", "links", "capitals"],
)
def test_what_instagram_takes_as_no_comment(box: Box, account: Instagram, shelf: Shelf, message: str) -> None:
    media = shown(box, account, shelf)
    assert error(comment(box, account, media, message)) == (100, None)


def test_the_rules_of_comments_can_be_switched_off(box: Box, account: Instagram, shelf: Shelf) -> None:
    media = shown(box, account, shelf)
    box.control("options", {"provider": "meta", "options": {"comment_rules": False}})
    try:
        assert comment(box, account, media, "x" * 301).is_success
    finally:
        box.control("options", {"provider": "meta", "options": {"comment_rules": True}})


@pytest.mark.expects_refusal
def test_comments_can_be_closed_hidden_and_deleted(box: Box, account: Instagram, shelf: Shelf) -> None:
    media, token = shown(box, account, shelf), account.page.token
    first = comment(box, account, media, "first").json()["id"]
    assert box.graph("POST", first, token, hide="true").json() == {"success": True}
    assert look(box, account.page, first, "hidden")["hidden"] is True
    assert "first" not in box.http.get(f"/?account={account.id}").text
    assert error(box.graph("POST", first, token, message="edited")) == (100, None)
    assert box.graph("DELETE", first, token).json() == {"success": True}
    assert error(box.graph("GET", first, token)) == (100, 33)
    assert box.graph("POST", media, token, comment_enabled="false").json() == {"success": True}
    assert look(box, account.page, media, "is_comment_enabled")["is_comment_enabled"] is False
    assert error(comment(box, account, media, "late")) == (100, None)


def test_a_story_takes_no_comment(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = made(box, account, media_type="STORIES", image_url=shelf.put())
    media = publish(box, account, container).json()["id"]
    assert error(comment(box, account, media, "m")) == (100, None)


def test_commenting_needs_its_permission(box: Box, shelf: Shelf) -> None:
    person = box.new_person()
    account = box.new_instagram(1, person)[0]
    media = shown(box, account, shelf)
    box.graph("DELETE", "me/permissions/instagram_manage_comments", box.user_token(person, []))
    assert error(comment(box, account, media, "m")) == (10, None)
    assert error(comment(box, box.new_instagram()[0], media, "m")) == (100, 33)


@pytest.mark.parametrize(("mode", "there"), [("error_before", 0), ("error_after", 1), ("reset_after", 1)])
def test_faults_meet_comments_too(box: Box, account: Instagram, shelf: Shelf, mode: str, there: int) -> None:
    media = shown(box, account, shelf)
    box.fault(f"POST /graph.facebook.com/*/{media}/comments", mode, times=1)
    if mode == "reset_after":
        with pytest.raises(httpx.ReadError):
            comment(box, account, media, "m")
    else:
        assert error(comment(box, account, media, "m")) == (2, None)
    assert len(box.posts(account.id)[0]["comments"]) == there


# Deleting, and what can't be changed


def test_a_post_is_deleted_by_its_own_permission(box: Box, shelf: Shelf) -> None:
    person = box.new_person()
    account = box.new_instagram(1, person)[0]
    media = shown(box, account, shelf)
    token = box.user_token(person, [])
    box.graph("DELETE", "me/permissions/instagram_manage_contents", token)
    assert error(box.graph("DELETE", media, account.page.token)) == (10, None)
    box.user_token(person, ["instagram_manage_contents"])
    answer = box.graph("DELETE", media, account.page.token)
    assert answer.json() == {"success": True, "deleted_id": media}
    assert error(box.graph("DELETE", media, account.page.token)) == (100, 33)
    assert box.posts(account.id)[0]["deleted_at"] is not None
    assert look(box, account.page, f"{account.id}/media", "id")["data"] == []


def test_a_carousel_is_deleted_whole_or_not_at_all(box: Box, account: Instagram, shelf: Shelf) -> None:
    ids = [item(box, account, shelf) for _ in range(2)]
    media = publish(box, account, carousel(box, account, *ids).json()["id"]).json()["id"]
    part = look(box, account.page, media, "children")["children"]["data"][0]["id"]
    answer = box.graph("DELETE", part, account.page.token)
    assert (answer.status_code, error(answer)) == (400, (-1, 2207073))
    assert box.graph("DELETE", media, account.page.token).is_success
    assert error(box.graph("GET", part, account.page.token)) == (100, 33)


@pytest.mark.expects_refusal
def test_a_caption_cant_be_edited(box: Box, account: Instagram, shelf: Shelf) -> None:
    media = shown(box, account, shelf)
    assert error(box.graph("POST", media, account.page.token, caption="other")) == (100, None)
    assert box.posts(account.id)[0]["text"] == "m"
