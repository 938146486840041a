"""Deciding: what changed, for whom, bound to what was seen."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Refused
from core.organizations import commands as organizations
from core.posts import commands, queries
from core.posts.content import Variant
from core.posts.inputs import More
from core.posts.rules import Word
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.media import make_kept_image
from tests.factories.posts import (
    Team,
    attached,
    come_from_backup,
    hashes,
    make_approved,
    make_submitted,
    make_team,
    publication,
    publications,
    soon,
)


def reader_of(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.APPROVER, "Rita Reader")
    return Tab(sign_in)


@pytest.fixture
def reader(team: Team) -> Tab:
    return reader_of(team)


def word(team: Team, post: UUID) -> Word:
    return queries.detail(team.admin, post).post.shown.word


def queue(tab: Tab) -> list[str]:
    return [row["text"] for group in tab.component("approvals_queue")["groups"] for row in group["rows"]]


def test_the_soonest_stands_first_and_is_open(team: Team, reader: Tab) -> None:
    make_submitted(team.author, [team.account_id], text="Later", slot_at=soon(48))
    first = make_submitted(team.author, [team.account_id], text="Sooner", slot_at=soon(12))
    reader.open("approvals")
    assert queue(reader) == ["Sooner", "Later"]
    assert reader.has_button(f"approve_{first}_1")
    assert "2 waiting" in reader.words


def test_approving_schedules_it_and_opens_the_next(team: Team, reader: Tab) -> None:
    first = make_submitted(team.author, [team.account_id], text="Sooner", slot_at=soon(12))
    second = make_submitted(team.author, [team.account_id], text="Later", slot_at=soon(48))
    reader.open("approvals").press(f"approve_{first}_1")
    assert word(team, first) is Word.SCHEDULED
    assert "Approved and scheduled: “Sooner”." in reader.words
    assert reader.address == {"post": str(second)}
    assert queue(reader) == ["Later"]


def test_without_a_time_approving_says_so_and_schedules_nothing(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id])
    reader.open("approvals")
    assert "no time yet" in reader.words
    reader.press(f"approve_{post}_1")
    assert word(team, post) is Word.APPROVED


def test_a_second_press_on_the_same_button_does_nothing_more(team: Team, reader: Tab) -> None:
    first = make_submitted(team.author, [team.account_id], text="Sooner", slot_at=soon(12))
    second = make_submitted(team.author, [team.account_id], text="Later", slot_at=soon(48))
    other = Tab(None)
    other.app.user = reader.app.user
    reader.open("approvals")
    other.open("approvals")
    reader.press(f"approve_{first}_1")
    other.press(f"approve_{first}_1")
    assert word(team, second) is Word.IN_REVIEW
    assert len([each for each in queries.detail(team.admin, first).timeline if "approved" in each.what]) == 1


def test_what_changed_after_it_was_read_is_not_approved(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], text="As read", slot_at=soon())
    reader.open("approvals")
    commands.save(team.author, post, 1, text="Slipped in", link=None, account_ids=[team.account_id], slot_at=soon())
    commands.submit(team.author, uuid4(), post, 2)
    reader.press(f"approve_{post}_1")
    assert word(team, post) is Word.IN_REVIEW
    assert "changed while you were reading" in reader.words


def test_changes_need_a_comment(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    reader.open("approvals").press(f"request_{post}_1")
    assert "Say what should change" in reader.words
    assert word(team, post) is Word.IN_REVIEW
    reader.app.text_area(key=f"note_{post}_1").set_value("Name the roast.")
    reader.press(f"request_{post}_1")
    assert word(team, post) is Word.CHANGES_REQUESTED
    assert reader.has("empty_state")


def test_a_comment_decides_nothing_and_stays_with_its_version(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    reader.open("approvals")
    reader.app.text_area(key=f"note_{post}_1").set_value("Nice <b>one</b>")
    reader.press(f"comment_{post}_1")
    assert word(team, post) is Word.IN_REVIEW
    reader.app.get_by_key("review_tab").set_value("History")
    reader.again()
    entries = reader.component(f"review_history_{post}")["entries"]
    assert ("Rita Reader", "said (version 1)", "Nice <b>one</b>") in [
        (each["who"], each["what"], each["detail"]) for each in entries
    ]


def test_the_redline_compares_with_what_was_approved_last(team: Team, reader: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], text="Beans on Monday", slot_at=soon())
    commands.save(
        team.author, post, 1, text="Beans on Tuesday", link=None, account_ids=[team.account_id], slot_at=soon()
    )
    commands.submit(team.author, uuid4(), post, 2)
    segments = reader.open("approvals").component(f"redline_{post}_0")["segments"]
    assert ["removed", "Monday"] in segments
    assert ["added", "Tuesday"] in segments
    assert "Since it was approved on" in reader.words


def test_what_was_never_approved_is_shown_whole(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], text="New", link="https://example.com/a", slot_at=soon())
    drawn = reader.open("approvals").component(f"redline_{post}_0")
    assert drawn["segments"] == [["same", "New"]]
    assert drawn["links"] == [["same", "https://example.com/a"]]


def test_the_preview_shows_it_as_the_network_will(team: Team, reader: Tab) -> None:
    make_submitted(team.author, [team.account_id], text="New", slot_at=soon())
    reader.open("approvals")
    reader.app.get_by_key("review_tab").set_value("Preview")
    reader.again()
    (publication,) = queries.review(team.approver, UUID(queue_id(reader))).publications
    drawn = reader.component(f"preview_{publication.publication.id}")
    assert drawn["account"]["name"] == "Acme Coffee"
    assert drawn["post"]["text"] == "New"


def test_ones_own_work_waits_for_somebody_else(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.APPROVER, "Sol Self")
    post = make_submitted(actor, [team.account_id], slot_at=soon())
    tab = Tab(sign_in).open("approvals", post=str(post))
    button = tab.button(f"approve_{post}_1")
    assert button.disabled
    assert button.help
    assert button.help.replace("\\", "") in tab.words


def test_an_organization_may_allow_approving_ones_own_work(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.APPROVER, "Sol Self")
    change = organizations.SettingsChange(self_approval=True)
    organizations.update_settings(team.admin, uuid4(), change)
    post = make_submitted(actor, [team.account_id], slot_at=soon())
    tab = Tab(sign_in).open("approvals", post=str(post)).press(f"approve_{post}_1")
    assert word(team, post) is Word.SCHEDULED
    assert tab.has("empty_state")


def test_an_address_that_names_nothing_in_the_queue_opens_the_first(team: Team, reader: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    assert reader.open("approvals", post=str(uuid4())).has_button(f"approve_{post}_1")
    assert reader.open("approvals", post="x").has_button(f"approve_{post}_1")


def test_next_and_previous_go_round(team: Team, reader: Tab) -> None:
    posts = [make_submitted(team.author, [team.account_id], text=str(n), slot_at=soon(12 + n)) for n in range(3)]
    reader.open("approvals").press("review_next")
    assert reader.address == {"post": str(posts[1])}
    reader.press("review_previous").press("review_previous")
    assert reader.address == {"post": str(posts[2])}


def queue_id(tab: Tab) -> str:
    return str(tab.component("approvals_queue")["groups"][0]["rows"][0]["id"])


def test_what_single_accounts_get_is_shown_account_by_account(team: Team, reader: Tab) -> None:
    second = make_account(team.admin, name="Acme Corner").id
    image = make_kept_image(team.author)
    post = commands.create(
        team.author,
        uuid4(),
        text="Beans on Monday",
        account_ids=[team.account_id, second],
        files=attached((image, "A cup")),
        variants={second: Variant(text="Beans, loves", files=())},
    )
    commands.submit(team.author, uuid4(), post, 1)
    reader.open("approvals")
    shown = [reader.component(f"redline_{post}_{index}") for index in (0, 1)]
    by_text = {each["segments"][0][1]: each for each in shown}
    (shown_file,) = by_text["Beans on Monday"]["files"]
    assert shown_file["alt"] == [["same", "A cup"]]
    assert by_text["Beans, loves"]["files"] == []
    assert "Acme Corner: Never approved before" in reader.words


def test_another_image_is_shown_beside_the_approved_one(team: Team, reader: Tab) -> None:
    first, other = make_kept_image(team.author), make_kept_image(team.author)
    post = commands.create(team.author, uuid4(), text="Beans", account_ids=[team.account_id], files=attached(first))
    commands.submit(team.author, uuid4(), post, 1)
    commands.approve(team.approver, uuid4(), post, hashes(team.author, post))
    accounts = [team.account_id]
    given: More = {"files": attached(other)}
    saved = commands.save(team.author, post, 1, text="Beans", link=None, account_ids=accounts, slot_at=None, **given)
    commands.submit(team.author, uuid4(), post, saved.revision)
    shown = reader.open("approvals").component(f"redline_{post}_0")["files"]
    assert [each["change"] for each in shown] == ["added", "removed"]


def test_several_are_approved_at_once_and_each_is_reported(team: Team, reader: Tab) -> None:
    broken = make_account(team.admin, name="Acme Corner").id
    first = make_submitted(team.author, [team.account_id], text="Sooner", slot_at=soon(12))
    second = make_submitted(team.author, [broken], text="Later", slot_at=soon(48))
    left = make_submitted(team.author, [team.account_id], text="Not ticked", slot_at=soon(60))
    with db.transaction(team.admin) as session:
        accounts.change_account(session, broken, state=AccountState.AUTH_BROKEN)
    reader.open("approvals").press("approve_several")
    for post in (first, second):
        reader.app.checkbox(key=f"several_{post}_1").check()
    keep_dialog_open(reader)
    reader.again()
    keep_dialog_open(reader)
    reader.press("dialog_confirm")
    assert [word(team, each) for each in (first, second, left)] == [Word.SCHEDULED, Word.IN_REVIEW, Word.IN_REVIEW]
    assert "Approved and scheduled: “Sooner” for Acme Coffee." in reader.words
    assert "Not approved: “Later”. Acme Corner: The account must be connected again." in reader.words
    reader.press("approved_several_seen")
    assert not reader.has("approved_several")


@pytest.mark.parametrize("trouble", [Refused("You are no approver any more."), RuntimeError("a bug")])
def test_what_was_ticked_stays_when_approving_several_is_refused_or_breaks(
    team: Team, reader: Tab, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    posts = [make_submitted(team.author, [team.account_id], text=each) for each in ("One", "Two", "Three")]

    def fails(*_: object) -> None:
        raise trouble

    monkeypatch.setattr("core.posts.commands.approve_all", fails)
    reader.open("approvals").press("approve_several")
    for post in posts[:2]:
        reader.app.checkbox(key=f"several_{post}_1").check()
    keep_dialog_open(reader)
    reader.again()
    keep_dialog_open(reader)
    reader.app.button(key="dialog_confirm").click().run()
    said = [each.value for kind in (reader.app.warning, reader.app.error) for each in kind]
    assert any("no approver any more" in each or "Incident `" in each for each in said)
    assert [reader.app.checkbox(key=f"several_{post}_1").value for post in posts] == [True, True, False]
    assert not reader.has("trouble_bar")


def test_who_approves_several_reads_what_each_account_gets(team: Team, reader: Tab) -> None:
    other = make_account(team.admin, name="Acme Corner").id
    post = commands.create(
        team.author,
        uuid4(),
        text="Harmless for all",
        link="https://shop.example/offer",
        account_ids=[team.account_id, other],
        variants={other: Variant(text="Buy at evil.example"), team.account_id: Variant(text="Only here")},
    )
    commands.submit(team.author, uuid4(), post, 1)
    make_submitted(team.author, [team.account_id], text="Another")
    reader.open("approvals").press("approve_several")
    said = reader.words
    assert "Buy at evil.example" in said
    assert "Only here" in said
    assert "shop.example" in said
    assert "Harmless for all" not in reader.app.checkbox(key=f"several_{post}_1").label


def test_who_approves_reads_what_comes_from_a_backup(
    committed_database: db.Database, worker_database: db.Database
) -> None:
    team = make_team()
    other = make_account(team.admin, name="Acme Corner").id
    post = make_submitted(team.author, [team.account_id, other], text="Sent since?", slot_at=soon(12))
    tab = reader_of(team).open("approvals")
    assert warnings(tab) == []
    rows = {each.account_id: each for each in publications(team.author, post)}
    come_from_backup(worker_database, rows[other])
    assert warnings(tab.again()) == [f"Acme Corner (Facebook): {FROM_A_BACKUP}"]
    come_from_backup(worker_database, rows[team.account_id])
    assert warnings(tab.again()) == [FROM_A_BACKUP]


def test_who_approves_several_reads_it_too(committed_database: db.Database, worker_database: db.Database) -> None:
    team = make_team()
    post = make_submitted(team.author, [team.account_id], text="Sent since?", slot_at=soon(12))
    make_submitted(team.author, [team.account_id], text="Another", slot_at=soon(14))
    come_from_backup(worker_database, publication(team.author, post))
    tab = reader_of(team).open("approvals").press("approve_several")
    assert warnings(tab) == [FROM_A_BACKUP] * 2, "the review, and its row of the dialog"


FROM_A_BACKUP = "This comes from a backup: it may have been sent since. Look at the account first."


def warnings(tab: Tab) -> list[str]:
    return [each.value.replace("\\", "") for each in tab.app.warning]


def keep_dialog_open(tab: Tab) -> None:
    """A browser runs only the dialog again; here the whole page runs, which would close it."""
    tab.app.session_state["approve_several_dialog"] = True
