"""The audit page: who did what, narrowed by the address, for admins alone."""

from __future__ import annotations

import ast
import re

import pytest

from console import deeds
from core.infra.actor import Role
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.posts import Team, make_approved, make_post
from tests.fixtures.programs import PROJECT


@pytest.fixture
def admin(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    return Tab(sign_in)


def lines(tab: Tab) -> list[tuple[str, str]]:
    frame = tab.app.dataframe[0].value
    return list(zip(frame["Who"], frame["What"], strict=True))


def test_the_newest_deed_stands_first_with_a_name_and_in_words(team: Team, admin: Tab) -> None:
    make_approved(team.author, team.approver, [team.account_id])
    done = lines(admin.open("audit"))
    assert done[:3] == [
        (team.approver.name, "approved a post"),
        (team.author.name, "asked for approval"),
        (team.author.name, "wrote a draft"),
    ]


def test_the_address_narrows_and_clear_takes_it_back(team: Team, admin: Tab) -> None:
    post_id = make_post(team.author, [team.account_id])
    make_approved(team.author, team.approver, [team.account_id])
    assert {who for who, _ in lines(admin.open("audit", who=str(team.approver.person_id)))} == {team.approver.name}
    assert [what for _, what in lines(admin.open("audit", ref=str(post_id)))] == ["wrote a draft"]
    assert {what for _, what in lines(admin.open("audit", area="Posts"))} >= {"wrote a draft", "approved a post"}
    admin.open("audit", **{"from": "2020-01-01", "to": "2020-01-02"})
    assert "No line fits" in admin.words
    admin.press("audit_clear")
    assert admin.address == {}
    assert lines(admin)


def test_pages_of_fifty_lead_to_the_oldest(team: Team, admin: Tab) -> None:
    for number in range(52):
        make_post(team.author, [team.account_id], text=f"Number {number}")
    first = lines(admin.open("audit"))
    assert len(first) == 50
    admin.press("audit_next")
    assert 0 < len(lines(admin)) < 50
    admin.press("audit_first")
    assert lines(admin) == first


def test_an_address_that_means_nothing_shows_everything(team: Team, admin: Tab) -> None:
    make_post(team.author, [team.account_id])
    assert lines(admin.open("audit", before="x", **{"from": "yesterday"}))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_others_read_why_it_is_not_theirs(team: Team, role: Role) -> None:
    sign_in, _ = someone(team.organization_id, role)
    tab = Tab(sign_in).open("audit")
    assert "to read the audit trail takes an admin" in tab.words
    assert "Audit" not in tab.menu


ACTION = re.compile(r"[a-z]+\.[a-z_]+")
WRITERS = {"record", "_done", "_close"}


def recorded() -> set[str]:
    """Every action that core writes an audit line for."""
    found: set[str] = set()
    for path in (PROJECT / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in WRITERS:
                found |= {
                    each.value
                    for each in node.args
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and ACTION.fullmatch(each.value)
                }
    return found


def test_every_action_has_words_and_an_area() -> None:
    actions = recorded()
    assert len(actions) > 25
    assert {action for action in actions if not deeds.has_words(action)} == set()
    areas = {each for area in deeds.AREAS.values() for each in area}
    assert {action.partition(".")[0] for action in actions} <= areas
