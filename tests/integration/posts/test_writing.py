"""Writing a post, from the first autosave to deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.audit.queries import history
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from core.posts import commands, queries
from core.posts.commands import EditConflict, WouldCost
from core.posts.rules import PublicationState
from core.provider_kit.types import Payload
from core.providers import networks
from tests.factories.accounts import make_account
from tests.factories.networks import declare
from tests.factories.pauses import pause_account
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

DRAFT, IN_REVIEW = PublicationState.DRAFT, PublicationState.IN_REVIEW
APPROVED, SCHEDULED = PublicationState.APPROVED, PublicationState.SCHEDULED


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


def save(actor: Actor, post_id: UUID, revision: int, **changed: Any) -> Any:
    """Save what the composer shows, with some of it changed."""
    draft = queries.draft(actor, post_id)
    content: dict[str, Any] = {
        "text": draft.post.text,
        "link": draft.post.link,
        "account_ids": [each.account_id for each in draft.accounts if each.chosen],
        "slot_at": draft.post.slot_at,
    }
    return commands.save(actor, post_id, revision, **{**content, **changed})


def actions(actor: Actor, post_id: UUID) -> list[str]:
    return [line.action for line in history(actor, "post", post_id)]


def states(actor: Actor, post_id: UUID) -> dict[UUID, PublicationState]:
    return {each.account_id: each.state for each in publications(actor, post_id) if each.removed_at is None}


def last_line(actor: Actor, post_id: UUID) -> Mapping[str, Any]:
    return history(actor, "post", post_id)[-1].after or {}


def test_a_new_draft_has_one_draft_publication_for_each_chosen_account_with_the_bytes_it_would_send(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id], text="Hello", link="https://acme.example/x")

    row = publication(team.author, post_id)
    sent = Payload.from_json(row.payload)
    assert (row.state, row.account_id, row.occurrence) == (DRAFT, team.account_id, 1)
    assert (sent.network, sent.text, sent.link) == ("facebook", "Hello", "https://acme.example/x")
    assert row.payload_sha256 == sent.sha256()
    assert actions(team.author, post_id) == ["post.create"]


def test_creating_twice_with_the_same_action_makes_one_post(team: Team) -> None:
    action_id = uuid4()
    first = commands.create(team.author, action_id, text="Once")
    assert commands.create(team.author, action_id, text="Once") == first
    assert queries.listing(team.author).total == 1
    assert actions(team.author, first) == ["post.create"]


def test_saving_keeps_the_words_and_moves_the_revision(team: Team) -> None:
    post_id = make_post(team.author)
    saved = save(team.author, post_id, 1, text="Second thoughts", slot_at=soon())

    draft = queries.draft(team.author, post_id)
    assert (saved.revision, saved.voided) == (2, ())
    assert (draft.post.text, draft.post.slot_at, draft.post.revision) == ("Second thoughts", soon(), 2)
    assert last_line(team.author, post_id)["changed"] == ["text", "slot"]


def test_saving_what_is_saved_changes_nothing_and_leaves_no_line(team: Team) -> None:
    post_id = make_post(team.author, text="Same")
    assert not save(team.author, post_id, 1).changed
    assert save(team.author, post_id, 1, text="Other").revision == 2
    repeated = commands.save(team.author, post_id, 1, text="Other", link=None, account_ids=(), slot_at=None)
    assert (repeated.revision, repeated.changed) == (2, False)
    assert actions(team.author, post_id) == ["post.create", "post.save"]


def test_two_people_in_one_draft_the_later_save_is_refused_and_shows_the_earlier_version(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id], text="Ours")
    save(team.approver, post_id, 1, text="Theirs", slot_at=soon())

    with pytest.raises(EditConflict, match="Apia Approver saved this post meanwhile") as caught:
        save(team.author, post_id, 1, text="Mine")

    theirs = caught.value.theirs
    assert (theirs.content.text, theirs.revision, theirs.saved_by) == ("Theirs", 2, "Apia Approver")
    assert (theirs.account_ids, theirs.slot_at) == ((team.account_id,), soon())
    assert queries.draft(team.author, post_id).post.text == "Theirs"
    assert save(team.author, post_id, theirs.revision, text="Mine after all").revision == 3


def test_unchoosing_an_account_hides_its_draft_and_choosing_it_again_brings_it_back(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    before = publication(team.author, post_id)
    save(team.author, post_id, 1, account_ids=())
    assert publication(team.author, post_id).removed_at is not None
    assert not queries.detail(team.author, post_id).publications

    save(team.author, post_id, 2, account_ids=[team.account_id], text="New words")
    after = publication(team.author, post_id)
    assert (after.id, after.removed_at, after.state) == (before.id, None, DRAFT)
    assert after.payload["text"] == "New words"


def test_an_account_of_another_organization_can_not_be_chosen(team: Team) -> None:
    other = make_team()
    with pytest.raises(Invalid, match="isn't in this organization"):
        make_post(team.author, [other.account_id])


def test_a_post_of_another_organization_does_not_exist_for_any_command_or_query(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    stranger = make_team().admin
    for ask in (
        lambda: queries.draft(stranger, post_id),
        lambda: queries.review(stranger, post_id),
        lambda: queries.detail(stranger, post_id),
        lambda: commands.save(stranger, post_id, 1, text="x", link=None, account_ids=(), slot_at=None),
        lambda: commands.would_void(stranger, post_id, text="x", link=None),
        lambda: commands.submit(stranger, uuid4(), post_id, 1),
        lambda: commands.withdraw(stranger, uuid4(), post_id),
        lambda: commands.duplicate(stranger, uuid4(), post_id),
        lambda: commands.delete(stranger, uuid4(), post_id),
        lambda: commands.undelete(stranger, uuid4(), post_id),
        lambda: commands.approve(stranger, uuid4(), post_id, hashes(team.author, post_id)),
        lambda: commands.approve_all(stranger, uuid4(), hashes(team.author, post_id)),
        lambda: commands.request_changes(stranger, uuid4(), post_id, 1, "No"),
        lambda: commands.comment(stranger, uuid4(), post_id, 1, "Hm"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_text_that_postgres_can_not_keep_is_saved_without_what_is_broken(team: Team) -> None:
    post_id = make_post(team.author, text="a\x00b\r\nc\ud83d")
    assert queries.draft(team.author, post_id).post.text == "ab\nc\ufffd"


def test_too_long_text_and_link_are_refused_together_in_words(team: Team) -> None:
    with pytest.raises(Invalid) as caught:
        make_post(team.author, text="x" * 100_001, link="https://x.example/" + "y" * 2000)
    assert caught.value.problems == (
        "The text is longer than 100,000 characters. Shorten it.",
        "The link is longer than 2,000 characters. Use a shorter address.",
    )


def test_a_naive_time_is_refused(team: Team) -> None:
    with pytest.raises(Invalid, match="Slot at"):
        make_post(team.author, slot_at=soon().replace(tzinfo=None))


# What an edit costs


def test_editing_words_in_review_takes_exactly_the_changed_publications_back_to_draft_and_says_so_first(
    team: Team,
) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    (cost,) = commands.would_void(team.author, post_id, text="Better", link=None)
    assert cost.words == "Acme Coffee leaves the review"
    assert states(team.author, post_id) == {team.account_id: IN_REVIEW}

    saved = save(team.author, post_id, 1, text="Better")
    assert saved.voided == (cost,)
    assert states(team.author, post_id) == {team.account_id: DRAFT}
    assert last_line(team.author, post_id)["voided"] == ["Acme Coffee leaves the review"]


def test_an_edit_costs_a_scheduled_publication_its_approval_and_its_place(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    approved = publication(team.author, post_id)
    saved = save(team.author, post_id, 1, text="Better")

    row = publication(team.author, post_id)
    assert [each.words for each in saved.voided] == ["Acme Coffee loses its approval and leaves the schedule"]
    assert (row.state, row.due_at) == (DRAFT, approved.due_at)
    assert row.approved_sha256 == approved.payload_sha256 != row.payload_sha256
    assert not queries.detail(team.author, post_id).publications[0].approval_holds


def test_choosing_one_more_account_leaves_the_others_approved(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    second = make_account(team.admin, name="Acme Tea").id
    assert (
        commands.would_void(
            team.author, post_id, text="Fresh beans on Monday.", link=None, account_ids=[team.account_id, second]
        )
        == ()
    )
    saved = save(team.author, post_id, 1, account_ids=[team.account_id, second])

    assert saved.voided == ()
    assert states(team.author, post_id) == {team.account_id: SCHEDULED, second: DRAFT}
    assert {each.due_at for each in publications(team.author, post_id)} == {soon()}


def test_unchoosing_an_approved_account_says_what_it_costs(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    saved = save(team.author, post_id, 1, account_ids=())
    assert [each.words for each in saved.voided] == ["Acme Coffee is taken off: it loses its approval"]


def test_moving_the_slot_keeps_review_and_approval_and_moves_the_window(team: Team) -> None:
    in_review = make_submitted(team.author, [team.account_id], slot_at=soon(), text="One")
    scheduled = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), text="Two")
    for post_id in (in_review, scheduled):
        before = publication(team.author, post_id)
        assert save(team.author, post_id, 1, slot_at=soon(48)).voided == ()
        after = publication(team.author, post_id)
        assert (after.state, after.approved_sha256) == (before.state, before.approved_sha256)
        assert (after.due_at, after.not_after) == (soon(48), soon(48) + timedelta(minutes=30))


def test_giving_an_approved_post_a_slot_schedules_it_and_taking_the_slot_away_unschedules_it(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    save(team.author, post_id, 1, slot_at=soon())
    assert states(team.author, post_id) == {team.account_id: SCHEDULED}
    save(team.author, post_id, 2, slot_at=None)
    row = publication(team.author, post_id)
    assert (row.state, row.due_at, row.not_after) == (APPROVED, None, None)


def test_a_slot_that_has_passed_is_refused_for_what_is_asked_or_approved_but_kept_as_a_wish_in_a_draft(
    team: Team,
) -> None:
    past = soon(-1)
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    with pytest.raises(Invalid, match="Acme Coffee: That time has passed"):
        save(team.author, post_id, 1, slot_at=past)
    assert publication(team.author, post_id).due_at == soon()

    draft_id = make_post(team.author, [team.account_id], slot_at=past)
    assert ["Its time has passed" in each.words for each in queries.draft(team.author, draft_id).errors] == [True]


def test_scheduling_an_approved_post_by_its_slot_stands_every_check(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    _set_account_state(team, AccountState.AUTH_BROKEN)
    with pytest.raises(Invalid, match="must be connected again"):
        save(team.author, post_id, 1, slot_at=soon())
    assert states(team.author, post_id) == {team.account_id: APPROVED}


def test_an_account_can_have_a_time_of_its_own_that_the_posts_slot_leaves_alone(team: Team) -> None:
    second = make_account(team.admin, name="Acme Tea").id
    post_id = make_post(team.author, [team.account_id, second], slot_at=soon())
    save(team.author, post_id, 1, own_slots={second: soon(30)})
    save(team.author, post_id, 2, slot_at=soon(26))

    due = {each.account_id: each.due_at for each in publications(team.author, post_id)}
    assert due == {team.account_id: soon(26), second: soon(30)}
    own = {each.account_id: each.own_slot_at for each in queries.draft(team.author, post_id).accounts}
    assert own == {team.account_id: None, second: soon(30)}

    save(team.author, post_id, 3, own_slots={})
    assert {each.due_at for each in publications(team.author, post_id)} == {soon(26)}


# Submit and withdraw


def test_submitting_keeps_the_version_and_puts_every_chosen_account_in_review(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id], slot_at=soon())
    submitted = commands.submit(team.author, uuid4(), post_id, 1)

    row = publication(team.author, post_id)
    assert (submitted.version, submitted.publication_ids) == (1, (row.id,))
    assert (row.state, row.due_at) == (IN_REVIEW, soon())
    review = queries.review(team.approver, post_id)
    assert [(each.version, each.text) for each in review.versions] == [(1, "Fresh beans on Monday.")]
    assert review.post.submitted_by is not None
    assert review.post.submitted_by.name == "Edgar Editor"
    assert last_line(team.author, post_id)["hashes"] == [row.payload_sha256.hex()]


def test_submitting_twice_with_the_same_action_submits_once(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    action_id = uuid4()
    first = commands.submit(team.author, action_id, post_id, 1)
    assert commands.submit(team.author, action_id, post_id, 1) == first
    assert actions(team.author, post_id) == ["post.create", "post.submit"]
    with pytest.raises(Conflict, match="in review already"):
        commands.submit(team.author, uuid4(), post_id, 1)


def test_submit_refuses_with_every_problem_of_every_account_and_changes_nothing(team: Team) -> None:
    broken = make_account(team.admin, name="Broken Page", state=AccountState.AUTH_BROKEN).id
    gone = make_account(team.admin, name="Gone Page", state=AccountState.DISABLED).id
    post_id = make_post(team.author, [team.account_id, broken, gone], text="x" * 63_207, slot_at=soon(-1))

    with pytest.raises(Invalid) as caught:
        commands.submit(team.author, uuid4(), post_id, 1)

    said = " ".join(caught.value.problems)
    assert said.count("too long for Facebook") == 3
    assert said.count("Its time has passed") == 3
    assert "Broken Page: The account must be connected again." in said
    assert "Gone Page: The account is disconnected." in said
    assert set(states(team.author, post_id).values()) == {DRAFT}
    assert actions(team.author, post_id) == ["post.create"]


def test_a_post_that_goes_nowhere_can_not_be_submitted(team: Team) -> None:
    with pytest.raises(Invalid, match="No account is chosen"):
        commands.submit(team.author, uuid4(), make_post(team.author), 1)


def test_a_stale_composer_can_not_submit_words_it_has_not_seen(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    save(team.approver, post_id, 1, text="Theirs")
    with pytest.raises(EditConflict):
        commands.submit(team.author, uuid4(), post_id, 1)


def test_the_same_text_to_the_same_account_within_a_day_is_a_warning_not_a_refusal(team: Team) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon(20))
    post_id = make_post(team.author, [team.account_id], slot_at=soon(30))
    far = make_post(team.author, [team.account_id], slot_at=soon(50))
    (warning,) = commands.submit(team.author, uuid4(), post_id, 1).warnings
    assert "The same text goes here within 24 hours" in warning.words
    assert len(queries.draft(team.author, far).problems) == 1, "30 h is 20 h from 50 h: the second post is its twin"
    lone = make_post(team.author, [team.account_id], text="Other words", slot_at=soon(30))
    assert queries.draft(team.author, lone).problems == ()


def test_a_paused_account_is_a_warning(team: Team) -> None:
    pause_account(team.approver, team.account_id, "a recall")
    post_id = make_post(team.author, [team.account_id])
    (warning,) = commands.submit(team.author, uuid4(), post_id, 1).warnings
    assert warning.sentence.startswith(
        "Acme Coffee: This will be held: Acme Coffee (Facebook) is paused by Apia Approver since "
    )
    assert warning.sentence.endswith(" (Europe/Berlin): a recall. An approver can resume it on Accounts.")


def test_only_who_may_approve_can_be_asked(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    assert {each.name for each in queries.approvers(team.author, post_id)} == {"Ada Admin", "Apia Approver"}
    for member_id, words in ((team.viewer.member_id, "can't approve here"), (uuid4(), "can't approve here")):
        with pytest.raises(Invalid, match=words):
            commands.submit(team.author, uuid4(), post_id, 1, member_id)
    own = make_post(team.approver, [team.account_id])
    with pytest.raises(Invalid, match="Nobody approves their own work"):
        commands.submit(team.approver, uuid4(), own, 1, team.approver.member_id)
    assert not commands.submit(team.author, uuid4(), post_id, 1, team.approver.member_id).nobody_else_may_approve


def test_the_author_withdraws_from_review_and_others_are_told_who_can(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    with pytest.raises(Refused, match="Only Edgar Editor or who submitted it"):
        commands.withdraw(team.approver, uuid4(), post_id)
    action_id = uuid4()
    commands.withdraw(team.author, action_id, post_id)
    commands.withdraw(team.author, action_id, post_id)
    assert states(team.author, post_id) == {team.account_id: DRAFT}
    assert actions(team.author, post_id) == ["post.create", "post.submit", "post.withdraw"]
    with pytest.raises(Conflict, match="Nothing of this post is in review"):
        commands.withdraw(team.author, uuid4(), post_id)


# Duplicate, delete, undo


def test_duplicating_takes_words_link_and_accounts_but_not_the_slot(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), link="https://acme.example/")
    action_id = uuid4()
    copy_id = commands.duplicate(team.approver, action_id, post_id)
    assert commands.duplicate(team.approver, action_id, post_id) == copy_id != post_id

    draft = queries.draft(team.approver, copy_id)
    assert (draft.post.author.name, draft.post.link, draft.post.slot_at) == (
        "Apia Approver",
        "https://acme.example/",
        None,
    )
    assert states(team.approver, copy_id) == {team.account_id: DRAFT}
    assert last_line(team.author, copy_id)["duplicate_of"] == str(post_id)


def test_a_draft_is_deleted_and_brought_back(team: Team) -> None:
    post_id = make_post(team.author, [team.account_id])
    commands.delete(team.author, uuid4(), post_id)
    assert queries.listing(team.author).total == 0
    with pytest.raises(NotFound, match="was deleted"):
        queries.draft(team.author, post_id)
    with pytest.raises(NotFound, match="was deleted"):
        save_blindly(team.author, post_id)
    assert queries.detail(team.author, post_id).post.deleted

    commands.undelete(team.author, uuid4(), post_id)
    assert states(team.author, post_id) == {team.account_id: DRAFT}
    assert queries.listing(team.author).total == 1
    assert actions(team.author, post_id) == ["post.create", "post.delete", "post.undelete"]
    with pytest.raises(Conflict, match="not deleted"):
        commands.undelete(team.author, uuid4(), post_id)


def test_what_went_further_than_draft_can_not_be_deleted(team: Team) -> None:
    for post_id in (
        make_submitted(team.author, [team.account_id], text="a"),
        make_approved(team.author, team.approver, [team.account_id], text="b"),
    ):
        with pytest.raises(Refused, match="Only a draft can be deleted"):
            commands.delete(team.author, uuid4(), post_id)


def test_a_post_sent_back_to_its_author_can_be_deleted(team: Team) -> None:
    post_id = make_submitted(team.author, [team.account_id])
    commands.request_changes(team.approver, uuid4(), post_id, 1, "Not this week")
    commands.delete(team.author, uuid4(), post_id)
    assert publication(team.author, post_id).state is DRAFT


def save_blindly(actor: Actor, post_id: UUID) -> None:
    commands.save(actor, post_id, 1, text="x", link=None, account_ids=(), slot_at=None)


def _set_account_state(team: Team, state: AccountState) -> None:

    with db.transaction(team.admin) as session:
        accounts.change_account(session, team.account_id, state=state)


def test_a_viewer_writes_nothing(team: Team) -> None:
    with pytest.raises(NotAllowed, match="You are a viewer here"):
        make_post(team.viewer)


def test_a_composer_that_has_not_told_the_price_saves_nothing_that_has_one(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    with pytest.raises(WouldCost) as caught:
        save(team.author, post_id, 1, text="Better", may_cost=False)
    assert caught.value.message == (
        "Not saved yet, for it has a price: Acme Coffee loses its approval and leaves the schedule."
    )
    assert caught.value.lost == commands.would_void(team.author, post_id, text="Better", link=None)
    assert publication(team.author, post_id).state is SCHEDULED
    assert save(team.author, post_id, 1, slot_at=soon(48), may_cost=False).revision == 2, "moving has no price"


def test_a_network_that_takes_no_link_goes_without_one_says_so_and_outlives_its_change(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkless = replace(networks()["facebook"], takes_link=False, formats=())
    declare(monkeypatch, {"facebook": linkless})
    post_id = make_approved(team.author, team.approver, [team.account_id], link="https://acme.example/a")
    assert publication(team.author, post_id).payload["link"] is None
    assert save(team.author, post_id, 1, link="https://acme.example/b").voided == ()
    assert states(team.author, post_id) == {team.account_id: APPROVED}
    assert [each.words for each in queries.draft(team.author, post_id).problems] == [
        "The link is left out: this network takes none."
    ]


def test_taking_the_slot_from_a_lapsed_approval_and_giving_it_one_sends_it_back_to_draft(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    with db.transaction(team.admin) as session:
        session.execute(sql("update masthead.publication set approved_until = now() - interval '1 day'"))
    saved = save(team.author, post_id, 1, slot_at=soon())
    assert [each.words for each in saved.voided] == ["Acme Coffee goes back to draft: its approval has lapsed"]
    assert states(team.author, post_id) == {team.account_id: DRAFT}


def test_more_accounts_than_a_post_can_go_to_are_refused(team: Team) -> None:
    with pytest.raises(Invalid, match="at most 50 accounts"):
        make_post(team.author, [uuid4() for _ in range(51)])


def test_what_needs_no_approval_can_not_be_submitted(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    with pytest.raises(Refused, match="Nothing of this post needs an approval now"):
        commands.submit(team.author, uuid4(), post_id, 1)


def test_every_click_is_one_line_with_its_actor_and_correlation(team: Team) -> None:
    clicking = replace(team.author, correlation_id="click-1")
    post_id = make_post(clicking, [team.account_id])
    commands.submit(clicking, uuid4(), post_id, 1)
    approving = replace(team.approver, correlation_id="click-2")
    commands.approve(approving, uuid4(), post_id, hashes(team.author, post_id))
    lines = [(each.action, each.actor, each.correlation_id) for each in history(team.author, "post", post_id)]
    assert lines == [
        ("post.create", team.author.label, "click-1"),
        ("post.submit", team.author.label, "click-1"),
        ("post.approve", team.approver.label, "click-2"),
    ]
    assert publication(team.author, post_id).correlation_id == "click-2", "the send goes on with the approval's"


def test_deleting_and_undeleting_twice_with_the_same_action_happens_once(team: Team) -> None:
    post_id = make_post(team.author)
    away, back = uuid4(), uuid4()
    for _ in range(2):
        commands.delete(team.author, away, post_id)
    for _ in range(2):
        commands.undelete(team.author, back, post_id)
    assert actions(team.author, post_id) == ["post.create", "post.delete", "post.undelete"]


def test_an_action_id_of_another_command_is_refused(team: Team) -> None:
    action_id = uuid4()
    post_id = commands.create(team.author, action_id)
    with pytest.raises(Conflict, match="asked for in another way already"):
        commands.delete(team.author, action_id, post_id)
