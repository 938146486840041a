"""`/` as followers see it (PRODUCT 8)."""

from __future__ import annotations

import pytest

from tests.sandbox.driver import Box, Page


def test_followers_see_the_newest_posts_as_text(box: Box, page: Page) -> None:
    box.publish(page, "Fish & <i>chips</i>", link="https://example.com/?a=1&b=2")
    html = box.http.get("/").text
    assert "Sandbox: nothing here reaches a real network" in html
    assert "Fish &amp; &lt;i&gt;chips&lt;/i&gt;" in html
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


def test_the_link_of_a_post_leads_to_it(box: Box, page: Page) -> None:
    permalink = box.publish(page, "Follow me", fields="permalink_url").json()["permalink_url"]
    assert f'href="{permalink}"' in box.http.get("/").text
    assert "Follow me" in box.http.get(permalink.replace("localhost", "127.0.0.1")).text


def test_one_account_alone(box: Box) -> None:
    one, other = box.new_pages(2)
    box.publish(one, "of the one")
    box.publish(other, "of the other")
    html = box.http.get(f"/?account={one.id}").text
    assert "of the one" in html
    assert "of the other" not in html


def test_what_is_not_live_is_not_shown(box: Box, page: Page) -> None:
    box.publish(page, "dark one", published="false")
    gone = box.publish(page, "deleted one").json()["id"]
    box.graph("DELETE", gone, page.token)
    hidden = box.publish(page, "hidden one").json()["id"]
    box.graph("POST", hidden, page.token, is_hidden="true")
    html = box.http.get(f"/?account={page.id}").text
    assert "Nothing has been published yet" in html


@pytest.mark.expects_refusal
def test_no_page_asks_anything_of_elsewhere(box: Box) -> None:
    for path in ("/", "/oidc/authorize", "/www.facebook.com/v26.0/dialog/oauth"):
        html = box.http.get(path).text
        assert "<script" not in html
        assert 'src="http' not in html
        assert "@import" not in html
