"""Checking a setup and a connection: who may, what is written down, and when nobody is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.accounts import diagnosing
from core.accounts.commands import check_connection, check_setup, disconnect
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed, NotFound, Refused
from core.infra.settings import Settings
from core.provider_kit.diagnosis import Kind
from core.provider_kit.throttle import Limits, Scope, Usage
from core.throttle import store as throttle
from tests.factories.accounts import MadeAccount, make_account
from tests.factories.organizations import make_actor, make_organization
from tests.fixtures.programs import RunningSandbox
from tests.providers.meta.at_sandbox import ALL, INSTAGRAM

LOST = {"person": "p-maya", "tasks": ["ANALYZE"]}


@pytest.fixture
def account(admin: Actor, sandbox: RunningSandbox) -> MadeAccount:
    """A Page of Maya's, connected with tokens that the sandbox knows."""
    (page,) = sandbox.post("/_sandbox/accounts", {"count": 1, "person": "p-maya", "prefix": "Doctor"})
    asked = {"provider": "meta", "person": "p-maya", "scopes": [*ALL, *INSTAGRAM]}
    token = sandbox.post("/_sandbox/tokens", asked)["access_token"]
    sandbox.post(
        "/_sandbox/meta/permissions", {"person": "p-maya", "scope": "pages_manage_metadata", "status": "declined"}
    )
    return make_account(admin, name=page["name"], provider_account_id=page["id"], token=page["page_token"], grant=token)


def audited(actor: Actor) -> list[tuple[str, Any]]:
    with db.transaction(actor) as session:
        rows = session.execute(text("select action, after from masthead.audit_event order by id"))
        return [(row.action, row.after) for row in rows if row.action.endswith(".checked")]


def test_a_connection_is_looked_at_now_and_the_look_is_a_line(
    admin: Actor, account: MadeAccount, sandbox: RunningSandbox
) -> None:
    approver = make_actor(admin.organization_id, Role.APPROVER)
    assert check_connection(approver, account.connection_id).faults == ()
    sandbox.post("/_sandbox/meta/roles", LOST | {"page": account.provider_account_id})
    (fault,) = check_connection(approver, account.connection_id).faults
    assert fault.kind is Kind.ROLE
    assert "Doctor 0001" in fault.words
    assert audited(admin) == [("connection.checked", {"found": []}), ("connection.checked", {"found": ["role"]})]


def test_the_setup_is_an_admins(admin: Actor, installation: Settings) -> None:
    assert check_setup(admin, "meta").faults == ()
    assert audited(admin) == [("provider.checked", {"found": []})]
    approver = make_actor(admin.organization_id, Role.APPROVER)
    with pytest.raises(NotAllowed, match="to connect accounts takes an admin"):
        check_setup(approver, "meta")
    with pytest.raises(NotFound):
        check_setup(admin, "myspace")


def test_only_ones_own_live_connection_is_looked_at(admin: Actor, account: MadeAccount) -> None:
    stranger = make_actor(make_organization("Elsewhere"), Role.ADMIN)
    editor = make_actor(admin.organization_id, Role.EDITOR)
    with pytest.raises(NotFound):
        check_connection(stranger, account.connection_id)
    with pytest.raises(NotAllowed, match="takes an approver"):
        check_connection(editor, account.connection_id)
    disconnect(admin, uuid4(), connection_id=account.connection_id)
    with pytest.raises(NotFound):
        check_connection(admin, account.connection_id)


def test_a_network_that_throttles_is_not_asked(
    admin: Actor, account: MadeAccount, worker_database: db.Database, sandbox: RunningSandbox
) -> None:
    with worker_database.organization_transaction(admin.organization_id, "program:test") as session:
        throttle.keep_account(session, account.id, None, Usage(Scope.ACCOUNT, 97.0, 240.0), Limits())
    before = sandbox.get("/_sandbox/requests")
    with pytest.raises(Refused, match="asks us to slow down, so nothing is asked now"):
        check_connection(admin, account.connection_id)
    assert sandbox.get("/_sandbox/requests") == before


@pytest.mark.expects_refusal  # the address to come back to is that of another console
def test_nobody_uses_up_the_calls_of_all_by_looking_again_and_again(
    admin: Actor,
    account: MadeAccount,
    sandbox: RunningSandbox,
    operator: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approver = make_actor(admin.organization_id, Role.APPROVER)
    for _ in range(5):
        check_setup(admin, "meta")
        check_connection(approver, account.connection_id)
    before = sandbox.get("/_sandbox/requests")
    with pytest.raises(Refused, match="more than 10 checks in 10 minutes"):
        check_setup(admin, "meta")
    with pytest.raises(Refused, match="more than 10 checks in 10 minutes"):
        check_connection(approver, account.connection_id)
    assert sandbox.get("/_sandbox/requests") == before
    check_setup(make_actor(make_organization("Elsewhere"), Role.ADMIN), "meta")
    elsewhere = sandbox.get("/_sandbox/requests")
    assert elsewhere != before
    with monkeypatch.context() as later:
        later.setattr(diagnosing, "_LOOKS_WITHIN", timedelta(0))
        check_setup(admin, "meta")
    assert sandbox.get("/_sandbox/requests") != elsewhere
    assert operator("doctor", "--provider", "meta", "--account", account.provider_account_id)[1], "it may always look"


def test_one_look_is_under_way_at_a_time(admin: Actor, account: MadeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def meanwhile(key: str) -> diagnosing.Diagnosed:
        asked.append(key)
        with pytest.raises(Refused, match="under way here already"):
            check_connection(admin, account.connection_id)
        return diagnosing.Diagnosed(key, key, ())

    monkeypatch.setattr(diagnosing, "setup_of", meanwhile)
    check_setup(admin, "meta")
    assert asked == ["meta"]


def test_the_operator_asks_by_the_command_line(
    operator: Callable[..., tuple[int, str]], account: MadeAccount, sandbox: RunningSandbox
) -> None:
    sandbox.post("/_sandbox/meta/roles", LOST | {"page": account.provider_account_id})
    code, said = operator("doctor", "--provider", "meta", "--account", account.provider_account_id)
    assert code == 1
    assert "ok       Facebook and Instagram: is set up as its network wants it" in said
    assert "may not create content on this Page." in said
    assert "-> Someone with full control of the Page" in said
    assert operator("doctor", "--provider", "myspace")[0] == 2
    assert (
        "No organization here has connected an account 1."
        in operator("doctor", "--provider", "meta", "--account", "1")[1]
    )
    assert operator("doctor", "--account", "1")[0] == 2
