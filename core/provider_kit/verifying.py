"""What nobody has verified of a network, as data of its folder, and asking a live account about what reads can tell.

Each fact names the settings that carry what Masthead takes instead. `docs/providers` tells the same to people.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import SecretStr

from core.infra.settings import ProviderSettings
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.types import Access

_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class OpenFact:
    """Something that nobody has verified. `network` names the one it is of, empty where it is of the provider.

    `settings` are names of the folder's settings; `by_hand` says how to find out.
    """

    what: str
    settings: tuple[str, ...]
    by_hand: str
    network: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A live account: how it is called, of which network, the grant behind it, and what renews that, if anything."""

    network: str
    access: Access
    grant: SecretStr
    renewal: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the network answered, in words; `suggests` is the value to set, empty where the one in use may stand."""

    said: str
    suggests: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A setting with the value in use and the one it has unset."""

    setting: str
    used: str
    default: str


@dataclass(frozen=True, slots=True)
class Verified:
    """One fact. `found` None: no read can tell, `fact.by_hand` says what to do. `setting`: what was asked about."""

    fact: OpenFact
    values: tuple[Value, ...]
    found: Found | None
    setting: str = ""


class Verification(Protocol):
    """What a provider's folder says isn't verified."""

    @property
    def facts(self) -> Sequence[OpenFact]: ...

    def verify(self, asked: Asked) -> Iterable[Verified]:
        """Every fact of the account's network, those that a read can tell with the network's answer. Raises nothing."""
        ...


Ask = Callable[[Asked], Found]


class Verifier:
    """Facts, and for the settings that a read can tell of, the question (`Verification`)."""

    def __init__(
        self, folder: str, settings: ProviderSettings, facts: Sequence[OpenFact], asks: Mapping[str, Ask]
    ) -> None:
        self.facts = facts
        self._folder = folder
        self._settings = settings
        self._asks = asks

    def verify(self, asked: Asked) -> Iterator[Verified]:
        for fact in self.facts:
            if fact.network in ("", asked.network):
                values = tuple(map(self._value, fact.settings))
                name = next((name for name in fact.settings if name in self._asks), None)
                if name is None:
                    yield Verified(fact, values, None)
                else:
                    yield Verified(fact, values, _found(self._asks[name], asked), self._setting(name))

    def _value(self, name: str) -> Value:
        default = type(self._settings).model_fields[name].default
        used = getattr(self._settings, name)
        return Value(self._setting(name), _shown(used), _shown(default))

    def _setting(self, name: str) -> str:
        return f"PROVIDER_{self._folder.upper()}_{name.upper()}"


def how_slow(look: Callable[[], object]) -> Found:
    """How long the same small read took, some times."""
    took = []
    for _ in range(_LOOKS):
        began = time.monotonic()
        look()
        took.append(time.monotonic() - began)
    return Found(f"{_LOOKS} small reads took {min(took):.2f} to {max(took):.2f} s")


def _found(ask: Ask, asked: Asked) -> Found:
    try:
        return ask(asked)
    except ProviderFailure as failure:
        return Found(f"couldn't be asked: {failure.reason}")


def _shown(value: object) -> str:
    """As it is written into the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
