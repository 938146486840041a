"""Mail on its way: claimed, handed over, and tried again later while the server is away.

Whoever dies between the server's yes and ours sends the same mail again, with the same Message-ID, by which mailboxes
know it. Nothing here touches a post.
"""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from typing import Final
from uuid import UUID

from core.infra import db, installation
from core.infra.logs import bound
from core.notices import rules, smtp, store, writing
from core.notices.raising import RAISER
from core.notices.smtp import MailDelayed, MailRefused, MailServerAway
from core.notices.writing import AddressUnusable

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 20
_LEASE: Final = timedelta(minutes=5)
_PASS_AT_MOST_S: Final = 60


def send_due() -> int:
    """Send what is due until nothing is, the server is away, or a minute has passed; gives how many were sent."""
    if installation.settings().smtp_url is None:
        return 0
    sent, until = 0, time.monotonic() + _PASS_AT_MOST_S
    while time.monotonic() < until:
        with db.free_transaction() as session:
            due = store.claim_mails(session, _AT_ONCE, _LEASE)
        if not due:
            return sent
        done, is_away = _send(due, until)
        sent += done
        if is_away:
            return sent
    return sent


def _send(due: Sequence[tuple[UUID, UUID]], until: float) -> tuple[int, bool]:
    """How many of these were sent, and whether the server went away. What there is no time for is given back."""
    sent, waiting = 0, list(due)
    try:
        with smtp.postman() as client:
            while waiting and time.monotonic() < until:
                sent += _send_one(client, *waiting[0])
                waiting.pop(0)
    except MailServerAway as away:
        _log.warning("the mail server takes nothing now", extra={"cause": str(away), "waiting": len(waiting)})
        for organization_id, mail_id in waiting:
            _later(organization_id, mail_id, str(away))
        return sent, True
    for organization_id, mail_id in waiting:
        with db.organization_transaction(organization_id, RAISER) as session:
            store.delay_mail(session, mail_id, timedelta(0))
    return sent, False


def _send_one(client: smtplib.SMTP, organization_id: UUID, mail_id: UUID) -> bool:
    with bound(organization_id=organization_id, actor=RAISER):
        try:
            message = _written(organization_id, mail_id)
            if message is None:
                return False
            smtp.hand_over(client, message)
        except (MailRefused, AddressUnusable) as refused:
            _log.warning("mail was refused for good", extra={"mail_id": str(mail_id), "cause": str(refused)})
            _close(organization_id, mail_id, "given_up", str(refused))
            return False
        except MailDelayed as delayed:
            _log.warning("mail was put off by the server", extra={"mail_id": str(mail_id), "cause": str(delayed)})
            _later(organization_id, mail_id, str(delayed))
            return False
        except MailServerAway:
            raise
        except Exception as unforeseen:  # of one mail, which must not keep all others back
            _log.exception("mail could not be sent", extra={"mail_id": str(mail_id)})
            _later(organization_id, mail_id, f"{type(unforeseen).__name__}; the log of worker-low says more")
            return False
        _close(organization_id, mail_id, "sent")
        return True


def _written(organization_id: UUID, mail_id: UUID) -> EmailMessage | None:
    """The mail; None, and closed, when nobody is to get it any more. Raises AddressUnusable."""
    with db.organization_transaction(organization_id, RAISER) as session:
        mail = store.mail_to_send(session, mail_id)
        if mail is None or mail.state != "waiting":
            return None
        if not mail.is_active or not mail.email or not mail.is_known:
            why = "no active member" if not mail.is_active else "the address is not verified"
            store.close_mail(session, mail_id, "dropped", why)
            return None
        notices = store.notices_of(session, mail_id)
    return writing.about_notices(
        mail_id,
        mail.email,
        mail.organization,
        notices,
        at=mail.created_at,
        is_digest=mail.digest_on is not None,
    )


def _later(organization_id: UUID, mail_id: UUID, error: str) -> None:
    with db.organization_transaction(organization_id, RAISER) as session:
        mail = store.mail_to_send(session, mail_id)
        if mail is None:
            return
        if store.moment(session) - mail.created_at > rules.GIVE_UP_AFTER:
            store.close_mail(session, mail_id, "given_up", error)
        else:
            store.delay_mail(session, mail_id, rules.next_try(mail.tries), error)


def _close(organization_id: UUID, mail_id: UUID, state: str, error: str | None = None) -> None:
    with db.organization_transaction(organization_id, RAISER) as session:
        store.close_mail(session, mail_id, state, error)
