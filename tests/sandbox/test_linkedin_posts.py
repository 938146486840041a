"""Posts at LinkedIn: make, read, list, edit, delete (linkedin 4)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import Author, LinkedIn, code, encoded, escaped

TOO_LONG = (400, None, "FIELD_LENGTH_TOO_LONG")


def test_a_post_is_live_at_once_and_its_urn_is_in_a_header(box: Box, linkedin: LinkedIn, company: Author) -> None:
    answer = linkedin.publish(company, escaped("Grüße 👋 (all)"))
    assert (answer.status_code, answer.content) == (201, b"")
    urn = answer.headers["x-restli-id"]
    assert urn.startswith("urn:li:share:")
    [post] = box.posts(company.urn)
    assert (
        post.items()
        >= {
            "id": urn,
            "provider": "linkedin",
            "network": "linkedin",
            "account_id": company.urn,
            "text": "Grüße 👋 (all)",
            "link": None,
            "media": [],
            "deleted_at": None,
        }.items()
    )


def test_the_read_model_has_milliseconds_and_the_text_as_written(linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "Hello \\(you\\) #world").headers["x-restli-id"]
    told = linkedin.read(company, urn).json()
    assert told["commentary"] == "Hello \\(you\\) {hashtag|\\#|world}"
    assert abs(told["createdAt"] / 1000 - time.time()) < 60
    assert told["lifecycleStateInfo"] == {"isEditedByAuthor": False}
    assert (told["author"], told["lifecycleState"], told["visibility"]) == (company.urn, "PUBLISHED", "PUBLIC")


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"author": None}, (400, None, "MISSING_FIELD")),
        ({"author": "1001"}, (400, None, "INVALID_URN_TYPE")),
        ({"author": "urn:li:organization:99"}, (403, None, None)),
        ({"commentary": None}, (400, None, "MISSING_FIELD")),
        ({"commentary": " "}, (400, None, "INVALID_VALUE_BLANK_FIELD")),
        ({"commentary": "x" * 3_001}, (400, None, "FIELD_LENGTH_TOO_LONG")),
        ({"commentary": "😀" * 1_501}, (400, None, "FIELD_LENGTH_TOO_LONG")),
        ({"visibility": None}, (400, None, "MISSING_FIELD")),
        ({"visibility": "FRIENDS"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"visibility": "CONNECTIONS"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"lifecycleState": "DRAFT"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"distribution": None}, (400, None, "MISSING_FIELD")),
        ({"distribution": {"feedDistribution": "EVERYWHERE"}}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"isReshareDisabledByAuthor": "no"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"scheduledAt": 1}, (403, None, None)),
        ({"content": {"video": {}}}, (403, None, None)),
        ({"content": {"media": {"id": "urn:li:video:C5F"}}}, (400, None, "INVALID_VIDEO_ID")),
        ({"content": {"media": {"id": "urn:li:image:C4E"}}}, (400, None, "INVALID_IMAGE_ID")),
        ({"content": {"article": {"source": "https://e.example"}}}, (400, None, "MISSING_FIELD")),
        ({"content": {"article": {"source": "e.example", "title": "t"}}}, (400, None, "INVALID_URL")),
        ({"content": {"article": {"source": "https://e.example", "title": "t" * 400}}}, TOO_LONG),
    ],
)
def test_what_a_create_refuses(
    box: Box, linkedin: LinkedIn, company: Author, changed: dict[str, Any], expected: tuple[int, int | None, str | None]
) -> None:
    body = {**linkedin.body(company, "m"), **changed}
    answer = linkedin.rest(
        "POST", "posts", company.token, "CREATE", json={k: v for k, v in body.items() if v is not None}
    )
    assert code(answer) == expected
    assert box.posts(company.urn) == []


def test_a_too_long_text_is_told_with_its_field(linkedin: LinkedIn, company: Author) -> None:
    [problem] = linkedin.publish(company, "x" * 3_050).json()["errorDetails"]["inputErrors"]
    assert problem["description"] == "commentary length 3050 can't exceeded maximum 3000 length"
    assert problem["input"] == {"inputPath": {"fieldPath": "commentary"}}


def test_an_article_is_a_link_with_a_card(box: Box, linkedin: LinkedIn, company: Author) -> None:
    article = {"source": "https://example.com/a?b=1", "title": "T", "description": "D"}
    urn = linkedin.publish(company, "", content={"article": article}).headers["x-restli-id"]
    assert box.posts(company.urn)[0]["link"] == "https://example.com/a?b=1"
    assert linkedin.read(company, urn).json()["content"] == {"article": article}


def test_the_same_post_again_is_refused_and_the_older_one_named(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "twin").headers["x-restli-id"]
    answer = linkedin.publish(company, " twin ")
    assert code(answer) == (422, None, None)
    assert answer.json()["message"].endswith(f"Content is a duplicate of {urn}")
    assert answer.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    linkedin.rest("DELETE", f"posts/{encoded(urn)}", company.token, "DELETE")
    assert linkedin.publish(company, "twin").status_code == 422, "also after it was deleted"
    box.control("clock", {"advance_s": 601})
    assert linkedin.publish(company, "twin").is_success


def test_the_window_of_duplicates_can_be_switched_off(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    own_box.control("options", {"provider": "linkedin", "options": {"duplicate_window_s": 0}})
    assert [linkedin.publish(company, "twin").status_code for _ in range(2)] == [201, 201]


def test_the_finder_lists_a_pages_posts_by_place(linkedin: LinkedIn, company: Author) -> None:
    urns = [linkedin.publish(company, f"post {number}").headers["x-restli-id"] for number in range(3)]
    first = linkedin.listed(company, "&count=2&start=0&sortBy=CREATED")
    assert [post["id"] for post in first["elements"]] == [urns[2], urns[1]]
    [link] = first["paging"]["links"]
    assert link["rel"] == "next"
    assert link["href"].startswith("/rest/posts?q=author&author=urn%3Ali%3Aorganization")
    last = linkedin.rest("GET", link["href"].removeprefix("/rest/"), company.token).json()
    assert [post["id"] for post in last["elements"]] == [urns[0]]
    assert "next" not in {each["rel"] for each in last["paging"]["links"]}


def test_an_edit_moves_a_post_to_the_front_by_default(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urns = [linkedin.publish(company, f"post {number}").headers["x-restli-id"] for number in range(2)]
    patch = {"patch": {"$set": {"commentary": "edited \\#1"}}}
    answer = linkedin.rest("POST", f"posts/{encoded(urns[0])}", company.token, "PARTIAL_UPDATE", json=patch)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [post["id"] for post in linkedin.listed(company)["elements"]] == urns
    assert linkedin.read(company, urns[0]).json()["lifecycleStateInfo"]["isEditedByAuthor"] is True
    assert box.posts(company.urn)[0]["text"] == "edited #1"


def test_a_batch_answers_each_post_by_itself(linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "m").headers["x-restli-id"]
    foreign = linkedin.organization()
    other = linkedin.publish(foreign, "m").headers["x-restli-id"]
    ids = ",".join(encoded(each) for each in (urn, other, "urn:li:share:1"))
    answer = linkedin.rest("GET", f"posts?ids=List({ids})", company.token, "BATCH_GET")
    assert answer.status_code == 200
    assert answer.json()["statuses"] == {urn: 200, other: 403, "urn:li:share:1": 404}
    assert answer.json()["results"][urn]["commentary"] == "m"
    assert set(answer.json()["errors"]) == {other, "urn:li:share:1"}


def test_fields_narrow_what_is_read(linkedin: LinkedIn, company: Author) -> None:
    linkedin.publish(company, "m")
    assert [set(post) for post in linkedin.listed(company, "&fields=id,author")["elements"]] == [{"id", "author"}]


@pytest.mark.expects_refusal
def test_what_cannot_be_edited(linkedin: LinkedIn, company: Author) -> None:
    path = f"posts/{encoded(linkedin.publish(company, 'm').headers['x-restli-id'])}"
    for patch in ({"$set": {"visibility": "LOGGED_IN"}}, {"$unset": {}}):
        answer = linkedin.rest("POST", path, company.token, "PARTIAL_UPDATE", json={"patch": patch})
        assert answer.status_code == 403


def test_a_delete_is_repeatable_and_the_ledger_remembers(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "regret").headers["x-restli-id"]
    answers = [linkedin.rest("DELETE", f"posts/{encoded(urn)}", company.token, "DELETE") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert code(linkedin.read(company, urn)) == (404, None, "NOT_FOUND")
    assert box.posts(company.urn)[0]["deleted_at"] is not None


def test_a_dark_post_is_in_no_list(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "unlisted", distribution={"feedDistribution": "NONE"}).headers["x-restli-id"]
    assert linkedin.listed(company)["elements"] == []
    assert linkedin.read(company, urn).is_success
    assert "unlisted" not in box.http.get(f"/?account={company.urn}").text


def test_a_member_posts_and_cannot_read_it_back(box: Box, linkedin: LinkedIn) -> None:
    member = linkedin.member()
    urn = linkedin.publish(member, "mine", visibility="CONNECTIONS").headers["x-restli-id"]
    assert [post["text"] for post in box.posts(member.urn)] == ["mine"]
    answer = linkedin.read(member, urn)
    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Accessing the UGC resource is forbidden.")
    finder = linkedin.rest("GET", f"posts?q=author&author={encoded(member.urn)}", member.token, "FINDER")
    assert finder.status_code == 400
    assert finder.json()["message"] == "Member permissions must be used when using member as author"
    assert linkedin.rest("DELETE", f"posts/{encoded(urn)}", member.token, "DELETE").status_code == 204


def test_nobody_posts_as_somebody_else(linkedin: LinkedIn, company: Author) -> None:
    member, other = linkedin.member(), linkedin.member()
    for author, token in ((other, member.token), (linkedin.organization(), company.token)):
        answer = linkedin.publish(Author(author.urn, token, ""), "m")
        assert answer.status_code == 403
        assert answer.json()["message"].endswith("Data Processing Exception while processing fields [/author]")


def test_a_missing_scope_names_the_call(linkedin: LinkedIn, company: Author) -> None:
    token = linkedin.token("linkedin", company.person, ["rw_organization_admin", "r_organization_social"])
    answer = linkedin.publish(Author(company.urn, token, ""), "m")
    assert code(answer) == (403, 100, "ACCESS_DENIED")
    assert answer.json()["message"] == "Not enough permissions to access: posts.CREATE.20260901"


def test_the_permalink_shows_the_post_as_followers_see_it(box: Box, linkedin: LinkedIn, company: Author) -> None:
    urn = linkedin.publish(company, "See \\<this\\>").headers["x-restli-id"]
    page = box.http.get(f"/www.linkedin.com/feed/update/{urn}/")
    assert page.status_code == httpx.codes.OK
    assert "See &lt;this&gt;" in page.text
    assert f"/www.linkedin.com/feed/update/{urn}/" in box.http.get(f"/?account={company.urn}").text
    linkedin.rest("DELETE", f"posts/{encoded(urn)}", company.token, "DELETE")
    assert box.http.get(f"/www.linkedin.com/feed/update/{urn}").status_code == httpx.codes.NOT_FOUND
