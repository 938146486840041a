"""Tokens between the database and the code that may use them: sealed on the way in, opened for one purpose.

Nothing here returns a token but as `SecretStr`, which shows itself as asterisks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from core.accounts import store
from core.accounts.rules import CredentialState, Purpose
from core.infra.crypto import CredentialContext, Sealed, open_sealed, rewrap, seal
from core.infra.ids import new_id
from core.provider_kit.types import OfferedAccount


def keep(
    session: Session,
    connection_id: UUID,
    purpose: Purpose,
    token: SecretStr,
    *,
    account_id: UUID | None = None,
    expires_at: datetime | None = None,
    state: CredentialState = CredentialState.CURRENT,
) -> UUID:
    """Seal a token for its row and make it the one of its kind in this state. The caller has emptied the one before."""
    credential_id = new_id()
    context = CredentialContext(store.organization_of(session), connection_id, account_id, credential_id, purpose)
    store.insert_credential(
        session,
        credential_id=credential_id,
        connection_id=connection_id,
        account_id=account_id,
        purpose=purpose,
        sealed=seal(token, context),
        expires_at=expires_at,
        state=state,
    )
    return credential_id


def opened(session: Session, stored: store.StoredCredential) -> SecretStr:
    """The token of a stored row. Raises CredentialTampered."""
    context = CredentialContext(
        store.organization_of(session), stored.connection_id, stored.account_id, stored.id, stored.purpose
    )
    return open_sealed(stored.sealed, context)


def rewrapped(session: Session, stored: store.StoredCredential) -> Sealed:
    """A stored row as it is under the newest key. Raises CredentialTampered."""
    context = CredentialContext(
        store.organization_of(session), stored.connection_id, stored.account_id, stored.id, stored.purpose
    )
    return rewrap(stored.sealed, context)


def grant_token(session: Session, connection_id: UUID, *, purpose: Purpose = Purpose.GRANT) -> SecretStr | None:
    """The token in use of the grant itself, or what renews it; None once it is emptied. Raises CredentialTampered."""
    stored = store.stored_credential(session, connection_id, None, purpose, CredentialState.CURRENT)
    return opened(session, stored) if stored else None


def keep_offer(session: Session, connection_id: UUID, offered: Sequence[OfferedAccount]) -> None:
    """Seal what a grant reaches, the accounts' tokens included, until the choice; replaces an earlier offer."""
    store.empty_credentials(session, connection_id=connection_id, purpose=Purpose.OFFER)
    plain = [
        {
            "network": each.network,
            "provider_account_id": each.provider_account_id,
            "name": each.name,
            "url": each.url,
            "picture_url": each.picture_url,
            "token": each.token.get_secret_value() if each.token else None,
            "eligible": each.eligible,
            "reason": each.reason,
        }
        for each in offered
    ]
    keep(session, connection_id, Purpose.OFFER, SecretStr(json.dumps(plain)))


def offer(session: Session, connection_id: UUID) -> tuple[OfferedAccount, ...] | None:
    """What a grant reaches, as it was when it came; None when that was never learned. Raises CredentialTampered."""
    stored = store.stored_credential(session, connection_id, None, Purpose.OFFER, CredentialState.CURRENT)
    if stored is None:
        return None
    return tuple(
        OfferedAccount(
            network=each["network"],
            provider_account_id=each["provider_account_id"],
            name=each["name"],
            url=each["url"],
            picture_url=each["picture_url"],
            token=SecretStr(each["token"]) if each["token"] else None,
            eligible=each["eligible"],
            reason=each["reason"],
        )
        for each in json.loads(opened(session, stored).get_secret_value())
    )
