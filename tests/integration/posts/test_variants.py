"""What single accounts get instead of the post's own: stored, sent, kept with versions, and what changing it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.errors import Invalid, Refused
from core.posts import commands, queries
from core.posts.commands import EditConflict, WouldCost
from core.posts.content import AS_THE_POST, Attached, Variant
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.posts.views import DraftAccount
from tests.factories.accounts import make_account
from tests.factories.posts import Team, hashes, make_approved, make_post, make_team, publications, soon

OWN = Variant(text="Fresh beans, loves.")
KEPT = Variant(
    "Fresh beans, loves.", (), None, "feed", {"poll": {"question": "Which?", "answers": ["A", "B"]}}, "First!"
)
_S = PublicationState


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


@pytest.fixture
def second(team: Team) -> UUID:
    return make_account(team.admin, name="Acme Café").id


def save(team: Team, post_id: UUID, **changes: Any) -> Any:
    """Save the post as it is, but for `changes`."""
    draft = queries.draft(team.author, post_id)
    whole = {
        "text": draft.post.text,
        "link": draft.post.link,
        "account_ids": [each.account_id for each in draft.accounts if each.chosen],
        "slot_at": draft.post.slot_at,
        "own_slots": draft.own_slots,
        "variants": draft.content.variants,
    }
    return commands.save(team.author, post_id, draft.post.revision, **(whole | changes))


def accounts(team: Team, post_id: UUID) -> dict[UUID, DraftAccount]:
    return {each.account_id: each for each in queries.draft(team.author, post_id).accounts}


def sent(team: Team, post_id: UUID) -> Mapping[UUID, Publication]:
    return {each.account_id: each for each in publications(team.author, post_id)}


def test_an_account_gets_its_own_text_and_the_others_the_posts(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: OWN})

    rows, seen = sent(team, post_id), accounts(team, post_id)
    assert rows[team.account_id].payload["text"] == "Fresh beans on Monday."
    assert rows[second].payload["text"] == "Fresh beans, loves."
    assert (seen[second].content.text, seen[second].variant) == ("Fresh beans, loves.", OWN)
    assert (seen[team.account_id].content.text, seen[team.account_id].variant) == (
        "Fresh beans on Monday.",
        AS_THE_POST,
    )


def test_a_post_can_begin_with_them(team: Team, second: UUID) -> None:
    slot = soon(5)
    post_id = commands.create(
        team.author,
        uuid4(),
        text="All",
        account_ids=[team.account_id, second],
        variants={second: OWN},
        slot_at=soon(),
        own_slots={second: slot},
    )
    rows = sent(team, post_id)
    assert [rows[each].payload["text"] for each in (team.account_id, second)] == ["All", "Fresh beans, loves."]
    assert rows[second].due_at == slot


def test_a_save_that_names_none_keeps_them(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: OWN})
    save(team, post_id, text="New words for all", variants=None)

    rows = sent(team, post_id)
    assert rows[team.account_id].payload["text"] == "New words for all"
    assert rows[second].payload["text"] == "Fresh beans, loves."


def test_taking_it_away_gives_the_account_the_posts_text_again(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: OWN})
    save(team, post_id, variants={})
    assert sent(team, post_id)[second].payload["text"] == "Fresh beans on Monday."


def test_one_that_says_nothing_is_none(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    assert save(team, post_id, variants={second: AS_THE_POST}).changed is False


def test_an_empty_text_of_its_own_is_a_text(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: Variant(text="")})
    assert sent(team, post_id)[second].payload["text"] == ""
    assert [each.words for each in accounts(team, post_id)[second].problems] == ["The post is empty."]
    assert accounts(team, post_id)[team.account_id].problems == ()


def test_unticking_an_account_keeps_what_was_written_for_it(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: OWN})
    save(team, post_id, account_ids=[team.account_id])
    assert accounts(team, post_id)[second].variant == OWN

    save(team, post_id, account_ids=[team.account_id, second])
    assert sent(team, post_id)[second].payload["text"] == "Fresh beans, loves."


def test_the_text_of_one_account_costs_only_that_account(team: Team, second: UUID) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon())

    cost = commands.would_void(team.author, post_id, text="Fresh beans on Monday.", link=None, variants={second: OWN})
    assert [each.words for each in cost] == ["Acme Café loses its approval and leaves the schedule"]
    with pytest.raises(WouldCost, match="Acme Café"):
        save(team, post_id, variants={second: OWN}, may_cost=False)

    assert save(team, post_id, variants={second: OWN}).voided == cost
    rows = sent(team, post_id)
    assert (rows[team.account_id].state, rows[second].state) == (_S.SCHEDULED, _S.DRAFT)


def test_the_posts_text_costs_nothing_where_an_account_has_its_own(team: Team, second: UUID) -> None:
    post_id = commands.create(
        team.author, uuid4(), text="All", account_ids=[team.account_id, second], variants={second: OWN}
    )
    commands.submit(team.author, uuid4(), post_id, 1)
    commands.approve(team.approver, uuid4(), post_id, hashes(team.author, post_id))

    assert [each.account_id for each in save(team, post_id, text="Everybody").voided] == [team.account_id]
    assert sent(team, post_id)[second].state is _S.APPROVED


def test_they_are_as_long_as_a_text_and_of_accounts_here(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    with pytest.raises(Invalid, match="longer than 100,000"):
        save(team, post_id, variants={second: Variant(text="x" * 100_001)})
    with pytest.raises(Invalid, match="description of a file is longer than 5,000"):
        save(team, post_id, variants={second: Variant(files=(Attached(uuid4(), "x" * 5_001),))})
    with pytest.raises(Invalid, match="isn't in this organization"):
        save(team, post_id, variants={uuid4(): OWN})
    with pytest.raises(Invalid, match="file isn't here any more"):
        save(team, post_id, variants={second: Variant(files=(Attached(uuid4()),))})
    with pytest.raises(Invalid, match="file isn't here any more"):
        save(team, post_id, files=[Attached(uuid4())])


def test_a_duplicate_says_the_same_everywhere(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: OWN}, comment="More inside", options={"title": "Beans"})
    copy = commands.duplicate(team.author, uuid4(), post_id)
    assert queries.draft(team.author, copy).content == queries.draft(team.author, post_id).content
    assert sent(team, copy)[second].payload["text"] == "Fresh beans, loves."


def test_what_was_submitted_is_kept_whole(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second])
    save(team, post_id, variants={second: KEPT})
    commands.submit(team.author, uuid4(), post_id, 2)
    commands.withdraw(team.author, uuid4(), post_id)
    save(team, post_id, variants={})
    commands.submit(team.author, uuid4(), post_id, 3)

    newer, older = queries.review(team.approver, post_id).versions
    assert older.content.variants == {second: KEPT}
    assert older.names == {second: "Acme Café"}
    assert (newer.content.variants, newer.names) == ({}, {})


def test_an_approver_sees_for_each_account_what_changed(team: Team, second: UUID) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id, second])
    save(team, post_id, variants={second: OWN})
    commands.submit(team.author, uuid4(), post_id, 2)

    (mine,) = queries.review(team.approver, post_id).publications
    assert mine.publication.account_id == second
    assert mine.since_approval is not None
    assert mine.since_last_round is not None
    for difference in (mine.since_approval, mine.since_last_round):
        assert ("removed", "on Monday") in [(each.change, each.text) for each in difference.text]
        assert (difference.link_changed, difference.files, difference.cover_changed) == (False, (), False)


def test_whoever_is_refused_by_another_save_loses_nothing(team: Team, second: UUID) -> None:
    post_id = make_post(team.author, [team.account_id, second], slot_at=soon())
    theirs = {second: Variant(text="Theirs")}
    save(team, post_id, variants=theirs, own_slots={second: soon(30)})

    with pytest.raises(EditConflict) as caught:
        commands.save(
            team.approver,
            post_id,
            1,
            text="My words",
            link=None,
            account_ids=[second],
            slot_at=soon(48),
            variants={second: OWN},
        )
    stays, lost = caught.value.theirs, caught.value.mine
    assert lost is not None
    assert (stays.content.variants, stays.own_slots) == (theirs, {second: soon(30)})
    assert stays.content.text == "Fresh beans on Monday."
    assert (lost.content.variants, lost.content.text, lost.account_ids) == ({second: OWN}, "My words", (second,))
    assert lost.slot_at == soon(48)


def test_the_times_of_single_accounts_are_kept_moved_and_cleared(team: Team, second: UUID) -> None:
    slot = soon()
    post_id = make_approved(team.author, team.approver, [team.account_id, second], slot_at=slot)
    own = slot + timedelta(hours=3)

    assert save(team, post_id, own_slots={second: own}).voided == ()
    rows = sent(team, post_id)
    assert (rows[team.account_id].due_at, rows[second].due_at) == (slot, own)
    assert {each.state for each in rows.values()} == {_S.SCHEDULED}
    seen = accounts(team, post_id)
    assert (seen[second].own_slot, seen[second].own_slot_at) == (True, own)
    assert (seen[team.account_id].own_slot, seen[team.account_id].own_slot_at) == (False, None)

    save(team, post_id, slot_at=slot + timedelta(hours=1), own_slots=None)
    rows = sent(team, post_id)
    assert (rows[team.account_id].due_at, rows[second].due_at) == (slot + timedelta(hours=1), own)

    save(team, post_id, own_slots={})
    rows = sent(team, post_id)
    assert {each.due_at for each in rows.values()} == {slot + timedelta(hours=1)}
    assert {each.state for each in rows.values()} == {_S.SCHEDULED}


def test_an_account_may_have_no_time_while_the_post_has_one(team: Team, second: UUID) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon())
    save(team, post_id, own_slots={second: None})
    rows, seen = sent(team, post_id), accounts(team, post_id)
    assert (rows[second].state, rows[second].due_at) == (_S.APPROVED, None)
    assert (seen[second].own_slot, seen[second].own_slot_at) == (True, None)
    with pytest.raises(Refused, match="time has passed"):
        save(team, post_id, own_slots={second: soon(-1)})


def test_a_warning_names_a_twin_of_what_one_account_gets(team: Team, second: UUID) -> None:
    make_approved(team.author, team.approver, [second], text="Fresh beans, loves.", slot_at=soon(20))
    post_id = make_post(team.author, [team.account_id, second], slot_at=soon())
    assert accounts(team, post_id)[second].problems == ()

    save(team, post_id, variants={second: OWN})
    (warning,) = accounts(team, post_id)[second].problems
    assert warning.severity == "warning"
    assert "The same text goes here within 24 hours" in warning.words
    assert accounts(team, post_id)[team.account_id].problems == ()


def test_what_lapsed_can_be_asked_for_again_and_says_so(team: Team) -> None:
    post_id = make_approved(team.author, team.approver, [team.account_id])
    (row,) = queries.detail(team.author, post_id).publications
    assert not row.can_be_asked
    with db.transaction(team.admin) as session:
        session.execute(text("update masthead.publication set approved_until = clock_timestamp()"))
    (row,) = queries.detail(team.author, post_id).publications
    assert row.can_be_asked
