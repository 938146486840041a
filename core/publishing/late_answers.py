"""An answer that no attempt is there to take: it changes nothing by itself, but nobody may miss a yes.

Mostly somebody had decided by then: a read, or a person. Where that was to send it again, and it hasn't left yet, the
yes comes in time. And the attempt may be gone: a standby that is behind and takes over between an attempt's commit and
its call's answer knows the publication as it was before, on the schedule or with a sender. What may be live isn't sent
again by itself, so it is put in doubt as after a backup that was restored: its network is read, or a person decides.
Whoever holds it begins no call any more, for the last look before one asks for the row's state.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy.orm import Session

from core.posts.rules import Needs, PublicationState
from core.publishing import read_rows, restored_rows, rules, store
from core.publishing.claiming import SENDER
from core.publishing.rules import AttemptState, Outcome
from core.publishing.store import Claim

_MAY_BE_LIVE: Final = (AttemptState.ACCEPTED, AttemptState.UNKNOWN)
_ON_ITS_WAY: Final = (PublicationState.SCHEDULED, PublicationState.QUEUED, PublicationState.CLAIMED)
_YES: Final = (
    "The network's yes to a try that had been closed came in time: it isn't sent again before it was looked for."
)
_LOST: Final = "It was sent, and the database lost that try when another server took over: it may be live."
_log = logging.getLogger(__name__)


def keep_as_evidence(session: Session, claim: Claim, attempt_id: int, outcome: Outcome) -> None:
    """Keep an answer that came after somebody else had decided, or to an attempt that is gone."""
    row = store.lock(session, claim.publication_id) if outcome.attempt in _MAY_BE_LIVE else None
    if row is None:
        _log.info("the outcome came too late to matter", extra={"outcome": outcome.attempt})
        return
    published = outcome.published
    post_id = published.provider_post_id if published else None
    if post_id is not None and row.provider_post_id == post_id:
        return  # recorded already: by the read-back, or by a commit whose answer was lost
    there = store.has_attempt(session, row.id, attempt_id)
    yes = outcome.attempt is AttemptState.ACCEPTED
    if not there:
        _log.error("an attempt is gone from the database", extra={"outcome": outcome.attempt})
    late = row.needs is Needs.LATE
    if (yes or not there) and (late or row.state in _ON_ITS_WAY):
        because, since = _YES if there else _LOST, row.approved_at or store.now(session)
        restored_rows.put_in_doubt(session, row.id, since, because=because, named=post_id)
        if late:
            read_rows.note(session, row.id, SENDER, {"because": because})
    if published is None or post_id is None:
        _log.info("the outcome came too late to matter", extra={"outcome": outcome.attempt})
        return
    _log.error("a late yes", extra={"provider_post_id": post_id})
    where = published.permalink or post_id
    said = rules.late_yes(where) if there else rules.yes_to_lost(where)
    read_rows.note(session, claim.publication_id, SENDER, said)
    if there:
        read_rows.add_read(
            session,
            claim.publication_id,
            attempt_id,
            complete=False,
            matches=1,
            evidence={
                "words": "The network's yes arrived after this attempt had been closed.",
                "provider_post_id": post_id,
                "permalink": published.permalink,
            },
        )
