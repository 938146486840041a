"""A burst: many approved publications of several organizations, due at one moment, for a sandbox that takes time.

The publications are made as the tests make theirs, by the commands that people use, on Pages that live in the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
from sqlalchemy import text

from bench.installation import Installation
from bench.observer import Observer
from bench.programs import PYTHON, await_answer, free_ports, program
from core.cli import stand_in
from core.infra import db
from core.infra.reachable import LOOPBACK
from core.infra.settings import adopt_whole
from tests.factories.posts import make_approved
from tests.factories.publishing import House, make_house
from tests.fixtures.programs import RunningSandbox

ORGANIZATIONS: Final = 10
PAGES: Final = 5  # of each organization; a post goes to all of them
_SANDBOX_WITHIN_S: Final = 30.0
_FEEDS: Final = "POST /graph.facebook.com/*/feed"


@dataclass(frozen=True)
class SlowSandbox(RunningSandbox):
    """A sandbox of a measurement, and its process."""

    pid: int


@contextmanager
def slow_sandbox(folder: Path, latency_s: float) -> Iterator[SlowSandbox]:
    """A sandbox that takes `latency_s` for each new post; this process and its children have it as their network."""
    port = free_ports(1)
    url, nowhere = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:1"
    data = folder / "sandbox"
    data.mkdir()
    log = folder / "sandbox.log"
    command = [
        *(PYTHON, "-m", "sandbox", "--port", str(port), "--mail-port", "0", "--data", str(data)),
        *("--console-url", nowhere, "--ingest-url", nowhere),
    ]
    with program(command, log) as process:
        await_answer(process, log, port, "/_sandbox/health", _SANDBOX_WITHIN_S)
        for group in stand_in.environments(url):
            adopt_whole(group)
        latency = {"route": _FEEDS, "mode": "latency", "args": {"ms": round(latency_s * 1000)}}
        httpx.post(f"{url}/_sandbox/faults", json=latency, timeout=10).raise_for_status()
        yield SlowSandbox(url, nowhere, nowhere, data, process.pid)


@dataclass(slots=True)
class Burst:
    """Publications by the batch: `prepare` makes them, `come_due` lets their time come."""

    installed: Installation
    houses: list[House]
    _waiting: list[tuple[House, UUID]] = field(default_factory=list)
    _written: int = 0

    @classmethod
    def at(cls, installed: Installation, sandbox: RunningSandbox, organizations: int = ORGANIZATIONS) -> Burst:
        """New organizations with Pages at this sandbox."""
        return cls(installed, [make_house(sandbox, PAGES) for _ in range(organizations)])

    def prepare(self, publications: int) -> None:
        """Write, submit and approve posts for tomorrow, in turn by all organizations."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        for turn in range(publications // PAGES):
            house = self.houses[turn % len(self.houses)]
            self._written += 1
            post_id = make_approved(
                house.author,
                house.approver,
                [page.account.id for page in house.pages],
                text=f"Number {self._written}: roasted on Tuesday, in shops today.",
                slot_at=tomorrow,
            )
            self._waiting.append((house, post_id))

    def come_due_over(self, observer: Observer, in_s: float, over_s: float) -> datetime:
        """Move every slot that was prepared into the `over_s` seconds that begin in `in_s`; gives when they begin."""
        begins_at = observer.now() + timedelta(seconds=in_s)
        observer.spread([post_id for _, post_id in self._waiting], begins_at, over_s)
        self._waiting.clear()
        return begins_at

    def come_due(self) -> None:
        """Move every slot that was prepared to this moment."""
        for house, post_id in self._waiting:
            with db.transaction(house.approver) as session:
                session.execute(
                    text(
                        "update masthead.publication set due_at = clock_timestamp(),"
                        " not_after = clock_timestamp() + interval '30 min' where post_id = :post"
                    ),
                    {"post": post_id},
                )
        self._waiting.clear()
