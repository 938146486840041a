"""Who acts: a person in one organization, or the program itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Role(StrEnum):
    """A member's role, weakest first; what each may do is the table in `core.organizations.rules`."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member in the organization they work in, made by `organizations.queries.signed_in` alone.

    `label` is what rows and logs keep ("person:<id>"); `correlation_id` follows the click through rows, jobs and calls.
    `authenticated_at` is when the sign-in service last asked who it is; whoever doesn't know says never.
    """

    organization_id: UUID
    member_id: UUID
    person_id: UUID
    role: Role
    name: str
    session_id: UUID
    correlation_id: str
    authenticated_at: datetime = _NEVER

    @property
    def label(self) -> str:
        """How rows name this actor."""
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True)
class ProgramActor:
    """A program at work in one organization, for rows that no person asked for directly."""

    organization_id: UUID
    program: str
    correlation_id: str

    @property
    def label(self) -> str:
        """How rows name this actor."""
        return f"program:{self.program}"
