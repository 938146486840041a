"""Labelled points at which a harness lets a program die or freeze, to prove that it may (RELIABILITY 9.1 and G).

MASTHEAD_CRASH_AT=s2 kills the process with SIGKILL the first time it gets to point s2, MASTHEAD_CRASH_AT=s2:3 the third
time; MASTHEAD_STOP_AT does the same with SIGSTOP. Unset, which is production, a point costs one look at an empty dict.

    d0 d1 d2 d3        a sender claims due rows: before, before the commit, after it, after handing them to its slots
    w0 w1 w2           one publication: before its own claim, before that commit, after it with the call prepared
    c1 c2 c3 c4 c5     an invisible step: nothing kept, made at the network, kept, found kept, still under way there
    s1 s2 s2b s3       the send: before the attempt's commit, after it, right before the call, right after the answer
    f1 f2              the outcome: before its commit, after it
    sw1 sw2            the sweep: before its commit, after it
    r1 r2 r3           the read-back: before the read, after it, before the verdict's commit
    a0 a1 a2           before its slot: claimed to be prepared, prepared as far as it went, before that commit
    l0 ... l6          what is done to a live post: claimed, before the commit that begins it, after it, before the
                       call, after the answer, before the outcome's commit, after it
    l7 l8 l9           a look for a comment: before it, after it, before its commit
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

LABELS: Final = (
    *("d0", "d1", "d2", "d3"),
    *("w0", "w1", "w2"),
    *("c1", "c2", "c3", "c4", "c5"),
    *("s1", "s2", "s2b", "s3"),
    *("f1", "f2"),
    *("sw1", "sw2"),
    *("r1", "r2", "r3"),
)
AHEAD_LABELS: Final = ("a0", "a1", "a2")
LIVE_LABELS: Final = tuple(f"l{number}" for number in range(10))


class _Wishes(BaseSettings):
    """What the environment asks for."""

    model_config = SettingsConfigDict(env_prefix="MASTHEAD_", frozen=True)

    crash_at: str = ""
    stop_at: str = ""


# Label -> [signal, times it is still to be passed]; empty in production.
_armed: dict[str, list[int]] = {}
_counting = threading.Lock()


def point(label: str) -> None:
    """Die or freeze here if a harness asked for it."""
    if _armed:
        _arrive(label)


def arm(*, crash_at: str = "", stop_at: str = "") -> None:
    """Ask for it from inside the process; empty strings disarm. Raises ValueError for a label that doesn't exist."""
    wanted = {**_parsed(stop_at, signal.SIGSTOP), **_parsed(crash_at, signal.SIGKILL)}
    _armed.clear()
    _armed.update({label: list(wish) for label, wish in wanted.items()})


def _parsed(wish: str, what: signal.Signals) -> Mapping[str, tuple[int, int]]:
    label, _, count = wish.partition(":")
    known = (*LABELS, *AHEAD_LABELS, *LIVE_LABELS)
    if label and label not in known:
        raise ValueError(f"there is no point {label!r}; there are {', '.join(known)}")
    return {label: (int(what), int(count or 1))} if label else {}


def _arrive(label: str) -> None:
    with _counting:
        wish = _armed.get(label)
        if wish is None:
            return
        wish[1] -= 1
        if wish[1]:
            return
        del _armed[label]
    # To this thread: a SIGSTOP to the process may let it run on until another thread has taken the signal.
    signal.pthread_kill(threading.get_ident(), wish[0])


_wishes = _Wishes()
arm(crash_at=_wishes.crash_at, stop_at=_wishes.stop_at)
