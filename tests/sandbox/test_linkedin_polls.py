"""Polls and reposts (linkedin 4.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, encoded

QUESTION, TEXT = "Tea or coffee?", "A question"
DAY_S = 86_400


def poll(**changed: Any) -> dict[str, Any]:
    asked = {
        "question": QUESTION,
        "options": [{"text": "Tea"}, {"text": "Coffee"}],
        "settings": {"duration": "THREE_DAYS"},
        **changed,
    }
    return {"poll": {name: value for name, value in asked.items() if value is not None}}


def test_a_poll_is_shown_with_its_options_and_its_end(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, TEXT, content=poll()).headers["x-restli-id"]
    assert urn.startswith("urn:li:ugcPost:")
    [post] = box.posts(company.urn)
    assert (post["text"], post["poll"]["question"], post["poll"]["options"]) == (TEXT, QUESTION, ["Tea", "Coffee"])
    lasts_s = post["poll"]["ends_at"] - datetime.fromisoformat(post["created_at"]).timestamp()
    assert abs(lasts_s - 3 * DAY_S) < 1
    told = linkedin.read(company, urn).json()["content"]["poll"]
    assert told["options"] == [{"text": "Tea"}, {"text": "Coffee"}]
    assert told["settings"] == {
        "duration": "THREE_DAYS",
        "voteSelectionType": "SINGLE_VOTE",
        "isVoterVisibleToAuthor": True,
    }
    html = box.http.get(f"/?account={company.urn}").text
    assert "Tea or coffee?" in html
    assert "<li>Tea</li><li>Coffee</li>" in html
    assert "Poll, open until" in html


@pytest.mark.parametrize(
    ("duration", "days"), [("ONE_DAY", 1), ("THREE_DAYS", 3), ("SEVEN_DAYS", 7), ("FOURTEEN_DAYS", 14)]
)
def test_how_long_a_poll_is_open(box: Box, linkedin: LinkedIn, company: Author, duration: str, days: int) -> None:
    assert linkedin.publish(company, "", content=poll(settings={"duration": duration})).is_success
    [post] = box.posts(company.urn)
    lasts_s = post["poll"]["ends_at"] - datetime.fromisoformat(post["created_at"]).timestamp()
    assert abs(lasts_s - days * DAY_S) < 1


INVALID, LONG = (400, None, "INVALID_VALUE_FOR_FIELD"), (400, None, "FIELD_LENGTH_TOO_LONG")
MISSING, BLANK = (400, None, "MISSING_FIELD"), (400, None, "INVALID_VALUE_BLANK_FIELD")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"question": None}, MISSING),
        ({"question": " "}, BLANK),
        ({"question": "x" * 141}, LONG),
        ({"options": None}, INVALID),
        ({"options": [{"text": "one"}]}, INVALID),
        ({"options": [{"text": str(number)} for number in range(5)]}, INVALID),
        ({"options": [{"text": "one"}, {"text": "x" * 31}]}, LONG),
        ({"options": [{"text": "one"}, {"text": ""}]}, BLANK),
        ({"options": [{"text": "one"}, {}]}, MISSING),
        ({"options": ["one", "two"]}, INVALID),
        ({"options": [{"text": "one"}, {"text": "two", "votes": 3}]}, (403, None, None)),
        ({"settings": None}, MISSING),
        ({"settings": {}}, MISSING),
        ({"settings": {"duration": "TWO_DAYS"}}, INVALID),
        ({"settings": {"duration": "ONE_DAY", "voteSelectionType": "MULTIPLE_VOTE"}}, INVALID),
        ({"settings": {"duration": "ONE_DAY", "isVoterVisibleToAuthor": False}}, INVALID),
        ({"answer": 1}, (403, None, None)),
    ],
)
def test_what_a_poll_refuses(
    box: Box, linkedin: LinkedIn, company: Author, changed: dict[str, Any], expected: tuple[int, int | None, str | None]
) -> None:
    assert code(linkedin.publish(company, "m", content=poll(**changed))) == expected
    assert box.posts(company.urn) == []


def test_the_longest_question_with_the_most_options(linkedin: LinkedIn, company: Author) -> None:
    content = poll(question="x" * 140, options=[{"text": str(number) * 30} for number in range(4)])
    assert linkedin.publish(company, "m", content=content).is_success


@pytest.mark.expects_refusal
def test_a_poll_stands_alone(linkedin: LinkedIn, company: Author) -> None:
    both = {**poll(), "media": {"id": linkedin.image(company)}}
    assert code(linkedin.publish(company, "m", content=both)) == INVALID


def test_a_poll_cannot_be_edited_unless_an_option_says_so(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    urn = linkedin.publish(company, "m", content=poll()).headers["x-restli-id"]
    patch = {"patch": {"$set": {"commentary": "n"}}}
    path = f"posts/{encoded(urn)}"
    answer = linkedin.rest("POST", path, company.token, "PARTIAL_UPDATE", json=patch)
    assert answer.status_code == 403
    assert answer.json()["message"].endswith("[/patch/$set/commentary]")
    assert own_box.last_request("/rest/posts")["kind"] == "refused"
    own_box.control("options", {"provider": "linkedin", "options": {"edit_polls": True}})
    assert linkedin.rest("POST", path, company.token, "PARTIAL_UPDATE", json=patch).status_code == 204
    assert own_box.posts(company.urn)[0]["text"] == "n"


def test_a_member_asks_too(box: Box, linkedin: LinkedIn) -> None:
    member = linkedin.member()
    assert linkedin.publish(member, "m", content=poll()).status_code == 201
    assert box.posts(member.urn)[0]["poll"]["question"] == QUESTION


def test_a_repost_leads_to_the_first_post(box: Box, linkedin: LinkedIn, company: Author) -> None:
    first = linkedin.publish(company, "first").headers["x-restli-id"]
    second = linkedin.publish(company, "see this", reshareContext={"parent": first}).headers["x-restli-id"]
    third = linkedin.publish(company, "", reshareContext={"parent": second}).headers["x-restli-id"]
    assert linkedin.read(company, second).json()["reshareContext"] == {"parent": first, "root": first}
    assert linkedin.read(company, third).json()["reshareContext"] == {"parent": second, "root": first}
    assert box.posts(company.urn)[1]["link"].endswith(f"/feed/update/{first}/")
    assert code(linkedin.publish(company, "see this", reshareContext={"parent": first}))[0] == 422, "a duplicate"


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, MISSING),
        ({"parent": "urn:li:share:1"}, (400, None, "INVALID_URN_ID")),
        ({"parent": "urn:li:organization:1"}, (400, None, "INVALID_URN_TYPE")),
        ({"parent": "FIRST", "root": "urn:li:share:1"}, (400, None, "INVALID_URN_ID")),
        ({"parent": "FIRST", "by": "x"}, (403, None, None)),
        ({"parent": "CLOSED"}, INVALID),
        ({"parent": "GONE"}, (400, None, "INVALID_URN_ID")),
    ],
)
def test_what_a_repost_refuses(
    linkedin: LinkedIn, company: Author, context: dict[str, str], expected: tuple[int, int | None, str | None]
) -> None:
    urns = {
        "FIRST": linkedin.publish(company, "first").headers["x-restli-id"],
        "CLOSED": linkedin.publish(company, "closed", isReshareDisabledByAuthor=True).headers["x-restli-id"],
        "GONE": linkedin.publish(company, "gone").headers["x-restli-id"],
    }
    linkedin.rest("DELETE", f"posts/{encoded(urns['GONE'])}", company.token, "DELETE")
    given = {name: urns.get(value, value) for name, value in context.items()}
    assert code(linkedin.publish(company, "again", reshareContext=given)) == expected


@pytest.mark.expects_refusal
def test_a_repost_has_no_content_of_its_own(linkedin: LinkedIn, company: Author) -> None:
    first = linkedin.publish(company, "first").headers["x-restli-id"]
    assert code(linkedin.publish(company, "m", content=poll(), reshareContext={"parent": first})) == INVALID
