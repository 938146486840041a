"""What an admin changes: roles, who is active, and the organization's settings."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from core.audit.commands import first_time, record
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, NotFound
from core.organizations import store
from core.organizations.rules import Permission, may, require
from core.organizations.sound import sound_name, sound_zone

_LAST_ADMIN = "Nobody else here is an active admin. Make somebody else an admin first."


class SettingsChange(BaseModel):
    """What to change of an organization; None leaves it as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    timezone: str | None = None
    self_approval: bool | None = None
    approval_days: Annotated[int, Field(ge=1, le=365)] | None = None


def change_role(actor: Actor, action_id: UUID, member_id: UUID, role: Role) -> None:
    """Give a member another role, which counts from their next click on; who may not invite any more, has not invited.

    Raises NotAllowed, NotFound, or Conflict when nobody else would be an active admin.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    role = Role(role)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.change_role"):
            return
        before = _locked_member(session, member_id)
        if before.member.role == role.value:
            return
        if role is not Role.ADMIN:
            _keep_an_admin(session, before)
        was = before.member.role
        store.change_role(session, member_id, role)
        after = {"role": role, **_without_invitations(session, member_id, stays=may(role, Permission.MANAGE_MEMBERS))}
        record(session, actor, "organizations.change_role", "member", member_id, before={"role": was}, after=after)


def disable_member(actor: Actor, action_id: UUID, member_id: UUID) -> None:
    """End somebody's membership: they are refused here from their next SQL on. Their posts and name stay.

    Their open invitations end too, or one of them would be the way back in.
    Raises NotAllowed, NotFound, or Conflict when nobody else would be an active admin.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.disable_member"):
            return
        before = _locked_member(session, member_id)
        if before.member.disabled_at is not None:
            return
        _keep_an_admin(session, before)
        store.disable_member(session, member_id)
        after = {"disabled": True, **_without_invitations(session, member_id, stays=False)}
        record(session, actor, "organizations.disable_member", "member", member_id, after=after)


def enable_member(actor: Actor, action_id: UUID, member_id: UUID) -> None:
    """Let a disabled member in again, with the role they had. Raises NotAllowed or NotFound."""
    require(actor, Permission.MANAGE_MEMBERS)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.enable_member"):
            return
        if _locked_member(session, member_id).member.disabled_at is None:
            return
        store.enable_member(session, member_id)
        record(session, actor, "organizations.enable_member", "member", member_id, after={"disabled": False})


def update_settings(actor: Actor, action_id: UUID, change: SettingsChange) -> None:
    """Change the organization's settings. Raises NotAllowed, or Invalid when a value can't be used."""
    require(actor, Permission.MANAGE_SETTINGS)
    values = _sound(change)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.update_settings"):
            return
        organization = store.organization(session, lock=True)
        changed = {name: value for name, value in values.items() if getattr(organization, name) != value}
        if not changed:
            return
        before = {name: getattr(organization, name) for name in changed}
        store.change_organization(session, changed)
        record(
            session,
            actor,
            "organizations.update_settings",
            "organization",
            actor.organization_id,
            before=before,
            after=changed,
        )


def _sound(change: SettingsChange) -> dict[str, Any]:
    values = change.model_dump(exclude_none=True)
    if change.name is not None:
        values["name"] = sound_name(change.name)
    if change.timezone is not None:
        values["timezone"] = sound_zone(change.timezone)
    return values


def _locked_member(session: Session, member_id: UUID) -> store.Membership:
    """A member, read while no other command changes members here: two admins can't disable each other."""
    store.organization(session, lock=True)
    found = store.member(session, member_id)
    if found is None:
        raise NotFound("This member doesn't exist in this organization.")
    return found


def _without_invitations(session: Session, member_id: UUID, *, stays: bool) -> dict[str, int]:
    """End what a member invited, unless they may invite still; what the audit line says of it."""
    ended = 0 if stays else store.end_invitations_by(session, member_id)
    return {"invitations_ended": ended} if ended else {}


def _keep_an_admin(session: Session, leaving: store.Membership) -> None:
    if leaving.member.role == Role.ADMIN.value and not store.has_other_admin(session, leaving.member.id):
        raise Conflict(_LAST_ADMIN)
