"""Forms of post, options and first comments: what reaches each account, what a change costs, what people are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.infra import db
from core.infra.errors import Invalid
from core.posts import commands, queries
from core.posts.content import Attached, Variant
from core.posts.views import Difference
from core.provider_kit.types import Format, ImageRules, Network, Option, Payload, TextRules
from tests.factories.accounts import make_account
from tests.factories.media import make_kept_image
from tests.factories.networks import declare
from tests.factories.posts import Team, attached, hashes, make_post, make_team, publications

IMAGES = ImageRules(("image/jpeg",), 10_000_000, max_alt=100)
TEXT = TextRules("codepoints", 500)
TITLE, PINNED = Option("title", "Title", "line", most=20), Option("pinned", "Pinned", "switch", default=True)
CREDIT, ABOUT = Option("credit", "Credit", "line", of=("image",)), Option("about", "About", "line", of=("link",))
POLL = Option("poll", "Poll", "poll", required=True, most=140)
FEED = Format("feed", "Post", files=(0, 1), images=IMAGES, takes_link=True, options=(TITLE, PINNED, CREDIT, ABOUT))
CAROUSEL = Format("carousel", "Carousel", files=(2, 10), images=replace(IMAGES, ratio=(1.0, 3.0)))
STORY = Format("story", "Story", files=(1, 1), images=replace(IMAGES, max_alt=0), takes_text=False)
ASKS = Format("poll", "Poll", files=(0, 0), options=(POLL,))
RICH = Network("facebook", "Facebook", "", "", TEXT, True, images=IMAGES, formats=(FEED, CAROUSEL, STORY, ASKS))
PLAIN = Network("plain", "Plain", "", "", TEXT, True, images=IMAGES, comments=TextRules("codepoints", 20))
QUESTION = {"question": "Tea or coffee?", "answers": ["Tea", "Coffee"], "days": 3}


@pytest.fixture
def team(database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """With an account on a network of four forms; `second` is on one that has the plain form alone."""
    declare(monkeypatch, {"facebook": RICH, "plain": PLAIN})
    return make_team()


@pytest.fixture
def second(team: Team) -> UUID:
    return make_account(team.admin, name="Second", network="plain").id


@pytest.fixture
def images(team: Team) -> list[UUID]:
    return [make_kept_image(team.author) for _ in range(3)]


def save(team: Team, post_id: UUID, **changes: Any) -> Any:
    draft = queries.draft(team.author, post_id)
    chosen = [each.account_id for each in draft.accounts if each.chosen]
    whole = {"text": draft.post.text, "link": draft.post.link, "account_ids": chosen, "slot_at": draft.post.slot_at}
    return commands.save(team.author, post_id, draft.post.revision, **(whole | changes))


def sent(team: Team, post_id: UUID) -> dict[UUID, Payload]:
    return {each.account_id: Payload.from_json(each.payload) for each in publications(team.author, post_id)}


def approve(team: Team, post_id: UUID) -> None:
    commands.submit(team.author, uuid4(), post_id, queries.draft(team.author, post_id).post.revision)
    commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))


def said(team: Team, post_id: UUID, account_id: UUID) -> list[tuple[str, str, int | str | None]]:
    draft = queries.draft(team.author, post_id)
    (account,) = [each for each in draft.accounts if each.account_id == account_id]
    return [(each.place, each.words, each.at) for each in account.problems]


def changes(team: Team, post_id: UUID) -> Difference:
    commands.submit(team.author, uuid4(), post_id, queries.draft(team.author, post_id).post.revision)
    (mine,) = queries.review(team.approver, post_id).publications
    assert mine.since_approval is not None
    return mine.since_approval


def test_without_a_choice_the_files_decide_about_the_form(team: Team, second: UUID, images: list[UUID]) -> None:
    post_id = make_post(team.author, [team.account_id, second], files=attached(*images))
    rows = sent(team, post_id)
    assert (rows[team.account_id].format, rows[second].format) == ("carousel", "feed")
    assert [each.sha256 for each in rows[team.account_id].media] == [each.sha256 for each in rows[second].media]
    save(team, post_id, files=attached(images[0]))
    assert sent(team, post_id)[team.account_id].format == "feed"


def test_one_account_is_given_another_form_than_the_others(team: Team, images: list[UUID]) -> None:
    other = make_account(team.admin, name="Other").id
    post_id = make_post(team.author, [team.account_id, other], files=attached((images[0], "A cup")))
    save(team, post_id, variants={other: Variant(format="story")})
    rows = sent(team, post_id)
    assert (rows[team.account_id].format, rows[team.account_id].media[0].alt) == ("feed", "A cup")
    assert (rows[other].format, rows[other].text, rows[other].media[0].alt) == ("story", "", "")
    assert [words for _, words, _ in said(team, post_id, other)] == [
        "The text is left out: Facebook's story has none.",
        "The description of the image is left out: Facebook's story takes none.",
    ]


def test_what_a_form_takes_none_of_costs_no_approval_there(team: Team, second: UUID, images: list[UUID]) -> None:
    post_id = make_post(team.author, [team.account_id, second], files=attached(images[0]))
    save(team, post_id, variants={team.account_id: Variant(format="story")})
    approve(team, post_id)
    for change in (
        {"text": "Other words"},
        {"options": {"title": "New"}},
        {"comment": "Recipe"},
        {"link": "https://a.example"},
    ):
        unchanged: dict[str, Any] = {"text": "Fresh beans on Monday.", "link": None}
        told = commands.would_void(team.author, post_id, **(unchanged | change))
        assert team.account_id not in [each.account_id for each in told], change


def test_options_reach_only_the_form_that_asks_for_them(team: Team, second: UUID) -> None:
    post_id = make_post(
        team.author, [team.account_id, second], options={"title": "Beans", "pinned": True, "poll": QUESTION}
    )
    assert sent(team, post_id)[team.account_id].options == {"title": "Beans"}
    assert sent(team, post_id)[second].options == {}
    assert said(team, post_id, second) == [
        ("option", "What stands under Pinned is left out: this network has no such thing.", "pinned"),
        ("option", "What stands under Poll is left out: this network has no such thing.", "poll"),
        ("option", "What stands under Title is left out: this network has no such thing.", "title"),
    ]
    approve(team, post_id)
    assert [each.account_id for each in save(team, post_id, options={"title": "Other beans"}).voided] == [
        team.account_id
    ]


def test_an_option_that_belongs_to_a_kind_of_file_or_to_a_link_goes_out_with_one(
    team: Team, images: list[UUID]
) -> None:
    post_id = make_post(team.author, [team.account_id], options={"credit": "Jo Doe", "about": "Beans"})
    assert sent(team, post_id)[team.account_id].options == {}
    assert said(team, post_id, team.account_id) == []
    save(team, post_id, files=attached(images[0]))
    assert sent(team, post_id)[team.account_id].options == {"credit": "Jo Doe"}
    save(team, post_id, files=(), link="https://a.example")
    assert sent(team, post_id)[team.account_id].options == {"about": "Beans"}


def test_an_account_may_say_one_option_otherwise_and_keeps_the_rest(team: Team) -> None:
    other = make_account(team.admin, name="Other").id
    post_id = make_post(team.author, [team.account_id, other], options={"title": "Beans", "pinned": False})
    save(team, post_id, variants={other: Variant(options={"title": "Beans, loves"})})
    rows = sent(team, post_id)
    assert rows[team.account_id].options == {"title": "Beans", "pinned": False}
    assert rows[other].options == {"title": "Beans, loves", "pinned": False}
    save(team, post_id, variants={other: Variant(options={"title": ""})})
    assert sent(team, post_id)[other].options == {"pinned": False}


def test_a_form_without_files_leaves_them_out_and_says_so(team: Team, images: list[UUID]) -> None:
    post_id = make_post(
        team.author, [team.account_id], files=attached(*images), format="poll", options={"poll": QUESTION}
    )
    (payload,) = sent(team, post_id).values()
    assert (payload.format, payload.media, payload.options) == ("poll", (), {"poll": QUESTION})
    assert said(team, post_id, team.account_id) == [
        ("image", "The files are left out: Facebook's poll takes none.", None)
    ]


def test_a_form_that_a_network_has_not_is_an_error_only_where_it_was_asked_of_it(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second], format="poll", options={"poll": QUESTION})
    assert sent(team, post_id)[second].format == "feed"
    assert said(team, post_id, second)[0] == ("format", "Plain has no form of post called poll.", None)
    commands.submit(team.author, uuid4(), post_id, 1)
    commands.withdraw(team.author, uuid4(), post_id)

    save(team, post_id, variants={second: Variant(format="poll")})
    assert sent(team, post_id)[second].format == "poll"
    with pytest.raises(Invalid, match="Plain has no form of post called poll"):
        commands.submit(team.author, uuid4(), post_id, 2)


def test_a_first_comment_goes_where_one_can_be_made_and_is_approved_with_the_post(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second], comment=" The recipe ")
    rows = sent(team, post_id)
    assert (rows[team.account_id].comment, rows[second].comment) == ("", "The recipe")
    assert ("comment", "The first comment is left out: this network takes none.", None) in said(
        team, post_id, team.account_id
    )
    approve(team, post_id)
    assert [each.account_id for each in save(team, post_id, comment="Another recipe").voided] == [second]
    difference = changes(team, post_id)
    assert ("added", "Another") in [(each.change, each.text) for each in difference.comment]
    revision = save(team, post_id, comment="x" * 21).revision
    with pytest.raises(Invalid, match="first comment is 1 character too long for Plain"):
        commands.submit(team.author, uuid4(), post_id, revision)


def test_a_problem_of_a_file_says_which_one(team: Team, images: list[UUID]) -> None:
    tall = make_kept_image(team.author, size=(500, 800))
    post_id = make_post(team.author, [team.account_id], files=attached(images[0], tall, images[1]))
    ((place, words, at),) = said(team, post_id, team.account_id)
    assert (place, at) == ("image", 1)
    assert words.startswith("Image 2 is 500 x 800 pixels")


def test_another_order_is_another_post_and_an_approver_sees_what_moved(team: Team, images: list[UUID]) -> None:
    first, second, third = images
    post_id = make_post(team.author, [team.account_id], files=attached(first, second, third))
    approve(team, post_id)
    saved = save(team, post_id, files=attached(second, (third, "Cups"), first))
    assert len(saved.voided) == 1
    difference = changes(team, post_id)
    moved = [each for each in difference.files if each.change == "moved"]
    assert [each.change for each in difference.files].count("same") == 2
    assert len(moved) == 1
    assert [segment.text for each in difference.files for segment in each.alt] == ["Cups"]
    assert difference.is_any


def test_an_approver_sees_another_form_and_other_options(team: Team, images: list[UUID]) -> None:
    post_id = make_post(team.author, [team.account_id], files=attached(images[0]), options={"title": "Beans"})
    approve(team, post_id)
    save(team, post_id, format="story", options={"title": "Beans", "pinned": False})
    difference = changes(team, post_id)
    assert [(each.title, each.before, each.after) for each in difference.told] == [
        ("Form", "Post", "Story"),
        ("Title", "Beans", ""),
    ]


def test_a_file_that_was_taken_off_may_come_back(team: Team, images: list[UUID]) -> None:
    post_id = make_post(team.author, [team.account_id], files=attached(images[0], images[1]))
    save(team, post_id, files=attached(images[1]))
    save(team, post_id, files=attached((images[1], "Cups"), images[0]))
    assert queries.draft(team.author, post_id).content.files == (Attached(images[1], "Cups"), Attached(images[0]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"files": [Attached(UUID(int=1))] * 2}, "twice"),
        ({"files": [Attached(UUID(int=each)) for each in range(31)]}, "at most 30 files"),
        ({"options": {"poll": {"question": "?", "winner": "me"}}}, "can't be kept"),
        ({"options": {"Not a key": True}}, "can't be kept"),
        ({"options": {"tags": [{"username": "maya", "x": 2}]}}, "can't be kept"),
        ({"format": "no/form"}, "Format"),
        ({"comment": "x" * 100_001}, "first comment is longer"),
    ],
)
def test_what_can_not_be_kept_is_refused_in_words(team: Team, wrong: dict[str, Any], words: str) -> None:
    post_id = make_post(team.author, [team.account_id])
    with pytest.raises(Invalid, match=words):
        save(team, post_id, **wrong)


def test_a_copy_and_a_submitted_version_have_all_of_it(team: Team, second: UUID, images: list[UUID]) -> None:
    tags = [{"username": "maya", "file": 0, "x": 0.5, "y": 0.25}]
    post_id = make_post(
        team.author,
        [team.account_id, second],
        files=attached((images[0], "A cup")),
        options={"title": "Beans", "tags": tags},
        comment="The recipe",
        variants={second: Variant(files=tuple(attached(images[1])), options={"title": "x"}, comment="")},
    )
    content = queries.draft(team.author, post_id).content
    assert content.options == {"title": "Beans", "tags": tags}
    commands.submit(team.author, uuid4(), post_id, 1)
    assert queries.review(team.approver, post_id).versions[0].content == content
    assert queries.draft(team.author, commands.duplicate(team.author, uuid4(), post_id)).content == content


def test_a_plain_post_is_hashed_as_before_there_were_forms(team: Team, second: UUID, images: list[UUID]) -> None:
    post_id = make_post(team.author, [second], files=attached(images[0]))
    (row,) = publications(team.author, post_id)
    assert set(row.payload) == {"network", "account", "text", "link", "media", "options"}
    assert row.payload["options"] == {}
