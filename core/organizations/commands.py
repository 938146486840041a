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
    renew_invitation,
    withdraw_invitation,
)
from core.organizations.managing import (
    SettingsChange,
    change_role,
    disable_member,
    enable_member,
    update_settings,
)
from core.organizations.profile import choose_zone, end_sign_in, note_seen, sign_out_everywhere
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
    "choose_zone",
    "create_organization",
    "disable_member",
    "enable_member",
    "end_sign_in",
    "enrol",
    "initialize",
    "invite",
    "note_seen",
    "renew_invitation",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "update_settings",
    "withdraw_invitation",
]
