"""What it costs that every transaction has an organization (MEASURED 2).

Ours: one short transaction as commands make it, in which the database first asks whether the person still is a member.
Baseline: the same statement in a transaction without an organization, on the same pool of connections.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.figures import Baseline, Figure, alternately, median
from bench.installation import installation
from tests.factories.organizations import make_actor

ROUNDS: Final = 3000
_WARM_UP: Final = 100
_STATEMENT: Final = text("select count(*) from masthead.organization")


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """The figure of this module."""
    with installation(folder) as installed:
        actor = make_actor()
        ours_ms, baseline_ms = alternately(
            300 if quick else ROUNDS,
            lambda: _milliseconds(installed.console.transaction(actor)),
            lambda: _milliseconds(installed.console.free_transaction()),
            discard=_WARM_UP,
        )
    yield Figure(
        "organization_transaction",
        median(ours_ms),
        "ms",
        Baseline("the same statement without an organization", median(baseline_ms)),
    )


def _milliseconds(transaction: AbstractContextManager[Session]) -> float:
    began = time.perf_counter()
    with transaction as session:
        session.execute(_STATEMENT).scalar_one()
    return (time.perf_counter() - began) * 1000
