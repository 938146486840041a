"""What holds of connections and accounts: states, words, limits, and who may finish a consent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.infra.errors import Refused
from core.provider_kit.types import Deed, Scope

SHORTEST_WINDOW_S: Final = 300
LONGEST_WINDOW_S: Final = 86_400
INTENT_LIFETIME: Final = timedelta(hours=1)
CONSENT_LIFETIME: Final = timedelta(minutes=10)
CHOICE_LIFETIME: Final = timedelta(minutes=30)
GIVE_BACK_AGAIN_AFTER: Final = timedelta(minutes=5)
STARTS_PER_MINUTE: Final = 10
LONGEST_PAUSE_REASON: Final = 500

CONNECT_AGAIN: Final = "Go back to Accounts and press Connect again."
TAKEN_ELSEWHERE: Final = "already connected in another organization here: disconnect it there or ask your operator"


class AccountState(StrEnum):
    """Whether its network lets publications go to an account; that people let them is another matter (`Pause`)."""

    ACTIVE = "active"
    AUTH_BROKEN = "auth_broken"
    DISABLED = "disabled"


class PauseScope(StrEnum):
    """What a pause holds, the widest first: everything, what goes by one provider, what goes to one account."""

    ORGANIZATION = "organization"
    PROVIDER = "provider"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in force. `name`: the provider's, or the account's with its network; empty: the whole organization's."""

    id: UUID
    scope: PauseScope
    provider: str | None
    account_id: UUID | None
    name: str
    reason: str
    by: str
    since: datetime


class ConnectionState(StrEnum):
    """How a grant stands: waiting for the choice of accounts, in use, refused by the network, or given back."""

    PENDING = "pending"
    ACTIVE = "active"
    BROKEN = "broken"
    REVOKED = "revoked"


class CredentialState(StrEnum):
    """A stored token: in use, a follower that is still to prove itself, the one before, or emptied.

    Of a grant that ended the one before is kept only to be revoked at the network; of a refresh token until its
    follower has renewed something.
    """

    CURRENT = "current"
    NEXT = "next"
    PREVIOUS = "previous"
    REVOKED = "revoked"


class Purpose(StrEnum):
    """What a stored token is for: a person's grant, its renewal, an account's own token, the offer before a choice."""

    GRANT = "grant"
    REFRESH = "refresh"
    ACCOUNT = "account"
    OFFER = "offer"


PAUSED_WORDS: Final = "Paused"
STATE_WORDS: Final[Mapping[AccountState, str]] = {
    AccountState.ACTIVE: "Connected",
    AccountState.AUTH_BROKEN: "Reconnect needed",
    AccountState.DISABLED: "Disconnected",
}


class Refusal(StrEnum):
    """Why the answer of a network was not acted on."""

    UNKNOWN = "unknown"
    REPLAYED = "replayed"
    OTHER_SESSION = "other_session"
    OTHER_PERSON = "other_person"
    OTHER_ORGANIZATION = "other_organization"
    OTHER_PROVIDER = "other_provider"
    EXPIRED = "expired"
    PROOF = "proof"
    SCOPES = "scopes"
    REDIRECT = "redirect"
    CODE = "code"


REFUSAL_WORDS: Final[Mapping[Refusal, str]] = {
    Refusal.UNKNOWN: "This answer belongs to no connection that was started here.",
    Refusal.REPLAYED: "This answer was used already; each works once.",
    Refusal.OTHER_SESSION: "This connection was started in another sign-in. Start and finish it in the same browser.",
    Refusal.OTHER_PERSON: "Another person started this connection. Only they can finish it.",
    Refusal.OTHER_ORGANIZATION: "This connection was started in another organization. Switch to it, start again.",
    Refusal.OTHER_PROVIDER: "This answer came to the address of another network than the one it was asked of.",
    Refusal.EXPIRED: "More than 10 minutes went by at the network, so this connection was dropped.",
    Refusal.PROOF: "The proof that this server started the connection is missing or wrong.",
    Refusal.SCOPES: "The permissions to ask for have changed since this connection was started.",
    Refusal.REDIRECT: "The address to come back to has changed since this connection was started.",
    Refusal.CODE: "The network's answer holds no code to go on with.",
}


class ConnectRefused(Refused):
    """This connection can't be finished."""

    def __init__(self, because: Refusal) -> None:
        self.because = because
        super().__init__(f"{REFUSAL_WORDS[because]} Nothing was connected. {CONNECT_AGAIN}")


class ConsentDenied(Refused):
    """Access was not allowed at the network, so nothing was connected. If that was a slip, press Connect again."""


class ConnectFailed(Refused):
    """The network did not complete the connection."""


class TooManyStarts(Refused):
    """That was more than 10 starts in a minute. Wait a minute, then press Connect again."""


class TooManyLooks(Refused):
    """That was more than 10 checks in 10 minutes here. Each asks the network; wait some minutes, then check again."""


class LookUnderWay(Refused):
    """A check is under way here already. Wait until it says what it found."""


class IntentInvalid(Refused):
    """This link to connect an account is not for this sign-in or was used already. Go back and press Connect again."""


class IntentExpired(IntentInvalid):
    """The page with this link was open for more than an hour. Go back to Accounts, reload, and press Connect again."""


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """A consent as it was stored when the person was sent to the network."""

    id: UUID
    provider: str
    person_id: UUID
    session_id: UUID
    scopes: tuple[str, ...]
    redirect_uri: str
    code_challenge: str | None
    connection_id: UUID | None
    used: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back, where to, and what this server would ask for today."""

    provider: str
    person_id: UUID
    session_id: UUID
    scopes: tuple[str, ...]
    redirect_uri: str
    code_challenge: str


def refusal(consent: ConsentFacts, arrival: Arrival) -> Refusal | None:
    """Why this arrival may not finish that consent (RFC 9700 4.7, 4.4); None if it may."""
    checks = (
        (Refusal.OTHER_PERSON, consent.person_id == arrival.person_id),
        (Refusal.OTHER_SESSION, consent.session_id == arrival.session_id),
        (Refusal.OTHER_PROVIDER, consent.provider == arrival.provider),
        (Refusal.REPLAYED, not consent.used),
        (Refusal.EXPIRED, not consent.expired),
        (Refusal.PROOF, consent.code_challenge == arrival.code_challenge),
        (Refusal.SCOPES, consent.scopes == arrival.scopes),
        (Refusal.REDIRECT, consent.redirect_uri == arrival.redirect_uri),
    )
    return next((because for because, holds in checks if not holds), None)


@dataclass(frozen=True, slots=True)
class MissingScope:
    """A permission that was asked for and not given, and what doesn't work without it; `deed` as in `Scope`."""

    scope: str
    breaks: str
    required: bool
    deed: Deed | None = None
    network: str = ""


def missing_scopes(asked: Sequence[Scope], granted: Collection[str]) -> tuple[MissingScope, ...]:
    """The asked permissions that are not among the granted ones, in the order in which they were asked."""
    return tuple(
        MissingScope(each.name, each.breaks, each.required, each.deed, each.network)
        for each in asked
        if each.name not in granted
    )


def state_after_consent(missing: Iterable[MissingScope]) -> tuple[AccountState, str | None]:
    """The state of an account just connected, and why: without a required permission it can't be used."""
    reasons = [f"{each.breaks} ({each.scope} was not given)" for each in missing if each.required]
    if not reasons:
        return AccountState.ACTIVE, None
    return AccountState.AUTH_BROKEN, " ".join(reasons)


# How a grant is kept alive

# From this many failures in a row on, or from one on when less than so much is left, people are told (PRODUCT 6).
FAILURES_TO_TELL: Final = 3
LEFT_TO_TELL: Final = timedelta(hours=48)
# A token that lives as long as its consent can't be renewed beyond it.
NOTHING_TO_GAIN: Final = timedelta(days=1)


def renewal_due(
    had_since: datetime,
    ends_at: datetime | None,
    consent_ends_at: datetime | None,
    *,
    ahead: timedelta,
    at_most_every: timedelta,
    earlier: timedelta,
) -> datetime | None:
    """When a token is to be renewed; None when it has no end, or none that a renewal could move.

    `ahead` of its end, but in the second half of its life; `earlier` by a draw of chance that keeps grants which came
    together from being renewed together; never sooner than `at_most_every` after the token came.
    """
    if ends_at is None or (consent_ends_at is not None and ends_at >= consent_ends_at - NOTHING_TO_GAIN):
        return None
    life = ends_at - had_since
    return max(ends_at - min(ahead, life / 2) - min(earlier, life / 4), had_since + min(at_most_every, life / 2))


def retry_in(failures: int, waits_s: Sequence[float], chance: float) -> timedelta:
    """How long to wait after so many failures in a row; `chance` from 0 to 1 makes it 75 to 125 % of the step."""
    step = waits_s[min(max(failures, 1), len(waits_s)) - 1]
    return timedelta(seconds=step * (0.75 + chance / 2))


def renewal_must_be_told(failures: int, ends_at: datetime | None, moment: datetime) -> bool:
    """Whether people are to hear that a token can't be renewed (PRODUCT 6)."""
    if failures <= 0:
        return False
    return failures >= FAILURES_TO_TELL or (ends_at is not None and ends_at - moment < LEFT_TO_TELL)
