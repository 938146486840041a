"""Home: exactly what waits for this person, with what they can do about it, and today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import Actor, Role
from core.posts import commands, slots
from core.posts.rules import Needs, PublicationState
from core.publishing import commands as publishing
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.organizations import SignIn
from tests.factories.pauses import pause_account, pause_organization
from tests.factories.posts import (
    Team,
    come_from_backup,
    fail,
    hide,
    lose,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publication,
    publish,
    send,
    soon,
    take_away,
)

_S = PublicationState
People = dict[str, SignIn]
WHO = ("viewer", "author", "other editor", "approver", "admin")


@pytest.fixture
def people(committed_database: db.Database, worker_database: db.Database) -> People:
    """An organization with 3 of each state, and somebody of each role in it."""
    team = make_team()
    signed_in = {
        "viewer": someone(team.organization_id, Role.VIEWER),
        "author": someone(team.organization_id, Role.EDITOR, "Edda Author"),
        "other editor": someone(team.organization_id, Role.EDITOR, "Otis Other"),
        "approver": someone(team.organization_id, Role.APPROVER, "Apu Approver"),
        "admin": someone(team.organization_id, Role.ADMIN, "Alma Admin"),
    }
    seed(team, signed_in["author"][1], worker_database)
    return {who: sign_in for who, (sign_in, _) in signed_in.items()}


def seed(team: Team, author: Actor, worker: db.Database) -> None:
    """3 posts of each state, those that can be today's among them, on accounts that work, stand still or are broken."""
    now = datetime.now(UTC)
    today = min(slots.day_of(now, "Europe/Berlin").end - timedelta(minutes=1), now + timedelta(minutes=20))
    paused = make_account(team.admin, name="Paused Page").id
    for number in range(3):
        make_account(team.admin, name=f"Broken Page {number}", state=AccountState.AUTH_BROKEN)

        def approved(what: str, at: datetime | None = None, account: UUID = team.account_id, n: int = number) -> UUID:
            return make_approved(author, team.approver, [account], text=f"{what} {n}", slot_at=at)

        make_post(author, [team.account_id], text=f"draft {number}", slot_at=today)
        make_submitted(author, [team.account_id], text=f"in review {number}", slot_at=soon(60))
        returned = make_submitted(author, [team.account_id], text=f"returned {number}", slot_at=soon(60))
        commands.request_changes(team.approver, uuid4(), returned, 1, "Say more.")
        approved("approved")
        approved("scheduled", today)
        approved("held", today, paused)
        publishing.cancel(author, uuid4(), post_id=approved("cancelled", today))
        for what, move in (("published", publish), ("failed", fail), ("lost", lose)):
            move(worker, publication(author, approved(what, today)))
        send(worker, publication(author, approved("sending", today)), _S.QUEUED)
        on_the_way = (_S.QUEUED, _S.CLAIMED, _S.SENDING, _S.UNKNOWN)
        send(worker, publication(author, approved("checking", today)), *on_the_way)
        send(worker, publication(author, approved("late", today)), _S.NEEDS_HUMAN, needs=Needs.LATE)
    pause_account(team.admin, paused)


def lines(tab: Tab) -> dict[str, list[str]]:
    """Heading -> what can be done about each of its lines."""
    found: dict[str, list[str]] = {}
    for item in tab.component("home_items")["items"]:
        found.setdefault(item["group"], []).append(item["action"])
    return found


def expected(who: str) -> dict[str, list[str]]:
    writes, decides = who != "viewer", who in ("approver", "admin")
    other = "Open" if writes else ""
    shown = {
        "Needs a person 6": [
            *["Decide" if decides else other] * 3,
            *["Reschedule" if writes else ""] * 3,
        ],
        "Failed 3": ["Try again" if decides else other] * 3,
        "Accounts to reconnect 3": ["Reconnect" if who == "admin" else ""] * 3,
        "Paused 1": ["Resume" if decides else ""],
        "Held 3": [other] * 3,
        "Approved, without a time 3": ["Set a time" if writes else ""] * 3,
    }
    if decides:
        shown["To approve 3"] = ["Review"] * 3
    if who == "author":
        shown["Changes requested 3"] = ["Edit"] * 3
    return shown


def test_everybody_finds_exactly_what_waits_for_them_with_what_they_can_do(people: People) -> None:
    for who in WHO:
        tab = Tab(people[who]).open()
        found = lines(tab)
        assert {group: sorted(actions) for group, actions in found.items()} == {
            group: sorted(actions) for group, actions in expected(who).items()
        }, who


def test_today_counts_what_goes_out_and_shows_how_everything_stands(people: People) -> None:
    tab = Tab(people["viewer"]).open()
    figures = {each.label: (each.value, each.delta) for each in tab.app.metric}
    assert figures["Out today"] == ("9", "3 published")  # scheduled, being sent and published: 3 of each
    rows = [row for group in tab.component("home_slots")["groups"] for row in group["rows"]]
    stands = sorted(row["shown"]["label"] for row in rows)
    each = ["Checking", "Failed", "Held", "Needs you", "Needs you", "Published", "Scheduled", "Sending"]
    assert stands == sorted(each * 3)


def test_what_changed_meanwhile_shows_by_itself(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open()
    assert tab.has("caught_up_state")
    post = make_submitted(team.author, [team.account_id], text="Please look", slot_at=soon())
    tab.again()
    (item,) = tab.component("home_items")["items"]
    assert (item["title"], item["href"]) == ("Please look", f"/approvals?post={post}")


def test_what_a_network_took_and_does_not_show_waits_on_home_until_it_is_taken_away(
    committed_database: db.Database, worker_database: db.Database
) -> None:
    team, because = make_team(), "Facebook couldn't process it. Export it again."
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    found = publication(team.admin, make_approved(team.author, team.approver, [team.account_id], slot_at=soon(0.1)))
    publish(worker_database, found)
    hide(worker_database, found, because)
    tab = Tab(sign_in).open()
    (item,) = tab.component("home_items")["items"]
    assert (item["group"], item["title"], item["note"]) == (
        "Not shown 1",
        "Not shown on Acme Coffee (Facebook)",
        because,
    )
    assert (item["action"], item["href"]) == ("Open", f"/post?post={found.post_id}")
    assert {each.label: each.value for each in tab.app.metric}["Failed or needs you"] == "1"
    take_away(worker_database, found)
    assert Tab(sign_in).open().has("caught_up_state")


def test_who_can_do_nothing_about_it_can_still_look(team: Team) -> None:
    make_approved(team.author, team.approver, [team.account_id], text="Stuck", slot_at=soon())
    pause = pause_account(team.approver, team.account_id)
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    paused, item = Tab(sign_in).open().component("home_items")["items"]
    assert (item["title"], item["action"], item["href"].startswith("/post?post=")) == ("Stuck", "", True)
    assert (paused["title"], paused["action"], paused["href"]) == (
        "Acme Coffee (Facebook) is paused",
        "",
        f"/resume?pause={pause}",
    )


def test_a_post_that_is_held_on_two_accounts_says_which(team: Team) -> None:
    other = make_account(team.admin, name="Blue Fern").id
    make_approved(team.author, team.approver, [team.account_id, other], text="Held twice", slot_at=soon())
    pause_account(team.admin, other)
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    assert [note.split(" is ")[0] for note in notes(sign_in, "Held")] == ["Blue Fern (Facebook)"]
    pause_organization(team.admin, "A recall")
    assert sorted(note.split(": ")[0] for note in notes(sign_in, "Held")) == [
        "Acme Coffee (Facebook)",
        "Blue Fern (Facebook)",
    ]


def test_two_accounts_of_one_name_are_told_apart_by_their_networks(team: Team) -> None:
    other = make_account(team.admin, name="Acme Coffee", network="linkedin", provider="linkedin").id
    make_approved(team.author, team.approver, [team.account_id, other])
    make_approved(team.author, team.approver, [team.account_id, other], slot_at=soon())
    pause_account(team.admin, other)
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    assert [note.split(" is ")[0] for note in notes(sign_in, "Held")] == ["Acme Coffee (LinkedIn)"]
    assert sorted(notes(sign_in, "Approved")) == ["Acme Coffee (Facebook)", "Acme Coffee (LinkedIn)"]


FROM_A_BACKUP = "This comes from a backup: it may have been sent since. Look at the account first."


def test_what_comes_from_a_backup_says_so_wherever_a_press_would_send_it(
    committed_database: db.Database, worker_database: db.Database
) -> None:
    team = make_team()
    asked = make_submitted(team.author, [team.account_id], text="Asked for", slot_at=soon())
    untimed = make_approved(team.author, team.approver, [team.account_id], text="Without a time")
    late = make_approved(team.author, team.approver, [team.account_id], text="Late", slot_at=soon())
    send(worker_database, publication(team.author, late), _S.NEEDS_HUMAN, needs=Needs.LATE)
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    groups = ("Needs a person", "To approve", "Approved")
    assert not any(FROM_A_BACKUP in note for group in groups for note in notes(sign_in, group))
    for post in (asked, untimed, late):
        come_from_backup(worker_database, publication(team.author, post))
    for group in groups:
        (note,) = notes(sign_in, group)
        assert FROM_A_BACKUP in note


def notes(sign_in: SignIn, group: str) -> list[str]:
    items = Tab(sign_in).open().component("home_items")["items"]
    return [item["note"] for item in items if item["group"].startswith(group)]
