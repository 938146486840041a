"""What happens to tokens at the network itself, from the first look to the person who mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.accounts import health_reads, queries, token_history
from core.accounts.access import access_for
from core.accounts.health_reads import Mend
from core.accounts.rules import AccountState
from core.accounts.tending import tend_due
from core.infra import db
from core.infra.settings import TokenTimes
from core.provider_kit.errors import ReconnectNeeded
from tests.factories.publishing import acting_as
from tests.factories.tower import make_due
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.people import Person
from tests.integration.accounts.schedules import schedule_publication
from tests.integration.accounts.test_reconnecting import connect

pytestmark = pytest.mark.usefixtures("committed_database")
Rows = Callable[..., list[Any]]


@pytest.fixture
def maya(new_person: MakePerson) -> Person:
    person = new_person()
    connect(person, ["Northwind Coffee", "Northwind Careers"])
    return person


def tend(maya: Person, worker: db.Database, *, renewal: bool = False) -> None:
    """Let the grant's turn come, and one worker take it."""
    make_due(maya.actor, queries.accounts(maya.actor)[0].connection_id, renewal=renewal)
    with acting_as(worker):
        assert tend_due(10, within_s=60, times=TokenTimes()) == 1


def by_name(maya: Person) -> dict[str, health_reads.TokenHealth]:
    return {each.account.name: each for each in health_reads.health(maya.actor).accounts}


def test_a_token_that_was_revoked_is_noticed_shown_and_mended_by_a_consent(
    maya: Person, sandbox: RunningSandbox, worker_database: db.Database
) -> None:
    coffee = by_name(maya)["Northwind Coffee"].account
    waiting = schedule_publication(maya.actor, coffee.id)
    sandbox.post("/_sandbox/meta/tokens", {"person": "p-maya", "subcode": 460})

    tend(maya, worker_database)

    health = by_name(maya)["Northwind Coffee"]
    assert (health.account.state, health.mend, health.posts) == (AccountState.AUTH_BROKEN, Mend.RECONNECT, 1)
    assert health.account.state_reason
    assert health.account.stranded == 1
    with db.transaction(maya.actor) as session, pytest.raises(ReconnectNeeded, match="Reconnect needed"):
        access_for(session, coffee.id, "")
    held = next(each for each in token_history.history(maya.actor, coffee.id) if each.action == "token.held")
    assert held.after == {"why": health.account.state_reason, "posts": 1}

    connect(maya, ["Northwind Coffee", "Northwind Careers"])

    health = by_name(maya)["Northwind Coffee"]
    assert (health.account.state, health.mend, health.account.stranded) == (AccountState.ACTIVE, Mend.NOTHING, 0)
    with db.transaction(maya.actor) as session:
        assert access_for(session, coffee.id, "").token
    tend(maya, worker_database)
    assert {each.mend for each in by_name(maya).values()} == {Mend.NOTHING}
    assert waiting


def test_a_living_grant_is_renewed_and_its_next_renewal_planned(
    maya: Person, worker_database: db.Database, rows: Rows
) -> None:
    tend(maya, worker_database)
    planned = by_name(maya)["Northwind Coffee"]
    assert planned.renews
    assert planned.renews_at is not None
    assert planned.token_ends_at is not None
    assert 15 <= (planned.token_ends_at - planned.renews_at).days <= 17
    tend(maya, worker_database, renewal=True)
    renewed = by_name(maya)["Northwind Coffee"]
    assert renewed.renewed_at is not None
    assert renewed.mend is Mend.NOTHING
    states = rows(
        maya.actor.organization_id,
        "select state from masthead.credential where purpose = 'grant' and octet_length(ciphertext) > 0",
    )
    assert [row.state for row in states] == ["current"]


def test_a_role_that_was_lost_on_a_page_holds_that_page_and_comes_back_with_the_role(
    maya: Person, sandbox: RunningSandbox, worker_database: db.Database
) -> None:
    page = by_name(maya)["Northwind Coffee"].account.provider_account_id
    sandbox.post("/_sandbox/meta/roles", {"person": "p-maya", "page": page, "tasks": ["ANALYZE"]})
    tend(maya, worker_database)
    found = by_name(maya)
    assert found["Northwind Coffee"].account.state is AccountState.AUTH_BROKEN
    assert "role on this Page" in (found["Northwind Coffee"].account.state_reason or "")
    assert found["Northwind Careers"].account.state is AccountState.ACTIVE
    sandbox.post("/_sandbox/meta/roles", {"person": "p-maya", "page": page, "tasks": ["CREATE_CONTENT", "MANAGE"]})
    tend(maya, worker_database)
    assert by_name(maya)["Northwind Coffee"].account.state is AccountState.ACTIVE


def test_a_permission_that_was_taken_back_is_named_with_what_it_breaks(
    maya: Person, sandbox: RunningSandbox, worker_database: db.Database
) -> None:
    sandbox.post(
        "/_sandbox/meta/permissions", {"person": "p-maya", "scope": "pages_manage_posts", "status": "declined"}
    )
    tend(maya, worker_database)
    health = by_name(maya)["Northwind Coffee"]
    assert health.mend is Mend.RECONNECT
    assert [(each.scope, each.breaks) for each in health.account.missing_scopes] == [
        ("pages_manage_posts", "Masthead can't publish on your Pages.")
    ]
