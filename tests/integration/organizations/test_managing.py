"""What admins change, and what stands in their way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from core.audit import queries as audit
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, NotAllowed, NotFound
from core.organizations import commands, queries
from core.organizations.commands import SettingsChange
from core.organizations.rules import Permission, may
from core.organizations.trail import trail
from tests.factories.organizations import make_actor


def invited(organization_id: UUID) -> UUID:
    """An open invitation, made by an admin."""
    admin = make_actor(organization_id)
    return commands.invite(admin, uuid4(), f"{uuid4().hex}@people.example", Role.VIEWER).invitation_id


TAKES: dict[str, tuple[Permission, Callable[[Actor, Actor], object]]] = {
    "queries.members": (Permission.READ, lambda actor, _: queries.members(actor)),
    "invite": (
        Permission.MANAGE_MEMBERS,
        lambda actor, _: commands.invite(actor, uuid4(), "new@people.example", Role.VIEWER),
    ),
    "change_role": (
        Permission.MANAGE_MEMBERS,
        lambda actor, other: commands.change_role(actor, uuid4(), other.member_id, Role.VIEWER),
    ),
    "disable_member": (
        Permission.MANAGE_MEMBERS,
        lambda actor, other: commands.disable_member(actor, uuid4(), other.member_id),
    ),
    "enable_member": (
        Permission.MANAGE_MEMBERS,
        lambda actor, other: commands.enable_member(actor, uuid4(), other.member_id),
    ),
    "renew_invitation": (
        Permission.MANAGE_MEMBERS,
        lambda actor, _: commands.renew_invitation(actor, invited(actor.organization_id)),
    ),
    "withdraw_invitation": (
        Permission.MANAGE_MEMBERS,
        lambda actor, _: commands.withdraw_invitation(actor, uuid4(), invited(actor.organization_id)),
    ),
    "queries.invitations": (Permission.MANAGE_MEMBERS, lambda actor, _: queries.invitations(actor)),
    "trail": (Permission.READ_AUDIT, lambda actor, _: trail(actor)),
    "update_settings": (
        Permission.MANAGE_SETTINGS,
        lambda actor, _: commands.update_settings(actor, uuid4(), SettingsChange(self_approval=True)),
    ),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", TAKES)
def test_every_command_asks_for_its_permission(database: db.Database, name: str, role: Role) -> None:
    permission, command = TAKES[name]
    admin = make_actor()
    actor, other = make_actor(admin.organization_id, role), make_actor(admin.organization_id, Role.EDITOR)
    if may(role, permission):
        command(actor, other)
    else:
        with pytest.raises(NotAllowed, match="Ask an admin"):
            command(actor, other)


def test_changing_a_role_writes_who_what_and_why(database: db.Database) -> None:
    admin = make_actor()
    member = make_actor(admin.organization_id, Role.VIEWER)
    commands.change_role(admin, uuid4(), member.member_id, Role.APPROVER)
    line = audit.history(admin, "member", member.member_id)[-1]
    assert (line.actor, line.action, line.correlation_id) == (admin.label, "organizations.change_role", "test")
    assert (line.before, line.after) == ({"role": "viewer"}, {"role": "approver"})


def test_a_change_that_changes_nothing_writes_nothing(database: db.Database) -> None:
    admin = make_actor()
    member = make_actor(admin.organization_id, Role.VIEWER)
    before = audit.history(admin, "member", member.member_id)
    commands.change_role(admin, uuid4(), member.member_id, Role.VIEWER)
    commands.enable_member(admin, uuid4(), member.member_id)
    commands.update_settings(admin, uuid4(), SettingsChange(self_approval=False))
    assert audit.history(admin, "member", member.member_id) == before
    assert [line.action for line in audit.history(admin, "organization", admin.organization_id)] == [
        "organizations.create"
    ]


def test_a_double_click_disables_once_and_enabling_in_between_stays(database: db.Database) -> None:
    admin, action = make_actor(), uuid4()
    member = make_actor(admin.organization_id, Role.EDITOR)
    commands.disable_member(admin, action, member.member_id)
    commands.disable_member(admin, uuid4(), member.member_id)
    commands.enable_member(admin, uuid4(), member.member_id)
    commands.disable_member(admin, action, member.member_id)
    row = next(row for row in queries.members(admin) if row.id == member.member_id)
    assert row.active
    assert [line.action for line in audit.history(admin, "member", member.member_id)][1:] == [
        "organizations.disable_member",
        "organizations.enable_member",
    ]


def test_repeated_clicks_of_every_command_do_nothing_more(database: db.Database) -> None:
    admin = make_actor()
    member = make_actor(admin.organization_id, Role.EDITOR)
    for does in (
        lambda action: commands.change_role(admin, action, member.member_id, Role.VIEWER),
        lambda action: commands.enable_member(admin, action, member.member_id),
        lambda action: commands.update_settings(admin, action, SettingsChange(name="Renamed")),
    ):
        action = uuid4()
        does(action)
        does(action)
    actions = [
        line.action
        for kind, subject in (("member", member.member_id), ("organization", admin.organization_id))
        for line in audit.history(admin, kind, subject)
    ]
    assert actions.count("organizations.change_role") == actions.count("organizations.update_settings") == 1


def test_the_last_admin_stays(database: db.Database) -> None:
    admin = make_actor()
    make_actor(admin.organization_id, Role.APPROVER)
    with pytest.raises(Conflict, match="Make somebody else an admin first"):
        commands.disable_member(admin, uuid4(), admin.member_id)
    with pytest.raises(Conflict, match="Make somebody else an admin first"):
        commands.change_role(admin, uuid4(), admin.member_id, Role.EDITOR)
    assert queries.members(admin)


def test_a_disabled_admin_does_not_count_as_the_other_one(database: db.Database) -> None:
    admin = make_actor()
    other = make_actor(admin.organization_id)
    commands.disable_member(admin, uuid4(), other.member_id)
    with pytest.raises(Conflict):
        commands.change_role(admin, uuid4(), admin.member_id, Role.VIEWER)


def test_two_admins_who_disable_each_other_at_once_leave_one(committed_database: db.Database) -> None:
    for _ in range(10):
        one = make_actor()
        two = make_actor(one.organization_id)

        def disable(who: Actor, whom: Actor) -> bool:
            try:
                commands.disable_member(who, uuid4(), whom.member_id)
            except (Conflict, NotAllowed):
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(disable, (one, two), (two, one)))
        assert sum(results) == 1


def test_a_member_of_another_organization_does_not_exist_here(database: db.Database) -> None:
    admin, elsewhere = make_actor(), make_actor()
    for attempt in (
        lambda: commands.change_role(admin, uuid4(), elsewhere.member_id, Role.VIEWER),
        lambda: commands.disable_member(admin, uuid4(), elsewhere.member_id),
        lambda: commands.enable_member(admin, uuid4(), uuid4()),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_settings_change_together_and_the_line_says_what_was(database: db.Database) -> None:
    admin = make_actor()
    change = SettingsChange(name=" Southwind ", timezone="America/New_York", self_approval=True, approval_days=7)
    commands.update_settings(admin, uuid4(), change)
    with db.transaction(admin) as session:
        facts = queries.organization_in(session)
    assert (facts.name, facts.timezone, facts.self_approval, facts.approval_days) == (
        "Southwind",
        "America/New_York",
        True,
        7,
    )
    line = audit.history(admin, "organization", admin.organization_id)[-1]
    assert line.before == {
        "name": "Northwind",
        "timezone": "Europe/Berlin",
        "self_approval": False,
        "approval_days": 30,
    }


@pytest.mark.parametrize("wrong", [{"approval_days": 0}, {"approval_days": 366}, {"publish_paused": True}, {"id": 1}])
def test_settings_out_of_range_or_unknown_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SettingsChange.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{"name": " "}, {"timezone": "../../etc/passwd"}])
def test_settings_that_make_no_sense_are_refused_in_words(database: db.Database, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        commands.update_settings(make_actor(), uuid4(), SettingsChange.model_validate(wrong))


def test_members_are_listed_by_name_with_the_disabled_ones(database: db.Database) -> None:
    admin = make_actor(name="maya")
    zoe = make_actor(admin.organization_id, Role.VIEWER, name="Zoë")
    make_actor(admin.organization_id, Role.EDITOR, name="Ben")
    commands.disable_member(admin, uuid4(), zoe.member_id)
    assert [(row.name, row.role, row.active) for row in queries.members(admin)] == [
        ("Ben", Role.EDITOR, True),
        ("maya", Role.ADMIN, True),
        ("Zoë", Role.VIEWER, False),
    ]


def test_labels_of_actors_have_names(database: db.Database) -> None:
    admin = make_actor(name="Maya Lindt")
    with db.transaction(admin) as session:
        assert queries.names_of_actors(session) == {admin.label: "Maya Lindt"}


def test_the_permissions_table_says_each_in_words_with_its_roles() -> None:
    rows = {row.permission: row for row in queries.permission_table()}
    assert set(rows) == set(Permission)
    assert rows[Permission.APPROVE].roles == {Role.APPROVER, Role.ADMIN}
    assert rows[Permission.APPROVE].words == "approve posts"
