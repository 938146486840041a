"""Comments and replies below posts (linkedin 6.1)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import FEED_SCOPES, Author, LinkedIn, code, encoded

NOT_ALLOWED = (403, None, None)


@pytest.fixture
def post(linkedin: LinkedIn, company: Author) -> str:
    return str(linkedin.publish(company, "A post").headers["x-restli-id"])


def kept(box: Box, post: str) -> list[dict[str, Any]]:
    [found] = [each for each in box.control("posts") if each["id"] == post]
    told: list[dict[str, Any]] = found["comments"]
    return told


def one_of(told: dict[str, Any]) -> str:
    """The path of a comment."""
    return f"socialActions/{encoded(told['object'])}/comments/{told['id']}"


def one(comment: httpx.Response) -> str:
    """The path of a comment that was just made."""
    return one_of(comment.json())


def patch(text: str) -> dict[str, Any]:
    return {"patch": {"message": {"$set": {"text": text}}}}


def test_a_first_comment_is_made_and_told_whole(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    answer = linkedin.comment(company, post, "See #more at (https://e.example/a_b) @all")
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["x-restli-id"] == told["id"]
    assert told["object"].startswith("urn:li:activity:")
    assert told["object"].rpartition(":")[2] != post.rpartition(":")[2], "an activity has a number of its own"
    assert told["commentUrn"] == told["$URN"] == f"urn:li:comment:({told['object']},{told['id']})"
    assert told["message"] == {"attributes": [], "text": "See #more at (https://e.example/a_b) @all"}, "plain text"
    assert (told["actor"], told["created"]["actor"]) == (company.urn, company.urn)
    assert told["created"]["impersonator"].startswith("urn:li:person:")
    assert abs(told["created"]["time"] / 1000 - time.time()) < 60
    assert told["likesSummary"]["totalLikes"] == told["commentsSummary"]["totalFirstLevelComments"] == 0
    [comment] = kept(box, post)
    assert comment.items() >= {"id": told["$URN"], "author_id": company.urn, "parent_id": None}.items()


def test_followers_see_comments_below_the_post(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    first = linkedin.comment(company, post, "First & <last>").json()
    reply = linkedin.member()
    assert linkedin.comment(
        reply, first["$URN"], "A reply", object=first["object"], parentComment=first["$URN"]
    ).is_success
    for address in (f"/?account={company.urn}", f"/www.linkedin.com/feed/update/{post}/"):
        html = box.http.get(address).text
        assert "First &amp; &lt;last&gt;" in html
        assert html.index("First &amp;") < html.index("A reply")


def test_the_post_may_be_named_by_its_activity(linkedin: LinkedIn, company: Author, post: str) -> None:
    activity = linkedin.comment(company, post, "one").json()["object"]
    assert linkedin.comment(company, activity, "two").is_success
    assert linkedin.comment(company, post, "three", object=activity).is_success
    for target in (post, activity):
        told = linkedin.comments(company, target).json()["elements"]
        assert [each["message"]["text"] for each in told] == ["one", "two", "three"]


def test_a_list_goes_by_pages_and_a_batch_by_numbers(linkedin: LinkedIn, company: Author, post: str) -> None:
    made = [linkedin.comment(company, post, f"number {number}").json() for number in range(3)]
    page = linkedin.comments(company, post, "?start=0&count=2").json()
    assert [each["id"] for each in page["elements"]] == [each["id"] for each in made[:2]]
    [link] = page["paging"]["links"]
    rest = linkedin.rest("GET", link["href"].removeprefix("/rest/"), company.token).json()
    assert [each["id"] for each in rest["elements"]] == [made[2]["id"]]
    batch = linkedin.rest(
        "GET", f"socialActions/{encoded(post)}/comments?ids=List({made[0]['id']},1)", company.token, "BATCH_GET"
    ).json()
    assert batch["statuses"] == {made[0]["id"]: 200, "1": 404}
    alone = linkedin.rest("GET", f"socialActions/{encoded(post)}/comments/{made[1]['id']}", company.token).json()
    assert alone == made[1]


@pytest.mark.expects_refusal
def test_replies_stand_below_their_comment(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    first = linkedin.comment(company, post, "first").json()
    urn = first["$URN"]
    assert code(linkedin.comment(company, urn, "r", object=first["object"])) == (400, None, "MISSING_FIELD")
    wrong = linkedin.comment(company, post, "r", parentComment=urn)
    assert code(wrong) == (400, None, "INVALID_VALUE_FOR_FIELD")
    reply = linkedin.comment(company, urn, "reply", object=first["object"], parentComment=urn).json()
    assert reply["parentComment"] == urn
    assert [each["id"] for each in linkedin.comments(company, post).json()["elements"]] == [first["id"]]
    assert [each["id"] for each in linkedin.comments(company, urn).json()["elements"]] == [reply["id"]]
    told = linkedin.rest("GET", f"socialActions/{encoded(post)}", company.token).json()
    assert told["commentsSummary"] == {
        "selectedComments": [],
        "totalFirstLevelComments": 1,
        "aggregatedTotalComments": 2,
    }
    batch = linkedin.rest("GET", f"socialActions?ids=List({encoded(post)})", company.token, "BATCH_GET").json()
    assert batch["results"][post]["target"] == first["object"]
    assert linkedin.rest("DELETE", f"{one_of(first)}?actor={encoded(company.urn)}", company.token).status_code == 204
    assert all(each["deleted_at"] for each in kept(box, post)), "replies go with it"


@pytest.mark.expects_refusal
def test_a_comment_is_edited_and_deleted_by_its_actor(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    path, actor = one(linkedin.comment(company, post, "before")), f"?actor={encoded(company.urn)}"
    for answer in (
        linkedin.rest("POST", path, company.token, "PARTIAL_UPDATE", json=patch("x")),
        linkedin.rest("DELETE", path, company.token, "DELETE"),
    ):
        assert answer.json()["message"] == "Parameter 'actor' is required"
    assert linkedin.rest("POST", path + actor, company.token, "PARTIAL_UPDATE", json=patch("after")).status_code == 204
    assert linkedin.rest("GET", path, company.token).json()["message"]["text"] == "after"
    other = linkedin.organization()
    theirs = f"?actor={encoded(other.urn)}"
    for answer in (
        linkedin.rest("POST", path + theirs, other.token, "PARTIAL_UPDATE", json=patch("x")),
        linkedin.rest("POST", path + actor, other.token, "PARTIAL_UPDATE", json=patch("x")),
        linkedin.rest("DELETE", path + theirs, other.token, "DELETE"),
    ):
        assert code(answer) == NOT_ALLOWED
    assert linkedin.rest("DELETE", path + actor, company.token, "DELETE").status_code == 204
    assert code(linkedin.rest("DELETE", path + actor, company.token, "DELETE")) == (404, None, "NOT_FOUND")
    assert code(linkedin.rest("GET", path, company.token)) == (404, None, "NOT_FOUND")
    [comment] = kept(box, post)
    assert (comment["text"], comment["deleted_at"] is not None) == ("after", True)


def test_a_page_takes_away_what_others_wrote_below_its_post(linkedin: LinkedIn, company: Author, post: str) -> None:
    path = one(linkedin.comment(linkedin.member(), post, "spam"))
    assert linkedin.rest("DELETE", f"{path}?actor={encoded(company.urn)}", company.token).status_code == 204


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"actor": None}, (400, None, "MISSING_FIELD")),
        ({"actor": "urn:li:share:1"}, (400, None, "INVALID_URN_TYPE")),
        ({"actor": "urn:li:organization:99"}, NOT_ALLOWED),
        ({"object": None}, (400, None, "MISSING_FIELD")),
        ({"object": "urn:li:share:1"}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"message": None}, (400, None, "MISSING_FIELD")),
        ({"message": {}}, (400, None, "MISSING_FIELD")),
        ({"message": {"text": " "}}, (400, None, "INVALID_VALUE_BLANK_FIELD")),
        ({"message": {"text": "x" * 1_251}}, (400, None, "FIELD_LENGTH_TOO_LONG")),
        ({"message": {"text": "m", "attributes": [{"start": 0, "length": 2}]}}, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ({"message": {"text": "m", "attributes": [{"start": 0, "length": 1}]}}, (400, None, "MISSING_FIELD")),
        ({"content": [{"entity": {"image": "urn:li:image:x"}}]}, NOT_ALLOWED),
        ({"commentary": "m"}, NOT_ALLOWED),
    ],
)
def test_what_a_comment_refuses(
    box: Box,
    linkedin: LinkedIn,
    company: Author,
    post: str,
    changed: dict[str, Any],
    expected: tuple[int, int | None, str | None],
) -> None:
    body = {"actor": company.urn, "object": post, "message": {"text": "m"}, **changed}
    body = {name: value for name, value in body.items() if value is not None}
    path = f"socialActions/{encoded(post)}/comments"
    assert code(linkedin.rest("POST", path, company.token, "CREATE", json=body)) == expected
    assert kept(box, post) == []


def test_a_picture_in_a_comment_is_refused_in_its_words(linkedin: LinkedIn, company: Author, post: str) -> None:
    answer = linkedin.comment(company, post, "m", content=[])
    assert answer.json()["message"] == (
        "Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/content]"
    )


def test_a_mention_names_a_stretch_of_the_text(linkedin: LinkedIn, company: Author, post: str) -> None:
    mention = [{"start": 7, "length": 3, "value": {"person": {"person": "urn:li:person:x"}}}]
    answer = linkedin.comment(company, post, "ignored", message={"text": "Thanks Ada", "attributes": mention})
    assert answer.json()["message"]["attributes"] == mention


@pytest.mark.expects_refusal
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("urn:li:share:1", (404, None, "NOT_FOUND")),
        ("urn:li:activity:1", (404, None, "NOT_FOUND")),
        ("urn:li:comment:(urn:li:activity:1,2)", (404, None, "NOT_FOUND")),
        ("urn:li:organization:1", (400, None, "INVALID_URN_TYPE")),
    ],
)
def test_what_cannot_be_commented_on(
    linkedin: LinkedIn, company: Author, target: str, expected: tuple[int, int | None, str | None]
) -> None:
    assert code(linkedin.comment(company, target, "m")) == expected


def test_a_deleted_post_takes_no_comment(linkedin: LinkedIn, company: Author, post: str) -> None:
    linkedin.rest("DELETE", f"posts/{encoded(post)}", company.token, "DELETE")
    assert code(linkedin.comment(company, post, "m")) == (404, None, "NOT_FOUND")


@pytest.mark.expects_refusal
def test_raw_brackets_and_words_as_numbers_are_the_clients_bug(
    box: Box, linkedin: LinkedIn, company: Author, post: str
) -> None:
    for path in (
        "socialActions/urn:li:comment:(urn:li:activity:1,2)/comments",
        f"socialActions/{encoded(post)}/comments/first",
        f"socialActions/{encoded(post)}/likes",
    ):
        assert linkedin.rest("GET", path, company.token).is_client_error
        assert box.last_request("/rest/socialActions")["kind"] == "protocol"


def test_commenting_needs_another_scope_and_other_roles_than_posting(linkedin: LinkedIn) -> None:
    """3.2: a content administrator posts and doesn't comment."""
    world = linkedin.box.control("world")
    coffee = next(
        each["id"] for each in world["accounts"] if each["name"] == "Northwind Coffee" and "urn" in each["id"]
    )
    sara = Author(coffee, linkedin.token("linkedin", "p-sara", FEED_SCOPES), "p-sara")
    post = linkedin.publish(sara, f"By Sara {time.time_ns()}").headers["x-restli-id"]
    answer = linkedin.comment(sara, post, "m")
    assert code(answer) == NOT_ALLOWED
    assert answer.json()["message"].endswith("[/actor]")
    assert code(linkedin.comments(sara, post)) == (403, 100, "ACCESS_DENIED")
    scopes = [scope for scope in FEED_SCOPES if not scope.startswith("w_organization_social_feed")]
    maya = Author(coffee, linkedin.token("linkedin", "p-maya", scopes), "p-maya")
    answer = linkedin.comment(maya, post, "m")
    assert code(answer) == (403, 100, "ACCESS_DENIED")
    assert answer.json()["message"] == "Not enough permissions to access: partnerApiSocialActions.CREATE.20260901"
    assert linkedin.comments(maya, post).is_success


def test_a_member_comments_and_cannot_read_their_own(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    member = linkedin.member()
    mine = linkedin.publish(member, "mine").headers["x-restli-id"]
    told = linkedin.comment(member, mine, "first").json()
    assert told["actor"] == member.urn
    assert "impersonator" not in told["created"]
    assert code(linkedin.comments(member, mine)) == (403, 100, "ACCESS_DENIED")
    path = f"{one_of(told)}?actor={encoded(member.urn)}"
    assert linkedin.rest("POST", path, member.token, "PARTIAL_UPDATE", json=patch("edited")).status_code == 204
    assert linkedin.rest("DELETE", path, member.token, "DELETE").status_code == 204
    other = linkedin.member()
    assert code(linkedin.comment(Author(other.urn, member.token, ""), post, "m")) == NOT_ALLOWED


def test_some_members_may_not_comment_with_the_scope_of_posts(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    member = linkedin.member()
    post = linkedin.publish(member, "mine").headers["x-restli-id"]
    own_box.control("options", {"provider": "linkedin", "options": {"member_comments": False}})
    answer = linkedin.comment(member, post, "m")
    assert code(answer) == (403, 100, "ACCESS_DENIED")
    assert "partnerApiSocialActions.CREATE" in answer.json()["message"]
    token = linkedin.token("linkedin", member.person, ["w_member_social_feed", "r_basicprofile"])
    urn = f"urn:li:person:{linkedin.rest('GET', 'me', token).json()['id']}"
    assert linkedin.comment(Author(urn, token, member.person), post, "m").is_success


def test_too_many_comments_in_a_minute_are_throttled(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company, other = linkedin.organization(), linkedin.organization()
    post = linkedin.publish(company, "m").headers["x-restli-id"]
    own_box.control("options", {"provider": "linkedin", "options": {"comments_a_minute": 2}})
    answers = [linkedin.comment(company, post, f"comment {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json() == {
        "status": 429,
        "message": "Comment create throttled: creation rate limit exceeded for member",
    }
    assert linkedin.comment(other, post, "somebody else").is_success
    own_box.control("clock", {"advance_s": 61})
    assert linkedin.comment(company, post, "a minute later").is_success


@pytest.mark.parametrize(
    ("mode", "made", "expected"),
    [
        ("refuse", 0, (400, None, "INVALID_VALUE_FOR_FIELD")),
        ("error_before", 0, (500, None, "INTERNAL_SERVER_ERROR")),
        ("error_after", 1, (500, None, "INTERNAL_SERVER_ERROR")),
        ("refused_but_live", 1, (429, 101, "TOO_MANY_REQUESTS")),
        ("rate_limited", 0, (429, 101, "TOO_MANY_REQUESTS")),
        ("scope_missing", 0, (403, 100, "ACCESS_DENIED")),
        ("not_found_once", 0, (404, None, "NOT_FOUND")),
        ("token_revoked", 0, (401, 65601, "REVOKED_ACCESS_TOKEN")),
    ],
)
def test_faults_meet_comments(
    box: Box,
    linkedin: LinkedIn,
    company: Author,
    post: str,
    mode: str,
    made: int,
    expected: tuple[int, int | None, str | None],
) -> None:
    box.fault("POST /api.linkedin.com/rest/socialActions/*", mode, times=1)
    assert code(linkedin.comment(company, post, "m")) == expected
    assert len(kept(box, post)) == made


def test_a_fault_can_say_that_comments_are_throttled(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    box.fault("POST /api.linkedin.com/rest/socialActions/*", "rate_limited", times=1, args={"limit": "comments"})
    assert code(linkedin.comment(company, post, "m")) == (429, None, None)


def test_a_comment_can_be_listed_late(box: Box, linkedin: LinkedIn, company: Author, post: str) -> None:
    box.fault("POST /api.linkedin.com/rest/socialActions/*", "delayed_visibility", times=1, args={"ms": 20_000})
    path = one(linkedin.comment(company, post, "later"))
    assert linkedin.comments(company, post).json()["elements"] == []
    assert linkedin.rest("GET", path, company.token).is_success
    box.control("clock", {"advance_s": 21})
    assert len(linkedin.comments(company, post).json()["elements"]) == 1


@pytest.mark.parametrize(("mode", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_leaves_a_comment_in_doubt(
    box: Box, linkedin: LinkedIn, company: Author, post: str, mode: str, made: int
) -> None:
    box.fault("POST /api.linkedin.com/rest/socialActions/*", mode, times=1)
    with pytest.raises(httpx.ReadError):
        linkedin.comment(company, post, "m")
    assert len(kept(box, post)) == made
