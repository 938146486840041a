"""The tables of posts hold what the rules say, against whoever writes."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.infra import db
from core.posts import store
from core.posts.rules import TRANSITIONS, CommentKind, Needs, PublicationState
from tests.factories.posts import Team, make_approved, make_post, make_submitted, make_team, publication, soon


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


def test_the_transitions_in_code_are_those_of_the_database(team: Team) -> None:
    with db.transaction(team.author) as session:
        rows = session.execute(sql("select from_state, to_state, by_web from masthead.publication_transition"))
        stored = {(PublicationState(row.from_state), PublicationState(row.to_state)): row.by_web for row in rows}
    assert stored == dict(TRANSITIONS)


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("publication_state_check", PublicationState),
        ("publication_needs_check", Needs),
        ("review_comment_kind_check", CommentKind),
    ],
)
def test_the_words_in_code_are_those_the_database_takes(
    team: Team, constraint: str, words: type[PublicationState | Needs | CommentKind]
) -> None:
    with db.transaction(team.author) as session:
        definition = session.execute(
            sql("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"), {"name": constraint}
        ).scalar_one()
    assert set(re.findall(r"'(\w+)'", definition)) == set(words)


def refused(team: Team, statement: str, words: str) -> None:
    """Run as the web role what the commands would never say."""
    with pytest.raises(DBAPIError, match=words), db.transaction(team.author) as session:
        session.execute(sql(statement))


def test_no_statement_puts_other_bytes_under_an_approval(team: Team) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    refused(
        team,
        "update masthead.publication set payload_sha256 = sha256('other'), approved_sha256 = sha256('other')",
        "bytes of a publication in state scheduled are fixed",
    )


def test_no_statement_schedules_what_nobody_approved(team: Team) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    refused(team, "update masthead.publication set state = 'scheduled'", "approved_bytes")


def test_an_unchosen_publication_can_only_be_a_draft(team: Team) -> None:
    make_submitted(team.author, [team.account_id])
    refused(team, "update masthead.publication set removed_at = now()", "removed_only_as_draft")


def test_one_intent_is_one_publication(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    row = publication(team.author, post_id)
    with pytest.raises(IntegrityError, match="intent_key"), db.transaction(team.author) as session:
        store.add_publication(
            session,
            post_id=post_id,
            account_id=team.account_id,
            occurrence=1,
            intent_key=row.intent_key,
            payload=row.payload,
            payload_sha256=row.payload_sha256,
        )


def test_a_request_for_changes_without_words_can_not_be_stored(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    with db.transaction(team.author) as session:
        post = store.post(session, post_id)
    assert post is not None
    with pytest.raises(IntegrityError, match="changes_say_what"), db.transaction(team.author) as session:
        store.add_comment(session, post, CommentKind.CHANGES_REQUESTED, " ", team.approver.member_id)


@pytest.mark.parametrize(
    "statement",
    [
        "update masthead.post_version set text = 'x'",
        "delete from masthead.post_version",
        "update masthead.review_comment set text = 'x'",
        "delete from masthead.review_comment",
        "delete from masthead.post",
        "delete from masthead.publication",
        "delete from masthead.publication_event",
    ],
)
def test_versions_comments_and_events_stay_and_nothing_is_deleted(team: Team, statement: str) -> None:
    refused(team, statement, "permission denied")
