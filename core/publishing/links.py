"""The public address of a live post, looked for after the fact.

A row of its own per publication: whatever goes wrong here can't move a publication out of `published` (RELIABILITY C
14), and until an address is found the page says "live, link not found yet".

What was proven live without anybody knowing which post it is (PRODUCT 7 d) is looked for among the account's posts
first; the one that can only be it gives it its id.

Some networks go on working on what they accepted (a Page's videos). When they say that it went wrong, nobody sees the
post: it stays published, for that is what the network said, and a person is told that it isn't shown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from core import providers
from core.accounts.access import access_for
from core.infra import db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.provider_kit.errors import NotShown, ProviderFailure
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access, LivePost, Payload
from core.publishing import due_rows, link_rows, read_rows, rules, store
from core.publishing.model import LinkState
from core.publishing.steps import KeptSteps
from core.publishing.times import call_timeout_s
from core.publishing.times import times as times_of_this_process
from core.throttle.calls import Calls, settle

_log = logging.getLogger(__name__)
FINDER = "program:links"


@dataclass(frozen=True, slots=True)
class _Sought:
    """A live post whose address isn't known. `access` None: we may not ask now."""

    organization_id: UUID
    publication_id: UUID
    provider_post_id: str | None
    payload: Payload
    steps: KeptSteps
    made_until: datetime | None
    sent_at: datetime | None
    tries: int
    access: Access | None
    calls: Calls


def find_next(*, times: PublishTimes | None = None) -> bool:
    """Look for the address whose turn it is; gives whether there may be more.

    It is claimed when it is asked for: a lease covers its calls, and what waits behind a slow one is anybody's. Where
    none that came up may be asked for now, there may be others behind them.
    """
    times = times or times_of_this_process()
    with db.free_transaction() as session:
        due = due_rows.claim_links(session, 1, lease_s=2 * call_timeout_s(times))
        _, links_wait = due_rows.work_waiting(session)
    for organization_id, publication_id in due:
        find_one(organization_id, publication_id, times=times)
    return bool(due) or links_wait


def find_one(organization_id: UUID, publication_id: UUID, *, times: PublishTimes | None = None) -> str | None:
    """Ask the network for the address of one live post and keep the answer."""
    times = times or times_of_this_process()
    timeout_s = call_timeout_s(times)
    with bound(organization_id=organization_id, publication_id=publication_id, actor=FINDER):
        sought = _sought(organization_id, publication_id, times)
        if sought is None:
            return None
        url, not_shown = None, None
        if sought.access is not None:
            try:
                with sought.calls.on(Route.READ):
                    url = _address(sought, sought.access, timeout_s)
            except NotShown as failed:
                not_shown = failed
                _log.warning("what was published isn't shown", extra={"because": failed.reason})
            except Exception:
                _log.warning("the address of a live post could not be read", exc_info=True)
        again = rules.LINK_TRIES_AFTER_S[sought.tries] if sought.tries < len(rules.LINK_TRIES_AFTER_S) else None
        with db.organization_transaction(organization_id, FINDER) as session:
            sought.calls.keep(session)
            if not_shown is not None:
                link_rows.note_not_shown(session, publication_id, FINDER, rules.not_shown(not_shown))
            else:
                link_rows.note_link(session, publication_id, url=url, again_in_s=again)
        settle(times)
        return url


def _sought(organization_id: UUID, publication_id: UUID, times: PublishTimes) -> _Sought | None:
    with db.organization_transaction(organization_id, FINDER) as session:
        row = store.publication(session, publication_id)
        link = link_rows.link(session, publication_id)
        line = link_rows.line_of(session, publication_id)
        if row is None or line is None or link is None or link.state != LinkState.PENDING:
            return None
        try:
            access = access_for(session, row.account_id, row.correlation_id)
        except ProviderFailure:
            access = None
        attempt = link_rows.accepted_attempt(session, publication_id)
        return _Sought(
            organization_id=organization_id,
            publication_id=publication_id,
            provider_post_id=row.provider_post_id,
            payload=Payload.from_json(row.approved_payload or row.payload),
            steps=KeptSteps.of(session, row.id, row.approved_sha256 or row.payload_sha256),
            made_until=rules.made_until(attempt.send_deadline, times.lease_sending_s) if attempt else None,
            sent_at=attempt.opened_at if attempt else None,
            tries=link.tries,
            access=access,
            calls=Calls(line.account_id, line.provider, line.network),
        )


def _address(sought: _Sought, access: Access, timeout_s: float) -> str | None:
    publisher = providers.publisher(sought.payload.network)
    if sought.provider_post_id is not None:
        return publisher.permalink(sought.provider_post_id, access, timeout_s=timeout_s)
    post = _post(sought, access, timeout_s)
    if post is None:
        return None
    return post.permalink or publisher.permalink(post.provider_post_id, access, timeout_s=timeout_s)


def _post(sought: _Sought, access: Access, timeout_s: float) -> LivePost | None:
    """The post that can only be this publication's, from now on under its id; None while that can't be told."""
    if sought.sent_at is None or sought.made_until is None:
        return None
    publisher = providers.publisher(sought.payload.network)
    since = sought.sent_at - rules.LOOK_BACK
    read = publisher.read_back(sought.payload, access, sought.steps, since=since, timeout_s=timeout_s)
    read = rules.within(read, since, sought.made_until)
    try:
        with db.organization_transaction(sought.organization_id, FINDER) as session:
            row = store.lock(session, sought.publication_id)
            if row is None:
                return None
            taken = read_rows.taken(session, row, [post.provider_post_id for post in read.matches])
            has_twin = read_rows.has_unresolved_twin(session, row)
            post = rules.the_post(read, taken, has_unresolved_twin=has_twin)
            if post is not None and not link_rows.name_post(session, row.id, post.provider_post_id):
                return None
    except IntegrityError:
        return None  # another publication took this very post between our look and our commit
    return post
