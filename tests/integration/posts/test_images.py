"""The image of a post: what each account gets of it, what changing it costs, and what approvers see."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.infra import db
from core.infra.errors import Invalid
from core.media.views import MediaView
from core.posts import commands, queries
from core.posts.content import Attached, Variant
from core.posts.rules import PublicationState
from core.provider_kit.types import ImageRules, Network, TextRules
from tests.factories.accounts import make_account
from tests.factories.media import make_media, picture
from tests.factories.networks import declare
from tests.factories.posts import Team, attached, hashes, make_post, make_team, publications

_S = PublicationState
_TEXT = TextRules("codepoints", 500)
_JPEG_AND_PNG = ("image/jpeg", "image/png")
TAKES = {
    "facebook": ImageRules(_JPEG_AND_PNG, 10_000_000, max_alt=100),
    "jpegs": ImageRules(("image/jpeg",), 10_000_000, max_alt=0),
}


@pytest.fixture
def team(database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """With two networks that take images, one of them JPEG only and no descriptions."""
    known = {
        key: Network(key, key.title(), "", "", _TEXT, takes_link=True, images=rules) for key, rules in TAKES.items()
    }
    declare(monkeypatch, known)
    return make_team()


@pytest.fixture
def second(team: Team) -> UUID:
    return make_account(team.admin, name="Second", network="jpegs").id


@pytest.fixture
def image(team: Team) -> MediaView:
    return make_media(team.author, picture("PNG"))


def save(team: Team, post_id: UUID, **changes: Any) -> Any:
    draft = queries.draft(team.author, post_id)
    chosen = [each.account_id for each in draft.accounts if each.chosen]
    whole = {"text": draft.post.text, "link": draft.post.link, "account_ids": chosen, "slot_at": draft.post.slot_at}
    return commands.save(team.author, post_id, draft.post.revision, **(whole | changes))


def sent(team: Team, post_id: UUID) -> dict[UUID, list[dict[str, Any]]]:
    return {each.account_id: each.payload["media"] for each in publications(team.author, post_id)}


def approve(team: Team, post_id: UUID) -> None:
    commands.submit(team.author, uuid4(), post_id, queries.draft(team.author, post_id).post.revision)
    commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))


def test_each_account_gets_the_rendition_of_its_network(team: Team, second: UUID, image: MediaView) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, files=attached((image.id, "Beans ")))

    (first,), (other,) = sent(team, post_id)[team.account_id], sent(team, post_id)[second]
    assert (first["mime"], first["alt"], first["sha256"]) == ("image/png", "Beans", image.sha256)
    assert (other["mime"], other["alt"]) == ("image/jpeg", "")
    assert other["sha256"] != image.sha256


def test_the_composer_sees_the_image_and_what_becomes_of_it(team: Team, second: UUID, image: MediaView) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, files=attached((image.id, "Beans")))

    draft = queries.draft(team.author, post_id)
    mine = {each.account_id: each for each in draft.accounts}
    assert draft.files[image.id].sha256 == image.sha256
    assert draft.content.files == (Attached(image.id, "Beans"),)
    for account_id in (team.account_id, second):
        (shown,) = mine[account_id].files
        assert (shown.width, shown.height) == (800, 500)
        assert "/files/" in shown.address
    assert [each.words for each in mine[second].problems] == [
        "The description of the image is left out: this network takes none."
    ]


def test_a_save_that_says_nothing_of_the_image_keeps_it(team: Team, image: MediaView) -> None:
    post_id = make_post(team.author, [team.account_id])
    save(team, post_id, files=attached((image.id, "Beans")))
    save(team, post_id, text="Other words")
    assert sent(team, post_id)[team.account_id][0]["sha256"] == image.sha256
    save(team, post_id, files=[])
    assert sent(team, post_id)[team.account_id] == []


def test_an_account_may_have_another_image_or_none(team: Team, second: UUID, image: MediaView) -> None:
    other = make_media(team.author, picture(size=(640, 640)))
    post_id = make_post(team.author, [team.account_id, second])
    save(
        team,
        post_id,
        files=attached((image.id, "Beans")),
        variants={team.account_id: Variant(files=(Attached(other.id),))},
    )
    (mine,) = sent(team, post_id)[team.account_id]
    assert (mine["width"], mine["alt"]) == (640, "")

    save(team, post_id, variants={team.account_id: Variant(files=(Attached(other.id, "A cup"),))})
    assert sent(team, post_id)[team.account_id][0]["alt"] == "A cup"
    save(team, post_id, variants={team.account_id: Variant(files=())})
    assert sent(team, post_id)[team.account_id] == []
    save(team, post_id, variants={team.account_id: Variant(files=(Attached(image.id, "Roasted beans"),))})
    assert sent(team, post_id)[team.account_id][0]["alt"] == "Roasted beans"


def test_another_image_or_description_costs_exactly_who_gets_it(team: Team, second: UUID, image: MediaView) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, files=attached((image.id, "Beans")), variants={second: Variant(files=())})
    approve(team, post_id)
    unchanged = {"text": "Fresh beans on Monday.", "link": None}

    for change in ({"files": attached((image.id, "Beans in a cup"))}, {"files": []}, {"variants": {}}):
        told = commands.would_void(team.author, post_id, **unchanged, **change)  # type: ignore[arg-type]
        assert [each.account_id for each in told] == [second if "variants" in change else team.account_id]
    assert [each.account_id for each in save(team, post_id, files=attached((image.id, "Beans in a cup"))).voided] == [
        team.account_id
    ]


def test_a_description_costs_nothing_where_the_network_takes_none(team: Team, second: UUID, image: MediaView) -> None:
    post_id = make_post(team.author, [second])
    save(team, post_id, files=attached((image.id, "Beans")))
    approve(team, post_id)
    assert save(team, post_id, files=attached((image.id, "Beans in a cup"))).voided == ()


def test_an_approver_sees_what_became_of_the_image(team: Team, image: MediaView) -> None:
    other = make_media(team.author, picture(size=(640, 640)))
    post_id = make_post(team.author, [team.account_id])
    save(team, post_id, files=attached((image.id, "Beans")))
    approve(team, post_id)
    save(team, post_id, files=attached((other.id, "Beans in a cup")))
    commands.submit(team.author, uuid4(), post_id, queries.draft(team.author, post_id).post.revision)

    review = queries.review(team.approver, post_id)
    (mine,) = review.publications
    (shown,) = mine.publication.files
    assert (shown.width, shown.alt) == (640, "Beans in a cup")
    for difference in (mine.since_approval, mine.since_last_round):
        assert difference is not None
        assert (difference.is_any, difference.link_changed) == (True, False)
        assert [(each.change, each.picture.sha256, each.picture.alt) for each in difference.files] == [
            ("added", other.sha256, "Beans in a cup"),
            ("removed", image.sha256, "Beans"),
        ]
    newer, older = review.versions
    assert newer.content.files == (Attached(other.id, "Beans in a cup"),)
    assert older.content.files == (Attached(image.id, "Beans"),)


def test_the_approved_hash_is_over_the_image_and_its_description(team: Team, image: MediaView) -> None:
    post_id = make_post(team.author, [team.account_id])
    save(team, post_id, files=attached((image.id, "Beans")))
    before = hashes(team.author, post_id)
    save(team, post_id, files=attached((image.id, "Other beans")))
    between = hashes(team.author, post_id)
    save(team, post_id, files=attached((make_media(team.author, picture(size=(640, 640))).id, "Beans")))
    assert len({*before.values(), *between.values(), *hashes(team.author, post_id).values()}) == 3


def test_an_image_of_another_organization_is_none(team: Team, image: MediaView) -> None:
    elsewhere = make_team()
    post_id = make_post(elsewhere.author, [elsewhere.account_id])
    with pytest.raises(Invalid, match="isn't here any more"):
        save(elsewhere, post_id, files=attached(image.id))
