"""Reels and video containers: by address and by bytes, covers, what fails and how (meta 5.1 to 5.4, 5.7, 10.4)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.factories.videos import MOV, video
from tests.sandbox.driver import Box, Instagram, error
from tests.sandbox.shelf import Shelf, picture
from tests.sandbox.videos import REEL, local, look, process

DAY_S = 86_400


@pytest.fixture
def changed(box: Box) -> Iterator[Box]:
    """Options that a test may change; all are as before afterwards."""
    before = box.control("options")["meta"]
    yield box
    box.control("options", {"provider": "meta", "options": before})


def make(box: Box, account: Instagram, **parameters: Any) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media", account.page.token, **parameters)


def reel(box: Box, account: Instagram, shelf: Shelf, content: bytes = REEL, **parameters: Any) -> str:
    answer = make(box, account, media_type="REELS", video_url=shelf.put(content), **parameters)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def state(box: Box, account: Instagram, container: str) -> tuple[str, str]:
    told = look(box, account.page, container, "status_code,status")
    return told["status_code"], told["status"]


def publish(box: Box, account: Instagram, container: str) -> httpx.Response:
    return box.graph("POST", f"{account.id}/media_publish", account.page.token, creation_id=container)


def send(account: Instagram, box: Box, uri: str, content: bytes, **headers: str) -> httpx.Response:
    given = {"Authorization": f"OAuth {account.page.token}", "offset": "0", "file_size": str(len(content))}
    return box.http.post(local(uri), content=content, headers={**given, **headers})


def test_a_reel_is_processed_and_then_published(box: Box, account: Instagram, shelf: Shelf) -> None:
    container = reel(box, account, shelf, caption="Watch")
    assert state(box, account, container)[0] == "IN_PROGRESS"
    assert error(publish(box, account, container)) == (9007, 2207027)
    process(box)
    assert state(box, account, container)[0] == "FINISHED"
    media_id = publish(box, account, container).json()["id"]
    assert state(box, account, container)[0] == "PUBLISHED"
    [post] = box.posts(account.id)
    digest = hashlib.sha256(REEL).hexdigest()
    assert post.items() >= {"id": media_id, "kind": "reel", "text": "Watch"}.items()
    assert post["media"] == [{"kind": "video", "sha256": digest}]
    fields = "media_type,media_product_type,permalink,shortcode,media_url,thumbnail_url,is_shared_to_feed"
    read = look(box, account.page, media_id, fields)
    assert (read["media_type"], read["media_product_type"], read["is_shared_to_feed"]) == ("VIDEO", "REELS", True)
    assert read["permalink"].endswith(f"/www.instagram.com/reel/{read['shortcode']}/")
    assert box.http.get(local(read["media_url"]), follow_redirects=True).content == REEL
    html = box.http.get(local(read["permalink"])).text
    assert "Watch" in html
    assert f'src="/videos/{digest}"' in html
    listed = look(box, account.page, f"{account.id}/media", "id,media_product_type")["data"]
    assert [each["id"] for each in listed] == [media_id]


def test_a_cover_is_a_jpeg_of_any_shape(box: Box, account: Instagram, shelf: Shelf) -> None:
    cover = picture(720, 1280)
    container = reel(box, account, shelf, cover_url=shelf.put(cover), share_to_feed="false")
    process(box)
    media_id = publish(box, account, container).json()["id"]
    read = look(box, account.page, media_id, "thumbnail_url,is_shared_to_feed")
    assert read["is_shared_to_feed"] is False
    assert box.http.get(local(read["thumbnail_url"])).content == cover
    url = shelf.put(REEL)
    for content, expected in (
        (picture(kind="PNG"), (36001, 2207005)),
        (b"no picture", (9004, 2207052)),
        (picture() + bytes(8 * 1024 * 1024), (36000, 2207004)),
    ):
        answer = make(box, account, media_type="REELS", video_url=url, cover_url=shelf.put(content))
        assert error(answer) == expected


@pytest.mark.expects_refusal
@pytest.mark.parametrize(("offset", "expected"), [("-1", (1, 2207057)), ("soon", (100, None))])
def test_a_wrong_place_of_the_cover(
    box: Box, account: Instagram, shelf: Shelf, offset: str, expected: tuple[int, int | None]
) -> None:
    answer = make(box, account, media_type="REELS", video_url=shelf.put(REEL), thumb_offset=offset)
    assert (answer.status_code, error(answer)) == (400, expected)


def test_a_cover_beyond_the_end_is_told_when_the_video_is_known(box: Box, account: Instagram, shelf: Shelf) -> None:
    good, late = (reel(box, account, shelf, thumb_offset=ms) for ms in (9_999, 10_001))
    process(box)
    assert state(box, account, good)[0] == "FINISHED"
    assert state(box, account, late) == ("ERROR", "Error: Media upload has failed with error code 2207057")


@pytest.mark.parametrize(
    ("content", "subcode"),
    [
        (video(2.9), 2207026),
        (video(15 * 60 + 1), 2207026),
        (video(10, codec="vp09"), 2207026),
        (video(10, chroma=444), 2207026),
        (video(10, (1921, 1080)), 2207026),
        (video(10, (1920, 190)), 2207026),
        (video(10, fps=22), 2207026),
        (video(10, fps=61), 2207026),
        (video(10, audio="ac-3"), 2207026),
        (video(10, channels=6), 2207026),
        (video(10, moov_first=False), 2207026),
        (video(10, edit_list=True), 2207026),
        (video(3, bytes_at_least=10_000_000), 2207026),
        (b"no video" * 100, 2207026),
    ],
    ids=[
        "short",
        "long",
        "codec",
        "chroma",
        "columns",
        "ratio",
        "slow",
        "fast",
        "sound",
        "channels",
        "moov last",
        "edit list",
        "bits",
        "text",
    ],
)
def test_a_video_that_instagram_refuses_ends_as_error(
    box: Box, account: Instagram, shelf: Shelf, content: bytes, subcode: int
) -> None:
    container = reel(box, account, shelf, content)
    process(box)
    assert state(box, account, container) == ("ERROR", f"Error: Media upload has failed with error code {subcode}")
    assert error(publish(box, account, container)) == (24, 2207008)


@pytest.mark.parametrize(
    "content",
    [
        video(3),
        video(15 * 60),
        video(10, codec="hev1"),
        video(10, (1920, 1080)),
        video(10, (1900, 190)),
        video(10, fps=59.94),
        video(10, audio=None),
        video(10, brand=MOV),
    ],
)
def test_a_video_at_the_edge_is_taken(box: Box, account: Instagram, shelf: Shelf, content: bytes) -> None:
    container = reel(box, account, shelf, content)
    process(box)
    assert state(box, account, container)[0] == "FINISHED"


def test_a_video_that_cant_be_fetched_ends_as_error(changed: Box, account: Instagram, shelf: Shelf) -> None:
    gone = make(changed, account, media_type="REELS", video_url=shelf.put(status=404)).json()["id"]
    assert state(changed, account, gone) == ("ERROR", "Error: Media upload has failed with error code 2207077")
    changed.control("options", {"provider": "meta", "options": {"fetch_within_s": 0.3}})
    late = make(changed, account, media_type="REELS", video_url=shelf.put(REEL, wait_s=0.8)).json()["id"]
    assert state(changed, account, late) == ("ERROR", "Error: Media upload has failed with error code 2207003")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"media_type": "REELS"}, (100, None)),
        ({"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "upload_type": "resumable"}, (100, None)),
        ({"media_type": "REELS", "upload_type": "magic"}, (100, None)),
        ({"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "alt_text": "m"}, (100, None)),
        ({"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "is_carousel_item": "true"}, (100, None)),
        ({"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "caption": "x" * 2_201}, (36004, 2207010)),
        (
            {"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "user_tags": '[{"username":"a","x":0,"y":0}]'},
            (100, None),
        ),
        ({"media_type": "REELS", "video_url": "http://127.0.0.1:1/", "trial_params": "{}"}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "user_tags": '[{"username":"a"}]'}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "user_tags": '[{"username":"a","x":1.1,"y":0}]'}, (100, None)),
        ({"image_url": "http://127.0.0.1:1/", "thumb_offset": "1"}, (100, None)),
    ],
)
def test_what_is_refused_before_anything_is_fetched(
    box: Box, account: Instagram, parameters: dict[str, str], expected: tuple[int, int | None]
) -> None:
    assert error(make(box, account, **parameters)) == expected


def test_people_can_be_tagged_and_asked_along(box: Box, account: Instagram, shelf: Shelf) -> None:
    people = {"user_tags": json.dumps([{"username": "a"}]), "collaborators": '["b","c","d"]'}
    assert reel(box, account, shelf, **people)
    placed = json.dumps([{"username": "a", "x": 0.5, "y": 0.8}])
    assert make(box, account, image_url=shelf.put(), user_tags=placed, collaborators='["b"]').is_success


# By bytes


def resumable(box: Box, account: Instagram, **parameters: Any) -> tuple[str, str]:
    told = make(box, account, media_type="REELS", upload_type="resumable", **parameters).json()
    assert re.search(rf"/rupload\.facebook\.com/ig-api-upload/v26\.0/{told['id']}$", told["uri"])
    return told["id"], told["uri"]


def test_bytes_become_a_reel(box: Box, account: Instagram) -> None:
    container, uri = resumable(box, account, caption="Sent")
    assert state(box, account, container)[0] == "IN_PROGRESS"
    assert send(account, box, uri, REEL).json() == {"success": True, "message": "Upload successful."}
    told = look(box, account.page, container, "video_status,copyright_check_status")
    assert told["video_status"] == {
        "uploading_phase": {"status": "complete", "bytes_transferred": len(REEL)},
        "processing_phase": {"status": "in_progress"},
    }
    process(box)
    assert look(box, account.page, container, "video_status")["video_status"]["processing_phase"] == {
        "status": "complete"
    }
    assert publish(box, account, container).is_success
    assert box.posts(account.id)[0]["media"][0]["sha256"] == hashlib.sha256(REEL).hexdigest()


def test_interrupted_bytes_go_on_where_they_were(box: Box, account: Instagram) -> None:
    container, uri = resumable(box, account)
    half = len(REEL) // 2
    answer = send(account, box, uri, REEL[:half], file_size=str(len(REEL)))
    assert answer.json()["debug_info"]["type"] == "PartialRequestError"
    phase = look(box, account.page, container, "video_status")["video_status"]["uploading_phase"]
    assert phase == {"status": "in_progress", "bytes_transferred": half}
    answer = send(account, box, uri, REEL[half:], offset=str(half), file_size=str(len(REEL)))
    assert answer.json()["success"] is True


def test_bytes_that_are_no_video_fail_with_json_in_the_message(box: Box, account: Instagram) -> None:
    container, uri = resumable(box, account)
    problem = send(account, box, uri, b"no video" * 100).json()["debug_info"]
    assert (problem["type"], problem["retriable"]) == ("ProcessingFailedError", False)
    assert json.loads(problem["message"])["success"] is False
    process(box)
    assert state(box, account, container)[0] == "ERROR"


def test_bytes_may_be_fetched_from_an_address(box: Box, account: Instagram, shelf: Shelf) -> None:
    container, uri = resumable(box, account)
    headers = {"Authorization": f"OAuth {account.page.token}", "file_url": shelf.put(REEL)}
    assert box.http.post(local(uri), headers=headers).json()["success"] is True
    process(box)
    assert publish(box, account, container).is_success


def test_only_a_container_that_waits_for_bytes_takes_them(box: Box, account: Instagram, shelf: Shelf) -> None:
    container, uri = resumable(box, account)
    other = box.new_instagram()[0]
    assert send(other, box, uri, REEL).status_code == 404
    fetched = reel(box, account, shelf)
    assert send(account, box, uri.replace(container, fetched), REEL).status_code == 404
    box.control("clock", {"advance_s": DAY_S + 1})
    assert send(account, box, uri, REEL).status_code == 404


# Faults


@pytest.mark.parametrize("at", ["container", "bytes"])
def test_a_slow_container_takes_reads_after_its_bytes(box: Box, account: Instagram, at: str) -> None:
    route = f"POST /graph.facebook.com/*/{account.id}/media" if at == "container" else "POST /rupload.facebook.com/*"
    box.fault(route, "slow_container", times=1, args={"polls": 2})
    container, uri = resumable(box, account)
    assert state(box, account, container)[0] == "IN_PROGRESS"
    send(account, box, uri, REEL)
    process(box)
    assert [state(box, account, container)[0] for _ in range(3)] == ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"]


def test_a_container_of_a_video_can_fail(box: Box, account: Instagram, shelf: Shelf) -> None:
    box.fault(f"POST /graph.facebook.com/*/{account.id}/media", "container_error", times=1, args={"subcode": 2207085})
    container = reel(box, account, shelf)
    process(box)
    assert state(box, account, container) == ("ERROR", "Error: Media upload has failed with error code 2207085")


def test_bytes_whose_answer_is_lost_are_there(box: Box, account: Instagram) -> None:
    container, uri = resumable(box, account)
    box.fault("POST /rupload.facebook.com/*", "reset_after", times=1)
    with pytest.raises(httpx.ReadError):
        send(account, box, uri, REEL)
    process(box)
    assert state(box, account, container)[0] == "FINISHED"
