"""Every kind of post as recorded: the calls before it, the one that shows it, and what is read back afterwards."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload, VisibleCall
from tests.providers.linkedin.test_contract import MEMBER, PAGE, posts
from tests.providers.linkedin.test_recorded import cases
from tests.providers.scripted import Received, Scripted, answer

SINCE = datetime(2025, 11, 20, 9, 58, tzinfo=UTC)
COVER = 99


def media_item(kind: str, number: int) -> MediaItem:
    """A file of 64 bytes, as `KeptSteps` makes them: its number in hex, again and again."""
    name = f"{number:02x}" * 32
    match kind:
        case "image":
            return MediaItem(name, "image/jpeg", 1080, 1080, 64, "Beans")
        case "video":
            return MediaItem(name, "video/mp4", 1920, 1080, 64, duration_ms=9000, codec="h264", audio_codec="aac")
        case _:
            return MediaItem(name, "application/pdf", 0, 0, 64, pages=3)


def payload_of(case: dict[str, Any]) -> Payload:
    said = case["payload"]
    return Payload(
        "linkedin",
        PAGE if case["account"] == "page" else MEMBER,
        said["text"],
        said.get("link"),
        tuple(media_item(kind, number) for number, kind in enumerate(said["media"])),
        said.get("options", {}),
        said.get("format", "feed"),
        media_item("image", COVER) if said.get("cover") else None,
    )


def script(stand_in: Scripted, calls: list[dict[str, Any]]) -> None:
    for call in calls:
        said = call["answer"]
        body = orjson.dumps(said["body"]).replace(b"{stand_in}", stand_in.url.encode()) if "body" in said else b""
        stand_in.say(answer(said["status"], body, said.get("headers")))


def check(heard: Received, call: dict[str, Any]) -> None:
    assert f"{heard.method} {heard.path}" == call["request"]
    assert heard.query.items() >= call.get("query", {}).items()
    if "json" in call:
        assert orjson.loads(heard.body) == call["json"]
    if "bytes" in call:
        pair, length = call["bytes"].split(":")
        assert heard.body == (pair.encode() * 32)[: int(length)]
    said = {name: heard.headers.get(name) for name in call.get("headers", {})}
    assert said == call.get("headers", {})
    if "/rest/" in heard.path:
        assert heard.headers["authorization"] == "Bearer member-token"
        assert (heard.headers["linkedin-version"], heard.headers["x-restli-protocol-version"]) == ("202609", "2.0.0")


def check_all(stand_in: Scripted, calls: list[dict[str, Any]]) -> None:
    assert len(stand_in.received) == len(calls), [f"{one.method} {one.path}" for one in stand_in.received]
    for heard, call in zip(stand_in.received, calls, strict=True):
        check(heard, call)


def small(url: str) -> Publisher:
    """A publisher that takes the videos of these tests, which have 64 bytes."""
    return posts(url, video_min_bytes="1")


def access_to(payload: Payload) -> Access:
    return Access(payload.provider_account_id, SecretStr("member-token"), "cid")


def prepared(publisher: Publisher, payload: Payload, steps: KeptSteps) -> VisibleCall:
    for _ in range(4):
        with suppress(NotReady):
            return publisher.prepare(payload, access_to(payload), steps)
    raise AssertionError("it is ready some time")


@cases("kinds.json")
def test_a_kind_of_post(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher, payload, steps = small(stand_in.url), payload_of(case), KeptSteps()
    assert [each.words for each in publisher.problems(payload) if each.severity == "error"] == []
    script(stand_in, case["calls"])
    call = prepared(publisher, payload, steps)
    check_all(stand_in, case["calls"])

    stand_in.forget()
    script(stand_in, case["again"])
    assert publisher.prepare(payload, access_to(payload), steps) == call
    check_all(stand_in, case["again"])

    post = orjson.loads(call.body)
    assert (call.method, urlsplit(call.url).path) == ("POST", "/api.linkedin.com/rest/posts")
    assert (post["author"], post["commentary"]) == (payload.provider_account_id, case["visible"]["commentary"])
    assert post.get("content") == case["visible"]["content"]
    stand_in.forget()
    stand_in.say(answer(201, b"", {"x-restli-id": case["post_id"]}))
    published = publisher.publish(call, access_to(payload), timeout_s=3)
    assert published.provider_post_id == case["post_id"]
    assert len(stand_in.received) == 1


@cases("kinds.json")
def test_a_kind_of_post_whose_answer_was_lost(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher, payload, steps = small(stand_in.url), payload_of(case), KeptSteps()
    script(stand_in, case["calls"])
    call = prepared(publisher, payload, steps)
    stand_in.hang_up(reset=True)
    with pytest.raises(OutcomeUnknown):
        publisher.publish(call, access_to(payload), timeout_s=3)

    expected = case["read_back"]
    stand_in.forget()
    script(stand_in, expected["calls"])
    found = publisher.read_back(payload, access_to(payload), steps, since=SINCE, timeout_s=3)
    check_all(stand_in, expected["calls"])
    assert found.complete is expected["complete"]
    assert [post.provider_post_id for post in found.matches] == expected["matches"]
    assert [post.provider_post_id for post in found.look_alikes] == expected["look_alikes"]
    assert found.unreadable == expected.get("unreadable", "")
