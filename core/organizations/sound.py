"""What an organization's and a person's words must look like. Each returns what is kept, or raises Invalid."""

from __future__ import annotations

import re
import string
from typing import Final
from zoneinfo import available_timezones

from core.infra.errors import Invalid
from core.organizations.rules import LONGEST_EMAIL, LONGEST_NAME

# Neither control characters nor the invisible ones that write backwards or join.
_PART: Final = r"[^@\s<>\"',;\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
_EMAIL: Final = re.compile(rf"{_PART}{{1,64}}@{_PART}{{1,189}}")
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def sound_name(name: str) -> str:
    """A name without surrounding or doubled spaces."""
    kept = " ".join(name.split())
    if not 1 <= len(kept) <= LONGEST_NAME or not kept.isprintable():
        raise Invalid([f"A name has 1 to {LONGEST_NAME} characters."])
    return kept


def shown_name(name: str) -> str:
    """What may be shown of a name that a person chose at their sign-in service; empty when nothing is left.

    Without what nobody sees: by it one person would have another's name, or turn the line around that it stands in.
    """
    seen = "".join(character for character in " ".join(name.split()) if character.isprintable())
    return " ".join(seen[:LONGEST_NAME].split())


def folded_email(email: str) -> str:
    """The one form in which addresses are kept and compared; empty when it is none.

    Only A to Z are lowered: other letters fold into each other (U+212A KELVIN SIGN into k), and what is another
    mailbox at its own server must not pass for an invited one here. Too long an address is none; it is never cut.
    """
    kept = email.strip(" \t\r\n").translate(_LOWER)
    return kept if len(kept) <= LONGEST_EMAIL and _EMAIL.fullmatch(kept) else ""


def sound_email(email: str) -> str:
    """An address as `folded_email` has it."""
    kept = folded_email(email)
    if not kept:
        raise Invalid([f"{email.strip():.60} is no email address. Write one such as maya@northwind.example."])
    return kept


def sound_zone(timezone: str) -> str:
    """A name of the IANA time zone database."""
    if timezone not in available_timezones():
        raise Invalid([f"{timezone:.60} is no time zone. Choose one such as Europe/Berlin."])
    return timezone
