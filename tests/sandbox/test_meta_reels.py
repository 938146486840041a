"""Reels of a Page: start, upload, finish, status, limits (meta 4.6, 6; PRODUCT 8)."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.factories.videos import MOV, video
from tests.sandbox.driver import Box, Page, error
from tests.sandbox.shelf import Shelf
from tests.sandbox.videos import REEL, finish, local, look, process, publish_reel, send, start, status, uploaded

DAY_S = 86_400


def on_reels(page: Page) -> str:
    return f"POST /graph.facebook.com/*/{page.id}/video_reels"


@pytest.fixture
def changed(box: Box) -> Iterator[Box]:
    """Options that a test may change; all are as before afterwards."""
    before = box.control("options")["meta"]
    yield box
    box.control("options", {"provider": "meta", "options": before})


def option(box: Box, **options: Any) -> None:
    box.control("options", {"provider": "meta", "options": options})


def test_a_reel_is_public_when_it_is_processed_and_not_before(box: Box, page: Page) -> None:
    told = start(box, page)
    assert re.search(r"/rupload\.facebook\.com/video-upload/v26\.0/\d+$", told["upload_url"])
    assert status(box, page, told["video_id"])["video_status"] == "uploading"
    assert send(box, page, told["upload_url"], REEL).json() == {"success": True}
    assert finish(box, page, told["video_id"], title="T").json() == {"success": True}
    seen = status(box, page, told["video_id"])
    assert (seen["video_status"], seen["processing_phase"]) == ("processing", {"status": "in_progress"})
    assert seen["publishing_phase"]["publish_status"] == "not_published"
    assert box.posts(page.id) == []
    process(box)
    [post] = box.posts(page.id)
    digest = hashlib.sha256(REEL).hexdigest()
    assert post.items() >= {"kind": "reel", "text": "A reel", "media": [{"kind": "video", "sha256": digest}]}.items()
    read = look(box, page, told["video_id"], "status,published,post_id,permalink_url,length,title,description,source")
    assert (read["published"], read["post_id"], read["length"]) == (True, post["id"], 10)
    assert (read["title"], read["description"]) == ("T", "A reel")
    assert read["status"]["video_status"] == "ready"
    assert read["status"]["publishing_phase"].items() >= {"status": "complete", "publish_status": "published"}.items()
    assert read["permalink_url"].endswith(f"/www.facebook.com/reel/{told['video_id']}")
    assert box.http.get(local(read["source"]), follow_redirects=True).content == REEL


def test_the_status_has_the_shape_of_the_captures_or_of_the_documentation(changed: Box, page: Page) -> None:
    video_id = publish_reel(changed, page)
    process(changed)
    seen = status(changed, page, video_id)
    size = len(REEL)
    assert seen["uploading_phase"] == {"status": "complete", "bytes_transferred": size, "source_file_size": size}
    option(changed, status_words="docs")
    seen = status(changed, page, video_id)
    assert seen["uploading_phase"] == {"status": "completed", "bytes_transfered": size, "source_file_size": size}


def test_a_reel_is_read_back_in_the_lists_of_the_page(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page)
    assert look(box, page, f"{page.id}/video_reels", "id")["data"] == []
    process(box)
    [listed] = look(box, page, f"{page.id}/video_reels", "id,description,created_time,permalink_url,post_id")["data"]
    assert (listed["id"], listed["description"]) == (video_id, "A reel")
    fields = "id,message,status_type,permalink_url,attachments{media_type,target,media,url}"
    [post] = look(box, page, f"{page.id}/published_posts", fields)["data"]
    assert (post["id"], post["message"], post["status_type"]) == (listed["post_id"], "A reel", "added_video")
    [attached] = post["attachments"]["data"]
    assert (attached["media_type"], attached["target"]["id"]) == ("video", video_id)
    assert post["permalink_url"] == listed["permalink_url"]
    assert look(box, page, f"{page.id}/scheduled_posts", "id")["data"] == []


def test_followers_see_a_reel_with_its_video(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page, description="<b>Watch</b>")
    link = look(box, page, video_id, "permalink_url")["permalink_url"]
    assert box.http.get(local(link)).status_code == 404
    process(box)
    for path in (local(link), f"/?account={page.id}"):
        html = box.http.get(path).text
        assert "&lt;b&gt;Watch&lt;/b&gt;" in html
        assert "· Reel ·" in html
        [source] = re.findall(r'<video class="picture" src="([^"]+)"', html)
        part = box.http.get(source, headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content, part.headers["content-type"]) == (206, REEL[:4], "video/mp4")


def test_an_interrupted_upload_goes_on_where_it_was(box: Box, page: Page) -> None:
    told, half = start(box, page), len(REEL) // 2
    answer = send(box, page, told["upload_url"], REEL[:half], size=len(REEL))
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (400, "PartialRequestError")
    assert answer.json()["debug_info"]["retriable"] is True
    phase = status(box, page, told["video_id"])["uploading_phase"]
    assert phase == {"status": "in_progress", "bytes_transferred": half, "source_file_size": len(REEL)}
    wrong = send(box, page, told["upload_url"], REEL)
    assert wrong.json()["debug_info"]["type"] == "OffsetInvalidError"
    assert error(finish(box, page, told["video_id"])) == (6001, None)
    assert send(box, page, told["upload_url"], REEL[half:], offset=half).json() == {"success": True}
    assert finish(box, page, told["video_id"]).is_success


def test_an_upload_outlives_kill_9(own_box: Box) -> None:
    page = own_box.new_pages()[0]
    told, half = start(own_box, page), len(REEL) // 2
    send(own_box, page, told["upload_url"], REEL[:half], size=len(REEL))
    own_box.process.kill()
    own_box.process.wait()
    own_box.start()
    assert send(own_box, page, told["upload_url"], REEL[half:], offset=half).json() == {"success": True}
    finish(own_box, page, told["video_id"])
    process(own_box)
    assert own_box.posts(page.id)[0]["media"][0]["sha256"] == hashlib.sha256(REEL).hexdigest()


def test_a_video_is_uploaded_once(box: Box, page: Page) -> None:
    told = start(box, page)
    assert send(box, page, told["upload_url"], REEL).is_success
    again = send(box, page, told["upload_url"], REEL)
    assert again.json()["debug_info"]["type"] == "OffsetInvalidError"


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"offset": "none"}, "Header Offset not convertable to unsigned long"),
        ({"offset": "-1"}, "Header Offset not convertable to unsigned long"),
        ({"file_size": "x"}, "Header File_Size not convertable to unsigned long"),
        ({"file_size": "5"}, "Header File_size is smaller than what came"),
    ],
)
def test_wrong_headers_are_a_bug_of_the_client(box: Box, page: Page, headers: dict[str, str], words: str) -> None:
    told = start(box, page)
    answer = send(box, page, told["upload_url"], REEL, headers=headers)
    problem = answer.json()["debug_info"]
    assert (problem["type"], problem["message"]) == ("ParameterValidationError", f"HeaderValuePredicate: {words}")
    assert box.last_request(told["video_id"])["kind"] == "protocol"


@pytest.mark.expects_refusal
def test_the_bytes_need_the_pages_token_after_the_word_oauth(box: Box, page: Page) -> None:
    told, other = start(box, page), box.new_pages()[0]
    answer = send(box, page, told["upload_url"], REEL, headers={"Authorization": f"Bearer {page.token}"})
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (401, "NotAuthorizedError")
    assert box.last_request(told["video_id"])["kind"] == "protocol"
    assert send(box, other, told["upload_url"], REEL).status_code == 404
    assert box.http.get(local(told["upload_url"])).status_code == 404


def test_a_hosted_file_is_fetched(box: Box, page: Page, shelf: Shelf) -> None:
    told = start(box, page)
    headers = {"Authorization": f"OAuth {page.token}", "file_url": shelf.put(REEL)}
    assert box.http.post(local(told["upload_url"]), headers=headers).json() == {"success": True}
    finish(box, page, told["video_id"])
    process(box)
    assert box.posts(page.id)[0]["media"][0]["sha256"] == hashlib.sha256(REEL).hexdigest()


@pytest.mark.expects_refusal
def test_a_hosted_file_that_cant_be_fetched(box: Box, page: Page, shelf: Shelf) -> None:
    told = start(box, page)
    for url, retriable in ((shelf.put(status=404), True), ("https://scontent.xx.fbcdn.net/x.mp4", False)):
        answer = box.http.post(
            local(told["upload_url"]), headers={"Authorization": f"OAuth {page.token}", "file_url": url}
        )
        problem = answer.json()["debug_info"]
        assert (problem["type"], problem["retriable"]) == ("ProcessingFailedError", retriable)
    assert send(box, page, told["upload_url"], REEL).json() == {"success": True}


def test_a_host_may_keep_the_network_out(box: Box, page: Page, shelf: Shelf) -> None:
    told, url = start(box, page), shelf.put(REEL)
    headers = {"Authorization": f"OAuth {page.token}", "file_url": url}
    shelf.items["/robots.txt"] = (200, b"User-agent: facebookexternalhit\nDisallow: /\n", 0.0)
    try:
        answer = box.http.post(local(told["upload_url"]), headers=headers)
        assert "robots.txt" in answer.json()["debug_info"]["message"]
    finally:
        del shelf.items["/robots.txt"]
    assert box.http.post(local(told["upload_url"]), headers=headers).json() == {"success": True}


def test_what_is_no_video_fails_when_it_is_uploaded(box: Box, page: Page) -> None:
    told = start(box, page)
    answer = send(box, page, told["upload_url"], b"no video" * 100)
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (400, "ProcessingFailedError")
    process(box)
    assert status(box, page, told["video_id"])["video_status"] == "error"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (video(2.9), 1363025),
        (video(90.5), 1363026),
        (video(10, (1920, 1080)), 1363024),
        (video(10, (480, 854)), 1363024),
        (video(10, codec="mp4v"), 1363024),
        (video(10, chroma=422), 1363024),
        (video(10, fps=20), 1363024),
        (video(10, fps=61), 1363024),
        (video(10, audio="ac-3"), 1363024),
        (video(10, sample_rate=64_000), 1363024),
    ],
    ids=["short", "long", "wide", "small", "codec", "chroma", "slow", "fast", "sound", "sample rate"],
)
def test_a_video_that_reels_dont_take_ends_as_error(box: Box, page: Page, content: bytes, code: int) -> None:
    video_id = publish_reel(box, page, content)
    process(box)
    seen = status(box, page, video_id)
    assert seen["video_status"] == "error"
    assert [each["code"] for each in seen["processing_phase"]["errors"]] == [code]
    assert seen["publishing_phase"] == {"status": "error", "publish_status": "error"}
    assert box.posts(page.id) == []


@pytest.mark.parametrize(
    "content",
    [
        video(3),
        video(90),
        video(10, (540, 960)),
        video(10, codec="hvc1"),
        video(10, codec="vp09"),
        video(10, fps=23.976),
        video(10, brand=MOV),
        video(10, audio=None),
        video(10, moov_first=False, edit_list=True),
        video(10, (1920, 1080), turned=True),
    ],
    ids=["short", "long", "small", "hevc", "vp9", "film", "mov", "silent", "layout", "filmed on its side"],
)
def test_a_video_at_the_edge_is_taken(box: Box, page: Page, content: bytes) -> None:
    publish_reel(box, page, content)
    process(box)
    assert len(box.posts(page.id)) == 1


def test_the_words_of_a_failure_can_be_those_of_the_documentation(changed: Box, page: Page) -> None:
    option(changed, status_words="docs")
    video_id = publish_reel(changed, page, video(1))
    process(changed)
    assert status(changed, page, video_id)["processing_phase"]["error"] == {"message": "The video is too short."}


def test_every_shape_is_taken_when_the_world_is_asked_to(changed: Box, page: Page) -> None:
    option(changed, strict_reels=False)
    publish_reel(changed, page, video(10, (1920, 1080)))
    process(changed)
    assert len(changed.posts(page.id)) == 1


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"video_state": "PUBLIC"}, (100, None)),
        ({"video_state": "SCHEDULED"}, (100, None)),
        ({"scheduled_publish_time": int(time.time()) + 3_600}, (100, None)),
        ({"video_state": "SCHEDULED", "scheduled_publish_time": int(time.time()) + 300}, (100, None)),
        ({"video_state": "SCHEDULED", "scheduled_publish_time": int(time.time()) + 30 * DAY_S}, (100, None)),
        ({"description": "x" * 63_207}, (100, None)),
        ({"surprise": "1"}, (100, None)),
    ],
)
def test_what_a_reel_cant_be_finished_with(
    box: Box, page: Page, parameters: dict[str, Any], expected: tuple[int, int | None]
) -> None:
    assert error(finish(box, page, uploaded(box, page), **parameters)) == expected


def test_a_reel_can_be_scheduled(box: Box, page: Page) -> None:
    at = int(time.time()) + 3_600
    video_id = publish_reel(box, page, video_state="SCHEDULED", scheduled_publish_time=at)
    process(box)
    seen = status(box, page, video_id)
    assert (seen["video_status"], seen["publishing_phase"]["publish_status"]) == ("ready", "scheduled")
    assert len(look(box, page, f"{page.id}/scheduled_posts", "id")["data"]) == 1
    assert box.posts(page.id) == []
    box.control("clock", {"advance_s": 3_600})
    assert len(box.posts(page.id)) == 1


def test_a_draft_is_published_when_somebody_says_so(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page, video_state="DRAFT")
    process(box)
    assert status(box, page, video_id)["publishing_phase"]["publish_status"] == "draft"
    assert box.posts(page.id) == []
    assert box.graph("POST", video_id, page.token, published="true").json() == {"success": True}
    assert len(box.posts(page.id)) == 1


def test_a_reel_is_finished_once(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page)
    assert error(finish(box, page, video_id)) == (100, 1366051)
    process(box)
    assert len(box.posts(page.id)) == 1


def test_a_reel_of_somebody_else_is_as_if_it_were_not_there(box: Box, page: Page) -> None:
    video_id, other = uploaded(box, page), box.new_pages()[0]
    assert error(finish(box, other, video_id)) == (100, 33)
    assert error(finish(box, page, video_id, "video_stories")) == (100, 33)
    assert error(finish(box, page, "122300999999999999")) == (100, 33)


def test_what_was_never_finished_expires(box: Box, page: Page) -> None:
    told = start(box, page)
    box.control("clock", {"advance_s": DAY_S + 1})
    assert status(box, page, told["video_id"])["video_status"] == "expired"
    assert send(box, page, told["upload_url"], REEL).status_code == 404
    assert error(finish(box, page, told["video_id"])) == (100, 33)


def test_a_page_publishes_thirty_reels_a_day(changed: Box, page: Page) -> None:
    assert changed.control("options")["meta"]["reels_a_day"] == "30"
    option(changed, reels_a_day=2)
    waiting = [uploaded(changed, page) for _ in range(3)]
    assert [finish(changed, page, each).status_code for each in waiting] == [200, 200, 400]
    answer = changed.graph("POST", f"{page.id}/video_reels", page.token, upload_phase="start")
    assert error(answer) == (613, None)
    changed.control("clock", {"advance_s": DAY_S + 1})
    assert changed.graph("POST", f"{page.id}/video_reels", page.token, upload_phase="start").is_success


def test_finishing_may_tell_the_post(changed: Box, page: Page) -> None:
    option(changed, reel_post_id=True)
    told = finish(changed, page, uploaded(changed, page)).json()
    process(changed)
    assert told == {"success": True, "post_id": changed.posts(page.id)[0]["id"]}


def test_how_long_processing_takes_can_be_set(changed: Box, page: Page) -> None:
    option(changed, video_processing_s=0)
    publish_reel(changed, page)
    assert len(changed.posts(page.id)) == 1


@pytest.mark.expects_refusal
def test_reels_need_the_pages_token_and_its_permissions(box: Box) -> None:
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    token = box.user_token(person)
    assert error(box.graph("POST", f"{page.id}/video_reels", token, upload_phase="start")) == (210, None)
    box.graph("DELETE", "me/permissions/pages_manage_posts", token)
    assert error(box.graph("POST", f"{page.id}/video_reels", page.token, upload_phase="start")) == (200, None)


def test_a_reel_is_edited_and_deleted(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page)
    process(box)
    assert box.graph("POST", video_id, page.token, description="Better", name="N").json() == {"success": True}
    assert (box.posts(page.id)[0]["text"], look(box, page, video_id, "title")["title"]) == ("Better", "N")
    assert box.graph("DELETE", video_id, page.token).json() == {"success": True}
    assert box.posts(page.id)[0]["deleted_at"] is not None
    assert error(box.graph("GET", video_id, page.token)) == (100, 33)
    assert error(box.graph("DELETE", video_id, page.token)) == (100, 33)


@pytest.mark.expects_refusal
def test_another_page_is_asked_along(box: Box, page: Page) -> None:
    video_id, other = publish_reel(box, page), box.new_pages()[0]
    path = f"{video_id}/collaborators"
    assert box.graph("POST", path, page.token, target_id=other.id).json() == {"success": True}
    assert error(box.graph("POST", path, page.token, target_id="1")) == (100, 33)
    assert error(box.graph("POST", path, page.token)) == (100, None)


def test_deleting_the_post_of_a_reel_deletes_the_reel(box: Box, page: Page) -> None:
    video_id = publish_reel(box, page)
    process(box)
    assert box.graph("DELETE", box.posts(page.id)[0]["id"], page.token).json() == {"success": True}
    assert error(box.graph("GET", video_id, page.token)) == (100, 33)
    assert look(box, page, f"{page.id}/video_reels", "id")["data"] == []


def test_bytes_that_were_lost_come_again_from_the_beginning(own_box: Box) -> None:
    page = own_box.new_pages()[0]
    told, half = start(own_box, page), len(REEL) // 2
    send(own_box, page, told["upload_url"], REEL[:half], size=len(REEL))
    [part] = (own_box.data / "sandbox-videos").glob("*.part")
    part.unlink()
    answer = send(own_box, page, told["upload_url"], REEL[half:], offset=half)
    assert not answer.is_success
    assert send(own_box, page, told["upload_url"], REEL).json() == {"success": True}


# Faults


@pytest.mark.parametrize(
    ("mode", "live"), [("error_before", 0), ("reset_before", 0), ("error_after", 1), ("reset_after", 1)]
)
def test_faults_meet_the_finish(box: Box, page: Page, mode: str, live: int) -> None:
    video_id = uploaded(box, page)
    box.fault(on_reels(page), mode, times=1)
    if mode.startswith("reset"):
        with pytest.raises(httpx.ReadError):
            finish(box, page, video_id)
    else:
        assert error(finish(box, page, video_id)) == (2, None)
    process(box)
    assert len(box.posts(page.id)) == live
    assert look(box, page, video_id, "published")["published"] is bool(live)


def test_bytes_that_are_answered_with_a_reset_are_there(box: Box, page: Page) -> None:
    told = start(box, page)
    box.fault(f"POST /rupload.facebook.com/*/{told['video_id']}", "reset_after", times=1)
    with pytest.raises(httpx.ReadError):
        send(box, page, told["upload_url"], REEL)
    assert status(box, page, told["video_id"])["uploading_phase"]["status"] == "complete"
    assert finish(box, page, told["video_id"]).is_success


@pytest.mark.parametrize(
    ("mode", "status_code"),
    [("refuse", 400), ("rate_limited", 400), ("not_found_once", 400), ("scope_missing", 403), ("garbage_body", 200)],
)
def test_any_fault_meets_the_bytes(box: Box, mode: str, status_code: int) -> None:
    page = box.new_pages()[0]
    told = start(box, page)
    box.fault(f"POST /rupload.facebook.com/*/{told['video_id']}", mode, times=1)
    assert send(box, page, told["upload_url"], REEL).status_code == status_code
    assert box.last_request(told["video_id"])["kind"] == "fault"


def test_a_fault_at_rupload_has_words_of_rupload(box: Box, page: Page) -> None:
    told = start(box, page)
    route = f"POST /rupload.facebook.com/*/{told['video_id']}"
    box.fault(route, "error_before", times=1)
    answer = send(box, page, told["upload_url"], REEL)
    assert (answer.status_code, answer.json()["debug_info"]["retriable"]) == (500, True)
    box.fault(route, "token_revoked", times=1)
    answer = send(box, page, told["upload_url"], REEL)
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (401, "NotAuthorizedError")
    assert error(box.graph("GET", page.id, page.token)) == (190, 460)


@pytest.mark.parametrize("at", ["start", "bytes", "finish"])
def test_a_slow_video_takes_reads_of_its_status(box: Box, page: Page, at: str) -> None:
    route = "POST /rupload.facebook.com/*" if at == "bytes" else on_reels(page)
    if at != "finish":
        box.fault(route, "slow_container", times=1, args={"polls": 2})
    video_id = uploaded(box, page)
    if at == "finish":
        box.fault(route, "slow_container", times=1, args={"polls": 2})
    finish(box, page, video_id)
    process(box)
    assert [status(box, page, video_id)["video_status"] for _ in range(2)] == ["processing"] * 2
    assert status(box, page, video_id)["video_status"] == "ready"
    assert len(box.posts(page.id)) == 1


def test_a_slow_video_can_take_time(box: Box, page: Page) -> None:
    video_id = uploaded(box, page)
    box.fault(on_reels(page), "slow_container", times=1, args={"ms": 60_000})
    finish(box, page, video_id)
    process(box)
    assert status(box, page, video_id)["video_status"] == "processing"
    box.control("clock", {"advance_s": 60})
    assert len(box.posts(page.id)) == 1


def test_processing_can_fail(box: Box, page: Page) -> None:
    video_id = uploaded(box, page)
    box.fault(on_reels(page), "container_error", times=1, args={"subcode": 1363030})
    assert finish(box, page, video_id).json() == {"success": True}
    process(box)
    assert status(box, page, video_id)["processing_phase"]["errors"][0]["code"] == 1363030
    assert box.posts(page.id) == []


def test_delayed_visibility_hides_a_reel_from_lists_for_a_while(box: Box, page: Page) -> None:
    video_id = uploaded(box, page)
    box.fault(on_reels(page), "delayed_visibility", times=1, args={"ms": 20_000})
    finish(box, page, video_id)
    process(box)
    assert look(box, page, f"{page.id}/video_reels", "id")["data"] == []
    assert look(box, page, f"{page.id}/published_posts", "id")["data"] == []
    assert look(box, page, video_id, "published")["published"] is True
    box.control("clock", {"advance_s": 21})
    assert len(look(box, page, f"{page.id}/video_reels", "id")["data"]) == 1
