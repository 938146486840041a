"""Which Pages a person sees, and what they tell (meta 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.driver import PUBLISH, Box, Page, error, query_of


def all_accounts(box: Box, token: str, limit: int) -> list[dict[str, Any]]:
    """Follow `after` until there is no `next`."""
    found: list[dict[str, Any]] = []
    place: dict[str, str] = {}
    while True:
        answer = box.graph(
            "GET", "me/accounts", token, limit=limit, fields="id,name,tasks,access_token", **place
        ).json()
        assert len(answer["data"]) <= limit
        found += answer["data"]
        if "next" not in answer.get("paging", {}):
            return found
        place = {"after": answer["paging"]["cursors"]["after"]}


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
def test_paging_shows_each_page_once(box: Box, limit: int) -> None:
    names = [each["name"] for each in all_accounts(box, box.user_token("p-maya"), limit)]
    stores = [f"Northwind Store {number:02d}" for number in range(1, 31)]
    assert names == ["Northwind Coffee", "Northwind Careers", "Northwind Events", "Harbor Museum", *stores]


def test_the_way_back_leads_to_the_same_page(box: Box) -> None:
    token = box.user_token("p-maya")
    first = box.graph("GET", "me/accounts", token, limit=5).json()
    assert "previous" not in first["paging"]
    second = box.graph("GET", "me/accounts", token, limit=5, after=first["paging"]["cursors"]["after"]).json()
    back = box.graph("GET", "me/accounts", token, limit=5, before=second["paging"]["cursors"]["before"]).json()
    assert back["data"] == first["data"]


def test_next_carries_the_token_and_the_asked_fields(box: Box) -> None:
    token = box.user_token("p-maya")
    following = query_of(box.graph("GET", "me/accounts", token, limit=5, fields="id").json()["paging"]["next"])
    assert following.items() >= {"access_token": token, "fields": "id", "limit": "5"}.items()


def test_a_page_of_a_portfolio_is_found_through_its_business_only(box: Box) -> None:
    token = box.user_token("p-maya", [*PUBLISH, "business_management"])
    assert "Northwind Wholesale" not in {each["name"] for each in all_accounts(box, token, 100)}
    business = box.graph("GET", "me/businesses", token).json()["data"][0]["id"]
    owned = box.graph("GET", f"{business}/owned_pages", token, fields="name,access_token,tasks").json()["data"]
    assert [each["name"] for each in owned] == ["Northwind Wholesale"]
    page = Page(owned[0]["id"], owned[0]["name"], owned[0]["access_token"])
    assert box.publish(page, "from the portfolio").is_success
    assert box.graph("GET", f"{business}/client_pages", token).json() == {"data": []}


def test_a_portfolio_needs_business_management(box: Box) -> None:
    person = box.new_person()
    assert box.graph("GET", "me/businesses", box.user_token(person)).json() == {"data": []}


def test_a_page_with_too_few_tasks_is_listed_and_refuses_to_publish(box: Box) -> None:
    found = all_accounts(box, box.user_token("p-maya"), 100)
    events = next(each for each in found if each["name"] == "Northwind Events")
    assert events["tasks"] == ["ANALYZE"]
    assert error(box.publish(Page(events["id"], events["name"], events["access_token"]), "no")) == (200, None)


def test_a_page_tells_the_asked_fields(box: Box, page: Page) -> None:
    fields = "id,name,category,link,picture{url},followers_count,instagram_business_account{id,username}"
    told = box.graph("GET", page.id, page.token, fields=fields).json()
    assert told.keys() == {"id", "name", "category", "link", "picture", "followers_count"}
    picture = box.http.get(told["picture"]["data"]["url"].replace("localhost", "127.0.0.1"))
    assert picture.headers["content-type"] == "image/svg+xml"


def test_default_fields_are_few(box: Box, page: Page) -> None:
    assert box.graph("GET", "me", page.token).json() == {"id": page.id, "name": page.name}


def test_strangers_see_nothing_of_a_page(box: Box, page: Page) -> None:
    assert error(box.graph("GET", page.id, box.user_token(box.new_person()), fields="access_token")) == (10, None)
    assert error(box.graph("GET", box.new_pages()[0].id, page.token)) == (10, None)
