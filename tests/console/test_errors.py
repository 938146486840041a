"""Errors: what a person reads of a network's no, the way to where it is mended, and the posts behind it."""

from __future__ import annotations

import pytest

from core.infra import db
from core.infra.actor import Role
from core.infra.settings import PublishTimes, Settings
from core.provider_kit.errors import Rejected, Trace
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.publishing import House, ScriptedPublisher, make_due, make_quiet_house, send_one, use_owner

NO = Rejected("Facebook couldn't open the link. Facebook says: *no*", trace=Trace(400, "1609005", None, "TraceOfNo"))


@pytest.fixture
def house(
    settings: Settings,
    committed_database: db.Database,
    worker_database: db.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """An organization with two posts that met the same no."""
    use_owner(settings.owner_url())
    house = make_quiet_house()
    publisher = ScriptedPublisher(NO, NO)
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
    for words in ("First", "Second"):
        send_one(worker_database, make_due(house, words=words).id, PublishTimes())
    return house


def test_it_says_what_happened_how_often_and_shows_the_posts(house: House) -> None:
    sign_in, _ = someone(house.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open("errors")
    assert "Errors" in tab.menu
    assert "1609005 · HTTP 400" in tab.words
    assert "Facebook couldn't open the link.  \n:gray[Check that the address opens without signing in" in tab.words
    assert "**2 times** in 2 posts" in tab.words
    assert "`TraceOfNo`" in tab.words
    assert "First" not in tab.words
    tab.press("errors_open_facebook_1609005__")
    assert tab.address["open"] == "facebook|1609005||"
    assert "First" in tab.words
    assert "Second" in tab.words
    assert [each.value for each in tab.app.code] == ["TraceOfNo\nTraceOfNo"]
    tab.press("errors_open_facebook_1609005__")
    assert "First" not in tab.words


def test_a_trace_id_is_shown_to_the_letter_and_nothing_in_it_acts(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = "x` [Sign in again](https://evil.example) `y"
    no = Rejected("No.", trace=Trace(400, "77", None, trace))
    monkeypatch.setattr("core.providers.publisher", lambda _network: ScriptedPublisher(no))
    send_one(worker_database, make_due(house, words="Third").id, PublishTimes())
    sign_in, _ = someone(house.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open("errors")
    assert trace not in tab.words
    assert "`xˋ [Sign in again](https://evil.example) ˋy`" in tab.words  # noqa: RUF001 - what stands for its end
    tab.press("errors_open_facebook_77__")
    assert f"{trace}`" not in tab.words.replace("\n", "")


def test_the_address_is_the_view(house: House) -> None:
    sign_in, _ = someone(house.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open("errors", within="30d", account=str(house.page.account.id), network="facebook")
    assert "**2 times** in 2 posts" in tab.words
    tab.open("errors", within="7d", account=str(house.organization_id), before="nonsense")
    assert "In the last 7 days no network refused anything or left it unclear that fits these filters." in tab.words
    tab.press("errors_none_action")
    assert "**2 times** in 2 posts" in tab.words


def test_another_list_begins_with_nothing_unfolded(house: House) -> None:
    sign_in, _ = someone(house.organization_id, Role.APPROVER)
    tab = Tab(sign_in).open("errors", open="facebook|1609005||", shown="20", before="nonsense")
    assert "First" in tab.words
    tab.app.selectbox(key="errors_within").set_value("7d")
    assert tab.again().address == {"within": "7d"}
    assert "First" not in tab.words
    tab.app.selectbox(key="errors_account").set_value(str(house.page.account.id))
    tab.again().press("errors_clear")
    assert tab.address == {"within": "7d"}
