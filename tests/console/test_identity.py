"""Who is here is asked at every run: ended, disabled and changed people notice with their next click."""

from __future__ import annotations

from uuid import uuid4

import pytest

from console import frame
from core.infra import db
from core.infra.actor import Role
from core.organizations import commands, queries
from core.posts import queries as posts
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.organizations import make_organization, make_sign_in
from tests.factories.posts import Team, make_submitted, soon


def test_somebody_unknown_sees_the_sign_in_page_on_every_address(team: Team) -> None:
    tab = Tab(None)
    for path in ("", "posts", "compose", "approvals", "accounts", "post"):
        tab.open(path)
        assert tab.title == "Sign in to Masthead"
        assert [each.key for each in tab.app.button] == ["sign_in"]


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        ("declined", "You stopped the sign-in"),
        ("provider", "doesn't answer"),
        ("trouble", "didn't come through"),
        ("signed-out", "You are signed out."),
    ],
)
def test_what_went_wrong_on_the_way_is_told(team: Team, notice: str, words: str) -> None:
    assert words in Tab(None).open("", notice=notice).words


def test_an_unknown_notice_says_nothing(team: Team) -> None:
    assert not Tab(None).open("", notice="<script>").app.info


def test_without_a_sign_in_service_the_page_says_what_to_set(team: Team) -> None:
    tab = Tab(None)
    tab.app.secrets = {}
    tab.app.run()
    assert "MASTHEAD_OIDC_METADATA_URL" in tab.app.error[0].value
    assert not tab.app.button


def test_a_person_without_an_organization_is_told_whom_to_ask(team: Team) -> None:
    tab = Tab(make_sign_in("lonely", email="lonely@people.example")).open()
    assert tab.title == "No organization yet"
    assert "lonely@people.example" in tab.words


def test_a_member_sees_organization_role_and_zone(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open()
    links = [each.proto.label for each in tab.app.sidebar.get("page_link")]
    assert "Edgar Editor · editor" in links
    for words in ("Northwind", "Europe/Berlin"):
        assert words in tab.words


def test_a_disabled_person_is_refused_with_the_next_click(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open("posts")
    commands.disable_member(team.admin, uuid4(), actor.member_id)
    tab.press("new_post")
    assert tab.title == "No organization yet"


def test_a_disabled_approver_decides_nothing_any_more(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.APPROVER)
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    tab = Tab(sign_in).open("approvals")
    commands.disable_member(team.admin, uuid4(), actor.member_id)
    tab.press(f"approve_{post}_1")
    assert tab.title == "No organization yet"
    assert len(posts.review_queue(team.admin).items) == 1


def test_a_changed_role_counts_from_the_next_click_on(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open("posts")
    assert not tab.button("new_post").disabled
    commands.change_role(team.admin, uuid4(), actor.member_id, Role.VIEWER)
    tab.again()
    assert tab.button("new_post").disabled


def test_a_sign_in_that_was_ended_stays_ended_in_every_tab(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    tab, other = Tab(sign_in).open("posts"), Tab(sign_in).open("posts")
    commands.sign_out(sign_in.key)
    for each in (tab, other):
        each.again()
        assert each.title == "Sign in to Masthead"
        assert "over" in each.words
    fresh = Tab(sign_in).open("posts")
    assert fresh.title == "Sign in to Masthead"
    assert sign_in.now() is None


def test_signing_out_ends_the_sign_in_in_the_database_first(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    tab = Tab(sign_in).open()
    tab.press("sign_out")
    assert sign_in.now() is None
    assert tab.title == "Sign in to Masthead"


def test_the_database_is_asked_at_every_run(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open()
    asked: list[str] = []
    real = queries.signed_in

    def counted(session_key: bytes, correlation_id: str) -> queries.SignedIn | None:
        asked.append(correlation_id)
        return real(session_key, correlation_id)

    monkeypatch.setattr(queries, "signed_in", counted)
    tab.again()
    first = len(asked)
    tab.again()
    assert first >= 1
    assert len(asked) == 2 * first
    assert len(set(asked)) == len(asked), "every run has a correlation id of its own"


def test_an_idle_tab_asks_again_soon_enough() -> None:
    # Streamlit's timer and the blank page are seen by the browser tests; here: the arithmetic of PRODUCT 3.
    assert 2 * frame.LOOK_AGAIN_S <= 30


def test_the_switcher_leads_into_the_other_organization(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.EDITOR)
    other = make_organization("Harbor Museum", "America/New_York")
    commands.enrol(
        other,
        issuer=sign_in.claims["iss"],
        subject=sign_in.claims["sub"],
        email=sign_in.claims["email"],
        name="Edgar Editor",
        role=Role.VIEWER,
    )
    tab = Tab(sign_in).open("posts", state="draft")
    switch = next(each for each in tab.app.selectbox if each.label == "Organization")
    assert switch.options == ["Harbor Museum", "Northwind"]
    switch.set_value(other)
    tab.again()
    assert sign_in.actor().organization_id == other
    assert tab.button("new_post").disabled
    assert "America/New_York" in tab.words
    assert tab.address == {}


def test_an_invitation_is_accepted_with_one_press(team: Team) -> None:
    invited = commands.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    token = invited.link_path.partition("=")[2]
    assert "You are invited" in Tab(None).open("", invitation=token).words
    sign_in = make_sign_in("new", email="new@people.example", name="Nils New")
    tab = Tab(sign_in).open("", invitation=token)
    assert tab.title == "Welcome, Nils New"
    tab.press("accept_invitation")
    assert sign_in.actor().role is Role.EDITOR
    assert "Northwind" in tab.words
    assert tab.address == {}


def test_an_invitation_for_another_address_is_refused_in_words(team: Team) -> None:
    invited = commands.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    sign_in = make_sign_in("thief", email="thief@people.example")
    tab = Tab(sign_in).open("", invitation=invited.link_path.partition("=")[2])
    tab.press("accept_invitation")
    assert "ne•••@people.example" in tab.words
    assert sign_in.here().actor is None


def test_a_member_elsewhere_may_accept_or_leave_an_invitation(team: Team, database: db.Database) -> None:
    sign_in = make_sign_in("both", email="both@people.example")
    other = make_organization("Harbor Museum")
    commands.enrol(
        other,
        issuer=sign_in.claims["iss"],
        subject=sign_in.claims["sub"],
        email="both@people.example",
        name="Bo Both",
        role=Role.VIEWER,
    )
    invited = commands.invite(team.admin, uuid4(), "both@people.example", Role.EDITOR)
    token = invited.link_path.partition("=")[2]
    tab = Tab(sign_in).open("", invitation=token)
    assert tab.has("invitation")
    tab.press("leave_invitation")
    assert not tab.has("invitation")
    tab.open("", invitation=token).press("accept_invitation")
    assert sign_in.actor().organization_id == team.organization_id


def test_the_viewers_clock_stands_beside_the_organizations_only_where_it_differs(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.APPROVER)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    assert "your time" not in Tab(sign_in, "Europe/Paris").open("approvals").words
    assert "your time" in Tab(sign_in, "Asia/Tokyo").open("approvals").words
    assert "your time" in Tab(sign_in, "Nowhere/Atall").open("approvals").words
