"""Facebook's own rules and what is sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotSent, OutcomeUnknown, Rejected, RetryLater
from core.provider_kit.types import Access, Payload
from core.providers.meta import build
from tests.providers.meta.test_contract import IMAGE, PAGE, meta
from tests.providers.scripted import Scripted, answer

PAYLOAD = Payload("facebook", PAGE, "Hello", "https://example.com/a")
PHOTO = Payload("facebook", PAGE, "Hello", media=(IMAGE,))
ACCESS = Access(PAGE, SecretStr("page-token"), "cid-5")


def form(payload: Payload) -> dict[str, str]:
    call = build({}).publishers["facebook"].prepare(payload, ACCESS, KeptSteps())
    return dict(parse_qsl(call.body.decode("ascii")))


def severities(payload: Payload) -> dict[str, str]:
    publisher = build({}).publishers["facebook"]
    return {problem.words: problem.severity for problem in publisher.problems(payload)}


@pytest.mark.parametrize(
    ("payload", "words", "severity"),
    [
        (replace(PAYLOAD, text="x" * 63_207), "1 character too long", "error"),
        (replace(PAYLOAD, text="😀" * 31_604), "2 characters too long", "error"),
        (replace(PAYLOAD, text="", link=None), "empty", "error"),
        (replace(PAYLOAD, link="ftp://example.com"), "must begin with https", "error"),
        (replace(PAYLOAD, media=(IMAGE,)), "an image or the preview of a link", "error"),
        (replace(PHOTO, media=(IMAGE,) * 11), "carries at most 10 files", "error"),
        (replace(PHOTO, media=(replace(IMAGE, mime="image/gif"),)), "takes JPEG or PNG", "error"),
        (replace(PHOTO, media=(replace(IMAGE, size=4_000_001),)), "at most 4 MB", "error"),
        (replace(PHOTO, media=(replace(IMAGE, alt="x" * 1_001),)), "1 characters too long", "error"),
        (replace(PAYLOAD, options={"place": "1"}), "no option called", "error"),
        (replace(PAYLOAD, link="https://www.facebook.com/x"), "links to facebook.com", "warning"),
        (replace(PAYLOAD, link="https://fb.me/x"), "links to facebook.com", "warning"),
        (replace(PAYLOAD, text="Thanks @[1001]"), "Mentions", "warning"),
    ],
)
def test_problems(payload: Payload, words: str, severity: str) -> None:
    found = severities(payload)
    assert [found[said] for said in found if words in said] == [severity]


def test_good_payloads_have_no_problems() -> None:
    for payload in (
        PAYLOAD,
        replace(PAYLOAD, text=""),
        replace(PAYLOAD, link=None),
        replace(PAYLOAD, text="x" * 63_206),
        PHOTO,
        replace(PHOTO, text=""),
        replace(PHOTO, media=(replace(IMAGE, mime="image/png", width=9_000, height=20),)),
    ):
        assert severities(payload) == {}
    assert "facebook.com" not in " ".join(severities(replace(PAYLOAD, link="https://notfacebook.com/x")))


def test_the_call_holds_only_what_was_written() -> None:
    publisher = build({}).publishers["facebook"]
    call = publisher.prepare(PAYLOAD, ACCESS, KeptSteps())
    assert (call.method, call.url) == ("POST", "https://graph.facebook.com/v26.0/1001/feed")
    assert call.content_type == "application/x-www-form-urlencoded"
    assert form(PAYLOAD) == {"message": "Hello", "link": "https://example.com/a"}
    assert form(replace(PAYLOAD, link=None)) == {"message": "Hello"}
    assert form(replace(PAYLOAD, text="")) == {"link": "https://example.com/a"}


def test_the_hash_does_not_depend_on_where_the_network_is() -> None:
    """A harness that points elsewhere approves the same bytes."""
    real = build({}).publishers["facebook"].prepare(PAYLOAD, ACCESS, KeptSteps())
    near = meta("http://localhost:8503").publishers["facebook"].prepare(PAYLOAD, ACCESS, KeptSteps())
    assert real.sha256 == near.sha256


@pytest.mark.parametrize(
    "payload", [replace(PAYLOAD, network="instagram"), replace(PAYLOAD, provider_account_id="1002")]
)
def test_a_payload_of_another_account_is_not_prepared(payload: Payload) -> None:
    with pytest.raises(Rejected, match="another account"):
        build({}).publishers["facebook"].prepare(payload, ACCESS, KeptSteps())


@pytest.mark.parametrize("post_id", ["2002_1", "1001", "10011_5", "_1", 7, None, "1001_/etc"])
def test_a_yes_for_something_else_is_in_doubt(stand_in: Scripted, post_id: Any) -> None:
    publisher = meta(stand_in.url).publishers["facebook"]
    stand_in.say(answer(200, {"id": post_id}))
    with pytest.raises(OutcomeUnknown, match="named no post of this Page"):
        publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)


def test_trace_id_and_usage_come_with_the_yes(stand_in: Scripted) -> None:
    publisher = meta(stand_in.url).publishers["facebook"]
    stand_in.say(answer(200, {"id": "1001_9"}, {"x-fb-trace-id": "Abc", "x-app-usage": '{"call_count":12}'}))
    published = publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)
    assert (published.provider_post_id, published.trace_id, published.http_status) == ("1001_9", "Abc", 200)
    assert published.usage["app_percent"] == 12


def test_an_id_that_cannot_stand_in_a_path_has_no_permalink(stand_in: Scripted) -> None:
    with pytest.raises(Rejected):
        meta(stand_in.url).publishers["facebook"].permalink("../me", ACCESS, timeout_s=2)
    assert not stand_in.received


def test_read_back_obeys_its_total_time(stand_in: Scripted) -> None:
    now = datetime.now(UTC)
    item = {"id": "1001_3", "message": "Other", "created_time": now.isoformat()}
    pages = [
        answer(200, {"data": [item], "paging": {"next": f"https://x.example/?after={number}"}}, delay_s=0.15)
        for number in range(50)
    ]
    stand_in.say(*pages)
    begun = time.monotonic()
    found = (
        meta(stand_in.url, read_pages_max="50")
        .publishers["facebook"]
        .read_back(PAYLOAD, ACCESS, KeptSteps(), since=now - timedelta(minutes=2), timeout_s=0.6)
    )
    assert time.monotonic() - begun < 1.2
    assert not found.complete


def test_read_back_halves_the_page_until_one(stand_in: Scripted) -> None:
    too_much = {"error": {"message": "Please reduce the amount of data you're asking for", "code": 1}}
    stand_in.otherwise = answer(400, too_much)
    publisher = meta(stand_in.url, read_page_size="8").publishers["facebook"]
    with pytest.raises(RetryLater):
        publisher.read_back(PAYLOAD, ACCESS, KeptSteps(), since=datetime.now(UTC), timeout_s=3)
    assert [one.query["limit"] for one in stand_in.received] == ["8", "4", "2", "1"]


def test_without_a_listener_nothing_was_sent() -> None:
    publisher = meta("http://127.0.0.1:9").publishers["facebook"]
    with pytest.raises(NotSent) as failure:
        publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)
    assert failure.value.reason == "Nothing was sent to 127.0.0.1: the connection was refused."


def test_a_post_is_named_by_an_address_on_facebook_with_the_parameters_that_tell_it() -> None:
    named = meta("http://127.0.0.1:1", dialog_url="https://www.facebook.com").publishers["facebook"].post_named
    told = named("https://m.facebook.com/permalink.php?story_fbid=2&id=1&ref=share")
    assert told is not None
    assert told.url == "https://m.facebook.com/permalink.php?id=1&story_fbid=2"
    other = named("https://m.facebook.com/permalink.php?story_fbid=3&id=1")
    assert other is not None
    assert told.key != other.key
    assert named("https://facebook.com.evil.example/permalink.php?story_fbid=2&id=1") is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("1001_2002", "2002"),
        ("2002", "2002"),
        ("https://www.facebook.com/1001_2002", "2002"),
        ("https://www.facebook.com/1001/posts/2002", "2002"),
        ("https://www.facebook.com/old.town/posts/2002/?comment_id=7", "2002"),
        ("https://www.facebook.com/old.town/posts/what-the-market-has/2002/", "2002"),
        ("https://www.facebook.com/permalink.php?story_fbid=2002&id=1001", "2002"),
        ("m.facebook.com/story.php?id=61550000000001&story_fbid=2002&ref=share", "2002"),
        ("https://www.facebook.com/reel/4002", "4002"),
        ("https://www.facebook.com/1001/videos/4002/", "4002"),
        ("https://www.facebook.com/old.town/videos/the-market/4002/", "4002"),
        ("https://www.facebook.com/watch/?v=4002", "4002"),
        ("https://www.facebook.com/photo/?fbid=3002&set=a.7", "3002"),
    ],
)
def test_a_post_is_known_by_its_number_under_each_of_its_names(said: str, number: str) -> None:
    told = meta("http://127.0.0.1:1", dialog_url="https://www.facebook.com").publishers["facebook"].post_named(said)
    assert told is not None
    assert (told.key, told.part) == (number, number)


@pytest.mark.parametrize(
    "said",
    [
        "https://www.facebook.com/old.town/posts/pfbid02Ab7",
        "https://www.facebook.com/permalink.php?story_fbid=pfbid02Ab7&id=1001",
        "https://www.facebook.com/share/p/1Ab7/",
        "https://www.facebook.com/profile.php?id=1001",
        "the second from above",
        "the 2nd of 1001_2002",
    ],
)
def test_what_only_facebook_can_read_is_a_name_of_its_own(said: str) -> None:
    told = meta("http://127.0.0.1:1", dialog_url="https://www.facebook.com").publishers["facebook"].post_named(said)
    assert told is not None
    assert not told.key.isdecimal()
    assert told.part
