"""Writing for several accounts: what single ones get instead, and when, beside what all others get."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from core.infra.actor import Role
from core.posts import commands, queries
from core.posts.content import Attached, Variant
from core.posts.inputs import More
from core.posts.rules import Word
from core.posts.views import DraftAccount
from tests.console.days import ahead, clocks_change
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.media import make_kept_image
from tests.factories.posts import Team, attached, make_approved, make_post, soon

AS_THE_POST = {"text": None, "files": None, "cover": None, "format": None, "options": {}, "comment": None}
OWN = {**AS_THE_POST, "text": "Fresh beans, loves."}


@pytest.fixture
def writer(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    return Tab(sign_in)


@pytest.fixture
def second(team: Team) -> UUID:
    return make_account(team.admin, name="Acme Café", network="instagram").id


def key(tab: Tab, name: str) -> str:
    return f"{name}_{tab.component('composer')['token']}"


def account(team: Team, post: UUID, account_id: UUID) -> DraftAccount:
    return next(each for each in queries.draft(team.admin, post).accounts if each.account_id == account_id)


def prices(tab: Tab) -> dict[UUID, str]:
    """What the composer says that a change costs each account."""
    return {UUID(each["id"]): each["price"] for each in tab.component("composer")["accounts"]}


def begin_own_time(tab: Tab, account_id: UUID) -> None:
    tab.app.menu_button(key=key(tab, "own_time")).click(str(account_id))
    tab.again()


def set_own_time(tab: Tab, account_id: UUID, at: datetime) -> None:
    tab.app.date_input(key=key(tab, f"day_{account_id}")).set_value(at.date())
    tab.app.time_input(key=key(tab, f"time_{account_id}")).set_value(at.time())
    tab.again()


def test_what_one_account_gets_instead_is_saved_and_comes_back(team: Team, writer: Tab, second: UUID) -> None:
    post = make_post(team.author, [team.account_id, second], text="Fresh beans")
    image = make_kept_image(team.author)
    writer.open("compose", post=str(post))
    variants = {str(second): {**AS_THE_POST, "text": "Loves!", "files": []}}
    files = [{"media": str(image), "alt": "Beans"}]
    writer.hand_over("Fresh beans", base=1, was="Fresh beans", files=files, variants=variants)
    writer.open("compose", post=str(post))
    given = writer.component("composer")["version"]
    assert (given["text"], given["files"], given["variants"]) == ("Fresh beans", files, variants)
    assert account(team, post, second).content.text == "Loves!"
    assert account(team, post, second).content.files == ()
    assert account(team, post, team.account_id).content.files == (Attached(image, "Beans"),)


def test_the_preview_gets_the_form_each_network_gets(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    image = make_kept_image(team.author)
    given: More = {"files": attached(image)}
    commands.save(team.author, post, 1, text="Look", link=None, account_ids=[team.account_id], slot_at=None, **given)
    (shown,) = writer.open("compose", post=str(post)).component("composer")["media"]
    assert (shown["id"], shown["width"], shown["height"]) == (str(image), 800, 500)
    assert "/files/" in shown["address"]


def test_the_composer_gets_what_networks_escape_and_how_long_descriptions_may_be(
    team: Team, writer: Tab, second: UUID
) -> None:
    post = make_post(team.author, [second])
    (given,) = writer.open("compose", post=str(post)).component("composer")["accounts"]
    assert given["network"]["text"]["escaped"] == ""
    assert given["network"]["images"] == {"max_alt": 1000, "ratio": [0.8, 1.91]}
    assert given["network"]["needs_media"]


def test_a_problem_names_the_account_and_the_place_where_it_is_mended(team: Team, writer: Tab, second: UUID) -> None:
    post = make_post(team.author, [team.account_id, second], text="Look", link="ftp://example.com")
    problems = writer.open("compose", post=str(post)).component("composer")["problems"]
    places = {(each["account"], each["place"]) for each in problems}
    assert (str(second), "image") in places
    assert (str(team.account_id), "link") in places


def test_an_image_alone_is_enough_to_be_sent_for_approval(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="")
    writer.open("compose", post=str(post))
    writer.hand_over("", base=1, files=[{"media": str(make_kept_image(team.author)), "alt": ""}])
    assert not writer.button("submit").disabled


def test_the_words_of_one_account_in_conflict_are_shown_and_neither_is_lost(
    team: Team, writer: Tab, second: UUID
) -> None:
    post = make_post(team.author, [team.account_id, second], text="Ours")
    writer.open("compose", post=str(post))
    theirs = {second: Variant(text="Theirs for the café", files=())}
    both = [team.account_id, second]
    commands.save(team.author, post, 1, text="Ours", link=None, account_ids=both, slot_at=None, variants=theirs)
    writer.hand_over("Ours", base=1, was="Ours", variants={str(second): OWN})
    assert writer.has("conflict")
    segments = writer.component(f"conflict_redline_{second}")["segments"]
    assert "".join(text for change, text in segments if change != "added") == "Theirs for the café"
    assert "".join(text for change, text in segments if change != "removed") == "Fresh beans, loves."
    writer.press("keep_mine")
    assert account(team, post, second).variant == Variant(text="Fresh beans, loves.")
    writer.press("undo_take_back")
    assert queries.draft(team.admin, post).content.variants == theirs


def test_an_edit_for_one_account_costs_only_its_approval(team: Team, writer: Tab, second: UUID) -> None:
    second = make_account(team.admin, name="Acme Corner").id
    post = make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon(), text="Fresh beans")
    writer.open("compose", post=str(post)).press("edit_anyway")
    assert prices(writer) == dict.fromkeys((team.account_id, second), "loses its approval and leaves the schedule")
    revision = queries.draft(team.admin, post).post.revision
    writer.hand_over("Fresh beans", base=revision, was="Fresh beans", variants={str(second): OWN})
    assert prices(writer)[second] == ""
    assert "Acme Corner loses its approval and leaves the schedule" in writer.words
    assert states(team, post) == {team.account_id: Word.SCHEDULED, second: Word.DRAFT}


def test_a_copy_has_what_single_accounts_get(team: Team, writer: Tab, second: UUID) -> None:
    post = make_post(team.author, [team.account_id, second])
    commands.save(
        team.author,
        post,
        1,
        text="Fresh beans",
        link=None,
        account_ids=[team.account_id, second],
        slot_at=None,
        variants={second: Variant(text="Loves!")},
    )
    copy = commands.duplicate(team.author, uuid4(), post)
    given = writer.open("compose", post=str(copy)).component("composer")["version"]
    assert given["variants"] == {str(second): {**AS_THE_POST, "text": "Loves!"}}


def test_one_account_gets_a_time_of_its_own_and_the_posts_again(team: Team, writer: Tab, second: UUID) -> None:
    slot = soon(48)
    post = make_post(team.author, [team.account_id, second], slot_at=slot)
    writer.open("compose", post=str(post))
    begin_own_time(writer, second)
    wall = datetime.combine(ahead(20), time(11, 0))
    set_own_time(writer, second, wall)
    own = account(team, post, second)
    assert own.own_slot
    assert own.own_slot_at is not None
    assert own.own_slot_at.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None) == wall
    assert not account(team, post, team.account_id).own_slot
    whens = {each["id"]: each["when"] for each in writer.component("composer")["accounts"]}
    assert "11:00" in whens[str(second)]
    writer.press(key(writer, f"as_the_post_{second}"))
    assert not account(team, post, second).own_slot
    assert queries.draft(team.admin, post).post.slot_at == slot


def test_moving_the_post_leaves_an_own_time_where_it_is(team: Team, writer: Tab, second: UUID) -> None:
    own = soon(100)
    post = commands.create(
        team.author,
        uuid4(),
        text="Beans",
        account_ids=[team.account_id, second],
        slot_at=soon(48),
        own_slots={second: own},
    )
    writer.open("compose", post=str(post)).press(key(writer, "no_time"))
    assert queries.draft(team.admin, post).post.slot_at is None
    assert account(team, post, second).own_slot_at == own


def test_an_own_time_that_the_clocks_skip_is_refused_with_the_two_nearest(
    team: Team, writer: Tab, second: UUID
) -> None:
    post = make_post(team.author, [team.account_id, second])
    writer.open("compose", post=str(post))
    begin_own_time(writer, second)
    set_own_time(writer, second, datetime.combine(clocks_change(3), time(2, 30)))
    assert "doesn't exist" in writer.words
    assert writer.button("submit").help is not None
    writer.press(f"slot_0300_{second}")
    at = account(team, post, second).own_slot_at
    assert at is not None
    assert at.isoformat() == f"{clocks_change(3)}T01:00:00+00:00"


def states(team: Team, post: UUID) -> dict[UUID, Any]:
    return {each.account_id: each.shown.word for each in queries.detail(team.admin, post).publications}
