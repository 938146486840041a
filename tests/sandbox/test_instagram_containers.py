"""Containers for images: what is fetched, what is refused, how far each is (meta 5.1, 5.3, 5.7, 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box, Instagram, error
from tests.sandbox.shelf import Shelf, picture

DAY_S = 86_400


def make(box: Box, account: Instagram, **parameters: Any) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media", account.page.token, **parameters)


def status(box: Box, account: Instagram, container: str) -> dict[str, str]:
    told: dict[str, str] = box.graph("GET", container, account.page.token, fields="id,status_code,status").json()
    return told


def test_a_container_is_finished_at_once(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, account, image_url=shelf.put(), caption="Hello").json()["id"]
    assert status(box, account, container) == {
        "id": container,
        "status_code": "FINISHED",
        "status": "Finished: Media has been uploaded and it is ready to be published.",
    }
    assert box.posts(account.id) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture(kind="PNG"), (36001, 2207005)),
        (picture(1080, 1351), (36003, 2207009)),
        (picture(1080, 565), (36003, 2207009)),
        (picture()[:-400], (9004, 2207052)),
        (b"<html>not a picture</html>", (9004, 2207052)),
        (b"", (9004, 2207052)),
        (picture() + b"\0" * 8 * 1024 * 1024, (36000, 2207004)),
    ],
    ids=["png", "too tall", "too wide", "broken", "html", "empty", "too large"],
)
def test_a_picture_that_instagram_refuses(
    box: Box, account: Instagram, shelf: Shelf, content: bytes, expected: tuple[int, int]
) -> None:
    answer = make(box, account, image_url=shelf.put(content))
    assert (answer.status_code, error(answer)) == (400, expected)


@pytest.mark.parametrize("size", [(1080, 1350), (1080, 566), (1080, 1080), (200, 200), (3000, 3000)])
def test_a_ratio_at_the_edge_and_any_width_are_taken(
    box: Box, account: Instagram, shelf: Shelf, size: tuple[int, int]
) -> None:
    assert make(box, account, image_url=shelf.put(picture(*size))).is_success


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x.jpg", "gopher://127.0.0.1/x.jpg", "http://", "x", "http://127.0.0.1:1/x"]
)
def test_an_address_that_cant_be_fetched(box: Box, account: Instagram, url: str) -> None:
    assert error(make(box, account, image_url=url)) == (9004, 2207052)


def test_only_what_answers_200_is_a_picture(box: Box, account: Instagram, shelf: Shelf) -> None:
    assert error(make(box, account, image_url=shelf.put(status=404))) == (9004, 2207052)
    assert make(box, account, image_url=shelf.put(shelf.put().encode(), 302)).is_success
    assert error(make(box, account, image_url=shelf.put(b"gopher://127.0.0.1/x.jpg", 302))) == (9004, 2207052)


def test_a_picture_that_takes_too_long_is_a_timeout(box: Box, account: Instagram, shelf: Shelf) -> None:
    box.control("options", {"provider": "meta", "options": {"fetch_within_s": 0.3}})
    try:
        assert error(make(box, account, image_url=shelf.put(wait_s=0.8))) == (-2, 2207003)
    finally:
        box.control("options", {"provider": "meta", "options": {"fetch_within_s": 10}})


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("x" * 2_200, None),
        ("x" * 2_201, (36004, 2207010)),
        (" ".join(f"#tag{number}" for number in range(30)), None),
        (" ".join(f"#tag{number}" for number in range(31)), (36004, 2207010)),
        (" ".join(f"@name{number}" for number in range(20)), None),
        (" ".join(f"@name{number}" for number in range(21)), (36004, 2207010)),
        (" ".join(f"mail{number}@test.example" for number in range(30)), None),
    ],
)
def test_a_caption_has_limits(
    box: Box, account: Instagram, shelf: Shelf, caption: str, expected: tuple[int, int] | None
) -> None:
    answer = make(box, account, image_url=shelf.put(), caption=caption)
    assert answer.is_success if expected is None else error(answer) == expected


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "alt_text": "x" * 1_001}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "media_type": "HOLOGRAM"}, (100, 2207023)),
        ({"image_url": "http://127.0.0.1:1/", "media_type": "REELS"}, (100, None)),
        ({"video_url": "http://127.0.0.1:1/", "media_type": "VIDEO"}, (100, 2207023)),
        ({"video_url": "http://127.0.0.1:1/"}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "is_carousel_item": "true", "caption": "m"}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "collaborators": '["a","b","c","d"]'}, (100, None)),
        (
            {"image_url": "http://127.0.0.1:1/", "user_tags": "[" + ",".join(['{"username":"a"}'] * 21) + "]"},
            (100, 2207040),
        ),
    ],
)
def test_what_is_refused_before_anything_is_fetched(
    box: Box, account: Instagram, parameters: dict[str, str], expected: tuple[int, int | None]
) -> None:
    assert error(make(box, account, **parameters)) == expected


@pytest.mark.expects_refusal
def test_a_user_token_makes_no_container(box: Box, shelf: Shelf) -> None:
    person = box.new_person()
    account = box.new_instagram(1, person)[0]
    token = box.user_token(person)
    assert error(box.graph("POST", f"{account.id}/media", token, image_url=shelf.put())) == (210, None)


def test_making_a_container_needs_its_permission(box: Box, shelf: Shelf) -> None:
    person = box.new_person()
    account = box.new_instagram(1, person)[0]
    box.graph("DELETE", "me/permissions/instagram_content_publish", box.user_token(person))
    assert error(make(box, account, image_url=shelf.put())) == (10, None)
    assert box.graph("GET", account.id, account.page.token).is_success


def test_making_a_container_needs_the_task_on_the_page(box: Box, shelf: Shelf) -> None:
    scopes = ["pages_show_list", "pages_read_engagement", "instagram_basic", "instagram_content_publish"]
    fields = "name,access_token,instagram_business_account"
    pages = box.graph("GET", "me/accounts", box.user_token("p-maya", scopes), limit=100, fields=fields).json()["data"]
    events = next(page for page in pages if page["name"] == "Northwind Events")
    path = f"{events['instagram_business_account']['id']}/media"
    answer = box.graph("POST", path, events["access_token"], image_url=shelf.put())
    assert (answer.status_code, error(answer)) == (403, (200, None))


def test_a_container_expires_after_a_day(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, account, image_url=shelf.put()).json()["id"]
    box.control("clock", {"advance_s": DAY_S - 60})
    assert status(box, account, container)["status_code"] == "FINISHED"
    box.control("clock", {"advance_s": 61})
    assert status(box, account, container)["status_code"] == "EXPIRED"


def test_somebody_elses_container_is_as_if_it_were_not_there(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = make(box, account, image_url=shelf.put()).json()["id"]
    other = box.new_instagram()[0]
    assert error(box.graph("GET", container, other.page.token)) == (100, 33)


@pytest.fixture
def few(box: Box) -> Iterator[Box]:
    """A world where an account may make three containers a day."""
    box.control("options", {"provider": "meta", "options": {"containers_a_day": 3}})
    yield box
    box.control("options", {"provider": "meta", "options": {"containers_a_day": 400}})


def test_containers_of_a_day_are_limited(few: Box, account: Instagram, shelf: Shelf) -> None:
    url = shelf.put()
    assert all(make(few, account, image_url=url).is_success for _ in range(3))
    assert error(make(few, account, image_url=url)) == (9, 2207042)
    few.control("clock", {"advance_s": DAY_S + 1})
    assert make(few, account, image_url=url).is_success


def test_a_day_has_400_containers(box: Box) -> None:
    assert box.control("options")["meta"]["containers_a_day"] == "400"
