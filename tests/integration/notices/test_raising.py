"""Who is told what of things that really happened, by rows alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.actor import Role
from core.notices import commands as notices_commands
from core.notices import queries, store
from core.organizations import commands as organizations
from core.posts import commands as posts
from core.posts.rules import MAX_ACCOUNTS, Needs, PublicationState
from core.publishing import commands as publishing
from core.publishing.sweeping import look
from core.publishing.times import PublishTimes
from tests.factories.accounts import make_account, refuse
from tests.factories.notices import by, call, everybody, notices, raise_all, rows, told
from tests.factories.organizations import make_actor
from tests.factories.posts import (
    Team,
    fail,
    lose,
    make_approved,
    make_post,
    make_submitted,
    publication,
    publications,
    publish,
    send,
    soon,
)

NOBODY = {"viewer": [], "author": [], "approver": [], "admin": []}


def test_a_submitted_post_asks_all_approvers_but_who_wrote_it(team: Team, worker_database: db.Database) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    assert everybody(team) == NOBODY
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"approver": ["approval_asked"], "admin": ["approval_asked"]}
    (asked,) = notices(team.approver)
    assert asked.words == "Edgar Editor asks you to approve “Fresh beans on Monday.”"
    assert (asked.subject_kind, asked.subject_id, asked.seen_at) == ("post", post, None)


def test_what_missed_its_time_unapproved_and_gets_another_asks_again(team: Team, worker_database: db.Database) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    with db.transaction(team.admin) as session:
        session.execute(text("update masthead.publication set due_at = clock_timestamp() - interval '1 s'"))
    by(worker_database, lambda: len(look("test", PublishTimes()).moved))
    raise_all(worker_database)
    assert sorted(told(team.approver)) == ["approval_asked", "late"]
    another_click = replace(team.author, correlation_id="another click")
    publishing.reschedule(another_click, uuid4(), soon(48), post_id=post)
    raise_all(worker_database)
    assert sorted(told(team.approver)) == ["approval_asked", "approval_asked", "late"]


def test_a_named_approver_is_asked_alone(team: Team, worker_database: db.Database) -> None:
    post = make_post(team.author, [team.account_id], slot_at=soon())
    posts.submit(team.author, uuid4(), post, 1, team.approver.member_id)
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"approver": ["approval_asked"]}


def test_what_was_withdrawn_before_anybody_heard_is_no_news(team: Team, worker_database: db.Database) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    posts.withdraw(team.author, uuid4(), post)
    raise_all(worker_database)
    assert everybody(team) == NOBODY


def test_requested_changes_reach_the_author_with_their_words(team: Team, worker_database: db.Database) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    posts.request_changes(team.approver, uuid4(), post, 1, "Shorter, please")
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"author": ["changes_requested"]}
    assert notices(team.author)[0].words.endswith("Shorter, please")


@pytest.mark.parametrize("hours", [None, 24])
def test_an_approval_reaches_the_author_once_for_all_accounts(
    team: Team, worker_database: db.Database, hours: int | None
) -> None:
    second = make_account(team.admin, name="Acme Tea").id
    make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon(hours) if hours else None)
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"author": ["approved"]}


def test_an_approval_that_lapses_without_a_time_reaches_the_author_once_for_all_accounts(
    team: Team, worker_database: db.Database
) -> None:
    second = make_account(team.admin, name="Acme Tea").id
    make_approved(team.author, team.approver, [team.account_id, second])
    raise_all(worker_database)
    assert let_lapse(team, worker_database) == 2
    assert raise_all(worker_database) == 1
    assert everybody(team) == NOBODY | {"author": ["approved", "lapsed"]}
    assert "lapsed before it was given a time" in notices(team.author)[0].words


def test_a_lapse_that_was_mended_before_anybody_heard_is_no_news(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id])
    let_lapse(team, worker_database)
    posts.submit(team.author, uuid4(), post, 1)
    raise_all(worker_database)
    assert "lapsed" not in told(team.author)


def let_lapse(team: Team, worker: db.Database) -> int:
    """Let every approval lapse, and the sweep see it; gives how many publications it moved."""
    with db.transaction(team.admin) as session:
        session.execute(text("update masthead.publication set approved_until = clock_timestamp()"))
    return by(worker, lambda: len(look("test", PublishTimes()).moved))


def test_what_goes_well_is_told_to_nobody(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    publish(worker_database, publication(team.author, post))
    assert raise_all(worker_database) == 0


def test_a_failure_reaches_author_and_approvers(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    fail(worker_database, publication(team.author, post))
    raise_all(worker_database)
    assert everybody(team) == {
        "viewer": [],
        "author": ["approved", "failed"],
        "approver": ["failed"],
        "admin": ["failed"],
    }
    assert notices(team.author)[0].words == (
        "“Fresh beans on Monday.” could not be published on Acme Coffee (Facebook). Facebook refused it. Shorten it."
    )


def test_notices_of_two_accounts_of_one_name_say_which_network(team: Team, worker_database: db.Database) -> None:
    other = make_account(team.admin, name="Acme Coffee", network="linkedin", provider="linkedin").id
    post = make_approved(team.author, team.approver, [team.account_id, other], slot_at=soon())
    for each in publications(team.author, post):
        lose(worker_database, each)
    raise_all(worker_database)
    said = " ".join(each.words for each in notices(team.approver))
    for network in ("Facebook", "LinkedIn"):
        assert f"“Fresh beans on Monday.” on Acme Coffee ({network}) needs you." in said


def test_what_needs_a_person_reaches_author_and_approvers(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    lose(worker_database, publication(team.author, post))
    raise_all(worker_database)
    assert {name: each[-1:] for name, each in everybody(team).items()} == {
        "viewer": [],
        "author": ["needs_person"],
        "approver": ["needs_person"],
        "admin": ["needs_person"],
    }


def test_a_missed_time_is_called_that(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    send(worker_database, publication(team.author, post), PublicationState.NEEDS_HUMAN, needs=Needs.LATE)
    raise_all(worker_database)
    assert told(team.approver) == ["late"]


def test_what_a_person_decided_before_anybody_heard_is_no_news(team: Team, worker_database: db.Database) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    decided = (PublicationState.NEEDS_HUMAN, PublicationState.CANCELLED)
    send(worker_database, publication(team.author, post), *decided, needs=Needs.LATE)
    assert raise_all(worker_database) == 1
    assert everybody(team) == NOBODY | {"author": ["approved"]}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("failed", "The first comment didn't go through."),
        ("needs_human", "We can't tell whether the first comment is there."),
    ],
)
def test_trouble_with_a_first_comment_reaches_author_and_approvers_once(
    team: Team, worker_database: db.Database, state: str, words: str
) -> None:
    work_id = under_a_live_post(team, worker_database)
    raise_all(worker_database)
    before = everybody(team)
    meet_trouble(team, worker_database, work_id, state)
    assert raise_all(worker_database) == 3
    assert raise_all(worker_database) == 0
    after = {name: [*kinds, *(["live_trouble"] if name != "viewer" else [])] for name, kinds in before.items()}
    assert everybody(team) == after
    assert notices(team.author)[0].words == (
        f"“Fresh beans on Monday.” is live on Acme Coffee (Facebook). {words} Facebook says no. Choose another."
    )


def test_trouble_with_a_live_post_that_was_answered_before_anybody_heard_is_no_news(
    team: Team, worker_database: db.Database
) -> None:
    work_id = under_a_live_post(team, worker_database)
    raise_all(worker_database)
    meet_trouble(team, worker_database, work_id, "failed")
    publishing.close_live(team.approver, uuid4(), work_id, epoch=0, is_there=False)
    assert raise_all(worker_database) == 0


def under_a_live_post(team: Team, worker: db.Database) -> UUID:
    """A first comment that waits under a live post; gives its id."""
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    live = publication(team.author, post)
    publish(worker, live)
    work_id = uuid4()
    rows(
        worker,
        team,
        "insert into masthead.live_work(organization_id, id, publication_id, kind, text)"
        " values (:organization, :id, :publication, 'comment', 'First!')",
        organization=team.organization_id,
        id=work_id,
        publication=live.id,
    )
    return work_id


def meet_trouble(team: Team, worker: db.Database, work_id: UUID, state: str) -> None:
    """The network answers so that the comment ends in this state, as senders write it."""
    way = ["sending", "failed"] if state == "failed" else ["sending", "checking", "needs_human"]
    for each in way:
        rows(
            worker,
            team,
            "update masthead.live_work set state = :state, last_error = cast(:error as jsonb),"
            " next_action_at = case when :open then clock_timestamp() + interval '1 hour' end,"
            " closed_at = case when :open then null else clock_timestamp() end where id = :id",
            state=each,
            open=each in ("sending", "checking"),
            error='{"reason": "Facebook says no.", "how_to_fix": "Choose another."}',
            id=work_id,
        )


def test_a_refused_account_reaches_who_may_connect_and_who_did(team: Team, worker_database: db.Database) -> None:
    with worker_database.organization_transaction(team.organization_id, "program:sender") as session:
        refuse(session, team.account_id, "Facebook says the password was changed")
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"admin": ["reconnect"]}
    assert "the password was changed." in notices(team.admin)[0].words
    assert raise_all(worker_database) == 0


@pytest.mark.parametrize(("days", "heard"), [(20, 0), (13, 1), (6, 1), (0.5, 1), (-1, 0)])
def test_an_access_that_ends_soon_is_told_ahead(
    team: Team, worker_database: db.Database, days: float, heard: int
) -> None:
    end_access_in(worker_database, team, days)
    assert by(worker_database, notices_commands.raise_ends) == heard
    assert by(worker_database, notices_commands.raise_ends) == 0
    assert told(team.admin) == ["reconnect"] * heard


def test_each_step_to_the_end_of_an_access_is_told_once(team: Team, worker_database: db.Database) -> None:
    for days in (13, 6, 0.5):
        end_access_in(worker_database, team, days)
        for _ in range(2):
            by(worker_database, notices_commands.raise_ends)
    assert told(team.admin) == ["reconnect"] * 3
    assert "ends on" in notices(team.admin)[0].words


def test_the_end_of_access_to_data_is_told_of_accounts_that_stop_by_it(
    team: Team, worker_database: db.Database
) -> None:
    make_account(team.admin, name="acme.coffee", network="instagram")
    rows(worker_database, team, "update masthead.connection set data_access_expires_at = clock_timestamp() + '3 days'")
    assert by(worker_database, notices_commands.raise_ends) == 1
    assert "The access to acme.coffee (Instagram) ends on" in notices(team.admin)[0].words


def end_access_in(worker: db.Database, team: Team, days: float) -> None:
    rows(
        worker,
        team,
        "update masthead.connection set consent_ends_at = clock_timestamp() + :left returning id",
        left=timedelta(days=days),
    )


def test_reading_the_same_rows_again_tells_nobody_twice(team: Team, worker_database: db.Database) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    assert raise_all(worker_database) == 2
    for _ in range(3):
        assert raise_all(worker_database) == 0


def test_many_readers_at_once_tell_everybody_once(team: Team, worker_database: db.Database) -> None:
    for number in range(5):
        make_submitted(team.author, [team.account_id], text=f"Number {number}", slot_at=soon(24 + number))
    counts: list[int] = []
    console = db.current()
    db.use(worker_database)
    readers = [threading.Thread(target=lambda: counts.append(notices_commands.raise_due())) for _ in range(4)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    db.use(console)
    assert sum(counts) == 10
    assert len(told(team.approver)) == 5


def test_what_becomes_visible_late_is_told_all_the_same(team: Team, worker_database: db.Database) -> None:
    """A transaction that wrote first and committed after the news were read."""
    post = make_post(team.author, [team.account_id], slot_at=soon())
    with db.transaction(team.author) as slow:
        slow.execute(text("update masthead.publication set state = 'in_review' where post_id = :post"), {"post": post})
        other = make_submitted(team.author, [team.account_id], text="Another", slot_at=soon(30))
        raise_all(worker_database)
        assert {each.subject_id for each in notices(team.approver)} == {other}
    raise_all(worker_database)
    assert {each.subject_id for each in notices(team.approver)} == {other, post}


def test_a_clock_that_was_ahead_and_is_put_right_swallows_no_news(team: Team, worker_database: db.Database) -> None:
    """Postgres' clock ran two hours ahead when the news were last read."""
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    read_until_is_ahead(worker_database, team)
    post = make_approved(team.author, team.approver, [team.account_id], text="Another", slot_at=soon(30))
    fail(worker_database, publication(team.author, post))
    raise_all(worker_database)
    assert told(team.approver) == ["approval_asked", "failed"]
    assert raise_all(worker_database) == 0


def test_a_mark_of_a_clock_that_was_ahead_gives_way_to_the_next_one(team: Team, worker_database: db.Database) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    read_until_is_ahead(worker_database, team)
    raise_all(worker_database)
    (mark,) = rows(worker_database, team, "select read_until <= clock_timestamp() as is_past from masthead.notice_mark")
    assert mark.is_past


def test_an_access_refused_after_a_clock_was_put_right_is_told(team: Team, worker_database: db.Database) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    read_until_is_ahead(worker_database, team)
    with worker_database.organization_transaction(team.organization_id, "program:sender") as session:
        refuse(session, team.account_id, "Facebook says the password was changed")
    raise_all(worker_database)
    assert told(team.admin)[-1] == "reconnect"


def test_what_happened_before_any_news_were_ever_read_is_told(
    team: Team, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "OVERLAP", timedelta(0))
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert everybody(team) == NOBODY | {"approver": ["approval_asked"], "admin": ["approval_asked"]}


def test_a_kind_that_only_a_newer_version_knows_is_left_for_a_newer_console(
    team: Team, worker_database: db.Database
) -> None:
    first, second = (make_submitted(team.author, [team.account_id], slot_at=soon()) for _ in range(2))
    raise_all(worker_database)
    call(team, "prophecy", first)
    assert [each.subject_id for each in notices(team.approver)] == [second]
    assert (queries.unseen(team.approver), notices_commands.see_all(team.approver)) == (1, 1)
    call(team, "approval_asked", first)
    seen = {each.subject_id: each.seen_at is not None for each in notices(team.approver)}
    assert seen == {first: False, second: True}


def read_until_is_ahead(worker: db.Database, team: Team) -> None:
    """As a pass leaves it while Postgres' clock is two hours ahead."""
    rows(worker, team, "update masthead.notice_mark set read_until = clock_timestamp() + interval '2 hours'")


def test_a_disabled_member_is_told_nothing(team: Team, worker_database: db.Database) -> None:
    organizations.disable_member(team.admin, uuid4(), team.approver.member_id)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    organizations.enable_member(team.admin, uuid4(), team.approver.member_id)
    assert everybody(team)["admin"] == ["approval_asked"]
    with db.transaction(team.admin) as session:
        found = session.execute(
            text("select count(*) from masthead.notice where member_id = :m"), {"m": team.approver.member_id}
        )
        assert found.scalar_one() == 0


def test_one_organization_hears_nothing_of_another(team: Team, worker_database: db.Database) -> None:
    stranger = make_actor()
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert queries.listed(stranger) == ()
    assert queries.unseen(stranger) == 0


def test_seen_notices_are_counted_no_more_and_others_stay(team: Team, worker_database: db.Database) -> None:
    for number in range(3):
        make_submitted(team.author, [team.account_id], text=f"Number {number}", slot_at=soon(24 + number))
    raise_all(worker_database)
    assert queries.unseen(team.approver) == 3
    mine, theirs = notices(team.approver)[0], notices(team.admin)[0]
    assert notices_commands.see(team.approver, [mine.id, theirs.id]) == 1
    assert (queries.unseen(team.approver), queries.unseen(team.admin)) == (2, 3)
    assert notices_commands.see_all(team.approver) == 2
    assert notices_commands.see_all(team.approver) == 0


def test_much_that_happens_at_once_is_told_to_many(team: Team, worker_database: db.Database) -> None:
    approvers = [make_actor(team.organization_id, Role.APPROVER) for _ in range(70)]
    here = [make_account(team.admin, name=f"Page {number}").id for number in range(MAX_ACCOUNTS)]
    for start in range(0, 100, MAX_ACCOUNTS):
        some = here[: min(MAX_ACCOUNTS, 100 - start)]
        for each in publications(
            team.author, make_approved(team.author, team.approver, some, text=f"From {start}", slot_at=soon())
        ):
            fail(worker_database, each)
    raised = raise_all(worker_database)
    assert raised >= 100 * len(approvers)
    assert told(approvers[-1]).count("failed") == 50  # what the page shows
    assert raise_all(worker_database) == 0
