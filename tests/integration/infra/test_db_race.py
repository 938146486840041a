"""A small pool, many threads, many organizations, and everything going wrong that can: not one wrong row."""

from __future__ import annotations

from core.infra import db
from core.infra.settings import Settings
from tests.factories.organizations import make_actor, make_organization
from tests.factories.racing import WRONG, left_wrong, race

REQUESTS, ORGANIZATIONS, THREADS, POOL = 2000, 50, 40, 5
ABORTS = 80


def test_two_thousand_racing_requests_of_fifty_organizations_on_five_connections_see_no_wrong_row(
    settings: Settings, committed_database: db.Database
) -> None:
    actors = [make_actor(make_organization(f"Organization {number}")) for number in range(ORGANIZATIONS)]
    # On a busy machine a thread may be unlucky for longer than a program would wait.
    engine = db.make_engine(settings.program_url("web"), pool_size=POOL, pool_timeout_s=120)
    try:
        outcomes = race(db.Database(engine), actors, REQUESTS, aborts=ABORTS, threads=THREADS)
    finally:
        engine.dispose()
    print(dict(outcomes))
    assert outcomes.total() == REQUESTS
    assert outcomes[WRONG] == 0
    assert outcomes["aborted: OperationalError"] == ABORTS
    assert {outcome.partition(":")[0] for outcome in outcomes if ":" in outcome} == {"aborted", "errs", "rolls_back"}
    assert left_wrong(committed_database, actors) == []
