"""A drag in the calendar: what of a post stands at one time goes to another, and can be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.audit.queries import history
from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Conflict, Invalid, NotAllowed
from core.posts.rules import PublicationState
from core.publishing import commands
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor
from tests.factories.posts import Team, make_approved, make_post, make_team, publication, publications, soon

_S = PublicationState
DAY = timedelta(days=1)


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


def wish(team: Team, post_id: UUID) -> datetime | None:
    with db.transaction(team.author) as session:
        slot: datetime | None = session.execute(
            text("select slot_at from masthead.post where id = :id"), {"id": post_id}
        ).scalar_one()
    return slot


def test_a_move_keeps_the_approval_and_takes_the_posts_own_wish_along(team: Team) -> None:
    was = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=was)
    changed = commands.move(team.author, uuid4(), post, was=was, to=was + DAY)
    row = publication(team.author, post)
    assert (row.state, row.due_at, wish(team, post)) == (_S.SCHEDULED, was + DAY, was + DAY)
    assert row.approved_sha256 == row.payload_sha256
    assert changed.publication_ids == (row.id,)


def test_it_moves_what_stood_there_together_and_nothing_else_of_the_post(team: Team) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    was, own = soon(), soon(48)
    post = make_approved(team.author, team.approver, [team.account_id, other], slot_at=was)
    apart = next(each for each in publications(team.author, post) if each.account_id == other)
    commands.reschedule(team.author, uuid4(), own, publication_id=apart.id)
    commands.move(team.author, uuid4(), post, was=was, to=was + 2 * DAY)
    assert {each.account_id: each.due_at for each in publications(team.author, post)} == {
        team.account_id: was + 2 * DAY,
        other: own,
    }


def test_taking_a_move_back_leaves_alone_what_stood_there_before(team: Team) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    was, there = soon(), soon() + DAY
    post = make_approved(team.author, team.approver, [team.account_id, other], slot_at=there)
    apart = next(each for each in publications(team.author, post) if each.account_id == other)
    commands.reschedule(team.author, uuid4(), was, publication_id=apart.id)
    changed = commands.move(team.author, uuid4(), post, was=was, to=there)
    commands.move(team.author, uuid4(), post, was=there, to=was, only=changed.publication_ids)
    assert {each.account_id: each.due_at for each in publications(team.author, post)} == {
        team.account_id: there,
        other: was,
    }
    assert wish(team, post) == there


def test_a_draft_without_accounts_moves_by_its_wish(team: Team) -> None:
    was = soon()
    post = make_post(team.author, slot_at=was)
    assert commands.move(team.author, uuid4(), post, was=was, to=was + DAY).words == "Moved."
    assert wish(team, post) == was + DAY


def test_a_stale_page_moves_nothing(team: Team) -> None:
    was = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=was)
    commands.move(team.author, uuid4(), post, was=was, to=was + DAY)
    with pytest.raises(Conflict, match="Somebody moved it meanwhile"):
        commands.move(team.admin, uuid4(), post, was=was, to=was + 2 * DAY)
    assert publication(team.author, post).due_at == was + DAY


def test_a_double_drop_is_one_move_with_one_audit_line(team: Team) -> None:
    was, action = soon(), uuid4()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=was)
    first = commands.move(team.author, action, post, was=was, to=was + DAY)
    assert commands.move(team.author, action, post, was=was, to=was + DAY) == first
    (line,) = [each for each in history(team.author, "post", post) if each.action == "publication.reschedule"]
    assert line.before is not None
    assert line.after is not None
    assert datetime.fromisoformat(line.before["slot_at"]) == was
    moved_to = datetime.fromisoformat(line.after["slot_at"])
    assert (moved_to, line.after["publications"]) == (was + DAY, [str(each) for each in first.publication_ids])


def test_the_past_is_refused_in_words(team: Team) -> None:
    was = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=was)
    with pytest.raises(Invalid, match="That time has passed"):
        commands.move(team.author, uuid4(), post, was=was, to=was - 3 * DAY)


def test_past_the_end_of_its_approval_it_does_not_go(team: Team) -> None:
    was = soon()
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=was)
    with pytest.raises(Invalid, match="Its approval ends before that time"):
        commands.move(team.author, uuid4(), post, was=was, to=was + 60 * DAY)


def test_what_can_not_move_is_left_alone_and_keeps_the_posts_wish(team: Team) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    was = soon()
    post = make_approved(team.author, team.approver, [team.account_id, other], slot_at=was)
    stays = next(each for each in publications(team.author, post) if each.account_id == other)
    commands.cancel(team.author, uuid4(), publication_id=stays.id)
    changed = commands.move(team.author, uuid4(), post, was=was, to=was + DAY)
    assert [each.words for each in changed.left_alone] == ["It is cancelled already."]
    assert wish(team, post) == was


def test_a_viewer_moves_nothing(team: Team) -> None:
    was = soon()
    post = make_post(team.author, [team.account_id], slot_at=was)
    with pytest.raises(NotAllowed):
        commands.move(make_actor(team.organization_id, Role.VIEWER), uuid4(), post, was=was, to=was + DAY)
