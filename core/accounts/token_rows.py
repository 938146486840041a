"""SQL of what keeps tokens alive: the care of each grant, and tokens that follow each other. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session

from core.accounts.model import Credential, TokenCare
from core.accounts.rules import CredentialState
from core.accounts.store import WAITING, organization_of

_clock = func.clock_timestamp
# A grant that was just consented to is known well; a little later its look plans what comes next.
_FIRST_LOOK_AFTER: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A grant whose turn it is, held by a lease; `epoch` tells this holder from the next one."""

    organization_id: UUID
    connection_id: UUID
    epoch: int


def claim(session: Session, at_most: int, lease: timedelta) -> list[Claimed]:
    """Grants to renew or to look at, the longest due first; needs no organization."""
    rows = session.execute(
        text("select organization_id, connection_id, epoch from masthead.claim_tokens(:at_most, :lease)"),
        {"at_most": at_most, "lease": lease},
    )
    return [Claimed(row.organization_id, row.connection_id, row.epoch) for row in rows]


def care(session: Session, connection_id: UUID) -> tuple[TokenCare, datetime] | None:
    """A grant's care and Postgres' time; None for a grant that nobody cares for yet."""
    query = select(TokenCare, _clock()).where(TokenCare.connection_id == connection_id)
    row = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    return (row[0], row[1]) if row else None


def begin(session: Session, connection_id: UUID) -> None:
    """Care for a grant from now on, with nothing held against it: a person has just consented."""
    fresh: dict[str, Any] = {
        "next_check_at": _clock() + _FIRST_LOOK_AFTER,
        "next_renewal_at": None,
        "lease_until": None,
        "check_failures": 0,
        "check_error": None,
        "reached_at": None,
        "renewal_began_at": None,
        "renewal_failures": 0,
        "renewal_error": None,
        "renewal_refused_at": None,
    }
    new = insert_or_leave(TokenCare).values(
        organization_id=organization_of(session), connection_id=connection_id, epoch=0, **fresh
    )
    keys = ["organization_id", "connection_id"]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_=fresh))


def note(session: Session, connection_id: UUID, **values: Any) -> None:
    """Write columns of a grant's care."""
    change = update(TokenCare).where(TokenCare.connection_id == connection_id).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


def look_soon(session: Session, connection_id: UUID) -> None:
    """Look at a grant that is cared for as soon as it goes."""
    change = update(TokenCare).where(TokenCare.connection_id == connection_id, TokenCare.next_check_at > _clock())
    session.execute(change.values(next_check_at=_clock()).execution_options(synchronize_session=False))


def postpone(session: Session, connection_id: UUID, at: datetime) -> None:
    """Do what is due for a grant at `at`, not now."""
    later = {
        name: case((column <= _clock(), at), else_=column)
        for name, column in (
            ("next_check_at", TokenCare.next_check_at),
            ("next_renewal_at", TokenCare.next_renewal_at),
        )
    }
    note(session, connection_id, lease_until=None, **later)


def rest(session: Session, connection_id: UUID) -> None:
    """Look at a grant no more."""
    note(session, connection_id, next_check_at=None, next_renewal_at=None, lease_until=None)


def still_ours(session: Session, claimed: Claimed) -> bool:
    """Whether nobody else has claimed the grant since; holds its care until the transaction ends."""
    query = select(TokenCare.epoch).where(TokenCare.connection_id == claimed.connection_id).with_for_update()
    return session.execute(query).scalar_one_or_none() == claimed.epoch


def turn(
    session: Session, credential_id: UUID, to_state: CredentialState, *, expires_at: datetime | None = None
) -> None:
    """Give a token another place, and its end where that is known better by now; REVOKED empties it for good."""
    values: dict[str, Any] = {"state": to_state}
    if to_state is CredentialState.REVOKED:
        values |= {"wrapped_key": b"", "ciphertext": b""}
    if expires_at is not None:
        values["expires_at"] = expires_at
    change = update(Credential).where(Credential.id == credential_id).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


def drop_followers(session: Session, connection_id: UUID) -> None:
    """Empty the tokens of a grant that are still on trial."""
    followers = update(Credential).where(
        Credential.connection_id == connection_id, Credential.state == CredentialState.NEXT
    )
    emptied = followers.values(state=CredentialState.REVOKED, wrapped_key=b"", ciphertext=b"")
    session.execute(emptied.execution_options(synchronize_session=False))


# Never waits: of many sends at once one notes it, and the others go on.
_USED: Final = text("""
update masthead.credential k set last_used_at = clock_timestamp()
from (select u.id, u.last_used_at from masthead.credential u
  where u.organization_id = masthead.ctx_organization() and u.id = :id
    and coalesce(u.last_used_at < clock_timestamp() - interval '1 hour', true)
  for update skip locked) before
where k.organization_id = masthead.ctx_organization() and k.id = before.id
returning coalesce((before.last_used_at at time zone 'UTC')::date < (clock_timestamp() at time zone 'UTC')::date, true)
""")


def use(session: Session, credential_id: UUID) -> bool:
    """Note that a token is used now, to the hour; True the first time of a day (UTC)."""
    return bool(session.execute(_USED, {"id": credential_id}).scalar_one_or_none())


# What the Token health page adds to what the Accounts page shows.
_HEALTH: Final = text(f"""
select a.id, c.name as person, c.scopes, c.consented_at, c.consent_ends_at, c.expires_at as token_ends_at,
  care.next_check_at, care.next_renewal_at, care.checked_at, care.check_error, care.renewed_at, care.renewal_failures,
  care.renewal_error, care.renewal_refused_at,
  (select max(k.last_used_at) from masthead.credential k where k.organization_id = a.organization_id
    and k.connection_id = a.connection_id and (k.account_id = a.id or k.account_id is null)) as last_used_at,
  exists (select 1 from masthead.credential k where k.organization_id = a.organization_id
    and k.connection_id = a.connection_id and k.account_id = a.id and k.purpose = 'account') as has_own_token,
  exists (select 1 from masthead.credential k where k.organization_id = a.organization_id
    and k.connection_id = a.connection_id and k.account_id is null and k.purpose = 'refresh'
    and k.state = 'current') as has_refresh_token,
  {WAITING} as posts
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
left join masthead.token_care care on care.organization_id = c.organization_id and care.connection_id = c.id
where a.organization_id = masthead.ctx_organization() and a.state <> 'disabled'
""")  # noqa: S608 - the parts are our own words


def health(session: Session) -> Sequence[Row[Any]]:
    """The organization's live accounts with how their grants are kept, and how many posts wait for each."""
    return session.execute(_HEALTH).all()
