"""Several people at once: whatever is approved is what its approver saw."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql

from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Refused
from core.posts import commands, queries
from core.posts.commands import EditConflict
from core.posts.rules import TRANSITIONS, PublicationState
from core.publishing import commands as publishing
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

RACES = 100
APPROVED = {PublicationState.APPROVED, PublicationState.SCHEDULED}


@pytest.fixture
def team(committed_database: db.Database) -> Team:
    return make_team()


def at_once(*asks: Callable[[], Any]) -> list[Any]:
    """What each gave or how it was refused; anything but a refusal in words fails the test."""
    start = Barrier(len(asks))

    def run(ask: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return ask()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(run, asks))


def test_races_of_edit_approve_reschedule_and_cancel_approve_only_what_was_seen(team: Team) -> None:
    second_approver = make_actor(team.organization_id, Role.APPROVER, name="Second Approver")
    second_account = make_account(team.admin, name="Acme Tea").id
    accounts = [team.account_id, second_account]
    chance = random.Random(20270328)
    ended: Counter[PublicationState] = Counter()
    for number in range(RACES):
        make = make_approved_by(team) if number % 4 == 3 else make_submitted
        post_id = make(team.author, accounts, text=f"race {number}", slot_at=soon())
        seen = queries.review(team.approver, post_id).hashes or hashes(team.author, post_id)
        asks: list[Callable[[], Any]] = [
            lambda post_id=post_id, seen=seen: commands.approve(team.approver, uuid4(), post_id, seen),
            lambda seen=seen: commands.approve_all(second_approver, uuid4(), seen),
            lambda post_id=post_id: publishing.reschedule(team.author, uuid4(), soon(48), post_id=post_id),
        ]
        if number % 5 != 4:
            asks.append(lambda post_id=post_id: edit_and_ask_again(team, post_id, accounts))
        if number % 3 == 0:
            asks.append(lambda post_id=post_id: publishing.cancel(team.author, uuid4(), post_id=post_id))
        chance.shuffle(asks)
        at_once(*asks)

        for row in publications(team.author, post_id):
            ended[row.state] += 1
            if row.state in APPROVED:
                assert row.approved_sha256 == row.payload_sha256 == seen[row.id]
                assert row.payload["text"] == f"race {number}"
                assert row.approved_payload == row.payload
        assert_history_is_whole(team, post_id)
    assert {PublicationState.SCHEDULED, PublicationState.IN_REVIEW, PublicationState.CANCELLED} <= ended.keys(), ended


def make_approved_by(team: Team) -> Callable[..., UUID]:
    return lambda author, accounts, **post: make_approved(author, team.approver, accounts, **post)


def edit_and_ask_again(team: Team, post_id: UUID, accounts: list[UUID]) -> None:
    """An edit and a new request: the approver's hash is stale from here on."""
    draft = queries.draft(team.author, post_id)
    saved = commands.save(
        team.author, post_id, draft.post.revision, text="not what was seen", link=None, account_ids=accounts,
        slot_at=draft.post.slot_at,
    )  # fmt: skip
    commands.submit(team.author, uuid4(), post_id, saved.revision)


def assert_history_is_whole(team: Team, post_id: UUID) -> None:
    """Each publication's events form one chain of allowed moves that ends in its state, every move by a person."""
    for row in publications(team.author, post_id):
        with db.transaction(team.author) as session:
            moves = session.execute(
                sql(
                    "select from_state, to_state, actor from masthead.publication_event"
                    " where publication_id = :id order by id"
                ),
                {"id": row.id},
            ).all()
        state = None
        for move in moves:
            assert move.from_state == state
            assert state is None or TRANSITIONS[PublicationState(state), PublicationState(move.to_state)]
            assert move.actor.startswith("person:")
            state = move.to_state
        assert state == row.state


def test_of_people_who_save_at_once_one_wins_and_the_others_are_shown_the_winner(team: Team) -> None:
    people = [team.author, team.approver, team.admin]
    for number in range(10):
        post_id = make_post(team.author, [team.account_id], text=f"start {number}")
        answers = at_once(
            *(
                lambda person=person, post_id=post_id: commands.save(
                    person, post_id, 1, text=person.name, link=None, account_ids=[team.account_id], slot_at=None
                )
                for person in people
            )
        )
        won = queries.draft(team.author, post_id).post
        assert won.revision == 2
        conflicts = [each for each in answers if isinstance(each, EditConflict)]
        assert len(conflicts) == len(people) - 1
        assert {(each.theirs.content.text, each.theirs.saved_by) for each in conflicts} == {(won.text, won.text)}
        assert publication(team.author, post_id).payload["text"] == won.text


def test_four_clicks_of_one_button_are_one_action(team: Team) -> None:
    made = at_once(*[lambda action_id=action: commands.create(team.author, action_id) for action in [uuid4()] * 4])
    assert len(set(made)) == 1
    post_id = make_post(team.author, [team.account_id], slot_at=soon())
    action_id = uuid4()
    submitted = at_once(*[lambda: commands.submit(team.author, action_id, post_id, 1)] * 4)
    assert all(each == submitted[0] for each in submitted)
    approval, seen = uuid4(), hashes(team.author, post_id)
    decided = at_once(*[lambda: commands.approve(team.approver, approval, post_id, seen)] * 4)
    assert all(each == decided[0] for each in decided)
    assert len(decided[0].approved) == 1
    with db.transaction(team.author) as session:
        lines = session.execute(
            sql("select action from masthead.audit_event where subject_id = :post order by id"), {"post": str(post_id)}
        )
        assert list(lines.scalars()) == ["post.create", "post.submit", "post.approve"]


def test_people_who_approve_overlapping_posts_at_once_do_not_lock_each_other_out(team: Team) -> None:
    posts = [make_submitted(team.author, [team.account_id], text=f"post {n}", slot_at=soon(n + 1)) for n in range(6)]
    seen = [hashes(team.author, post_id) for post_id in posts]
    forward = {key: value for each in seen for key, value in each.items()}
    backward = dict(reversed(forward.items()))
    answers = at_once(
        lambda: commands.approve_all(team.approver, uuid4(), forward),
        lambda: commands.approve_all(team.admin, uuid4(), backward),
    )
    approved = [each for answer in answers if not isinstance(answer, Refused) for each in answer.approved]
    assert sorted(each.publication_id for each in approved) == sorted(forward)
