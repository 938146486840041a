"""What the pages show."""

from __future__ import annotations

import base64
import time
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Invalid, NotFound, Refused
from core.posts import commands, queries, slots, store
from core.posts.rules import Needs, PublicationState, Word
from core.posts.views import Filters
from tests.factories.accounts import make_account
from tests.factories.pauses import pause_account, pause_organization, pause_provider
from tests.factories.posts import (
    Team,
    fail,
    hashes,
    lose,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publication,
    publications,
    publish,
    send,
    soon,
)

WORDS = dict.fromkeys(Word, 0)
_QUEUED, _NEEDS_HUMAN = PublicationState.QUEUED, PublicationState.NEEDS_HUMAN
_LATE, _APPROVAL = Needs.LATE, Needs.APPROVAL


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


@pytest.fixture
def real_team(committed_database: db.Database) -> Team:
    return make_team()


def change_account(team: Team, **values: object) -> None:
    with db.transaction(team.admin) as session:
        accounts.change_account(session, team.account_id, **values)


def test_the_composer_shows_every_account_what_is_chosen_and_who_may_approve(team: Team) -> None:
    other = make_account(team.admin, name="Zebra Page").id
    make_account(team.admin, name="Gone Page", state=AccountState.DISABLED)
    post_id = make_post(team.author, [team.account_id], text="Hi", slot_at=soon())
    draft = queries.draft(team.viewer, post_id)
    assert [(each.name, each.chosen) for each in draft.accounts] == [("Acme Coffee", True), ("Zebra Page", False)]
    assert (draft.post.shown.label, draft.fixed, draft.problems) == ("Draft", None, ())
    assert [each.name for each in draft.approvers] == ["Ada Admin", "Apia Approver"]
    assert draft.organization.timezone == "Europe/Berlin"
    assert other in {each.account_id for each in draft.accounts}


def test_what_is_scheduled_reads_held_while_its_account_or_the_organization_can_not_send(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    assert queries.detail(team.viewer, post_id).post.shown.label == "Scheduled"
    for state, words in (
        (
            AccountState.AUTH_BROKEN,
            "Acme Coffee (Facebook) must be connected again on Accounts before anything goes out.",
        ),
        (
            AccountState.DISABLED,
            "Acme Coffee (Facebook) is disconnected. Connect it again on Accounts, or cancel this post.",
        ),
    ):
        change_account(team, state=state)
        (row,) = queries.detail(team.viewer, post_id).publications
        assert (row.shown.label, row.because) == ("Held", words)
        assert queries.listing(team.viewer).counts[Word.HELD] == 1
    change_account(team, state=AccountState.ACTIVE)
    own = pause_account(team.approver, team.account_id, "Stocktaking")
    (row,) = queries.detail(team.viewer, post_id).publications
    since = slots.said(row.pauses[0].since, "Europe/Berlin")
    held_by_account = f"Acme Coffee (Facebook) is paused by Apia Approver since {since}: Stocktaking."
    assert (row.shown.label, row.because) == ("Held", f"{held_by_account} An approver can resume it on Accounts.")
    pause_provider(team.admin, "meta", "Their API is down!")
    pause_organization(team.admin, "A storm")
    (row,) = queries.detail(team.viewer, post_id).publications
    organization, provider, account = row.pauses
    assert row.because == (
        f"Publishing is paused for the whole organization by Ada Admin since"
        f" {slots.said(organization.since, 'Europe/Berlin')}: A storm."
        f" Publishing to Facebook and Instagram is paused here by Ada Admin since"
        f" {slots.said(provider.since, 'Europe/Berlin')}: Their API is down!"
        f" {held_by_account} An admin can resume it on Accounts."
    )
    assert account.id == own
    assert [each.publication_id for each in queries.home(team.viewer).held] == [row.id]
    assert [each.id for each in queries.home(team.viewer).pauses] == [organization.id, provider.id, own]


def test_what_is_being_sent_or_may_be_live_or_is_published_can_not_be_edited_and_the_words_say_why(
    real_team: Team, worker_database: db.Database
) -> None:
    team = real_team
    for move, words in (
        (lambda row: send(worker_database, row, _QUEUED), "being sent to Acme Coffee now, that can't be stopped"),
        (lambda row: lose(worker_database, row), "may already be live on Acme Coffee"),
        (lambda row: publish(worker_database, row), "already published on Acme Coffee. Duplicate the post"),
    ):
        post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), text=words)
        row = publication(team.author, post_id)
        move(row)
        with pytest.raises(Refused, match=words):
            commands.save(
                team.author, post_id, 1, text="Too late", link=None, account_ids=[team.account_id], slot_at=soon()
            )
        with pytest.raises(Refused, match=words):
            commands.would_void(team.author, post_id, text="Too late", link=None)
        with pytest.raises(Refused, match=words):
            commands.save(team.author, post_id, 1, text=words, link=None, account_ids=[], slot_at=soon())
        assert words in (queries.draft(team.author, post_id).fixed or "")
        assert words in (queries.detail(team.author, post_id).fixed or "")
        assert publication(team.author, post_id).payload == row.payload


def test_what_is_being_sent_can_not_be_moved_either(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), text="Now")
    send(worker_database, publication(team.author, post_id), _QUEUED)
    with pytest.raises(Refused, match="being sent to Acme Coffee now"):
        commands.save(team.author, post_id, 1, text="Now", link=None, account_ids=[team.account_id], slot_at=soon(48))


def test_a_post_shows_its_gravest_word_and_how_far_it_is(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    second, third = (make_account(team.admin, name=name).id for name in ("Acme Tea", "Acme Water"))
    post_id = make_approved(team.author, team.approver, [team.account_id, second, third], slot_at=soon())
    rows = {each.account_id: each for each in publications(team.author, post_id)}
    publish(worker_database, rows[team.account_id])
    publish(worker_database, rows[second])

    assert (_shown(team.viewer, post_id), _progress(team.viewer, post_id)) == ("Scheduled", "2 of 3 published")
    fail(worker_database, rows[third])
    assert (_shown(team.viewer, post_id), _progress(team.viewer, post_id)) == ("Failed", "2 of 3 published")
    (listed,) = queries.listing(team.viewer).rows
    assert (listed.shown.label, listed.progress) == ("Failed", "2 of 3 published")

    (failed,) = queries.home(team.viewer).failed
    assert (failed.account_name, failed.because) == ("Acme Water", "Facebook refused it. Shorten it.")
    live = next(each for each in queries.detail(team.viewer, post_id).publications if each.account_id == second)
    assert (live.url, live.because) == (None, "It is live; its link isn't found yet.")


def test_a_failed_account_can_be_chosen_again_as_a_new_publication(
    real_team: Team, worker_database: db.Database
) -> None:
    team = real_team
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    fail(worker_database, publication(team.author, post_id))
    assert [each.chosen for each in queries.draft(team.author, post_id).accounts] == [False]

    commands.save(team.author, post_id, 1, text="Shorter", link=None, account_ids=[team.account_id], slot_at=None)

    rows = publications(team.author, post_id)
    assert [(each.occurrence, each.state.value) for each in rows] == [(1, "failed"), (2, "draft")]
    detail = queries.detail(team.author, post_id)
    assert [(each.occurrence, each.current) for each in detail.publications] == [(2, True), (1, False)]
    assert detail.post.shown.label == "Draft"
    assert queries.home(team.author).failed == ()


def test_a_late_post_given_a_new_time_is_scheduled_again(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), text="Late")
    send(worker_database, publication(team.author, post_id), _NEEDS_HUMAN, needs=_LATE)
    (row,) = queries.home(team.viewer).needs_person
    assert (row.shown.label, row.shown.detail) == ("Needs you", "late")
    assert row.because.startswith("Its time passed before it could be sent. Reschedule it or cancel it.")
    commands.save(team.author, post_id, 1, text="Late", link=None, account_ids=[team.account_id], slot_at=soon(48))
    assert _shown(team.viewer, post_id) == "Scheduled"


def test_what_was_not_approved_in_time_is_given_a_time_and_submitted_again(
    real_team: Team, worker_database: db.Database
) -> None:
    team = real_team
    post_id = make_submitted(team.author, [team.account_id], slot_at=soon(), text="Asked")
    send(worker_database, publication(team.author, post_id), _NEEDS_HUMAN, needs=_APPROVAL)
    (row,) = queries.home(team.viewer).needs_person
    assert row.shown.detail == "not approved in time"
    commands.save(team.author, post_id, 1, text="Asked", link=None, account_ids=[team.account_id], slot_at=soon(48))
    commands.submit(team.author, uuid4(), post_id, 2)
    assert _shown(team.viewer, post_id) == "In review"


def test_the_timeline_tells_who_did_what_and_collapses_a_run_of_autosaves(
    real_team: Team, worker_database: db.Database
) -> None:
    team = real_team
    post_id = make_post(team.author, [team.account_id], text="a")
    for revision, text in enumerate(("ab", "abc", "abcd"), start=1):
        commands.save(team.author, post_id, revision, text=text, link=None, account_ids=[team.account_id], slot_at=None)
    commands.save(team.author, post_id, 4, text="abcd", link=None, account_ids=[team.account_id], slot_at=soon())
    commands.submit(team.author, uuid4(), post_id, 5)
    commands.comment(team.approver, uuid4(), post_id, 1, "Short!")
    commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id), text="Fine")
    publish(worker_database, publication(team.author, post_id))

    told = [(each.who, each.what, each.detail) for each in queries.detail(team.viewer, post_id).timeline]
    assert told == [
        ("Edgar Editor", "wrote a draft", ""),
        ("Edgar Editor", "edited the text", ""),
        ("Edgar Editor", "edited the time", ""),
        ("Edgar Editor", "asked for approval", ""),
        ("Apia Approver", "commented", "Short!"),
        ("Apia Approver", "approved it for Acme Coffee (Facebook)", "Fine"),
        ("Masthead", "started sending it", ""),
        ("Masthead", "published it", ""),
    ]
    times = {each.what: each.slot_at for each in queries.detail(team.viewer, post_id).timeline}
    assert (times["edited the time"], times["asked for approval"]) == (soon(), None)
    last = queries.detail(team.viewer, post_id).timeline[-1]
    assert (last.kind, last.account_name, last.correlation_id) == ("program", "Acme Coffee", "test")


# Lists


def test_the_queue_puts_the_soonest_slot_first_and_says_why_one_may_not_approve(team: Team) -> None:
    later = make_submitted(team.author, [team.account_id], text="later", slot_at=soon(30))
    open_end = make_submitted(team.author, [team.account_id], text="no slot")
    own = make_submitted(team.approver, [team.account_id], text="own", slot_at=soon(10))
    queue = queries.review_queue(team.approver)
    assert [each.post_id for each in queue.items] == [own, later, open_end]
    assert [each.may_approve for each in queue.items] == [False, True, True]
    assert queue.items[0].why_not == "Nobody approves their own work here. Another approver must."
    assert [each.may_approve for each in queries.review_queue(team.author).items] == [False] * 3
    assert (queries.counts(team.approver).to_approve, queries.counts(team.author).to_approve) == (2, 0)
    assert [each.post_id for each in queries.home(team.approver).to_approve] == [later, open_end]

    first = queries.review_queue(team.approver, limit=2)
    rest = queries.review_queue(team.approver, after=first.after, limit=2)
    assert [each.post_id for each in (*first.items, *rest.items)] == [own, later, open_end]
    assert rest.after is None


def test_pages_follow_one_another_without_a_gap_or_a_repeat_whatever_the_page_size(team: Team) -> None:
    made = [make_post(team.author, text=f"{n}", slot_at=soon(n) if n % 3 else None) for n in range(11)]
    whole = [each.id for each in queries.listing(team.viewer).rows]
    assert sorted(whole) == sorted(made)
    for size in (1, 2, 3, 10, 11, 12):
        seen: list[UUID] = []
        after: str | None = None
        while True:
            page = queries.listing(team.viewer, after=after, limit=size)
            seen += [each.id for each in page.rows]
            after = page.after
            if after is None:
                break
        assert seen == whole, size
    times = [each.slot_at or each.created_at for each in queries.listing(team.viewer).rows]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "place",
    [
        "",
        "[]",
        "{}",
        "null",
        '["x", 1]',
        '["x", "y"]',
        '["2027-01-01", "y"]',
        '["2027-01-01T00:00:00+00:00", "y"]',
        '["2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00", "y"]',
    ],
)
def test_a_broken_place_in_a_list_is_refused_in_words(team: Team, place: str) -> None:
    for after in (place, base64.urlsafe_b64encode(place.encode()).decode()):
        for ask in (queries.listing, queries.review_queue):
            with pytest.raises(Invalid, match="This address was cut off"):
                ask(team.viewer, after=after)


def test_filters_narrow_the_list_and_each_chip_counts_what_it_would_show(team: Team) -> None:
    second = make_account(team.admin, name="Acme Tea").id
    draft = make_post(team.author, [second], text="Draft about TEA_100%", link="https://acme.example/Path")
    review = make_submitted(team.approver, [team.account_id], text="in review")
    scheduled = make_approved(team.author, team.approver, [team.account_id], text="scheduled", slot_at=soon())

    def found(**narrowed: object) -> set[UUID]:
        return {each.id for each in queries.listing(team.viewer, Filters(**narrowed)).rows}  # type: ignore[arg-type]

    assert found() == {draft, review, scheduled}
    assert found(words=(Word.DRAFT, Word.IN_REVIEW)) == {draft, review}
    assert found(account_id=second) == {draft}
    assert found(author_id=team.approver.member_id) == {review}
    assert found(text="tea_100%") == found(text=" acme.example/path ") == {draft}
    assert found(text="%") == {draft}, "no wildcards"
    assert found(text="nowhere") == set()

    listing = queries.listing(team.viewer, Filters(words=(Word.DRAFT,), account_id=team.account_id))
    assert dict(listing.counts) == {**WORDS, Word.IN_REVIEW: 1, Word.SCHEDULED: 1}
    assert (listing.rows, listing.total) == ((), 2)
    assert [each.name for each in queries.authors(team.viewer)] == ["Apia Approver", "Edgar Editor"]


def test_looking_for_half_a_text_in_a_long_one_holds_no_connection(team: Team) -> None:
    post_id = make_post(team.author, text="a" * 100_000)
    began = time.monotonic()
    found = queries.listing(team.author, Filters(text="b" + "a" * 50_000))
    assert time.monotonic() - began < 1
    assert found.total == 0
    assert [row.id for row in queries.listing(team.author, Filters(text="a" * 300)).rows] == [post_id]


def test_days_of_the_filter_are_days_in_the_organizations_zone(database: db.Database) -> None:
    team = make_team(timezone="Pacific/Auckland")
    at = datetime(2027, 6, 1, 11, 30, tzinfo=UTC)  # 23:30 on 1 June in Auckland
    post_id = make_post(team.author, slot_at=at)
    next_day = make_post(team.author, slot_at=at + timedelta(hours=1))
    on_first = queries.listing(team.viewer, Filters(from_day=date(2027, 6, 1), to_day=date(2027, 6, 1)))
    assert [each.id for each in on_first.rows] == [post_id]
    assert [each.id for each in queries.listing(team.viewer, Filters(from_day=date(2027, 6, 2))).rows] == [next_day]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin"])
def test_days_at_the_ends_of_the_calendar_are_days_like_others(database: db.Database, zone: str) -> None:
    team = make_team(timezone=zone)
    post_id = make_post(team.author, slot_at=soon())
    everything = Filters(from_day=date.min, to_day=date.max)
    assert [each.id for each in queries.listing(team.viewer, everything).rows] == [post_id]
    for nothing in (Filters(from_day=date.max), Filters(to_day=date.min)):
        assert queries.listing(team.viewer, nothing).rows == ()


def test_home_shows_todays_slots_in_the_organizations_zone(database: db.Database) -> None:
    team = make_team(timezone="Pacific/Kiritimati")
    today = slots.day_of(datetime.now(UTC), "Pacific/Kiritimati")
    inside = min(today.end - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=30))
    shown = make_approved(team.author, team.approver, [team.account_id], text="today", slot_at=inside)
    make_approved(team.author, team.approver, [team.account_id], text="tomorrow", slot_at=today.end)
    make_post(team.author, [team.account_id], text="draft", slot_at=inside)
    home = queries.home(team.viewer)
    assert home.today == today.day
    assert [(each.post_id, each.shown.label) for each in home.today_slots] == [(shown, "Scheduled")]


def test_accounts_to_reconnect_say_how_many_posts_wait_for_them(team: Team) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    make_account(team.admin, name="Unused", state=AccountState.DISABLED)
    change_account(team, state=AccountState.AUTH_BROKEN, state_reason="The password was changed.")
    home = queries.home(team.viewer)
    assert [(each.name, each.waiting, each.reason) for each in home.accounts_to_reconnect] == [
        ("Acme Coffee", 1, "The password was changed.")
    ]
    assert (home.counts.reconnect, home.counts.held) == (1, 1)


def test_an_empty_organization_has_empty_pages(team: Team) -> None:
    home = queries.home(team.viewer)
    assert (home.to_approve, home.failed, home.today_slots, home.counts) == ((), (), (), queries.counts(team.viewer))
    assert queries.review_queue(team.viewer).items == ()
    assert queries.listing(team.viewer).counts == WORDS
    with pytest.raises(NotFound):
        queries.detail(team.viewer, uuid4())


@pytest.mark.parametrize("posts", [3, 12])
def test_no_page_asks_more_because_there_is_more_to_show(database: db.Database, posts: int) -> None:
    team = make_team()
    others = [make_account(team.admin, name=f"Page {n}").id for n in range(3)]
    for n in range(posts):
        make_submitted(team.author, [team.account_id, *others[: n % 4]], text=f"post {n}", slot_at=soon(n + 1))
    (last, *_) = queries.review_queue(team.approver).items

    asked = {
        "listing": _statements(database, lambda: queries.listing(team.viewer)),
        "review_queue": _statements(database, lambda: queries.review_queue(team.approver)),
        "home": _statements(database, lambda: queries.home(team.approver)),
        "counts": _statements(database, lambda: queries.counts(team.approver)),
        "draft": _statements(database, lambda: queries.draft(team.author, last.post_id)),
        "review": _statements(database, lambda: queries.review(team.approver, last.post_id)),
        "detail": _statements(database, lambda: queries.detail(team.approver, last.post_id)),
    }
    assert asked == {
        "listing": 4, "review_queue": 5, "home": 13, "counts": 2, "draft": 13, "review": 13, "detail": 5,
    }  # fmt: skip


def _statements(database: db.Database, ask: object) -> int:
    counted = 0

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal counted
        counted += statement.lstrip().lower().startswith(("select", "with")) and "masthead.enter" not in statement

    event.listen(database.engine, "before_cursor_execute", count)
    try:
        ask()  # type: ignore[operator]
    finally:
        event.remove(database.engine, "before_cursor_execute", count)
    return counted


def _shown(actor: Actor, post_id: UUID) -> str:
    return queries.detail(actor, post_id).post.shown.label


def _progress(actor: Actor, post_id: UUID) -> str | None:
    return queries.detail(actor, post_id).post.progress


def test_each_chip_lists_exactly_the_posts_that_show_its_word(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    broken = make_account(team.admin, name="Broken Page").id

    def approved(text: str, *account_ids: UUID) -> UUID:
        accounts_of_post = account_ids or (team.account_id,)
        return make_approved(team.author, team.approver, accounts_of_post, text=text, slot_at=soon())

    made = {
        Word.DRAFT: [make_post(team.author, text="nowhere"), make_post(team.author, [team.account_id], text="draft")],
        Word.IN_REVIEW: [make_submitted(team.author, [team.account_id], text="in review")],
        Word.CHANGES_REQUESTED: [make_submitted(team.author, [team.account_id], text="returned")],
        Word.APPROVED: [make_approved(team.author, team.approver, [team.account_id], text="approved")],
        Word.SCHEDULED: [approved("scheduled")],
        Word.HELD: [approved("held", broken), approved("half held", broken, team.account_id)],
        Word.SENDING: [approved("sending")],
        Word.CHECKING: [approved("checking")],
        Word.NEEDS_YOU: [approved("needs you")],
        Word.PUBLISHED: [approved("published")],
        Word.FAILED: [approved("failed")],
        Word.CANCELLED: [approved("cancelled")],
    }
    commands.request_changes(team.approver, uuid4(), made[Word.CHANGES_REQUESTED][0], 1, "No")
    pause_account(team.admin, broken)
    away = (_QUEUED, PublicationState.CLAIMED, PublicationState.SENDING)
    send(worker_database, publication(team.author, made[Word.SENDING][0]), *away)
    send(worker_database, publication(team.author, made[Word.CHECKING][0]), *away, PublicationState.UNKNOWN)
    lose(worker_database, publication(team.author, made[Word.NEEDS_YOU][0]))
    publish(worker_database, publication(team.author, made[Word.PUBLISHED][0]))
    fail(worker_database, publication(team.author, made[Word.FAILED][0]))
    with db.transaction(team.author) as session:
        (row,) = store.lock_publications(session, made[Word.CANCELLED])
        store.change(session, row, state=PublicationState.CANCELLED)

    everything = queries.listing(team.viewer)
    assert {each.id: each.shown.word for each in everything.rows} == {
        post_id: word for word, posts in made.items() for post_id in posts
    }
    assert everything.counts == {word: len(posts) for word, posts in made.items()}
    for word, posts in made.items():
        assert {each.id for each in queries.listing(team.viewer, Filters(words=(word,))).rows} == set(posts), word
        assert queries.detail(team.viewer, posts[0]).post.shown.word is word
    for pair in combinations(made, 2):
        listed = queries.listing(team.viewer, Filters(words=pair)).rows
        assert {each.id for each in listed} == {post_id for word in pair for post_id in made[word]}, pair


def test_the_rest_of_a_post_that_is_published_in_part_can_be_moved(
    real_team: Team, worker_database: db.Database
) -> None:
    team = real_team
    second = make_account(team.admin, name="Acme Tea").id
    both = [team.account_id, second]
    post_id = make_approved(team.author, team.approver, both, text="Part", slot_at=soon())
    first = next(each for each in publications(team.author, post_id) if each.account_id == team.account_id)
    publish(worker_database, first)
    commands.save(team.author, post_id, 1, text="Part", link=None, account_ids=both, slot_at=soon(48))
    due = {each.account_id: each.due_at for each in publications(team.author, post_id)}
    assert due == {team.account_id: soon(), second: soon(48)}
