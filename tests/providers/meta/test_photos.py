"""A photo on a Page: uploaded unseen and once, then attached to the post."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotSent, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload
from tests.providers.meta.test_contract import IMAGE, PAGE, error, meta
from tests.providers.scripted import Received, Scripted, answer

PAYLOAD = Payload("facebook", PAGE, "Hello", media=(IMAGE,))
ACCESS = Access(PAGE, SecretStr("page-token"), "cid-7")


class Lifetimes(KeptSteps):
    """Kept steps that remember for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.lives: dict[str, float | None] = {}

    @override
    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        super().keep(name, reference, lives_s=lives_s)
        self.lives[name] = lives_s

    @override
    def read(self, item: MediaItem) -> bytes:
        return b"\xff\xd8 --bytes\r\n--of an image \x00"


def facebook(stand_in: Scripted) -> Publisher:
    return meta(stand_in.url).publishers["facebook"]


def parts(heard: Received) -> dict[str, EmailMessage]:
    """A multipart form as any server reads it."""
    head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + heard.body, policy=email.policy.HTTP)
    found = [part for part in parsed.iter_parts() if isinstance(part, EmailMessage)]
    return {str(part.get_param("name", header="content-disposition")): part for part in found}


def test_the_photo_is_uploaded_unseen_with_its_description_and_attached(stand_in: Scripted) -> None:
    steps = Lifetimes()
    stand_in.say(answer(200, {"id": "3001"}))
    call = facebook(stand_in).prepare(PAYLOAD, ACCESS, steps)
    (upload,) = stand_in.received
    assert (upload.method, upload.path) == ("POST", f"/graph.facebook.com/v26.0/{PAGE}/photos")
    assert upload.headers["authorization"] == "Bearer page-token"
    sent = parts(upload)
    assert sent["published"].get_content().strip() == "false"
    assert sent["alt_text_custom"].get_payload(decode=True) == b"A cup of coffee"
    assert sent["source"].get_payload(decode=True) == steps.read(IMAGE)
    assert (sent["source"].get_content_type(), sent["source"].get_filename()) == ("image/jpeg", "image.jpeg")
    assert dict(parse_qsl(call.body.decode())) == {"message": "Hello", "attached_media[0]": '{"media_fbid":"3001"}'}
    assert (steps.kept, steps.lives) == ({"photo": "3001"}, {"photo": 84_600})


def test_what_is_uploaded_is_not_uploaded_again(stand_in: Scripted) -> None:
    steps = Lifetimes()
    stand_in.say(answer(200, {"id": "3001"}), answer(200, {"id": "3001"}))
    first = facebook(stand_in).prepare(PAYLOAD, ACCESS, steps)
    assert facebook(stand_in).prepare(PAYLOAD, ACCESS, steps) == first
    _, look = stand_in.received
    assert (look.method, look.path, look.query["fields"]) == ("GET", "/graph.facebook.com/v26.0/3001", "id")


def test_a_photo_without_words_or_description_sends_neither(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"id": "3001"}))
    bare = replace(PAYLOAD, text="", media=(replace(IMAGE, alt="", mime="image/png"),))
    call = facebook(stand_in).prepare(bare, ACCESS, Lifetimes())
    assert set(parts(stand_in.received[0])) == {"published", "source"}
    assert set(dict(parse_qsl(call.body.decode()))) == {"attached_media[0]"}


def test_a_post_without_an_image_asks_nothing_first(stand_in: Scripted) -> None:
    facebook(stand_in).prepare(replace(PAYLOAD, media=()), ACCESS, KeptSteps())
    assert not stand_in.received


@pytest.mark.parametrize(
    ("status", "body", "failure", "words"),
    [
        (400, error(324, None, "(#324) Missing or invalid image file"), Rejected, "missing or not valid"),  # 4.4 [M]
        (400, error(100, 1366046, "too large"), Rejected, "too large"),  # 10.3 [2:Postiz]
        (400, error(190, 463, "expired"), ReconnectNeeded, "run out"),
        (400, error(80001, None, "calls"), RetryLater, "call limit"),
        (400, error(368, None, "blocked"), RetryLater, "blocked"),  # 4.4 [M:photos]
        (500, error(2, None, "x"), RetryLater, "out of service"),
        (200, orjson.dumps({"id": None}), RetryLater, "named none"),
        (200, orjson.dumps({"id": "../me"}), RetryLater, "named none"),
    ],
)
def test_an_upload_that_fails_keeps_nothing_and_is_never_in_doubt(
    stand_in: Scripted, status: int, body: bytes, failure: type[ProviderFailure], words: str
) -> None:
    steps = KeptSteps()
    stand_in.reply(status, body)
    with pytest.raises(failure, match=words):
        facebook(stand_in).prepare(PAYLOAD, ACCESS, steps)
    assert steps.kept == {}


def test_a_lost_answer_uploads_again(stand_in: Scripted) -> None:
    """Meta 12: uploads of unpublished photos are safe to send again."""
    steps = KeptSteps()
    stand_in.hang_up(reset=True)
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(PAYLOAD, ACCESS, steps)
    stand_in.reply(200, b'{"id":"3002"}')
    facebook(stand_in).prepare(PAYLOAD, ACCESS, steps)
    assert steps.kept == {"photo": "3002"}


def test_without_a_listener_nothing_was_uploaded() -> None:
    with pytest.raises(NotSent):
        meta("http://127.0.0.1:9").publishers["facebook"].prepare(PAYLOAD, ACCESS, KeptSteps())


def test_the_token_of_an_upload_is_in_no_address_and_no_failure(stand_in: Scripted) -> None:
    said: dict[str, Any] = {"message": "Malformed access token page-token", "code": 190}
    stand_in.say(answer(400, {"error": said}))
    with pytest.raises(ReconnectNeeded) as failure:
        facebook(stand_in).prepare(PAYLOAD, ACCESS, KeptSteps())
    assert "page-token" not in f"{failure.value!r} {failure.value.trace}"
    assert "page-token" not in stand_in.received[0].target
