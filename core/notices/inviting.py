"""Invitations by mail. Only the link's hash is kept, so the mail is sent at once or not at all, and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.infra import db, installation
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.notices import smtp, store, writing
from core.notices.smtp import MailDelayed, MailRefused, MailServerAway
from core.notices.writing import AddressUnusable
from core.organizations import queries as organizations
from core.organizations.rules import Permission, require


@dataclass(frozen=True, slots=True)
class InvitationMail:
    """What became of an invitation's mail. `trouble`: why it was not sent; empty when it was, or mail isn't set up."""

    sent: bool
    trouble: str = ""


def mail_invitation(actor: Actor, invitation_id: UUID, link_path: str) -> InvitationMail:
    """Mail the link of an open invitation to the address it is for, right after the command that made it.

    Waits 10 s at most for each answer of the mail server. Trouble is an answer and no error: the page shows the link in
    any case.
    Raises NotAllowed, or NotFound when the invitation is over.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    invitation = next((each for each in organizations.invitations(actor) if each.id == invitation_id), None)
    if invitation is None:
        raise NotFound
    settings = installation.settings()
    if settings.smtp_url is None:
        return InvitationMail(sent=False)
    with db.transaction(actor) as session:
        organization, at = organizations.organization_in(session).name, store.moment(session)
    try:
        message = writing.about_invitation(
            invitation_id,
            invitation.email,
            organization,
            actor.name,
            invitation.role.value,
            settings.console_url + link_path,
            at=at,
        )
        with smtp.postman() as client:
            smtp.hand_over(client, message)
    except (MailRefused, MailDelayed, MailServerAway, AddressUnusable) as trouble:
        return InvitationMail(sent=False, trouble=str(trouble))
    return InvitationMail(sent=True)
