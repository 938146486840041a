"""Documents: a place, the bytes, the states, the post (linkedin 5.3)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, encoded, picture
from tests.sandbox.papers import doc, docx, pdf, ppt, pptx


def test_a_document_goes_through_its_states_and_is_posted(box: Box, linkedin: LinkedIn, company: Author) -> None:
    content = pdf()
    place = linkedin.reserve(company, "documents")
    assert place["document"].startswith("urn:li:document:")
    assert place["uploadUrlExpiresAt"] > 0
    assert linkedin.status(company, place["document"]) == "WAITING_UPLOAD"
    answer = linkedin.put(place["uploadUrl"], content)
    assert (answer.status_code, answer.content) == (201, b"")
    assert linkedin.status(company, place["document"]) == "PROCESSING"
    box.control("clock", {"advance_s": 2})
    told = linkedin.asset(company, place["document"])
    assert (told["status"], told["owner"]) == ("AVAILABLE", company.urn)
    assert box.http.get(told["downloadUrl"].replace("localhost", "127.0.0.1")).content == content
    shown = {"media": {"id": place["document"], "title": "Report.pdf"}}
    urn = linkedin.publish(company, "Read", content=shown).headers["x-restli-id"]
    assert urn.startswith("urn:li:ugcPost:")
    sha256 = hashlib.sha256(content).hexdigest()
    assert box.posts(company.urn)[0]["media"] == [{"kind": "document", "sha256": sha256}]
    assert linkedin.read(company, urn).json()["content"] == shown


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (pdf(300), "application/pdf"),
        (pdf(300, packed=True), "application/pdf"),
        (doc(), "application/msword"),
        (ppt(), "application/vnd.ms-powerpoint"),
        (docx(300), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (pptx(300), "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ],
    ids=["pdf", "packed pdf", "doc", "ppt", "docx", "pptx"],
)
def test_each_kind_is_told_by_its_content(
    box: Box, linkedin: LinkedIn, company: Author, content: bytes, content_type: str
) -> None:
    told = linkedin.asset(company, linkedin.document(company, content))
    assert told["status"] == "AVAILABLE"
    fetched = box.http.get(told["downloadUrl"].replace("localhost", "127.0.0.1"))
    assert fetched.headers["content-type"] == content_type


@pytest.mark.parametrize(
    "content",
    [pdf(301), pdf(301, packed=True), docx(301), pptx(301), picture(), b"PK\x03\x04 no archive", doc()[:512], b"text"],
    ids=["pdf", "packed pdf", "docx", "pptx", "picture", "archive", "ole", "text"],
)
def test_what_is_no_document_or_has_too_many_pages_fails(linkedin: LinkedIn, company: Author, content: bytes) -> None:
    urn = linkedin.document(company, content)
    assert linkedin.status(company, urn) == "PROCESSING_FAILED"
    answer = linkedin.publish(company, "m", content={"media": {"id": urn, "title": "T"}})
    assert code(answer) == (400, None, "MEDIA_ASSET_PROCESSING_FAILED")


def test_too_large_a_document_is_refused_at_its_address(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    assert own_box.control("options")["linkedin"]["document_bytes"] == "100000000"
    content = pdf()
    own_box.control("options", {"provider": "linkedin", "options": {"document_bytes": len(content)}})
    place = linkedin.reserve(company, "documents")
    assert linkedin.put(place["uploadUrl"], content + b"\n").status_code == 413
    assert linkedin.status(company, place["document"]) == "WAITING_UPLOAD"
    assert linkedin.put(place["uploadUrl"], content).status_code == 201


def test_a_document_larger_than_a_page_of_memory_comes_whole(linkedin: LinkedIn, company: Author) -> None:
    content = pdf() + b"%" + bytes(20_000_000)
    urn = linkedin.document(company, content)
    assert linkedin.status(company, urn) == "AVAILABLE"


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"id": "DOCUMENT"}, (400, None, "MISSING_FIELD")),
        ({"id": "DOCUMENT", "title": " "}, (400, None, "INVALID_VALUE_BLANK_FIELD")),
        ({"id": "urn:li:document:none", "title": "T"}, (400, None, "INVALID_URN_ID")),
        ({"id": "urn:li:digitalmediaAsset:D4D", "title": "T"}, (400, None, "INVALID_URN_TYPE")),
        ({"id": "DOCUMENT", "title": "T", "pages": 2}, (403, None, None)),
    ],
)
def test_what_a_post_with_a_document_refuses(
    linkedin: LinkedIn, company: Author, media: dict[str, Any], expected: tuple[int, int | None, str | None]
) -> None:
    urn = linkedin.document(company, pdf())
    given = {name: urn if value == "DOCUMENT" else value for name, value in media.items()}
    assert code(linkedin.publish(company, "m", content={"media": given})) == expected


def test_a_post_waits_for_its_document(box: Box, linkedin: LinkedIn, company: Author) -> None:
    place = linkedin.reserve(company, "documents")
    shown = {"media": {"id": place["document"], "title": "T"}}
    assert code(linkedin.publish(company, "m", content=shown)) == (400, None, "MEDIA_ASSET_WAITING_UPLOAD")
    linkedin.put(place["uploadUrl"], pdf())
    assert code(linkedin.publish(company, "m", content=shown)) == (400, None, "MEDIA_ASSET_WAITING_UPLOAD")
    box.control("clock", {"advance_s": 2})
    assert linkedin.publish(company, "m", content=shown).is_success


def test_a_members_document_can_be_posted_and_not_read(linkedin: LinkedIn) -> None:
    member = linkedin.member()
    urn = linkedin.document(member, pdf())
    answer = linkedin.rest("GET", f"documents/{encoded(urn)}", member.token)
    assert answer.json()["message"].startswith("Accessing this document resource is forbidden")
    assert linkedin.publish(member, "m", content={"media": {"id": urn, "title": "T"}}).status_code == 201


@pytest.mark.expects_refusal
def test_a_document_belongs_to_its_owner_and_its_address_to_nobody_else(
    box: Box, linkedin: LinkedIn, company: Author
) -> None:
    other = linkedin.organization(company.person)
    shown = {"media": {"id": linkedin.document(company, pdf()), "title": "T"}}
    assert code(linkedin.publish(other, "m", content=shown)) == (403, None, None)
    place = linkedin.reserve(company, "documents")
    box.control("clock", {"advance_s": 31 * 86_400})
    assert linkedin.put(place["uploadUrl"], pdf()).status_code == 401


def test_a_document_can_be_slow_and_can_fail(box: Box, linkedin: LinkedIn, company: Author) -> None:
    box.fault("PUT /www.linkedin.com/dms-uploads/*", "slow_container", times=1, args={"polls": 1})
    urn = linkedin.document(company, pdf())
    assert [linkedin.status(company, urn) for _ in range(2)] == ["PROCESSING", "AVAILABLE"]
    box.fault("PUT /www.linkedin.com/dms-uploads/*", "container_error", times=1)
    assert linkedin.status(company, linkedin.document(company, pdf())) == "PROCESSING_FAILED"
