"""One post: where it stands, what happened, what can be done by whom."""

from __future__ import annotations

from datetime import time
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from console.dialogs import Asked
from core.infra import db
from core.infra.actor import Role
from core.posts import commands, queries
from core.posts.content import Variant
from core.posts.rules import PublicationState, Word
from core.publishing import commands as publishing
from core.publishing import live_rows
from core.publishing.queries import live_works
from tests.console.days import ahead
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.media import make_kept_image
from tests.factories.organizations import make_signed_in
from tests.factories.posts import (
    Team,
    attached,
    fail,
    hashes,
    hide,
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
    take_away,
)
from tests.factories.publishing import acting_as


@pytest.fixture
def approver(team: Team) -> Tab:
    return tab_of(team, Role.APPROVER)


@pytest.fixture
def committed_team(committed_database: db.Database) -> Team:
    """For what only senders can bring about."""
    return make_team()


def tab_of(team: Team, role: Role) -> Tab:
    return Tab(someone(team.organization_id, role)[0])


def word(team: Team, post: UUID) -> Word:
    return queries.detail(team.admin, post).post.shown.word


def test_the_history_says_who_did_what_newest_first(team: Team, approver: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    entries = approver.open("post", post=str(post)).component("post_timeline")["entries"]
    assert [(each["who"], each["what"]) for each in entries] == [
        ("Apia Approver", "approved it for Acme Coffee (Facebook)"),
        ("Edgar Editor", "asked for approval"),
        ("Edgar Editor", "wrote a draft"),
    ]


def test_the_history_tells_two_accounts_of_one_name_apart(team: Team, approver: Tab) -> None:
    other = make_account(team.admin, name="Acme Coffee", network="linkedin", provider="linkedin").id
    post = make_approved(team.author, team.approver, [team.account_id, other], slot_at=soon())
    for each in queries.detail(team.admin, post).publications:
        publishing.cancel(team.approver, uuid4(), publication_id=each.id)
    entries = approver.open("post", post=str(post)).component("post_timeline")["entries"]
    both = ["Acme Coffee (Facebook)", "Acme Coffee (LinkedIn)"]
    assert sorted(each["account"] for each in entries if each["account"]) == both
    (approved,) = [each["what"] for each in entries if each["what"].startswith("approved")]
    assert sorted(approved.removeprefix("approved it for ").split(" and ")) == both


def test_publishing_now_asks_first_and_then_schedules_it_for_now(team: Team, approver: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id])
    approver.open("post", post=str(post)).press("publish_post")
    assert "can't be taken back" in approver.words
    confirm(approver, "publish", None)
    found = publication(team.admin, post)
    assert found.state is PublicationState.SCHEDULED
    assert found.due_at is not None
    assert found.due_at < soon(1)


def test_publishing_now_sends_only_what_its_dialog_named(team: Team, approver: Tab) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    post = make_submitted(team.author, [team.account_id, other])
    seen = hashes(team.author, post)
    first, second = publications(team.author, post)
    commands.approve(team.approver, uuid4(), post, {first.id: seen[first.id]})
    approver.open("post", post=str(post)).press("publish_post")
    commands.approve(team.approver, uuid4(), post, {second.id: seen[second.id]})
    approver.app.button(key="dialog_confirm").click()
    approver.wait()
    states = {each.id: each.state for each in publications(team.author, post)}
    assert states == {first.id: PublicationState.SCHEDULED, second.id: PublicationState.APPROVED}


def test_rescheduling_moves_only_what_its_dialog_named(team: Team, approver: Tab) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    was = soon()
    post = make_post(team.author, [team.account_id], slot_at=was)
    approver.open("post", post=str(post)).press("reschedule_post")
    both = [team.account_id, other]
    commands.save(team.author, post, 1, text="Fresh beans.", link=None, account_ids=both, slot_at=was)
    approver.app.date_input(key="move_day").set_value(ahead(9))
    approver.wait().app.button(key="dialog_confirm").click()
    approver.wait()
    days = {each.account_id: each.due_at and each.due_at.date() for each in publications(team.author, post)}
    assert days == {team.account_id: ahead(9), other: was.date()}


def test_what_has_no_time_yet_is_scheduled_and_what_has_one_is_rescheduled(team: Team, approver: Tab) -> None:
    without, planned = (
        make_approved(team.author, team.approver, [team.account_id], slot_at=at) for at in (None, soon())
    )
    assert approver.open("post", post=str(without)).button("reschedule_post").label == "Schedule"
    assert approver.open("post", post=str(planned)).button("reschedule_post").label == "Reschedule"


def test_rescheduling_keeps_the_approval(team: Team, approver: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    approver.open("post", post=str(post)).press("reschedule_post")
    day = ahead(9)
    approver.app.session_state["publication_dialog"] = Asked("reschedule", None)
    approver.app.date_input(key="move_day").set_value(day)
    approver.app.time_input(key="move_time").set_value(time(7, 45))
    approver.again()
    confirm(approver, "reschedule", None)
    due = publication(team.admin, post).due_at
    assert due is not None
    assert due.date() == day
    assert word(team, post) is Word.SCHEDULED


def test_cancelling_says_what_stays(team: Team, approver: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    found = publication(team.admin, post)
    approver.open("post", post=str(post)).press(f"cancel_{found.id}")
    assert "The words stay here" in approver.words
    confirm(approver, "cancel", found.id)
    assert word(team, post) is Word.CANCELLED
    assert "Was planned for" in approver.words


def test_a_dialog_stays_with_what_was_typed_while_its_post_moves_on(team: Team, approver: Tab) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    found = publication(team.admin, post)
    approver.open("post", post=str(post)).press(f"cancel_{found.id}")
    approver.app.text_input(key="cancel_reason").set_value("The offer is over, and")
    publishing.publish_now(team.approver, uuid4(), post_id=post)
    assert approver.wait().app.text_input(key="cancel_reason").value == "The offer is over, and"
    assert "Was due" in approver.press("dialog_back").words
    publishing.reschedule(team.author, uuid4(), soon(), post_id=post)
    assert "Goes out" in approver.wait().words


def test_withdrawing_is_the_authors(team: Team, approver: Tab) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    assert approver.open("post", post=str(post)).button("withdraw").disabled
    sign_in, actor = someone(team.organization_id, Role.EDITOR, "Wim Writer")
    own = make_submitted(actor, [team.account_id], slot_at=soon())
    tab = Tab(sign_in).open("post", post=str(own)).press("withdraw")
    assert word(team, own) is Word.DRAFT
    assert "It is a draft again." in tab.words


def test_duplicating_opens_the_copy(team: Team, approver: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="Again and again")
    approver.open("post", post=str(post)).press("duplicate_post")
    assert approver.title == "Compose"
    assert approver.address["post"] != str(post)
    assert queries.listing(team.admin).total == 2


@pytest.mark.parametrize(
    ("role", "enabled"),
    [
        (Role.VIEWER, set()),
        (Role.EDITOR, {"edit_post", "duplicate_post", "reschedule_post", "cancel"}),
        (Role.APPROVER, {"edit_post", "duplicate_post", "reschedule_post", "publish_post", "cancel"}),
    ],
)
def test_each_role_may_press_what_the_table_says(team: Team, role: Role, enabled: set[str]) -> None:
    post = make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    tab = tab_of(team, role).open("post", post=str(post))
    named = {f"cancel_{publication(team.admin, post).id}": "cancel"}
    keys = ["edit_post", "duplicate_post", "reschedule_post", "publish_post", *named]
    assert {named.get(key, key) for key in keys if not tab.button(key).disabled} == enabled
    assert all(tab.button(key).help for key in keys if tab.button(key).disabled)


def test_a_live_post_is_one_click_away_and_its_words_are_fixed(
    committed_team: Team, worker_database: db.Database
) -> None:
    post = scheduled(committed_team)
    publish(worker_database, publication(committed_team.admin, post))
    tab = tab_of(committed_team, Role.ADMIN).open("post", post=str(post))
    assert "Published" in tab.words
    assert "live, link not found yet" in tab.words
    assert "its link isn't found yet" not in tab.words
    assert "already published on Acme Coffee" in tab.button("edit_post").help.replace("\\", "")


def test_what_is_being_sent_can_not_be_stopped_and_says_so(committed_team: Team, worker_database: db.Database) -> None:
    post = scheduled(committed_team)
    found = publication(committed_team.admin, post)
    send(worker_database, found, PublicationState.QUEUED, PublicationState.CLAIMED, PublicationState.SENDING)
    tab = tab_of(committed_team, Role.ADMIN).open("post", post=str(post))
    assert tab.button(f"cancel_{found.id}").disabled
    assert "can't be stopped" in tab.button(f"cancel_{found.id}").help
    assert not tab.has_button("publish_post")


def test_a_failure_says_why_and_can_be_tried_again(committed_team: Team, worker_database: db.Database) -> None:
    post = scheduled(committed_team)
    found = publication(committed_team.admin, post)
    fail(worker_database, found)
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post))
    assert "Facebook refused it." in tab.words
    tab.press(f"again_{found.id}")
    states = {each.occurrence: each.state for each in queries.detail(committed_team.admin, post).publications}
    assert states == {1: PublicationState.FAILED, 2: PublicationState.SCHEDULED}


def test_an_unclear_outcome_is_closed_by_an_approver_on_this_page(
    committed_team: Team, worker_database: db.Database
) -> None:
    post = scheduled(committed_team)
    found = publication(committed_team.admin, post)
    lose(worker_database, found)
    editor = tab_of(committed_team, Role.EDITOR).open("post", post=str(post))
    assert editor.button(f"live_{found.id}").disabled
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post))
    assert "live or not?" in tab.words
    tab.press(f"live_{found.id}")
    assert "The network is asked before it counts." in tab.words
    tab.open("post", post=str(post)).press(f"resend_{found.id}")
    assert "the post will be live twice" in tab.words
    tab.open("post", post=str(post)).press(f"give_up_{found.id}")
    assert "It is closed as cancelled." in tab.words


def scheduled(team: Team) -> UUID:
    return make_approved(team.author, team.approver, [team.account_id], slot_at=soon())


def confirm(tab: Tab, verb: str, publication_id: UUID | None) -> None:
    """Press the dialog's own button: AppTest draws a dialog again only when it is asked for again."""
    tab.app.session_state["publication_dialog"] = Asked(verb, publication_id)
    tab.press("dialog_confirm")


def test_the_history_shows_what_was_handed_to_the_network_and_its_id(
    committed_team: Team, worker_database: db.Database
) -> None:
    post = make_approved(committed_team.author, committed_team.approver, [committed_team.account_id], slot_at=soon())
    row = publication(committed_team.author, post)
    with worker_database.organization_transaction(row.organization_id, "program:sender") as session:
        statement = (
            "insert into masthead.publication_step(organization_id, publication_id, payload_sha256, name, reference,"
            " epoch, correlation_id, dropped_at, dropped_because) values (:organization, :id, :sha256, 'container',"
            " '17900000000000001', 1, 'click-1', clock_timestamp() + interval '1 s', 'The network could not take it.')"
        )
        values = {"organization": row.organization_id, "id": row.id, "sha256": row.payload_sha256}
        session.execute(text(statement), values)
    entries = tab_of(committed_team, Role.VIEWER).open("post", post=str(post)).component("post_timeline")["entries"]
    facts = [["network's id", "17900000000000001"], ["trace", "click-1"]]
    assert [(each["what"], each["detail"], each["facts"]) for each in entries[:2]] == [
        ("let that go", "The network could not take it.", facts),
        ("handed its files to Facebook", "", facts),
    ]


def test_what_goes_out_is_shown_once_for_each_thing_that_differs(team: Team, approver: Tab) -> None:
    same, other = make_account(team.admin, name="Acme Corner").id, make_account(team.admin, name="Acme Café").id
    post = commands.create(
        team.author,
        uuid4(),
        text="Beans",
        account_ids=[team.account_id, same, other],
        files=attached((make_kept_image(team.author), "A cup")),
        variants={other: Variant(text="Beans, loves", files=())},
    )
    approver.open("post", post=str(post))
    rows = {each.account_id: each for each in queries.detail(team.admin, post).publications}
    drawn = {row.account_id: row for row in rows.values() if approver.has(f"post_preview_{row.id}")}
    assert len(drawn) == 2
    alone = approver.component(f"post_preview_{rows[other].id}")
    assert (alone["post"]["text"], alone["post"]["files"]) == ("Beans, loves", [])
    (shared,) = [row for account_id, row in drawn.items() if account_id != other]
    given = approver.component(f"post_preview_{shared.id}")
    (shown,) = given["post"]["files"]
    assert (shown["alt"], shown["width"], given["form"]["key"]) == ("A cup", 800, "feed")
    assert "The same for" in approver.words


def live_post(team: Team, worker_database: db.Database, **post: object) -> tuple[UUID, UUID]:
    """A post that is live under an id of the network: its id and its publication's."""
    made = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(), **post)
    found = publication(team.admin, made)
    publish(worker_database, found)
    return made, found.id


def put_work(worker_database: db.Database, team: Team, publication_id: UUID, state: str) -> UUID:
    """A first comment of a live post that stands so."""
    work_id, open_still = uuid4(), state in ("waiting", "sending", "checking")
    statement = (
        "insert into masthead.live_work(organization_id, id, publication_id, kind, text, state, next_action_at,"
        " closed_at, last_error) values (:organization, :id, :publication, 'comment', 'First!', :state,"
        " case when :open then clock_timestamp() + interval '1 hour' end,"
        " case when not :open then clock_timestamp() end,"
        " case when :state = 'failed' then cast('{\"reason\": \"Facebook says no.\"}' as jsonb) end)"
    )
    with worker_database.organization_transaction(team.organization_id, "program:test") as session:
        session.execute(
            text(statement),
            {
                "organization": team.organization_id,
                "id": work_id,
                "publication": publication_id,
                "state": state,
                "open": open_still,
            },
        )
    return work_id


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", "The first comment waits."),
        ("checking", "We are looking whether it is there."),
        ("done", "The first comment is there."),
        ("failed", "Facebook says no."),
        ("needs_human", "We can't tell whether the first comment is there."),
    ],
)
def test_the_page_says_how_the_first_comment_stands(
    committed_team: Team, worker_database: db.Database, state: str, words: str
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    work_id = put_work(worker_database, committed_team, publication_id, state)
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post))
    assert words in tab.words.replace("\\", "")
    assert tab.has_button(f"again_live_{work_id}") == (state in ("failed", "needs_human"))
    assert tab.has_button(f"there_live_{work_id}") == (state == "needs_human")


def test_a_failed_comment_is_tried_again_from_the_page_and_stands_on_home_until_then(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    work_id = put_work(worker_database, committed_team, publication_id, "failed")
    tab = tab_of(committed_team, Role.APPROVER)
    titles = [each["title"] for each in tab.open().component("home_items")["items"]]
    assert titles[0] == "Acme Coffee (Facebook): first comment"
    tab.open("post", post=str(post)).press(f"again_live_{work_id}")
    assert "The first comment waits." in tab.words
    assert tab_of(committed_team, Role.EDITOR).open("post", post=str(post)).has(f"publication_{publication_id}")


def try_again_in_vain(worker_database: db.Database, team: Team, work_id: UUID) -> None:
    """Let a program take up what waits, and get no clear answer from the network and no sight of it again."""
    with acting_as(worker_database):
        with db.free_transaction() as session:
            (claim,) = live_rows.claim_due(session, 1, lease_s=60, first_read_s=1)
        assert claim.work_id == work_id
        with db.organization_transaction(team.organization_id, "program:test") as session:
            for state in ("sending", "checking", "needs_human"):
                session.execute(
                    text(
                        "update masthead.live_work set state = :state,"
                        " next_action_at = case when :state <> 'needs_human' then next_action_at end,"
                        " closed_at = case when :state = 'needs_human' then clock_timestamp() end where id = :id"
                    ),
                    {"id": work_id, "state": state},
                )


def test_a_page_that_shows_an_older_try_of_a_comment_decides_nothing_about_the_newer_one(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    work_id = put_work(worker_database, committed_team, publication_id, "needs_human")
    first = tab_of(committed_team, Role.APPROVER).open("post", post=str(post))
    second = tab_of(committed_team, Role.ADMIN).open("post", post=str(post))
    first.press(f"again_live_{work_id}")
    assert "The first comment waits." in first.words
    try_again_in_vain(worker_database, committed_team, work_id)
    second.press(f"again_live_{work_id}")
    assert "It was tried once more since you looked." in second.words
    assert second.has_button(f"there_live_{work_id}")
    second.press(f"again_live_{work_id}")
    assert "The first comment waits." in second.words


def test_an_old_sign_in_writes_no_unclear_comment_again_and_leads_to_a_new_one(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    work_id = put_work(worker_database, committed_team, publication_id, "needs_human")
    sign_in, _ = make_signed_in(committed_team.organization_id, Role.APPROVER, age_s=20 * 60)
    tab = Tab(sign_in).open("post", post=str(post))
    for verb in ("again", "there"):
        decide = tab.button(f"{verb}_live_{work_id}")
        assert decide.disabled
        assert "Sign in again" in decide.help
    assert not tab.button(f"sign_in_again_{work_id}").disabled
    assert "Deciding takes a sign-in of the last 15 minutes" in tab.words
    editor = tab_of(committed_team, Role.EDITOR).open("post", post=str(post))
    assert not editor.has_button(f"sign_in_again_{work_id}")
    tab.press(f"leave_live_{work_id}")
    assert not tab.has_button(f"again_live_{work_id}")


def test_an_old_sign_in_tries_a_comment_again_that_failed_for_sure(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    work_id = put_work(worker_database, committed_team, publication_id, "failed")
    sign_in, _ = make_signed_in(committed_team.organization_id, Role.APPROVER, age_s=20 * 60)
    tab = Tab(sign_in).open("post", post=str(post))
    assert not tab.has_button(f"sign_in_again_{work_id}")
    tab.press(f"again_live_{work_id}")
    assert "The first comment waits." in tab.words


def test_a_live_post_is_changed_and_deleted_from_its_page_by_approvers(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    editor = tab_of(committed_team, Role.EDITOR).open("post", post=str(post))
    assert editor.button(f"edit_live_{publication_id}").disabled
    assert editor.button(f"delete_live_{publication_id}").disabled
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post)).press(f"edit_live_{publication_id}")
    assert "You approve the new words by this." in tab.words
    tab.app.session_state["publication_dialog"] = Asked("edit_live", publication_id)
    tab.app.text_area(key="live_text").set_value("Mended.")
    tab.again()
    confirm(tab, "edit_live", publication_id)
    assert "The new text waits." in tab.words
    assert tab.button(f"edit_live_{publication_id}").disabled
    tab.press(f"delete_live_{publication_id}")
    assert "for good, with its likes and comments" in tab.words
    confirm(tab, "delete_live", publication_id)
    assert "The deletion waits." in tab.words


def test_a_text_that_somebody_changed_while_the_dialog_was_open_is_not_written_over(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post)).press(f"edit_live_{publication_id}")
    tab.app.text_area(key="live_text").set_value("Mine.")
    with worker_database.organization_transaction(committed_team.organization_id, "program:test") as session:
        session.execute(
            text(
                "insert into masthead.live_work(organization_id, id, publication_id, kind, text, asked_by, state,"
                " next_action_at, closed_at) values (:organization, :id, :publication, 'edit', 'Theirs.', :by, 'done',"
                " null, clock_timestamp())"
            ),
            {
                "organization": committed_team.organization_id,
                "id": uuid4(),
                "publication": publication_id,
                "by": committed_team.admin.member_id,
            },
        )
    tab.app.button(key="dialog_confirm").click()
    tab.wait()
    assert [work.text for work in live_works(committed_team.admin, post)[publication_id]] == ["Theirs."]


def test_the_author_sees_on_the_button_that_others_must_approve_new_words(
    committed_team: Team, worker_database: db.Database
) -> None:
    sign_in, author = someone(committed_team.organization_id, Role.APPROVER, "Anna Author")
    made = make_approved(author, committed_team.approver, [committed_team.account_id], slot_at=soon())
    live = publication(committed_team.admin, made)
    publish(worker_database, live)
    tab = Tab(sign_in).open("post", post=str(made))
    edit = tab.button(f"edit_live_{live.id}")
    assert edit.disabled
    assert "Another approver must" in edit.help
    assert not tab.button(f"delete_live_{live.id}").disabled
    other = tab_of(committed_team, Role.APPROVER).open("post", post=str(made))
    assert not other.button(f"edit_live_{live.id}").disabled


def test_a_comment_under_a_deleted_post_is_said_to_be_gone_with_it(
    committed_team: Team, worker_database: db.Database
) -> None:
    post, publication_id = live_post(committed_team, worker_database)
    put_work(worker_database, committed_team, publication_id, "done")
    take_away(worker_database, publication(committed_team.admin, post))
    tab = tab_of(committed_team, Role.APPROVER).open("post", post=str(post))
    assert "The first comment was deleted with its post." in tab.words
    assert "The first comment is there." not in tab.words


def test_what_a_network_took_and_does_not_show_is_neither_live_nor_looked_for(
    committed_team: Team, worker_database: db.Database
) -> None:
    post = make_approved(committed_team.author, committed_team.approver, [committed_team.account_id], slot_at=soon())
    publish(worker_database, publication(committed_team.admin, post))
    tab = tab_of(committed_team, Role.VIEWER).open("post", post=str(post))
    assert "live, link not found yet" in tab.words
    hide(worker_database, publication(committed_team.admin, post), "Facebook couldn't process it. Export it again.")
    tab.again()
    assert "not shown" in tab.words
    assert "Facebook couldn't process it. Export it again." in tab.words
    assert "live, link not found yet" not in tab.words


def test_what_an_account_without_access_holds_leads_to_where_it_is_connected_again(team: Team) -> None:
    broken = make_account(team.admin, name="Acme Broken").id
    post = make_approved(team.author, team.approver, [broken], slot_at=soon())
    with db.transaction(team.admin) as session:
        session.execute(text("update masthead.account set state = 'auth_broken' where id = :id"), {"id": broken})
    for role, label in ((Role.ADMIN, "Connect Acme Broken on Accounts"), (Role.EDITOR, "See Acme Broken on Accounts")):
        tab = tab_of(team, role).open("post", post=str(post))
        assert label in [each.proto.label for each in tab.app.get("page_link")]
