"""Signing in, and no longer being allowed to."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Browser, expect

from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.inside import disable


def test_the_address_one_came_with_survives_the_sign_in(someone: Callable[..., Someone]) -> None:
    sara = someone("Sara Lund", at="/posts?state=failed")

    expect(sara.page).to_have_url(re.compile(r"/posts\?state=failed"))
    sara.see("Failed")


def test_an_address_by_number_leads_to_the_name(product: Product) -> None:
    answer = httpx.get(f"http://127.0.0.1:{product.port}/posts?state=failed")

    assert answer.status_code in (307, 308)
    assert answer.headers["location"] == f"{product.url}/posts?state=failed"


def test_signing_out_in_one_tab_ends_the_other(product: Product, someone: Callable[..., Someone]) -> None:
    nadia = someone("Nadia Haddad")
    other = nadia.context.new_page()
    other.goto(product.url + "/posts")
    expect(other.get_by_role("heading", name="Posts")).to_be_visible(timeout=PATIENCE_MS)

    nadia.page.get_by_role("button", name="Sign out").click()

    expect(other.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=32_000)


def test_a_copied_cookie_is_worthless_after_sign_out(
    product: Product, browser: Browser, someone: Callable[..., Someone]
) -> None:
    tomas = someone("Tomas Reyes")
    copied = tomas.context.cookies()
    tomas.page.get_by_role("button", name="Sign out").click()
    expect(tomas.page.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=PATIENCE_MS)

    thief = browser.new_context()
    thief.add_cookies(copied)  # type: ignore[arg-type]
    page = thief.new_page()
    page.goto(product.url + "/posts")

    expect(page.get_by_role("button", name=re.compile("Sign in"))).to_be_visible(timeout=PATIENCE_MS)
    assert page.get_by_role("heading", name="Posts").count() == 0
    thief.close()


def test_somebody_disabled_while_clicking_in_three_tabs_gets_nowhere(
    product: Product, someone: Callable[..., Someone]
) -> None:
    lin = someone("Lin Zhao", at="/posts")
    tabs = [lin.page, lin.context.new_page(), lin.context.new_page()]
    for tab in tabs[1:]:
        tab.goto(product.url + "/posts")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="Posts")).to_be_visible(timeout=PATIENCE_MS)

    disable(product, "northwind", "Lin Zhao", by="Maya Okafor")
    tabs[0].get_by_role("link", name=re.compile("Home")).first.click()
    tabs[1].get_by_role("link", name=re.compile("Approvals")).first.click()

    for tab in tabs[:2]:
        expect(tab.get_by_role("heading", name="No organization yet")).to_be_visible(timeout=5_000)
    # The third is left alone: an idle tab blanks by itself.
    expect(tabs[2].get_by_role("heading", name="Posts")).to_be_hidden(timeout=32_000)
