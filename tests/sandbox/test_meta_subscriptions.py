"""Who is told of changes: the app of which objects, and a Page whom (meta 8.1, 8.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.receiver import WORD, receiver
from tests.sandbox.driver import PUBLISH, Box, Page, error
from tests.sandbox.shelf import Shelf


@pytest.fixture
def callback(box: Box) -> Iterator[str]:
    with receiver() as address:
        yield address
    ask(box, "DELETE")


def ask(box: Box, method: str, token: str | None = None, **parameters: Any) -> httpx.Response:
    """Call the app's edge as the app itself."""
    return box.graph(method, f"{box.app_id}/subscriptions", token or f"{box.app_id}|{box.secret}", **parameters)


def subscribe(box: Box, callback: str, **changed: Any) -> httpx.Response:
    asked = {"object": "page", "callback_url": callback, "fields": "feed,mention", "verify_token": WORD}
    return ask(box, "POST", **asked | changed)


def subscribed(box: Box) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(box, "GET").json()["data"]
    return found


def test_an_app_is_told_of_an_object_once_its_callback_has_answered(box: Box, callback: str) -> None:
    assert subscribe(box, callback, include_values="true").json() == {"success": True}
    fields = [{"name": name, "version": "v26.0"} for name in ("feed", "mention")]
    page = {"object": "page", "callback_url": callback, "active": True, "fields": fields}
    assert subscribed(box) == [page]
    assert subscribe(box, callback, fields="feed").json() == {"success": True}
    assert subscribed(box) == [page | {"fields": fields[:1]}]
    assert subscribe(box, callback, object="instagram", fields="comments").json() == {"success": True}
    assert [each["object"] for each in subscribed(box)] == ["instagram", "page"]
    assert ask(box, "DELETE", object="page").json() == {"success": True}
    assert [each["object"] for each in subscribed(box)] == ["instagram"]
    assert "***" in str(box.last_request("subscriptions")["query"]), "the log shows no token"


def test_a_callback_that_does_not_give_the_challenge_back_is_not_subscribed(
    box: Box, callback: str, shelf: Shelf
) -> None:
    assert error(subscribe(box, callback, verify_token="something else")) == (2200, None)
    for address in (shelf.put(b"hello"), shelf.put(b"x" * 5_000), shelf.put(status=404), "http://127.0.0.1:1/"):
        assert error(subscribe(box, address)) == (2200, None)
    assert subscribed(box) == []


def test_objects_and_fields_are_those_that_are_documented(box: Box, callback: str) -> None:
    assert error(subscribe(box, callback, object="permissions")) == (100, None)
    assert error(subscribe(box, callback, fields="feed,comments")) == (100, None)
    assert error(subscribe(box, callback, object="instagram", fields="feed")) == (100, None)
    assert subscribed(box) == []


@pytest.mark.expects_refusal
def test_an_app_speaks_for_itself_and_names_what_it_wants(box: Box, page: Page, callback: str) -> None:
    assert error(ask(box, "GET", page.token)) == (15, None)
    assert error(ask(box, "DELETE", box.user_token("p-maya"), object="page")) == (15, None)
    for name in ("object", "callback_url", "fields", "verify_token"):
        assert error(subscribe(box, callback, **{name: ""})) == (100, None)


def test_a_page_subscribes_the_app_to_fields(box: Box, page: Page) -> None:
    path = f"{page.id}/subscribed_apps"
    assert box.graph("POST", path, page.token, subscribed_fields="feed,mention").json() == {"success": True}
    (listed,) = box.graph("GET", path, page.token).json()["data"]
    assert listed.keys() == {"id", "name", "category", "link", "subscribed_fields"}
    assert (listed["id"], listed["subscribed_fields"]) == (box.app_id, ["feed", "mention"])
    assert box.graph("DELETE", path, page.token).json() == {"success": True}
    assert box.graph("GET", path, page.token).json() == {"data": []}


def test_messages_want_a_permission_of_their_own(box: Box) -> None:
    person = box.new_person()
    (page,) = box.new_pages(1, person)
    path = f"{page.id}/subscribed_apps"
    box.user_token(person, [*PUBLISH, "pages_manage_metadata"])
    box.control("meta/permissions", {"person": person, "scope": "pages_messaging", "status": "declined"})
    assert error(box.graph("POST", path, page.token, subscribed_fields="feed,messages")) == (283, None)
    box.control("meta/permissions", {"person": person, "scope": "pages_messaging", "status": "granted"})
    assert box.graph("POST", path, page.token, subscribed_fields="feed,messages").json() == {"success": True}
