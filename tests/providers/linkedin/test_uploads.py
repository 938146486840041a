"""An image is uploaded once, waited for without holding a sender, and made anew where LinkedIn has lost it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, NotSent, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import Access, MediaItem, Payload
from tests.providers.linkedin.test_contract import IMAGE, MEMBER, PAGE, Answer, error, posts, state, upload
from tests.providers.scripted import Scripted

ITEM = MediaItem("ab" * 32, "image/png", 1200, 800, 64, "Beans")
REGISTER = "POST /api.linkedin.com/rest/images"
PUT = "PUT /www.linkedin.com/dms-uploads/sp/abc"
LOOK = "GET /api.linkedin.com/rest/images/urn%3Ali%3Aimage%3AC4E10AQcanary"


def prepare(stand_in: Scripted, steps: KeptSteps, *answers: Answer, account: str = PAGE, **settings: str) -> Any:
    stand_in.forget()
    for status, body, headers in answers:
        stand_in.reply(status, body, headers)
    access = Access(account, SecretStr("member-token"), "cid")
    call = posts(stand_in.url, **settings).prepare(Payload("linkedin", account, "Hi", media=(ITEM,)), access, steps)
    return orjson.loads(call.body)["content"]


def calls(stand_in: Scripted) -> list[str]:
    return [f"{one.method} {one.path}" for one in stand_in.received]


def test_registered_uploaded_and_ready_at_once(stand_in: Scripted) -> None:
    steps = KeptSteps()
    content = prepare(stand_in, steps, *upload(stand_in.url), state("AVAILABLE"))
    assert content == {"media": {"id": IMAGE, "altText": "Beans"}}
    assert calls(stand_in) == [REGISTER, PUT, LOOK]
    register, put, _ = stand_in.received
    assert register.query == {"action": "initializeUpload"}
    assert orjson.loads(register.body) == {"initializeUploadRequest": {"owner": PAGE}}
    assert register.headers["x-restli-method"] == "ACTION"
    assert put.target.endswith("?sig=x%2Fy")
    assert put.body == ITEM.sha256.encode()
    assert put.headers["content-type"] == "image/png"
    assert put.headers["authorization"] == "Bearer member-token"
    assert steps.kept == {"image": IMAGE}


def test_the_token_can_be_kept_from_the_upload(stand_in: Scripted) -> None:
    prepare(stand_in, KeptSteps(), *upload(stand_in.url), state("AVAILABLE"), upload_sends_token="false")
    assert "authorization" not in stand_in.received[1].headers


@pytest.mark.parametrize("said", ["PROCESSING", "WAITING_UPLOAD", "SOMETHING_NEW"])
def test_what_isnt_ready_yet_is_come_back_for(stand_in: Scripted, said: str) -> None:
    steps = KeptSteps()
    with pytest.raises(NotReady) as wait:
        prepare(stand_in, steps, *upload(stand_in.url), state(said))
    assert wait.value.after_s == 3
    assert prepare(stand_in, steps, state("AVAILABLE"))["media"]["id"] == IMAGE
    assert calls(stand_in) == [LOOK]


def test_what_is_kept_isnt_uploaded_again_while_it_is_processed(stand_in: Scripted) -> None:
    steps = KeptSteps()
    steps.keep("image", IMAGE)
    with pytest.raises(NotReady):
        prepare(stand_in, steps, state("PROCESSING"))
    assert calls(stand_in) == [LOOK]
    assert steps.kept == {"image": IMAGE}


@pytest.mark.parametrize("lost", [state("WAITING_UPLOAD"), (404, error(404, "NOT_FOUND"), {})])
def test_an_image_that_linkedin_lost_is_uploaded_anew(stand_in: Scripted, lost: Answer) -> None:
    steps = KeptSteps()
    steps.keep("image", "urn:li:image:C4E10AQcanary")
    prepare(stand_in, steps, lost, *upload(stand_in.url), state("AVAILABLE"))
    assert calls(stand_in) == [LOOK, REGISTER, PUT, LOOK]
    assert [name for name, _ in steps.dropped] == ["image"]


def test_an_image_that_cant_be_processed_refuses_the_post(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(NotReady):
        prepare(stand_in, steps, *upload(stand_in.url), state("PROCESSING"))
    with pytest.raises(Rejected, match="couldn't process") as refused:
        prepare(stand_in, steps, state("PROCESSING_FAILED"))
    assert refused.value.how_to_fix == "Choose another image."
    assert steps.kept == {}


@pytest.mark.parametrize("account", [MEMBER, PAGE])
def test_who_may_not_ask_waits_once_and_posts(stand_in: Scripted, account: str) -> None:
    """Members never may (linkedin 5.1 [O]); a Page may not without the permission to read."""
    steps = KeptSteps()
    forbidden = (403, error(403, None, None, "Accessing this image resource is forbidden."), {})
    unasked: list[Answer] = [] if account == MEMBER else [forbidden]
    with pytest.raises(NotReady) as wait:
        prepare(stand_in, steps, *upload(stand_in.url), *unasked, account=account)
    assert wait.value.after_s == 5
    assert prepare(stand_in, steps, *unasked, account=account)["media"]["id"] == IMAGE
    assert len(stand_in.received) == len(unasked)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((401, b"", {}), RetryLater),
        ((403, b"<html>", {}), RetryLater),
        ((503, b"", {}), RetryLater),
        ((413, b"", {}), RetryLater),
        ((413, error(413, "REQUEST_ENTITY_TOO_LARGE"), {}), Rejected),
        ((302, b"", {"Location": "/elsewhere"}), RetryLater),
    ],
)
def test_an_upload_that_fails_keeps_nothing(stand_in: Scripted, answer: Answer, failure: type[Exception]) -> None:
    steps = KeptSteps()
    with pytest.raises(failure):
        prepare(stand_in, steps, upload(stand_in.url)[0], answer)
    assert calls(stand_in) == [REGISTER, PUT]
    assert steps.kept == {}


@pytest.mark.parametrize("address", ["https://elsewhere.example/dms-uploads/x", "http://127.0.0.1:9/dms-uploads/x"])
def test_no_token_goes_to_another_host(stand_in: Scripted, address: str) -> None:
    value = {"value": {"uploadUrl": address, "image": IMAGE}}
    with pytest.raises(NotSent, match="not an address of this network"):
        prepare(stand_in, KeptSteps(), (200, orjson.dumps(value), {}))
    assert calls(stand_in) == [REGISTER]


@pytest.mark.parametrize("value", [{}, {"image": IMAGE}, {"image": "x", "uploadUrl": "https://x.example"}, None, [1]])
def test_a_registration_that_says_nothing_is_tried_again(stand_in: Scripted, value: object) -> None:
    with pytest.raises(RetryLater, match="where to upload"):
        prepare(stand_in, KeptSteps(), (200, orjson.dumps({"value": value}), {}))


def test_a_dead_token_ends_it_before_the_upload(stand_in: Scripted) -> None:
    with pytest.raises(ReconnectNeeded):
        prepare(stand_in, KeptSteps(), (401, error(401, "EXPIRED_ACCESS_TOKEN", 65602), {}))
