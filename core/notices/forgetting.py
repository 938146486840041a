"""Old notices and the mail about them, thrown away: nobody reads them, and nothing else would ever end their growth.

What still stands is kept however old it is: the notice of an account that must be connected again would be raised
anew, and mail that waits is still to be sent. Audit trail and timelines keep what happened.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.infra import db, installation
from core.infra.logs import bound
from core.notices import store
from core.notices.raising import RAISER

_log = logging.getLogger(__name__)
_ORGANIZATIONS_AT_ONCE: Final = 200
_ROWS_AT_ONCE: Final = 1_000
_PASS_AT_MOST_S: Final = 60


def forget_old() -> int:
    """Throw away what is older than MASTHEAD_KEEP_NOTICES_DAYS, for a minute at most; gives how many notices."""
    older_than = timedelta(days=installation.settings().keep_notices_days)
    count, after, until = 0, UUID(int=0), time.monotonic() + _PASS_AT_MOST_S
    while time.monotonic() < until:
        with db.free_transaction() as session:
            found = store.organizations_after(session, after, _ORGANIZATIONS_AT_ONCE)
        if not found:
            break
        for organization_id in found:
            with bound(organization_id=organization_id, actor=RAISER):
                count += _forget_in(organization_id, older_than, until)
        after = found[-1]
    if count:
        _log.info("old notices were thrown away", extra={"count": count})
    return count


def _forget_in(organization_id: UUID, older_than: timedelta, until: float) -> int:
    count, gone = 0, _ROWS_AT_ONCE
    while gone == _ROWS_AT_ONCE and time.monotonic() < until:
        with db.organization_transaction(organization_id, RAISER) as session:
            gone = store.forget_notices(session, older_than, _ROWS_AT_ONCE)
            store.forget_mails(session, older_than, _ROWS_AT_ONCE)
        count += gone
    return count
