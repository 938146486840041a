"""Which notices make a mail, and when: at once by cause, and once a day what people want to read together."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.logs import bound
from core.notices import rules, store
from core.notices.raising import RAISER
from core.notices.rules import ABOUT, Delivery, Kind
from core.notices.store import Waiting

_log = logging.getLogger(__name__)


def write_due(moment: datetime | None = None) -> int:
    """Write the mail that is due, in all organizations; gives how many mails. `moment` None: Postgres' time."""
    with db.free_transaction() as session:
        found = store.with_unmailed(session)
    count = 0
    for organization_id in found:
        with bound(organization_id=organization_id, actor=RAISER):
            try:
                count += write_in(organization_id, moment)
            except Exception:
                _log.exception("mail could not be written")
    return count


def write_in(organization_id: UUID, moment: datetime | None = None) -> int:
    """Write the mail of one organization that is due; nothing while somebody else does."""
    with db.organization_transaction(organization_id, RAISER) as session:
        if not store.take_turn(session):
            return 0
        now = moment or store.moment(session)
        waiting = store.unmailed(session, now)
        at_once = [each for each in waiting if each.delivery == Delivery.AT_ONCE]
        daily = [each for each in waiting if each.delivery == Delivery.DAILY]
        return _write_at_once(session, at_once, now) + _write_digests(session, daily, now)


def _write_at_once(session: Session, waiting: Sequence[Waiting], moment: datetime) -> int:
    groups: dict[tuple[UUID, str, str], list[Waiting]] = defaultdict(list)
    for each in waiting:
        groups[each.member_id, each.kind, each.cause].append(each)
    lately = store.lately_mailed(session, moment) if groups else set()
    count = 0
    for group, several in groups.items():
        gathers = group in lately and ABOUT[Kind(group[1])].is_trouble
        if not gathers and rules.is_ripe(several[0].at, several[-1].at, moment):
            count += store.add_mail(session, group[0], [each.id for each in several], None) is not None
    return count


def _write_digests(session: Session, waiting: Sequence[Waiting], moment: datetime) -> int:
    people: dict[tuple[UUID, str], list[Waiting]] = defaultdict(list)
    for each in waiting:
        people[each.member_id, each.timezone].append(each)
    count = 0
    for (member_id, timezone), several in people.items():
        day, until = rules.digest_for(moment, timezone)
        due = [each.id for each in several if each.at < until]
        if due:
            count += store.add_mail(session, member_id, due, day) is not None
    return count
