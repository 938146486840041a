"""Accounts: connecting, choosing, pausing and letting go, with what each costs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from console import cached
from core import providers
from core.accounts import credentials, queries, store
from core.accounts.rules import AccountState, PauseScope, Purpose
from core.infra import db
from core.infra.actor import Actor, Role
from core.provider_kit.diagnosis import Fault, Kind
from core.provider_kit.types import OfferedAccount
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.organizations import make_organization
from tests.factories.pauses import pause_account, resume
from tests.factories.posts import Team, make_approved, soon


@pytest.fixture
def admin(team: Team) -> Tab:
    return Tab(someone(team.organization_id, Role.ADMIN)[0])


def state(team: Team, account_id: UUID) -> AccountState:
    return queries.account(team.admin, account_id).state


def test_connecting_starts_at_ingest_with_a_link_for_this_sign_in(team: Team, admin: Tab) -> None:
    href = admin.open("accounts").component("connect_meta")["href"]
    assert href.startswith("http://localhost:8502/oauth/meta/start?intent=")
    other = Tab(someone(team.organization_id, Role.ADMIN)[0]).open("accounts")
    assert other.component("connect_meta")["href"] != href


def test_who_may_not_connect_sees_why(team: Team) -> None:
    tab = Tab(someone(team.organization_id, Role.APPROVER)[0]).open("accounts")
    button = tab.app.get_by_key("connect").proto.popover
    assert button.disabled
    assert "takes an admin" in button.help
    assert not tab.has("connect_meta")


def test_a_provider_without_settings_says_what_to_set(team: Team, admin: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVIDER_META_CLIENT_ID")
    providers.providers.cache_clear()
    assert admin.open("accounts").button("connect_meta_off").disabled
    assert "PROVIDER_META_CLIENT_ID" in admin.words


def test_what_can_be_connected_says_how_it_stands(team: Team, admin: Tab) -> None:
    make_account(team.admin, name="Acme Tea", state=AccountState.DISABLED)
    assert "1 connected" in captions(admin.open("accounts"))
    make_account(team.admin, name="Acme Broken", state=AccountState.AUTH_BROKEN)
    assert "1 connected, 1 to connect again" in captions(admin.open("accounts"))
    empty = Tab(someone(make_organization(), Role.ADMIN)[0]).open("accounts")
    assert "Nothing connected yet" in captions(empty)


def captions(tab: Tab) -> list[str]:
    return [str(each.value) for each in tab.app.caption]


def test_pausing_needs_a_reason_and_holds_what_waits(team: Team, admin: Tab) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    admin.open("accounts").press(f"pause_{team.account_id}")
    assert admin.button("pause_confirm").disabled
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.app.text_input(key="pause_reason").set_value("Stocktaking")
    admin.again()
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.press("pause_confirm")
    (pause,) = queries.pauses(team.admin)
    assert (pause.account_id, pause.reason) == (team.account_id, "Stocktaking")
    assert "Paused. By" in admin.words
    assert "Stocktaking" in admin.words
    assert "1 post waits" in admin.words
    admin.open("resume", pause=str(pause.id))
    assert "1 post has its time to come and goes out at it." in admin.words
    admin.press("resume_confirm")
    assert queries.pauses(team.admin) == ()


def test_pausing_again_for_the_same_reason_in_another_tab_pauses_again(team: Team) -> None:
    sign_in, _ = someone(team.organization_id, Role.ADMIN)
    for _ in range(2):
        tab = Tab(sign_in)  # of the same sign-in, as after a reload
        tab.open("accounts").press(f"pause_{team.account_id}")
        tab.app.session_state["account_asked"] = ("pause", team.account_id)
        tab.app.text_input(key="pause_reason").set_value("Wrong picture")
        tab.again()
        tab.app.session_state["account_asked"] = ("pause", team.account_id)
        tab.press("pause_confirm")
        (pause,) = queries.pauses(team.admin)
        resume(team.admin, pause.id)


def test_a_dialog_whose_press_was_refused_says_why_and_keeps_what_was_typed(team: Team, admin: Tab) -> None:
    admin.open("accounts").press(f"pause_{team.account_id}")
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.app.text_input(key="pause_reason").set_value("Stocktaking")
    admin.again()
    pause_account(team.approver, team.account_id, "Sooner than you")
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.press("pause_confirm")
    assert any("is paused already" in each.value for each in admin.app.warning)
    assert admin.app.text_input(key="pause_reason").value == "Stocktaking"
    assert not admin.has("trouble_bar")


def test_a_dialog_whose_press_broke_gives_the_incident_and_keeps_what_was_typed(
    team: Team, admin: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.open("accounts").press(f"pause_{team.account_id}")
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.app.text_input(key="pause_reason").set_value("Stocktaking")
    admin.again()
    monkeypatch.setattr("core.accounts.commands.pause_account", broken)
    admin.app.session_state["account_asked"] = ("pause", team.account_id)
    admin.app.button(key="pause_confirm").click().run()
    (error,) = admin.app.error
    assert "nothing was changed" in error.value
    assert "Incident `" in error.value
    assert admin.app.text_input(key="pause_reason").value == "Stocktaking"
    assert not admin.has("trouble_bar")


def broken(*_: object) -> None:
    raise RuntimeError("a bug")


def test_an_admin_pauses_everything_or_one_network_and_every_page_says_so(
    team: Team, admin: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is paused" not in admin.open("posts").words
    admin.open("accounts").press("pause_publishing")
    admin.app.session_state["pause_asked"] = True
    admin.app.radio(key="pause_what").set_value("meta")
    admin.app.text_input(key="pause_reason").set_value("Their API is down")
    admin.again()
    admin.app.session_state["pause_asked"] = True
    admin.press("pause_confirm")
    (pause,) = queries.pauses(team.admin)
    assert (pause.scope, pause.provider, pause.reason) == (PauseScope.PROVIDER, "meta", "Their API is down")
    assert "Publishing to Facebook and Instagram is paused." in admin.words
    monkeypatch.setattr(
        cached, "pauses", queries.pauses
    )  # what every page says is at most 2 s old; this test is quicker
    viewer = Tab(someone(team.organization_id, Role.VIEWER)[0])
    for path in ("", "posts", "calendar", "approvals"):
        words = viewer.open(path).words
        assert "Publishing to Facebook and Instagram is paused: Their API is down" in words, path
    assert "see above" in viewer.open("accounts").words
    assert viewer.button("pause_publishing").disabled


def test_disconnecting_names_what_it_strands_and_asks_for_the_name(team: Team, admin: Tab) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    admin.open("accounts").press(f"disconnect_{team.account_id}")
    assert "1 post waits for this account and will be held:" in admin.words
    assert "Fresh beans on Monday." in [each.value for each in admin.app.text]
    assert admin.button("disconnect_confirm").disabled
    admin.app.session_state["account_asked"] = ("disconnect", team.account_id)
    admin.app.text_input(key="disconnect_typed").set_value("Acme Coffee")
    admin.again()
    admin.app.session_state["account_asked"] = ("disconnect", team.account_id)
    admin.press("disconnect_confirm")
    assert state(team, team.account_id) is AccountState.DISABLED
    assert "Disconnected" in admin.words


def test_an_account_to_reconnect_offers_consent_again(team: Team, admin: Tab) -> None:
    broken = make_account(team.admin, name="Acme Tea", state=AccountState.AUTH_BROKEN)
    admin.open("accounts")
    assert admin.component(f"again_{broken.id}")["label"] == "Connect again"
    assert "Reconnect needed" in admin.words
    editor = Tab(someone(team.organization_id, Role.EDITOR)[0]).open("accounts")
    assert editor.button(f"again_{broken.id}_off").disabled


def test_of_many_accounts_those_that_want_a_person_come_first_and_the_others_on_asking(
    team: Team, admin: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.app_pages.accounts.accounts.AT_ONCE", 2)
    last = make_account(team.admin, name="Zest", state=AccountState.AUTH_BROKEN).id
    made = [*(make_account(team.admin, name=name).id for name in ("Bar", "Cellar")), last]

    def drawn() -> list[UUID]:
        keys = [each.key or "" for each in admin.app.button]
        return [each for each in (team.account_id, *made) if f"disconnect_{each}" in keys]

    admin.open("accounts")
    assert drawn() == [team.account_id, last]
    assert admin.button("accounts_more").label == "Show the other 2 accounts"
    admin.press("accounts_more")
    assert drawn() == [team.account_id, *made]


def test_only_what_was_chosen_comes_in(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    connection_id = granted(actor, [page("1", "Acme Tea"), page("2", "Acme Cakes"), page("3", "Acme Old", "No task.")])
    tab = Tab(sign_in).open("accounts", choose=str(connection_id))
    boxes = {each.label: each for each in tab.app.checkbox}
    assert boxes["Acme Old"].disabled
    assert not boxes["Acme Tea"].value
    assert "No task." in tab.words
    boxes["Acme Tea"].check()
    tab.press("choice_take")
    assert {each.name for each in queries.accounts(team.admin)} == {"Acme Coffee", "Acme Tea"}
    assert "1 account connected." in tab.words
    assert tab.address == {}


def test_what_was_connected_before_is_said_to_be_renewed(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    pages = [page("1", "Acme Tea"), page("2", "Acme Cakes"), page("3", "Acme Pies")]

    def take(count: int) -> str:
        tab = Tab(sign_in).open("accounts", choose=str(granted(actor, pages)))
        for each in tab.app.checkbox:
            each.set_value(each.label in {chosen.name for chosen in pages[:count]})
        return tab.press("choice_take").words

    assert "2 accounts connected." in take(2)
    assert "2 accounts renewed." in take(2)
    assert "1 account connected, 2 renewed." in take(3)


def test_the_only_account_is_ticked_already(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    tab = Tab(sign_in).open("accounts", choose=str(granted(actor, [page("1", "Acme Tea")])))
    assert tab.app.checkbox[0].value


def test_choosing_nothing_is_refused_in_words(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    offered = [page("1", "Acme Tea"), page("2", "Acme Cakes")]
    tab = Tab(sign_in).open("accounts", choose=str(granted(actor, offered))).press("choice_take")
    assert "Choose at least one account." in tab.words


def test_missing_permissions_are_named_with_what_they_break(team: Team) -> None:
    sign_in, actor = someone(team.organization_id, Role.ADMIN)
    connection_id = granted(actor, [page("1", "Acme Tea")], scopes=["pages_show_list"])
    tab = Tab(sign_in).open("accounts", choose=str(connection_id))
    assert "pages_manage_posts was not given" in tab.words
    assert tab.component("choice_again")["label"] == "Allow what is missing"


def test_somebody_elses_choice_is_not_theirs_to_make(team: Team, admin: Tab) -> None:
    _, actor = someone(team.organization_id, Role.ADMIN, "Otto Other")
    connection_id = granted(actor, [page("1", "Acme Tea")])
    admin.open("accounts", choose=str(connection_id))
    assert admin.has("choice_over")
    admin.press("choice_close")
    assert admin.address == {}


@pytest.mark.parametrize("asked", ["nonsense", "01a20603-cf71-755e-b020-c5a9e8ec22c0"])
def test_a_choice_that_is_none_is_told_or_forgotten(team: Team, admin: Tab, asked: str) -> None:
    admin.open("accounts", choose=asked)
    assert not admin.has("choice")


def test_while_providers_point_elsewhere_every_page_says_so(
    team: Team, admin: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Sandbox" not in admin.open("accounts").words
    monkeypatch.setenv("PROVIDER_META_GRAPH_URL", "http://localhost:9/graph.facebook.com")
    providers.providers.cache_clear()
    for path in ("", "compose", "approvals", "posts", "accounts"):
        assert "Sandbox: nothing reaches a real network" in admin.open(path).words


def page(number: str, name: str, reason: str = "") -> OfferedAccount:
    return OfferedAccount(
        network="facebook",
        provider_account_id=f"90000{number}{uuid4().int % 10**9}",
        name=name,
        url=None,
        picture_url=None,
        token=SecretStr("EAAoffered0page0token"),
        eligible=not reason,
        reason=reason,
    )


def granted(actor: Actor, offered: list[OfferedAccount], scopes: list[str] | None = None) -> UUID:
    """A consent that came back and waits for the choice."""
    everything = [scope.name for scope in providers.provider("meta").oauth.scopes]
    with db.transaction(actor) as session:
        connection_id = store.insert_connection(
            session,
            choice_lifetime=timedelta(minutes=30),
            provider="meta",
            provider_user_id=str(uuid4().int % 10**12),
            name="Ada Admin",
            connected_by=actor.member_id,
            scopes=everything if scopes is None else scopes,
        )
        credentials.keep(session, connection_id, Purpose.GRANT, SecretStr("EAAgrant0token"))
        credentials.keep_offer(session, connection_id, offered)
    return connection_id


# The doctor


GONE = Fault(Kind.TOKEN, "The access to this account has run out.", "Connect again on Accounts.", trace_id="TraceOfEnd")
BETTER = Fault(Kind.NO_INSTAGRAM, "No Page has an Instagram account.", "Link one.", advice=True)


def find(monkeypatch: pytest.MonkeyPatch, *faults: Fault) -> None:
    """Let the network of these tests show this to whoever looks."""
    monkeypatch.setattr("core.provider_kit.diagnosis.examined", lambda _ask, within_s: faults)


def test_what_is_wrong_with_a_connection_stands_there_with_what_mends_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(monkeypatch, BETTER, GONE)
    approver, _ = someone(team.organization_id, Role.APPROVER)
    tab = Tab(approver).open("accounts").press(f"check_{team.account_id}")
    assert "1 to mend" in tab.words
    assert tab.words.index("has run out.") < tab.words.index("No Page has an Instagram account.")
    assert "Connect again on Accounts." in tab.words
    assert "Trace `TraceOfEnd`" in tab.words
    assert "An admin of this organization can connect it again." in tab.words
    assert not tab.has("check_setup_meta")
    assert not tab.press("diagnosed_close").has("diagnosed")
    admin, _ = someone(team.organization_id, Role.ADMIN)
    assert Tab(admin).open("accounts").press(f"check_{team.account_id}").has("diagnosed_again")


def test_a_setup_that_is_well_says_so(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch)
    admin, _ = someone(team.organization_id, Role.ADMIN)
    tab = Tab(admin).open("accounts").press("check_setup_meta")
    assert "**Facebook and Instagram**: nothing is wrong." in tab.words
    viewer, _ = someone(team.organization_id, Role.VIEWER)
    tab = Tab(viewer).open("accounts")
    assert tab.button(f"check_{team.account_id}").disabled
    assert "takes an approver" in tab.button(f"check_{team.account_id}").help
