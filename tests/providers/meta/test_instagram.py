"""Instagram: its own rules, one container at a time, and what its status proves."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.contract.means import NONSENSE
from core.provider_kit.errors import (
    NotReady,
    NotSent,
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
)
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, Payload, PostName
from core.providers.meta import build
from core.providers.meta.settings import MetaSettings
from core.publishing import rules
from tests.providers.meta.test_contract import IMAGE, INSTAGRAM, meta
from tests.providers.meta.test_recorded import cases, check_requests, script
from tests.providers.scripted import Scripted, answer

PAYLOAD = Payload("instagram", INSTAGRAM, "Hello #coffee", media=(IMAGE,))
ACCESS = Access(INSTAGRAM, SecretStr("page-token"), "cid-6")
CONTAINER = "17900000000000001"


def instagram(url: str = "http://localhost:1", **settings: str) -> Publisher:
    return meta(url, **settings).publishers["instagram"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (replace(PAYLOAD, media=()), "Instagram needs an image."),
        (replace(PAYLOAD, media=(IMAGE, IMAGE)), "one image"),
        (replace(PAYLOAD, link="https://example.com"), "no separate link"),
        (replace(PAYLOAD, text="x" * 2_201), "1 character too long"),
        (replace(PAYLOAD, text="😀" * 1_101), "2 characters too long"),
        (replace(PAYLOAD, text="#a " * 31), "The text has 31 hashtags; Instagram takes at most 30."),
        (replace(PAYLOAD, text="#ä#ö" * 16), "32 hashtags"),
        (replace(PAYLOAD, text="@a.b " * 21), "The text has 21 mentions; Instagram takes at most 20."),
        (replace(PAYLOAD, options={"location": "1"}), "no option called"),
        (replace(PAYLOAD, media=(replace(IMAGE, mime="image/png"),)), "takes JPEG"),
        (replace(PAYLOAD, media=(replace(IMAGE, size=8_000_001),)), "at most 8 MB"),
        (replace(PAYLOAD, media=(replace(IMAGE, height=1_400),)), "4:5 to 1.91:1"),
        (replace(PAYLOAD, media=(replace(IMAGE, height=560),)), "4:5 to 1.91:1"),
        (replace(PAYLOAD, media=(replace(IMAGE, width=319, height=319),)), "at least 320"),
        (replace(PAYLOAD, media=(replace(IMAGE, alt="x" * 1_001),)), "description"),
    ],
)
def test_what_instagram_refuses_is_an_error_with_a_fix(payload: Payload, words: str) -> None:
    errors = [each for each in instagram().problems(payload) if each.severity == "error"]
    assert [each.fix != "" for each in errors if words in each.words] == [True]
    with pytest.raises(Rejected):
        instagram().prepare(payload, ACCESS, KeptSteps())


@pytest.mark.parametrize(
    "payload",
    [
        PAYLOAD,
        replace(PAYLOAD, text=""),
        replace(PAYLOAD, text="x" * 2_200),
        replace(PAYLOAD, text="#a " * 30 + "@b " * 20 + "me@example.com " * 20),
        replace(PAYLOAD, media=(replace(IMAGE, width=1_080, height=1_350),)),
        replace(PAYLOAD, media=(replace(IMAGE, width=3_000, height=1_571),)),
    ],
)
def test_what_instagram_takes_has_no_problem(payload: Payload) -> None:
    assert instagram().problems(payload) == []


def test_the_preview_knows_what_people_see() -> None:
    network = build({}).networks["instagram"]
    assert (network.takes_link, network.needs_media, network.text.fold_at) == (False, True, 125)
    assert network.images is not None
    assert network.images.max_width == 1440
    assert "Like" in network.actions


@pytest.mark.parametrize(
    "payload", [replace(PAYLOAD, network="facebook"), replace(PAYLOAD, provider_account_id="1001")]
)
def test_a_payload_of_another_account_makes_no_container(stand_in: Scripted, payload: Payload) -> None:
    with pytest.raises(Rejected, match="another account"):
        instagram(stand_in.url).prepare(payload, ACCESS, KeptSteps())
    assert not stand_in.received


@cases("containers.json")
def test_preparing(stand_in: Scripted, case: dict[str, Any]) -> None:
    steps = KeptSteps()
    steps.kept = dict(case["kept"])
    if "made_ago_s" in steps.kept:
        steps.kept["container_made_at"] = str(round(time.time()) - case["kept"]["made_ago_s"])
        del steps.kept["made_ago_s"]
    script(stand_in, case)
    publisher = instagram(stand_in.url)
    if "failure" in case:
        with pytest.raises(ProviderFailure) as failure:
            publisher.prepare(PAYLOAD, ACCESS, steps)
        assert type(failure.value).__name__ == case["failure"]
        if "seen" in case:
            assert failure.value.reason == case["seen"]
        if "after_s" in case:
            assert isinstance(failure.value, NotReady | RetryLater)
            assert failure.value.after_s == pytest.approx(case["after_s"], abs=1)
    else:
        call = publisher.prepare(PAYLOAD, ACCESS, steps)
        assert dict(parse_qsl(call.body.decode())) == {"creation_id": case["publishes"]}
        assert call.url == f"{stand_in.url}/graph.facebook.com/v26.0/{INSTAGRAM}/media_publish"
    steps.kept.pop("container_made_at", None)
    assert steps.kept == case["left"]
    check_requests(stand_in, case)


def test_waiting_ends_in_one_container(stand_in: Scripted) -> None:
    steps, publisher = KeptSteps(), instagram(stand_in.url)
    stand_in.say(answer(200, {"id": CONTAINER}))
    for _ in range(3):
        stand_in.say(answer(200, {"status_code": "IN_PROGRESS"}))
        with pytest.raises(NotReady):
            publisher.prepare(PAYLOAD, ACCESS, steps)
    stand_in.say(answer(200, {"status_code": "FINISHED"}), answer(200, {}))
    assert publisher.prepare(PAYLOAD, ACCESS, steps).body == f"creation_id={CONTAINER}".encode()
    assert [one.method for one in stand_in.received].count("POST") == 1


def test_a_post_without_words_sends_none(stand_in: Scripted) -> None:
    bare = replace(PAYLOAD, text="", media=(replace(IMAGE, alt=""),))
    stand_in.say(answer(200, {"id": CONTAINER}), answer(200, {"status_code": "FINISHED"}), answer(200, {}))
    instagram(stand_in.url).prepare(bare, ACCESS, KeptSteps())
    assert set(stand_in.received[0].form) == {"image_url"}


def test_preparing_obeys_its_total_time(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"id": CONTAINER}, delay_s=0.3), answer(200, {"status_code": "FINISHED"}, delay_s=3))
    steps, begun = KeptSteps(), time.monotonic()
    with pytest.raises(RetryLater):
        instagram(stand_in.url, prepare_timeout_s="0.6").prepare(PAYLOAD, ACCESS, steps)
    assert time.monotonic() - begun < 1.5
    assert steps.get("container") == CONTAINER


@pytest.mark.parametrize("media_id", [None, 7, "", "../me", {"a": 1}])
def test_a_yes_without_a_post_is_in_doubt(stand_in: Scripted, media_id: object) -> None:
    publisher, steps = instagram(stand_in.url), KeptSteps()
    steps.keep("container", CONTAINER)
    stand_in.say(answer(200, {"status_code": "FINISHED"}), answer(200, {}), answer(200, {"id": media_id}))
    call = publisher.prepare(PAYLOAD, ACCESS, steps)
    with pytest.raises(OutcomeUnknown, match="named no post"):
        publisher.publish(call, ACCESS, timeout_s=2)


@cases("read_back_instagram.json")
def test_reading_back(stand_in: Scripted, case: dict[str, Any]) -> None:
    steps = KeptSteps()
    if case["container"]:
        steps.keep("container", case["container"])
    script(stand_in, case)
    since = datetime(2026, 11, 20, 9, 58, tzinfo=UTC) if case["waited"] else datetime.now(UTC) - rules.LOOK_BACK
    payload = replace(PAYLOAD, text=case["text"])
    if "failure" in case:
        with pytest.raises(ProviderFailure) as failure:
            instagram(stand_in.url).read_back(payload, ACCESS, steps, since=since, timeout_s=3)
        assert type(failure.value).__name__ == case["failure"]
    else:
        found = instagram(stand_in.url).read_back(payload, ACCESS, steps, since=since, timeout_s=3)
        assert (found.complete, found.listed) == (case["complete"], case.get("listed", False))
        assert [post.provider_post_id for post in found.matches] == case["matches"]
        assert [post.provider_post_id for post in found.look_alikes] == case["look_alikes"]
        assert found.proof == case["proof"]
        assert found.may_repeat is case["may_repeat"]
        assert found.note == case.get("note", "")
    check_requests(stand_in, case)
    assert steps.dropped == []


def test_a_harness_can_shorten_the_time_until_the_same_call_may_go_out_again(stand_in: Scripted) -> None:
    steps = KeptSteps()
    steps.keep("container", CONTAINER)
    stand_in.otherwise = answer(200, {"status_code": "FINISHED"})
    since = datetime.now(UTC) - rules.LOOK_BACK
    for seconds, allowed in (("119", True), ("125", False)):
        publisher = instagram(stand_in.url, repeat_after_s=seconds)
        assert publisher.read_back(PAYLOAD, ACCESS, steps, since=since, timeout_s=2).may_repeat is allowed


def test_by_default_a_minute_and_a_half_passes_between_the_attempt_and_a_repeat() -> None:
    """The setting counts from where a read begins, which lies before the attempt (meta 12: 1 to 2 minutes)."""
    assert MetaSettings().repeat_after_s - rules.LOOK_BACK.total_seconds() == 90


@pytest.mark.parametrize(("status", "body"), NONSENSE)
def test_nonsense_about_a_container_proves_nothing(stand_in: Scripted, status: int, body: bytes) -> None:
    steps = KeptSteps()
    steps.keep("container", CONTAINER)
    stand_in.otherwise = answer(status, body)
    publisher, since = instagram(stand_in.url), datetime(2026, 11, 20, tzinfo=UTC)
    found = None
    with suppress(NotSent, RetryLater, ReconnectNeeded, Rejected):
        found = publisher.read_back(PAYLOAD, ACCESS, steps, since=since, timeout_s=2)
    assert found is None or (found.complete, found.may_repeat, found.proof) == (False, False, None)
    with pytest.raises(ProviderFailure):
        publisher.prepare(PAYLOAD, ACCESS, steps)
    assert all(one.method == "GET" for one in stand_in.received)


def test_a_proof_leaves_time_for_the_list_or_does_without(stand_in: Scripted) -> None:
    steps = KeptSteps()
    steps.keep("container", CONTAINER)
    stand_in.say(answer(200, {"status_code": "PUBLISHED"}, delay_s=0.4))
    found = instagram(stand_in.url).read_back(PAYLOAD, ACCESS, steps, since=datetime.now(UTC), timeout_s=0.5)
    assert found.proof is not None
    assert not found.complete


def test_a_permalink_that_is_not_there_yet_is_none(stand_in: Scripted) -> None:
    """Meta 5.4: it may intermittently fail with 100/33 [2: postiz#1562]."""
    stand_in.say(answer(400, {"error": {"code": 100, "error_subcode": 33, "message": "x"}}))
    stand_in.say(answer(200, {"permalink": "https://www.instagram.com/p/abc/"}))
    publisher = instagram(stand_in.url)
    assert publisher.permalink("1795", ACCESS, timeout_s=2) is None
    assert publisher.permalink("1795", ACCESS, timeout_s=2) == "https://www.instagram.com/p/abc/"


@pytest.mark.parametrize(
    "said",
    [
        "https://instagram.com/p/Ab-7_/?igsh=x",
        "https://www.instagram.com/reel/Ab-7_/",
        "https://www.instagram.com/reels/Ab-7_",
        "https://www.instagram.com/tv/Ab-7_/",
        "https://www.instagram.com/old.town/p/Ab-7_/?img_index=2",
        "m.instagram.com/old.town/reel/Ab-7_/",
        "https://www.instagram.com/p/Ab-7_/c/17900000000000001/",
        "https://www.instagram.com/%70/%41b-7_",
    ],
)
def test_a_post_is_named_by_the_code_in_each_of_its_addresses_on_instagram(said: str) -> None:
    told = instagram("http://127.0.0.1:1", instagram_url="https://www.instagram.com").post_named(said)
    assert told is not None
    assert (told.key, told.part, told.url) == ("Ab-7_", "Ab-7_", "https://www.instagram.com/p/Ab-7_/")


@pytest.mark.parametrize(
    "said",
    [
        "https://www.instagram.com/p/aB-7_/",
        "https://www.instagram.com/share/p/Ab-7_/",
        "https://www.instagram.com/share/reel/Ab-7_/",
        "https://www.instagram.com/stories/old.town/7/",
    ],
)
def test_what_has_no_code_of_a_post_or_another_one_is_another_on_instagram(said: str) -> None:
    told = instagram("http://127.0.0.1:1", instagram_url="https://www.instagram.com").post_named(said)
    assert told is not None
    assert told.key != "Ab-7_"


def test_a_post_is_named_by_no_address_elsewhere_than_on_instagram() -> None:
    named = instagram("http://127.0.0.1:1", instagram_url="https://www.instagram.com").post_named
    assert named("https://instagram.example/p/Ab7/") is None
    assert named("17900000000000001") == PostName("17900000000000001", "17900000000000001", ("17900000000000001",))
