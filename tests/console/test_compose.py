"""Writing: saved as it is written, nothing of anybody lost, asked what can't be guessed."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from streamlit.runtime.scriptrunner import StopException

from core.infra.actor import Role
from core.posts import commands, queries
from core.posts.rules import Word
from tests.console.days import ahead, clocks_change
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.organizations import make_organization
from tests.factories.pauses import pause_provider
from tests.factories.posts import Team, hashes, make_approved, make_post, make_submitted, soon


@pytest.fixture
def writer(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    return Tab(sign_in)


def post_of(tab: Tab) -> UUID:
    return UUID(tab.address["post"])


def choose(tab: Tab, team: Team) -> Tab:
    tab.app.get_by_key(key(tab, "accounts")).set_value([str(team.account_id)])
    return tab.again()


def key(tab: Tab, name: str) -> str:
    return f"{name}_{tab.component('composer')['token']}"


def test_nothing_is_made_by_looking(team: Team, writer: Tab) -> None:
    writer.open("compose")
    assert writer.title == "New post"
    assert queries.listing(team.admin).total == 0


def test_the_first_choice_makes_the_draft_and_the_address_names_it(team: Team, writer: Tab) -> None:
    choose(writer.open("compose"), team)
    draft = queries.draft(team.admin, post_of(writer))
    assert [each.name for each in draft.accounts if each.chosen] == ["Acme Coffee"]
    assert writer.title == "Compose"


def test_the_composer_gets_the_networks_rules_as_data(team: Team, writer: Tab) -> None:
    choose(writer.open("compose"), team)
    (account,) = writer.component("composer")["accounts"]
    rules = account["network"]["text"]
    assert account["name"] == "Acme Coffee"
    assert rules["counter"] in {"codepoints", "utf16", "utf8", "graphemes"}
    assert rules["max_length"] > 0


def test_words_that_are_still_in_the_browser_are_saved_before_they_are_submitted(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Fresh beans")
    writer.open("compose", post=str(post))
    writer.write("Fresh beans on Monday", base=1, was="Fresh beans")
    writer.press("submit")
    review = queries.review(team.approver, post)
    assert review.publications[0].publication.text == "Fresh beans on Monday"
    assert "Sent for approval." in writer.words
    assert writer.title == "Post"


def test_a_double_click_on_submit_asks_once(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    other = Tab(None)
    other.app.user = writer.app.user
    writer.open("compose", post=str(post))
    other.open("compose", post=str(post))
    writer.press("submit")
    other.press("submit")
    assert queries.review(team.approver, post).post.submitted_version == 1


def test_what_was_taken_back_can_be_sent_again_as_it_is_and_taken_back_again(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    for _ in range(2):
        writer.open("compose", post=str(post)).press("submit")
        assert queries.review(team.approver, post).publications
        writer.press("withdraw")
        assert queries.detail(team.admin, post).post.shown.word is Word.DRAFT


def test_a_later_save_is_refused_and_shows_both(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Ours")
    writer.open("compose", post=str(post))
    save(team, post, "Theirs")
    writer.write("Ours, longer", base=1, was="Ours")
    writer.press("submit")
    assert writer.has("conflict")
    assert team.author.name in writer.words
    segments = writer.component("conflict_redline")["segments"]
    assert "".join(text for change, text in segments if change != "added") == "Theirs"
    assert "".join(text for change, text in segments if change != "removed") == "Ours, longer"
    assert queries.draft(team.admin, post).post.text == "Theirs"
    assert writer.component("composer")["locked"]


def test_keeping_mine_saves_it_and_theirs_can_be_brought_back(team: Team, writer: Tab) -> None:
    post = in_conflict(team, writer)
    writer.press("keep_mine")
    assert queries.draft(team.admin, post).post.text == "Ours, longer"
    assert not writer.has("conflict")
    writer.press("undo_take_back")
    assert queries.draft(team.admin, post).post.text == "Theirs"


def test_taking_theirs_fills_the_composer_and_mine_can_be_brought_back(team: Team, writer: Tab) -> None:
    post = in_conflict(team, writer)
    before = writer.component("composer")["refill"]
    writer.press("take_theirs")
    assert writer.component("composer")["version"]["text"] == "Theirs"
    assert writer.component("composer")["refill"] > before
    writer.press("undo_take_back")
    assert queries.draft(team.admin, post).post.text == "Ours, longer"
    assert writer.component("composer")["version"]["text"] == "Ours, longer"


def test_somebody_elses_new_time_is_no_conflict_with_my_words(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Ours")
    writer.open("compose", post=str(post))
    slot = soon()
    commands.save(team.author, post, 1, text="Ours", link=None, account_ids=[team.account_id], slot_at=slot)
    writer.write("Ours, longer", base=1, was="Ours")
    writer.press("submit")
    saved = queries.review(team.approver, post).post
    assert (saved.text, saved.slot_at) == ("Ours, longer", slot)


def test_my_own_save_whose_answer_was_lost_is_no_conflict(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="One")
    writer.open("compose", post=str(post))
    writer.write("One two", base=1, was="One", number=1)
    writer.press("submit")
    commands.withdraw(team.author, uuid4(), post)
    writer.open("compose", post=str(post))
    writer.write("One two three", base=1, was="One", number=2)
    writer.press("submit")
    assert queries.review(team.approver, post).post.text == "One two three"


def test_a_time_is_the_organizations(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    writer.open("compose", post=str(post))
    day = ahead(30)
    set_slot(writer, day, time(9, 30))
    slot = queries.draft(team.admin, post).post.slot_at
    assert slot is not None
    local = slot.astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.date(), local.time()) == (day, time(9, 30))
    assert "Time (Europe/Berlin)" in [each.label for each in writer.app.time_input]


def test_half_a_time_is_asked_for_and_not_saved(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    writer.open("compose", post=str(post))
    writer.app.date_input(key=key(writer, "day")).set_value(ahead(3))
    writer.again()
    assert "Choose a time as well." in writer.words
    assert queries.draft(team.admin, post).post.slot_at is None
    assert writer.button("submit").help == "Mend the time first."


def test_a_time_that_does_not_exist_is_refused_with_the_two_nearest(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    writer.open("compose", post=str(post))
    set_slot(writer, clocks_change(3), time(2, 30))  # the clocks go from 02:00 to 03:00
    assert "doesn't exist" in writer.words
    assert queries.draft(team.admin, post).post.slot_at is None
    writer.press("slot_0300")
    slot = queries.draft(team.admin, post).post.slot_at
    assert slot is not None
    assert slot.isoformat() == f"{clocks_change(3)}T01:00:00+00:00"


def test_a_time_that_occurs_twice_is_asked(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    writer.open("compose", post=str(post))
    set_slot(writer, clocks_change(10), time(2, 30))
    assert "occurs twice" in writer.words
    writer.press("slot_second")
    slot = queries.draft(team.admin, post).post.slot_at
    assert slot is not None
    assert slot.isoformat() == f"{clocks_change(10)}T01:30:00+00:00"


def test_a_time_can_be_taken_away_again(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], slot_at=soon())
    writer.open("compose", post=str(post))
    writer.press(key(writer, "no_time"))
    assert queries.draft(team.admin, post).post.slot_at is None


def test_what_an_edit_costs_is_said_before_anything_can_be_typed(team: Team, writer: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    writer.open("compose", post=str(post))
    assert "Acme Coffee loses its approval and leaves the schedule." in writer.words
    assert writer.component("composer")["locked"]
    writer.press("edit_anyway")
    assert not writer.component("composer")["locked"]
    writer.app.get_by_key(key(writer, "accounts")).set_value([])
    writer.again()
    assert "Acme Coffee is taken off: it loses its approval and leaves the schedule" in writer.words


def test_a_tab_that_read_a_draft_can_not_void_the_approval_it_has_got_since(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Ours")
    writer.open("compose", post=str(post))
    revision = queries.draft(team.author, post).post.revision
    commands.submit(team.author, uuid4(), post, revision)
    commands.approve(team.approver, uuid4(), post, hashes(team.author, post))
    writer.write("Ours, longer", base=queries.draft(team.author, post).post.revision, was="Ours")
    writer.press("submit")
    assert queries.draft(team.admin, post).post.text == "Ours"
    assert queries.draft(team.admin, post).post.shown.word is Word.APPROVED
    assert "it has a price" in writer.component("composer")["trouble"]


def test_moving_an_approved_post_costs_nothing(team: Team, writer: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    writer.open("compose", post=str(post))
    set_slot(writer, ahead(20), time(11, 0))
    assert queries.detail(team.admin, post).post.shown.word is Word.SCHEDULED


def test_requested_changes_stand_above_the_words(team: Team, writer: Tab) -> None:
    post = make_submitted(team.author, [team.account_id])
    commands.request_changes(team.approver, uuid4(), post, 1, "Shorter, **please** :red[now]")
    writer.open("compose", post=str(post))
    assert "asked for changes" in writer.words
    assert "Shorter, **please** :red[now]" in [each.value for each in writer.app.text]


def test_deleting_offers_the_way_back(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id])
    writer.open("compose", post=str(post)).press("delete_draft")
    assert writer.title == "Posts"
    assert queries.listing(team.admin).total == 0
    assert "Deleted “Fresh beans on Monday.”" in writer.words
    writer.press("undo_take_back")
    assert queries.listing(team.admin).total == 1


@pytest.mark.parametrize(
    ("accounts", "text", "why"),
    [(False, "Words", "Pick at least one account."), (True, "", "Write something first.")],
)
def test_why_nothing_can_be_submitted_is_said_on_the_button(
    team: Team, writer: Tab, accounts: bool, text: str, why: str
) -> None:
    post = make_post(team.author, [team.account_id] if accounts else [], text=text)
    button = writer.open("compose", post=str(post)).button("submit")
    assert button.disabled
    assert button.help == why


def test_an_empty_draft_is_not_scolded(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="")
    assert writer.open("compose", post=str(post)).component("composer")["problems"] == []


def test_a_problem_stands_where_the_words_are(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Look", link="ftp://example.com")
    (problem,) = writer.open("compose", post=str(post)).component("composer")["problems"]
    assert problem["severity"] == "error"
    assert "link" in problem["words"]
    assert problem["fix"]


def test_what_is_paused_is_said_with_the_way_to_resume_it(team: Team, writer: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Look")
    pause_provider(team.admin, "meta", "a recall")
    (problem,) = writer.open("compose", post=str(post)).component("composer")["problems"]
    assert problem["words"].startswith("This will be held: Publishing to Facebook and Instagram is paused here by Ada")
    assert (problem["severity"], problem["href"]) == ("warning", "/accounts")


def save(team: Team, post: UUID, text: str) -> None:
    draft = queries.draft(team.author, post)
    commands.save(
        team.author, post, draft.post.revision, text=text, link=None, account_ids=[team.account_id], slot_at=None
    )


def in_conflict(team: Team, writer: Tab) -> UUID:
    post = make_post(team.author, [team.account_id], text="Ours")
    writer.open("compose", post=str(post))
    save(team, post, "Theirs")
    writer.write("Ours, longer", base=1, was="Ours")
    writer.press("submit")
    assert writer.has("conflict")
    return post


def set_slot(tab: Tab, day: date, at: time) -> None:
    tab.app.date_input(key=key(tab, "day")).set_value(day)
    tab.app.time_input(key=key(tab, "time")).set_value(at)
    tab.again()


def test_when_nobody_else_may_approve_the_page_says_so_and_offers_an_admin_the_rule(team: Team) -> None:
    organization_id = make_organization("Alone")
    sign_in, admin = someone(organization_id, Role.ADMIN)
    post = make_post(admin, [make_account(admin, name="Acme Solo").id])
    tab = Tab(sign_in).open("compose", post=str(post))
    assert "Nobody else here may approve this" in tab.words
    tab.press("allow_own_work")
    assert not tab.has("nobody_else")
    assert sign_in.here().organization.self_approval


def test_who_may_not_change_the_rule_is_told_whom_to_ask(team: Team) -> None:
    organization_id = make_organization("Nearly alone")
    sign_in, editor = someone(organization_id, Role.EDITOR)
    post = make_post(editor, [make_account(editor, name="Acme Duo").id])
    tab = Tab(sign_in).open("compose", post=str(post))
    assert "Ask an admin" in tab.words
    assert not tab.has_button("allow_own_work")


def test_a_save_whose_run_was_ended_by_the_next_one_is_still_known_as_ours(
    team: Team, writer: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = make_post(team.author, [team.account_id], text="One")
    writer.open("compose", post=str(post))

    def ended() -> None:
        raise StopException

    with monkeypatch.context() as patch:
        patch.setattr("console.state.count_write", ended)
        writer.hand_over("One two", base=1, was="One")
    writer.again()
    assert queries.draft(team.admin, post).post.text == "One two"
    writer.hand_over("One two three", base=1, was="One", number=2)
    assert not writer.has("conflict")
    assert queries.draft(team.admin, post).post.text == "One two three"
