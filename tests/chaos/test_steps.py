"""Deaths at every labelled point of publications in two and three steps, under every fault of networks in memory.

Death here is an exception that nothing survives: from then on neither Postgres nor the network is reached any more, so
what was not committed is gone as with SIGKILL. Each row then waits out its leases and is finished by healthy code.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.infra import crash, db
from core.infra.settings import Settings
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.publishing import checking, claiming, rules, sending
from core.publishing.rules import AttemptState, Outcome
from tests.factories.accounts import make_account
from tests.factories.memory_network import SHAPES, MemoryNetwork
from tests.factories.publishing import (
    FAST,
    House,
    Page,
    acting_as,
    again,
    attempts,
    bring_forward,
    make_quiet_house,
    make_scheduled_on,
    sweep,
    use_owner,
)

_S = PublicationState
LABELS = tuple(label for label in crash.LABELS if label not in ("d0", "d3", "sw1", "sw2"))  # those aren't of a send
FAULTS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "not_made": [("make", "lost_before")],
    "made_unheard": [("make", "lost_after")],
    "slow": [("status", "working"), ("status", "working")],
    "broken": [("status", "broken")],
    "refused": [("publish", "refused")],
    "later": [("publish", "later")],
    "not_ready_at_publish": [("publish", "working")],
    "lost_before": [("publish", "lost_before")],
    "lost_after": [("publish", "lost_after")],
    "lost_twice": [("publish", "lost_before"), ("publish", "lost_after")],
    "slow_and_lost": [("status", "working"), ("publish", "lost_after")],
    "reading_fails": [("publish", "lost_after"), ("read", "fails")],
    "reading_partial": [("publish", "lost_before"), ("read", "partial")],
}
# c5 is where the network still works on it; every other point is reached under every fault, sooner or later.
WAITING = {"slow", "broken", "slow_and_lost"}
# Points that an earlier death leads to: what is found kept, and what was left for a read.
BEFORE = {"c4": "c3", "r1": "s3", "r2": "s3", "r3": "s3"}
_LATER = """
update masthead.publication set
  lease_until = case when lease_until is null then null else clock_timestamp() - interval '1 ms' end,
  next_action_at = case when state in ('scheduled','unknown') then clock_timestamp() else next_action_at end
where id = %s and state in ('queued','claimed','sending','scheduled','unknown')
"""


class Dead(BaseException):
    """The process is gone."""


@dataclass
class Process:
    """This process as far as the code under test can tell: it dies at a point, and is another one afterwards."""

    dies_at: str = ""
    dead: bool = False

    def point(self, label: str) -> None:
        self.alive()
        if label == self.dies_at:
            self.dead = True
            raise Dead(label)

    def alive(self) -> None:
        if self.dead:
            raise Dead("long gone")

    def start(self, dies_at: str = "") -> None:
        self.dies_at, self.dead = dies_at, False


@dataclass
class Count:
    """What became of the cases of one shape."""

    deaths: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def close(self, shape: str) -> None:
        line = {
            "mode": f"steps in memory: {shape}",
            "posts": self.ended.total(),
            "kills": self.deaths,
            "duplicates": len(self.duplicates),
            "lost": len(self.lost),
            "ended": dict(sorted(self.ended.items())),
        }
        print(json.dumps(line), flush=True)
        assert (self.duplicates, self.lost) == ([], [])


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    """Let the points and the database of this process die with it."""
    process = Process()
    monkeypatch.setattr("core.infra.crash.point", process.point)
    for name in ("organization_transaction", "free_transaction"):
        monkeypatch.setattr(db, name, _mortal(process, getattr(db, name)))
    return process


def _mortal(process: Process, transaction: Any) -> Any:
    @contextmanager
    def mortal(*arguments: Any, **more: Any) -> Iterator[Any]:
        process.alive()
        with transaction(*arguments, **more) as session:
            yield session

    return mortal


@pytest.fixture
def worker(settings: Settings, worker_database: db.Database, committed_database: db.Database) -> db.Database:
    use_owner(settings.owner_url())
    return worker_database


@dataclass
class Trial:
    """One shape's organization, with an account per fault."""

    network: MemoryNetwork
    process: Process
    worker: db.Database
    owner: psycopg.Connection[Any]
    house: House
    count: Count = field(default_factory=Count)

    def run(self, label: str, faults: list[str]) -> None:
        rows = make_scheduled_on(self.house, self.house.pages[: len(faults)])
        for row, fault in zip(rows, faults, strict=True):
            self._one(row, label, fault)

    def _one(self, row: Publication, label: str, fault: str) -> None:
        self.network.faults = list(FAULTS[fault])
        bring_forward(self.house.approver, row.id)
        deaths = [BEFORE[label], label] if label in BEFORE else [label]
        for _ in range(15):
            if self._life(row.id, deaths[0] if deaths else ""):
                self.count.deaths += 1
                deaths.pop(0)
            if again(self.house.author, row.id).state in (_S.PUBLISHED, _S.FAILED, _S.NEEDS_HUMAN):
                break
        case = f"{self.network.shape}: {label} x {fault}"
        assert not deaths or (label == "c5" and (fault not in WAITING or self.network.shape == "photo")), case
        self._judge(again(self.house.author, row.id), case)

    def _life(self, publication_id: UUID, dies_at: str) -> bool:
        """What one process does with what is due; True if it died. Leases of the one before have run out by then."""
        self.owner.execute("select set_config(%s, %s, false)", ("app.organization_id", str(self.house.organization_id)))
        self.owner.execute(_LATER, (publication_id,))
        sweep(self.worker)
        self.owner.execute(_LATER, (publication_id,))
        self.process.start(dies_at)
        try:
            with acting_as(self.worker):
                for claim in claiming.due(5, FAST):
                    sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST)
                for claim in claiming.due_checks(5, FAST):
                    checking.check_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST)
        except Dead:
            return True
        finally:
            self.process.start()
        return False

    def _judge(self, row: Publication, case: str) -> None:
        live = self.network.shown(row.payload["account"], row.payload["text"])
        self.count.ended[row.state if row.needs is None else f"{row.state}: {row.needs}"] += 1
        if len(live) > 1:
            self.count.duplicates.append(f"{case}: {len(live)} posts")
        if self._is_lost(row, live):
            self.count.lost.append(f"{case}: {row.state} ({row.needs}) with {len(live)} live")

    def _is_lost(self, row: Publication, live: list[Any]) -> bool:
        unclear = [each for each in attempts(self.house.author, row.id) if each.state in ("open", "unknown")]
        if row.state is _S.PUBLISHED:
            return not live or row.provider_post_id not in (None, live[0].id) or bool(unclear)
        if row.state is _S.NEEDS_HUMAN:
            return row.needs is not Needs.OUTCOME or len(unclear) != 1
        return row.state is not _S.FAILED or bool(live)


@pytest.fixture
def trial(
    request: pytest.FixtureRequest,
    process: Process,
    worker: db.Database,
    owner_connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Trial:
    network = MemoryNetwork(request.param, alive=process.alive)
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    house = make_quiet_house()
    accounts = [make_account(house.approver, name=f"Account {number}") for number in range(len(FAULTS))]
    pages = tuple(Page(account, account.provider_account_id, "") for account in accounts)
    return Trial(
        network, process, worker, owner_connection, House(house.organization_id, house.author, house.approver, pages)
    )


@pytest.mark.parametrize("trial", SHAPES, indirect=True)
def test_a_death_between_steps_costs_no_post_and_doubles_none(trial: Trial):
    names = list(FAULTS)
    for number, label in enumerate(LABELS):
        trial.run(label, [names[number % len(names)]])
    trial.count.close(trial.network.shape)


@pytest.mark.chaos
@pytest.mark.parametrize("trial", SHAPES, indirect=True)
def test_a_death_between_steps_under_any_fault_costs_no_post_and_doubles_none(trial: Trial):
    for label in LABELS:
        trial.run(label, list(FAULTS))
    assert trial.count.ended.total() == len(LABELS) * len(FAULTS)
    trial.count.close(trial.network.shape)


@pytest.mark.parametrize("trial", ["photo", "upload"], indirect=True)
def test_the_harness_notices_a_sender_that_sends_again_what_is_unclear(trial: Trial, monkeypatch: pytest.MonkeyPatch):
    honest = rules.outcome_of

    def naive(result: Any) -> Outcome:
        outcome = honest(result)
        unclear = outcome.state is _S.UNKNOWN
        return Outcome(AttemptState.NOT_SENT, _S.SCHEDULED, words="tried again") if unclear else outcome

    monkeypatch.setattr(rules, "outcome_of", naive)
    trial.run("c3", ["lost_after"])
    assert len(trial.count.duplicates) == 1
