"""People who are told, with mail that goes to the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.infra import crypto, db
from core.infra.settings import Settings
from tests.factories.accounts import use_test_keys
from tests.factories.posts import Team, make_team
from tests.factories.publishing import use_owner
from tests.fixtures.programs import RunningSandbox
from tests.fixtures.servers import SECRET_KEY


@pytest.fixture
def team(settings: Settings, committed_database: db.Database) -> Iterator[Team]:
    use_owner(settings.owner_url())
    yield make_team()
    use_test_keys()


@pytest.fixture
def mail(sandbox: RunningSandbox, team: Team) -> Iterator[RunningSandbox]:
    """The sandbox takes the mail of this process."""
    use_mail(sandbox.get("/_sandbox/world")["smtp_url"])
    sandbox.delete("/_sandbox/mail")
    yield sandbox
    sandbox.delete("/_sandbox/faults")


def use_mail(smtp_url: str) -> None:
    crypto.use(
        Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,
            MASTHEAD_SMTP_URL=smtp_url,
            MASTHEAD_CONSOLE_URL="https://masthead.northwind.example",
        )
    )
