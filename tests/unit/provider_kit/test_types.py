"""Payloads as they are stored, hashed and compared; failures as people read them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.provider_kit.errors import (
    NotSent,
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Trace,
)
from core.provider_kit.http import Answer, Request, form_bytes
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import Access, MediaItem, Payload

PAYLOADS = st.builds(
    Payload,
    network=st.sampled_from(["facebook", "linkedin"]),
    provider_account_id=st.text(alphabet="0123456789", min_size=1),
    text=st.text(alphabet=st.characters(codec="utf-8")),
    link=st.none() | st.just("https://example.com"),
    options=st.dictionaries(st.text(alphabet="abc"), st.booleans()),
)


@given(PAYLOADS)
def test_a_payload_survives_storage_with_its_hash(payload: Payload) -> None:
    again = Payload.from_json(payload.as_json())
    assert again == payload
    assert again.sha256() == payload.sha256()


@given(PAYLOADS)
def test_another_payload_has_another_hash(payload: Payload) -> None:
    assert replace(payload, text=payload.text + " ").sha256() != payload.sha256()
    assert replace(payload, network="other").sha256() != payload.sha256()
    assert replace(payload, options={**payload.options, "new": True}).sha256() != payload.sha256()


def test_what_was_approved_before_posts_had_forms_keeps_its_hash() -> None:
    stored = {
        "network": "facebook",
        "account": "1",
        "text": "Hello",
        "link": None,
        "media": [{"sha256": "00", "mime": "image/png", "width": 1, "height": 1, "size": 3, "alt": "A dot"}],
        "options": {},
    }
    payload = Payload.from_json(stored)
    assert payload.as_json() == stored
    assert payload.sha256().hex() == "7cd300bd5d7c3d148e4f263cff54a1fe5aac4d75345a17642f0e8846e55a1247"


def test_what_only_some_posts_have_is_stored_and_hashed() -> None:
    clip = MediaItem("1" * 64, "video/mp4", 1080, 1920, 9, duration_ms=1500, codec="h264", frame_rate=29.97)
    cover = MediaItem("2" * 64, "image/jpeg", 1080, 1920, 9)
    reel = Payload("instagram", "1", "Hello", media=(clip,), format="reel", cover=cover)
    assert Payload.from_json(reel.as_json()) == reel
    hashes = {each.sha256() for each in (reel, replace(reel, cover=None), replace(reel, format="feed"))}
    assert len(hashes) == 3


def test_what_was_approved_before_packing_was_known_keeps_its_hash() -> None:
    stored = {
        "network": "instagram",
        "account": "1",
        "text": "Hello",
        "link": None,
        "media": [
            {"sha256": "00", "mime": "video/mp4", "width": 1, "height": 1, "size": 3, "alt": "", "codec": "h264"}
        ],
        "options": {},
        "format": "reel",
    }
    assert Payload.from_json(stored).as_json() == stored


def test_a_call_is_hashed_over_method_path_and_body() -> None:
    hashes = {
        call_sha256(method, path, body)
        for method in ("POST", "PUT")
        for path in ("/v26.0/1/feed", "/v26.0/2/feed")
        for body in (b"message=a", b"message=b")
    }
    assert len(hashes) == 8
    assert form_bytes({"a": "ü &=", "b": ""}) == b"a=%C3%BC+%26%3D&b="


def test_every_failure_says_what_to_do_and_who_is_to_blame() -> None:
    trace = Trace(http_status=400, code="190")
    for kind in (NotSent, RetryLater, ReconnectNeeded, Rejected, OutcomeUnknown):
        failure = kind("Words.", how_to_fix="Fix.", trace=trace, provider_health=True)
        assert isinstance(failure, ProviderFailure)
        assert (str(failure), failure.reason, failure.how_to_fix) == ("Words.", "Words.", "Fix.")
        assert (failure.trace, failure.provider_health) == (trace, True)
        assert kind("Words.").trace == Trace()
    assert RetryLater("Words.", after_s=60).after_s == 60


def test_what_holds_secrets_does_not_show_them() -> None:
    secret = "canary-5512"
    shown = [
        Access("1", SecretStr(secret)),
        Request(
            "GET", "https://x.example/a", {"code": secret}, {"client_secret": secret}, {"A": secret}, SecretStr(secret)
        ),
        Answer(200, {"X": secret}, secret.encode()),
    ]
    assert secret not in repr(shown)


def test_a_first_comment_is_part_of_what_is_approved_and_left_out_where_there_is_none() -> None:
    plain = Payload("facebook", "1", "Hello")
    said = Payload("facebook", "1", "Hello", comment="The recipe")
    assert "comment" not in plain.as_json()
    assert Payload.from_json(said.as_json()) == said
    assert said.sha256() != plain.sha256()
