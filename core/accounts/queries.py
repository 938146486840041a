"""Reads of accounts: frozen dataclasses for pages and for higher nouns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import providers as registry
from core.accounts import credentials, pause_rows, store
from core.accounts.connecting import pending
from core.accounts.rules import (
    PAUSED_WORDS,
    STATE_WORDS,
    TAKEN_ELSEWHERE,
    AccountState,
    MissingScope,
    Pause,
    missing_scopes,
)
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.organizations.rules import Permission, require
from core.provider_kit.port import Provider
from core.provider_kit.types import OfferedAccount, Scope


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as pages show it. `pauses`: those over it, widest first; `stranded`: what waits while it is held.

    `renews`: its token is renewed before `token_expires_at`, without anybody doing anything.
    """

    id: UUID
    network: str
    provider: str
    provider_account_id: str
    name: str
    url: str | None
    picture_url: str | None
    state: AccountState
    state_words: str
    state_reason: str | None
    missing_scopes: tuple[MissingScope, ...]
    connection_id: UUID
    connected_by_name: str
    connected_at: datetime
    token_expires_at: datetime | None
    data_access_ends_at: datetime | None
    renews: bool
    window_s: int
    stranded: int
    pauses: tuple[Pause, ...]

    @property
    def own_pause(self) -> Pause | None:
        """The pause of this account alone, where it has one."""
        return next((each for each in self.pauses if each.account_id == self.id), None)

    @property
    def sends(self) -> bool:
        """Whether posts go out to it now."""
        return self.state is AccountState.ACTIVE and not self.pauses


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account may be used, as far as its grant tells. A date that is None is one nobody told us.

    `consent_ends_at`: when a person must consent anew, however often it is renewed. `renews`: the token is renewed
    before it ends. `provider` None: its folder is gone.
    """

    provider: Provider | None
    missing: tuple[MissingScope, ...]
    consent_ends_at: datetime | None
    token_ends_at: datetime | None
    renews: bool
    data_access_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class OfferedRow:
    """An account that a grant reaches. `already`: this organization has it, choosing it renews its token."""

    network: str
    provider_account_id: str
    name: str
    url: str | None
    picture_url: str | None
    eligible: bool
    reason: str
    already: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A grant that waits for the choice. `listed` False: the network didn't give the list; offer `load_choice`."""

    connection_id: UUID
    provider: str
    provider_title: str
    name: str
    choose_until: datetime
    listed: bool
    offered: tuple[OfferedRow, ...]
    missing: tuple[MissingScope, ...]


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A company that can be connected. `points_elsewhere`: its addresses aren't the real network's."""

    key: str
    title: str
    icon: str
    configured: bool
    points_elsewhere: bool


def accounts(actor: Actor) -> list[AccountRow]:
    """The organization's accounts by name, disconnected ones last."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return [_row(each) for each in store.listed(session)]


def account(actor: Actor, account_id: UUID) -> AccountRow:
    """One account, disconnected ones too. Raises NotFound."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        found = store.listed(session, account_id)
    if not found:
        raise NotFound
    return _row(found[0])


def accounts_in(session: Session) -> dict[UUID, AccountRow]:
    """The organization's accounts by id, for a higher noun inside its own transaction."""
    return {row.id: row for row in map(_row, store.listed(session))}


def standings_in(session: Session, account_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How these accounts may be used, by id, for a higher noun inside its own transaction."""
    return {
        row.id: Standing(
            provider=registry.providers().get(row.provider),
            missing=missing_scopes(_asked(row.provider), row.scopes),
            consent_ends_at=consent_end(row.provider, row.consented_at, row.consent_ends_at),
            token_ends_at=row.expires_at,
            renews=row.renews,
            data_access_ends_at=data_access_end(row.network, row.data_access_expires_at),
        )
        for row in store.standings(session, account_ids)
    }


def pauses(actor: Actor) -> tuple[Pause, ...]:
    """What is paused in the organization now, the widest first."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return pause_rows.in_force(session)


def providers(actor: Actor) -> list[ProviderRow]:
    """What can be connected here."""
    require(actor, Permission.READ)
    return [
        ProviderRow(each.key, each.title, each.icon, each.configured, each.points_elsewhere)
        for each in registry.providers().values()
    ]


def choice(actor: Actor, connection_id: UUID) -> Choice:
    """The accounts to choose from, for the person who consented. Raises NotAllowed, NotFound, Refused when over."""
    require(actor, Permission.CONNECT)
    with db.transaction(actor) as session:
        connection = pending(session, actor, connection_id)
        offered = credentials.offer(session, connection_id)
        provider = registry.provider(connection.provider)
        rows = _offered_rows(session, offered or ())
        if connection.choose_until is None:
            raise NotFound
        return Choice(
            connection_id=connection_id,
            provider=provider.key,
            provider_title=provider.title,
            name=connection.name,
            choose_until=connection.choose_until,
            listed=offered is not None,
            offered=rows,
            missing=missing_scopes(provider.oauth.scopes, connection.scopes),
        )


def _offered_rows(session: Session, offered: Iterable[OfferedAccount]) -> tuple[OfferedRow, ...]:
    by_network: dict[str, list[str]] = {}
    offered = tuple(offered)
    for each in offered:
        by_network.setdefault(each.network, []).append(each.provider_account_id)
    here = {network: store.connected_here(session, network, ids) for network, ids in by_network.items()}
    elsewhere = {network: store.taken_elsewhere(session, network, ids) for network, ids in by_network.items()}
    rows = []
    for each in offered:
        taken = each.provider_account_id in elsewhere[each.network]
        rows.append(
            OfferedRow(
                network=each.network,
                provider_account_id=each.provider_account_id,
                name=each.name,
                url=each.url,
                picture_url=each.picture_url,
                eligible=each.eligible and not taken,
                reason=TAKEN_ELSEWHERE if taken else each.reason,
                already=each.provider_account_id in here[each.network],
            )
        )
    return tuple(sorted(rows, key=lambda row: (not row.eligible, row.name.lower(), row.provider_account_id)))


def _row(row: Row[Any]) -> AccountRow:
    state, pauses = AccountState(row.state), pause_rows.read(row.pauses)
    return AccountRow(
        id=row.id,
        network=row.network,
        provider=row.provider,
        provider_account_id=row.provider_account_id,
        name=row.name,
        url=row.url,
        picture_url=row.picture_url,
        state=state,
        state_words=PAUSED_WORDS if pauses and state is AccountState.ACTIVE else STATE_WORDS[state],
        state_reason=row.state_reason,
        missing_scopes=() if state is AccountState.DISABLED else missing_scopes(_asked(row.provider), row.scopes),
        connection_id=row.connection_id,
        connected_by_name=row.connected_by_name,
        connected_at=row.connected_at,
        token_expires_at=row.expires_at,
        data_access_ends_at=data_access_end(row.network, row.data_access_expires_at),
        renews=row.renews,
        window_s=row.window_s,
        stranded=row.stranded,
        pauses=pauses,
    )


def consent_end(provider_key: str, consented_at: datetime, said: datetime | None) -> datetime | None:
    """When a person must consent anew: as the network said, else as long after as its folder knows."""
    provider = registry.providers().get(provider_key)
    lasts = provider.consent_lasts if provider else None
    return said or (consented_at + lasts if lasts else None)


def data_access_end(network_key: str, said: datetime | None) -> datetime | None:
    """When posts to a network stop because the access to a person's data ends; None where they go on without it."""
    network = registry.networks().get(network_key)
    return said if network is not None and network.needs_data_access else None


def _asked(provider_key: str) -> Sequence[Scope]:
    """What a provider is asked for; nothing for one whose folder is gone."""
    provider = registry.providers().get(provider_key)
    return provider.oauth.scopes if provider else ()
