"""Our client against the sandbox's photos on Pages over HTTP: upload, post, and what became of it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload, Published, ReadBack
from tests.providers.meta.at_sandbox import World
from tests.sandbox.shelf import picture

DAY_S = 86_400


class Steps(KeptSteps):
    """One real file."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    @override
    def read(self, item: MediaItem) -> bytes:
        return self.content


@dataclass
class Page:
    """A Page of the test's own, one post with a photo for it, and what its steps have made so far."""

    world: World
    access: Access
    payload: Payload
    steps: Steps

    @property
    def publisher(self) -> Publisher:
        return self.world.provider.publishers["facebook"]

    def publish(self, *, timeout_s: float = 5) -> Published:
        call = self.publisher.prepare(self.payload, self.access, self.steps)
        return self.publisher.publish(call, self.access, timeout_s=timeout_s)

    def read(self) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=2)
        return self.publisher.read_back(self.payload, self.access, self.steps, since=since, timeout_s=5)

    def live(self) -> list[dict[str, Any]]:
        posts: list[dict[str, Any]] = self.world.sandbox.get(
            "/_sandbox/posts", account_id=self.access.provider_account_id
        )
        return posts

    def uploads(self) -> int:
        path = f"/{self.access.provider_account_id}/photos"
        return len(self.world.sandbox.get("/_sandbox/requests", path=path))

    def fault(self, edge: str, mode: str, **args: Any) -> None:
        self.world.fault(f"POST {self.access.provider_account_id}/{edge}", mode, **args)


def photo(content: bytes, mime: str = "image/jpeg") -> MediaItem:
    return MediaItem(hashlib.sha256(content).hexdigest(), mime, 1080, 1080, len(content), "A bag of beans")


@pytest.fixture
def page(world: World) -> Iterator[Page]:
    """Nothing we asked may be malformed in the network's eyes."""
    person = f"p-{uuid4().hex[:8]}"
    world.sandbox.post("/_sandbox/people", {"id": person, "name": "Ph Person", "email": f"{person}@ph.example"})
    (made,) = world.sandbox.post("/_sandbox/accounts", {"count": 1, "person": person, "prefix": "Ph"})
    content = picture()
    with world.without_mistakes():
        yield Page(
            world,
            Access(made["id"], SecretStr(made["page_token"]), "cid"),
            Payload("facebook", made["id"], f"Fresh beans {uuid4()} ☕️", media=(photo(content),)),
            Steps(content),
        )


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("text", ["Zeilen\n\nÜ & = + % # {}", ""])
def test_a_photo_is_seen_byte_for_byte_and_known_by_its_id(page: Page, kind: str, text: str) -> None:
    content = picture(kind=kind)
    page.steps = Steps(content)
    page.payload = replace(page.payload, text=text, media=(photo(content, f"image/{kind.lower()}"),))
    published = page.publish()
    (seen,) = page.live()
    assert (seen["id"], seen["text"] or "") == (published.provider_post_id, text)
    assert [each["sha256"] for each in seen["media"]] == [page.payload.media[0].sha256]
    found = page.read()
    assert found.complete
    assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
    address = page.publisher.permalink(published.provider_post_id, page.access, timeout_s=5)
    assert address == found.matches[0].permalink
    assert address is not None
    shown = httpx.get(address, timeout=5).text
    assert page.payload.media[0].sha256 in shown
    assert re.search("alt=.A bag of beans", shown)


@pytest.mark.parametrize(
    ("mode", "args", "live"),
    [
        ("error_before", {}, 0),
        ("error_after", {}, 1),
        ("reset_before", {}, 0),
        ("reset_after", {}, 1),
        ("slow_after", {"ms": 1500}, 1),
        ("refused_but_live", {}, 1),
        ("garbage_body", {}, 1),
    ],
)
def test_after_a_lost_answer_the_photo_tells(page: Page, mode: str, args: dict[str, Any], live: int) -> None:
    page.fault("feed", mode, **args)
    with pytest.raises(OutcomeUnknown):
        page.publish(timeout_s=0.7)
    assert len(page.live()) == live
    found = page.read()
    assert (found.complete, len(found.matches)) == (True, live)


def test_the_same_words_beside_another_photo_are_not_taken_for_it(page: Page) -> None:
    page.publish()
    other = picture()
    page.payload, page.steps = replace(page.payload, media=(photo(other),)), Steps(other)
    page.fault("feed", "reset_before")
    with pytest.raises(OutcomeUnknown):
        page.publish()
    found = page.read()
    assert (found.complete, len(found.matches), len(found.look_alikes)) == (True, 0, 1)


@pytest.mark.parametrize("mode", ["error_before", "error_after", "reset_before", "reset_after", "garbage_body"])
def test_an_upload_without_an_answer_is_made_again_and_shows_nothing(page: Page, mode: str) -> None:
    page.fault("photos", mode)
    with pytest.raises(ProviderFailure) as raised:
        page.publish()
    assert not isinstance(raised.value, OutcomeUnknown | Rejected)
    assert page.live() == []
    page.publish()
    (seen,) = page.live()
    assert len(seen["media"]) == 1
    assert page.uploads() == 2


def test_what_is_uploaded_is_used_by_the_next_try(page: Page) -> None:
    page.fault("feed", "rate_limited")
    with pytest.raises(RetryLater):
        page.publish()
    page.publish()
    assert (len(page.live()), page.uploads()) == (1, 1)


def test_a_photo_that_is_gone_is_uploaded_anew(page: Page) -> None:
    page.publisher.prepare(page.payload, page.access, page.steps)
    page.world.sandbox.post("/_sandbox/clock", {"advance_s": DAY_S})
    try:
        page.publish()
        assert (len(page.live()), page.uploads()) == (1, 2)
    finally:
        page.world.sandbox.post("/_sandbox/clock", {"advance_s": -DAY_S})
    assert page.steps.dropped == [("photo", "Facebook doesn't have it any more.")]


def test_a_post_that_shows_late_is_found_later(page: Page) -> None:
    page.fault("feed", "delayed_visibility", ms=700)
    page.fault("feed", "reset_after")
    with pytest.raises(OutcomeUnknown):
        page.publish()
    assert not page.read().matches
    deadline = time.monotonic() + 5
    while not (found := page.read()).matches and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [post.provider_post_id for post in found.matches] == [page.live()[0]["id"]]


@pytest.mark.parametrize("edge", ["photos", "feed"])
@pytest.mark.parametrize(
    ("mode", "failure"),
    [("token_revoked", ReconnectNeeded), ("scope_missing", ReconnectNeeded), ("rate_limited", RetryLater)],
)
def test_a_refusal_names_what_to_do_next(page: Page, edge: str, mode: str, failure: type[ProviderFailure]) -> None:
    page.fault(edge, mode)
    with pytest.raises(failure):
        page.publish()
    assert page.live() == []


def test_a_file_that_is_no_image_is_refused_in_words(page: Page) -> None:
    content = b"no picture at all"
    page.payload, page.steps = replace(page.payload, media=(photo(content),)), Steps(content)
    with pytest.raises(Rejected, match="image"):
        page.publish()
    assert page.live() == []
