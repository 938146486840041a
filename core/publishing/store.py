"""All SQL of sending. Takes a session; never commits.

Every write of a program names the epoch under which it claimed the row, and is a compare-and-set: no row back means
somebody else has it by now. What happens once per send is plain SQL, which costs half of the same built anew.

Locks go publication first, then its attempts; the trigger `publication_guard` refuses a publication that moves on
while an attempt is unresolved, so the attempt is closed before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from core.accounts.pause_rows import PAUSED
from core.infra.ids import new_id
from core.infra.logs import correlation_id
from core.posts.model import Publication, PublicationEvent
from core.posts.rules import Needs, PublicationState
from core.posts.store import organization_of, set_because
from core.provider_kit.errors import Trace
from core.publishing.model import Attempt, LinkState
from core.publishing.rules import CHECKER, UNRESOLVED, VISIBLE_STEPS, AttemptState, Checked

_clock = func.clock_timestamp
_FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Claim:
    """One publication that this process may work on, under this epoch."""

    organization_id: UUID
    publication_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A publication in this process's hands, with what has to hold for it to be sent."""

    account_id: UUID
    provider: str
    payload: dict[str, Any]
    approved_payload: dict[str, Any] | None
    payload_sha256: bytes
    approved_sha256: bytes | None
    tries: int
    correlation_id: str
    throttled: bool  # something holds calls back, perhaps not these
    spread: bool  # calls leave one after the other, because a budget is used up to more than 60 %
    checked: Checked

    @classmethod
    def of(cls, row: Row[Any]) -> Claimed:
        """From what `WHAT_MUST_HOLD` selects."""
        return cls(
            account_id=row.account_id,
            provider=row.provider,
            payload=row.payload,
            approved_payload=row.approved_payload,
            payload_sha256=row.payload_sha256,
            approved_sha256=row.approved_sha256,
            tries=row.attempt_count,
            correlation_id=row.correlation_id or correlation_id(),
            throttled=row.throttled,
            spread=row.spread,
            checked=Checked(
                approved=bool(row.approved),
                in_window=bool(row.in_window),
                account_state=row.account_state,
                account_id_at_network=row.provider_account_id,
                network=row.network,
                paused=bool(row.paused),
            ),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A locked publication that still has the epoch of a claim."""

    state: PublicationState
    needs: Needs | None


# One publication on its way


# What is asked of a claimed publication `m` before anything is done for it.
WHAT_MUST_HOLD: Final = f"""
select m.payload, m.approved_payload, m.payload_sha256, m.approved_sha256, m.account_id, m.attempt_count,
  m.correlation_id, m.approved_until > clock_timestamp() as approved, m.not_after > clock_timestamp() as in_window,
  a.state as account_state, a.provider, a.provider_account_id, a.network, {PAUSED} as paused,
  exists (select 1 from masthead.account_budget b where b.organization_id = m.organization_id
    and b.account_id = m.account_id and b.held_until > clock_timestamp())
  or exists (select 1 from masthead.app_budget b where b.provider = a.provider and b.held_until > clock_timestamp())
  or exists (select 1 from masthead.breaker b where b.provider = a.provider and b.state <> 'closed') as throttled,
  exists (select 1 from masthead.account_budget b where b.organization_id = m.organization_id
    and b.account_id = m.account_id and b.gap > '0')
  or exists (select 1 from masthead.app_budget b where b.provider = a.provider and b.gap > '0') as spread
from moved m
join masthead.account a on a.organization_id = m.organization_id and a.id = m.account_id
"""  # noqa: S608 - the parts are our own words
_CLAIM = text(f"""
with moved as (
  update masthead.publication set state = 'claimed', lease_owner = :owner, lease_until = clock_timestamp() + :lease,
    attempt_count = attempt_count + 1, correlation_id = coalesce(nullif(correlation_id, ''), :correlation_id)
  where id = :publication_id and epoch = :epoch and state = 'queued' and lease_until > clock_timestamp()
  returning *, set_config('synchronous_commit', 'off', true) as unwaited)
{WHAT_MUST_HOLD}
""")  # noqa: S608 - the parts are our own words


def claim(session: Session, claim: Claim, *, owner: str, lease_s: float) -> Claimed | None:
    """Queued -> claimed; None when the lease lapsed or somebody else has it. What must hold is read along with it.

    This transaction's commit isn't waited for on the disk. A server that dies at that moment may forget it, and the row
    is queued as it was, under the same epoch: nothing was sent, for whatever a send writes before its call comes later
    on the disk and finds the row claimed or doesn't pass.
    """
    row = session.execute(
        _CLAIM,
        {
            "publication_id": claim.publication_id,
            "epoch": claim.epoch,
            "owner": owner,
            "lease": timedelta(seconds=lease_s),
            # Every click gives one; a row without is given one here, so that its calls can be told apart.
            "correlation_id": correlation_id(),
        },
    ).one_or_none()
    return None if row is None else Claimed.of(row)


def give_back(
    session: Session,
    claim: Claim,
    state: PublicationState,
    *,
    wait_s: float,
    last_error: Mapping[str, Any] | None,
    counts: bool = True,
    trouble: Mapping[str, Any] | None = None,
) -> bool:
    """Queued or claimed -> scheduled or failed, without an attempt; False when this epoch no longer holds it.

    `counts` False: this was no try, only a wait. Without a wait the row keeps its place in its account's queue.
    `trouble`: what the network said of it, for the event.
    """
    if last_error and "reason" in last_error:
        set_because(session, str(last_error["reason"]), waits=not counts, trouble=trouble)
    waits = state is PublicationState.SCHEDULED and wait_s > 0
    moved = session.execute(
        update(Publication)
        .where(
            Publication.id == claim.publication_id,
            Publication.epoch == claim.epoch,
            Publication.state.in_((PublicationState.QUEUED, PublicationState.CLAIMED)),
        )
        .values(
            state=state,
            next_action_at=_clock() + timedelta(seconds=wait_s) if waits else None,
            last_error=dict(last_error) if last_error else Publication.last_error,
            attempt_count=Publication.attempt_count - (0 if counts else 1),
            **_FREE,
        )
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


_OPEN_ATTEMPT = text(f"""
with moved as (
  update masthead.publication p set state = 'sending', lease_until = clock_timestamp() + :lease
  from masthead.account a
  where p.id = :publication_id and p.epoch = :epoch and p.state = 'claimed' and p.lease_until > clock_timestamp()
    and p.not_after > clock_timestamp() and p.approved_until > clock_timestamp()
    and p.approved_sha256 = :approved_sha256 and p.payload_sha256 = :approved_sha256
    and a.organization_id = p.organization_id and a.id = p.account_id and a.state = 'active'
    and not {PAUSED}
    and masthead.call_after(p.organization_id, p.account_id, a.provider, a.network, 'publish', true) is null
    and not exists (select 1 from masthead.breaker b where b.provider = a.provider and b.network = a.network
      and b.route = 'publish' and b.state <> 'closed')
  returning p.organization_id, p.id, p.epoch, p.correlation_id)
insert into masthead.attempt(organization_id, publication_id, step, epoch, request_sha256, send_deadline,
  correlation_id)
select m.organization_id, m.id, 'post', m.epoch, :request_sha256, clock_timestamp() + :send_within, m.correlation_id
from moved m
returning id
""")  # noqa: S608 - the parts are our own words


def open_attempt(
    session: Session,
    claim: Claim,
    *,
    approved_sha256: bytes,
    request_sha256: bytes,
    lease_s: float,
    send_within_s: float,
) -> int | None:
    """Claimed -> sending together with its attempt, if everything still holds; None when it doesn't.

    Lease, epoch, window, approval and bytes are compared on the row itself, account, pauses, budgets and breaker beside
    it: this is the last look before the call.
    """
    attempt_id: int | None = session.execute(
        _OPEN_ATTEMPT,
        {
            "publication_id": claim.publication_id,
            "epoch": claim.epoch,
            "approved_sha256": approved_sha256,
            "request_sha256": request_sha256,
            "lease": timedelta(seconds=lease_s),
            "send_within": timedelta(seconds=send_within_s),
        },
    ).scalar_one_or_none()
    return attempt_id


def renew(session: Session, claim: Claim, *, approved_sha256: bytes, lease_s: float) -> str | None:
    """Give a claim that still holds `lease_s` more seconds, and hold the row; gives its correlation id.

    None when the claim is lost: another epoch, another state, a lapsed lease or other bytes.
    """
    correlation: str | None = session.execute(
        text(
            "update masthead.publication set lease_until = clock_timestamp() + :lease where id = :id"
            " and epoch = :epoch and state = 'claimed' and lease_until > clock_timestamp()"
            " and approved_sha256 = :sha256 returning correlation_id"
        ),
        {
            "id": claim.publication_id,
            "epoch": claim.epoch,
            "lease": timedelta(seconds=lease_s),
            "sha256": approved_sha256,
        },
    ).scalar_one_or_none()
    return correlation


def held(session: Session, claim: Claim) -> Held | None:
    """Lock a publication that a program claimed; None when it was claimed anew since."""
    row = session.execute(
        text("select state, needs from masthead.publication where id = :id and epoch = :epoch for update"),
        {"id": claim.publication_id, "epoch": claim.epoch},
    ).one_or_none()
    return Held(PublicationState(row.state), Needs(row.needs) if row.needs else None) if row else None


def lock(session: Session, publication_id: UUID, epoch: int | None = None) -> Publication | None:
    """One publication, held until the end of the transaction; None when it is gone or, with `epoch`, claimed anew."""
    query = select(Publication).where(Publication.id == publication_id)
    if epoch is not None:
        query = query.where(Publication.epoch == epoch)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def unresolved_attempt(session: Session, publication_id: UUID) -> Attempt | None:
    """The attempt of which nobody knows the outcome; the database allows one at most."""
    query = select(Attempt).where(
        Attempt.publication_id == publication_id, Attempt.step.in_(VISIBLE_STEPS), Attempt.state.in_(UNRESOLVED)
    )
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def attempt(session: Session, publication_id: UUID, attempt_id: int) -> Attempt | None:
    """This attempt of this publication; None when it has none of that number."""
    query = select(Attempt).where(Attempt.id == attempt_id, Attempt.publication_id == publication_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def first_in_doubt_at(session: Session, publication_id: UUID, attempt: Attempt) -> datetime:
    """When the first try began that can have made the post: this one, or one that only a person says made none."""
    earlier = select(func.min(Attempt.opened_at)).where(
        Attempt.publication_id == publication_id,
        Attempt.state == AttemptState.PROVEN_ABSENT.value,
        Attempt.verdict_by.is_distinct_from(CHECKER),
    )
    first: datetime | None = session.execute(earlier).scalar_one()
    return min(first, attempt.opened_at) if first else attempt.opened_at


def repeats_a_call(session: Session, publication_id: UUID) -> bool:
    """Whether what goes out next goes out because the network said that the same call had no effect before."""
    newest = (
        select(Attempt.verdict_by)
        .where(Attempt.publication_id == publication_id, Attempt.state == AttemptState.PROVEN_ABSENT.value)
        .order_by(Attempt.id.desc())
        .limit(1)
    )
    return session.execute(newest).scalar_one_or_none() == CHECKER


def close_attempt(
    session: Session,
    attempt_id: int,
    state: AttemptState,
    *,
    trace: Trace | None = None,
    words: str | None = None,
    provider_ref: str | None = None,
    verdict_by: str | None = None,
    of: UUID | None = None,
) -> bool:
    """Write what became of an attempt nobody had closed; False when somebody had.

    `of`: the publication whose attempt it was when it was opened. A standby that took over may have given the number to
    another's since.
    `provider_ref` is the post it made; on one that stays unclear, the post that the network named as the same.
    open -> unknown is such a closing too, but an unknown one can still be closed for good.
    """
    said: dict[str, Any] = {"state": state.value, "verdict_by": verdict_by}
    if trace is not None:
        said |= {
            "http_status": trace.http_status,
            "provider_code": trace.named,
            "provider_trace_id": trace.trace_id,
        }
        provider_ref = provider_ref or trace.names_post
    said |= {name: value for name, value in (("message", words), ("provider_ref", provider_ref)) if value is not None}
    before = [AttemptState.OPEN.value] if state is AttemptState.UNKNOWN else [each.value for each in UNRESOLVED]
    # Only names from above are put together here. What isn't said isn't written: people may write less than programs.
    changes = ", ".join(f"{name} = :{name}" for name in said)
    closed = session.execute(
        text(
            f"update masthead.attempt set closed_at = clock_timestamp(), {changes}"  # noqa: S608
            " where id = :id and state = any(:before) and publication_id = coalesce(:of, publication_id) returning id"
        ).bindparams(bindparam("of", type_=Uuid())),
        {**said, "id": attempt_id, "before": before, "of": of},
    )
    return closed.first() is not None


def move(session: Session, publication_id: UUID, state: PublicationState, *, because: str = "", **values: Any) -> None:
    """Change a publication that this transaction holds; leases are let go of, `because` goes into its event."""
    if because:
        set_because(session, because)
    session.execute(
        update(Publication)
        .where(Publication.id == publication_id)
        .values(state=state, **_FREE, **values)
        .execution_options(synchronize_session=False)
    )


def wait_to_check(
    session: Session,
    publication_id: UUID,
    *,
    attempt_id: int,
    first_read_s: float,
    because: str,
    last_error: dict[str, Any] | None,
) -> None:
    """Sending -> unknown. The network gets `first_read_s` seconds from now and from the send's deadline to show it."""
    deadline = select(Attempt.send_deadline).where(Attempt.id == attempt_id).scalar_subquery()
    move(
        session,
        publication_id,
        PublicationState.UNKNOWN,
        because=because,
        next_action_at=func.greatest(_clock(), deadline) + timedelta(seconds=first_read_s),
        last_error=last_error,
    )


def attempts_closed_by(session: Session, publication_id: UUID, who: str, state: AttemptState) -> int:
    """How many attempts of a publication somebody closed so."""
    query = (
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.publication_id == publication_id, Attempt.verdict_by == who, Attempt.state == state.value)
    )
    count: int = session.execute(query).scalar_one()
    return count


def retry_in(
    session: Session,
    publication_id: UUID,
    *,
    seconds: float,
    because: str,
    last_error: dict[str, Any] | None,
    counts: bool = True,
) -> None:
    """Sending or unknown -> scheduled after a provable no: the network gets another try in `seconds`.

    `counts` False: this was no try, only a wait.
    """
    set_because(session, because, waits=not counts)
    move(
        session,
        publication_id,
        PublicationState.SCHEDULED,
        next_action_at=_clock() + timedelta(seconds=seconds),
        last_error=last_error,
        attempt_count=Publication.attempt_count - (0 if counts else 1),
    )


def read_again_in(session: Session, publication_id: UUID, epoch: int, seconds: float | None) -> None:
    """Put the next read of an unclear outcome off; None: it is read no more."""
    session.execute(
        update(Publication)
        .where(
            Publication.id == publication_id,
            Publication.epoch == epoch,
            Publication.state.in_((PublicationState.UNKNOWN, PublicationState.NEEDS_HUMAN)),
        )
        .values(next_action_at=None if seconds is None else _clock() + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )


def ask_a_person(session: Session, publication_id: UUID, because: str, *, read_again_s: float | None = None) -> None:
    """Unknown -> needs_human: whether it is live is for a person to say. It is read again all the same."""
    move(
        session,
        publication_id,
        PublicationState.NEEDS_HUMAN,
        because=because,
        needs=Needs.OUTCOME,
        next_action_at=None if read_again_s is None else _clock() + timedelta(seconds=read_again_s),
    )


# The hash of a request that nobody knows any more: the attempt that a restored backup may have lost (`restoring`), or a
# standby that took over (`late_answers`).
LOST_REQUEST: Final = bytes(32)

_PUBLISHED = text("""
with moved as (
  update masthead.publication set state = 'published', provider_post_id = :provider_post_id,
    proof = cast(:proof as jsonb), published_at = coalesce(:published_at, clock_timestamp()), needs = null,
    lease_owner = null, lease_until = null, next_action_at = null, last_error = null
  where id = :publication_id
  returning organization_id, id, approved_payload ->> 'comment' as comment, correlation_id),
last as (
  select a.opened_at, a.request_sha256 = :lost as lost from masthead.attempt a, moved m
  where a.organization_id = m.organization_id and a.publication_id = m.id order by a.id desc limit 1),
commented as (
  insert into masthead.live_work(organization_id, id, publication_id, kind, text, correlation_id, state, opened_at)
  select m.organization_id, :comment_id, m.id, 'comment', m.comment, m.correlation_id,
    case when l.lost then 'checking' else 'waiting' end, case when l.lost then l.opened_at end
  from moved m left join last l on true where m.comment <> ''
  on conflict do nothing)
insert into masthead.publication_link(organization_id, publication_id, state, url)
select m.organization_id, m.id, cast(:link_state as text), cast(:url as text) from moved m on conflict do nothing
""").bindparams(bindparam("published_at", type_=TIMESTAMP(timezone=True)))


def close_as_published(
    session: Session,
    publication_id: UUID,
    *,
    provider_post_id: str | None,
    permalink: str | None,
    proof: dict[str, Any] | None = None,
    published_at: datetime | None = None,
    because: str = "",
) -> None:
    """-> published, with the row under which its public address is found, and the first comment that goes under it.

    A comment of what a restored backup may have lost (`LOST_REQUEST`) may be there, and is looked for before.
    Without an id of the post there must be a proof that it is live; the database insists (PRODUCT 7 d).
    """
    if because:
        set_because(session, because)
    session.execute(
        _PUBLISHED,
        {
            "publication_id": publication_id,
            "provider_post_id": provider_post_id,
            "comment_id": new_id(),
            "lost": LOST_REQUEST,
            "proof": None if proof is None else json.dumps(proof),
            "published_at": published_at,
            "link_state": (LinkState.FOUND if permalink else LinkState.PENDING).value,
            "url": permalink,
        },
    )


# Pages


def publication(session: Session, publication_id: UUID) -> Publication | None:
    """One publication as it is now."""
    query = select(Publication).where(Publication.id == publication_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def attempts(session: Session, publication_id: UUID) -> Sequence[Attempt]:
    """All attempts, oldest first."""
    return session.scalars(select(Attempt).where(Attempt.publication_id == publication_id).order_by(Attempt.id)).all()


def events(session: Session, publication_id: UUID) -> Sequence[PublicationEvent]:
    """All events, oldest first."""
    query = select(PublicationEvent).where(PublicationEvent.publication_id == publication_id)
    return session.scalars(query.order_by(PublicationEvent.id)).all()


_LIMIT_LOCK = 7_021_992  # names the lock under which one organization's presses of Publish now are counted


def pressed_lately(session: Session, action: str) -> int:
    """How often an action was taken in this organization in the last minute. Presses at one time count one by one."""
    session.execute(
        text("select pg_advisory_xact_lock(:lock, hashtext(:organization))"),
        {"lock": _LIMIT_LOCK, "organization": str(organization_of(session))},
    )
    pressed: int = session.execute(
        text(
            # In a subquery the clock is read once, and so the index of times can be used.
            "select count(*) from masthead.audit_event where action = :action"
            " and at > (select clock_timestamp() - interval '1 minute')"
        ),
        {"action": action},
    ).scalar_one()
    return pressed


def now(session: Session) -> datetime:
    """Postgres' time, which is the time that counts."""
    moment: datetime = session.execute(select(_clock())).scalar_one()
    return moment
