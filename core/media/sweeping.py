"""What nobody needs any more, thrown away hourly: uploads that ended, and files that were never written whole."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final

from core.infra import db
from core.media import storage, store
from core.media.rules import StorageAway

KEPT_FOR: Final = timedelta(days=30)
_LEFT_AFTER_S: Final = 86_400.0  # a day: the largest file on the slowest line takes hours
_AT_ONCE: Final = 500
_ROUNDS: Final = 20
_PROGRAM: Final = "program:media"
_log = logging.getLogger(__name__)


def forget_old() -> int:
    """Throw away uploads that ended a month ago and what killed writers left in storage; gives how many uploads.

    For the low queue, with the worker's database; any number may run at once.
    """
    _drop_leftovers()
    count = 0
    for _ in range(_ROUNDS):
        with db.free_transaction() as session:
            found = sorted(store.old_uploads(session, KEPT_FOR, _AT_ONCE))
        for organization_id, uploads in groupby(found, key=itemgetter(0)):
            with db.organization_transaction(organization_id, _PROGRAM) as session:
                count += store.forget_uploads(session, [upload_id for _, upload_id in uploads])
        if len(found) < _AT_ONCE:
            break
    return count


def _drop_leftovers() -> None:
    try:
        dropped = storage.current().drop_leftovers(_LEFT_AFTER_S)
    except StorageAway:
        return  # said in the log by whoever raised it; the next hour tries again
    if dropped:
        _log.info("leftovers_dropped", extra={"count": dropped})
