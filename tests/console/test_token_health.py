"""Token health: countdowns, what is missing and breaks, what waits, one button to mend, and the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core import providers
from core.accounts import store, token_rows
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Role
from core.provider_kit.types import ApiVersion
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.posts import Team, make_approved, soon


def connection_of(team: Team, account_id: UUID) -> UUID:
    with db.transaction(team.admin) as session:
        account = store.account(session, account_id)
        assert account is not None
        return account.connection_id


@pytest.fixture
def troubled(team: Team) -> Team:
    """One account whose grant lacks permissions and ends in ten days, with a post that waits."""
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    connection_id = connection_of(team, team.account_id)
    with db.transaction(team.admin) as session:
        token_rows.begin(session, connection_id)
        token_rows.note(
            session,
            connection_id,
            checked_at=datetime.now(UTC) - timedelta(hours=3),
            renewed_at=datetime.now(UTC) - timedelta(days=3),
        )
        store.change_connection(
            session,
            connection_id,
            scopes=["pages_show_list", "pages_manage_posts", "pages_read_engagement"],
            consent_ends_at=datetime.now(UTC) + timedelta(days=10),
        )
        store.break_accounts(
            session, connection_id, team.account_id, "Facebook says the password was changed", heals=True
        )
        audit.record(
            session,
            team.admin,
            "token.renewal_failed",
            "connection",
            connection_id,
            after={"why": "Facebook was busy.", "failures": 1},
        )
        audit.record(session, team.admin, "token.held", "account", team.account_id, after={"why": "=1+1", "posts": 1})
    return team


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_it_and_who_may_connect_mends_it(troubled: Team, role: Role) -> None:
    tab = Tab(someone(troubled.organization_id, role)[0]).open("token_health")
    words = tab.words
    assert "**Held.** Facebook says the password was changed." in words
    assert "Pages that you reach only through a Business portfolio are not listed." in words
    assert "business_management was not given" in words
    assert "The consent ends in 10 days" in words
    table, lines = (each.value for each in tab.app.dataframe)
    row = table.iloc[0]
    assert list(row[["Account", "Network", "State", "Ends", "Looked at", "Permissions", "Posts"]]) == [
        "Acme Coffee",
        "Facebook",
        "Reconnect needed",
        "held",
        "3 h ago",
        f"3 of {len(providers.provider('meta').oauth.scopes)}",
        1,
    ]
    assert set(lines["What"]) == {"could not renew an access", "held an account"}
    if role is Role.ADMIN:
        assert tab.component(f"mend_{troubled.account_id}")["label"] == "Reconnect"
    else:
        button = tab.button(f"mend_{troubled.account_id}_off")
        assert button.disabled
        assert "takes an admin" in button.help


def test_the_end_of_access_to_data_is_said_of_instagram_alone(team: Team) -> None:
    grant = connection_of(team, team.account_id)
    instagram = make_account(team.admin, name="acme.coffee", network="instagram", connection_id=grant).id
    with db.transaction(team.admin) as session:
        store.change_connection(session, grant, data_access_expires_at=datetime.now(UTC) + timedelta(days=10))
    tab = Tab(someone(team.organization_id, Role.ADMIN)[0]).open("token_health")
    assert tab.has(f"token_{instagram}")
    assert not tab.has(f"token_{team.account_id}")
    assert "The access to its data ends in 10 days" in tab.words


def test_an_account_that_is_well_asks_for_nothing(team: Team) -> None:
    tab = Tab(someone(team.organization_id, Role.ADMIN)[0]).open("token_health")
    assert "Every access is well. Nobody has to do anything." in tab.words
    assert not tab.has(f"token_{team.account_id}")


def test_the_history_is_narrowed_by_account_and_kind_in_the_address(troubled: Team) -> None:
    other = make_account(troubled.admin, name="Acme Tea")
    sign_in, _ = someone(troubled.organization_id, Role.VIEWER)
    tab = Tab(sign_in).open("token_health", what="Renewals")
    assert list(tab.app.dataframe[1].value["What"]) == ["could not renew an access"]
    assert list(tab.app.dataframe[1].value["More"]) == ["Facebook was busy."]
    tab = Tab(sign_in).open("token_health", account=str(other.id))
    assert tab.has("token_history_none_state")
    for nonsense in ("nonsense", "01a20603-cf71-755e-b020-c5a9e8ec22c0"):
        assert "Token health" in Tab(sign_in).open("token_health", account=nonsense, what="nonsense").words


def test_a_version_that_ends_soon_is_a_warning(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(days: int) -> str:
        ends_on = (datetime.now(UTC) + timedelta(days=days)).date()
        known = {
            key: replace(each, api=ApiVersion("v99.0", ends_on, "PROVIDER_META_API_VERSION"))
            for key, each in providers.providers.__wrapped__().items()
        }
        with monkeypatch.context() as patch:
            patch.setattr(providers, "providers", lambda: known)
            return Tab(someone(team.organization_id, Role.ADMIN)[0]).open("token_health").words

    assert "PROVIDER_META_API_VERSION" in pretend(40)
    far = pretend(200)
    assert "v99" in far
    assert "PROVIDER_META_API_VERSION" not in far
