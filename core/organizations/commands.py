"""Everything that changes organizations, their people, and who is signed in."""

from core.organizations.joining import (
    Accepted,
    Enrolled,
    Initialized,
    Invited,
    accept_invitation,
    create_organization,
    enrol,
    initialize,
    invite,
)
from core.organizations.managing import (
    SettingsChange,
    change_role,
    disable_member,
    enable_member,
    update_settings,
)
from core.organizations.signing_in import SessionFacts, choose_organization, sign_in, sign_out

__all__ = [
    "Accepted",
    "Enrolled",
    "Initialized",
    "Invited",
    "SessionFacts",
    "SettingsChange",
    "accept_invitation",
    "change_role",
    "choose_organization",
    "create_organization",
    "disable_member",
    "enable_member",
    "enrol",
    "initialize",
    "invite",
    "sign_in",
    "sign_out",
    "update_settings",
]
