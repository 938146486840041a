"""Signing in, and no longer being allowed to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from core.organizations.cookie import COOKIE, claims_from, cookie_secret
from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.inside import disable, settings_of

BLANK_WITHIN_MS = 32_000


def test_the_address_one_came_with_survives_the_sign_in(someone: Callable[..., Someone]) -> None:
    sara = someone("Sara Lund", at="/posts?state=failed", anew=True)

    expect(sara.page).to_have_url(re.compile(r"/posts\?state=failed"))
    sara.see("Failed")


def test_an_address_by_number_leads_to_the_name(product: Product) -> None:
    answer = httpx.get(f"http://127.0.0.1:{product.port}/posts?state=failed")

    assert answer.status_code in (307, 308)
    assert answer.headers["location"] == f"{product.url}/posts?state=failed"


def test_whoever_signed_out_or_was_disabled_gets_nowhere_in_any_tab(
    product: Product, browser: Browser, someone: Callable[..., Someone]
) -> None:
    nadia = someone("Nadia Haddad", at="/posts", anew=True)
    lin = someone("Lin Zhao", at="/posts", anew=True)
    copied = nadia.context.cookies()
    (idle,), (second, third) = tabs(nadia, 1), tabs(lin, 2)

    nadia.page.get_by_role("button", name="Sign out").click()
    expect(nadia.page.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=PATIENCE_MS)
    thief = browser.new_context()
    thief.add_cookies(copied)  # type: ignore[arg-type]
    page = thief.new_page()
    page.goto(product.url + "/posts")
    expect(page.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=PATIENCE_MS)
    assert page.get_by_role("heading", name="Posts").count() == 0
    thief.close()

    disable(product, "northwind", "Lin Zhao", by="Maya Okafor")
    lin.page.get_by_role("link", name=re.compile("Home")).first.click()
    second.get_by_role("link", name=re.compile("Approvals")).first.click()
    for tab in (lin.page, second):
        expect(tab.get_by_role("heading", name="No organization yet")).to_be_visible(timeout=5_000)

    # Two tabs were left alone: an idle one blanks by itself.
    expect(idle.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=BLANK_WITHIN_MS)
    expect(third.get_by_role("heading", name="Posts")).to_be_hidden(timeout=BLANK_WITHIN_MS)


def test_whoever_was_only_recognized_decides_nothing_until_they_signed_in_again(
    product: Product, someone: Callable[..., Someone]
) -> None:
    ivo = someone("Ivo Brandt", organization="Northwind Coffee Roasters", at="/unclear", anew=True)
    give_up = ivo.page.get_by_role("button", name="Give it up").first
    again = ivo.page.get_by_role("button", name="Sign in again").first
    expect(give_up).to_be_enabled(timeout=PATIENCE_MS)
    assert said(ivo)["provider"] == "oidc"

    # What a service leaves behind that gives no time unless it is asked to, and asks nobody it knows.
    unsaid = {name: value for name, value in said(ivo).items() if name != "auth_time"}
    say(ivo, unsaid | {"nonce": "another"})
    ivo.go("/unclear")
    expect(give_up).to_be_disabled(timeout=PATIENCE_MS)

    again.click()
    ivo.page.wait_for_url("**/oidc/**")
    ivo.page.get_by_role("button", name=re.compile("Ivo Brandt")).click()
    ivo.page.wait_for_url(f"{product.url}/unclear")
    expect(give_up).to_be_enabled(timeout=PATIENCE_MS)
    expect(again).to_be_hidden()
    assert said(ivo)["provider"] == "again"


def said(person: Someone) -> dict[str, Any]:
    """What the service said of who holds this browser's cookie."""
    cookies = {each["name"]: each["value"] for each in person.context.cookies()}
    claims = claims_from(cookies, settings_of(person.product))
    assert claims is not None
    return claims


def say(person: Someone, claims: dict[str, Any]) -> None:
    """Put another answer of the service into the browser's cookie."""
    secret = cookie_secret(settings_of(person.product))
    value = create_signed_value(secret, COOKIE, json.dumps(claims)).decode()
    person.context.add_cookies([{"name": COOKIE, "value": value, "url": person.product.url}])


def tabs(person: Someone, count: int) -> list[Page]:
    """Further tabs of a browser, each with the posts in it."""
    opened = [person.context.new_page() for _ in range(count)]
    for tab in opened:
        tab.goto(person.product.url + "/posts")
    for tab in (person.page, *opened):
        expect(tab.get_by_role("heading", name="Posts")).to_be_visible(timeout=PATIENCE_MS)
    return opened
