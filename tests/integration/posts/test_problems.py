"""An error-level problem refuses every command that takes a post further, by whatever route (PRODUCT 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.errors import Refused
from core.posts import commands, queries
from core.provider_kit.types import Payload, Problem
from core.publishing import commands as publishing
from tests.factories.posts import (
    Team,
    hashes,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publication,
    soon,
)


class Refusing:
    """A network that refuses every payload."""

    def problems(self, payload: Payload) -> tuple[Problem, ...]:
        return (Problem("error", "The network takes no such text.", "Change it."),)


def in_review(team: Team) -> UUID:
    return make_submitted(team.author, [team.account_id], slot_at=soon())


def draft(team: Team) -> UUID:
    return make_post(team.author, [team.account_id], slot_at=soon())


def approved(team: Team) -> UUID:
    return make_approved(team.author, team.approver, [team.account_id])


def scheduled(team: Team) -> UUID:
    return make_approved(team.author, team.approver, [team.account_id], slot_at=soon())


def save_slot(team: Team, post_id: UUID, slot_at: datetime) -> Any:
    post = queries.detail(team.author, post_id).post
    return commands.save(
        team.author, post_id, post.revision, text=post.text, link=None, account_ids=[team.account_id], slot_at=slot_at
    )


Ask = Callable[[Team, UUID, datetime], Any]
ROUTES: dict[str, tuple[Callable[[Team], UUID], Ask]] = {
    "submit": (draft, lambda team, post_id, slot: commands.submit(team.author, uuid4(), post_id, 1)),
    "approve": (
        in_review,
        lambda team, post_id, slot: commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id)),
    ),
    "approve several": (
        in_review,
        lambda team, post_id, slot: commands.approve_all(team.approver, uuid4(), hashes(team.author, post_id)),
    ),
    "schedule by saving a slot": (approved, save_slot),
    "schedule": (
        approved,
        lambda team, post_id, slot: publishing.reschedule(team.author, uuid4(), slot, post_id=post_id),
    ),
    "publish now": (
        approved,
        lambda team, post_id, slot: publishing.publish_now(team.approver, uuid4(), post_id=post_id),
    ),
    "publish now what is scheduled": (
        scheduled,
        lambda team, post_id, slot: publishing.publish_now(team.approver, uuid4(), post_id=post_id),
    ),
}
PROBLEMS = {
    "refused by the network": "The network takes no such text",
    "account to be connected again": "The account must be connected again",
    "account disconnected": "The account is disconnected",
    "unknown network": "can't publish to",
    "slot passed": "passed",
}


def bring_about(problem: str, team: Team, post_id: UUID, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Make the problem true of a post that stood every check so far; gives the slot to ask for."""
    broken = {"account to be connected again": AccountState.AUTH_BROKEN, "account disconnected": AccountState.DISABLED}
    if problem in broken:
        with db.transaction(team.admin) as session:
            accounts.change_account(session, team.account_id, state=broken[problem])
    elif problem == "refused by the network":
        monkeypatch.setattr("core.posts.problems.publisher", lambda network: Refusing())
    elif problem == "unknown network":
        monkeypatch.setattr("core.posts.problems.publisher", {}.__getitem__)
    elif problem == "slot passed":
        with db.transaction(team.admin) as session:
            session.execute(
                sql(
                    "update masthead.publication set due_at = due_at - interval '2 days',"
                    " not_after = not_after - interval '2 days' where post_id = :post"
                ),
                {"post": post_id},
            )
        return soon(-1)
    return soon()


@pytest.mark.parametrize(
    ("problem", "route"),
    [
        (problem, route)
        for problem in PROBLEMS
        for route in ROUTES
        if problem != "slot passed" or not route.startswith("publish now")  # which has no slot to pass
    ],
)
def test_every_problem_refuses_every_route(
    database: db.Database, monkeypatch: pytest.MonkeyPatch, problem: str, route: str
) -> None:
    team = make_team()
    make, ask = ROUTES[route]
    post_id = make(team)
    slot = bring_about(problem, team, post_id, monkeypatch)
    before = publication(team.author, post_id)
    lines = len(queries.detail(team.author, post_id).timeline)

    with pytest.raises(Refused, match=PROBLEMS[problem]):
        ask(team, post_id, slot)

    after = publication(team.author, post_id)
    assert (after.state, after.version, after.due_at) == (before.state, before.version, before.due_at)
    assert len(queries.detail(team.author, post_id).timeline) == lines
