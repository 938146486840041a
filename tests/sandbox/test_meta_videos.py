"""Videos sent to a Page: by handle, by address, as a file, in chunks; listed, edited, deleted (meta 4.5, 6)."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.factories.videos import video
from tests.sandbox.driver import Box, Page, error
from tests.sandbox.shelf import Shelf, picture
from tests.sandbox.videos import local, look, process, status

DAY_S = 86_400
WIDE = video(30, (1280, 720))
HOST = "graph-video.facebook.com"


@pytest.fixture
def changed(box: Box) -> Iterator[Box]:
    """Options that a test may change; all are as before afterwards."""
    before = box.control("options")["meta"]
    yield box
    box.control("options", {"provider": "meta", "options": before})


def option(box: Box, **options: Any) -> None:
    box.control("options", {"provider": "meta", "options": options})


def post_video(box: Box, page: Page, files: dict[str, bytes] | None = None, **parameters: Any) -> httpx.Response:
    form = {**parameters, "access_token": page.token, "appsecret_proof": box.proof(page.token)}
    return box.http.post(f"/{HOST}/v26.0/{page.id}/videos", data=form, files=files)


def one_post(box: Box, page: Page) -> dict[str, Any]:
    process(box)
    [post] = box.posts(page.id)
    return dict(post)


class Session:
    """A client of the Resumable Upload API."""

    def __init__(self, box: Box, token: str) -> None:
        self.box, self.token = box, token

    def start(self, length: int, **changed: Any) -> httpx.Response:
        asked = {"file_name": "a.mp4", "file_length": length, "file_type": "video/mp4", **changed}
        return self.box.graph("POST", f"{self.box.app_id}/uploads", self.token, **asked)

    def send(self, session: str, content: bytes, offset: int = 0) -> httpx.Response:
        headers = {"Authorization": f"OAuth {self.token}", "file_offset": str(offset)}
        return self.box.http.post(f"/graph.facebook.com/v26.0/{session}", content=content, headers=headers)

    def look(self, session: str) -> dict[str, Any]:
        headers = {"Authorization": f"OAuth {self.token}"}
        told: dict[str, Any] = self.box.http.get(f"/graph.facebook.com/v26.0/{session}", headers=headers).json()
        return told


@pytest.fixture
def owned(box: Box) -> tuple[Page, Session]:
    """A Page and upload sessions of its person."""
    person = box.new_person()
    page = box.new_pages(1, person)[0]
    return page, Session(box, box.user_token(person))


def test_a_handle_becomes_a_video(box: Box, owned: tuple[Page, Session]) -> None:
    page, session = owned
    upload = session.start(len(WIDE)).json()["id"]
    assert upload.startswith("upload:MTphdHRhY2")
    handle = session.send(upload, WIDE).json()["h"]
    assert handle.startswith(f"2:{base64.b64encode(b'a.mp4').decode()}:")
    told = post_video(box, page, title="T", description="Words", fbuploader_video_file_chunk=handle).json()
    assert told.keys() == {"id"}
    assert status(box, page, told["id"])["video_status"] == "processing"
    post = one_post(box, page)
    digest = hashlib.sha256(WIDE).hexdigest()
    assert post.items() >= {"kind": "post", "text": "Words", "media": [{"kind": "video", "sha256": digest}]}.items()
    read = look(box, page, told["id"], "published,post_id,permalink_url,length,title")
    assert (read["post_id"], read["length"], read["title"]) == (post["id"], 30, "T")
    assert read["permalink_url"].endswith(f"/{page.id}/videos/{told['id']}")
    assert "Words" in box.http.get(local(read["permalink_url"])).text


def test_an_interrupted_session_goes_on_where_it_was(box: Box, owned: tuple[Page, Session]) -> None:
    page, session = owned
    upload, half = session.start(len(WIDE)).json()["id"], len(WIDE) // 2
    assert error(session.send(upload, WIDE[:half])) == (6001, None)
    assert session.look(upload) == {"id": upload, "file_offset": half}
    assert error(session.send(upload, WIDE)) == (6001, None)
    handle = session.send(upload, WIDE[half:], half).json()["h"]
    post_video(box, page, fbuploader_video_file_chunk=handle)
    assert one_post(box, page)["media"][0]["sha256"] == hashlib.sha256(WIDE).hexdigest()


@pytest.mark.expects_refusal
@pytest.mark.parametrize("changed", [{"file_type": "video/webm"}, {"file_length": 0}, {"file_name": ""}])
def test_what_no_session_is_started_with(owned: tuple[Page, Session], changed: dict[str, Any]) -> None:
    _, session = owned
    assert error(session.start(5, **changed)) == (100, None)


def test_a_session_is_its_persons_and_lasts_a_day(box: Box, owned: tuple[Page, Session]) -> None:
    page, session = owned
    upload = session.start(len(WIDE)).json()["id"]
    other = Session(box, box.user_token(box.new_person()))
    assert error(other.send(upload, WIDE)) == (100, 33)
    assert error(Session(box, page.token).start(5)) == (100, None)
    handle = session.send(upload, WIDE).json()["h"]
    box.control("clock", {"advance_s": DAY_S + 1})
    assert error(post_video(box, page, fbuploader_video_file_chunk=handle)) == (6001, 1363041)


def test_pages_may_start_sessions_where_the_world_says_so(changed: Box, page: Page) -> None:
    option(changed, uploads_by_pages=True)
    assert Session(changed, page.token).start(5).is_success


def test_a_video_can_be_fetched_or_sent_as_a_file(box: Box, page: Page, shelf: Shelf) -> None:
    for given in ({"file_url": shelf.put(WIDE)}, {"files": {"source": WIDE}}):
        told = post_video(box, page, **given)  # type: ignore[arg-type]
        assert told.json().keys() == {"id"}
    process(box)
    assert [post["media"][0]["sha256"] for post in box.posts(page.id)] == [hashlib.sha256(WIDE).hexdigest()] * 2


@pytest.mark.expects_refusal
def test_what_is_no_source_of_a_video(box: Box, page: Page, shelf: Shelf) -> None:
    assert error(post_video(box, page, description="nothing")) == (100, None)
    assert error(post_video(box, page, {"source": WIDE}, file_url=shelf.put(WIDE))) == (100, None)
    assert error(post_video(box, page, {"other": WIDE})) == (100, None)
    assert error(post_video(box, page, fbuploader_video_file_chunk="2:x:y")) == (6001, 1363041)
    for url in (shelf.put(status=404), "ftp://127.0.0.1/x.mp4", "http://127.0.0.1:1/x.mp4"):
        assert error(post_video(box, page, file_url=url)) == (389, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x", (382, None)),
        (b"no video at all" * 20, (6000, 1363024)),
        (video(0.5, (1280, 720)), (6000, 1363025)),
        (video(240 * 60 + 1, (1280, 720), fps=5, audio=None), (6000, 1363026)),
    ],
    ids=["small", "text", "short", "long"],
)
def test_a_file_that_facebook_refuses(box: Box, page: Page, content: bytes, expected: tuple[int, int | None]) -> None:
    assert error(post_video(box, page, {"source": content})) == expected
    process(box)
    assert box.posts(page.id) == []


@pytest.mark.expects_refusal
def test_videos_are_published_at_their_own_host_alone(box: Box, page: Page, shelf: Shelf) -> None:
    answer = box.graph("POST", f"{page.id}/videos", page.token, file_url=shelf.put(WIDE))
    assert error(answer) == (2500, None)
    assert box.last_request(f"{page.id}/videos")["kind"] == "protocol"
    signed = {"access_token": page.token, "appsecret_proof": box.proof(page.token)}
    assert error(box.http.get(f"/{HOST}/v26.0/{page.id}", params=signed)) == (2500, None)


# In chunks


def chunk(box: Box, page: Page, session: str, content: bytes, offset: int) -> httpx.Response:
    files = {"video_file_chunk": content}
    return post_video(box, page, files, upload_phase="transfer", upload_session_id=session, start_offset=str(offset))


def test_a_video_goes_up_in_chunks(changed: Box, page: Page) -> None:
    option(changed, video_chunk_bytes=1_000)
    told = post_video(changed, page, upload_phase="start", file_size=len(WIDE)).json()
    assert told.keys() == {"upload_session_id", "video_id", "start_offset", "end_offset"}
    assert (told["start_offset"], told["end_offset"]) == ("0", "1000")
    place = told
    while place["start_offset"] != place["end_offset"]:
        start, end = int(place["start_offset"]), int(place["end_offset"])
        place = chunk(changed, page, told["upload_session_id"], WIDE[start:end], start).json()
        assert place.keys() == {"start_offset", "end_offset"}
    ending = {"upload_phase": "finish", "upload_session_id": told["upload_session_id"], "description": "In chunks"}
    assert post_video(changed, page, **ending).json() == {"success": True}
    post = one_post(changed, page)
    assert (post["text"], post["media"][0]["sha256"]) == ("In chunks", hashlib.sha256(WIDE).hexdigest())
    assert look(changed, page, told["video_id"], "post_id")["post_id"] == post["id"]
    assert error(post_video(changed, page, **ending)) == (6001, 1363041)


def test_a_wrong_offset_tells_the_right_one(box: Box, page: Page) -> None:
    told = post_video(box, page, upload_phase="start", file_size=len(WIDE)).json()
    session = told["upload_session_id"]
    chunk(box, page, session, WIDE[:500], 0)
    answer = chunk(box, page, session, WIDE[:500], 0)
    assert error(answer) == (6001, 1363037)
    assert answer.json()["error"]["error_data"] == {"start_offset": "500", "end_offset": str(len(WIDE))}
    ending = {"upload_phase": "finish", "upload_session_id": session}
    assert error(post_video(box, page, **ending)) == (6001, 1363037)
    assert error(chunk(box, page, session, WIDE, 500)) == (6001, 1363045)
    assert chunk(box, page, session, WIDE[500:], 500).is_success
    assert post_video(box, page, **ending).is_success


@pytest.mark.expects_refusal
def test_an_upload_can_be_cancelled(box: Box, page: Page) -> None:
    told = post_video(box, page, upload_phase="start", file_size=len(WIDE)).json()
    session = {"upload_session_id": told["upload_session_id"]}
    assert post_video(box, page, upload_phase="cancel", **session).json() == {"success": True}
    assert error(post_video(box, page, upload_phase="finish", **session)) == (6001, 1363041)
    assert error(post_video(box, page, upload_phase="dance", **session)) == (100, None)


def test_a_chunk_whose_answer_is_lost_is_there(box: Box, page: Page) -> None:
    told = post_video(box, page, upload_phase="start", file_size=len(WIDE)).json()
    box.fault(f"POST /{HOST}/*/{page.id}/videos", "reset_after", times=1)
    with pytest.raises(httpx.ReadError):
        chunk(box, page, told["upload_session_id"], WIDE, 0)
    answer = chunk(box, page, told["upload_session_id"], WIDE, 0)
    assert answer.json()["error"]["error_data"]["start_offset"] == str(len(WIDE))


# What it becomes


def test_a_short_vertical_video_becomes_a_reel(changed: Box, page: Page) -> None:
    tall = video(30)
    video_id = post_video(changed, page, {"source": tall}, description="Tall").json()["id"]
    assert one_post(changed, page)["kind"] == "reel"
    assert [each["id"] for each in look(changed, page, f"{page.id}/video_reels", "id")["data"]] == [video_id]
    assert [each["id"] for each in look(changed, page, f"{page.id}/videos", "id", type="uploaded")["data"]] == [
        video_id
    ]
    assert f"/reel/{video_id}" in look(changed, page, video_id, "permalink_url")["permalink_url"]


@pytest.mark.parametrize(("becomes", "kinds"), [("draft", []), ("video", ["post"])])
def test_what_a_vertical_video_becomes_can_be_chosen(changed: Box, page: Page, becomes: str, kinds: list[str]) -> None:
    option(changed, vertical_videos=becomes)
    post_video(changed, page, {"source": video(30)})
    process(changed)
    assert [post["kind"] for post in changed.posts(page.id)] == kinds


def test_a_long_vertical_video_stays_a_video(box: Box, page: Page) -> None:
    post_video(box, page, {"source": video(91)})
    assert one_post(box, page)["kind"] == "post"


def test_a_video_is_scheduled_or_left_unpublished(box: Box, page: Page) -> None:
    at = int(time.time()) + 100 * DAY_S
    later = {"published": "false", "scheduled_publish_time": at}
    assert post_video(box, page, {"source": WIDE}, description="later", **later).is_success
    assert post_video(box, page, {"source": WIDE}, published="false").is_success
    too_late = {"published": "false", "scheduled_publish_time": at + 100 * DAY_S}
    assert error(post_video(box, page, {"source": WIDE}, **too_late)) == (100, None)
    process(box)
    assert box.posts(page.id) == []
    assert len(look(box, page, f"{page.id}/videos", "id")["data"]) == 2
    box.control("clock", {"advance_s": 101 * DAY_S})
    assert [post["text"] for post in box.posts(page.id)] == ["later"]


def test_a_video_is_listed_as_uploaded(box: Box, page: Page) -> None:
    ids = [post_video(box, page, {"source": WIDE}, description=f"n{number}").json()["id"] for number in range(3)]
    process(box)
    listed = look(box, page, f"{page.id}/videos", "id,description,created_time", limit=2)
    assert [each["id"] for each in listed["data"]] == ids[:0:-1]
    after = listed["paging"]["cursors"]["after"]
    rest = look(box, page, f"{page.id}/videos", "id", limit=2, after=after)
    assert [each["id"] for each in rest["data"]] == ids[:1]
    assert "next" not in rest["paging"]
    assert look(box, page, f"{page.id}/videos", "id", type="tagged")["data"] == []
    posts = look(box, page, f"{page.id}/published_posts", "attachments{media_type,target}")["data"]
    assert [post["attachments"]["data"][0]["target"]["id"] for post in posts] == ids[::-1]


def test_a_thumbnail_stands_for_a_video(box: Box, page: Page) -> None:
    small = picture(320, 180)
    video_id = post_video(box, page, {"source": WIDE, "thumb": small}).json()["id"]
    assert box.http.get(local(look(box, page, video_id, "picture")["picture"])).content == small
    other, signed = picture(640, 360), {"access_token": page.token, "appsecret_proof": box.proof(page.token)}
    path = f"/graph.facebook.com/v26.0/{video_id}/thumbnails"
    answer = box.http.post(path, data={**signed, "is_preferred": "true"}, files={"source": other})
    assert answer.json() == {"success": True}
    assert box.http.get(local(look(box, page, video_id, "picture")["picture"])).content == other
    assert error(box.http.post(path, data=signed, files={"source": b"no picture"})) == (324, None)


def test_a_live_video_is_deleted_with_its_post(box: Box, page: Page) -> None:
    video_id = post_video(box, page, {"source": WIDE}).json()["id"]
    post = one_post(box, page)
    assert box.graph("DELETE", video_id, page.token).json() == {"success": True}
    assert error(box.graph("GET", post["id"], page.token)) == (100, 33)
    assert box.posts(page.id)[0]["deleted_at"] is not None


@pytest.mark.parametrize(("mode", "live"), [("error_before", 0), ("error_after", 1), ("refused_but_live", 1)])
def test_faults_meet_videos_too(box: Box, page: Page, mode: str, live: int) -> None:
    box.fault(f"POST /{HOST}/*/{page.id}/videos", mode, times=1)
    assert not post_video(box, page, {"source": WIDE}).is_success
    process(box)
    assert len(box.posts(page.id)) == live
    assert len(look(box, page, f"{page.id}/videos", "id")["data"]) == live


def test_a_slow_video_goes_live_with_the_last_read_of_its_status(box: Box, page: Page) -> None:
    box.fault(f"POST /{HOST}/*/{page.id}/videos", "slow_container", times=1, args={"polls": 1})
    video_id = post_video(box, page, {"source": WIDE}).json()["id"]
    process(box)
    assert box.posts(page.id) == []
    assert status(box, page, video_id)["video_status"] == "processing"
    assert status(box, page, video_id)["video_status"] == "ready"
    assert len(box.posts(page.id)) == 1
