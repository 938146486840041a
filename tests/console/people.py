"""Members with the sign-in behind them, as a browser holds it."""

from __future__ import annotations

from uuid import UUID

from core.infra.actor import Actor, Role
from tests.factories.organizations import SignIn, make_signed_in

NAMES = {
    Role.VIEWER: "Vera Viewer",
    Role.EDITOR: "Edgar Editor",
    Role.APPROVER: "Apia Approver",
    Role.ADMIN: "Ada Admin",
}


def someone(organization_id: UUID, role: Role, name: str | None = None) -> tuple[SignIn, Actor]:
    """A member of an organization, signed in."""
    return make_signed_in(organization_id, role, name=name or NAMES[role])
