"""The library as people see it: tiles, filters in the address, one file with what is said of it, and the way back."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.infra import db
from core.infra.actor import Role
from core.media import commands as media
from core.posts import queries
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.media import make_kept_image
from tests.factories.posts import Team, make_post

pytestmark = pytest.mark.usefixtures("kept_files")


@pytest.fixture
def editor(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    return Tab(sign_in)


def tiles(tab: Tab) -> list[str]:
    return [each["name"] for each in tab.component("library_files")["files"]]


def test_files_are_tiles_with_what_they_are_and_where_they_are_used(team: Team, editor: Tab) -> None:
    image = make_kept_image(team.author)
    make_post(team.author, [team.account_id], media=image)
    shown = editor.open("library").component("library_files")
    (tile,) = shown["files"]
    assert (tile["name"], tile["kind"], tile["facts"]) == ("autumn.jpg", "image", "JPG, 800 x 500, 90 KB")
    assert (tile["used"], tile["uses"], tile["href"]) == ("In one post", 1, f"/library?file={image}")
    assert (shown["may_send"], shown["uploads"]) == (True, [])


def test_filters_live_in_the_address(team: Team, editor: Tab) -> None:
    used, spare = make_kept_image(team.author), make_kept_image(team.author)
    make_post(team.author, [team.account_id], media=used)
    for parameters, found in (
        ({}, {used, spare}),
        ({"used": "yes"}, {used}),
        ({"used": "no"}, {spare}),
        ({"q": "AUTUMN"}, {used, spare}),
        ({"kind": "image", "q": "autumn"}, {used, spare}),
        ({"kind": "nonsense"}, {used, spare}),
    ):
        listed = editor.open("library", **parameters).component("library_files")["files"]
        assert {UUID(each["id"]) for each in listed} == found, parameters
    assert "No file matches" in editor.open("library", kind="video").words
    editor.press("library_none_action")
    assert (len(tiles(editor)), editor.address) == (2, {})


def test_a_file_is_opened_described_and_deleted_with_a_way_back(team: Team, editor: Tab, database: db.Database) -> None:
    image = make_kept_image(team.author)
    editor.open("library").trigger("library_files", "opened", str(image))
    assert editor.address == {"file": str(image)}
    assert "Not used" in editor.words
    editor.app.text_area(key=f"library_alt_{image}_1").set_value("A tree")
    editor.again().press("library_save")
    (row,) = queries.library(team.author).rows
    assert (row.media.alt, row.media.revision) == ("A tree", 2)
    editor.press("library_delete")
    assert editor.address == {}
    assert queries.library(team.author).rows == ()
    editor.press("undo_take_back")
    assert tiles(editor) == ["autumn.jpg"]


def test_a_file_that_a_post_carries_leads_there_and_can_not_be_deleted(team: Team, editor: Tab) -> None:
    image = make_kept_image(team.author)
    make_post(team.author, [team.account_id], media=image, text="Plant trees")
    editor.open("library", file=str(image))
    assert "In one post" in editor.words
    assert editor.button("library_delete").disabled
    assert "Take it off there first" in editor.button("library_delete").help


def test_a_post_written_like_a_badge_is_no_badge_in_the_list_of_those_that_carry_a_file(
    team: Team, editor: Tab
) -> None:
    image = make_kept_image(team.author)
    make_post(team.author, [team.account_id], media=image, text=":green-badge[Published] **x**")
    editor.open("library", file=str(image))
    labels = [each.proto.label for each in editor.app.get("page_link")]
    assert r"\:green-badge\[Published\] \*\*x\*\*" in labels


def typed(tab: Tab, key: str) -> str:
    return str(tab.app.text_area(key=key).value)


def test_a_description_that_somebody_else_was_faster_with_stays_as_typed_with_the_reason(
    team: Team, editor: Tab
) -> None:
    image = make_kept_image(team.author)
    key = f"library_alt_{image}_1"
    editor.open("library", file=str(image))
    editor.app.text_area(key=key).set_value("Three lines that took five minutes")
    editor.again()
    media.describe(team.author, image, alt="A tree", rights="", revision=1)
    for _ in range(2):
        editor.press("library_save")
        assert typed(editor, key) == "Three lines that took five minutes"
        assert any("Somebody changed this meanwhile" in each.value for each in editor.app.warning)
        assert not editor.has("trouble_bar")
    (row,) = queries.library(team.author).rows
    assert row.media.alt == "A tree"
    editor.open("library").open("library", file=str(image))
    assert typed(editor, f"library_alt_{image}_2") == "A tree"
    assert not editor.has_button("library_save")


def test_a_description_is_saved_again_and_again(team: Team, editor: Tab) -> None:
    image = make_kept_image(team.author)
    editor.open("library", file=str(image))
    for revision, words in enumerate(("A tree", "  An old tree ", "A tree"), start=1):
        editor.app.text_area(key=f"library_alt_{image}_{revision}").set_value(words)
        editor.again().press("library_save")
        assert typed(editor, f"library_alt_{image}_{revision + 1}") == words.strip()
        assert not editor.has_button("library_save")


def test_an_open_file_shows_what_others_wrote_while_nothing_is_typed(team: Team, editor: Tab) -> None:
    image = make_kept_image(team.author)
    editor.open("library", file=str(image))
    media.describe(team.author, image, alt="A tree", rights="", revision=1)
    assert typed(editor.again(), f"library_alt_{image}_2") == "A tree"


def test_a_file_whose_deleting_broke_stays_open_with_what_was_typed(
    team: Team, editor: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_kept_image(team.author)
    editor.open("library", file=str(image))
    editor.app.text_area(key=f"library_alt_{image}_1").set_value("A tree")

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("core.posts.commands.delete_file", broken)
    editor.again().app.button(key="library_delete").click().run()
    (error,) = editor.app.error
    assert "Incident `" in error.value
    assert editor.address == {"file": str(image)}
    assert typed(editor, f"library_alt_{image}_1") == "A tree"


def test_a_viewer_sees_all_of_it_and_changes_nothing(team: Team) -> None:
    image = make_kept_image(team.author)
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("library", file=str(image))
    assert tab.component("library_files")["may_send"] is False
    assert not tab.has_button("library_delete")
    assert tab.app.text_area(key=f"library_alt_{image}_1").disabled


def test_uploads_under_way_and_refused_are_told_after_a_reload(team: Team) -> None:
    sign_in, me = someone(team.organization_id, Role.EDITOR)
    begun = media.start_upload(me, uuid4(), file_name="walk.mp4", size=200_000)
    media.add_chunk(me, begun.id, offset=0, content=bytes(100_000))
    (told,) = Tab(sign_in).open("library").component("library_files")["uploads"]
    assert (told["name"], told["share"], told["preparing"], told["trouble"]) == ("walk.mp4", 0.5, False, "")


def test_an_address_is_fetched_by_a_worker_and_nonsense_is_told(team: Team) -> None:
    sign_in, me = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open("library")
    tab.app.text_input(key="library_address").set_value("nonsense")
    tab.again().press("library_fetch")
    assert "begins with https" in tab.words
    tab.app.text_input(key="library_address").set_value("https://example.com/tree.jpg")
    tab.again().press("library_fetch")
    (told,) = tab.component("library_files")["uploads"]
    assert (told["name"], told["preparing"]) == ("tree.jpg", True)
    assert media.uploads(me)[0].preparing


def test_a_file_that_is_not_here_is_told(team: Team, editor: Tab) -> None:
    for said in (str(uuid4()), "nonsense"):
        editor.open("library", file=said)
    assert "not here any more" in editor.open("library", file=str(uuid4())).words


def test_a_long_list_has_pages(team: Team, editor: Tab, monkeypatch: pytest.MonkeyPatch, kept_files: Path) -> None:
    monkeypatch.setattr("console.app_pages.publish.library.PER_PAGE", 2)
    for _ in range(3):
        make_kept_image(team.author)
    assert len(tiles(editor.open("library"))) == 2
    assert len(tiles(editor.press("library_next"))) == 1
    assert len(tiles(editor.press("library_first"))) == 2
