"""What happened, read from its rows and told to people: never inside the command that did it.

So no command can fail or wait because of a notice, and whatever moves a publication (a person, a sender, the sweep, an
operator's SQL) is told the same way (docs/decisions/0008). Reading the same rows twice tells nobody twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import providers
from core.accounts import queries as accounts
from core.accounts.rules import renewal_must_be_told
from core.infra import db
from core.infra.logs import bound
from core.notices import rules, store
from core.notices.rules import ABOUT, Kind, News, Person, beginning
from core.organizations import queries as organizations
from core.organizations.queries import OrganizationFacts
from core.posts import slots
from core.posts.rows import error_words
from core.publishing import live_rules, unattended_rows
from core.publishing.times import times
from core.publishing.unattended_rows import Unattended

_log = logging.getLogger(__name__)
RAISER: Final = "program:notices"
_ORGANIZATIONS_AT_ONCE: Final = 200


def raise_due() -> int:
    """Tell everybody what happened since the last time, in all organizations; gives how many notices are new."""
    with db.free_transaction() as session:
        found = store.with_news(session)
    return sum(_unbroken(organization_id, raise_in) for organization_id in found)


def raise_ends() -> int:
    """Tell admins of accesses that end within 14, 7 or 1 days, or can't be renewed; gives how many notices are new."""
    count, after = 0, UUID(int=0)
    while True:
        with db.free_transaction() as session:
            found = store.organizations_after(session, after, _ORGANIZATIONS_AT_ONCE)
        if not found:
            return count
        count += sum(_unbroken(organization_id, raise_ends_in) for organization_id in found)
        after = found[-1]


def raise_risks() -> int:
    """Tell people of what may not go out at its time, in all organizations; gives how many notices are new."""
    with db.free_transaction() as session:
        found = store.organizations_at_risk(session)
    return sum(_unbroken(organization_id, raise_risks_in) for organization_id in found)


def raise_risks_in(organization_id: UUID) -> int:
    """Tell the people of one organization what a look ahead found: once a day ahead, and once an hour ahead."""
    with db.organization_transaction(organization_id, RAISER) as session:
        zone = organizations.organization_in(session).timezone
        return _tell(session, [_of_risk(row, zone) for row in store.risks(session)])


def raise_stopped() -> int:
    """Tell admins that posts wait though nothing holds them back, in all organizations; gives how many are new."""
    with db.free_transaction() as session:
        found = unattended_rows.organizations(session, times())
    return sum(_unbroken(organization_id, raise_stopped_in) for organization_id in found)


def raise_stopped_in(organization_id: UUID) -> int:
    """Tell the admins of one organization once per stoppage: it is the same one until something is sent there."""
    with db.organization_transaction(organization_id, RAISER) as session:
        oldest = unattended_rows.oldest(session, times())
        if oldest is None:
            return 0
        zone = organizations.organization_in(session).timezone
        return _tell(session, [_of_stoppage(oldest, zone)])


def raise_in(organization_id: UUID) -> int:
    """Tell the people of one organization what happened there since the last time."""
    with db.organization_transaction(organization_id, RAISER) as session:
        began, start = store.moment(session), store.since(session)
        count = _tell(session, _broken(store.accesses(session)))
    for read, news_of in ((store.news, _news), (store.live_news, _live_news)):
        place: store.Place | None = start
        while place is not None:
            with db.organization_transaction(organization_id, RAISER) as session:
                rows, place = read(session, place)
                count += _tell(session, news_of(rows))
    with db.organization_transaction(organization_id, RAISER) as session:
        store.mark(session, began)
    return count


def raise_ends_in(organization_id: UUID) -> int:
    """Tell the admins of one organization which accesses end soon or can't be renewed."""
    with db.organization_transaction(organization_id, RAISER) as session:
        return _tell(session, _ends(session, organizations.organization_in(session)))


def _unbroken(organization_id: UUID, raised: Any) -> int:
    """One organization's trouble keeps no other from hearing its news; the next pass tries again."""
    with bound(organization_id=organization_id, actor=RAISER):
        try:
            return int(raised(organization_id))
        except Exception:
            _log.exception("notices could not be raised")
            return 0


def _tell(session: Session, happened: Iterable[News]) -> int:
    news = list(happened)
    if not news:
        return 0
    facts = organizations.organization_in(session)
    members = [Person(each.id, each.person_id, each.role) for each in organizations.members_in(session) if each.active]
    to_tell = [(each, rules.told(each, members, self_approval=facts.self_approval)) for each in news]
    chosen = store.preferences(session, {member_id for _, told in to_tell for member_id in told})
    rows = {
        (member_id, each.key): {
            "member_id": member_id,
            "kind": each.kind,
            "cause": each.cause,
            "dedupe_key": each.key,
            "subject_kind": each.subject_kind,
            "subject_id": each.subject_id,
            "data": dict(each.data),
            "delivery": chosen.get((member_id, each.kind), ABOUT[each.kind].default),
        }
        for each, told in to_tell
        for member_id in told
    }
    return store.add_notices(session, list(rows.values()))


def _news(rows: Sequence[Row[Any]]) -> Iterator[News]:
    for row in rows:
        kind = _kind(row)
        if kind is not None:
            yield _of_publication(kind, row)


def _kind(row: Row[Any]) -> Kind | None:
    """What a move of a publication is to people; None where it is nothing, or no longer so."""
    if row.late_yes:
        return Kind.LIVE_TROUBLE
    match row.to_state:
        case "in_review":
            return Kind.APPROVAL_ASKED if row.state == "in_review" else None
        case "changes_requested":
            return Kind.CHANGES_REQUESTED
        case "approved" | "scheduled":
            return Kind.APPROVED if row.from_state == "in_review" else None
        case "failed":
            return Kind.FAILED
        case "published":
            return Kind.FAILED if row.not_shown else None
        case "needs_human":
            return rules.needs_kind(row.needs) if row.state == "needs_human" else None
        case "draft":  # what the sweep made one: its approval lapsed
            return Kind.LAPSED if row.state == "draft" else None
    return None


def _live_news(rows: Sequence[Row[Any]]) -> Iterator[News]:
    for row in rows:
        why = live_rules.said(live_rules.Kind(row.kind), live_rules.LiveState(row.state), error_words(row.last_error))
        yield News(
            kind=Kind.LIVE_TROUBLE,
            key=f"{Kind.LIVE_TROUBLE}:{row.work_id}:{row.id}",
            subject_kind="post",
            subject_id=row.post_id,
            actor=row.actor,
            cause=str((row.last_error or {}).get("reason") or "")[:200],
            data={"post": beginning(row.text), "account": providers.named(row.account, row.network), "why": why},
            author_id=row.author_id,
            submitted_by=row.submitted_by,
        )


def _of_risk(row: Row[Any], zone: str) -> News:
    first = row.findings[0]
    return News(
        kind=Kind.AT_RISK,
        key=f"{Kind.AT_RISK}:{row.publication_id}:{row.due_at.isoformat()}:{row.ahead}",
        subject_kind="post",
        subject_id=row.post_id,
        actor="",
        cause=first["words"][:200],
        data={
            "post": beginning(row.text),
            "account": providers.named(row.account, row.network),
            "due": slots.said(row.due_at, zone),
            "why": f"{_ended(first['words'])} {first['fix']}".strip(),
        },
        author_id=row.author_id,
        submitted_by=row.submitted_by,
    )


def _of_stoppage(oldest: Unattended, zone: str) -> News:
    return News(
        kind=Kind.STOPPED,
        key=f"{Kind.STOPPED}:{oldest.last_try or 0}",
        subject_kind="post",
        subject_id=oldest.post_id,
        actor="",
        data={"since": slots.said(oldest.since, zone)},
    )


def _of_publication(kind: Kind, row: Row[Any]) -> News:
    data = {"post": beginning(row.text), "who": row.who or "", "account": providers.named(row.account, row.network)}
    cause = ""
    match kind:
        case Kind.LAPSED:
            key = f"{kind}:{row.post_id}:{row.submitted_version}"
        case Kind.APPROVAL_ASKED | Kind.CHANGES_REQUESTED | Kind.APPROVED:
            # One deed over several accounts is one piece of news; the same version may be asked for again.
            key = f"{kind}:{row.post_id}:{row.correlation_id or row.id}"
            if kind is Kind.CHANGES_REQUESTED:
                data["comment"] = row.comment or ""
        case _:
            key = f"{kind}:{row.publication_id}:{row.id}"
            cause = str((row.last_error or {}).get("reason") or row.because)[:200]
            fix = str((row.last_error or {}).get("how_to_fix") or "") if kind is Kind.FAILED else ""
            data["why"] = f"{_ended(cause if kind is Kind.FAILED else row.because)} {fix}".strip()
    return News(
        kind=kind,
        key=key,
        subject_kind="post",
        subject_id=row.post_id,
        actor=row.actor,
        cause=cause,
        data=data,
        author_id=row.author_id,
        submitted_by=row.submitted_by,
        writers=frozenset(row.writers),
        reviewer_id=row.reviewer_id,
    )


def _ended(words: str) -> str:
    """Words as a sentence."""
    words = words.strip()
    return words if not words or words[-1] in ".!?" else f"{words}."


def _broken(rows: Sequence[Row[Any]]) -> Iterator[News]:
    """Accounts whose access the network refused. Each token breaks once: a new consent brings another.

    What a look at the grant holds, a look may let go: so it may come again with the same token.
    """
    for row in rows:
        if row.state == "auth_broken":
            key = f"broken:{row.credential_id}"
            if row.heals:
                key = f"{key}:{row.updated_at.isoformat()}"
            yield _of_account(row, key, {"account": providers.named(row.name, row.network), "why": _ended(row.reason)})


def _ends(session: Session, facts: OrganizationFacts) -> Iterator[News]:
    moment, told = store.moment(session), set[UUID]()
    for row in store.accesses(session):
        consent_ends_at = accounts.consent_end(row.provider, row.consented_at, row.consent_ends_at)
        data_ends_at = accounts.data_access_end(row.network, row.data_access_expires_at)
        ends_at = min(filter(None, (row.token_ends_at, data_ends_at, consent_ends_at)), default=None)
        days = rules.ends_threshold(ends_at, moment) if ends_at and row.state != "auth_broken" else None
        if ends_at is not None and days is not None:
            data = {"account": providers.named(row.name, row.network), "ends": _day(ends_at, facts)}
            yield _of_account(row, f"ends:{ends_at:%Y-%m-%d}:{days}", data)
        elif row.renewal_refused_at is not None and row.state != "auth_broken" and ends_at and ends_at > moment:
            data = {"account": providers.named(row.name, row.network), "ends": _day(ends_at, facts)}
            yield _of_account(row, f"refused:{row.grant_id}", data)
        if row.connection_id not in told and renewal_must_be_told(row.renewal_failures, row.grant_ends_at, moment):
            told.add(row.connection_id)  # one consent, one notice, however many accounts stand on it
            yield _not_renewed(row, facts)


def _not_renewed(row: Row[Any], facts: OrganizationFacts) -> News:
    times = "once" if row.renewal_failures == 1 else f"{row.renewal_failures} times in a row"
    ends = _day(row.grant_ends_at, facts) if row.grant_ends_at else ""
    data = {
        "account": providers.named(row.name, row.network),
        "why": _ended(row.renewal_error),
        "times": times,
        "ends": ends,
    }
    return _of_account(row, f"{row.grant_id}", data, kind=Kind.NOT_RENEWED)


def _day(at: datetime, facts: OrganizationFacts) -> str:
    """As in "3 December 2026", in the organization's zone."""
    on = at.astimezone(ZoneInfo(facts.timezone))
    return f"{on.day} {on:%B %Y}"


def _of_account(row: Row[Any], key: str, data: dict[str, str], *, kind: Kind = Kind.RECONNECT) -> News:
    return News(
        kind=kind,
        key=f"{kind}:{row.id}:{key}",
        subject_kind="account",
        subject_id=row.id,
        actor="",
        cause=str(row.connection_id),
        data=data,
        connected_by=row.connected_by,
    )
