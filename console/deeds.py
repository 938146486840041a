"""What the actions of the audit trail are called, and the areas they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Area as people know it -> the beginnings of its actions.
AREAS: Final[Mapping[str, tuple[str, ...]]] = {
    "Posts": ("post", "publication", "media"),
    "Accounts": ("account", "accounts", "provider", "organization", "connection", "connect", "token", "credentials"),
    "People and settings": ("organizations", "member", "notices"),
}

_WORDS: Final[Mapping[str, str]] = {
    "post.create": "wrote a draft",
    "post.save": "edited a post",
    "post.duplicate": "duplicated a post",
    "post.submit": "asked for approval",
    "post.withdraw": "withdrew a post from review",
    "post.approve": "approved a post",
    "post.request_changes": "requested changes",
    "post.comment": "commented on a post",
    "post.delete": "deleted a draft",
    "post.export": "exported posts",
    "publication.export_errors": "exported errors",
    "connection.checked": "checked a connection",
    "provider.checked": "checked the setup of a network",
    "post.undelete": "brought a draft back",
    "publication.publish_now": "asked to publish now",
    "publication.reschedule": "moved a post to another time",
    "publication.cancel": "cancelled a post",
    "publication.try_again": "asked to try again",
    "publication.resolve_live": "said that a post is live",
    "publication.resolve_not_live": "said that a post is not live",
    "publication.edit_live": "asked to change the text of a live post",
    "publication.delete_live": "asked to delete a live post",
    "publication.retry_live": "asked to try something on a live post again",
    "publication.close_live": "said what became of something on a live post",
    "media.start": "began to upload a file",
    "media.fetch": "asked for a file from the web",
    "media.add": "added a file",
    "media.add_again": "sent a file that was here already",
    "media.describe": "described a file",
    "media.delete": "deleted a file",
    "media.undelete": "brought a file back",
    "media.refuse": "sent a file that can't be used",
    "account.paused": "paused an account",
    "account.resumed": "resumed an account",
    "provider.paused": "paused a network here",
    "provider.resumed": "resumed a network here",
    "organization.paused": "paused publishing",
    "organization.resumed": "resumed publishing",
    "organization.hold_ended": "ended what a network had asked",
    "organization.restored": "put in doubt what came due after a backup",
    "account.disconnected": "disconnected an account",
    "account.released": "released an account",
    "account.window_changed": "changed an account's window",
    "account.verified": "asked a network what isn't verified",
    "connection.disconnected": "disconnected a grant",
    "connect.started": "went to a network to connect",
    "connect.refused": "was refused while connecting",
    "connect.denied": "declined at the network",
    "connect.failed": "could not connect",
    "connect.granted": "consented at the network",
    "accounts.connected": "connected accounts",
    "connect.lapsed": "gave an unused consent back",
    "token.renewed": "renewed an access",
    "token.renewal_failed": "could not renew an access",
    "token.renewal_refused": "was refused a renewal",
    "token.scopes_changed": "found other permissions",
    "token.dead": "found an access ended",
    "token.held": "held an account",
    "token.recovered": "found an account well again",
    "token.used": "used an access today",
    "token.revoked": "gave an access back",
    "accounts.export_history": "exported the history of tokens",
    "credentials.rewrap": "wrapped tokens by the newest key",
    "organizations.create": "made the organization",
    "organizations.enrol": "added a member",
    "organizations.invite": "invited somebody",
    "organizations.accept_invitation": "accepted an invitation",
    "organizations.renew_invitation": "made a new link for an invitation",
    "organizations.withdraw_invitation": "withdrew an invitation",
    "organizations.choose_zone": "chose their time zone",
    "organizations.end_sign_in": "ended one of their sign-ins",
    "organizations.sign_out_everywhere": "signed out everywhere",
    "organizations.change_role": "changed a member's role",
    "organizations.disable_member": "disabled a member",
    "organizations.enable_member": "enabled a member",
    "organizations.export_audit": "exported the audit trail",
    "organizations.update_settings": "changed the settings",
    "notices.choose_delivery": "chose what is mailed to them",
}


def words(action: str) -> str:
    """What was done, in words; an action without any reads as its own name."""
    return _WORDS.get(action, action.rpartition(".")[2].replace("_", " "))


def has_words(action: str) -> bool:
    """Whether somebody wrote words for it."""
    return action in _WORDS
