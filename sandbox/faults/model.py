"""What a fault is (PRODUCT 8). The README of the sandbox describes each mode and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """Every fault that can be asked for."""

    REFUSE = "refuse"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    SLOW_AFTER = "slow_after"
    DELAYED_VISIBILITY = "delayed_visibility"
    REFUSED_BUT_LIVE = "refused_but_live"
    DUPLICATE_REFUSED = "duplicate_refused"
    RATE_LIMITED = "rate_limited"
    USAGE = "usage"
    LATENCY = "latency"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (a mode's name)
    SCOPE_MISSING = "scope_missing"
    SLOW_CONTAINER = "slow_container"
    CONTAINER_ERROR = "container_error"
    NOT_FOUND_ONCE = "not_found_once"
    GARBAGE_BODY = "garbage_body"


# Circumstances of a call. They go together with each other and with one outcome, so that a lost answer and a slow
# index, which come together in life, can be asked for together.
CONDITIONS = frozenset({Mode.LATENCY, Mode.USAGE, Mode.DELAYED_VISIBILITY, Mode.SLOW_CONTAINER, Mode.CONTAINER_ERROR})
# Outcomes that let the network do its work first.
AFTER = frozenset({Mode.ERROR_AFTER, Mode.RESET_AFTER, Mode.SLOW_AFTER, Mode.REFUSED_BUT_LIVE, Mode.GARBAGE_BODY})

# The arguments that each mode knows, by name, with the type of their value.
TEXT, NUMBER, FLAG = str, (int, float), bool
ERROR_ARGS: Mapping[str, Any] = {
    "status": NUMBER,
    "code": NUMBER,
    "subcode": NUMBER,
    # The word for an error, where a network has words beside its numbers.
    "error": TEXT,
    "message": TEXT,
    "transient": FLAG,
}
ARGUMENTS: Mapping[Mode, Mapping[str, Any]] = {
    Mode.REFUSE: ERROR_ARGS,
    Mode.ERROR_BEFORE: ERROR_ARGS,
    Mode.ERROR_AFTER: ERROR_ARGS,
    Mode.RESET_BEFORE: {},
    Mode.RESET_AFTER: {},
    Mode.SLOW_AFTER: {"ms": NUMBER},
    Mode.DELAYED_VISIBILITY: {"ms": NUMBER},
    Mode.REFUSED_BUT_LIVE: ERROR_ARGS,
    Mode.DUPLICATE_REFUSED: {"message": TEXT},
    Mode.RATE_LIMITED: {**ERROR_ARGS, "regain_min": NUMBER, "limit": TEXT},
    Mode.USAGE: {"percent": NUMBER, "regain_min": NUMBER},
    Mode.LATENCY: {"ms": NUMBER},
    Mode.TOKEN_REVOKED: {"subcode": NUMBER, "permanent": FLAG},
    Mode.SCOPE_MISSING: {"scope": TEXT},
    Mode.SLOW_CONTAINER: {"ms": NUMBER, "polls": NUMBER},
    Mode.CONTAINER_ERROR: ERROR_ARGS,
    Mode.NOT_FOUND_ONCE: {},
    Mode.GARBAGE_BODY: {"status": NUMBER, "body": TEXT},
}


@dataclass(slots=True)
class Fault:
    """One fault as it was asked for, with what it has done so far."""

    id: int
    route: str
    about: str
    mode: Mode
    times: int | None
    probability: float | None
    seed: int
    args: Mapping[str, Any]
    matched: int = 0
    applied: int = 0
    paths: set[str] = field(default_factory=set)

    def number(self, name: str, default: float) -> float:
        """A numeric argument."""
        return float(self.args.get(name, default))

    @property
    def always(self) -> bool:
        """Does it act at every call that it meets, however many there were?"""
        return self.times is None and self.probability is None and self.mode is not Mode.NOT_FOUND_ONCE

    @property
    def spent(self) -> bool:
        """Has it acted as often as asked?"""
        return self.times is not None and self.applied >= self.times


@dataclass(frozen=True, slots=True)
class Conditions:
    """The circumstances under which one call is answered."""

    by_mode: Mapping[Mode, Fault] = field(default_factory=dict)

    def get(self, mode: Mode) -> Fault | None:
        """The fault of this mode, if one met the call."""
        return self.by_mode.get(mode)

    def seconds(self, mode: Mode, default_ms: float) -> float:
        """The `ms` of a fault in seconds; 0 when there is none."""
        fault = self.by_mode.get(mode)
        return fault.number("ms", default_ms) / 1000 if fault else 0.0
