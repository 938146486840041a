"""Every command of posts x every role, by the table of PRODUCT 3."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import inspect, select

from core.audit.model import AuditEvent, CommandReceipt
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed, Refused
from core.organizations.rules import Permission, may
from core.posts import commands, queries
from core.posts.model import Post, PostVersion, Publication, PublicationEvent, ReviewComment
from core.posts.views import Filters
from tests.factories.organizations import make_actor
from tests.factories.posts import Team, hashes, make_post, make_submitted, make_team

Ask = Callable[[Actor, UUID, Team], Any]
ALLOWED: dict[str, tuple[Permission, Ask]] = {
    "create": (Permission.WRITE, lambda actor, post_id, team: commands.create(actor, uuid4(), text="New")),
    "duplicate": (Permission.WRITE, lambda actor, post_id, team: commands.duplicate(actor, uuid4(), post_id)),
    "save": (
        Permission.WRITE,
        lambda actor, post_id, team: commands.save(
            actor, post_id, 1, text="Edited", link=None, account_ids=[team.account_id], slot_at=None
        ),
    ),
    "would_void": (
        Permission.READ,
        lambda actor, post_id, team: commands.would_void(actor, post_id, text="", link=None),
    ),
    "export": (Permission.READ, lambda actor, post_id, team: commands.export(actor, Filters())),
    "delete_file": (Permission.WRITE, lambda actor, post_id, team: commands.delete_file(actor, uuid4())),
    "undelete_file": (Permission.WRITE, lambda actor, post_id, team: commands.undelete_file(actor, uuid4())),
    "submit": (Permission.SUBMIT, lambda actor, post_id, team: commands.submit(actor, uuid4(), post_id, 1)),
    "withdraw": (Permission.WITHDRAW, lambda actor, post_id, team: commands.withdraw(actor, uuid4(), post_id)),
    "delete": (Permission.DELETE_DRAFT, lambda actor, post_id, team: commands.delete(actor, uuid4(), post_id)),
    "undelete": (Permission.DELETE_DRAFT, lambda actor, post_id, team: commands.undelete(actor, uuid4(), post_id)),
    "approve": (
        Permission.APPROVE,
        lambda actor, post_id, team: commands.approve(actor, uuid4(), post_id, hashes(team.author, post_id)),
    ),
    "approve_all": (
        Permission.APPROVE,
        lambda actor, post_id, team: commands.approve_all(actor, uuid4(), hashes(team.author, post_id)),
    ),
    "request_changes": (
        Permission.REQUEST_CHANGES,
        lambda actor, post_id, team: commands.request_changes(actor, uuid4(), post_id, 1, "Say more"),
    ),
    "comment": (Permission.WRITE, lambda actor, post_id, team: commands.comment(actor, uuid4(), post_id, 1, "Hm")),
}
READS: dict[str, Ask] = {
    "approvers": lambda actor, post_id, team: queries.approvers(actor, post_id),
    "authors": lambda actor, post_id, team: queries.authors(actor),
    "calendar": lambda actor, post_id, team: queries.calendar(actor, date(2027, 6, 1), date(2027, 6, 30), Filters()),
    "carriers": lambda actor, post_id, team: queries.carriers(actor, uuid4()),
    "library": lambda actor, post_id, team: queries.library(actor),
    "counts": lambda actor, post_id, team: queries.counts(actor),
    "detail": lambda actor, post_id, team: queries.detail(actor, post_id),
    "draft": lambda actor, post_id, team: queries.draft(actor, post_id),
    "home": lambda actor, post_id, team: queries.home(actor),
    "listing": lambda actor, post_id, team: queries.listing(actor, Filters()),
    "review": lambda actor, post_id, team: queries.review(actor, post_id),
    "review_queue": lambda actor, post_id, team: queries.review_queue(actor),
}


def everything(team: Team) -> object:
    """What the commands of posts write: refused ones must leave all of it alone."""
    tables = (Post, PostVersion, ReviewComment, Publication, PublicationEvent, AuditEvent, CommandReceipt)
    with db.transaction(team.author) as session:
        return [
            session.execute(select(table.__table__).order_by(*inspect(table).primary_key)).all() for table in tables
        ]


def test_every_command_and_query_is_in_this_test() -> None:
    assert set(ALLOWED) == set(commands.__all__) - {"EditConflict", "WouldCost"}
    assert set(READS) == set(queries.__all__)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("in_review", [False, True], ids=["draft", "in review"])
@pytest.mark.parametrize("command", ALLOWED)
def test_a_command_is_refused_exactly_below_its_role(
    database: db.Database, command: str, in_review: bool, role: Role
) -> None:
    team = make_team()
    actor = make_actor(team.organization_id, role, name="Somebody")
    post_id = (make_submitted if in_review else make_post)(team.author, [team.account_id])
    permission, ask = ALLOWED[command]
    before = everything(team)
    refused = refusal(lambda: ask(actor, post_id, team))

    assert isinstance(refused, NotAllowed) == (not may(role, permission))
    if isinstance(refused, NotAllowed):
        assert re.match(rf"You are an? {role.value} here; to .* takes an? ", refused.message)
    if refused is not None:
        assert everything(team) == before


def refusal(ask: Callable[[], Any]) -> Refused | None:
    """How it was refused, for whatever reason: of a draft, say, nothing can be approved."""
    try:
        ask()
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("query", READS)
def test_everybody_in_the_organization_may_read(database: db.Database, query: str, role: Role) -> None:
    team = make_team()
    post_id = make_submitted(team.author, [team.account_id])
    READS[query](make_actor(team.organization_id, role, name="Somebody"), post_id, team)
