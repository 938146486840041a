"""Videos: places for parts, the parts, finalizing, the states, the post (linkedin 5.2)."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from tests.factories.videos import MOV, video
from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, encoded, picture

MIB = 1024 * 1024
PART = 4 * MIB
SRT = b"1\n00:00:00,000 --> 00:00:02,000\nHello\n"


def clip(**more: Any) -> bytes:
    """A video of the smallest size that LinkedIn takes."""
    return video(bytes_at_least=75_000, **more)


def test_a_place_has_an_address_for_each_four_mebibytes(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company, "videos", fileSizeBytes=9_000_000, uploadCaptions=False, uploadThumbnail=False)
    assert place["video"].startswith("urn:li:video:")
    told = [(part["firstByte"], part["lastByte"]) for part in place["uploadInstructions"]]
    assert told == [(0, PART - 1), (PART, 2 * PART - 1), (2 * PART, 8_999_999)]
    addresses = {part["uploadUrl"] for part in place["uploadInstructions"]}
    assert len(addresses) == 3
    assert all(each.startswith(f"http://localhost:{box.port}/www.linkedin.com/dms-uploads/") for each in addresses)
    assert {"captionsUploadUrl", "thumbnailUploadUrl"}.isdisjoint(place)


def test_a_video_goes_through_its_states_and_is_posted(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = video(6.5, (640, 360), bytes_at_least=PART + 1_000)
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    assert linkedin.status(company, place["video"]) == "WAITING_UPLOAD"
    tags = linkedin.parts(place, content)
    assert [tag.startswith("/ambry-video/signedId/") for tag in tags] == [True, True]
    assert linkedin.status(company, place["video"]) == "WAITING_UPLOAD", "it isn't finalized"
    answer = linkedin.finalize(company, place, tags)
    assert (answer.status_code, answer.content) == (200, b"")
    assert linkedin.status(company, place["video"]) == "PROCESSING"
    box.control("clock", {"advance_s": 2})
    told = linkedin.asset(company, place["video"])
    assert (told["status"], told["owner"], told["duration"]) == ("AVAILABLE", company.urn, 6_500)
    assert (told["aspectRatioWidth"], told["aspectRatioHeight"]) == (640, 360)
    assert box.http.get(told["downloadUrl"].replace("localhost", "127.0.0.1")).content == content
    urn = linkedin.publish(company, "Watch", content={"media": {"id": place["video"], "title": "Launch"}}).headers[
        "x-restli-id"
    ]
    assert urn.startswith("urn:li:ugcPost:")
    sha256 = hashlib.sha256(content).hexdigest()
    assert box.posts(company.urn)[0]["media"] == [{"kind": "video", "sha256": sha256}]
    assert linkedin.read(company, urn).json()["content"] == {"media": {"id": place["video"], "title": "Launch"}}


@pytest.mark.expects_refusal
def test_the_token_is_now_empty_now_not_and_must_be_echoed(linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    places = [linkedin.reserve(company, "videos", fileSizeBytes=len(content)) for _ in range(2)]
    assert sorted(bool(place["uploadToken"]) for place in places) == [False, True]
    for place in places:
        tags = linkedin.parts(place, content)
        for wrong in (None, "another"):
            assert linkedin.finalize(company, place, tags, uploadToken=wrong).status_code == 400
        assert linkedin.finalize(company, place, tags).is_success


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"owner": None}, (400, None, "MISSING_FIELD")),
        ({"owner": "urn:li:organization:99"}, (403, None, None)),
        ({"fileSizeBytes": None}, (400, None, "MISSING_FIELD")),
        ({"fileSizeBytes": "9000000"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"fileSizeBytes": 74_999}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"fileSizeBytes": 500_000_001}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"uploadCaptions": "no"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"name": "clip.mp4"}, (403, None, None)),
    ],
)
def test_what_a_place_refuses(
    linkedin: LinkedIn, company: Author, changed: dict[str, Any], expected: tuple[int, int | None, str | None]
) -> None:
    body = {"owner": company.urn, "fileSizeBytes": 80_000, **changed}
    asked = {name: value for name, value in body.items() if value is not None}
    assert code(linkedin.act(company, "videos", "initializeUpload", asked)) == expected


@pytest.mark.expects_refusal
def test_a_part_is_exactly_its_bytes_and_can_be_sent_again(linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    url = place["uploadInstructions"][0]["uploadUrl"]
    assert linkedin.put(url, content[:-1]).status_code == 400
    assert linkedin.put(url, content, **{"Content-Type": "video/mp4"}).status_code == 415
    assert {linkedin.put(url, content).headers["etag"] for _ in range(2)} == set(linkedin.parts(place, content))
    bearer = {"Authorization": f"Bearer {company.token}"}
    assert linkedin.put(url, content, **bearer).status_code == 200, "a bearer token makes no difference"


@pytest.mark.expects_refusal
def test_finalizing_takes_all_parts_in_their_order(linkedin: LinkedIn, company: Author) -> None:
    content = video(bytes_at_least=PART + 1_000)
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    first, second = linkedin.parts(place, content)
    for wrong in ([], [first], [second, first], [first, second, second], [first, f'"{second}"']):
        answer = linkedin.finalize(company, place, wrong)
        assert code(answer) == (400, None, "INVALID_VALUE_FOR_FIELD")
    assert linkedin.status(company, place["video"]) == "WAITING_UPLOAD"
    assert [linkedin.finalize(company, place, [first, second]).status_code for _ in range(2)] == [200, 200]


def test_only_who_may_write_for_the_owner_finalizes(linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    tags = linkedin.parts(place, content)
    assert code(linkedin.finalize(linkedin.organization(), place, tags))[0] == 403
    assert code(linkedin.finalize(linkedin.member(), place, tags))[0] == 403
    unknown = {**place, "video": "urn:li:video:none"}
    assert code(linkedin.finalize(company, unknown, tags)) == (400, None, "INVALID_VIDEO_ID")


def test_addresses_expire_for_parts_and_for_finalizing(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    tags = linkedin.parts(place, content)
    box.control("clock", {"advance_s": 31 * 86_400})
    assert linkedin.put(place["uploadInstructions"][0]["uploadUrl"], content).status_code == 401
    assert code(linkedin.finalize(company, place, tags)) == (400, None, "EXPIRED_UPLOAD_URL")


def test_how_long_addresses_live_can_be_set(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    own_box.control("options", {"provider": "linkedin", "options": {"upload_url_lifetime_s": 60}})
    place = linkedin.reserve(company, "videos", fileSizeBytes=80_000)
    expires_at = place["uploadUrlsExpireAt"]
    assert 0 < expires_at - linkedin.reserve(company)["uploadUrlExpiresAt"] + 60_000 < 61_000
    own_box.control("clock", {"advance_s": 61})
    assert linkedin.put(place["uploadInstructions"][0]["uploadUrl"], b"x" * 80_000).status_code == 401


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (clip(seconds=2.9), "shorter than 3 seconds"),
        (clip(seconds=1_801, fps=1, audio=None), "longer than 30 minutes"),
        (clip(brand=MOV), "not an MP4 video"),
        (bytes(75_000), "not an MP4 video"),
    ],
    ids=["short", "long", "mov", "zeros"],
)
def test_a_video_that_cannot_be_used_fails_while_it_is_processed(
    linkedin: LinkedIn, company: Author, content: bytes, reason: str
) -> None:
    urn = linkedin.video(company, content)
    told = linkedin.asset(company, urn)
    assert (told["status"], told["processingFailureReason"]) == ("PROCESSING_FAILED", reason)
    answer = linkedin.publish(company, "m", content={"media": {"id": urn}})
    assert code(answer) == (400, None, "MEDIA_ASSET_PROCESSING_FAILED")


@pytest.mark.parametrize("seconds", [3, 1_800])
def test_the_shortest_and_the_longest_video(linkedin: LinkedIn, company: Author, seconds: float) -> None:
    urn = linkedin.video(company, clip(seconds=seconds, fps=1, audio=None))
    assert linkedin.status(company, urn) == "AVAILABLE"


def test_a_post_waits_for_its_video(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    shown: dict[str, Any] = {"media": {"id": place["video"]}}
    waiting = (400, None, "MEDIA_ASSET_WAITING_UPLOAD")
    assert code(linkedin.publish(company, "m", content=shown)) == waiting
    tags = linkedin.parts(place, content)
    assert code(linkedin.publish(company, "m", content=shown)) == waiting
    linkedin.finalize(company, place, tags)
    assert code(linkedin.publish(company, "m", content=shown)) == waiting
    box.control("clock", {"advance_s": 2})
    assert linkedin.publish(company, "m", content=shown).status_code == 201


def test_some_accounts_publish_when_the_video_is_ready(own_box: Box) -> None:
    """5.2: an async PUBLISH_REQUESTED instead of a refusal; 5.1: PUBLISH_FAILED when processing fails."""
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    options = {"publish_before_ready": "request", "video_processing_s": 60}
    own_box.control("options", {"provider": "linkedin", "options": options})
    urns = []
    for content in (clip(), clip(seconds=1)):
        place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
        linkedin.finalize(company, place, linkedin.parts(place, content))
        answer = linkedin.publish(company, f"post {len(urns)}", content={"media": {"id": place["video"]}})
        assert answer.status_code == 201
        urns.append(answer.headers["x-restli-id"])
    states = [linkedin.read(company, urn).json() for urn in urns]
    assert [each["lifecycleState"] for each in states] == ["PUBLISH_REQUESTED", "PUBLISH_FAILED"]
    assert [each["lifecycleStateInfo"]["contentStatus"] for each in states] == ["PROCESSING", "FAILED"]
    assert own_box.posts(company.urn) == linkedin.listed(company)["elements"] == []
    own_box.control("clock", {"advance_s": 61})
    assert linkedin.read(company, urns[0]).json()["lifecycleState"] == "PUBLISHED"
    assert [post["id"] for post in own_box.posts(company.urn)] == urns[:1]
    assert [post["id"] for post in linkedin.listed(company)["elements"]] == urns[:1]


@pytest.mark.expects_refusal
def test_captions_and_a_thumbnail_have_addresses_of_their_own(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content), uploadCaptions=True, uploadThumbnail=True)
    assert linkedin.put(place["captionsUploadUrl"], b"no captions").status_code == 400
    assert linkedin.put(place["captionsUploadUrl"], SRT).status_code == 201
    still = {"media-type-family": "STILLIMAGE"}
    assert linkedin.put(place["thumbnailUploadUrl"], picture()).status_code == 400, "without the header"
    assert linkedin.put(place["thumbnailUploadUrl"], picture(kind="GIF"), **still).status_code == 400
    assert linkedin.put(place["thumbnailUploadUrl"], picture(), **still).status_code == 201
    linkedin.finalize(company, place, linkedin.parts(place, content))
    box.control("clock", {"advance_s": 2})
    shown = linkedin.asset(company, place["video"])["thumbnail"]
    assert box.http.get(shown.replace("localhost", "127.0.0.1")).content == picture()


def test_a_members_video_can_be_posted_and_not_read(box: Box, linkedin: LinkedIn) -> None:
    member = linkedin.member()
    urn = linkedin.video(member, clip())
    answer = linkedin.rest("GET", f"videos/{encoded(urn)}", member.token)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Accessing this video resource is forbidden")
    assert linkedin.publish(member, "m", content={"media": {"id": urn}}).status_code == 201
    assert [each["kind"] for each in box.posts(member.urn)[0]["media"]] == ["video"]


def test_what_members_may_read_can_be_set(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    member, other = linkedin.member(), linkedin.member()
    own_box.control("options", {"provider": "linkedin", "options": {"unreadable_for_members": "image"}})
    urn = linkedin.video(member, clip())
    assert linkedin.asset(member, urn)["owner"] == member.urn
    assert linkedin.rest("GET", f"videos/{encoded(urn)}", other.token).status_code == 403
    assert linkedin.rest("GET", f"images/{encoded(linkedin.image(member))}", member.token).status_code == 403


@pytest.mark.expects_refusal
def test_a_video_belongs_to_its_owner(linkedin: LinkedIn, company: Author) -> None:
    other = linkedin.organization(company.person)
    answer = linkedin.publish(other, "m", content={"media": {"id": linkedin.video(company, clip())}})
    assert code(answer) == (403, None, None)


def test_videos_can_be_read_in_a_batch(linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.video(company, clip())
    path = f"videos?ids=List({encoded(urn)},{encoded('urn:li:video:none')})"
    told = linkedin.rest("GET", path, company.token, "BATCH_GET").json()
    assert told["statuses"] == {urn: 200, "urn:li:video:none": 404}


def test_faults_meet_every_step_of_a_video(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = clip()
    box.fault("POST /api.linkedin.com/rest/videos", "error_before", times=1)
    body = {"owner": company.urn, "fileSizeBytes": len(content)}
    assert code(linkedin.act(company, "videos", "initializeUpload", body))[0] == 500
    place = linkedin.reserve(company, "videos", fileSizeBytes=len(content))
    url = place["uploadInstructions"][0]["uploadUrl"]
    box.fault("PUT /www.linkedin.com/dms-uploads/*", "reset_after", times=1)
    with pytest.raises(httpx.ReadError):
        linkedin.put(url, content)
    tags = linkedin.parts(place, content)
    failed = {"status": 500, "error": "UPDATING_ASSET_FAILED"}
    box.fault("POST /api.linkedin.com/rest/videos", "error_before", times=1, args=failed)
    assert code(linkedin.finalize(company, place, tags)) == (500, None, "UPDATING_ASSET_FAILED")
    box.fault("POST /api.linkedin.com/rest/videos", "slow_container", times=1, args={"ms": 30_000})
    assert linkedin.finalize(company, place, tags).is_success
    box.control("clock", {"advance_s": 29})
    assert linkedin.status(company, place["video"]) == "PROCESSING"
    box.control("clock", {"advance_s": 2})
    assert linkedin.status(company, place["video"]) == "AVAILABLE"
    box.fault("GET /api.linkedin.com/rest/videos/*", "container_error", times=1)
    assert linkedin.status(company, place["video"]) == "PROCESSING_FAILED"
