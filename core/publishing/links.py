"""The public address of a live post, looked for after the fact.

A row of its own per publication: whatever goes wrong here can't move a publication out of `published` (RELIABILITY C
14), and until an address is found the page says "live, link not found yet".
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from core import providers
from core.accounts.access import access_for
from core.infra import db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.provider_kit.errors import ProviderFailure
from core.publishing import rules, store
from core.publishing.model import LinkState
from core.publishing.times import call_timeout_s
from core.publishing.times import times as times_of_this_process

_log = logging.getLogger(__name__)
FINDER = "program:links"


def find_due(at_most: int, *, times: PublishTimes | None = None) -> int:
    """Look for up to `at_most` addresses whose turn it is; gives how many were looked for."""
    times = times or times_of_this_process()
    with db.free_transaction() as session:
        due: Sequence[tuple[UUID, UUID]] = store.claim_links(session, at_most, lease_s=2 * call_timeout_s(times))
    for organization_id, publication_id in due:
        find_one(organization_id, publication_id, times=times)
    return len(due)


def find_one(organization_id: UUID, publication_id: UUID, *, times: PublishTimes | None = None) -> str | None:
    """Ask the network for the address of one live post and keep the answer."""
    timeout_s = call_timeout_s(times or times_of_this_process())
    with bound(organization_id=organization_id, publication_id=publication_id, actor=FINDER):
        with db.organization_transaction(organization_id, FINDER) as session:
            row = store.publication(session, publication_id)
            link = store.link(session, publication_id)
            if row is None or link is None or link.state != LinkState.PENDING or row.provider_post_id is None:
                return None
            post_id, tries, network = row.provider_post_id, link.tries, row.payload["network"]
            try:
                access = access_for(session, row.account_id, row.correlation_id)
            except ProviderFailure:
                access = None
        url = None
        if access is not None:
            try:
                url = providers.publisher(network).permalink(post_id, access, timeout_s=timeout_s)
            except Exception:
                _log.warning("the address of a live post could not be read", exc_info=True)
        again = rules.LINK_TRIES_AFTER_S[tries] if tries < len(rules.LINK_TRIES_AFTER_S) else None
        with db.organization_transaction(organization_id, FINDER) as session:
            store.note_link(session, publication_id, url=url, again_in_s=again)
        return url
