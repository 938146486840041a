"""A video goes in the parts that LinkedIn asks for, none twice, and begins anew only where nothing else helps."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from typing import Any, BinaryIO

import orjson
import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, ProviderFailure, Rejected, RetryLater
from core.provider_kit.types import Access, MediaItem, Payload
from tests.providers.linkedin.test_contract import MEMBER, PAGE, Answer, error, posts
from tests.providers.scripted import Scripted

ITEM = MediaItem("ab" * 32, "video/mp4", 1920, 1080, 64, duration_ms=9000, codec="h264", audio_codec="aac")
COVER = MediaItem("cd" * 32, "image/png", 1280, 720, 64)
BEGIN = "POST initializeUpload"
FINISH = "POST finalizeUpload"
LOOK = "GET video"
PARTS = ["PUT 1", "PUT 2", "PUT 3"]
DONE: Answer = (200, b"", {})


def begun(url: str, **more: Any) -> Answer:
    """The answer to beginning: three parts."""
    address = f"{url}/www.linkedin.com/dms-uploads"
    bounds = [(0, 24), (25, 49), (50, 63)]
    parts = [
        {"firstByte": first, "lastByte": last, "uploadUrl": f"{address}/{number}?sig=x%2Fy"}
        for number, (first, last) in enumerate(bounds, 1)
    ]
    value = {"video": "urn:li:video:C5F", "uploadToken": "echo", "uploadInstructions": parts, **more}
    return 200, orjson.dumps({"value": value}), {}


def part(name: str) -> Answer:
    return 200, b"", {"ETag": name}


def state(status: str) -> Answer:
    return 200, orjson.dumps({"id": "urn:li:video:C5F", "status": status}), {}


def everything(url: str) -> list[Answer]:
    return [begun(url), part("/a"), part("/b"), part("/c"), DONE]


def prepare(
    stand_in: Scripted,
    steps: KeptSteps,
    *answers: Answer,
    account: str = PAGE,
    cover: MediaItem | None = None,
    item: MediaItem = ITEM,
    **settings: str,
) -> Any:
    stand_in.forget()
    for status, body, headers in answers:
        stand_in.reply(status, body, headers)
    access = Access(account, SecretStr("member-token"), "cid")
    payload = Payload("linkedin", account, "Hi", media=(item,), cover=cover)
    publisher = posts(stand_in.url, **{"video_min_bytes": "1", **settings})
    return orjson.loads(publisher.prepare(payload, access, steps).body)["content"]


def calls(stand_in: Scripted) -> list[str]:
    return [
        f"{one.method} {one.query.get('action') or ('video' if one.method == 'GET' else one.path.rpartition('/')[2])}"
        for one in stand_in.received
    ]


def test_it_is_begun_sent_in_parts_finished_and_waited_for(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(NotReady) as wait:
        prepare(stand_in, steps, *everything(stand_in.url), state("PROCESSING"))
    assert 0 < wait.value.after_s <= 30
    assert calls(stand_in) == [BEGIN, *PARTS, FINISH, LOOK]
    assert [len(one.body) for one in stand_in.received[1:4]] == [25, 25, 14]
    assert b"".join(one.body for one in stand_in.received[1:4]) == ITEM.sha256.encode()
    assert stand_in.received[1].target.endswith("?sig=x%2Fy")
    finish = orjson.loads(stand_in.received[4].body)["finalizeUploadRequest"]
    assert finish == {"video": "urn:li:video:C5F", "uploadToken": "echo", "uploadedPartIds": ["/a", "/b", "/c"]}
    assert prepare(stand_in, steps, state("AVAILABLE")) == {"media": {"id": "urn:li:video:C5F"}}
    assert calls(stand_in) == [LOOK]


@pytest.mark.parametrize(("sends", "header"), [("false", None), ("true", "Bearer member-token")])
def test_parts_carry_the_token_only_where_the_operator_says_so(
    stand_in: Scripted, sends: str, header: str | None
) -> None:
    prepare(stand_in, KeptSteps(), *everything(stand_in.url), state("AVAILABLE"), video_sends_token=sends)
    assert {one.headers.get("authorization") for one in stand_in.received[1:4]} == {header}


@pytest.mark.parametrize("crashed_at", ["video_part_0", "video_part_1", "video_part_2", "video_whole"])
def test_whoever_goes_on_after_a_crash_sends_no_part_twice(stand_in: Scripted, crashed_at: str) -> None:
    """The process dies right after the network did it and before it is kept; that alone is done once more."""

    class Dying(KeptSteps):
        @override
        def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
            if name == crashed_at and (reference.startswith("=") or name == "video_whole"):
                raise ZeroDivisionError
            super().keep(name, reference, lives_s=lives_s)

    dying = Dying()
    with pytest.raises(ZeroDivisionError):
        prepare(stand_in, dying, *everything(stand_in.url))
    before = calls(stand_in)
    steps = KeptSteps()
    steps.kept = dying.kept
    left = [one for one in PARTS if one not in before[:-1]] if crashed_at != "video_whole" else []
    answers = [part(f"/{one[-1]}") for one in left]
    # A finish that was asked for already is asked about before it is repeated.
    asked = [state("PROCESSING")] if crashed_at == "video_whole" else [DONE]
    prepare(stand_in, steps, *answers, *asked, state("AVAILABLE"))
    assert calls(stand_in) == [*left, *([LOOK] if crashed_at == "video_whole" else [FINISH]), LOOK]


def test_a_lost_finish_that_had_no_effect_is_repeated(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(RetryLater):
        prepare(stand_in, steps, *everything(stand_in.url)[:-1], (503, b"", {}))
    prepare(stand_in, steps, state("WAITING_UPLOAD"), DONE, state("AVAILABLE"))
    assert calls(stand_in) == [LOOK, FINISH, LOOK]


def test_a_turn_that_runs_out_of_time_keeps_what_arrived_and_lets_go(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(NotReady, match="LinkedIn has 1 of the video's 3 parts"):
        prepare(stand_in, steps, *everything(stand_in.url), prepare_timeout_s="0.000001")
    assert calls(stand_in) == [BEGIN, "PUT 1"]
    prepare(stand_in, steps, part("/b"), part("/c"), DONE, state("AVAILABLE"))
    assert calls(stand_in) == ["PUT 2", "PUT 3", FINISH, LOOK]


def test_a_part_that_is_cut_off_after_others_uses_up_no_try(stand_in: Scripted) -> None:
    steps = KeptSteps()
    stand_in.forget()
    for status, body, headers in everything(stand_in.url)[:2]:
        stand_in.reply(status, body, headers)
    stand_in.hang_up(reset=True)
    access, payload = Access(PAGE, SecretStr("t"), "cid"), Payload("linkedin", PAGE, "Hi", media=(ITEM,))
    with pytest.raises(NotReady, match="1 of the video's 3"):
        posts(stand_in.url, video_min_bytes="1").prepare(payload, access, steps)
    stand_in.hang_up(reset=True)
    with pytest.raises(RetryLater):  # nothing arrived this time
        posts(stand_in.url, video_min_bytes="1").prepare(payload, access, steps)


@pytest.mark.parametrize("refused", [(401, b"", {}), (403, b"<html>", {})])
def test_an_address_that_is_over_begins_anew(stand_in: Scripted, refused: Answer) -> None:
    steps = KeptSteps()
    with pytest.raises(RetryLater, match="no longer takes"):
        prepare(stand_in, steps, begun(stand_in.url), part("/a"), refused)
    assert steps.kept == {}
    prepare(stand_in, steps, *everything(stand_in.url), state("AVAILABLE"))
    assert calls(stand_in) == [BEGIN, *PARTS, FINISH, LOOK]


def test_trouble_with_finishing_is_met_once_more_and_then_begun_anew(stand_in: Scripted) -> None:
    """linkedin 5.2 [S]: UPDATING_ASSET_FAILED is a transient failure of LinkedIn's own."""
    steps, trouble = KeptSteps(), (500, error(500, "UPDATING_ASSET_FAILED"), {})
    with pytest.raises(RetryLater):
        prepare(stand_in, steps, *everything(stand_in.url)[:-1], trouble)
    assert steps.get("video") == "urn:li:video:C5F"
    with pytest.raises(RetryLater):
        prepare(stand_in, steps, state("WAITING_UPLOAD"), trouble)
    assert steps.get("video") is None


def test_a_late_finish_begins_anew(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(RetryLater, match="took too long"):
        prepare(stand_in, steps, *everything(stand_in.url)[:-1], (400, error(400, "EXPIRED_UPLOAD_URL"), {}))
    assert steps.kept == {}


def test_a_finish_that_is_refused_begins_anew_once_and_then_asks_a_person(stand_in: Scripted) -> None:
    steps, refused = KeptSteps(), (400, error(400, "INVALID_VALUE_FOR_FIELD"), {})
    with pytest.raises(RetryLater):
        prepare(stand_in, steps, *everything(stand_in.url)[:-1], refused)
    with pytest.raises(Rejected):
        prepare(stand_in, steps, *everything(stand_in.url)[:-1], refused)


def test_a_video_that_cant_be_processed_refuses_the_post(stand_in: Scripted) -> None:
    steps = KeptSteps()
    with pytest.raises(Rejected, match="couldn't process the video") as refused:
        prepare(stand_in, steps, *everything(stand_in.url), state("PROCESSING_FAILED"))
    assert "Export the video again" in refused.value.how_to_fix
    assert steps.get("video") is None


@pytest.mark.parametrize("lost", [state("WAITING_UPLOAD"), (404, error(404, "NOT_FOUND"), {})])
def test_a_video_that_linkedin_lost_is_begun_anew_but_not_at_once(stand_in: Scripted, lost: Answer) -> None:
    steps = KeptSteps()
    with pytest.raises(NotReady):
        prepare(stand_in, steps, *everything(stand_in.url), state("PROCESSING"))
    with pytest.raises(NotReady):
        prepare(stand_in, steps, lost)
    steps.kept["video_whole"] = str(int(steps.kept["video_whole"]) - 120)
    with pytest.raises(RetryLater, match="doesn't have the video any more"):
        prepare(stand_in, steps, lost)
    assert steps.get("video") is None


def test_a_members_video_waits_once_and_is_posted_unseen(stand_in: Scripted) -> None:
    """Nobody may ask; the post itself is refused while LinkedIn isn't done (linkedin 5.2)."""
    steps = KeptSteps()
    with pytest.raises(NotReady) as wait:
        prepare(stand_in, steps, *everything(stand_in.url), account=MEMBER)
    assert wait.value.after_s == 15
    assert prepare(stand_in, steps, account=MEMBER) == {"media": {"id": "urn:li:video:C5F"}}
    assert calls(stand_in) == []
    allowed = KeptSteps()
    prepare(stand_in, allowed, *everything(stand_in.url), state("AVAILABLE"), account=MEMBER, member_states="true")


def test_a_cover_is_asked_for_and_sent_once(stand_in: Scripted) -> None:
    steps, thumbnail = KeptSteps(), f"{stand_in.url}/www.linkedin.com/dms-uploads/t"
    answers = everything(stand_in.url)
    answers[0] = begun(stand_in.url, thumbnailUploadUrl=thumbnail)
    with pytest.raises(RetryLater):
        prepare(stand_in, steps, *answers[:-1], DONE, (503, b"", {}), cover=COVER)
    assert calls(stand_in) == [BEGIN, *PARTS, "PUT t", FINISH]
    sent = stand_in.received[4]
    assert (sent.headers["media-type-family"], sent.headers["content-type"]) == ("STILLIMAGE", "image/png")
    assert sent.body == COVER.sha256.encode()
    prepare(stand_in, steps, state("WAITING_UPLOAD"), DONE, state("AVAILABLE"), cover=COVER)
    assert calls(stand_in) == [LOOK, FINISH, LOOK]


def test_a_cover_that_linkedin_gives_no_place_for_is_a_persons_to_remove(stand_in: Scripted) -> None:
    with pytest.raises(Rejected, match="takes no cover"):
        prepare(stand_in, KeptSteps(), begun(stand_in.url), cover=COVER)


@pytest.mark.parametrize(
    "more",
    [
        {"video": "urn:li:image:C5F"},
        {"uploadInstructions": []},
        {"uploadInstructions": None},
        {"uploadToken": 7},
        {"uploadToken": "x" * 2_000},
        {"uploadInstructions": [{"firstByte": 0, "lastByte": 63, "uploadUrl": "https://elsewhere.example/x"}]},
        {"uploadInstructions": [{"firstByte": 0, "lastByte": 63, "uploadUrl": "javascript:1"}]},
        {"uploadInstructions": [{"firstByte": 0, "lastByte": 62, "uploadUrl": "%HERE%"}]},
        {"uploadInstructions": [{"firstByte": 1, "lastByte": 63, "uploadUrl": "%HERE%"}]},
        {"uploadInstructions": [{"firstByte": 0, "lastByte": 64, "uploadUrl": "%HERE%"}]},
        {"uploadInstructions": [{"firstByte": 0, "lastByte": -1, "uploadUrl": "%HERE%"}] * 3},
        {"uploadInstructions": [{"firstByte": True, "lastByte": 63, "uploadUrl": "%HERE%"}]},
    ],
)
def test_a_beginning_that_says_not_clearly_what_goes_where_sends_nothing(
    stand_in: Scripted, more: dict[str, Any]
) -> None:
    """Neither bytes nor a token go to another host than the setting's."""
    status, body, headers = begun(stand_in.url, **more)
    body = body.replace(b"%HERE%", f"{stand_in.url}/www.linkedin.com/dms-uploads/1".encode())
    steps = KeptSteps()
    with pytest.raises(RetryLater, match="where to send the video"):
        prepare(stand_in, steps, (status, body, headers))
    assert calls(stand_in) == [BEGIN]
    assert steps.kept == {}


@pytest.mark.parametrize("etag", ["", '""', "x" * 2_000])
def test_a_part_without_a_name_isnt_taken_for_sent(stand_in: Scripted, etag: str) -> None:
    steps = KeptSteps()
    with pytest.raises(RetryLater, match="didn't name it"):
        prepare(stand_in, steps, begun(stand_in.url), (200, b"", {"ETag": etag} if etag else {}))
    assert not steps.kept["video_part_0"].startswith("=")


def test_a_large_video_is_never_whole_in_memory(stand_in: Scripted) -> None:
    size = 48 * 1024 * 1024
    bounds = [(first, min(first + 4_194_304, size) - 1) for first in range(0, size, 4_194_304)]
    parts = [
        {"firstByte": a, "lastByte": b, "uploadUrl": f"{stand_in.url}/www.linkedin.com/dms-uploads/{a}"}
        for a, b in bounds
    ]

    class Sparse(BytesIO):
        """So many zeros, made while they are read."""

        at = 0

        @override
        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset
            return offset

        @override
        def read(self, count: int | None = -1) -> bytes:
            assert count is not None
            assert 0 < count <= 1_048_576
            self.at += count
            return bytes(count)

    class Large(KeptSteps):
        @override
        def open(self, item: MediaItem) -> BinaryIO:
            return Sparse()

    item = MediaItem("ab" * 32, "video/mp4", 1920, 1080, size, duration_ms=9000, codec="h264", audio_codec="aac")
    etags = [part(f"/{number}") for number in range(len(bounds))]
    received = stand_in.received
    tracemalloc.start()
    try:
        prepare(
            stand_in,
            Large(),
            begun(stand_in.url, uploadInstructions=parts),
            *etags,
            DONE,
            state("AVAILABLE"),
            item=item,
        )
        kept = sum(len(one.body) for one in received)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [len(one.body) for one in received[1:-2]] == [b - a + 1 for a, b in bounds]
    assert peak < kept + 16 * 1024 * 1024  # what the stand-in keeps, and a part on its way


@pytest.mark.parametrize("failed", [(503, b"", {}), (200, b"<html>", {}), (200, b"", {})])
def test_a_beginning_that_fails_keeps_nothing(stand_in: Scripted, failed: Answer) -> None:
    steps = KeptSteps()
    with pytest.raises(ProviderFailure):
        prepare(stand_in, steps, failed)
    assert steps.kept == {}
