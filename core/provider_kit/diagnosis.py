"""The doctor of a provider: is its app set up, and does a connection stand? Each folder brings checks of its own.

A check is a function that yields what it finds; `Checks` collects those of a folder and asks them in the order in which
they were written. What all others stand on is looked at first, and a fault that keeps them from being judged ends the
run, so that one fault is one finding and not five. A call that fails on the way is a finding too.

Checks only read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.infra.addresses import is_private
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.throttle import Meter, metered

MOST_SKEW_S: Final = 60.0
_LOOK_AGAIN: Final = "Check again in some minutes; if it stays, show this to your operator."


class Kind(StrEnum):
    """The faults that are known by name."""

    HOST = "host"
    CLOCK = "clock"
    SECRET = "secret"  # noqa: S105 - a fault's name
    REDIRECT = "redirect"
    MODE = "mode"
    SCOPE = "scope"
    ROLE = "role"
    NO_INSTAGRAM = "no_instagram"
    PERSONAL_INSTAGRAM = "personal_instagram"
    PRODUCT = "product"
    TIER = "tier"
    VERSION = "version"
    MEDIA = "media"
    WEBHOOK = "webhook"
    TOKEN = "token"  # noqa: S105 - a fault's name
    DATA_ACCESS = "data_access"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, in words, with what mends it.

    `advice`: it works without. `ends`: while this is so, nothing that comes after it can be judged.
    """

    kind: Kind
    words: str
    fix: str
    advice: bool = False
    ends: bool = False
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """Where this installation is reached. `from_outside`: whoever comes, comes from the internet."""

    redirect_uri: str
    public_url: str
    from_outside: bool


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that is connected here by the grant in question."""

    network: str
    provider_account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection: the grant's token, and the accounts that stand on it."""

    token: SecretStr
    accounts: tuple[KnownAccount, ...]


class Diagnosis(Protocol):
    """What a provider's folder knows to look at. Both only read, and raise nothing of the network's."""

    def setup(self, installation: Installation) -> Iterable[Fault]:
        """What is wrong with the provider's app and this installation; nothing when all is well."""
        ...

    def connection(self, standing: Standing) -> Iterable[Fault]:
        """What is wrong with a connection; nothing when all is well."""
        ...


Subject = TypeVar("Subject")
Check = Callable[[Subject], Iterable[Fault]]
Named = Callable[[ProviderFailure], Fault | None]


class Checks(Generic[Subject]):
    """The checks of one kind of subject, in the order in which they are asked; used as a decorator."""

    def __init__(self) -> None:
        self._checks: list[Check[Subject]] = []

    def __call__(self, check: Check[Subject]) -> Check[Subject]:
        """Add a check behind the others."""
        self._checks.append(check)
        return check

    def of(self, subject: Subject, named: Named) -> Iterator[Fault]:
        """What they find. `named` says which fault a failed call stands for, None where it doesn't know."""
        for check in self._checks:
            try:
                for fault in check(subject):
                    yield fault
                    if fault.ends:
                        return
            except ProviderFailure as failure:
                yield _unreachable(failure) or named(failure) or _other(failure)
                return


def examined(ask: Callable[[], Iterable[Fault]], *, within_s: float) -> tuple[Fault, ...]:
    """Ask, with all calls together within so many seconds, and compare our clock with the network's."""
    meter = Meter(until=time.monotonic() + within_s)
    with metered(meter):
        found = list(ask())
    if meter.ahead_s is not None and abs(meter.ahead_s) > MOST_SKEW_S:
        found.append(_clock(meter.ahead_s))
    return tuple(found)


def media(installation: Installation) -> Iterator[Fault]:
    """Can a network fetch files from here? A check for providers whose networks do."""
    address = urlsplit(installation.public_url)
    if installation.from_outside and (is_private(address.hostname or "") or address.scheme != "https"):
        yield Fault(
            Kind.MEDIA,
            f"The network can't fetch images and videos from {installation.public_url}.",
            "Set MASTHEAD_PUBLIC_URL to an https:// address that the internet reaches; posts of text alone go without.",
        )


def _unreachable(failure: ProviderFailure) -> Fault | None:
    """The way to the network is the trouble, where it gave no answer at all."""
    if failure.trace.http_status is not None or not failure.provider_health:
        return None
    fix = "Let this server reach that host on port 443: look at DNS, firewall and routes, then check again."
    return Fault(Kind.HOST, failure.reason, fix, ends=True)


def _other(failure: ProviderFailure) -> Fault:
    fix = failure.how_to_fix or _LOOK_AGAIN
    return Fault(Kind.OTHER, failure.reason, fix, ends=True, trace_id=failure.trace.trace_id)


def _clock(ahead_s: float) -> Fault:
    side = "ahead of" if ahead_s > 0 else "behind"
    return Fault(
        Kind.CLOCK,
        f"This server's clock is {abs(ahead_s):.0f} seconds {side} the network's.",
        "Set the clock, and let it be kept by NTP (chrony or systemd-timesyncd).",
    )
