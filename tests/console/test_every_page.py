"""Every page for every role, with nothing in the organization and with something."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from console import menu
from core.infra import db
from core.infra.actor import Role
from core.organizations.rules import Permission, may
from core.posts import queries as posts
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.media import make_kept_image
from tests.factories.organizations import make_organization
from tests.factories.pauses import pause_account, pause_organization
from tests.factories.posts import Team, make_approved, make_post, make_submitted, soon

PATHS = {each.spec.url_path: each.spec for each in menu.pages()}
EMPTY = {
    "home": ("no_plans_state", "caught_up_state"),
    "compose": ("empty_state",),
    "calendar": ("calendar_none_state",),
    "approvals": ("empty_state",),
    "unclear": ("unclear_none_state",),
    "posts": ("posts_none_state",),
    "library": ("library_none_state",),
    "accounts": ("empty_state",),
    "post": (),
    "resume": (),
    "token_health": ("token_health_none_state",),
    "members": (),  # whoever looks is one
    "settings": (),
    "limits": ("limits_none_state",),
    "errors": ("errors_none_state",),
    "profile": (),
    "notices": ("notices_none_state",),
    "audit": (),  # making the organization is a line itself
}
# An organization may have a lot to show, and none of it for this person or in question.
OF_ONE_PERSON = ("caught_up_state", "no_plans_state", "notices_none_state", "unclear_none_state")
# And a network may have nothing to say of it.
OF_A_NETWORK = ("limits_none_state", "errors_none_state")
# Nor any files.
OF_FILES = ("library_none_state",)


# Their address names what they are about.
OF_SOMETHING = ("post", "resume")


A_TIME_OF_DAY = re.compile(r"\b\d\d:\d\d\b")


def address(path: str) -> str:
    return "" if path == "home" else path


def silent_buttons(tab: Tab) -> list[str]:
    """Those that can't be pressed and don't say why; under the ones of networks without settings it stands."""
    dead = [each for each in tab.app.button if each.disabled and not each.help]
    return [each.key for each in dead if not each.key.startswith("connect_")]


def test_the_menu_is_what_lies_in_the_folders() -> None:
    assert list(PATHS) == [
        "home",
        "compose",
        "calendar",
        "approvals",
        "unclear",
        "posts",
        "library",
        "post",
        "accounts",
        "resume",
        "token_health",
        "members",
        "settings",
        "limits",
        "errors",
        "audit",
        "notices",
        "profile",
    ]
    assert all(spec.help and spec.icon and isinstance(spec.permission, Permission) for spec in PATHS.values())
    assert len({spec.order for spec in PATHS.values()}) == len(PATHS)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", [path for path in PATHS if path not in OF_SOMETHING])
def test_an_empty_organization_says_what_the_page_is_for(database: db.Database, role: Role, path: str) -> None:
    sign_in, _ = someone(make_organization(), role)
    tab = Tab(sign_in).open(address(path))
    if not may(role, PATHS[path].permission):
        assert "isn't for your role" in tab.words
    else:
        assert all(tab.has(key) for key in EMPTY[path]), [each for each in EMPTY[path] if not tab.has(each)]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", list(PATHS))
def test_a_full_organization_shows_what_there_is_with_reasons_and_zones(team: Team, role: Role, path: str) -> None:
    sign_in, _ = someone(team.organization_id, role)
    make_post(team.author, [team.account_id], text="A draft of ours", slot_at=soon(30))
    waiting = make_submitted(team.author, [team.account_id], text="Waits for a reader", slot_at=soon())
    tab = Tab(sign_in).open(address(path), **({"post": str(waiting)} if path in ("post", "approvals") else {}))
    if not may(role, PATHS[path].permission):
        assert "isn't for your role" in tab.words
    else:
        assert not any(tab.has(key) for key in EMPTY[path] if key not in OF_ONE_PERSON + OF_A_NETWORK + OF_FILES)
    assert silent_buttons(tab) == []
    assert "Europe/Berlin" in tab.page or not A_TIME_OF_DAY.search(tab.page), tab.page


@pytest.mark.parametrize("role", list(Role))
def test_the_menu_shows_what_the_role_may_open(team: Team, role: Role) -> None:
    sign_in, _ = someone(team.organization_id, role)
    tab = Tab(sign_in).open()
    assert ("Compose" in tab.menu) is may(role, Permission.WRITE)
    assert "Post" not in tab.menu


def test_what_nobody_with_this_role_may_press_says_why(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    for path in ("", "posts", "approvals", "accounts"):
        assert any(each.disabled for each in Tab(sign_in).open(path).app.button)


@pytest.mark.parametrize("parameters", [{"post": "nonsense"}, {}, {"post": "01a20603-cf71-755e-b020-c5a9e8ec22c0"}])
def test_a_post_that_is_not_there_is_told_in_words(team: Team, parameters: dict[str, str]) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    assert "Not here" in Tab(sign_in).open("post", **parameters).words


def test_another_organizations_post_is_not_there_either(team: Team) -> None:
    post = make_post(team.author, [team.account_id])
    stranger, _ = someone(make_organization("Elsewhere"), Role.ADMIN)
    for path in ("post", "compose"):
        assert "Not here" in Tab(stranger).open(path, post=str(post)).words


def test_figures_in_the_menu_follow_what_this_person_did(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    tab = Tab(sign_in).open("approvals")
    assert "Approvals  :gray-badge[1]" in tab.menu
    tab.press(f"approve_{post}_1")
    assert "Approvals" in tab.menu


FORGED = ":green-badge[Published] **x**"
ACTS = re.compile(r"(?<!\\):green-badge\[Published")
# The fields that Streamlit reads as Markdown; the options only of some.
AS_MARKDOWN = {"body", "label", "help", "content", "delta"}
OPTIONS_AS_MARKDOWN = {"radio", "menu_button"}


def markdown(proto: Any, fields: Collection[str]) -> Iterator[str]:
    """Everything in what was handed to a browser that is drawn as Markdown."""
    for field, value in proto.ListFields():
        for each in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if hasattr(each, "ListFields"):
                yield from markdown(each, fields)
            elif field.name in fields and isinstance(each, str):
                yield each


def drawn_as_markdown(tab: Tab) -> list[str]:
    found = []
    for each in tab.app._tree:
        if each.type not in ("text", "code") and getattr(each, "proto", None) is not None:
            options = {"options"} if each.type in OPTIONS_AS_MARKDOWN else set()
            found += markdown(each.proto, AS_MARKDOWN | options)
    return found


@pytest.mark.usefixtures("kept_files")
def test_no_name_and_no_text_is_drawn_as_anything_but_itself(database: db.Database) -> None:
    organization_id = make_organization(FORGED)
    admin = someone(organization_id, Role.ADMIN, FORGED)
    author, approver = (someone(organization_id, role, FORGED)[1] for role in (Role.EDITOR, Role.APPROVER))
    sends, broken = (make_account(admin[1], name=FORGED).id for _ in range(2))
    image = make_kept_image(author)
    make_post(author, [sends, broken], text=FORGED, media=image, slot_at=soon(30))
    waits = make_submitted(author, [sends, broken], text=FORGED, slot_at=soon())
    held = make_approved(author, approver, [sends, broken], text=FORGED, slot_at=soon())
    pause = pause_account(approver, sends, FORGED)
    pause_organization(admin[1], FORGED)
    with db.transaction(admin[1]) as session:
        session.execute(
            text("update masthead.account set state = 'auth_broken', state_reason = :why where id = :id"),
            {"why": FORGED, "id": broken},
        )
    tab, drawn = Tab(admin[0]), list[tuple[str, str]]()
    for path, asked in (
        *((path, {}) for path in PATHS if path not in OF_SOMETHING),
        *(("post", {"post": str(post)}) for post in (waits, held)),
        *((path, {"post": str(waits)}) for path in ("approvals", "compose")),
        ("library", {"file": str(image)}),
        ("resume", {"pause": str(pause)}),
    ):
        drawn += [(path, each) for each in drawn_as_markdown(tab.open(address(path), **asked))]
    assert [each for each in drawn if ACTS.search(each[1])] == []
    assert {"post", "library", "accounts", "approvals"} <= {path for path, each in drawn if "badge\\[Publ" in each}


def test_a_page_that_breaks_shows_an_incident_and_leaves_the_menu(
    team: Team, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the database")

    monkeypatch.setattr(posts, "home", broken)
    tab.app.run()
    (shown,) = tab.app.error
    assert "a secret" not in shown.value
    (record,) = [each for each in caplog.records if each.message == "console.incident"]
    assert record.incident in shown.value
    assert "Posts" in tab.menu
