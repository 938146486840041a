"""What an organization's and a person's words must look like. Each returns what is kept, or raises Invalid."""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import available_timezones

from core.infra.errors import Invalid
from core.organizations.rules import LONGEST_EMAIL, LONGEST_NAME

_EMAIL: Final = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]{1,189}")


def sound_name(name: str) -> str:
    """A name without surrounding or doubled spaces."""
    kept = " ".join(name.split())
    if not 1 <= len(kept) <= LONGEST_NAME or not kept.isprintable():
        raise Invalid([f"A name has 1 to {LONGEST_NAME} characters."])
    return kept


def sound_email(email: str) -> str:
    """An address in lower case."""
    kept = email.strip().lower()
    if len(kept) > LONGEST_EMAIL or not _EMAIL.fullmatch(kept):
        raise Invalid([f"{kept:.60} is no email address. Write one such as maya@northwind.example."])
    return kept


def sound_zone(timezone: str) -> str:
    """A name of the IANA time zone database."""
    if timezone not in available_timezones():
        raise Invalid([f"{timezone:.60} is no time zone. Choose one such as Europe/Berlin."])
    return timezone
