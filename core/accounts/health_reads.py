"""How the tokens of an organization's accounts stand, for its Token health page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from core import providers
from core.accounts import queries, token_rows
from core.accounts.queries import AccountRow
from core.accounts.rules import FAILURES_TO_TELL, AccountState
from core.infra import db
from core.infra.actor import Actor
from core.organizations.rules import Permission, require
from core.provider_kit.types import ApiVersion, Scope


class Mend(StrEnum):
    """What a person has to do about it."""

    NOTHING = "nothing"
    CONSENT = "consent"
    RECONNECT = "reconnect"


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """One account's token. Every date None: there is none, or the network doesn't say.

    `person`: whose consent it is. `own_token`: the network gave the account one of its own, without a date.
    `renews`: Masthead can renew the consent's token by itself. `posts`: how many wait for their time or go out.
    """

    account: AccountRow
    provider_title: str
    person: str
    own_token: bool
    granted: tuple[Scope, ...]
    consented_at: datetime
    token_ends_at: datetime | None
    consent_ends_at: datetime | None
    data_access_ends_at: datetime | None
    renews: bool
    renewed_at: datetime | None
    renews_at: datetime | None
    renewal_failures: int
    renewal_error: str | None
    renewal_refused_at: datetime | None
    last_used_at: datetime | None
    checked_at: datetime | None
    checks_at: datetime | None
    check_error: str | None
    posts: int

    @property
    def end(self) -> tuple[datetime, str] | None:
        """The first end that only a person can move, and what ends then."""
        failing = self.renewal_failures >= FAILURES_TO_TELL
        token = None if self.own_token or (self.renews and not failing) else self.token_ends_at
        ends = (
            (token, "The access"),
            (self.consent_ends_at, "The consent"),
            (self.data_access_ends_at, "The access to its data"),
        )
        return min(((at, what) for at, what in ends if at is not None), default=None)

    @property
    def ends_at(self) -> datetime | None:
        """When that is."""
        return self.end[0] if self.end else None

    @property
    def mend(self) -> Mend:
        """Reconnect what is held, consent again to what lacks a permission or can't be renewed."""
        if self.account.state is AccountState.AUTH_BROKEN:
            return Mend.RECONNECT
        if self.account.missing_scopes or self.renewal_refused_at is not None:
            return Mend.CONSENT
        return Mend.NOTHING


@dataclass(frozen=True, slots=True)
class SpokenVersion:
    """The version of a provider's interface that is spoken here. `api` None: its end isn't known."""

    title: str
    api: ApiVersion | None


@dataclass(frozen=True, slots=True)
class Health:
    """All of it; accounts by name, those that need somebody first."""

    accounts: tuple[TokenHealth, ...]
    versions: tuple[SpokenVersion, ...]


def health(actor: Actor) -> Health:
    """The organization's live accounts and the interfaces they speak. Raises NotAllowed."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        rows = queries.accounts_in(session)
        found = [_health(rows[each.id], each) for each in token_rows.health(session) if each.id in rows]
    in_use = {each.account.provider for each in found}
    versions = tuple(
        SpokenVersion(each.title, each.api) for each in providers.providers().values() if each.key in in_use
    )
    order = list(Mend)[::-1]
    found.sort(key=lambda each: (order.index(each.mend), each.account.name.lower(), str(each.account.id)))
    return Health(tuple(found), versions)


def _health(account: AccountRow, row: Row[Any]) -> TokenHealth:
    provider = providers.providers().get(account.provider)
    tokens = provider.tokens if provider else None
    return TokenHealth(
        account=account,
        provider_title=provider.title if provider else account.provider,
        person=row.person,
        own_token=row.has_own_token,
        granted=_granted(provider.oauth.scopes if provider else (), row.scopes),
        consented_at=row.consented_at,
        token_ends_at=row.token_ends_at,
        consent_ends_at=queries.consent_end(account.provider, row.consented_at, row.consent_ends_at),
        data_access_ends_at=account.data_access_ends_at,
        renews=tokens is not None
        and (not tokens.needs_refresh_token or row.has_refresh_token)
        and row.renewal_refused_at is None,
        renewed_at=row.renewed_at,
        renews_at=row.next_renewal_at,
        renewal_failures=row.renewal_failures or 0,
        renewal_error=row.renewal_error,
        renewal_refused_at=row.renewal_refused_at,
        last_used_at=row.last_used_at,
        checked_at=row.checked_at,
        checks_at=row.next_check_at,
        check_error=row.check_error,
        posts=row.posts,
    )


def _granted(asked: Sequence[Scope], names: Sequence[str]) -> tuple[Scope, ...]:
    """The permissions that were given, in the order in which they are asked; others given besides have no use here."""
    return tuple(scope for scope in asked if scope.name in names)
