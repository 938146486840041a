"""Will it publish? Asked of every scheduled publication a day and an hour ahead, while somebody can still mend it.

The questions are those of submit and approval (`core.posts.checks`); asked anew, they find what came about since: an
account that broke, a file that is gone, a permission taken back. What is found is kept, shows beside the post as
"Scheduled: at risk" and is told to people (`core.notices`). Nothing is held back: a look may be wrong, and the sender
asks the network itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.logs import bound
from core.posts import preflight_rows, problems, store
from core.posts.candidates import Ask
from core.posts.model import Publication
from core.posts.views import AccountProblem

_log = logging.getLogger(__name__)
LOOKER: Final = "program:preflight"
AGAIN_AFTER: Final = timedelta(minutes=5)


def look_due(at_most: int) -> int:
    """Look at what is due for a look, in all organizations; gives how many publications that were."""
    with db.free_transaction() as session:
        due = sorted(preflight_rows.due(session, at_most, AGAIN_AFTER))
    for organization_id, several in groupby(due, key=itemgetter(0)):
        with bound(organization_id=organization_id, actor=LOOKER):
            look(organization_id, [publication_id for _, publication_id in several])
    return len(due)


def look(organization_id: UUID, publication_ids: Iterable[UUID]) -> None:
    """Ask of publications of one organization whether they will go out, and keep what threatens them."""
    with db.organization_transaction(organization_id, LOOKER) as session:
        situation = store.situation(session)
        publications = preflight_rows.scheduled(session, list(publication_ids))
        for post_id, of_post in groupby(publications, key=lambda each: each.post_id):
            several = list(of_post)
            found = problems.of(session, post_id, several, Ask.LOOK, situation, None)
            for each in several:
                _keep(session, each, [problem for problem in found if problem.account_id == each.account_id])


def _keep(session: Session, publication: Publication, found: Iterable[AccountProblem]) -> None:
    if publication.due_at is None:
        return
    threats = [
        {"severity": each.severity, "words": each.words, "fix": each.fix, "mend": each.mend}
        for each in found
        if each.threatens
    ]
    preflight_rows.keep(session, publication, publication.due_at, threats)
    if threats:
        _log.warning("publication at risk", extra={"publication_id": publication.id, "findings": len(threats)})
