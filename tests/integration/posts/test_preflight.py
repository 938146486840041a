"""Will it publish? Faults that come about after everything was fine, at each moment somebody or something looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text as sql

from core import providers
from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.infra import db, installation
from core.infra.settings import Settings
from core.notices import commands as notices_commands
from core.posts import calendar, commands, preflight, preflight_rows, queries
from core.posts.checks import checks
from core.posts.views import AccountProblem, Filters
from core.provider_kit.throttle import Limits, Scope, Usage
from core.provider_kit.types import ApiVersion, ImageRules, Network, TextRules
from core.throttle import store as throttle
from tests.factories.costs import rows_fetched
from tests.factories.media import make_kept_image
from tests.factories.networks import declare
from tests.factories.notices import by, everybody, notices
from tests.factories.pauses import pause_account, pause_organization, pause_provider
from tests.factories.posts import Team, make_approved, make_post, make_submitted, make_team, publication, soon
from tests.factories.publishing import House, make_many_due, make_quiet_house, tamper, use_owner
from tests.fixtures.servers import SECRET_KEY

TAKES = ImageRules(("image/jpeg",), 1_000_000, max_alt=100)
NETWORK = Network("facebook", "Facebook", "", "", TextRules("codepoints", 500), takes_link=True, images=TAKES)
SLOT_H = 23
Fault = Callable[[Team, pytest.MonkeyPatch, Path, db.Database], None]


@pytest.fixture
def team(committed_database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    declare(monkeypatch, {"facebook": NETWORK})
    pretend(monkeypatch)
    return make_team()


def pretend(monkeypatch: pytest.MonkeyPatch, **of: Any) -> None:
    """A provider that is as real ones are, but for what a fault changes."""
    meta = replace(providers.provider("meta"), **of)
    monkeypatch.setattr("core.accounts.queries.registry.providers", lambda: {"meta": meta})


def change(team: Team, statement: str, **values: Any) -> None:
    with db.transaction(team.admin) as session:
        session.execute(sql(statement), {"account": team.account_id, **values})


def token_ends(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    change(
        team,
        "update masthead.credential set expires_at = clock_timestamp() + interval '20 minutes'"
        " where account_id = :account",
    )


def data_access_ends(team: Team, monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    declare(monkeypatch, {"facebook": replace(NETWORK, needs_data_access=True)})
    end_data_access(team, timedelta(minutes=20))


def end_data_access(team: Team, after: timedelta) -> None:
    change(
        team,
        "update masthead.connection set data_access_expires_at = clock_timestamp() + :after"
        " where id = (select connection_id from masthead.account where id = :account)",
        after=after,
    )


def scope_lost(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    change(
        team,
        "update masthead.connection set scopes = array['pages_show_list'] where id ="
        " (select connection_id from masthead.account where id = :account)",
    )


def consent_ends(_team: Team, monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    pretend(monkeypatch, consent_lasts=timedelta(minutes=20))


def version_ends(_team: Team, monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    pretend(monkeypatch, api=ApiVersion("v1.0", date(2020, 1, 1), "PROVIDER_META_API_VERSION"))


def quota_full(team: Team, monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    for number in range(2):
        make_approved(
            team.author, team.approver, [team.account_id], text=f"Another {number}", slot_at=soon(SLOT_H - number - 1)
        )
    declare(monkeypatch, {"facebook": replace(NETWORK, daily_posts=2)})


def rules_tighter(_team: Team, monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    declare(monkeypatch, {"facebook": replace(NETWORK, images=replace(TAKES, min_width=2_000))})


def file_gone(_team: Team, _monkeypatch: pytest.MonkeyPatch, files: Path, _worker: db.Database) -> None:
    for each in files.rglob("*"):
        if each.is_file():
            each.unlink()


def address_private(_team: Team, monkeypatch: pytest.MonkeyPatch, files: Path, _worker: db.Database) -> None:
    declare(monkeypatch, {"facebook": replace(NETWORK, fetches_media=True)})
    installation.use(
        Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,
            MASTHEAD_STORAGE_URL=f"file://{files}",
            MASTHEAD_PUBLIC_URL="http://192.168.1.9",
        )
    )


def budget_used_up(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, worker: db.Database) -> None:
    use_up_a_budget(team, worker, timedelta(hours=24))


def use_up_a_budget(team: Team, worker: db.Database, until: timedelta) -> None:
    usage = Usage(Scope.ACCOUNT, 96.0, regain_s=until.total_seconds())
    with worker.organization_transaction(team.organization_id, "program:sender", "test") as session:
        throttle.keep_account(session, team.account_id, None, usage, Limits())


def account(state: AccountState) -> Fault:
    def fault(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
        with db.transaction(team.admin) as session:
            accounts.change_account(session, team.account_id, state=state)

    return fault


def account_paused(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    pause_account(team.approver, team.account_id, "a recall")


def provider_paused(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    pause_provider(team.admin, "meta", "a recall")


def organization_paused(team: Team, _monkeypatch: pytest.MonkeyPatch, _files: Path, _worker: db.Database) -> None:
    pause_organization(team.admin, "a recall")


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "token ends": (token_ends, "The access to the account ends before its time", "connect"),
    "data access ends": (data_access_ends, "data ends before its time", "connect"),
    "consent ends": (consent_ends, "The consent behind the account ends before its time", "connect"),
    "scope lost": (scope_lost, "pages_manage_posts was not given", "connect"),
    "access refused": (account(AccountState.AUTH_BROKEN), "must be connected again", "connect"),
    "account paused": (account_paused, "This will be held: Acme Coffee (Facebook) is paused by", "resume"),
    "provider paused": (provider_paused, "is paused here by", "resume"),
    "organization paused": (organization_paused, "paused for the whole organization", "resume"),
    "quota full": (quota_full, "other posts go to this account", "reschedule"),
    "rules of the network": (rules_tighter, "needs at least 2000", "edit"),
    "file gone": (file_gone, "gone from Masthead's storage", "edit"),
    "address private": (address_private, "can't fetch the image", "operator"),
    "budget used up": (budget_used_up, "asks us to slow down until", "reschedule"),
    "version ends": (version_ends, "ends version v1.0", "operator"),
}


def post(team: Team, make: Callable[..., UUID], *people: Any) -> UUID:
    return make(*people, [team.account_id], slot_at=soon(SLOT_H), media=make_kept_image(team.author))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_fix_at_every_moment(
    team: Team, worker_database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written = post(team, make_post, team.author)
    asked = post(team, make_submitted, team.author)
    waiting = post(team, make_approved, team.author, team.approver)
    bring_about, words, mend = FAULTS[name]
    bring_about(team, monkeypatch, kept_files, worker_database)

    def found(problems: tuple[AccountProblem, ...]) -> list[tuple[str, bool]]:
        return [(each.mend, each.threatens) for each in problems if words in each.words]

    assert found(queries.draft(team.author, written).problems) == [(mend, True)], "at the save"
    (of_review,) = queries.review(team.approver, asked).publications
    assert found(of_review.problems) == [(mend, True)], "at the approval"
    for moment in ("a day ahead", "an hour ahead"):
        look(worker_database)
        assert words in risk(team, waiting), moment
        come_nearer(team)


@pytest.mark.parametrize(("needed", "severities"), [(True, ["error"]), (False, [])])
def test_the_end_of_access_to_data_stops_only_networks_that_need_it(
    team: Team, monkeypatch: pytest.MonkeyPatch, needed: bool, severities: list[str]
) -> None:
    declare(monkeypatch, {"facebook": replace(NETWORK, needs_data_access=needed)})
    written = post(team, make_post, team.author)
    end_data_access(team, timedelta(days=-1))
    found = queries.draft(team.author, written).problems
    assert [each.severity for each in found if "has ended" in each.words] == severities


def test_of_metas_networks_instagram_alone_needs_the_access_to_data() -> None:
    needing = {key for key, network in providers.networks().items() if network.needs_data_access}
    assert needing == {"instagram"}


@pytest.mark.parametrize(
    ("after_its_slot", "fix", "mend"),
    [
        (timedelta(minutes=10), "It goes out by itself afterwards, within its window.", "wait"),
        (timedelta(hours=1), "By then it is late, and nothing is sent by itself. Choose a later time.", "reschedule"),
    ],
)
def test_only_what_its_window_outlasts_is_said_to_go_out_by_itself(
    team: Team, worker_database: db.Database, after_its_slot: timedelta, fix: str, mend: str
) -> None:
    written = make_post(team.author, [team.account_id], slot_at=soon(2))
    use_up_a_budget(team, worker_database, timedelta(hours=2) + after_its_slot)
    (found,) = [each for each in queries.draft(team.author, written).problems if "slow down" in each.words]
    assert (found.fix, found.mend, found.threatens) == (fix, mend, True)


def test_a_post_without_a_time_is_late_for_nothing(team: Team, worker_database: db.Database) -> None:
    written = make_post(team.author, [team.account_id])
    use_up_a_budget(team, worker_database, timedelta(hours=2))
    assert not [each for each in queries.draft(team.author, written).problems if "slow down" in each.words]


def look(worker: db.Database) -> int:
    """One pass of the job; gives how many were looked at."""
    return by(worker, lambda: preflight.look_due(50))


def risk(team: Team, post_id: UUID) -> str:
    with db.transaction(team.admin) as session:
        return str(
            session.execute(
                sql(
                    "select f.findings from masthead.preflight f join masthead.publication p on p.id = f.publication_id"
                    " where p.post_id = :post and f.version = p.version"
                ),
                {"post": post_id},
            ).scalar_one()
        )


def come_nearer(team: Team) -> None:
    """Half an hour is left: what was looked at before counts as long ago."""
    change(
        team,
        "update masthead.publication set due_at = due_at - interval '22 hours 30 minutes',"
        " not_after = not_after - interval '22 hours 30 minutes' where state = 'scheduled' and account_id = :account",
    )


def test_sound_posts_have_nothing_against_them(team: Team, worker_database: db.Database) -> None:
    posts = [
        make_approved(team.author, team.approver, [team.account_id], text=f"Sound {number}", slot_at=soon(SLOT_H))
        for number in range(20)
    ]
    assert look(worker_database) == len(posts)
    assert {risk(team, each) for each in posts} == {"[]"}
    assert look(worker_database) == 0, "nothing is looked at twice without a reason"
    assert by(worker_database, notices_commands.raise_risks) == 0


def test_what_is_far_away_or_not_scheduled_is_not_looked_at(team: Team, worker_database: db.Database) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon(30))
    make_submitted(team.author, [team.account_id], text="Asked", slot_at=soon(3))
    assert look(worker_database) == 0


def test_a_risk_shows_everywhere_and_goes_with_its_cause(
    team: Team, worker_database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_risk = post(team, make_approved, team.author, team.approver)
    version_ends(team, monkeypatch, kept_files, worker_database)
    look(worker_database)

    home = queries.home(team.viewer)
    assert [(each.post_id, each.shown.label, each.shown.detail) for each in home.at_risk] == [
        (at_risk, "Scheduled", "at risk")
    ]
    assert home.at_risk[0].because.endswith(
        "Your operator has to set PROVIDER_META_API_VERSION to a newer one before that."
    )
    assert home.counts.at_risk == 1
    (shown,) = queries.detail(team.viewer, at_risk).publications
    assert (shown.shown.detail, shown.because) == ("at risk", home.at_risk[0].because)
    day = soon(SLOT_H).date()
    month = calendar.calendar(team.viewer, day - timedelta(days=1), day + timedelta(days=1), Filters())
    assert [chip.shown.detail for each in month.days for chip in each.chips] == ["at risk"]

    monkeypatch.undo()
    declare(monkeypatch, {"facebook": NETWORK})
    change(team, "update masthead.account set updated_at = clock_timestamp() where id = :account")
    monkeypatch.setattr(preflight, "AGAIN_AFTER", timedelta(0))
    look(worker_database)
    assert queries.home(team.viewer).at_risk == ()
    assert queries.detail(team.viewer, at_risk).publications[0].shown.detail == ""


def test_people_are_told_a_day_and_an_hour_ahead_once_each(
    team: Team, worker_database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(team, make_approved, team.author, team.approver)
    version_ends(team, monkeypatch, kept_files, worker_database)
    told: dict[str, list[str]] = {"viewer": [], "author": ["at_risk"], "approver": ["at_risk"], "admin": ["at_risk"]}
    look(worker_database)
    assert by(worker_database, notices_commands.raise_risks) == 3
    assert by(worker_database, notices_commands.raise_risks) == 0
    assert everybody(team) == told
    (said,) = notices(team.author)
    assert "is due on Acme Coffee (Facebook) " in said.words
    assert "may not go out. Facebook ends version v1.0" in said.words
    come_nearer(team)
    look(worker_database)
    assert by(worker_database, notices_commands.raise_risks) == 3
    assert by(worker_database, notices_commands.raise_risks) == 0


def test_an_edit_forgets_what_was_found_until_the_next_look(
    team: Team, worker_database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_risk = post(team, make_approved, team.author, team.approver)
    version_ends(team, monkeypatch, kept_files, worker_database)
    look(worker_database)
    saved = queries.draft(team.author, at_risk).post
    commands.save(
        team.author,
        at_risk,
        saved.revision,
        text="Other words",
        link=None,
        account_ids=[team.account_id],
        slot_at=saved.slot_at,
    )
    assert queries.home(team.viewer).at_risk == ()
    assert publication(team.author, at_risk).state == "draft"


def test_a_lapse_before_the_slot_is_a_risk(team: Team, worker_database: db.Database) -> None:
    waiting = make_approved(team.author, team.approver, [team.account_id], slot_at=soon(SLOT_H))
    change(team, "update masthead.publication set approved_until = :until where account_id = :account", until=soon(2))
    look(worker_database)
    assert "Its approval lapses before its time." in risk(team, waiting)


def test_the_registry_is_the_folder() -> None:
    folder = Path(__file__).parents[3] / "core" / "posts" / "checks"
    assert set(checks()) == {each.stem for each in folder.glob("*.py")} - {"__init__"}


def test_a_first_comment_wants_its_permission_and_a_post_without_one_does_not(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, {"facebook": replace(NETWORK, comments=TextRules("codepoints", 100))})
    change(
        team,
        "update masthead.connection set scopes = array_remove(scopes, 'pages_manage_engagement')"
        " where id = (select connection_id from masthead.account where id = :account)",
    )
    for comment, expected in (("First!", [("error", "comment", "connect")]), ("", [])):
        post = make_post(team.author, [team.account_id], text=f"Beans. {comment}", comment=comment)
        problems = queries.draft(team.author, post).problems
        found = [(each.severity, each.place, each.mend) for each in problems if "pages_manage_engagement" in each.words]
        assert found == expected


def approved(team: Team, *hours: float) -> list[UUID]:
    """Publications with a slot in so many hours each."""
    made = (
        make_approved(team.author, team.approver, [team.account_id], text=f"In {each} h.", slot_at=soon(each))
        for each in hours
    )
    return [publication(team.author, each).id for each in made]


def to_be_looked_at(worker: db.Database, at_most: int) -> list[UUID]:
    with worker.free_transaction() as session:
        return [publication_id for _, publication_id in preflight_rows.due(session, at_most, preflight.AGAIN_AFTER)]


def let_looks_be_old(team: Team, worker: db.Database, age: timedelta) -> None:
    with worker.organization_transaction(team.organization_id, "program:test") as session:
        session.execute(sql("update masthead.preflight set looked_at = looked_at - :age"), {"age": age})


def test_an_organization_with_much_to_look_at_keeps_nobody_elses_waiting(
    team: Team, worker_database: db.Database
) -> None:
    many, other = approved(team, 2, 3, 4), make_team()
    (theirs,) = approved(other, 20)
    found = to_be_looked_at(worker_database, 10)
    assert set(found[:2]) == {many[0], theirs}
    assert found[2:] == many[1:]
    taken = [to_be_looked_at(worker_database, 1) for _ in range(100)]
    assert [theirs] in taken  # once in 2 to the hundredth it isn't


def test_what_was_never_looked_at_comes_before_what_is_looked_at_again(
    team: Team, worker_database: db.Database
) -> None:
    again = approved(team, 2, 3, 4)
    pause_organization(team.admin, "a recall")
    assert look(worker_database) == 3
    assert to_be_looked_at(worker_database, 10) == []
    let_looks_be_old(team, worker_database, timedelta(minutes=6))
    other = make_team()
    first, mine = approved(other, 20), approved(team, 21)
    assert set(to_be_looked_at(worker_database, 2)) == {*first, *mine}
    assert to_be_looked_at(worker_database, 10)[2:] == again


@pytest.mark.parametrize("slot_h", [0.5, SLOT_H], ids=["near", "changed"])
def test_what_is_at_risk_and_due_for_another_look_too_is_taken_once(
    team: Team, worker_database: db.Database, slot_h: float
) -> None:
    found = approved(team, slot_h)
    pause_organization(team.admin, "a recall")
    look(worker_database)
    let_looks_be_old(team, worker_database, timedelta(hours=2))
    if slot_h == SLOT_H:
        come_nearer(team)
    assert to_be_looked_at(worker_database, 10) == found


MANY = 2000


@pytest.fixture
def crowd(settings: Settings, committed_database: db.Database) -> House:
    """An organization with very much that goes out within a day."""
    use_owner(settings.owner_url())
    house = make_quiet_house()
    make_many_due(house, MANY)
    tamper(house.organization_id, "update masthead.publication set due_at = due_at + interval '2 hours'")
    return house


def rows_read_to_find(worker: db.Database, at_most: int) -> tuple[int, int]:
    """How many rows Postgres fetched to say what is to be looked at, and how many it said."""
    with worker.free_transaction() as session:
        with rows_fetched(session, "publication", "preflight") as fetched:
            found = preflight_rows.due(session, at_most, preflight.AGAIN_AFTER)
        return fetched.count, len(found)


def test_to_say_what_is_to_be_looked_at_costs_what_it_gives_however_much_that_is(
    crowd: House, worker_database: db.Database
) -> None:
    assert rows_read_to_find(worker_database, 4) == (pytest.approx(0, abs=60), 4)


def test_of_what_was_looked_at_each_row_is_passed_once_to_say_what_is_looked_at_again(
    crowd: House, worker_database: db.Database
) -> None:
    tamper(
        crowd.organization_id,
        "insert into masthead.preflight(organization_id, publication_id, version, due_at, looked_at, findings)"
        " select organization_id, id, version, due_at, clock_timestamp() - interval '6 minutes', '[{}]'"
        " from masthead.publication",
    )
    read, found = rows_read_to_find(worker_database, 4)
    assert found == 4
    assert read < 3 * MANY  # the publication and what was found of it, and little more
