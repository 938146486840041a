"""Posts as a file: what the filter says, all of it, and who took it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import pytest

from core.audit.queries import history
from core.infra import db
from core.posts import commands, exporting, queries
from core.posts.rules import Word
from core.posts.views import Filters
from tests.factories.accounts import make_account
from tests.factories.posts import (
    Team,
    hide,
    make_approved,
    make_post,
    make_submitted,
    make_team,
    publications,
    publish,
    soon,
    take_away,
)


@pytest.fixture
def team(database: db.Database) -> Team:
    return make_team()


@pytest.fixture
def real_team(committed_database: db.Database) -> Team:
    return make_team()


def lines(exported: exporting.Exported) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported.data.decode("utf-8-sig"), newline="")))


def test_a_line_says_what_a_post_is_where_it_goes_and_when(team: Team) -> None:
    other = make_account(team.admin, name="=Acme Tea").id
    at = datetime(2027, 7, 1, 8, 30, tzinfo=UTC)
    post = make_post(team.author, [team.account_id, other], text="=1+1", link="https://a.example", slot_at=at)
    (line,) = lines(commands.export(team.viewer, Filters()))
    assert (line["post_id"], line["state"], line["author"]) == (str(post), "Draft", team.author.name)
    assert (line["slot_utc"], line["slot_local (Europe/Berlin)"]) == (
        "2027-07-01T08:30:00+00:00",
        "2027-07-01T10:30:00+02:00",
    )
    assert (line["text"], line["accounts"], line["networks"]) == ("'=1+1", "'=Acme Tea; Acme Coffee", "facebook")
    assert set(line["publication_ids"].split("; ")) == {str(each.id) for each in publications(team.author, post)}


def test_a_line_says_that_a_post_was_deleted_at_its_network(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    second = make_account(team.admin, name="Acme Tea").id
    both = make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon(), text="Two")
    one = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(48), text="One")
    for each in (*publications(team.author, both), *publications(team.author, one)):
        publish(worker_database, each)
    take_away(worker_database, publications(team.author, one)[0])
    take_away(worker_database, publications(team.author, both)[0])
    wanted = Filters(words=(Word.PUBLISHED,))
    found = {line["text"]: line for line in lines(commands.export(team.viewer, wanted))}
    assert (found["One"]["state"], found["One"]["progress"]) == ("Published: deleted", "")
    assert (found["Two"]["state"], found["Two"]["progress"]) == ("Published", "2 of 2 published, 1 deleted")
    assert found["One"]["deleted_utc"] >= found["One"]["published_utc"]
    assert found["One"]["deleted_local (Europe/Berlin)"]
    listed = {row.text: (row.shown.words, row.progress) for row in queries.listing(team.viewer, wanted).rows}
    assert listed == {name: (line["state"], line["progress"] or None) for name, line in found.items()}


def test_a_line_says_that_its_network_does_not_show_what_it_took(real_team: Team, worker_database: db.Database) -> None:
    team = real_team
    second = make_account(team.admin, name="Acme Tea").id
    post = make_approved(team.author, team.approver, [team.account_id, second], slot_at=soon(), text="A reel")
    for each in publications(team.author, post):
        publish(worker_database, each)
    hide(worker_database, publications(team.author, post)[0], "Facebook couldn't process it.")
    (line,) = lines(commands.export(team.viewer, Filters(words=(Word.PUBLISHED,))))
    assert (line["state"], line["progress"]) == ("Published: not shown", "2 of 2 published, 1 not shown")
    (row,) = queries.listing(team.viewer, Filters()).rows
    assert (row.shown.words, row.progress) == (line["state"], line["progress"])


def test_it_is_the_filter_in_the_order_of_the_list_and_every_page_of_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    for number in range(5):
        make_post(team.author, [team.account_id], text=f"Draft {number} " + "x" * 400, slot_at=soon(24 + number))
    make_submitted(team.author, [team.account_id], text="Waits", slot_at=soon())
    wanted = Filters(words=(Word.DRAFT,))
    exported = commands.export(team.viewer, wanted)
    assert [line["post_id"] for line in lines(exported)] == [
        str(row.id) for row in queries.listing(team.viewer, wanted).rows
    ]
    assert (exported.posts, len(lines(exported)[0]["text"])) == (5, 408)


def test_it_ends_where_a_file_gets_too_long(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 3)
    newest = [make_post(team.author, slot_at=soon(24 + number)) for number in range(5)][:1:-1]
    exported = commands.export(team.viewer, Filters())
    assert [UUID(line["post_id"]) for line in lines(exported)] == newest


def test_nothing_that_fits_is_a_header_alone(team: Team) -> None:
    assert commands.export(team.viewer, Filters(text="nothing like it")).data.count(b"\n") == 1


def test_who_took_what_is_in_the_audit_trail(team: Team) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    commands.export(team.viewer, Filters(words=(Word.SCHEDULED,), account_id=team.account_id))
    (line,) = [
        each for each in history(team.viewer, "organization", team.organization_id) if each.action == "post.export"
    ]
    assert (line.actor, line.after) == (
        team.viewer.label,
        {"posts": 1, "states": ["scheduled"], "account": str(team.account_id)},
    )
