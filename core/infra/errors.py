"""What can go wrong, named by what the person or program should do next.

MastheadError
├── Refused                 a person asked for what can't be done now; the message says what to do instead
│   ├── NotAllowed          the role doesn't permit it
│   ├── NotFound            no such thing in this organization
│   ├── Conflict            somebody else was first; re-read and decide again
│   └── Invalid             the input has problems; each is listed
├── SignedOut               the session is over; sign in again
└── OrganizationMissing     a bug: SQL was asked for outside an organization
"""

from __future__ import annotations

from collections.abc import Sequence


class MastheadError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The words a person reads."""
        return str(self)


class Refused(MastheadError):
    """This can't be done now."""


class NotAllowed(Refused):
    """Your role doesn't allow this. Ask an admin of this organization."""


class NotFound(Refused):
    """This doesn't exist in this organization. It may have been deleted; go back and look again."""


class Conflict(Refused):
    """Somebody changed this meanwhile. Reload to see their version."""


class Invalid(Refused):
    """The input has problems."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems) or None)


class SignedOut(MastheadError):
    """You are signed out. Sign in again to go on."""


class OrganizationMissing(MastheadError):
    """SQL was asked for outside an organization."""
