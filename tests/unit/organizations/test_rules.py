"""Every permission x role against the table of PRODUCT 3, written here a second time from its words."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed
from core.organizations.rules import PERMISSIONS, WORDS, Permission, may, require

VIEWER = {"read"}
EDITOR = VIEWER | {"write", "submit", "withdraw", "delete_draft", "reschedule", "cancel"}
APPROVER = EDITOR | {
    "approve",
    "change_live",
    "check_connection",
    "pause_account",
    "publish_now",
    "read_errors",
    "request_changes",
    "resolve",
    "try_again",
}
ADMIN = APPROVER | {
    "connect",
    "disconnect",
    "manage_members",
    "manage_settings",
    "pause_organization",
    "read_audit",
    "read_limits",
}
PRODUCT = {Role.VIEWER: VIEWER, Role.EDITOR: EDITOR, Role.APPROVER: APPROVER, Role.ADMIN: ADMIN}
CASES = [(permission, role) for permission in Permission for role in Role]


def actor(role: Role) -> Actor:
    return Actor(uuid4(), uuid4(), uuid4(), role, "Maya", uuid4(), "test")


def test_the_product_names_exactly_these_permissions() -> None:
    assert {permission.value for permission in Permission} == ADMIN
    assert set(PERMISSIONS) == set(Role)


@pytest.mark.parametrize(("permission", "role"), CASES, ids=lambda value: str(value))
def test_a_role_may_what_the_product_says(permission: Permission, role: Role) -> None:
    allowed = permission.value in PRODUCT[role]
    assert may(role, permission) is allowed
    if allowed:
        require(actor(role), permission)
    else:
        with pytest.raises(NotAllowed) as refused:
            require(actor(role), permission)
        assert WORDS[permission] in refused.value.message
        assert "Ask an admin of this organization." in refused.value.message


def test_the_words_name_the_role_one_has_and_the_role_it_takes() -> None:
    with pytest.raises(NotAllowed) as refused:
        require(actor(Role.EDITOR), Permission.APPROVE)
    assert refused.value.message == (
        "You are an editor here; to approve posts takes an approver. Ask an admin of this organization."
    )
