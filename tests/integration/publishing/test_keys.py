"""A key that an operator forgot to set: posts wait for it, and no account has to be connected again."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from core.accounts import queries as accounts
from core.accounts.commands import rotate_keys
from core.infra import crypto, db
from core.infra.settings import Settings
from core.posts.rules import PublicationState
from tests.factories.accounts import use_test_keys
from tests.factories.publishing import House, acting_as, again, let_pass, make_due, send_one
from tests.fixtures.servers import SECRET_KEY

KEY = f"of-2027:{base64.b64encode(b'k' * 32).decode()}"


@pytest.fixture
def rotated(house: House, worker: db.Database) -> Iterator[House]:
    """All tokens are wrapped by a key of the installation's own."""
    set_key()
    with acting_as(worker):
        list(rotate_keys())
    yield house
    use_test_keys()


def set_key() -> None:
    crypto.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_CREDENTIAL_KEYS=KEY))


def test_a_post_waits_for_a_key_that_is_not_set_and_goes_out_when_it_is(rotated: House, worker: db.Database) -> None:
    use_test_keys()
    row = make_due(rotated)
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    held = again(rotated.author, row.id)
    assert "key that wraps this token" in held.last_error["reason"]
    assert "masthead keys status" in held.last_error["how_to_fix"]
    assert accounts.account(rotated.author, rotated.page.account.id).state == "active"
    set_key()
    let_pass(rotated.approver, row.id, next_action_at="clock_timestamp()")
    assert send_one(worker, row.id) is PublicationState.PUBLISHED
