"""All SQL of connections, accounts, credentials and consents. Takes a session in the organization; never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, literal_column, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts.model import Account, Connection, Consent, Credential
from core.accounts.pause_rows import PAUSED, PAUSES
from core.accounts.rules import (
    FAILURES_TO_TELL,
    AccountState,
    ConnectionState,
    ConsentFacts,
    CredentialState,
    Purpose,
)
from core.infra.crypto import Sealed
from core.infra.ids import new_id

_clock = func.clock_timestamp


def organization_of(session: Session) -> UUID:
    """The organization this session works in."""
    organization_id: UUID = session.info["organization_id"]
    return organization_id


# Consents


class IntentUsed(Exception):
    """The intent has started a consent already."""


def starts_lately(session: Session, person_id: UUID, within: timedelta) -> int:
    """How many consents a person started within a time, in all their organizations; later starts wait for this one."""
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"connect/{person_id}"})
    counted = session.execute(
        text("select masthead.connect_starts(:person, :within)"), {"person": person_id, "within": within}
    )
    return int(counted.scalar_one())


def insert_consent(session: Session, *, lifetime: timedelta, **values: Any) -> None:
    """A consent under way. Raises IntentUsed when its intent has started one before."""
    row = {"organization_id": organization_of(session), "id": new_id(), "expires_at": _clock() + lifetime, **values}
    try:
        with session.begin_nested():
            session.execute(insert(Consent).values(row))
    except IntegrityError as error:
        if _constraint(error) == "consent_intent_sha256_key":
            raise IntentUsed from None
        raise


def consent_by_state(session: Session, state_sha256: bytes) -> ConsentFacts | None:
    """This organization's consent with a state, used and expired ones too."""
    row = session.execute(
        select(Consent, (Consent.expires_at <= _clock()).label("expired")).where(Consent.state_sha256 == state_sha256)
    ).one_or_none()
    if row is None:
        return None
    consent: Consent = row[0]
    return ConsentFacts(
        id=consent.id,
        provider=consent.provider,
        person_id=consent.person_id,
        session_id=consent.session_id,
        scopes=tuple(consent.scopes),
        redirect_uri=consent.redirect_uri,
        code_challenge=consent.code_challenge,
        connection_id=consent.connection_id,
        used=consent.used_at is not None,
        expired=bool(row.expired),
    )


def consent_is_elsewhere(session: Session, state_sha256: bytes) -> bool:
    """Whether a consent with this state exists in another organization."""
    found = session.execute(
        text("select 1 from masthead.consent_of(:state) where organization_id <> :own"),
        {"state": state_sha256, "own": organization_of(session)},
    )
    return found.first() is not None


def take_consent(session: Session, consent_id: UUID) -> bool:
    """Use a consent up; False when somebody else was first or its time is over."""
    taken = session.execute(
        update(Consent)
        .where(Consent.id == consent_id, Consent.used_at.is_(None), Consent.expires_at > _clock())
        .values(used_at=_clock())
        .returning(Consent.id)
    )
    return taken.first() is not None


def close_consent(session: Session, consent_id: UUID, outcome: str, connection_id: UUID | None = None) -> None:
    """Note how a used consent ended."""
    values: dict[str, Any] = {"outcome": outcome}
    if connection_id is not None:
        values["connection_id"] = connection_id
    session.execute(update(Consent).where(Consent.id == consent_id).values(values))


# Connections


def lock_grant(session: Session, provider: str, provider_user_id: str) -> None:
    """Let one transaction at a time, over all organizations, decide about the grants of one person at a network."""
    key = f"grant/{provider}/{provider_user_id}"
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def grant_in_use(session: Session, connection: Connection) -> bool:
    """Whether another live connection of any organization stands on the same person's grant."""
    used = session.execute(
        text("select masthead.grant_in_use(:provider, :user, :besides)"),
        {"provider": connection.provider, "user": connection.provider_user_id, "besides": connection.id},
    )
    return bool(used.scalar_one())


def insert_connection(session: Session, *, choice_lifetime: timedelta, **values: Any) -> UUID:
    """A new grant that waits for the choice of accounts."""
    connection_id = new_id()
    session.execute(
        insert(Connection).values(
            organization_id=organization_of(session),
            id=connection_id,
            state=ConnectionState.PENDING,
            choose_until=_clock() + choice_lifetime,
            **values,
        )
    )
    return connection_id


def connection(session: Session, connection_id: UUID, *, lock: bool = False) -> Connection | None:
    """One connection; `lock` keeps others from changing it until the transaction ends."""
    query = select(Connection).where(Connection.id == connection_id).execution_options(populate_existing=True)
    return session.execute(_locked(query, lock)).scalar_one_or_none()


def connections_of_grant(
    session: Session, provider: str, provider_user_id: str, states: Collection[ConnectionState]
) -> Sequence[Connection]:
    """This organization's connections on one person's grant, locked."""
    query = select(Connection).where(
        Connection.provider == provider,
        Connection.provider_user_id == provider_user_id,
        Connection.state.in_(states),
    )
    return session.execute(query.order_by(Connection.id).with_for_update()).scalars().all()


def change_connection(session: Session, connection_id: UUID, **values: Any) -> None:
    """Write columns of a connection."""
    session.execute(
        update(Connection)
        .where(Connection.id == connection_id)
        .values(updated_at=_clock(), **values)
        .execution_options(synchronize_session=False)
    )


def in_time(session: Session, connection_id: UUID) -> bool:
    """Whether the choice of a pending connection may still be made, by Postgres' clock."""
    query = select(Connection.choose_until > _clock()).where(Connection.id == connection_id)
    return bool(session.execute(query).scalar_one_or_none())


def later(wait: timedelta) -> Any:
    """An instant after now, as SQL by Postgres' clock."""
    return _clock() + wait


def overdue_choices(session: Session, at_most: int) -> list[tuple[UUID, UUID]]:
    """(organization id, connection id) of grants to give back, the longest overdue first; needs no organization."""
    rows = session.execute(
        text("select organization_id, connection_id from masthead.overdue_choices(:at_most)"), {"at_most": at_most}
    )
    return [(row.organization_id, row.connection_id) for row in rows]


# Accounts


class AccountTaken(Exception):
    """Another organization has this account."""


def account(session: Session, account_id: UUID, *, lock: bool = False) -> Account | None:
    """One account, disconnected ones too; `lock` keeps others from changing it until the transaction ends."""
    query = select(Account).where(Account.id == account_id).execution_options(populate_existing=True)
    return session.execute(_locked(query, lock)).scalar_one_or_none()


def account_by_provider_id(session: Session, network: str, provider_account_id: str) -> Account | None:
    """This organization's account at a network, disconnected ones too, locked."""
    query = select(Account).where(Account.network == network, Account.provider_account_id == provider_account_id)
    return session.execute(query.with_for_update()).scalar_one_or_none()


def accounts_of_connection(session: Session, connection_id: UUID, *, lock: bool = False) -> Sequence[Account]:
    """The live accounts of a connection."""
    query = select(Account).where(Account.connection_id == connection_id, Account.state != AccountState.DISABLED)
    return session.execute(_locked(query.order_by(Account.id), lock)).scalars().all()


def insert_account(session: Session, **values: Any) -> UUID:
    """A new account. Raises AccountTaken when another organization has it."""
    account_id = new_id()
    row = {"organization_id": organization_of(session), "id": account_id, **values}
    _unless_taken(session, insert(Account).values(row))
    return account_id


def change_account(session: Session, account_id: UUID, **values: Any) -> None:
    """Write columns of an account. Raises AccountTaken if that makes it live while another organization has it."""
    change = update(Account).where(Account.id == account_id).values(updated_at=_clock(), **values)
    _unless_taken(session, change.execution_options(synchronize_session=False))


def break_accounts(
    session: Session, connection_id: UUID, account_id: UUID | None, reason: str, *, heals: bool = False
) -> list[UUID]:
    """Mark active accounts of a connection, or one of them, as needing a new consent; gives which.

    `heals`: what holds them was seen by a look at the grant, and may be seen to be over.
    """
    change = update(Account).where(Account.connection_id == connection_id, Account.state == AccountState.ACTIVE)
    if account_id is not None:
        change = change.where(Account.id == account_id)
    broken = change.values(
        state=AccountState.AUTH_BROKEN, state_reason=reason, heals=heals, updated_at=_clock()
    ).returning(Account.id)
    return list(session.execute(broken.execution_options(synchronize_session=False)).scalars())


def connected_here(session: Session, network: str, provider_account_ids: Collection[str]) -> set[str]:
    """Which of these accounts of a network this organization has connected."""
    query = select(Account.provider_account_id).where(
        Account.network == network,
        Account.provider_account_id.in_(provider_account_ids),
        Account.state != AccountState.DISABLED,
    )
    return set(session.execute(query).scalars())


def taken_elsewhere(session: Session, network: str, provider_account_ids: Collection[str]) -> set[str]:
    """Which of these accounts of a network another organization here has connected."""
    rows = session.execute(
        text("select provider_account_id from masthead.taken_elsewhere(:network, :ids)"),
        {"network": network, "ids": list(provider_account_ids)},
    )
    return set(rows.scalars())


def account_owner(session: Session, network: str, provider_account_id: str) -> tuple[UUID, UUID] | None:
    """(organization id, account id) of the live account, in whatever organization; needs no organization."""
    row = session.execute(
        text("select organization_id, account_id from masthead.account_owner(:network, :account)"),
        {"network": network, "account": provider_account_id},
    ).one_or_none()
    return (row.organization_id, row.account_id) if row else None


# Whether the token of the connection `c` is renewed before it ends; when that fails again and again, it is not.
_RENEWS = f"""exists (select 1 from masthead.token_care care where care.organization_id = c.organization_id
    and care.connection_id = c.id and care.next_renewal_at is not null
    and care.renewal_failures < {FAILURES_TO_TELL})"""  # noqa: S608 - the parts are our own words

# How many publications wait for the account `a`. Two counts: those scheduled have an index of their own by account, and
# of the others there are few; asked for together, every publication that the account ever had is read.
WAITING = """((select count(*) from masthead.publication q
    where q.organization_id = a.organization_id and q.account_id = a.id and q.state = 'scheduled')
  + (select count(*) from masthead.publication q
    where q.organization_id = a.organization_id and q.account_id = a.id and q.state in ('queued','claimed')))"""

# What the accounts page lists. Publications belong to a higher noun, but how many wait for an account is a fact of the
# account, and one statement for the page is worth the glance.
_LISTED = f"""
select a.id, a.network, a.provider, a.name, a.url, a.picture_url, a.state, a.state_reason, a.provider_account_id,
  a.connection_id, a.created_at, a.window_s, c.scopes, c.state as connection_state, c.created_at as connected_at,
  p.name as connected_by_name, coalesce(own.expires_at, case when own.id is null then c.expires_at end) as expires_at,
  c.data_access_expires_at, own.id is null and {_RENEWS} as renews, {PAUSES} as pauses,
  case when a.state = 'active' and not {PAUSED} then 0 else {WAITING} end as stranded
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
join masthead.member m on m.organization_id = c.organization_id and m.id = c.connected_by
join masthead.person p on p.id = m.person_id
left join masthead.credential own on own.organization_id = a.organization_id and own.connection_id = a.connection_id
  and own.account_id = a.id and own.purpose = 'account' and own.state = 'current'
"""  # noqa: S608 - the parts are our own words
_BY_NAME = "order by a.state = 'disabled', lower(a.name), a.id"


def listed(session: Session, account_id: UUID | None = None) -> Sequence[Row[Any]]:
    """The organization's accounts with their connection, who connected them, and how many publications wait."""
    if account_id is not None:
        return session.execute(text(f"{_LISTED} where a.id = :account_id"), {"account_id": account_id}).all()
    return session.execute(text(_LISTED + _BY_NAME)).all()


_STANDINGS = f"""
select a.id, a.provider, a.network, c.scopes, c.data_access_expires_at, c.consented_at, c.consent_ends_at,
  coalesce(own.expires_at, case when own.id is null then c.expires_at end) as expires_at,
  own.id is null and {_RENEWS} as renews
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
left join masthead.credential own on own.organization_id = a.organization_id and own.connection_id = a.connection_id
  and own.account_id = a.id and own.purpose = 'account' and own.state = 'current'
where a.id = any(:ids)
"""  # noqa: S608 - the parts are our own words


def standings(session: Session, account_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """What the grants of these accounts tell: scopes, when consent was given, when their tokens end."""
    return session.execute(text(_STANDINGS), {"ids": list(account_ids)}).all()


# Credentials


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A sealed token with the row it belongs to. `expired` by Postgres' clock."""

    id: UUID
    connection_id: UUID
    account_id: UUID | None
    purpose: str
    sealed: Sealed
    expires_at: datetime | None
    expired: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a call for an account stands on: it, its connection, and its own token or else the connection's.

    `unused_lately`: the token wasn't noted as used within the last hour.
    """

    state: str
    state_reason: str | None
    name: str
    provider_account_id: str
    connection_state: str
    token: StoredCredential | None
    unused_lately: bool


# An account that was once given a token of its own never falls back to its connection's. Read at every send.
_STANDING = text("""
select a.state, a.state_reason, a.name, a.provider_account_id, c.state as connection_state, a.connection_id,
  t.id, t.account_id, t.purpose, t.key_id, t.wrapped_key, t.nonce, t.ciphertext, t.expires_at,
  t.created_at as had_since,
  coalesce(t.last_used_at < clock_timestamp() - interval '1 hour', true) as unused_lately,
  coalesce(t.expires_at <= clock_timestamp(), false) as expired
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
left join lateral (
  select k.* from masthead.credential k
  where k.organization_id = a.organization_id and k.connection_id = a.connection_id and k.state = 'current'
    and (k.account_id = a.id and k.purpose = 'account'
      or k.account_id is null and k.purpose = 'grant' and not exists (
        select 1 from masthead.credential own where own.organization_id = a.organization_id
          and own.connection_id = a.connection_id and own.account_id = a.id and own.purpose = 'account'))
  order by k.created_at desc, k.id desc limit 1) t on true
where a.id = :account_id
""")


def standing(session: Session, account_id: UUID) -> Standing | None:
    """What a call for an account that starts now stands on; None for an account that isn't there."""
    row = session.execute(_STANDING, {"account_id": account_id}).one_or_none()
    if row is None:
        return None
    token = None
    if row.id is not None:
        sealed = Sealed(row.key_id, row.wrapped_key, row.nonce, row.ciphertext)
        token = StoredCredential(
            row.id,
            row.connection_id,
            row.account_id,
            row.purpose,
            sealed,
            row.expires_at,
            bool(row.expired),
            row.had_since,
        )
    return Standing(
        row.state,
        row.state_reason,
        row.name,
        row.provider_account_id,
        row.connection_state,
        token,
        bool(row.unused_lately),
    )


def change_window(session: Session, account_id: UUID, window_s: int) -> None:
    """How long after its time a post may still go out to an account, in seconds."""
    session.execute(update(Account).where(Account.id == account_id).values(window_s=window_s))


def insert_credential(
    session: Session,
    *,
    credential_id: UUID,
    connection_id: UUID,
    account_id: UUID | None,
    purpose: Purpose,
    sealed: Sealed,
    expires_at: datetime | None,
    state: CredentialState = CredentialState.CURRENT,
) -> None:
    """A sealed token of a connection or account, as the one in use unless another state is given."""
    session.execute(
        insert(Credential).values(
            organization_id=organization_of(session),
            id=credential_id,
            connection_id=connection_id,
            account_id=account_id,
            purpose=purpose,
            state=state,
            key_id=sealed.key_id,
            wrapped_key=sealed.wrapped_key,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
            expires_at=expires_at,
        )
    )


def stored_credential(
    session: Session, connection_id: UUID, account_id: UUID | None, purpose: Purpose, state: CredentialState
) -> StoredCredential | None:
    """The newest token of this kind in a state."""
    expired = func.coalesce(Credential.expires_at <= _clock(), literal_column("false")).label("expired")
    query = (
        _of_kind(select(Credential).add_columns(expired), connection_id, account_id, purpose)
        .where(Credential.state == state)
        .order_by(Credential.created_at.desc(), Credential.id.desc())
        .limit(1)
    )
    row = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    found: Credential = row[0]
    return StoredCredential(
        id=found.id,
        connection_id=found.connection_id,
        account_id=found.account_id,
        purpose=found.purpose,
        sealed=Sealed(found.key_id, found.wrapped_key, found.nonce, found.ciphertext),
        expires_at=found.expires_at,
        expired=bool(row.expired),
        created_at=found.created_at,
    )


def change_wrap(session: Session, stored: StoredCredential, sealed: Sealed) -> bool:
    """Store another wrap of the same token; False when the row is not what was read any more."""
    changed = session.execute(
        update(Credential)
        .where(Credential.id == stored.id, Credential.wrapped_key == stored.sealed.wrapped_key)
        .values(key_id=sealed.key_id, wrapped_key=sealed.wrapped_key)
        .returning(Credential.id)
        .execution_options(synchronize_session=False)
    )
    return changed.one_or_none() is not None


def wrapped_by_others(session: Session, newest: str, after: UUID, at_most: int) -> list[StoredCredential]:
    """Usable tokens of this organization that another key than `newest` wraps, in order of id, behind `after`."""
    rows = session.scalars(
        select(Credential)
        .where(Credential.state != CredentialState.REVOKED, Credential.key_id != newest, Credential.id > after)
        .order_by(Credential.id)
        .limit(at_most)
    )
    return [
        StoredCredential(
            id=row.id,
            connection_id=row.connection_id,
            account_id=row.account_id,
            purpose=row.purpose,
            sealed=Sealed(row.key_id, row.wrapped_key, row.nonce, row.ciphertext),
            expires_at=row.expires_at,
            expired=False,
            created_at=row.created_at,
        )
        for row in rows
    ]


def keys_in_use(session: Session) -> dict[str, int]:
    """Key id -> how many usable tokens of this organization it wraps."""
    counts = (
        select(Credential.key_id, func.count().label("tokens"))
        .where(Credential.state != CredentialState.REVOKED)
        .group_by(Credential.key_id)
    )
    return {row.key_id: row.tokens for row in session.execute(counts)}


def organizations_after(session: Session, after: UUID, at_most: int) -> list[UUID]:
    """Ids of the installation's organizations, in order, behind `after`."""
    query = text("select organization_id from masthead.organizations_after(:after, :at_most)")
    return list(session.scalars(query, {"after": after, "at_most": at_most}))


def has_own_token(session: Session, connection_id: UUID, account_id: UUID) -> bool:
    """Whether the network gave this account a token of its own, usable or emptied by now."""
    query = _of_kind(select(Credential.id), connection_id, account_id, Purpose.ACCOUNT).limit(1)
    return session.execute(query).first() is not None


_EMPTIED: Mapping[str, Any] = {"state": CredentialState.REVOKED, "wrapped_key": b"", "ciphertext": b""}


def empty_credentials(
    session: Session,
    *,
    connection_id: UUID | None = None,
    account_id: UUID | None = None,
    purpose: Purpose | None = None,
) -> None:
    """Revoke tokens of a connection or an account for good: without key and ciphertext nothing can bring them back."""
    if connection_id is None and account_id is None:
        raise ValueError("name a connection or an account")
    change = update(Credential).where(Credential.state != CredentialState.REVOKED)
    if connection_id is not None:
        change = change.where(Credential.connection_id == connection_id)
    if account_id is not None:
        change = change.where(Credential.account_id == account_id)
    if purpose is not None:
        change = change.where(Credential.purpose == purpose)
    session.execute(change.values(_EMPTIED).execution_options(synchronize_session=False))


def set_aside(session: Session, connection_id: UUID) -> None:
    """Keep the grant's token for nothing but its own revocation at the network."""
    session.execute(
        update(Credential)
        .where(
            Credential.connection_id == connection_id,
            Credential.account_id.is_(None),
            Credential.purpose == Purpose.GRANT,
            Credential.state == CredentialState.CURRENT,
        )
        .values(state=CredentialState.PREVIOUS)
        .execution_options(synchronize_session=False)
    )


def _of_kind(query: Select[Any], connection_id: UUID, account_id: UUID | None, purpose: Purpose) -> Select[Any]:
    return query.where(
        Credential.connection_id == connection_id,
        Credential.account_id.is_not_distinct_from(account_id),
        Credential.purpose == purpose,
    )


def _locked(query: Select[Any], lock: bool) -> Select[Any]:
    return query.with_for_update() if lock else query


def _unless_taken(session: Session, statement: Any) -> None:
    try:
        with session.begin_nested():
            session.execute(statement)
    except IntegrityError as error:
        if _constraint(error) == "account_one_owner":
            raise AccountTaken from None
        raise


def _constraint(error: IntegrityError) -> str | None:
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
