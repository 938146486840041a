"""Files of the library in the composer: what is asked for is answered, what is chosen is saved as it was chosen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.infra.actor import Role
from core.media import commands as media
from core.posts import queries
from core.posts.content import Attached
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.media import make_kept_image
from tests.factories.posts import Team, make_post, make_team

pytestmark = pytest.mark.usefixtures("kept_files")
AUTUMN = {"words": "", "kinds": ["image", "video"], "after": None, "number": 7}


@pytest.fixture
def writer(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    return Tab(sign_in)


def answer(tab: Tab, **asked: Any) -> Any:
    """What the composer gets when the browser asks for this."""
    return tab.state("composer", library=AUTUMN | asked).component("composer")["library"]


def test_what_is_asked_for_is_answered_with_what_is_said_of_each_file(team: Team, writer: Tab) -> None:
    spare, used = make_kept_image(team.author), make_kept_image(team.author)
    media.describe(team.author, used, alt="A tree", rights="Jo Doe, until 2030", revision=1)
    post = make_post(team.author, [team.account_id], media=used)
    make_kept_image(make_team().author)
    writer.open("compose", post=str(post))
    assert writer.component("composer")["library"] is None
    found = answer(writer)
    assert [UUID(each["id"]) for each in found["files"]] == [used, spare]
    assert (found["number"], found["after"]) == (7, None)
    first = found["files"][0]
    assert (first["name"], first["alt"], first["rights"]) == ("autumn.jpg", "A tree", "Jo Doe, until 2030")
    assert (first["kind"], first["mime"], first["used"]) == ("image", "image/jpeg", "In one post")
    assert "/files/" in first["thumbnail"]
    assert [each["id"] for each in answer(writer, words="doe", number=8)["files"]] == [str(used)]
    assert answer(writer, kinds=["video"], number=9)["files"] == []
    for nonsense in ({"kinds": []}, {"kinds": ["pony"]}, {"number": "x"}, {"kinds": None}):
        assert answer(writer, **nonsense) is None


def test_a_long_library_is_answered_in_pages(team: Team, writer: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app_pages.publish.compose.FILES_AT_ONCE", 2)
    images = [make_kept_image(team.author) for _ in range(3)]
    writer.open("compose")
    first = answer(writer)
    rest = answer(writer, after=first["after"], number=8)
    assert [UUID(each["id"]) for each in first["files"] + rest["files"]] == images[::-1]
    assert rest["after"] is None


def test_what_is_chosen_is_saved_in_its_order_and_strangers_files_are_not(team: Team, writer: Tab) -> None:
    first, second = make_kept_image(team.author), make_kept_image(team.author)
    media.describe(team.author, second, alt="", rights="Jo Doe", revision=1)
    post = make_post(team.author, [team.account_id], text="Look")
    writer.open("compose", post=str(post))
    chosen = [{"media": str(second), "alt": "A tree"}, {"media": str(first), "alt": ""}]
    writer.hand_over("Look", base=1, was="Look", files=chosen)
    assert queries.draft(team.author, post).content.files == (Attached(second, "A tree"), Attached(first, ""))
    shown = {each["id"]: each["rights"] for each in writer.component("composer")["media"]}
    assert shown == {str(first): "", str(second): "Jo Doe"}

    stranger = make_kept_image(make_team().author)
    writer.hand_over("Look", base=2, was="Look", number=2, files=[{"media": str(stranger), "alt": ""}])
    assert "Not saved" in writer.component("composer")["trouble"]
    assert queries.draft(team.author, post).content.files == (Attached(second, "A tree"), Attached(first, ""))
