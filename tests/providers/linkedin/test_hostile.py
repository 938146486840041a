"""Whatever JSON comes, only the port's failures and values that can be stored come out (RELIABILITY E, API10)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.provider_kit.errors import OutcomeUnknown, ProviderFailure
from core.provider_kit.http import Answer
from core.provider_kit.types import MediaItem, Payload
from core.providers.linkedin.failures import Purpose, failure
from core.providers.linkedin.live_posts import Sighting
from core.providers.linkedin.organizations import has_next
from tests.providers.linkedin.test_contract import IMAGE, PAGE

NAMES = [
    *("id", "commentary", "createdAt", "content", "article", "source", "media", "lifecycleState", "reshareContext"),
    *("paging", "links", "rel", "status", "code", "serviceErrorCode", "message", "errorDetails", "inputErrors"),
    *("description", "error", "error_description", "multiImage", "images", "poll", "question", "options", "text"),
]
NEARLY_RIGHT = [
    *("urn:li:share:1", IMAGE, "https://[::1", "Hello", "{hashtag|\\#|", "@[a](urn:li:", "\\", "next", "PUBLISHED"),
    *("DUPLICATE_POST", "Content is a duplicate of urn:li:share:", 1_763_632_800_000, 65601, 10**40, -1),
]
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(NEARLY_RIGHT)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)


JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | objects(inner), max_leaves=12)
QUICKLY = settings(suppress_health_check=[HealthCheck.too_slow])  # two cores for everybody


@QUICKLY
@given(
    st.lists(objects(JSON) | JSON, max_size=5),
    st.booleans(),
    st.booleans(),
    st.none() | st.just("https://shop.example.com/a"),
)
def test_any_list_of_posts_can_be_read(items: list[Any], with_image: bool, asks: bool, link: str | None) -> None:
    media = (MediaItem("ab" * 32, "image/png", 1, 1, 1),) if with_image else ()
    options = {"poll": {"question": "Hello", "answers": ["a"]}} if asks else {}
    payload = Payload("linkedin", PAGE, "Hello", link, media, options)
    sighting = Sighting(payload, {IMAGE}, datetime(2025, 11, 20, tzinfo=UTC), "https://x.example")
    sighting.read(items)
    for post in (*sighting.matches.values(), *sighting.look_alikes.values()):
        f"{post.provider_post_id}{post.text}{post.link}{post.permalink}".encode()
        assert "\0" not in post.text


@QUICKLY
@given(objects(JSON))
def test_any_paging_can_be_read(body: dict[str, Any]) -> None:
    assert has_next(body) in {True, False}


@QUICKLY
@given(JSON, st.sampled_from([302, 400, 401, 403, 422, 429, 500, 999]), st.sampled_from(list(Purpose)))
def test_any_error_is_a_failure_with_words(said: Any, status: int, purpose: Purpose) -> None:
    found = failure(Answer(status, {}, json.dumps(said).encode()), purpose)
    assert isinstance(found, ProviderFailure)
    f"{found.reason}{found.how_to_fix}{found.trace}".encode()
    assert found.reason
    if purpose is Purpose.READ:
        assert not isinstance(found, OutcomeUnknown)
    elif status >= 500 or status < 400:
        assert isinstance(found, OutcomeUnknown)
