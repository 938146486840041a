"""Whatever JSON comes, only the port's failures and values that can be stored come out (RELIABILITY E, API10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.provider_kit.errors import OutcomeUnknown, ProviderFailure
from core.provider_kit.http import Answer
from core.provider_kit.types import Payload
from core.providers.meta import video_status
from core.providers.meta.facebook_posts import published_posts
from core.providers.meta.failures import Purpose, failure
from core.providers.meta.graph import Reply
from core.providers.meta.instagram_posts import shown
from core.providers.meta.live_posts import Edge, Sighting
from core.providers.meta.paging import next_page
from tests.providers.meta.test_contract import IMAGE, INSTAGRAM, PAGE

NAMES = [
    *("id", "message", "created_time", "permalink_url", "attachments", "data", "url", "target", "paging", "next"),
    *("caption", "timestamp", "permalink", "media_type", "media_product_type"),
    *("status", "video_status", "uploading_phase", "processing_phase", "publishing_phase", "publish_status"),
    *("bytes_transferred", "bytes_transfered", "publish_time", "errors", "message", "published", "post_id"),
    *("cursors", "code", "error_subcode", "error_user_title", "error_user_msg", "is_transient", "fbtrace_id", "type"),
]
NEARLY_RIGHT = [
    *("1001_1", "https://shop.example.com/a", "https://l.facebook.com/l.php?u=%zz", "https://[::1", "Hello", "\ud800"),
    *("2026-11-20T10:00:00+0000", "2026-13-45", "https://" + "a" * 70 + ".example/"),
    *(190, 100, 33, 10**40),
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NEARLY_RIGHT)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)


JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | objects(inner), max_leaves=12)


EDGES = [
    published_posts(Payload("facebook", PAGE, "Hello"), ()),
    published_posts(Payload("facebook", PAGE, "Hello", "https://shop.example.com/a"), ()),
    published_posts(Payload("facebook", PAGE, "", media=(IMAGE,)), ()),
    published_posts(Payload("facebook", PAGE, "Hello", media=(IMAGE,)), {"1001_1"}),
    shown(Payload("instagram", INSTAGRAM, "Hello", media=(IMAGE,))),
    shown(Payload("instagram", INSTAGRAM, "", media=(IMAGE,))),
    shown(Payload("instagram", INSTAGRAM, "Hello", media=(IMAGE, IMAGE), format="carousel")),
    shown(Payload("instagram", INSTAGRAM, "Hello", media=(IMAGE,), format="reel")),
    shown(Payload("instagram", INSTAGRAM, "", media=(IMAGE,), format="story")),
]


@given(st.lists(objects(JSON) | JSON, max_size=5), st.sampled_from(EDGES))
def test_any_list_of_posts_can_be_read(items: list[Any], edge: Edge) -> None:
    sighting = Sighting(edge, datetime(2026, 11, 20, tzinfo=UTC))
    sighting.read(items)
    for post in (*sighting.matches.values(), *sighting.look_alikes.values()):
        f"{post.provider_post_id}{post.text}{post.link}{post.permalink}".encode()
        assert "\0" not in post.text


@given(objects(JSON))
def test_any_status_of_a_video_can_be_read(body: dict[str, Any]) -> None:
    found = video_status.read(Reply(200, body, {}, None))
    f"{found.words}{found.permalink}{found.post_id}".encode()
    assert found.live in {True, False}
    assert not (found.live and not body), "what says nothing is not live"
    assert found.received is None or isinstance(found.received, int)


@given(objects(JSON))
def test_any_paging_can_be_read(body: dict[str, Any]) -> None:
    following = next_page(body)
    assert following is None or "access_token" not in following


@given(objects(JSON), st.sampled_from([200, 400, 403, 429, 500]), st.sampled_from(list(Purpose)))
def test_any_error_is_a_failure_with_words(envelope: dict[str, Any], status: int, purpose: Purpose) -> None:
    found = failure(Answer(status, {}, b""), purpose, envelope=envelope)
    assert isinstance(found, ProviderFailure)
    f"{found.reason}{found.how_to_fix}{found.trace}".encode()
    assert found.reason
    if purpose is Purpose.READ:
        assert not isinstance(found, OutcomeUnknown)
    elif status >= 500 or status < 400:
        assert isinstance(found, OutcomeUnknown)
