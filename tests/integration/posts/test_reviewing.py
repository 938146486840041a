"""Approving what was seen, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.audit.queries import history
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, NotFound
from core.organizations import commands as organizations
from core.posts import commands, queries, reviewing
from core.posts.redline import Segment
from core.posts.rules import CommentKind, PublicationState
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor
from tests.factories.posts import (
    Team,
    hashes,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publication,
    publications,
    soon,
)

pytestmark = pytest.mark.usefixtures("database")

DRAFT, IN_REVIEW, CHANGES = PublicationState.DRAFT, PublicationState.IN_REVIEW, PublicationState.CHANGES_REQUESTED
APPROVED, SCHEDULED = PublicationState.APPROVED, PublicationState.SCHEDULED


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


def edit(team: Team, post_id: UUID, text: str) -> None:
    draft = queries.draft(team.author, post_id)
    chosen = [each.account_id for each in draft.accounts if each.chosen]
    commands.save(
        team.author, post_id, draft.post.revision, text=text, link=draft.post.link, account_ids=chosen,
        slot_at=draft.post.slot_at,
    )  # fmt: skip


def resubmit(team: Team, post_id: UUID) -> None:
    commands.submit(team.author, uuid4(), post_id, queries.draft(team.author, post_id).post.revision)


def last_line(team: Team, post_id: UUID) -> Mapping[str, Any]:
    return history(team.author, "post", post_id)[-1].after or {}


def allow_self_approval(team: Team) -> None:
    organizations.update_settings(team.admin, uuid4(), organizations.SettingsChange(self_approval=True))


def test_approving_a_post_with_a_slot_schedules_it_with_the_bytes_that_were_seen(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id], slot_at=soon())
    seen = queries.review(team.approver, post_id).hashes
    decided = commands.approve(team.approver, uuid4(), post_id, seen)

    row = publication(team.author, post_id)
    assert [(each.publication_id, each.state) for each in decided.approved] == [(row.id, SCHEDULED)]
    assert row.approved_sha256 == row.payload_sha256 == seen[row.id]
    assert row.approved_payload == row.payload
    assert (row.state, row.due_at, row.not_after) == (SCHEDULED, soon(), soon() + timedelta(minutes=30))
    assert (row.approved_by, row.self_approved) == (team.approver.member_id, False)
    assert row.approved_until is not None
    assert abs(row.approved_until - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    assert last_line(team, post_id)["accounts"] == ["Acme Coffee (Facebook)"]


def test_without_a_slot_it_is_approved_and_waits(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    assert (publication(team.author, post_id).state, publication(team.author, post_id).due_at) == (APPROVED, None)


def test_approving_twice_with_the_same_action_approves_once(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id], slot_at=soon())
    action_id, seen = uuid4(), hashes(team.author, post_id)
    first = commands.approve(team.approver, action_id, post_id, seen)
    assert commands.approve(team.approver, action_id, post_id, seen) == first
    assert [line.action for line in history(team.author, "post", post_id)].count("post.approve") == 1
    with pytest.raises(Conflict, match="isn't in review any more"):
        commands.approve(team.approver, uuid4(), post_id, seen)


def test_what_changed_while_it_was_read_is_not_approved(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id], slot_at=soon())
    seen = queries.review(team.approver, post_id).hashes
    edit(team, post_id, "Something else")
    resubmit(team, post_id)

    with pytest.raises(Conflict, match="changed while you were reading"):
        commands.approve(team.approver, uuid4(), post_id, seen)
    row = publication(team.author, post_id)
    assert (row.state, row.approved_sha256) == (IN_REVIEW, None)


def test_several_at_once_one_that_can_not_be_approved_is_named_and_the_others_are_approved(team: Team) -> None:
    second = make_account(team.admin, name="Broken Page").id
    post_id = make_submitted(team.author, [team.account_id, second], slot_at=soon())
    seen = queries.review(team.approver, post_id).hashes
    with db.transaction(team.admin) as session:
        accounts.change_account(session, second, state=AccountState.AUTH_BROKEN)

    decided = commands.approve(team.approver, uuid4(), post_id, seen)

    assert [each.account_name for each in decided.approved] == ["Acme Coffee"]
    assert [(each.account_name, each.words) for each in decided.refused] == [
        ("Broken Page", "The account must be connected again. An admin can do that on Accounts.")
    ]
    assert {each.account_id: each.state for each in publications(team.author, post_id)} == {
        team.account_id: SCHEDULED,
        second: IN_REVIEW,
    }


def test_several_posts_are_approved_at_once_with_a_line_for_each(team: Team) -> None:
    one = make_submitted(team.author, [team.account_id], text="One", slot_at=soon())
    two = make_submitted(team.author, [team.account_id], text="Two")
    changed = make_submitted(team.author, [team.account_id], text="Three")
    own = make_submitted(team.approver, [team.account_id], text="Four")
    seen = {key: value for item in queries.review_queue(team.approver).items for key, value in item.hashes.items()}
    edit(team, changed, "Changed")

    decided = commands.approve_all(team.approver, uuid4(), seen)

    assert {each.state for each in decided.approved} == {SCHEDULED, APPROVED}
    assert len(decided.refused) == 2
    assert last_line(team, one)["version"] == last_line(team, two)["version"] == 1
    assert publication(team.author, changed).state is DRAFT
    assert publication(team.author, own).state is IN_REVIEW

    mine = decided.by_post
    assert {post_id for post_id, each in mine.items() if each.approved} == {one, two}
    assert reviewing.CHANGED in mine[changed].refused[0].words
    assert "own work" in mine[own].refused[0].words
    assert set(mine) == {one, two, changed, own}


def test_that_none_of_several_can_be_approved_is_said_of_each(team: Team) -> None:
    changed = make_submitted(team.author, [team.account_id], text="Changed")
    own = make_submitted(team.approver, [team.account_id], text="Own")
    seen = hashes(team.author, changed) | hashes(team.author, own)
    edit(team, changed, "Changed again")

    decided = commands.approve_all(team.approver, uuid4(), seen)
    assert decided.approved == ()
    assert {post_id: len(each.refused) for post_id, each in decided.by_post.items()} == {changed: 1, own: 1}
    assert publication(team.author, own).state is IN_REVIEW


def test_approving_several_twice_with_the_same_action_approves_once(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    action_id, seen = uuid4(), hashes(team.author, post_id)
    first = commands.approve_all(team.approver, action_id, seen)
    assert commands.approve_all(team.approver, action_id, seen) == first


def test_a_deleted_post_and_damaged_bytes_are_not_approved(team: Team) -> None:
    deleted = make_submitted(team.author, [team.account_id], text="deleted")
    seen = hashes(team.author, deleted)
    commands.withdraw(team.author, uuid4(), deleted)
    commands.delete(team.author, uuid4(), deleted)
    assert "deleted" in commands.approve_all(team.approver, uuid4(), seen).refused[0].words
    with pytest.raises(NotFound, match="was deleted"):
        commands.approve(team.approver, uuid4(), deleted, seen)

    damaged = make_submitted(team.author, [team.account_id], text="damaged")
    seen = hashes(team.author, damaged)
    with db.transaction(team.admin) as session:
        session.execute(
            sql('update masthead.publication set payload = payload || \'{"text":"forged"}\' where post_id = :post'),
            {"post": damaged},
        )
    with pytest.raises(Invalid, match="don't match their hash"):
        commands.approve(team.approver, uuid4(), damaged, seen)


def test_a_comment_longer_than_is_kept_is_refused(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    with pytest.raises(Invalid, match="longer than 5,000"):
        commands.comment(team.approver, uuid4(), post_id, 1, "x" * 5001)
    action_id = uuid4()
    for _ in range(2):
        commands.comment(team.approver, action_id, post_id, 1, "Once")
    assert len(queries.review(team.approver, post_id).comments) == 1


def test_nothing_chosen_or_a_publication_of_another_post_is_refused(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id], text="One")
    other = make_submitted(team.author, [team.account_id], text="Two")
    with pytest.raises(Invalid, match="Choose what to approve"):
        commands.approve(team.approver, uuid4(), post_id, {})
    with pytest.raises(NotFound):
        commands.approve(team.approver, uuid4(), post_id, hashes(team.author, other))


def test_every_problem_refuses_an_approval_too(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id], slot_at=soon())
    with db.transaction(team.admin) as session:
        session.execute(
            sql(
                "update masthead.publication set due_at = now() - interval '1 minute', not_after = now() where id = :id"
            ),
            {"id": publication(team.author, post_id).id},
        )
    with pytest.raises(Invalid, match="Its time has passed"):
        commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))


# Whose approval counts


def test_nobody_approves_their_own_work(team: Team) -> None:
    written = make_submitted(team.approver, [team.account_id], text="Written by the approver")
    with pytest.raises(Invalid, match=r"Nobody approves their own work here\. Another approver must\."):
        commands.approve(team.approver, uuid4(), written, hashes(team.author, written))

    submitted = make_post(team.author, [team.account_id], text="Submitted by the approver")
    commands.submit(team.approver, uuid4(), submitted, 1)
    with pytest.raises(Invalid, match="own work"):
        commands.approve(team.approver, uuid4(), submitted, hashes(team.author, submitted))
    assert commands.approve(team.admin, uuid4(), submitted, hashes(team.author, submitted)).approved


def test_when_nobody_else_may_approve_the_words_say_so_and_name_the_way_out(database: db.Database) -> None:
    admin = make_actor(role=Role.ADMIN, name="Sole Admin")
    account_id = make_account(admin).id
    post_id = make_post(admin, [account_id])
    assert queries.draft(admin, post_id).nobody_else_may_approve
    assert commands.submit(admin, uuid4(), post_id, 1).nobody_else_may_approve
    with pytest.raises(Invalid, match="nobody else may approve"):
        commands.approve(admin, uuid4(), post_id, hashes(admin, post_id))
    assert "nobody else may approve" in queries.review(admin, post_id).why_not


def test_where_self_approval_is_allowed_it_shows_in_row_audit_and_timeline(team: Team) -> None:
    allow_self_approval(team)
    post_id = make_submitted(team.approver, [team.account_id])
    assert commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id)).approved

    assert publication(team.author, post_id).self_approved
    assert last_line(team, post_id)["self_approved"] is True
    timeline = queries.detail(team.author, post_id).timeline
    assert timeline[-1].what == "approved it for Acme Coffee (Facebook) (their own work)"


def demote(admin: Actor, member_id: UUID) -> None:
    organizations.change_role(admin, uuid4(), member_id, Role.EDITOR)


def test_who_was_asked_decides_or_an_admin(team: Team) -> None:
    second = make_actor(team.organization_id, Role.APPROVER, name="Second Approver")
    post_id = make_post(team.author, [team.account_id])
    commands.submit(team.author, uuid4(), post_id, 1, second.member_id)
    with pytest.raises(Invalid, match="Second Approver was asked to approve this"):
        commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))
    assert queries.counts(team.approver).to_approve == 0
    assert queries.counts(second).to_approve == queries.counts(team.admin).to_approve == 1
    assert commands.approve(second, uuid4(), post_id, hashes(team.author, post_id)).approved


@pytest.mark.parametrize("left", [lambda admin, who: organizations.disable_member(admin, uuid4(), who), demote])
def test_when_who_was_asked_has_left_any_approver_decides(team: Team, left: Callable[[Actor, UUID], None]) -> None:
    second = make_actor(team.organization_id, Role.APPROVER, name="Second Approver")
    post_id = make_post(team.author, [team.account_id])
    commands.submit(team.author, uuid4(), post_id, 1, second.member_id)
    left(team.admin, second.member_id)
    assert queries.counts(team.approver).to_approve == 1
    assert queries.review(team.approver, post_id).why_not == ""
    assert commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id)).approved


# Changes, comments, rounds


def test_requesting_changes_needs_words_and_gives_the_post_back_with_them(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    with pytest.raises(Invalid, match="Say what should change"):
        commands.request_changes(team.approver, uuid4(), post_id, 1, "  \n ")
    action_id = uuid4()
    for _ in range(2):
        commands.request_changes(team.approver, action_id, post_id, 1, "Name the price.")

    assert publication(team.author, post_id).state is CHANGES
    (comment,) = queries.draft(team.author, post_id).comments
    assert (comment.kind, comment.version, comment.text, comment.author.name) == (
        CommentKind.CHANGES_REQUESTED,
        1,
        "Name the price.",
        "Apia Approver",
    )
    (asked,) = queries.home(team.author).changes_requested
    assert (asked.post_id, asked.words, asked.who) == (post_id, "Name the price.", "Apia Approver")

    edit(team, post_id, "Now 3 euros")
    assert len(queries.home(team.author).changes_requested) == 1, "the request stands until it is answered"
    resubmit(team, post_id)
    assert queries.home(team.author).changes_requested == ()
    with pytest.raises(Conflict, match="submitted anew"):
        commands.request_changes(team.approver, uuid4(), post_id, 1, "Old news")


def test_comments_stay_with_the_version_they_were_written_about(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    commands.comment(team.approver, uuid4(), post_id, 1, "Nice")
    edit(team, post_id, "Second")
    resubmit(team, post_id)
    with pytest.raises(Conflict, match="submitted anew while you were writing"):
        commands.comment(team.approver, uuid4(), post_id, 1, "Late")
    commands.comment(team.approver, uuid4(), post_id, 2, "Nicer")
    with pytest.raises(Invalid, match="Write something"):
        commands.comment(team.approver, uuid4(), post_id, 2, "")
    said = [(each.version, each.text) for each in queries.review(team.approver, post_id).comments]
    assert said == [(1, "Nice"), (2, "Nicer")]


def test_the_redline_shows_what_changed_since_the_last_approval_and_since_the_last_round(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], text="Beans on Monday", slot_at=soon())
    edit(team, post_id, "Beans on Tuesday")
    resubmit(team, post_id)
    edit(team, post_id, "Fresh beans on Tuesday")
    resubmit(team, post_id)

    review = queries.review(team.approver, post_id)
    (under_review,) = review.publications
    assert under_review.redline == (
        Segment("removed", "Beans"),
        Segment("added", "Fresh beans"),
        Segment("same", " on "),
        Segment("removed", "Monday"),
        Segment("added", "Tuesday"),
    )
    assert review.since_last_round == (
        Segment("removed", "Beans"),
        Segment("added", "Fresh beans"),
        Segment("same", " on Tuesday"),
    )
    first = make_submitted(team.author, [team.account_id], text="First")
    assert queries.review(team.approver, first).publications[0].redline is None


def test_an_approval_that_lapsed_is_asked_for_again(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    with db.transaction(team.admin) as session:
        session.execute(
            sql("update masthead.publication set approved_until = now() - interval '1 day' where id = :id"),
            {"id": publication(team.author, post_id).id},
        )
    detail = queries.detail(team.author, post_id)
    assert not detail.publications[0].approval_holds
    resubmit(team, post_id)
    assert publication(team.author, post_id).state is IN_REVIEW
    assert commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id)).approved


def test_a_slot_beyond_what_an_approval_lasts_is_a_warning(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id], slot_at=soon(24 * 40))
    (warning,) = queries.draft(team.author, post_id).problems
    assert (warning.severity, warning.words) == (
        "warning",
        "Its time is more than 30 days away, and approvals last no longer.",
    )


def test_who_rewrote_somebody_elses_post_does_not_approve_it(team: Team) -> None:
    """Neither after the author sends it for approval, nor after somebody else has changed something beside."""
    post_id = make_post(team.author, [team.account_id], text="Harmless", slot_at=soon())
    rewritten = commands.save(
        team.approver, post_id, 1, text="Mine", link=None, account_ids=[team.account_id], slot_at=soon()
    )
    moved = commands.save(
        team.author,
        post_id,
        rewritten.revision,
        text="Mine",
        link=None,
        account_ids=[team.account_id],
        slot_at=soon(48),
    )
    assert team.approver.member_id not in {each.member_id for each in queries.draft(team.author, post_id).approvers}
    with pytest.raises(Invalid, match="Nobody approves their own work"):
        commands.submit(team.author, uuid4(), post_id, moved.revision, team.approver.member_id)
    commands.submit(team.author, uuid4(), post_id, moved.revision)
    with pytest.raises(Invalid, match="Nobody approves their own work"):
        commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))
    assert not queries.review(team.approver, post_id).may_approve
    assert [each.may_approve for each in queries.review_queue(team.approver).items] == [False]
    assert queries.home(team.approver).to_approve == ()
    assert commands.approve_all(team.approver, uuid4(), hashes(team.author, post_id)).approved == ()
    assert commands.approve(team.admin, uuid4(), post_id, hashes(team.author, post_id)).approved


def test_another_time_makes_nobody_a_writer(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id], text="Harmless", slot_at=soon())
    moved = commands.save(
        team.approver, post_id, 1, text="Harmless", link=None, account_ids=[team.account_id], slot_at=soon(48)
    )
    commands.submit(team.author, uuid4(), post_id, moved.revision)
    assert commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id)).approved
