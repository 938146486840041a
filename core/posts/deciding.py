"""Who may approve what. Pure: no database, clock or network."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.infra.actor import Role
from core.organizations.rules import Permission, may
from core.posts.views import Who

APPROVERS: Final = tuple(role for role in Role if may(role, Permission.APPROVE))


@dataclass(frozen=True, slots=True)
class Request:
    """A post as far as approving it goes; `reviewer` None: any approver was asked."""

    author_id: UUID
    submitted_by: UUID | None
    reviewer: Who | None
    writers: Collection[UUID] = ()

    @property
    def own_work_of(self) -> frozenset[UUID]:
        """Members to whom approving this would be approving their own work: who wrote of it and who submitted it."""
        return frozenset(each for each in (self.author_id, self.submitted_by, *self.writers) if each is not None)


def may_decide(approvers: Iterable[Who], own_work_of: Collection[UUID], self_approval: bool) -> tuple[Who, ...]:
    """Who of the approvers may approve: not those whose own work it is, unless the organization allows that."""
    return tuple(each for each in approvers if self_approval or each.member_id not in own_work_of)


def why_not(request: Request, member_id: UUID, role: Role, approvers: Collection[Who], self_approval: bool) -> str:
    """Why this member may not approve this post, empty if they may.

    `approvers`: all who may approve at all. Somebody who was asked and is none of them any more keeps nobody from it.
    """
    if role not in APPROVERS:
        return "Approving takes an approver."
    if member_id in request.own_work_of and not self_approval:
        if may_decide(approvers, request.own_work_of, self_approval):
            return "Nobody approves their own work here. Another approver must."
        return (
            "Nobody approves their own work here, and nobody else may approve. An admin can invite an approver,"
            " or allow self-approval in the organization's settings."
        )
    asked = request.reviewer
    if asked is not None and asked.member_id != member_id and role is not Role.ADMIN and _still(asked, approvers):
        return f"{asked.name} was asked to approve this. They can, or an admin."
    return ""


def _still(asked: Who, approvers: Iterable[Who]) -> bool:
    return any(each.member_id == asked.member_id for each in approvers)
