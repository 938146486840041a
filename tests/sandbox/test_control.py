"""The control interface (PRODUCT 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import CONSOLE, INGEST, Box, Page


def test_the_world_names_apps_people_and_accounts(box: Box) -> None:
    world = box.control("world")
    apps = {app["provider"]: app for app in world["apps"]}
    assert apps["meta"]["redirect_uris"] == [f"{INGEST}/oauth/meta/callback"]
    assert (apps["oidc"]["client_id"], apps["oidc"]["redirect_uris"]) == (
        "masthead-console",
        [f"{CONSOLE}/oauth2callback"],
    )
    people = {person["id"]: (person["name"], person["email"]) for person in world["people"]}
    assert people["p-nadia"] == ("Nadia Haddad", "nadia@harbor.example")
    owners = {(account["network"], account["name"]): account["people"] for account in world["accounts"]}
    assert owners["facebook", "Northwind Coffee"] == ["p-maya", "p-sara"]
    assert owners["facebook", "Harbor Museum"] == ["p-maya", "p-tomas"]
    assert owners["facebook", "Northwind Store 30"] == ["p-maya"]


def test_a_ready_token_works(box: Box) -> None:
    told = box.control("tokens", {"provider": "meta", "person": "p-tomas", "scopes": ["pages_show_list"]})
    listed = box.graph("GET", "me/accounts", told["access_token"], fields="name").json()["data"]
    assert [page["name"] for page in listed] == ["Harbor Museum"]


def test_accounts_in_bulk_have_working_tokens(box: Box) -> None:
    pages = box.new_pages(25)
    assert len({page.id for page in pages}) == len({page.token for page in pages}) == 25
    assert box.publish(pages[24], "m").is_success


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tokens", {"provider": "meta", "person": "p-nobody", "scopes": []}),
        ("tokens", {"provider": "oidc", "person": "p-maya", "scopes": []}),
        ("accounts", {"count": 0, "person": "p-maya", "prefix": "x"}),
        ("accounts", {"count": 1, "person": "p-maya", "prefix": "x", "surprise": 1}),
        ("people", {"id": "p-maya", "name": "Again", "email": "again@test.example"}),
        ("clock", {}),
        ("clock", {"advance_s": 1, "set": 5}),
        ("clock", {"set": "2027-01-01T00:00:00"}),
        ("options", {"provider": "meta", "options": {"gravity": 1}}),
        ("reset", {"seed": "one"}),
    ],
)
def test_a_wrong_order_is_refused(box: Box, path: str, body: dict[str, Any]) -> None:
    assert box.http.post(f"/_sandbox/{path}", json=body).status_code == httpx.codes.BAD_REQUEST


@pytest.mark.parametrize("path", ["faults?id=all", "requests?limit=all"])
def test_a_wrong_number_is_refused(box: Box, path: str) -> None:
    method = "DELETE" if path.startswith("faults") else "GET"
    assert box.http.request(method, f"/_sandbox/{path}").status_code == httpx.codes.BAD_REQUEST


def test_the_clock_can_be_moved_and_set(box: Box) -> None:
    box.control("clock", {"advance_s": 60})
    assert box.control("clock", {"advance_s": 60})["offset_s"] == 120
    wanted = datetime.now(UTC) + timedelta(days=3)
    now = datetime.fromisoformat(box.control("clock", {"set": wanted.isoformat()})["now"])
    assert abs((now - wanted).total_seconds()) < 1


@pytest.mark.expects_refusal
def test_requests_can_be_narrowed(box: Box, page: Page) -> None:
    for _ in range(3):
        box.graph("GET", page.id, page.token)
    box.graph("GET", page.id, page.token, surprise=1)
    noted = box.control(f"requests?path={page.id}")
    assert [each["kind"] for each in noted] == ["ok", "ok", "ok", "protocol"]
    assert box.control(f"requests?path={page.id}&limit=1")[0]["number"] == noted[-1]["number"]
    assert len(box.control(f"requests?path={page.id}&after={noted[1]['number']}")) == 2
    assert len(box.control(f"requests?path={page.id}&kind=protocol")) == 1


def test_the_control_interface_itself_is_not_logged(box: Box) -> None:
    box.control("world")
    assert box.control("requests?path=_sandbox") == []


def test_a_reset_makes_the_same_world_again(own_box: Box) -> None:
    before = own_box.control("world")
    page = own_box.new_pages()[0]
    own_box.publish(page, "m")
    own_box.fault("*", "latency")
    keys = own_box.http.get("/oidc/jwks").json()
    own_box.control("reset", {})
    assert own_box.control("world") == before
    assert own_box.control("faults") == own_box.control("requests") == []
    assert own_box.http.get("/_sandbox/posts").json() == []
    assert own_box.http.get("/oidc/jwks").json() == keys
    own_box.control("reset", {"seed": 2})
    assert own_box.control("world")["accounts"][0]["id"] != before["accounts"][0]["id"]
