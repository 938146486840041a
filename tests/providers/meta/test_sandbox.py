"""Our client against the network's stand-in over HTTP; the two were written apart from the same specification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import (
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
)
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, Payload, Published, ReadBack
from tests.providers.meta.at_sandbox import ALL, World, meta_at

LINK = "https://shop.example.com/beans?utm_source=masthead&x=ü"


@dataclass
class Page:
    """A Page that can be published to."""

    world: World
    access: Access

    @property
    def publisher(self) -> Publisher:
        return self.world.provider.publishers["facebook"]

    def payload(self, text: str | None = None, link: str | None = LINK) -> Payload:
        said = f"Fresh beans {uuid4()} ☕️" if text is None else text
        return Payload("facebook", self.access.provider_account_id, said, link)

    def publish(self, payload: Payload, *, timeout_s: float = 5) -> Published:
        call = self.publisher.prepare(payload, self.access, KeptSteps())
        return self.publisher.publish(call, self.access, timeout_s=timeout_s)

    def read(self, payload: Payload, *, since: datetime | None = None) -> ReadBack:
        begin = since or datetime.now(UTC) - timedelta(minutes=2)
        return self.publisher.read_back(payload, self.access, KeptSteps(), since=begin, timeout_s=5)

    def fault(self, mode: str, **args: Any) -> None:
        self.world.fault(f"POST {self.access.provider_account_id}/feed", mode, **args)


@pytest.fixture
def page(world: World) -> Iterator[Page]:
    """One Page of Maya's that no other test looks at; nothing we asked may be malformed in the network's eyes."""
    offered = world.provider.oauth.accounts(world.token("p-maya"))
    mine = next(one for one in offered if one.name == "Northwind Store 30")
    assert mine.token is not None
    with world.without_mistakes():
        yield Page(world, Access(mine.provider_account_id, mine.token, "cid"))


# --- connect ----------------------------------------------------------------------------------------------------------


def test_a_person_grants_everything(world: World) -> None:
    grant = world.grant("p-maya")
    assert grant.name == "Maya Okafor"
    assert grant.scopes >= set(ALL)
    assert not grant.declined
    assert grant.expires_at is not None
    assert timedelta(days=50) < grant.expires_at - datetime.now(UTC) < timedelta(days=70)
    assert grant.data_access_expires_at is not None
    offered = world.provider.oauth.accounts(grant.token)
    pages = [one.name for one in offered if one.network == "facebook"]
    assert pages == sorted(pages, key=str.lower)
    assert {"Northwind Coffee", "Harbor Museum"} <= set(pages)
    assert all(one.token is not None for one in offered if one.eligible)
    reasons = {one.name: one.reason for one in offered if not one.eligible}
    assert "role on this Page" in reasons["Northwind Events"]


def test_a_person_declines_a_permission_and_most_pages(world: World) -> None:
    careers = world.page("Northwind Careers")
    world.forget("p-sara")
    grant = world.grant("p-sara", scopes=[name for name in ALL if name != "pages_manage_posts"], pages=[careers])
    assert "pages_manage_posts" in grant.declined
    assert "pages_manage_posts" not in grant.scopes
    offered = world.provider.oauth.accounts(grant.token)
    assert [one.provider_account_id for one in offered] == [careers]
    assert not offered[0].eligible
    assert "permission to publish" in offered[0].reason


@pytest.mark.parametrize("wrong", ["used", pytest.param("redirect", marks=pytest.mark.expects_refusal), "garbage"])
def test_a_bad_code_is_refused_with_words(world: World, wrong: str) -> None:
    code = world.sign_in("p-maya")
    redirect_uri = world.redirect_uri
    if wrong == "used":
        world.provider.oauth.exchange(code=code, redirect_uri=redirect_uri, code_verifier=None)
    if wrong == "redirect":
        redirect_uri += "x"
    if wrong == "garbage":
        code = "no-such-code"
    with pytest.raises(Rejected) as failure:
        world.provider.oauth.exchange(code=code, redirect_uri=redirect_uri, code_verifier=None)
    expected = {"used": "used already", "redirect": "this address", "garbage": "doesn't know this sign-in"}[wrong]
    assert expected in failure.value.reason
    assert code not in str(failure.value)


def test_disconnect_kills_every_token_and_again_is_fine(world: World) -> None:
    token = world.token("p-tomas")
    museum = next(one for one in world.provider.oauth.accounts(token) if one.name == "Harbor Museum")
    assert museum.token is not None
    world.provider.oauth.revoke(token)
    world.provider.oauth.revoke(token)
    with pytest.raises(ReconnectNeeded):
        world.provider.oauth.accounts(token)
    page = Page(world, Access(museum.provider_account_id, museum.token))
    with pytest.raises(ReconnectNeeded):
        page.publish(page.payload())


def test_a_token_that_was_never_one_needs_a_reconnect(world: World) -> None:
    with pytest.raises(ReconnectNeeded):
        world.provider.oauth.accounts(SecretStr("EAAnonsense"))


# --- publish and read back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("Just words {}", None),
        ("Words with https://inside.example.com/a?b=c in them {}", None),
        ("Zeilen\n\nÜmläute & Zeichen = + % # 日本語 👩‍👩‍👧 \u202b\u05d0\u05d1 {}", LINK),
        ("  ends are blank {} \n", "http://EXAMPLE.com"),
        ("x" * 63_000 + " {}", None),
    ],
)
def test_a_post_goes_out_once_and_is_found(page: Page, text: str, link: str | None) -> None:
    payload = page.payload(text.format(uuid4()), link)
    published = page.publish(payload)
    live = page.world.sandbox.get("/_sandbox/posts")
    mine = next(post for post in live if post["id"] == published.provider_post_id)
    assert mine["text"].strip() == payload.text.strip()
    assert mine["link"] == payload.link
    found = page.read(payload)
    assert found.complete
    assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
    address = page.publisher.permalink(published.provider_post_id, page.access, timeout_s=5)
    assert address == found.matches[0].permalink
    assert address is not None


def test_a_link_alone_is_a_post(page: Page) -> None:
    payload = page.payload("", f"https://shop.example.com/{uuid4()}")
    published = page.publish(payload)
    assert [post.provider_post_id for post in page.read(payload).matches] == [published.provider_post_id]


@pytest.mark.parametrize(
    ("mode", "args", "failure", "live"),
    [
        ("refuse", {}, Rejected, 0),
        ("error_before", {}, OutcomeUnknown, 0),
        ("error_after", {}, OutcomeUnknown, 1),
        ("reset_before", {}, OutcomeUnknown, 0),
        ("reset_after", {}, OutcomeUnknown, 1),
        ("slow_after", {"ms": 1500}, OutcomeUnknown, 1),
        ("refused_but_live", {}, OutcomeUnknown, 1),
        ("garbage_body", {}, OutcomeUnknown, 1),
        ("duplicate_refused", {}, OutcomeUnknown, 0),
        ("rate_limited", {}, RetryLater, 0),
        ("scope_missing", {}, ReconnectNeeded, 0),
        ("not_found_once", {}, ReconnectNeeded, 0),
    ],
)
def test_a_fault_is_never_taken_for_what_it_is_not(
    page: Page, mode: str, args: dict[str, Any], failure: type[ProviderFailure], live: int
) -> None:
    payload = page.payload()
    page.fault(mode, **args)
    with pytest.raises(ProviderFailure) as raised:
        page.publish(payload, timeout_s=0.7)
    assert type(raised.value) is failure
    assert len(page.world.live(payload.text)) == live
    found = page.read(payload)
    assert (found.complete, len(found.matches)) == (True, live)


def test_a_dead_token_needs_a_reconnect_for_writing_and_reading(page: Page) -> None:
    payload = page.payload()
    page.fault("token_revoked")
    with pytest.raises(ReconnectNeeded, match="password"):
        page.publish(payload)
    with pytest.raises(ReconnectNeeded):
        page.read(payload)
    assert not page.world.live(payload.text)


def test_a_limit_says_when_calls_are_welcome_again(page: Page) -> None:
    page.fault("rate_limited")
    with pytest.raises(RetryLater) as failure:
        page.publish(page.payload())
    assert failure.value.after_s is not None
    assert failure.value.after_s >= 60
    assert failure.value.trace.usage["account_percent"] >= 100


def test_usage_comes_back_with_the_yes(page: Page) -> None:
    page.fault("usage", percent=91, regain_min=7)
    usage = page.publish(page.payload()).usage
    assert usage["account_percent"] == 91
    assert usage["regain_s"] == 420


def test_a_post_that_shows_late_is_found_later(page: Page) -> None:
    payload = page.payload()
    page.fault("delayed_visibility", ms=700)
    published = page.publish(payload)
    assert not page.read(payload).matches
    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while not (found := page.read(payload)).matches and datetime.now(UTC) < deadline:
        pass
    assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]


def test_an_equal_post_is_refused_and_in_doubt(page: Page) -> None:
    """506 is evidence of an earlier post, and names none."""
    payload = page.payload()
    page.publish(payload)
    with pytest.raises(OutcomeUnknown, match="names no post"):
        page.publish(payload)
    assert len(page.world.live(payload.text)) == 1


def test_read_back_pages_until_the_asked_instant(page: Page) -> None:
    begun = datetime.now(UTC)
    payloads = [page.payload() for _ in range(7)]
    for payload in payloads:
        page.publish(payload)
    small = meta_at(page.world.sandbox, read_page_size="2").publishers["facebook"]
    found = small.read_back(payloads[0], page.access, KeptSteps(), since=begun, timeout_s=5)
    assert (found.complete, len(found.matches)) == (True, 1)
    assert found.seen >= 7
    few = meta_at(page.world.sandbox, read_page_size="2", read_pages_max="2").publishers["facebook"]
    cut = few.read_back(payloads[0], page.access, KeptSteps(), since=begun, timeout_s=5)
    assert (cut.complete, len(cut.matches)) == (False, 0)


def test_a_post_of_nobody_has_no_permalink(page: Page) -> None:
    assert page.publisher.permalink(f"{page.access.provider_account_id}_1", page.access, timeout_s=5) is None


def test_a_living_token_is_renewed_by_itself_and_a_dead_one_says_so(world: World) -> None:
    tokens = world.provider.tokens
    assert tokens is not None
    token = world.token("p-maya")
    renewed = tokens.renew(token, None)
    assert renewed.expires_at is not None
    assert renewed.expires_at - datetime.now(UTC) > timedelta(days=55)
    assert {"pages_show_list", "pages_manage_posts"} <= tokens.look(renewed.token).scopes
    world.sandbox.post(
        "/_sandbox/meta/permissions", {"person": "p-maya", "scope": "pages_manage_posts", "status": "declined"}
    )
    assert "pages_manage_posts" not in tokens.look(renewed.token).scopes
    world.sandbox.post("/_sandbox/meta/tokens", {"person": "p-maya", "subcode": 460})
    for ask in (lambda: tokens.look(renewed.token), lambda: tokens.renew(renewed.token, None)):
        with pytest.raises(ReconnectNeeded):
            ask()
    wrong = meta_at(world.sandbox, client_secret="not-ours").tokens
    assert wrong is not None
    with pytest.raises(Rejected):  # our app is refused, which says nothing of the token
        wrong.look(token)
