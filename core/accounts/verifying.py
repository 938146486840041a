"""What nobody has verified of a network, asked of a live account: reads only, in whatever organization has it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core import providers
from core.accounts import credentials
from core.accounts.access import access_for
from core.accounts.diagnosing import grant_of, owned, refuse_while_held
from core.accounts.rules import Purpose
from core.audit import commands as audit
from core.infra import db
from core.infra.crypto import CredentialTampered
from core.infra.errors import NotFound, Refused
from core.provider_kit.errors import ReconnectNeeded
from core.provider_kit.throttle import Meter, metered
from core.provider_kit.verifying import Asked, Verified

WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class VerifiedAccount:
    """An account, and each fact of its network with what it answered."""

    name: str
    network: str
    facts: tuple[Verified, ...]


def verify(provider_account_id: str) -> VerifiedAccount:
    """Ask about an account by the network's id (operator's command line). Needs the worker's database.

    Raises NotFound when no organization here has it, and Refused when it can't be asked now.
    """
    actor, account = owned(provider_account_id)
    provider = providers.providers().get(account.provider)
    if provider is None or provider.verification is None:
        raise NotFound(f"Nothing is open about {account.provider}.")
    with db.transaction(actor) as session:
        refuse_while_held(session, provider, [account])
        try:
            access = access_for(session, account.id, actor.correlation_id)
        except ReconnectNeeded as failure:
            raise Refused(f"{failure.reason} {failure.how_to_fix}") from None
        grant, renewal = grant_of(session, account.connection_id), _renewal(session, account.connection_id)
        asked = Asked(account.network, access, grant, renewal)
        audit.record(session, actor, "account.verified", "account", account.id)
    with metered(Meter(until=time.monotonic() + WITHIN_S)):
        facts = tuple(provider.verification.verify(asked))
    return VerifiedAccount(account.name, account.network, facts)


def _renewal(session: Session, connection_id: UUID) -> SecretStr | None:
    """What renews the grant, where the network gave anything. Raises Refused when it can't be read here."""
    try:
        return credentials.grant_token(session, connection_id, purpose=Purpose.REFRESH)
    except CredentialTampered as error:
        raise Refused(error.message) from None
