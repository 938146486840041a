"""The mail that was taken."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.clock import iso

if TYPE_CHECKING:
    from sandbox.world import World

TABLES = """
create table mail (
    number integer primary key autoincrement, at real not null, sender text not null, recipients text not null,
    subject text not null, text text, html text, headers text not null
);
"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `recipients` are those of the envelope, so Bcc too."""

    number: int
    at: float
    sender: str
    recipients: Sequence[str]
    subject: str
    text: str | None
    html: str | None
    headers: Mapping[str, str]

    def shown(self) -> dict[str, Any]:
        """As the control interface answers it."""
        return {
            "number": self.number,
            "at": iso(self.at),
            "sender": self.sender,
            "recipients": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": dict(self.headers),
        }


def take(world: World, sender: str, recipients: Sequence[str], content: bytes) -> None:
    """Keep a message. Committed before it is acknowledged."""
    message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    headers = {name: str(value) for name, value in message.items()}
    with world.write():
        world.db.execute(
            "insert into mail (at, sender, recipients, subject, text, html, headers) values (?, ?, ?, ?, ?, ?, ?)",
            (
                world.now,
                sender,
                orjson.dumps(list(recipients)).decode(),
                str(message["subject"] or ""),
                _words(message, "plain"),
                _words(message, "html"),
                orjson.dumps(headers, option=orjson.OPT_NON_STR_KEYS).decode(),
            ),
        )


def _words(message: EmailMessage, kind: str) -> str | None:
    """The text or HTML part; one whose encoding is unknown is read as well as it can be."""
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else str(payload)


def select(world: World, recipient: str | None = None) -> list[Mail]:
    """All messages, or those to one address, newest first."""
    rows = world.db.execute(
        "select * from mail where :to is null or exists ("
        " select 1 from json_each(recipients) where lower(value) = lower(:to)) order by number desc",
        {"to": recipient},
    )
    found = []
    for row in rows:
        values = dict(row)
        recipients, headers = orjson.loads(values.pop("recipients")), orjson.loads(values.pop("headers"))
        found.append(Mail(**values, recipients=recipients, headers=headers))
    return found


def delete_all(world: World) -> int:
    """Forget every message; says how many."""
    with world.write():
        return world.db.execute("delete from mail").rowcount
