"""All SQL of notices and mail. Takes a session in the organization unless it says otherwise; never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session

from core.accounts.rules import FAILURES_TO_TELL
from core.infra.ids import new_id
from core.notices.model import Mail, Notice, NoticeMark, NoticePreference
from core.notices.rules import HELD_AT_MOST, SAME_CAUSE_WITHIN, STALE_AFTER, Delivery, Kind

Ids = Sequence[UUID]
Rows = Sequence[Row[Any]]

# How long a transaction may take to become visible after it wrote its rows. Times of rows are those of their writing,
# so the last of them is read again, and what was told already stays told once (`notice`'s unique key).
OVERLAP: Final = timedelta(seconds=60)
_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 1_000  # a statement has at most 65,535 parameters, and a notice needs ten
_clock = func.clock_timestamp
# A newer version may tell of more: that is left for its console and its mail.
_KINDS: Final = [kind.value for kind in Kind]


def organization_of(session: Session) -> UUID:
    """The organization this session works in."""
    organization_id: UUID = session.info["organization_id"]
    return organization_id


# Across organizations: ids only


def with_news(session: Session) -> Ids:
    """Organizations in which something happened since their news were read; needs no organization."""
    found = session.execute(
        text("select organization_id from masthead.organizations_with_news(:overlap, :ago)"),
        {"overlap": OVERLAP, "ago": STALE_AFTER},
    )
    return found.scalars().all()


def with_unmailed(session: Session) -> Ids:
    """Organizations with notices that are still to be mailed; needs no organization."""
    found = session.execute(
        text("select organization_id from masthead.organizations_with_unmailed(:ago)"), {"ago": STALE_AFTER}
    )
    return found.scalars().all()


def organizations_after(session: Session, after: UUID, at_most: int) -> Ids:
    """Organizations in the order of their ids; needs no organization."""
    found = session.execute(
        text("select organization_id from masthead.organizations_after(:after, :at_most)"),
        {"after": after, "at_most": at_most},
    )
    return found.scalars().all()


def organizations_at_risk(session: Session) -> Ids:
    """Organizations with something that may not go out at its time; needs no organization."""
    return session.execute(text("select organization_id from masthead.organizations_at_risk()")).scalars().all()


def claim_mails(session: Session, at_most: int, lease: timedelta) -> Sequence[tuple[UUID, UUID]]:
    """(organization id, mail id) of mail whose turn it is, held for `lease`; needs no organization."""
    rows = session.execute(
        text("select organization_id, mail_id from masthead.claim_mails(:at_most, :lease)"),
        {"at_most": at_most, "lease": lease},
    )
    return [(row.organization_id, row.mail_id) for row in rows]


# News


class Place(NamedTuple):
    """How far a reading of the news has come."""

    at: datetime
    event_id: int


def since(session: Session) -> Place:
    """Where the next reading begins: a little before the last one ended, and never ahead of Postgres' clock.

    A mark that lies ahead was written before the clock was put back: what is written since then has earlier times.
    """
    oldest = select(_clock() - STALE_AFTER).scalar_subquery()
    mark = select(func.least(NoticeMark.read_until, _clock()) - OVERLAP).scalar_subquery()
    return Place(session.execute(select(func.greatest(mark, oldest))).scalar_one(), 0)


def moment(session: Session) -> datetime:
    """Postgres' time."""
    now: datetime = session.execute(select(_clock())).scalar_one()
    return now


def mark(session: Session, read_until: datetime) -> None:
    """The news up to this instant have been read. A mark stays where it is later, unless it lies ahead of now."""
    new = insert_or_leave(NoticeMark).values(organization_id=organization_of(session), read_until=read_until)
    so_far = case((NoticeMark.read_until <= _clock(), NoticeMark.read_until))
    newer = func.greatest(so_far, new.excluded.read_until)
    session.execute(new.on_conflict_do_update(index_elements=["organization_id"], set_={"read_until": newer}))


# What happened to publications, with what is said of it. The state is the one of now: what was asked and withdrawn
# again before anybody heard of it is no news.
_NEWS: Final = """
select e.id, e.at, e.publication_id, e.from_state, e.to_state, e.actor, e.correlation_id,
  coalesce(e.why ->> 'because', '') as because, coalesce(e.why ? 'not_shown', false) as not_shown,
  coalesce(e.why ? 'late_yes', false) as late_yes, p.post_id, p.state, p.needs, p.last_error,
  a.name as account, a.network, t.author_id, t.submitted_by, t.writers, t.reviewer_id, t.submitted_version, t.text,
  person.name as who,
  (select c.text from masthead.review_comment c where c.organization_id = t.organization_id and c.post_id = t.id
     and c.kind = 'changes_requested' order by c.at desc limit 1) as comment
from masthead.publication_event e
join masthead.publication p on p.organization_id = e.organization_id and p.id = e.publication_id
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
left join (masthead.member m join masthead.person on person.id = m.person_id) on
  m.person_id = case when e.actor like 'person:%' then cast(substr(e.actor, 8) as uuid) end
where e.organization_id = :organization and (e.at, e.id) > (:at, :event_id)
  and (e.to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human')
    or e.why ? 'not_shown' or e.why ? 'late_yes' or e.to_state = 'draft' and e.actor = 'program:sweeper')
  and t.deleted_at is null and p.removed_at is null
order by e.at, e.id limit :at_most
"""


def news(session: Session, after: Place) -> tuple[Rows, Place | None]:
    """Moves of publications after a place, and the place to go on from; None when these were the last."""
    return _page(session, _NEWS, after)


def _page(session: Session, statement: str, after: Place) -> tuple[Rows, Place | None]:
    values = {"organization": organization_of(session), "at_most": _AT_ONCE, **after._asdict()}
    rows = session.execute(text(statement), values).all()
    return rows, Place(rows[-1].at, rows[-1].id) if len(rows) == _AT_ONCE else None


# What was to be done to a live post and didn't go through, or may have: as long as that still stands.
_LIVE_NEWS: Final = """
select e.id, e.at, e.actor, w.id as work_id, w.kind, w.state, w.last_error, p.post_id, a.name as account, a.network,
  t.author_id, t.submitted_by, t.text
from masthead.live_event e
join masthead.live_work w on w.organization_id = e.organization_id and w.id = e.work_id and w.state = e.to_state
join masthead.publication p on p.organization_id = e.organization_id and p.id = e.publication_id
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id and t.deleted_at is null
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where e.organization_id = :organization and (e.at, e.id) > (:at, :event_id) and e.to_state in ('failed','needs_human')
order by e.at, e.id limit :at_most
"""


def live_news(session: Session, after: Place) -> tuple[Rows, Place | None]:
    """Trouble with what was to be done to live posts, after a place; paged as `news`."""
    return _page(session, _LIVE_NEWS, after)


# Accounts with the token that counts for them. An account's own comes before its connection's.
_ACCESS: Final = """
select a.id, a.name, a.state, coalesce(a.state_reason, '') as reason, a.heals, a.updated_at, a.connection_id,
  c.connected_by, coalesce(own.id, granted.id) as credential_id,
  case when own.id is not null then own.expires_at
    when care.next_renewal_at is null or care.renewal_failures >= :failures then c.expires_at end as token_ends_at,
  c.data_access_expires_at, a.network, c.provider, c.consented_at, c.consent_ends_at, c.expires_at as grant_ends_at,
  granted.id as grant_id, coalesce(care.renewal_failures, 0) as renewal_failures,
  coalesce(care.renewal_error, '') as renewal_error, care.renewal_refused_at
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
left join masthead.credential own on own.organization_id = a.organization_id and own.connection_id = a.connection_id
  and own.account_id = a.id and own.purpose = 'account' and own.state = 'current'
left join masthead.credential granted on granted.organization_id = a.organization_id
  and granted.connection_id = a.connection_id and granted.account_id is null and granted.purpose = 'grant'
  and granted.state = 'current'
left join masthead.token_care care on care.organization_id = c.organization_id and care.connection_id = c.id
where a.organization_id = :organization and a.state <> 'disabled'
order by a.id
"""


def accesses(session: Session) -> Rows:
    """The organization's live accounts, with whether and until when they can be used; none where it is renewed."""
    values = {"organization": organization_of(session), "failures": FAILURES_TO_TELL}
    return session.execute(text(_ACCESS), values).all()


_RISKS: Final = """
select f.publication_id, f.findings, p.due_at, a.name as account, a.network, t.id as post_id, t.text, t.author_id,
  t.submitted_by, case when f.looked_at < p.due_at - interval '1 hour' then 'day' else 'hour' end as ahead
from masthead.preflight f
join masthead.publication p on p.organization_id = f.organization_id and p.id = f.publication_id
  and p.version = f.version
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where f.organization_id = :organization and f.findings <> '[]' and f.due_at > clock_timestamp()
  and p.state = 'scheduled'
order by p.due_at, p.id
"""


def risks(session: Session) -> Rows:
    """What is scheduled and may not go out at its time, by the last look ahead."""
    return session.execute(text(_RISKS), {"organization": organization_of(session)}).all()


# Notices


def preferences(session: Session, member_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Delivery]:
    """(member, kind) -> what they chose, where they chose."""
    chosen = select(NoticePreference).where(NoticePreference.member_id.in_(member_ids))
    return {(each.member_id, each.kind): Delivery(each.delivery) for each in session.scalars(chosen)}


def choose(session: Session, member_id: UUID, kind: str, delivery: Delivery) -> None:
    """Keep what a member wants of a kind; what still waits to be mailed follows, unless it was off."""
    new = insert_or_leave(NoticePreference).values(
        organization_id=organization_of(session), member_id=member_id, kind=kind, delivery=delivery
    )
    keys = ["organization_id", "member_id", "kind"]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_={"delivery": delivery}))
    waiting = update(Notice).where(
        Notice.member_id == member_id, Notice.kind == kind, Notice.mail_id.is_(None), Notice.delivery != Delivery.OFF
    )
    session.execute(waiting.values(delivery=delivery).execution_options(synchronize_session=False))


def add_notices(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Tell people what they weren't told yet; gives how many rows are new."""
    organization_id = organization_of(session)
    once = ["organization_id", "member_id", "dedupe_key"]
    count = 0
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        values = [
            {"organization_id": organization_id, "id": new_id(), **row} for row in rows[first : first + _ROWS_AT_ONCE]
        ]
        new = insert_or_leave(Notice).values(values).on_conflict_do_nothing(index_elements=once)
        count += len(session.execute(new.returning(Notice.id)).all())
    return count


def unseen(session: Session, member_id: UUID, at_most: int) -> int:
    """How many notices a member hasn't seen; counted no further than `at_most`."""
    unseen = select(Notice.id).where(Notice.member_id == member_id, Notice.seen_at.is_(None), Notice.kind.in_(_KINDS))
    return int(session.execute(select(func.count()).select_from(unseen.limit(at_most).subquery())).scalar_one())


def listed(session: Session, member_id: UUID, at_most: int) -> Sequence[Notice]:
    """A member's notices of the kinds that this version knows, newest first."""
    mine = select(Notice).where(Notice.member_id == member_id, Notice.kind.in_(_KINDS))
    return session.scalars(mine.order_by(Notice.at.desc(), Notice.id.desc()).limit(at_most)).all()


def see(session: Session, member_id: UUID, notice_ids: Collection[UUID] | None = None) -> int:
    """Mark a member's notices as seen, these or all; gives how many were not."""
    mine = update(Notice).where(Notice.member_id == member_id, Notice.seen_at.is_(None), Notice.kind.in_(_KINDS))
    if notice_ids is not None:
        mine = mine.where(Notice.id.in_(notice_ids))
    seen = mine.values(seen_at=_clock()).returning(Notice.id).execution_options(synchronize_session=False)
    return len(session.execute(seen).all())


# Mail


class Waiting(NamedTuple):
    """A notice that is to be mailed."""

    id: UUID
    member_id: UUID
    kind: str
    cause: str
    delivery: str
    at: datetime
    timezone: str


def take_turn(session: Session) -> bool:
    """Be the only one who writes mail for this organization until the transaction ends; False when somebody is."""
    key = f"notices/{organization_of(session)}"
    taken = session.execute(text("select pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    return bool(taken.scalar_one())


_UNMAILED: Final = """
select n.id, n.member_id, n.kind, n.cause, n.delivery, n.at, coalesce(p.timezone, o.timezone) as timezone
from masthead.notice n
join masthead.member m on m.organization_id = n.organization_id and m.id = n.member_id and m.disabled_at is null
join masthead.person p on p.id = m.person_id and p.disabled_at is null
join masthead.organization o on o.id = n.organization_id
where n.organization_id = :organization and n.mail_id is null and n.delivery <> 'off' and n.at > :since
  and n.kind = any(:kinds)
order by n.at, n.id
"""


def unmailed(session: Session, moment: datetime) -> Sequence[Waiting]:
    """Notices of active members that are still to be mailed and of a kind that this version knows, oldest first."""
    values = {"organization": organization_of(session), "since": moment - STALE_AFTER, "kinds": _KINDS}
    return [Waiting(*row) for row in session.execute(text(_UNMAILED), values)]


def lately_mailed(session: Session, moment: datetime) -> set[tuple[UUID, str, str]]:
    """(member, kind, cause) of what was mailed within the last minutes."""
    lately = (
        select(Notice.member_id, Notice.kind, Notice.cause)
        .join(Mail, Mail.id == Notice.mail_id)
        .where(Mail.created_at > moment - SAME_CAUSE_WITHIN, Mail.digest_on.is_(None))
        .where(Notice.at > moment - SAME_CAUSE_WITHIN - HELD_AT_MOST)
    )
    return {(row.member_id, row.kind, row.cause) for row in session.execute(lately.distinct())}


def add_mail(session: Session, member_id: UUID, notice_ids: Collection[UUID], digest_on: date | None) -> UUID | None:
    """Put a mail about these notices on its way; None when that day's digest was sent already."""
    mail_id = new_id()
    new = insert_or_leave(Mail).values(
        organization_id=organization_of(session), id=mail_id, member_id=member_id, digest_on=digest_on
    )
    made = session.execute(
        new.on_conflict_do_nothing(index_elements=["organization_id", "member_id", "digest_on"]).returning(Mail.id)
    )
    if made.first() is None:
        return None
    held = update(Notice).where(Notice.id.in_(notice_ids)).values(mail_id=mail_id)
    session.execute(held.execution_options(synchronize_session=False))
    return mail_id


# A member who never came in was entered by the operator, who knows the address; everybody else's must be verified.
_TO_SEND: Final = """
select mail.id, mail.digest_on, mail.tries, mail.created_at, mail.state, person.email, o.name as organization,
  m.disabled_at is null and person.disabled_at is null as is_active,
  person.email_verified or m.last_seen_at is null as is_known
from masthead.mail
join masthead.member m on m.organization_id = mail.organization_id and m.id = mail.member_id
join masthead.person on person.id = m.person_id
join masthead.organization o on o.id = mail.organization_id
where mail.organization_id = :organization and mail.id = :mail
"""


def mail_to_send(session: Session, mail_id: UUID) -> Row[Any] | None:
    """A mail with who gets it."""
    values = {"organization": organization_of(session), "mail": mail_id}
    return session.execute(text(_TO_SEND), values).one_or_none()


def notices_of(session: Session, mail_id: UUID) -> Sequence[Notice]:
    """What a mail is about, oldest first."""
    return session.scalars(select(Notice).where(Notice.mail_id == mail_id).order_by(Notice.at, Notice.id)).all()


def close_mail(session: Session, mail_id: UUID, state: str, error: str | None = None) -> None:
    """Note how a mail ended."""
    ended = update(Mail).where(Mail.id == mail_id, Mail.state == "waiting")
    session.execute(ended.values(state=state, closed_at=_clock(), last_error=error))


def delay_mail(session: Session, mail_id: UUID, wait: timedelta, error: str | None = None) -> None:
    """Try a mail again later; without a new error it keeps the one it has."""
    later = update(Mail).where(Mail.id == mail_id, Mail.state == "waiting")
    session.execute(later.values(next_try_at=_clock() + wait, last_error=func.coalesce(error, Mail.last_error)))


# The notice of an account that is refused still would be raised anew with the next news of the organization.
_FORGET_NOTICES: Final = """
delete from masthead.notice where organization_id = :organization and id in (
  select n.id from masthead.notice n
  where n.organization_id = :organization and n.at < clock_timestamp() - cast(:older_than as interval)
    and (n.mail_id is null or exists (select 1 from masthead.mail m where m.organization_id = n.organization_id
      and m.id = n.mail_id and m.closed_at is not null))
    and not exists (select 1 from masthead.account a where n.subject_kind = 'account'
      and a.organization_id = n.organization_id and a.id = n.subject_id and a.state = 'auth_broken')
  order by n.at limit :at_most)
"""
_FORGET_MAILS: Final = """
delete from masthead.mail where organization_id = :organization and id in (
  select m.id from masthead.mail m
  where m.organization_id = :organization and m.closed_at < clock_timestamp() - cast(:older_than as interval)
    and not exists (select 1 from masthead.notice n where n.organization_id = m.organization_id and n.mail_id = m.id)
  order by m.closed_at limit :at_most)
"""


def forget_notices(session: Session, older_than: timedelta, at_most: int) -> int:
    """Throw away the oldest notices with nothing left to do; gives how many."""
    return _forget(session, _FORGET_NOTICES, older_than, at_most)


def forget_mails(session: Session, older_than: timedelta, at_most: int) -> int:
    """Throw away the oldest closed mail whose notices are gone; gives how many."""
    return _forget(session, _FORGET_MAILS, older_than, at_most)


def _forget(session: Session, statement: str, older_than: timedelta, at_most: int) -> int:
    values = {"organization": organization_of(session), "older_than": older_than, "at_most": at_most}
    return len(session.execute(text(f"{statement} returning id"), values).all())


class Trouble(NamedTuple):
    """Mail that doesn't get through: how much still waits, how much was given up within a week, and the last error."""

    waiting: int
    given_up: int
    last_error: str | None


def trouble(session: Session) -> Trouble:
    """What admins should know of mail."""
    found = session.execute(
        text(
            "select count(*) filter (where state = 'waiting') as waiting,"
            " count(*) filter (where state = 'given_up') as given_up,"
            " (array_agg(last_error order by created_at desc))[1] as last_error from masthead.mail"
            " where organization_id = :organization and created_at > clock_timestamp() - interval '7 days'"
            " and (state = 'given_up' or (state = 'waiting' and tries > 0 and last_error is not null))"
        ),
        {"organization": organization_of(session)},
    ).one()
    return Trouble(*found)
