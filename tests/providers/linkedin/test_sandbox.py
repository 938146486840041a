"""The client against the sandbox over HTTP: neither was written from the other, so each checks the other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from typing_extensions import override

from core.cli import stand_in
from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown, ReconnectNeeded
from core.provider_kit.port import Provider
from core.provider_kit.types import Access, MediaItem, OfferedAccount, Payload, Published
from core.providers.linkedin import build
from tests.fixtures.programs import RunningSandbox

PROVIDERS = pytest.mark.parametrize("key", ["linkedin", "linkedin_member"])


@dataclass(frozen=True)
class Granted:
    """A provider at the sandbox with a token of somebody there."""

    provider: Provider
    token: SecretStr
    url: str

    def accounts(self) -> list[OfferedAccount]:
        return [*self.provider.oauth.accounts(self.token)]

    def publish(self, payload: Payload, steps: KeptSteps) -> Published:
        publisher, access = self.provider.publishers["linkedin"], self.access(payload)
        while True:
            try:
                call = publisher.prepare(payload, access, steps)
            except NotReady as wait:
                time.sleep(wait.after_s)
            else:
                return publisher.publish(call, access, timeout_s=10)

    def access(self, payload: Payload) -> Access:
        return Access(payload.provider_account_id, self.token, "cid")

    def seen(self, payload: Payload) -> dict[str, Any]:
        """The post as its followers see it."""
        posts = httpx.get(f"{self.url}/_sandbox/posts", timeout=10).json()
        (found,) = (post for post in posts if post["text"] == payload.text and post["network"] == "linkedin")
        return dict(found)


Grant = Callable[[str], Granted]


@pytest.fixture
def granted(sandbox: RunningSandbox) -> Grant:
    """Maya's grant to one of the apps. Addresses say localhost, as those that the sandbox gives for uploads do."""
    url = sandbox.url.replace("127.0.0.1", "localhost")
    prefix = "PROVIDER_LINKEDIN_"
    group = next(one for one in stand_in.environments(url) if f"{prefix}CLIENT_ID" in one)
    quick = {"image_poll_s": "0.2", "image_grace_s": "2"}
    both = build({name.removeprefix(prefix).lower(): value for name, value in group.items()} | quick)

    def grant(key: str) -> Granted:
        provider = next(each for each in both if each.key == key)
        asked = {"provider": key, "person": "p-maya", "scopes": [scope.name for scope in provider.oauth.scopes]}
        given = httpx.post(f"{url}/_sandbox/tokens", json=asked, timeout=10).raise_for_status().json()
        return Granted(provider, SecretStr(given["access_token"]), url)

    return grant


def test_pages_are_listed_by_name_and_some_can_not_be_chosen(granted: Grant) -> None:
    offered = {each.name: each for each in granted("linkedin").accounts()}
    assert offered["Northwind Coffee"].eligible
    assert offered["Northwind Coffee"].provider_account_id.startswith("urn:li:organization:")
    assert "doesn't include posting" in offered["Northwind Foundation"].reason
    assert offered["Maya Okafor"].eligible


def test_the_members_app_lists_the_member(granted: Grant) -> None:
    (member,) = granted("linkedin_member").accounts()
    assert (member.name, member.eligible) == ("Maya Okafor", True)


@PROVIDERS
@pytest.mark.parametrize("link", [None, "https://shop.example.com/spring_(roast)?a=1&b=#top"])
def test_a_post_is_seen_exactly_as_written(granted: Grant, key: str, link: str | None) -> None:
    maya = granted(key)
    account = next(each for each in maya.accounts() if each.eligible)
    text = (
        f"Beans (fresh) #spring_roast, C# & me@x.example [a] {{b}} <c> *d* |e| \\ https://x.example/a_(b)#c {uuid4()}"
    )
    payload, steps = Payload("linkedin", account.provider_account_id, text, link), KeptSteps()
    since = datetime.now(UTC) - timedelta(minutes=1)
    published = maya.publish(payload, steps)
    seen = maya.seen(payload)
    assert (seen["account_id"], seen["link"]) == (account.provider_account_id, link)
    publisher = maya.provider.publishers["linkedin"]
    found = publisher.read_back(payload, maya.access(payload), steps, since=since, timeout_s=10)
    if account.provider_account_id.startswith("urn:li:person:"):
        assert found.unreadable
    else:
        assert found.complete
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
    with pytest.raises(OutcomeUnknown) as repeated:
        maya.publish(payload, steps)
    assert (repeated.value.trace.code, repeated.value.trace.subcode) == ("DUPLICATE_POST", published.provider_post_id)


@PROVIDERS
def test_an_image_is_seen_byte_for_byte(granted: Grant, key: str) -> None:
    maya = granted(key)
    account = next(each for each in maya.accounts() if each.eligible)
    held = BytesIO()
    Image.new("RGB", (600, 400), (90, 60, 30)).save(held, "PNG")
    content = held.getvalue()

    class Files(KeptSteps):
        @override
        def read(self, item: MediaItem) -> bytes:
            return content

    item = MediaItem(hashlib.sha256(content).hexdigest(), "image/png", 600, 400, len(content), "Beans")
    payload, steps = Payload("linkedin", account.provider_account_id, f"Look {uuid4()}", media=(item,)), Files()
    published = maya.publish(payload, steps)
    assert [each["sha256"] for each in maya.seen(payload)["media"]] == [item.sha256]
    if key == "linkedin":
        found = maya.provider.publishers["linkedin"].read_back(
            payload, maya.access(payload), steps, since=datetime.now(UTC) - timedelta(minutes=1), timeout_s=10
        )
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]


@PROVIDERS
def test_a_grant_that_was_given_back_is_dead(granted: Grant, key: str) -> None:
    maya = granted(key)
    maya.provider.oauth.revoke(maya.token)
    with pytest.raises(ReconnectNeeded):
        maya.accounts()
    maya.provider.oauth.revoke(maya.token)


def test_the_sandbox_finds_nothing_malformed(granted: Grant) -> None:
    maya = granted("linkedin")
    before = len(requests_at(maya.url))
    (account, *_) = maya.accounts()
    payload = Payload("linkedin", account.provider_account_id, f"Hello {uuid4()}")
    maya.publish(payload, KeptSteps())
    maya.provider.publishers["linkedin"].read_back(
        payload, maya.access(payload), KeptSteps(), since=datetime.now(UTC), timeout_s=10
    )
    made = requests_at(maya.url)[before:]
    assert len(made) >= 5
    assert [each for each in made if each["kind"] == "protocol"] == []


def requests_at(url: str) -> list[dict[str, Any]]:
    return [*httpx.get(f"{url}/_sandbox/requests", timeout=10).json()]
