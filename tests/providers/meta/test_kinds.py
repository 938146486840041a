"""Every kind of post as recorded: the calls before it, the one that shows it, and what is read back afterwards."""

from __future__ import annotations

import email
import email.policy
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload, VisibleCall
from tests.providers.meta.test_contract import INSTAGRAM, PAGE, meta
from tests.providers.meta.test_recorded import cases
from tests.providers.scripted import Received, Scripted, answer

SINCE = datetime(2026, 11, 20, 9, 58, tzinfo=UTC)


def media_item(kind: str, number: int) -> MediaItem:
    """A file of 64 bytes, as `KeptSteps` makes them."""
    name = f"{number:02x}" * 32
    if kind == "image":
        return MediaItem(name, "image/jpeg", 1080, 1080, 64, "Beans")
    size = (1080, 1920) if kind == "upright" else (1920, 1080)
    return MediaItem(
        name, "video/mp4", *size, 64, duration_ms=9000, codec="h264", audio_codec="aac", frame_rate=30.0, bit_rate=1000
    )


def payload_of(case: dict[str, Any]) -> Payload:
    said = case["payload"]
    return Payload(
        case["network"],
        PAGE if case["network"] == "facebook" else INSTAGRAM,
        said.get("text", ""),
        said.get("link"),
        tuple(media_item(kind, number) for number, kind in enumerate(said["media"])),
        said.get("options", {}),
        said.get("format", "feed"),
        media_item("image", 99) if said.get("cover") else None,
    )


def script(stand_in: Scripted, calls: list[dict[str, Any]]) -> None:
    for call in calls:
        body = orjson.dumps(call["answer"]["body"]).replace(b"{stand_in}", stand_in.url.encode())
        stand_in.say(answer(call["answer"]["status"], body))


def check(heard: Received, call: dict[str, Any]) -> None:
    assert f"{heard.method} {heard.path}" == call["request"]
    assert heard.query.items() >= call.get("query", {}).items()
    if "form" in call:
        assert heard.form == call["form"]
    if "headers" in call:
        assert {name: heard.headers.get(name) for name in call["headers"]} == call["headers"]
    else:
        assert heard.headers["authorization"] == "Bearer page-token"
    if "bytes" in call:
        start, stop = map(int, call["bytes"].split(":"))
        assert len(heard.body) == stop - start
    if "parts" in call:
        check_parts(heard, call["parts"])


def check_parts(heard: Received, parts: dict[str, str]) -> None:
    head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n".encode()
    message: Any = email.message_from_bytes(head + heard.body, policy=email.policy.HTTP)
    found = {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.iter_parts()
    }
    start, stop = map(int, parts["video_file_chunk"].split(":"))
    assert found.pop("video_file_chunk") == (b"00" * 32)[start:stop]
    assert {name: value.decode() for name, value in found.items()} == {
        name: value for name, value in parts.items() if name != "video_file_chunk"
    }


def prepared(publisher: Publisher, payload: Payload, access: Access, steps: KeptSteps) -> VisibleCall:
    for _ in range(4):
        with suppress(NotReady):
            return publisher.prepare(payload, access, steps)
    raise AssertionError("it is ready some time")


@cases("kinds.json")
def test_a_kind_of_post(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher, payload = meta(stand_in.url).publishers[case["network"]], payload_of(case)
    access, steps = Access(payload.provider_account_id, SecretStr("page-token"), "cid"), KeptSteps()
    script(stand_in, case["calls"])
    call = prepared(publisher, payload, access, steps)
    for heard, recorded in zip(stand_in.received, case["calls"], strict=True):
        check(heard, recorded)

    stand_in.forget()
    script(stand_in, case["again"])
    assert publisher.prepare(payload, access, steps) == call
    for heard, recorded in zip(stand_in.received, case["again"], strict=True):
        check(heard, recorded)

    assert f"{call.method} {urlsplit(call.url).path}" == case["visible"]["request"]
    assert dict(parse_qsl(call.body.decode())) == case["visible"]["form"]
    stand_in.forget()
    script(stand_in, [case])
    published = publisher.publish(call, access, timeout_s=3)
    assert published.provider_post_id == case["post_id"]
    assert len(stand_in.received) == 1


@cases("kinds.json")
def test_a_kind_of_post_whose_answer_was_lost(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher, payload = meta(stand_in.url).publishers[case["network"]], payload_of(case)
    access, steps = Access(payload.provider_account_id, SecretStr("page-token"), "cid"), KeptSteps()
    script(stand_in, case["calls"])
    call = prepared(publisher, payload, access, steps)
    stand_in.hang_up(reset=True)
    with pytest.raises(OutcomeUnknown):
        publisher.publish(call, access, timeout_s=3)

    expected = case["read_back"]
    stand_in.forget()
    script(stand_in, expected["calls"])
    found = publisher.read_back(payload, access, steps, since=SINCE, timeout_s=3)
    for heard, recorded in zip(stand_in.received, expected["calls"], strict=True):
        check(heard, recorded)
    assert (found.complete, found.listed) == (expected["complete"], expected.get("listed", False))
    assert [post.provider_post_id for post in found.matches] == expected["matches"]
    assert [post.provider_post_id for post in found.look_alikes] == expected["look_alikes"]
    assert found.proof == expected.get("proof")
    assert found.note == expected.get("note", "")
    assert found.may_repeat is expected.get("may_repeat", False)
    if "permalink" in expected:
        assert found.matches[0].permalink == expected["permalink"]
