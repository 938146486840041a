"""Pictures: a place, the bytes, the states, the post (linkedin 5.1, 5.4)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, encoded, picture


def test_a_picture_goes_through_its_states(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company)
    assert place["uploadUrl"].startswith(f"http://localhost:{box.port}/www.linkedin.com/dms-uploads/")
    assert place["image"].startswith("urn:li:image:")
    assert linkedin.status(company, place["image"]) == "WAITING_UPLOAD"
    answer = linkedin.put(place["uploadUrl"], picture())
    assert (answer.status_code, answer.content) == (201, b"")
    assert linkedin.status(company, place["image"]) == "PROCESSING"
    box.control("clock", {"advance_s": 1})
    told = linkedin.rest("GET", f"images/{encoded(place['image'])}", company.token).json()
    assert (told["status"], told["owner"]) == ("AVAILABLE", company.urn)
    assert box.http.get(told["downloadUrl"].replace("localhost", "127.0.0.1")).content == picture()


def test_a_post_shows_the_picture_that_was_uploaded(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = picture(61)
    image = {"id": linkedin.image(company, content), "altText": "A red square"}
    urn = linkedin.publish(company, "", content={"media": image}).headers["x-restli-id"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert box.posts(company.urn)[0]["media"] == [{"kind": "image", "sha256": sha256}]
    assert 'alt="A red square"' in box.http.get(f"/www.linkedin.com/feed/update/{urn}/").text
    assert linkedin.read(company, urn).json()["content"] == {"media": image}


def test_several_pictures_keep_their_order(box: Box, linkedin: LinkedIn, company: Author) -> None:
    contents = [picture(10 + number, kind="JPEG") for number in range(3)]
    images = [{"id": linkedin.image(company, content)} for content in contents]
    urn = linkedin.publish(company, "three", content={"multiImage": {"images": images}}).headers["x-restli-id"]
    assert urn.startswith("urn:li:ugcPost:")
    told = [each["sha256"] for each in box.posts(company.urn)[0]["media"]]
    assert told == [hashlib.sha256(content).hexdigest() for content in contents]


@pytest.mark.expects_refusal
@pytest.mark.parametrize(("count", "status"), [(1, 400), (2, 201), (20, 201), (21, 400)])
def test_several_are_two_to_twenty(linkedin: LinkedIn, company: Author, count: int, status: int) -> None:
    images = [{"id": linkedin.image(company), "altText": f"number {number}"} for number in range(count)]
    answer = linkedin.publish(company, "m", content={"multiImage": {"images": images}})
    assert answer.status_code == status
    if status == 201:
        told = linkedin.read(company, answer.headers["x-restli-id"]).json()["content"]
        assert told == {"multiImage": {"images": images}}
    else:
        assert code(answer) == (400, None, "INVALID_VALUE_FOR_FIELD")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"multiImage": {"images": [{"id": "urn:li:video:x"}, {"id": "urn:li:video:y"}]}}, "INVALID_IMAGE_ID"),
        ({"multiImage": {"images": ["urn:li:image:x", "urn:li:image:y"]}}, "INVALID_VALUE_FOR_FIELD"),
        ({"media": {"id": "IMAGE", "altText": "x" * 4_087}}, "FIELD_LENGTH_TOO_LONG"),
        ({"media": {"id": "IMAGE", "altText": 5}}, "INVALID_VALUE_FOR_FIELD"),
        ({"media": {}}, "MISSING_FIELD"),
        ({"media": {"id": "IMAGE"}, "multiImage": {"images": []}}, "INVALID_VALUE_FOR_FIELD"),
    ],
)
def test_what_a_post_with_pictures_refuses(
    linkedin: LinkedIn, company: Author, content: dict[str, Any], expected: str
) -> None:
    if content.get("media", {}).get("id") == "IMAGE":
        content = {**content, "media": {**content["media"], "id": linkedin.image(company)}}
    assert code(linkedin.publish(company, "m", content=content)) == (400, None, expected)


@pytest.mark.expects_refusal
def test_an_article_has_a_picture_with_its_description(box: Box, linkedin: LinkedIn, company: Author) -> None:
    thumbnail = linkedin.image(company)
    article = {"source": "https://e.example", "title": "T", "thumbnail": thumbnail, "thumbnailAltText": "A card"}
    urn = linkedin.publish(company, "m", content={"article": article}).headers["x-restli-id"]
    assert urn.startswith("urn:li:share:")
    assert linkedin.read(company, urn).json()["content"] == {"article": article}
    assert 'alt="A card"' in box.http.get(f"/?account={company.urn}").text
    without = {name: value for name, value in article.items() if name != "thumbnail"}
    assert code(linkedin.publish(company, "n", content={"article": without})) == (400, None, "MISSING_FIELD")
    fetched = {**article, "thumbnail": "https://e.example/card.png"}
    assert code(linkedin.publish(company, "n", content={"article": fetched})) == (400, None, "INVALID_IMAGE_ID")


def test_the_same_address_takes_the_bytes_again(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company)
    assert [linkedin.put(place["uploadUrl"], picture()).status_code for _ in range(2)] == [201, 201]


def test_a_post_waits_for_its_picture(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company)
    content: dict[str, Any] = {"media": {"id": place["image"]}}
    assert code(linkedin.publish(company, "m", content=content)) == (400, None, "MEDIA_ASSET_WAITING_UPLOAD")
    linkedin.put(place["uploadUrl"], picture())
    assert code(linkedin.publish(company, "m", content=content)) == (400, None, "MEDIA_ASSET_WAITING_UPLOAD")
    box.control("clock", {"advance_s": 1})
    assert linkedin.publish(company, "m", content=content).status_code == 201


@pytest.mark.parametrize(
    "content",
    [b"no picture at all", picture(kind="WEBP"), picture(6_100, 6_000)],
    ids=["text", "webp", "pixels"],
)
def test_what_is_no_picture_fails_while_it_is_processed(
    box: Box, linkedin: LinkedIn, company: Author, content: bytes
) -> None:
    place = linkedin.reserve(company)
    assert linkedin.put(place["uploadUrl"], content).status_code == 201
    box.control("clock", {"advance_s": 1})
    assert linkedin.status(company, place["image"]) == "PROCESSING_FAILED"
    answer = linkedin.publish(company, "m", content={"media": {"id": place["image"]}})
    assert code(answer) == (400, None, "MEDIA_ASSET_PROCESSING_FAILED")


@pytest.mark.expects_refusal
def test_a_picture_belongs_to_its_owner(linkedin: LinkedIn, company: Author) -> None:
    other = linkedin.organization(company.person)
    answer = linkedin.publish(other, "m", content={"media": {"id": linkedin.image(company)}})
    assert code(answer) == (403, None, None)


@pytest.mark.expects_refusal
def test_nobody_uploads_for_somebody_else(linkedin: LinkedIn, company: Author) -> None:
    body = {"initializeUploadRequest": {"owner": linkedin.organization().urn}}
    answer = linkedin.rest("POST", "images?action=initializeUpload", company.token, "ACTION", json=body)
    assert code(answer) == (403, None, None)
    wrong = {"initializeUploadRequest": {"owner": company.urn, "size": 5}}
    assert (
        linkedin.rest("POST", "images?action=initializeUpload", company.token, "ACTION", json=wrong).status_code == 403
    )


def test_a_members_picture_cannot_be_read_only_posted(box: Box, linkedin: LinkedIn) -> None:
    member = linkedin.member()
    image = linkedin.image(member)
    answer = linkedin.rest("GET", f"images/{encoded(image)}", member.token)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Accessing this image resource is forbidden")
    assert linkedin.publish(member, "m", content={"media": {"id": image}}).status_code == 201
    assert len(box.posts(member.urn)[0]["media"]) == 1


@pytest.mark.expects_refusal
def test_an_upload_address_dies_after_its_time(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company)
    assert linkedin.put(place["uploadUrl"].replace("dms-uploads/", "dms-uploads/x"), picture()).status_code == 403
    assert linkedin.put(place["uploadUrl"], b"").status_code == 400
    box.control("clock", {"advance_s": 31 * 86_400})
    assert linkedin.put(place["uploadUrl"], picture()).status_code == 401


def test_pictures_can_be_read_in_a_batch(linkedin: LinkedIn, company: Author) -> None:
    image = linkedin.image(company)
    path = f"images?ids=List({encoded(image)},{encoded('urn:li:image:none')})"
    told = linkedin.rest("GET", path, company.token, "BATCH_GET").json()
    assert told["statuses"] == {image: 200, "urn:li:image:none": 404}
