"""The bell, the Notices page, and what people choose to have mailed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from core.infra import crypto, db, installation
from core.infra.actor import Role
from core.notices import queries
from core.notices.rules import Delivery, Kind
from core.organizations import commands as organizations
from core.posts import commands as posts
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import use_test_keys
from tests.factories.notices import mail_all, raise_all
from tests.factories.posts import Team, make_submitted, make_team, soon
from tests.fixtures.programs import RunningSandbox, free_ports


@pytest.fixture
def team(committed_database: db.Database) -> Iterator[Team]:
    """Notices are written by a worker, which sees only what was committed."""
    yield make_team()
    use_test_keys()


def use_mail(monkeypatch: pytest.MonkeyPatch, smtp_url: str) -> None:
    monkeypatch.setenv("MASTHEAD_SMTP_URL", smtp_url)
    crypto.use(None)
    assert installation.settings().smtp_url is not None


def links(tab: Tab) -> list[str]:
    return [each.proto.label for each in tab.app.sidebar.get("page_link")]


def test_the_bell_counts_what_was_not_seen(team: Team, worker_database: db.Database) -> None:
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open()
    assert "Notices" in links(tab)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert "Notices  :red-badge[1]" in links(tab.again())


def test_a_notice_is_read_opened_and_counted_no_more(team: Team, worker_database: db.Database) -> None:
    sign_in, actor = someone(team.organization_id, Role.APPROVER)
    post = make_submitted(team.author, [team.account_id], text="*Beans* & tea", slot_at=soon())
    raise_all(worker_database)
    tab = Tab(sign_in).open("notices")
    assert "Edgar Editor asks you to approve “*Beans* & tea”." in tab.words
    assert "1 not seen" in tab.words
    (notice,) = queries.listed(actor)
    tab.press(f"open_{notice.id}")
    assert tab.title == "Post"
    assert tab.address["post"] == str(post)
    assert queries.unseen(actor) == 0


def test_notices_are_marked_as_seen_one_by_one_or_all(team: Team, worker_database: db.Database) -> None:
    sign_in, actor = someone(team.organization_id, Role.APPROVER)
    for number in range(3):
        make_submitted(team.author, [team.account_id], text=f"Number {number}", slot_at=soon(24 + number))
    raise_all(worker_database)
    tab = Tab(sign_in).open("notices")
    first = queries.listed(actor)[0]
    tab.press(f"see_{first.id}")
    assert not tab.has_button(f"see_{first.id}")
    assert queries.unseen(actor) == 2
    tab.press("notices_see_all")
    assert "all seen" in tab.words
    assert tab.button("notices_see_all").disabled
    assert queries.unseen(actor) == 0


def test_a_person_chooses_what_is_mailed_to_them(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open("profile")
    box = tab.app.selectbox(key="profile_mailed_approved")
    assert box.value == Delivery.DAILY
    box.set_value(Delivery.OFF)
    tab.again()
    chosen = {each.kind: each.delivery for each in queries.preferences(actor)}
    assert chosen[Kind.APPROVED] is Delivery.OFF
    assert chosen[Kind.FAILED] is Delivery.AT_ONCE
    assert tab.app.selectbox(key="profile_mailed_approved").value == Delivery.OFF


def test_without_a_mail_server_the_pages_say_so(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    assert "This installation sends no mail yet" in Tab(sign_in).open("profile").words
    assert "This installation sends no mail yet" in Tab(sign_in).open("settings").words


def test_admins_see_that_mail_does_not_get_through(
    team: Team, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_mail(monkeypatch, f"smtp://127.0.0.1:{free_ports(1)[0]}")
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    tab = Tab(sign_in).open("settings")
    assert "Mail gets through." in tab.words
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    tab.again()
    assert "3 waiting to be tried again" in tab.words
    assert "ConnectionRefusedError" in tab.words
    posts.withdraw(team.author, uuid4(), post)  # posts go on


@pytest.mark.parametrize("works", [True, False])
def test_an_invitation_is_mailed_where_mail_is_set_up_and_its_link_is_shown_in_any_case(
    team: Team, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    away = f"smtp://127.0.0.1:{free_ports(1)[0]}"
    use_mail(monkeypatch, sandbox.get("/_sandbox/world")["smtp_url"] if works else away)
    email = f"new{uuid4().hex[:8]}@people.example"
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    made = organizations.invite(actor, uuid4(), email, Role.EDITOR)
    tab = Tab(sign_in).open("members").press(f"invitation_renew_{made.invitation_id}")
    link = tab.app.code[0].value
    assert "/?invitation=" in link
    assert ("It was mailed to them just now" in tab.words) is works
    assert ("It could not be mailed (ConnectionRefusedError" in tab.words) is not works
    found = sandbox.get("/_sandbox/mail", to=email)
    assert [link in each["text"] for each in found] == [True] * works
