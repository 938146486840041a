"""Whose approval counts."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.infra.actor import Role
from core.posts import deciding
from core.posts.deciding import Request
from core.posts.views import Who

AUTHOR, SUBMITTER, OTHER, ASKED = (Who(uuid4(), name) for name in ("Author", "Submitter", "Other", "Asked"))
EVERYBODY = (AUTHOR, SUBMITTER, OTHER, ASKED)
APPROVER = Role.APPROVER


def said(
    member: Who, role: Role = APPROVER, *, reviewer: Who | None = None, alone: bool = False, own: bool = False
) -> str:
    request = Request(AUTHOR.member_id, SUBMITTER.member_id, reviewer)
    approvers = (AUTHOR, SUBMITTER) if alone else EVERYBODY
    return deciding.why_not(request, member.member_id, role, approvers, own)


def test_another_approver_may() -> None:
    assert said(OTHER) == ""


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_approving_takes_an_approver(role: Role) -> None:
    assert said(OTHER, role) == "Approving takes an approver."


@pytest.mark.parametrize("member", [AUTHOR, SUBMITTER])
def test_neither_who_wrote_it_nor_who_submitted_it_may(member: Who) -> None:
    assert said(member) == said(member, Role.ADMIN) == "Nobody approves their own work here. Another approver must."
    assert "nobody else may approve. An admin can invite an approver" in said(member, alone=True)
    assert said(member, own=True) == ""


def test_who_was_asked_may_and_an_admin_may() -> None:
    assert said(ASKED, reviewer=ASKED) == said(OTHER, Role.ADMIN, reviewer=ASKED) == ""
    assert said(OTHER, reviewer=ASKED) == "Asked was asked to approve this. They can, or an admin."


def test_who_was_asked_and_is_no_approver_any_more_keeps_nobody_from_it() -> None:
    left = Who(uuid4(), "Left")
    assert said(OTHER, reviewer=left) == ""


def test_before_it_is_submitted_it_is_the_authors_work() -> None:
    assert Request(AUTHOR.member_id, None, None).own_work_of == frozenset({AUTHOR.member_id})


def test_may_decide_leaves_out_own_work_unless_allowed() -> None:
    own: set[UUID] = {AUTHOR.member_id}
    assert deciding.may_decide(EVERYBODY, own, False) == (SUBMITTER, OTHER, ASKED)
    assert deciding.may_decide(EVERYBODY, own, True) == EVERYBODY
