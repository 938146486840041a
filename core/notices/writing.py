"""Mail as people read it: subject, text and HTML, with links into the console that survive signing in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.infra import installation
from core.notices import rules
from core.notices.model import Notice
from core.notices.rules import Kind
from core.provider_kit import hostile

_LONGEST_SUBJECT: Final = 500
_LISTED_AT_MOST: Final = 20
_TEMPLATES: Final = Path(__file__).parent / "templates"


class AddressUnusable(Exception):
    """Mail can't be sent to this address."""


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in a mail."""

    words: str
    url: str


def about_notices(
    mail_id: UUID, to: str, organization: str, notices: Sequence[Notice], *, at: datetime, is_digest: bool
) -> EmailMessage:
    """A mail about notices. Written again it is the same mail, by its Message-ID too. Raises AddressUnusable."""
    console = installation.settings().console_url
    kinds = [(Kind(each.kind), each.data) for each in notices]
    lines = [
        Line(
            rules.sentence(Kind(each.kind), each.data),
            console + rules.path_of("account" if each.subject_kind == "account" else "post", each.subject_id),
        )
        for each in notices[:_LISTED_AT_MOST]
    ]
    subject = rules.subject_line(kinds, organization, is_digest=is_digest)
    return _message(
        "notices",
        mail_id,
        to,
        subject,
        at,
        organization=organization,
        lines=lines,
        more=len(notices) - len(lines),
        all_url=f"{console}/notices",
        profile_url=f"{console}/profile",
    )


def about_invitation(
    mail_id: UUID, to: str, organization: str, inviter: str, role: str, url: str, *, at: datetime
) -> EmailMessage:
    """An invitation: the only mail with a secret in it, its single-use link. Raises AddressUnusable."""
    subject = f"{inviter} invites you to {organization} on Masthead"
    return _message(
        "invitation",
        mail_id,
        to,
        subject,
        at,
        organization=organization,
        inviter=inviter,
        role=role,
        url=url,
        days=rules.INVITATION_DAYS,
    )


def _message(template: str, mail_id: UUID, to: str, subject: str, at: datetime, **values: Any) -> EmailMessage:
    settings = installation.settings()
    host = urlsplit(settings.console_url).hostname or "localhost"
    message = EmailMessage(policy=SMTP)
    message["To"] = _address(to)
    message["From"] = Address("Masthead", addr_spec=settings.mail_from)
    message["Subject"] = _in_a_header(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    shown = {"subject": " ".join(subject.split()), **values}
    message.set_content(_templates().get_template(f"{template}.txt").render(shown))
    message.add_alternative(_templates().get_template(f"{template}.html").render(shown), subtype="html")
    return message


def _address(of: str) -> Address:
    """The address, if it is read as nothing but itself: in "maya(x)@host" mail programs see a remark and maya@host."""
    try:
        address = Address(addr_spec=of)
    except Exception:  # whatever Python's parser raises of what people typed; it has slips of its own
        raise AddressUnusable("its address can't be used") from None
    if address.addr_spec != of:
        raise AddressUnusable("its address can be read in two ways")
    return address


def _in_a_header(words: str) -> str:
    """Words that stay one header, whoever wrote them.

    `email` decodes what looks like an encoded word, line breaks included, and writes it out as it is (CVE-2024-6923):
    a person's or an account's name could end the header and begin others, or the mail itself.
    """
    return hostile.line(words, limit=_LONGEST_SUBJECT).replace("=?", "= ?")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
