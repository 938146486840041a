"""An answer that no attempt is there to take: nobody may miss a yes, and what may be live isn't sent again by itself.

Mostly somebody had decided by then: a read, or a person. Where that was to send it again, and it hasn't left yet, the
yes comes in time. And the attempt may be gone: a standby that is behind and takes over between an attempt's commit and
its call's answer knows the publication as it was before, on the schedule or with a sender. Both are put in doubt as
after a backup that was restored: the network is read, or a person decides. Whoever holds it begins no call any more,
for the last look before one asks for the row's state.

What was edited or approved anew since is another wish than the one that the network answers; of that it is only told.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from core.posts.model import Publication
from core.publishing import read_rows, restored_rows, rules, store
from core.publishing.claiming import SENDER
from core.publishing.model import Attempt
from core.publishing.rules import AttemptState, Outcome
from core.publishing.store import Claim

_MAY_BE_LIVE: Final = (AttemptState.ACCEPTED, AttemptState.UNKNOWN)
_YES: Final = (
    "The network's yes to a try that had been closed came in time: it isn't sent again before it was looked for."
)
_LOST: Final = "It was sent, and the database lost that try when another server took over: it may be live."
_log = logging.getLogger(__name__)


def hear(session: Session, claim: Claim, attempt_id: int, outcome: Outcome) -> None:
    """Take an answer that came after somebody else had decided, or to an attempt that is gone."""
    row = store.lock(session, claim.publication_id) if outcome.attempt in _MAY_BE_LIVE else None
    published = outcome.published
    if row is None:
        _log.info("the outcome came too late to matter", extra={"outcome": outcome.attempt})
        return
    if published is not None and row.provider_post_id == published.provider_post_id:
        return  # recorded already: by the read-back, or by a commit whose answer was lost
    attempt = store.attempt(session, row.id, attempt_id)
    if attempt is None:
        _log.error("an attempt is gone from the database", extra={"outcome": outcome.attempt})
    if published is not None or attempt is None:
        _put_in_doubt(session, row, attempt, outcome)
    if published is None:
        _log.info("an unclear end came late", extra={"outcome": outcome.attempt})
        return
    _log.error("a late yes", extra={"provider_post_id": published.provider_post_id})
    where = published.permalink or published.provider_post_id
    read_rows.note(session, row.id, SENDER, rules.late_yes(where) if attempt else rules.yes_to_lost(where))
    if attempt is not None:
        read_rows.add_read(
            session,
            row.id,
            attempt_id,
            complete=False,
            matches=1,
            evidence={
                "words": "The network's yes arrived after this attempt had been closed.",
                "provider_post_id": published.provider_post_id,
                "permalink": published.permalink,
            },
        )


def _put_in_doubt(session: Session, row: Publication, attempt: Attempt | None, outcome: Outcome) -> None:
    if row.approved_at is None or not _is_what_was_sent(row, row.approved_at, attempt):
        return
    because = _LOST if attempt is None else _YES
    named = outcome.published.provider_post_id if outcome.published else None
    had_a_person = row.needs is not None  # it moves to no other state then, and has no event of that
    if restored_rows.put_in_doubt(session, row.id, row.approved_at, because=because, named=named) and had_a_person:
        read_rows.note(session, row.id, SENDER, {"because": because})


def _is_what_was_sent(row: Publication, approved_at: datetime, attempt: Attempt | None) -> bool:
    """Whether it still carries the bytes of this try, and nobody approved it anew after that was closed.

    None: the database lost the try, and doesn't know when it ended.
    """
    if row.payload_sha256 != row.approved_sha256:
        return False
    return attempt is None or (attempt.closed_at is not None and attempt.closed_at >= approved_at)
