"""The sandbox as the network of these tests, and the roles of the programs that meet in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import providers
from core.infra import db
from core.infra.settings import Settings
from core.publishing import rules
from tests.factories.publishing import House, make_house, make_quiet_house, use_owner
from tests.fixtures.programs import RunningSandbox

_SHIPPED_LOOK_S = rules.CHECK_HOLDS_S


@pytest.fixture
def shipped_look() -> float:
    """How long a look at account and organization holds as shipped, in seconds; `network` gives it longer."""
    return _SHIPPED_LOOK_S


@pytest.fixture
def network(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """Meta's calls go to the sandbox, however long a busy machine takes to begin them."""
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)
    app = next(each for each in sandbox.get("/_sandbox/world")["apps"] if each["provider"] == "meta")
    monkeypatch.setenv("PROVIDER_META_GRAPH_URL", f"{sandbox.url}/graph.facebook.com")
    monkeypatch.setenv("PROVIDER_META_DIALOG_URL", f"{sandbox.url}/www.facebook.com")
    monkeypatch.setenv("PROVIDER_META_CLIENT_ID", app["client_id"])
    monkeypatch.setenv("PROVIDER_META_CLIENT_SECRET", app["client_secret"])
    providers.providers.cache_clear()
    yield sandbox
    providers.providers.cache_clear()
    sandbox.delete("/_sandbox/faults")


@pytest.fixture
def worker(settings: Settings, worker_database: db.Database, committed_database: db.Database) -> db.Database:
    """The sender's role. People's commands use the web role, which is the current one."""
    use_owner(settings.owner_url())
    return worker_database


@pytest.fixture
def house(network: RunningSandbox, worker: db.Database) -> House:
    """An organization with one Page in the sandbox."""
    return make_house(network)


@pytest.fixture
def quiet_house(database: db.Database) -> House:
    """An organization without a network behind it, in a transaction that is rolled back: fast."""
    return make_quiet_house()


@pytest.fixture
def quiet_house_of_worker(worker: db.Database) -> House:
    """As `quiet_house`, committed, for senders and scripted networks."""
    return make_quiet_house()
