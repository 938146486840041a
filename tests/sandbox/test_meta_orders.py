"""What happens to people, tokens and the app outside of any call, on order (meta 2.4 to 2.9, 10.4; PRODUCT 8)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import PUBLISH, Box, Instagram, Page, error
from tests.sandbox.shelf import Shelf

DAY_S = 86_400


def order(box: Box, name: str, **body: Any) -> Any:
    return box.control(f"meta/{name}", body)


@pytest.fixture
def person(box: Box) -> str:
    return box.new_person()


@pytest.fixture
def owned(box: Box, person: str) -> Page:
    return box.new_pages(1, person)[0]


def permissions(box: Box, person: str) -> dict[str, str]:
    listed = box.graph("GET", "me/permissions", box.user_token(person, [])).json()["data"]
    return {each["permission"]: each["status"] for each in listed}


@pytest.mark.parametrize("status", ["declined", "expired"])
def test_a_permission_that_is_taken_back_or_lapses(box: Box, person: str, owned: Page, status: str) -> None:
    order(box, "permissions", person=person, scope="pages_manage_posts", status=status)
    assert error(box.publish(owned, "m")) == (200, None)
    assert permissions(box, person)["pages_manage_posts"] == status
    assert "pages_manage_posts" not in box.debug(owned.token)["scopes"]
    order(box, "permissions", person=person, scope="pages_manage_posts", status="granted")
    assert box.publish(owned, "m").is_success


def test_a_role_that_is_lost_kills_the_pages_token(box: Box, person: str, owned: Page) -> None:
    order(box, "roles", person=person, page=owned.id, tasks=["ANALYZE"])
    assert error(box.publish(owned, "m")) == (200, None)
    assert box.debug(owned.token)["is_valid"] is True
    order(box, "roles", person=person, page=owned.id, tasks=[])
    assert error(box.publish(owned, "m")) == (190, 492)
    told = box.debug(owned.token)
    assert (told["is_valid"], told["error"]["subcode"]) == (False, 492)
    order(box, "roles", person=person, page=owned.id)
    assert box.publish(owned, "m").is_success


@pytest.mark.parametrize("subcode", [458, 459, 460, 464, 467, 490])
def test_tokens_die_for_a_reason(box: Box, person: str, owned: Page, subcode: int) -> None:
    order(box, "tokens", person=person, subcode=subcode)
    answer = box.publish(owned, "m")
    assert (answer.status_code, error(answer)) == (401, (190, subcode))
    assert box.debug(owned.token)["error"]["subcode"] == subcode


def test_a_user_token_expires_when_it_is_told_to_and_a_page_token_has_no_date(
    box: Box, person: str, owned: Page
) -> None:
    token = box.user_token(person)
    order(box, "tokens", person=person, expires_in_s=100)
    assert box.debug(token)["expires_at"] == pytest.approx(time.time() + 100, abs=5)
    box.control("clock", {"advance_s": 101})
    assert error(box.graph("GET", "me", token)) == (190, 463)
    told = box.debug(token)
    assert (told["is_valid"], told["error"]["subcode"]) == (False, 463)
    assert box.debug(owned.token)["expires_at"] == 0
    assert box.publish(owned, "m").is_success


def test_instagram_stops_when_data_access_ends_and_pages_dont(box: Box, person: str, shelf: Shelf) -> None:
    account = box.new_instagram(1, person)[0]
    in_90_days = pytest.approx(time.time() + 90 * DAY_S, abs=5)
    assert box.debug(account.page.token)["data_access_expires_at"] == in_90_days
    order(box, "data-access", person=person, ends_in_s=60)
    assert box.debug(account.page.token)["data_access_expires_at"] == pytest.approx(time.time() + 60, abs=5)
    box.control("clock", {"advance_s": 61})
    told = box.debug(account.page.token)
    assert told["is_valid"] is True
    answer = box.graph("POST", f"{account.id}/media", account.page.token, image_url=shelf.put())
    assert error(answer) == (10, None)
    assert box.publish(account.page, "m").is_success
    box.dialog(person, [], ask=PUBLISH, query={"auth_type": "reauthorize"})
    assert box.graph("POST", f"{account.id}/media", account.page.token, image_url=shelf.put()).is_success


@pytest.fixture
def developing(box: Box) -> Iterator[Box]:
    """An app in development mode, with nobody on it but Maya."""
    order(box, "app", mode="development", people=["p-maya"])
    yield box
    order(box, "app", mode="live")


def test_an_app_in_development_is_for_its_own_people(developing: Box, person: str, owned: Page) -> None:
    answer = developing.publish(owned, "m")
    assert (answer.status_code, error(answer)) == (403, (200, None))
    query = {"client_id": developing.app_id, "redirect_uri": developing.redirect_uri, "state": "s"}
    form = {"action": "continue", "person": person, "pages": "all"}
    shown = developing.http.post("/www.facebook.com/v26.0/dialog/oauth", params=query, data=form)
    assert (shown.status_code, "App not active" in shown.text) == (400, True)
    assert developing.graph("GET", "me", developing.user_token("p-maya")).is_success
    assert developing.debug(owned.token)["is_valid"] is True
    order(developing, "app", mode="live")
    assert developing.publish(owned, "m").is_success


def test_a_page_of_a_portfolio_is_listed_there_alone(box: Box, person: str, owned: Page) -> None:
    token = box.user_token(person, [*PUBLISH, "business_management"])
    business = order(box, "businesses", page=owned.id, person=person, business="Group")["business"]
    assert box.graph("GET", "me/accounts", token).json()["data"] == []
    assert [each["id"] for each in box.graph("GET", "me/businesses", token).json()["data"]] == [business]
    listed = box.graph("GET", f"{business}/owned_pages", token, fields="id").json()["data"]
    assert [each["id"] for each in listed] == [owned.id]
    order(box, "businesses", page=owned.id, person=person, business=None)
    assert len(box.graph("GET", "me/accounts", token).json()["data"]) == 1


def test_a_page_of_a_portfolio_takes_one_permission_more(box: Box, person: str, shelf: Shelf) -> None:
    account: Instagram = box.new_instagram(1, person)[0]
    order(box, "businesses", page=account.page.id, person=person, business="Group")

    def create() -> httpx.Response:
        return box.graph("POST", f"{account.id}/media", account.page.token, image_url=shelf.put())

    assert create().is_success
    for scope in ("ads_management", "ads_read", "business_management"):
        order(box, "permissions", person=person, scope=scope, status="declined")
    answer = create()
    assert (answer.status_code, error(answer)) == (403, (200, None))
    assert error(box.publish(account.page, "m")) == (200, None)
    order(box, "permissions", person=person, scope="ads_read", status="granted")
    assert create().is_success
    assert box.publish(account.page, "m").is_success


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("permissions", {"person": "p-nobody", "scope": "email", "status": "declined"}),
        ("permissions", {"person": "p-maya", "scope": "everything", "status": "declined"}),
        ("permissions", {"person": "p-maya", "scope": "email", "status": "maybe"}),
        ("roles", {"person": "p-maya", "page": "1"}),
        ("app", {"mode": "asleep"}),
        ("app", {"mode": "development", "people": ["p-nobody"]}),
        ("tokens", {"person": "p-maya"}),
        ("tokens", {"person": "p-maya", "subcode": 460, "expires_in_s": 5}),
        ("tokens", {"person": "p-maya", "subcode": 1}),
        ("data-access", {"person": "p-maya", "ends_in_s": 5, "surprise": 1}),
        ("businesses", {"page": "1", "person": "p-maya", "business": None}),
    ],
)
def test_a_wrong_order_is_refused(box: Box, name: str, body: dict[str, Any]) -> None:
    assert box.http.post(f"/_sandbox/meta/{name}", json=body).status_code == httpx.codes.BAD_REQUEST


def test_orders_outlive_kill_9(own_box: Box) -> None:
    person = own_box.new_person()
    page = own_box.new_pages(1, person)[0]
    order(own_box, "app", mode="development", people=[])
    own_box.process.kill()
    own_box.process.wait()
    own_box.start()
    assert error(own_box.publish(page, "m")) == (200, None)
