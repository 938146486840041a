"""Members, Settings and Profile, as admins and others see them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.accounts import queries as accounts
from core.infra import db
from core.infra.actor import Role
from core.organizations import commands, queries
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.organizations import make_actor
from tests.factories.posts import Team


@pytest.fixture
def admin(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    return Tab(sign_in)


def role_of(team: Team, member_id: object) -> Role:
    return next(each.role for each in queries.members(team.admin) if each.id == member_id)


def test_an_admin_gives_another_role(team: Team, admin: Tab) -> None:
    admin.open("members")
    admin.app.selectbox(key=f"member_role_{team.viewer.member_id}").set_value("editor")
    admin.again()
    assert role_of(team, team.viewer.member_id) is Role.EDITOR


def test_of_many_members_the_first_are_drawn_and_the_others_found(team: Team, admin: Tab) -> None:
    for number in range(60):
        make_actor(team.organization_id, Role.VIEWER, name=f"Person {number:02}")
    admin.open("members")
    drawn = [each for each in admin.app.selectbox if (each.key or "").startswith("member_role_")]
    assert len(drawn) == 50
    assert "The first 50 of 65" in admin.words
    admin.app.text_input(key="members_find").set_value("vera")
    admin.again()
    assert [each.label for each in admin.app.selectbox if (each.key or "").startswith("member_role_")] == [
        "Role of Vera Viewer"
    ]
    admin.app.text_input(key="members_find").set_value("nobody at all")
    admin.again()
    assert "Nobody here has that" in admin.words


def test_disabling_somebody_can_be_undone(team: Team, admin: Tab) -> None:
    admin.open("members")
    admin.press(f"member_disable_{team.author.member_id}")
    assert not next(each for each in queries.members(team.admin) if each.id == team.author.member_id).active
    assert "every click of theirs is refused" in admin.words
    admin.press("undo_take_back")
    assert next(each for each in queries.members(team.admin) if each.id == team.author.member_id).active


def test_the_only_admin_stays_one_and_reads_why(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    for each in queries.members(actor):
        if each.role is Role.ADMIN and each.id != actor.member_id:
            commands.disable_member(actor, uuid4(), each.id)
    tab = Tab(sign_in).open("members")
    tab.app.selectbox(key=f"member_role_{actor.member_id}").set_value("viewer")
    tab.again()
    assert "Make somebody else an admin first." in tab.words
    assert tab.app.selectbox(key=f"member_role_{actor.member_id}").value == "admin"


def test_an_invitation_shows_its_link_once_and_can_be_withdrawn(team: Team, admin: Tab) -> None:
    made = commands.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    admin.open("members")
    assert "new@people.example" in admin.words
    admin.press(f"invitation_renew_{made.invitation_id}")
    assert "/?invitation=" in admin.app.code[0].value
    admin.press("invitation_done")
    assert not admin.app.code
    admin.press(f"invitation_withdraw_{made.invitation_id}")
    assert queries.invitations(team.admin) == ()


def test_others_see_who_is_there_and_what_roles_may_but_change_nothing(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("members")
    assert tab.button("members_invite").disabled
    assert all(each.disabled for each in tab.app.selectbox if str(each.key).startswith("member_role_"))
    assert "Approve posts" in str(tab.app.table[0].value)
    assert "Settings" not in tab.menu


def test_settings_are_saved_together(team: Team, admin: Tab) -> None:
    admin.open("settings")
    admin.app.text_input(key=f"settings_name_{team.organization_id}").set_value("Acme Roasters")
    admin.app.toggle(key=f"settings_self_approval_{team.organization_id}").set_value(True)
    next(each for each in admin.app.button if each.label == "Save").click()
    admin.again()
    facts = facts_of(team)
    assert (facts.name, facts.self_approval) == ("Acme Roasters", True)


def facts_of(team: Team) -> queries.OrganizationFacts:
    with db.transaction(team.admin) as session:
        return queries.organization_in(session)


def test_a_window_is_kept_per_account(team: Team, admin: Tab) -> None:
    admin.open("settings")
    admin.app.number_input(key=f"settings_window_{team.account_id}").set_value(45)
    admin.again()
    assert accounts.account(team.admin, team.account_id).window_s == 45 * 60


def test_a_person_chooses_their_zone_and_ends_other_sign_ins(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("profile")
    tab.app.selectbox(key="profile_timezone").set_value("Asia/Tokyo")
    tab.again()
    assert sign_in.here().timezone == "Asia/Tokyo"
    assert "here" in tab.words
    assert queries.members(actor)
