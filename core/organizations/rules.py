"""Who may do what, in one table (PRODUCT 3), and the fixed times and limits of sign-in and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed

SESSION_LASTS: Final = timedelta(hours=12)
INVITATIONS_PER_HOUR: Final = 60  # links of one organization: each may be mailed, to whatever address an admin wrote
INVITATION_LASTS: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=1)  # "last seen" is kept to the minute, so that looking costs one write in it
CLOCK_SKEW: Final = timedelta(minutes=2)
LONGEST_NAME: Final = 120
LONGEST_EMAIL: Final = 254


class Permission(StrEnum):
    """What a command asks for. One command needs one permission."""

    READ = "read"
    WRITE = "write"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    DELETE_DRAFT = "delete_draft"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    PUBLISH_NOW = "publish_now"
    TRY_AGAIN = "try_again"
    RESOLVE = "resolve"
    CHANGE_LIVE = "change_live"
    PAUSE_ACCOUNT = "pause_account"
    READ_ERRORS = "read_errors"
    CHECK_CONNECTION = "check_connection"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_SETTINGS = "manage_settings"
    READ_AUDIT = "read_audit"
    READ_LIMITS = "read_limits"
    PAUSE_ORGANIZATION = "pause_organization"


# The role from which on each is allowed, and the words for it ("An editor can ...").
_TABLE: Final[Mapping[Permission, tuple[Role, str]]] = {
    Permission.READ: (Role.VIEWER, "see posts, accounts and members"),
    Permission.WRITE: (Role.EDITOR, "write and duplicate posts"),
    Permission.SUBMIT: (Role.EDITOR, "submit posts for review"),
    Permission.WITHDRAW: (Role.EDITOR, "withdraw posts from review"),
    Permission.DELETE_DRAFT: (Role.EDITOR, "delete drafts"),
    Permission.RESCHEDULE: (Role.EDITOR, "reschedule posts that have not been sent"),
    Permission.CANCEL: (Role.EDITOR, "cancel posts that have not been sent"),
    Permission.APPROVE: (Role.APPROVER, "approve posts"),
    Permission.REQUEST_CHANGES: (Role.APPROVER, "request changes"),
    Permission.PUBLISH_NOW: (Role.APPROVER, "publish now"),
    Permission.TRY_AGAIN: (Role.APPROVER, "try a failed or cancelled post again"),
    Permission.RESOLVE: (Role.APPROVER, "decide what became of a post"),
    Permission.CHANGE_LIVE: (Role.APPROVER, "change the text of live posts, or delete them"),
    Permission.PAUSE_ACCOUNT: (Role.APPROVER, "pause and resume accounts"),
    Permission.READ_ERRORS: (Role.APPROVER, "see what the networks refused"),
    Permission.CHECK_CONNECTION: (Role.APPROVER, "check how a connection stands at its network"),
    Permission.CONNECT: (Role.ADMIN, "connect accounts"),
    Permission.DISCONNECT: (Role.ADMIN, "disconnect accounts"),
    Permission.MANAGE_MEMBERS: (Role.ADMIN, "invite, change and disable members"),
    Permission.MANAGE_SETTINGS: (Role.ADMIN, "change the organization's settings"),
    Permission.READ_AUDIT: (Role.ADMIN, "read the audit trail"),
    Permission.READ_LIMITS: (Role.ADMIN, "see the networks' limits and what they hold"),
    Permission.PAUSE_ORGANIZATION: (Role.ADMIN, "pause and resume the organization, or one network in it"),
}
_A: Final[Mapping[Role, str]] = {
    Role.VIEWER: "a viewer",
    Role.EDITOR: "an editor",
    Role.APPROVER: "an approver",
    Role.ADMIN: "an admin",
}
_RANK: Final = {role: rank for rank, role in enumerate(Role)}

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    role: frozenset(permission for permission, (least, _) in _TABLE.items() if _RANK[role] >= _RANK[least])
    for role in Role
}
WORDS: Final[Mapping[Permission, str]] = {permission: words for permission, (_, words) in _TABLE.items()}


def may(role: Role, permission: Permission) -> bool:
    """Whether a member with this role may do it."""
    return permission in PERMISSIONS[role]


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed, in words that name the role it takes, unless the actor may do it."""
    if not may(actor.role, permission):
        least, words = _TABLE[permission]
        raise NotAllowed(
            f"You are {_A[actor.role]} here; to {words} takes {_A[least]}. Ask an admin of this organization."
        )
