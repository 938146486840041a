"""Videos on their way to Facebook: what arrived stays there, and nobody is held while the network works."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown, ProviderFailure, Rejected, RetryLater
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload
from tests.providers.meta.test_contract import PAGE, error, meta
from tests.providers.meta.test_kinds import SINCE, media_item
from tests.providers.scripted import Said, Scripted, answer

ACCESS = Access(PAGE, SecretStr("page-token"), "cid")
REEL = Payload("facebook", PAGE, "Hello", media=(media_item("upright", 0),), format="reel")
VIDEO = Payload("facebook", PAGE, "Hello", media=(media_item("wide", 0),))
BEGUN = {"upload_session_id": "9", "video_id": "4002", "start_offset": "0", "end_offset": "40"}


def facebook(stand_in: Scripted, **settings: str) -> Publisher:
    return meta(stand_in.url, **settings).publishers["facebook"]


def begun(stand_in: Scripted) -> dict[str, str]:
    return {"video_id": "4002", "upload_url": f"{stand_in.url}/rupload.facebook.com/video-upload/v26.0/4002"}


def state(code: str, **phases: Any) -> dict[str, Any]:
    return {"status": {"video_status": code, **phases}}


def bytes_there(count: int) -> dict[str, Any]:
    return state("uploading", uploading_phase={"status": "in_progress", "bytes_transferred": count})


class Large(KeptSteps):
    """A file of two megabytes, and which part of it was ever asked for at once."""

    most = 0

    @override
    def open(self, item: MediaItem) -> BinaryIO:
        steps = self

        class Watched(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                steps.most = max(steps.most, item.size if size in {None, -1} else size or 0)
                return super().read(size)

        return Watched(bytes(item.size))


def test_a_reel_that_is_cut_off_goes_on_where_it_was_without_using_up_a_try(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, begun(stand_in)), answer(200, bytes_there(0)))
    stand_in.hang_up(reset=True)
    stand_in.say(answer(200, bytes_there(24)))
    with pytest.raises(NotReady, match="24 of the video's 64 bytes"):
        facebook(stand_in).prepare(REEL, ACCESS, steps)
    stand_in.forget()
    done = state("upload_complete", uploading_phase={"status": "complete"})
    stand_in.say(answer(200, bytes_there(24)), answer(200, {"success": True}), answer(200, done))
    facebook(stand_in).prepare(REEL, ACCESS, steps)
    upload = stand_in.received[1]
    assert (upload.headers["offset"], upload.headers["file_size"], upload.body) == ("24", "64", (b"00" * 32)[24:])


def test_an_upload_of_which_nothing_arrives_uses_up_a_try(stand_in: Scripted) -> None:
    stand_in.say(answer(200, begun(stand_in)), answer(200, bytes_there(0)))
    stand_in.hang_up(reset=True)
    stand_in.say(answer(200, bytes_there(0)))
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(REEL, ACCESS, KeptSteps())


@pytest.mark.parametrize("form", ["feed", "reel"])
def test_a_large_video_is_never_wholly_in_memory(stand_in: Scripted, form: str) -> None:
    item = replace(REEL.media[0], size=2_000_000)
    steps = Large()
    if form == "reel":
        done = state("upload_complete", uploading_phase={"status": "complete"})
        stand_in.say(answer(200, begun(stand_in)), answer(200, bytes_there(0)), answer(200, {}), answer(200, done))
    else:
        whole = {"start_offset": "2000000", "end_offset": "2000000"}
        stand_in.say(answer(200, BEGUN | {"end_offset": "2000000"}), answer(200, whole))
    facebook(stand_in).prepare(replace(REEL, media=(item,), format=form), ACCESS, steps)
    assert max(len(one.body) for one in stand_in.received) >= 2_000_000
    assert 0 < steps.most <= 65_536


def test_a_slow_upload_ends_at_its_deadline(stand_in: Scripted) -> None:
    item = replace(REEL.media[0], size=60_000_000)
    stand_in.say(answer(200, begun(stand_in)), answer(200, bytes_there(0)), Said(delay_s=3, before_body=True))
    started = time.monotonic()
    with pytest.raises(ProviderFailure) as failure:
        facebook(stand_in, upload_timeout_s="0.4").prepare(replace(REEL, media=(item,)), ACCESS, Large())
    assert not isinstance(failure.value, OutcomeUnknown | Rejected)
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("code", "phases", "words"),
    [
        ("error", {}, None),
        ("upload_failed", {}, None),
        ("processing", {"processing_phase": {"status": "error", "error": {"message": "Bad codec"}}}, "Bad codec"),
        (
            "error",
            {"processing_phase": {"status": "error", "errors": [{"code": 1, "message": "Too dark"}]}},
            "Too dark",
        ),
    ],
)
def test_a_video_that_cannot_be_processed_is_begun_once_more_or_named(
    stand_in: Scripted, code: str, phases: dict[str, Any], words: str | None
) -> None:
    """Without a reason it may be trouble of Facebook's own; with one a person must change the video."""
    steps = KeptSteps()
    for last in (False, True):
        stand_in.forget()
        stand_in.say(answer(200, begun(stand_in)), answer(200, state(code, **phases)))
        with pytest.raises(Rejected if words or last else RetryLater, match=words or "couldn't process the video"):
            facebook(stand_in).prepare(REEL, ACCESS, steps)
        assert steps.get("video") is None


def test_a_video_that_stays_away_is_begun_anew(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, begun(stand_in)), answer(400, error(100, 33)))
    with pytest.raises(NotReady, match="doesn't show the video"):
        facebook(stand_in).prepare(REEL, ACCESS, steps)
    assert steps.get("video") == "4002"
    steps.keep("video_made_at", f"{time.time() - 300:.0f}")
    stand_in.say(answer(400, error(100, 33)))
    with pytest.raises(RetryLater, match="doesn't have the video"):
        facebook(stand_in).prepare(REEL, ACCESS, steps)
    assert steps.get("video") is None


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "ftp://rupload.facebook.com/x", "http://localhost:1/rupload.facebook.com/x", 7, None],
)
def test_bytes_go_to_no_address_but_metas(stand_in: Scripted, address: object) -> None:
    stand_in.say(answer(200, {"video_id": "4002", "upload_url": address}))
    with pytest.raises(RetryLater, match="where to send"):
        facebook(stand_in).prepare(REEL, ACCESS, KeptSteps())
    assert len(stand_in.received) == 1


def test_a_feed_video_goes_on_at_the_part_that_was_kept(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, BEGUN), answer(200, {"start_offset": "40", "end_offset": "64"}))
    stand_in.hang_up(reset=False)
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(VIDEO, ACCESS, steps)
    assert steps.get("video_next") == "40:64"
    stand_in.forget()
    stand_in.say(answer(200, {"start_offset": "64", "end_offset": "64"}))
    call = facebook(stand_in).prepare(VIDEO, ACCESS, steps)
    assert len(stand_in.received) == 1
    assert b"upload_session_id=9" in call.body


def test_a_turn_without_time_waits_for_the_next(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, BEGUN, delay_s=0.1), answer(200, {"start_offset": "40", "end_offset": "64"}, delay_s=0.3))
    with pytest.raises(NotReady, match="40 of the video's 64 bytes"):
        facebook(stand_in, prepare_timeout_s="0.25").prepare(VIDEO, ACCESS, steps)
    assert steps.get("video_next") == "40:64"


def test_an_expired_session_is_begun_anew(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, BEGUN), answer(400, error(6001, 1363041)))
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(VIDEO, ACCESS, steps)
    assert (steps.get("video"), steps.get("video_session")) == (None, None)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"video_id": "4002", "upload_session_id": "9"},
        BEGUN | {"start_offset": "9" * 40},
        BEGUN | {"end_offset": "65"},
        BEGUN | {"end_offset": "0"},
        BEGUN | {"video_id": {"a": 1}},
    ],
)
def test_a_start_that_makes_no_sense_is_not_kept(stand_in: Scripted, said: dict[str, Any]) -> None:
    steps = KeptSteps()
    stand_in.say(answer(200, said))
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(VIDEO, ACCESS, steps)
    assert steps.kept == {}


@pytest.mark.parametrize(
    "said", [{}, {"start_offset": "0", "end_offset": "40"}, {"start_offset": "9", "end_offset": "3"}]
)
def test_a_part_that_leads_nowhere_ends_the_turn(stand_in: Scripted, said: dict[str, Any]) -> None:
    stand_in.say(answer(200, BEGUN))
    stand_in.otherwise = answer(200, said)
    with pytest.raises(RetryLater):
        facebook(stand_in).prepare(VIDEO, ACCESS, KeptSteps())
    assert len(stand_in.received) == 2


def test_corrections_without_end_are_given_up(stand_in: Scripted) -> None:
    data = orjson.dumps({"start_offset": "0", "end_offset": "40"}).decode()
    stand_in.say(answer(200, BEGUN))
    stand_in.otherwise = answer(400, error(6001, 1363037, error_data=data))
    with pytest.raises(RetryLater, match="lost track"):
        facebook(stand_in).prepare(VIDEO, ACCESS, KeptSteps())
    assert len(stand_in.received) < 10


@pytest.mark.parametrize("body", [{}, {"id": "4002"}, {"success": "yes"}, {"video_id": "4002"}])
@pytest.mark.parametrize("form", ["feed", "reel"])
def test_a_yes_that_is_none_is_in_doubt(stand_in: Scripted, form: str, body: dict[str, Any]) -> None:
    done = state("upload_complete", uploading_phase={"status": "complete"})
    if form == "reel":
        stand_in.say(answer(200, begun(stand_in)), answer(200, done))
    else:
        stand_in.say(answer(200, BEGUN | {"end_offset": "64"}), answer(200, {"start_offset": "64", "end_offset": "64"}))
    call = facebook(stand_in).prepare(replace(REEL, format=form), ACCESS, KeptSteps())
    stand_in.say(answer(200, body))
    with pytest.raises(OutcomeUnknown):
        facebook(stand_in).publish(call, ACCESS, timeout_s=2)


@pytest.mark.parametrize(("finish_again", "repeats"), [("true", True), ("false", False)])
def test_a_finish_without_effect_goes_out_again_only_where_the_operator_allows_it(
    stand_in: Scripted, finish_again: str, repeats: bool
) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    stand_in.say(answer(200, state("ready", publishing_phase={"status": "not_started", "publish_status": "draft"})))
    found = facebook(stand_in, finish_again=finish_again).read_back(REEL, ACCESS, steps, since=SINCE, timeout_s=3)
    assert (found.may_repeat, found.complete, found.proof) == (repeats, True, None)


@pytest.mark.parametrize("form", ["reel", "story"])
@pytest.mark.parametrize(("page", "listed"), [({"data": []}, True), ({"data": [{"id": "1"}]}, False)])
def test_a_video_that_facebook_does_not_find_proves_nothing_whatever_the_list_shows(
    stand_in: Scripted, page: dict[str, Any], listed: bool, form: str
) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    asked = [answer(400, error(100, 33)), answer(200, page)]
    stand_in.say(*(reversed(asked) if form == "story" else asked))
    found = facebook(stand_in).read_back(replace(REEL, format=form), ACCESS, steps, since=SINCE, timeout_s=3)
    assert (found.complete, found.listed, found.note) == (False, listed, "Facebook doesn't find the video.")


STORY = replace(REEL, text="", format="story")
STARTED, WAITING = {"status": "in_progress"}, {"status": "not_started", "publish_status": "draft"}


@pytest.mark.parametrize(
    ("code", "phases", "complete", "note"),
    [
        ("processing", {"publishing_phase": STARTED}, False, "Facebook is still publishing the video."),
        ("ready", {"publishing_phase": WAITING}, True, "Facebook has the video and hasn't published it."),
        ("error", {"processing_phase": {"status": "error", "error": {"message": "Too dark"}}}, True,
         "The video ended in an error at Facebook. Facebook says: Too dark"),
    ],
)  # fmt: skip
def test_an_empty_list_is_no_absence_while_facebook_still_publishes_a_story(
    stand_in: Scripted, code: str, phases: dict[str, Any], complete: bool, note: str
) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    stand_in.say(answer(200, {"data": []}), answer(200, state(code, **phases)))
    found = facebook(stand_in).read_back(STORY, ACCESS, steps, since=SINCE, timeout_s=3)
    assert (found.complete, found.note) == (complete, note)
    assert (found.matches, found.proof, found.may_repeat) == ((), None, False)


@pytest.mark.parametrize("phases", [{"publishing_phase": WAITING}, {"processing_phase": {"status": "error"}}])
def test_of_a_story_that_was_finished_just_now_nothing_is_certain_yet(
    stand_in: Scripted, phases: dict[str, Any]
) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    stand_in.say(answer(200, {"data": []}), answer(200, state("processing", **phases)))
    found = facebook(stand_in).read_back(STORY, ACCESS, steps, since=datetime.now(UTC), timeout_s=3)
    assert (found.complete, found.proof) == (False, None)


def test_a_list_that_was_cut_off_is_incomplete_whatever_became_of_a_storys_video(stand_in: Scripted) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    stand_in.say(answer(200, {"data": [{"post_id": "5002"}]}), answer(200, state("ready", publishing_phase=WAITING)))
    assert not facebook(stand_in).read_back(STORY, ACCESS, steps, since=SINCE, timeout_s=3).complete


def test_where_no_time_is_left_to_ask_the_video_of_a_story_an_empty_list_is_no_absence(stand_in: Scripted) -> None:
    steps = KeptSteps()
    steps.keep("video", "4002")
    stand_in.say(answer(200, {"data": []}, delay_s=0.4))
    found = facebook(stand_in).read_back(STORY, ACCESS, steps, since=SINCE, timeout_s=0.5)
    assert not found.complete
    assert found.note == "No time was left to ask whether Facebook is still publishing the video."
    assert len(stand_in.received) == 1


@pytest.mark.parametrize(
    ("answers", "address"),
    [
        ([(200, {"data": []}),
          (200, {"permalink_url": "/reel/4002/", **state("ready", publishing_phase={"publish_status": "published"})})],
         "https://www.facebook.com/reel/4002/"),
        ([(200, {"data": []}),
          (200, {"permalink_url": "/reel/4002/", **state("processing", publishing_phase={"status": "in_progress"})})],
         None),
        ([(200, {"data": [{"post_id": "4002", "url": "https://facebook.com/stories/4002"}]})],
         "https://facebook.com/stories/4002"),
        ([(200, {"data": []}), (400, None)], None),
    ],
)  # fmt: skip
def test_the_address_of_a_video_or_a_story(stand_in: Scripted, answers: list[Any], address: str | None) -> None:
    stand_in.say(*(answer(status, body or error(100, 33)) for status, body in answers))
    assert facebook(stand_in).permalink("4002", ACCESS, timeout_s=3) == address
