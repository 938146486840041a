"""The library: every file of the organization, found by words, narrowed by use, described, deleted and brought back."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from core.audit.model import AuditEvent
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from core.media import commands as media
from core.media import queries as media_reads
from core.media.views import MediaView
from core.posts import commands, queries
from core.posts.content import Variant
from core.posts.inputs import More
from core.posts.library import Wanted
from tests.factories.media import another_picture, make_kept_image, make_media, picture
from tests.factories.organizations import make_actor
from tests.factories.posts import Team, attached, make_post, make_team


@pytest.fixture
def team(database: db.Database, kept_files: Path) -> Team:
    return make_team()


@pytest.fixture
def tree(team: Team) -> MediaView:
    made = make_media(team.author, another_picture(), file_name="tree.jpg")
    return media.describe(team.author, made.id, alt="An old oak", rights="Jo Doe, until 2030", revision=1)


def names(actor: Actor, wanted: Wanted = Wanted(), after: str | None = None) -> list[str]:  # noqa: B008 - frozen
    return [row.media.file_name for row in queries.library(actor, wanted, after).rows]


def carrying(team: Team, media_id: UUID, **more: object) -> UUID:
    return make_post(team.author, [team.account_id], media=media_id, **more)


def test_files_are_listed_newest_first_a_page_at_a_time(team: Team) -> None:
    for number in range(5):
        make_media(team.author, file_name=f"{number}.jpg")
    first = queries.library(team.author, limit=3)
    assert [row.media.file_name for row in first.rows] == ["4.jpg", "3.jpg", "2.jpg"]
    assert all(row.media.thumbnail for row in first.rows)
    second = queries.library(team.author, after=first.after, limit=3)
    assert ([row.media.file_name for row in second.rows], second.after) == (["1.jpg", "0.jpg"], None)
    with pytest.raises(Invalid):
        queries.library(team.author, after="nonsense")


def test_a_listed_file_says_at_once_what_each_network_gets_of_it(team: Team, tree: MediaView) -> None:
    drawn = make_media(team.author, picture("PNG"), file_name="drawn.png")
    listed = {row.media.file_name: row.media for row in queries.library(team.author).rows}
    assert listed["drawn.png"].prepared == drawn.prepared
    assert drawn.prepared.startswith("Prepared for ")
    for made in (drawn, tree):
        seen = [(each.network, each.sha256) for each in listed[made.file_name].renditions]
        assert seen == [(each.network, each.sha256) for each in made.renditions]
        assert seen


@pytest.mark.parametrize(
    ("words", "found"), [("TREE", True), ("old oak", True), ("jo doe", True), ("100%", False), ("_ree", False)]
)
def test_words_are_looked_for_in_name_description_and_rights(
    team: Team, tree: MediaView, words: str, found: bool
) -> None:
    make_media(team.author, file_name="other.jpg")
    assert names(team.author, Wanted(words=words)) == (["tree.jpg"] if found else [])


def test_files_are_narrowed_by_kind_and_by_use(team: Team, tree: MediaView) -> None:
    make_media(team.author, file_name="spare.jpg")
    post = carrying(team, tree.id)
    assert names(team.author, Wanted(used=True)) == ["tree.jpg"]
    assert names(team.author, Wanted(used=False)) == ["spare.jpg"]
    assert names(team.author, Wanted(kinds=("video",))) == []
    assert len(names(team.author, Wanted(kinds=("image", "video")))) == 2
    commands.delete(team.author, uuid4(), post)
    assert names(team.author, Wanted(used=True)) == [], "a deleted post carries nothing"


def test_a_file_says_which_posts_carry_it_and_how_they_stand(team: Team, tree: MediaView) -> None:
    first = carrying(team, tree.id, text="Plant trees")
    second = carrying(team, tree.id, text="More trees")
    (row,) = queries.library(team.author).rows
    assert row.uses == 2
    carriers = queries.carriers(team.author, tree.id)
    assert [(each.post_id, each.text, each.shown.label) for each in carriers] == [
        (second, "More trees", "Draft"),
        (first, "Plant trees", "Draft"),
    ]


@pytest.mark.parametrize("place", ["among several", "in an account's own list", "as a cover", "as an account's cover"])
def test_a_file_is_used_wherever_a_post_has_it_and_until_it_is_taken_off(
    team: Team, tree: MediaView, place: str
) -> None:
    other = make_media(team.author, file_name="other.jpg").id
    carried: dict[str, More] = {
        "among several": {"files": attached(other, tree.id)},
        "in an account's own list": {"variants": {team.account_id: Variant(files=tuple(attached(tree.id)))}},
        "as a cover": {"files": attached(other), "cover": tree.id},
        "as an account's cover": {
            "variants": {team.account_id: Variant(files=tuple(attached(other)), cover=tree.id)},
        },
    }
    post = make_post(team.author, [team.account_id], **carried[place])
    assert [each.post_id for each in queries.carriers(team.author, tree.id)] == [post]
    with pytest.raises(Refused, match="A post carries this file"):
        commands.delete_file(team.author, tree.id)
    nothing: More = {"files": [], "variants": {}}
    accounts = [team.account_id]
    commands.save(team.author, post, 1, text="Hello", link=None, account_ids=accounts, slot_at=None, **nothing)
    assert queries.carriers(team.author, tree.id) == ()
    commands.delete_file(team.author, tree.id)


def test_only_what_no_post_carries_is_deleted_and_it_comes_back(team: Team, tree: MediaView) -> None:
    post = carrying(team, tree.id)
    with pytest.raises(Refused, match="A post carries this file"):
        commands.delete_file(team.author, tree.id)
    commands.delete(team.author, uuid4(), post)
    commands.delete_file(team.author, tree.id)
    assert names(team.author) == []
    assert media_reads.media(team.author, tree.id).deleted
    with pytest.raises(NotFound):
        commands.delete_file(team.author, tree.id)
    commands.undelete_file(team.author, tree.id)
    assert names(team.author) == ["tree.jpg"]
    with pytest.raises(Conflict):
        commands.undelete_file(team.author, tree.id)
    assert lines(team.author)[-2:] == ["media.delete", "media.undelete"]


def test_a_deleted_file_that_is_sent_again_is_back(team: Team) -> None:
    content = another_picture()
    made = make_media(team.author, content)
    commands.delete_file(team.author, made.id)
    assert make_media(team.author, content).id == made.id
    assert len(names(team.author)) == 1


def test_what_is_said_of_a_file_is_kept_with_a_line_and_never_over_what_somebody_else_said(
    team: Team, tree: MediaView
) -> None:
    said = media.describe(team.author, tree.id, alt="An  oak\nin winter", rights="", revision=tree.revision)
    assert (said.alt, said.rights, said.revision) == ("An oak in winter", "", tree.revision + 1)
    with pytest.raises(Conflict, match="Somebody changed this"):
        media.describe(team.author, tree.id, alt="Mine", rights="", revision=tree.revision)
    same = media.describe(team.author, tree.id, alt="An oak in winter", rights="", revision=tree.revision)
    assert same.revision == said.revision, "a doubled click changes nothing"
    with pytest.raises(Invalid, match="at most 5,000"):
        media.describe(team.author, tree.id, alt="x" * 5_001, rights="", revision=said.revision)
    assert lines(team.author).count("media.describe") == 2


def test_a_viewer_sees_and_changes_nothing(team: Team, tree: MediaView) -> None:
    viewer = make_actor(team.organization_id, Role.VIEWER, name="Vera")
    assert names(viewer) == ["tree.jpg"]
    assert queries.carriers(viewer, tree.id) == ()
    for refused in (
        lambda: media.describe(viewer, tree.id, alt="", rights="", revision=2),
        lambda: commands.delete_file(viewer, tree.id),
        lambda: media.uploads(viewer),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_another_organization_sees_nothing_of_it(team: Team, tree: MediaView) -> None:
    stranger = make_actor(role=Role.ADMIN)
    assert names(stranger) == []
    with pytest.raises(NotFound):
        commands.delete_file(stranger, tree.id)
    with pytest.raises(NotFound):
        media.describe(stranger, tree.id, alt="", rights="", revision=2)


def test_an_image_from_before_there_were_thumbnails_is_its_own(team: Team) -> None:
    make_kept_image(team.author)
    (row,) = queries.library(team.author).rows
    assert row.media.thumbnail == row.media.address


def test_ones_own_uploads_that_are_no_file_yet_are_told(team: Team) -> None:
    begun = media.start_upload(team.author, uuid4(), file_name="walk.mp4", size=500_000)
    (told,) = media.uploads(team.author)
    assert (told.id, told.received, told.preparing, told.failed_because) == (begun.id, 0, False, None)
    colleague = make_actor(team.organization_id, Role.EDITOR, name="Edgar")
    assert media.uploads(colleague) == ()
    make_media(team.author)
    assert len(media.uploads(team.author)) == 1


def lines(actor: Actor) -> list[str]:
    with db.transaction(actor) as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
