"""SIGKILL of real senders at every labelled point, under every fault, in every shape of publication.

Each publication has words of its own on an account of its own fault, so that posts can be counted at the network
whatever Masthead believes. One process serves all faults of a label: each publication comes to the point and waits
there, and the process dies with all of them (`gathering`). What they leave lying is parked, so that the next process
finds its own publications alone, until after a lease one sweep takes up everything. What the first death didn't reach
(the network worked on an image still; a fault sent it back before) gets further rounds. In the end one healthy process
finishes everything, and meets the faults that cases died too early to meet.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from core.infra import db
from core.infra.crash import AHEAD_LABELS, LABELS
from core.posts.content import Attached
from core.posts.model import Publication
from core.posts.rules import PublicationState
from tests.chaos.kinds import EVERY
from tests.chaos.ledger import Ledger, Tally, settle
from tests.chaos.shapes import Fault, Shape
from tests.chaos.world import Forge, World
from tests.factories.clips import clip, pdf
from tests.factories.media import make_media, make_prepared
from tests.factories.posts import attached, make_approved, publications
from tests.factories.publishing import FAST, House, tamper

SWEEPS: Final = ("sw1", "sw2")
_READS: Final = ("r1", "r2", "r3")
_SWEPT_AT_ONCE: Final = 500  # by one look of `masthead.sweep`
_ROUNDS: Final = 12
# After so many rounds a publication that didn't come is replaced; some have to die twice, once in each.
_ROUNDS_OF_ONE: Final = 2
_GATHER_S: Final = 10.0
# Where a machine is too busy for so many at once, their leases end on the way; each round is for half as many.
_AT_ONCE, _AT_LEAST_AT_ONCE = 32, 4
_A_QUARTER_AT_ONCE: Final = 8  # a process prepares and reads back a quarter of what it sends at once: four slots each
_SETTLE_S: Final = 900.0
LONGEST_LEASE_S: Final = max(FAST.lease_claimed_s, FAST.lease_preparing_s, FAST.lease_sending_s)
# What was left before its slot is due by now as far as anybody can tell.
_PARK: Final = """
update masthead.publication set next_action_at = clock_timestamp() + interval '1 hour',
  due_at = least(due_at, clock_timestamp())
where state in ('scheduled','unknown') and due_at <= clock_timestamp() + interval '1 hour'
"""
_ITS_TIME_IS_NEAR: Final = """
update masthead.publication set next_action_at = null, due_at = clock_timestamp() + make_interval(secs => %(s)s),
  not_after = clock_timestamp() + interval '1 day'
where id = any(%(ids)s) and state = 'scheduled'
"""
# A full run takes longer than a window, and nobody waits for the spacing of a backlog here.
_ITS_TIME_HAS_COME: Final = (
    """update masthead.publication set next_action_at = clock_timestamp(),
       due_at = case when state = 'scheduled' then clock_timestamp() else due_at end,
       not_after = clock_timestamp() + interval '1 day'
       where id = any(%(ids)s) and state in ('scheduled','unknown')""",
    "update masthead.account set next_send_at = null, state = 'active' where state in ('active','auth_broken')",
    """update masthead.account_budget set held_until = null, next_call_at = null, gap = '0'
       where held_until is not null or gap > '0'""",
    """update masthead.app_budget set held_until = null, next_call_at = null, gap = '0'
       where held_until is not null or gap > '0'""",
)


@dataclass
class Case:
    """One publication and the points at which it is still to die. `arm` lets its fault wait for it, once."""

    name: str
    organization_id: UUID
    fault: Fault
    deaths: list[str]
    arm: Callable[[], None] | None


class Trial:
    """One shape's organization, with its share of the pairs."""

    def __init__(self, world: World, shape: Shape, pairs: Sequence[tuple[str, Fault]]) -> None:
        self.shape, self.world = shape, world
        faults = dict.fromkeys(fault.name for _, fault in pairs)
        self.house: House = shape.house(world.sandbox, len(faults))
        self.ledger = Ledger(world.sandbox, shape.names_posts)
        world.keeps_images_here()
        self._clips = 0
        self._files = self._new_files()
        self._pages = dict(zip(faults, self.house.pages, strict=True))
        self._made = 0
        self.waves: dict[str, dict[UUID, Case]] = {}
        for label in dict.fromkeys(label for label, _ in pairs):
            self.waves[label] = self._wave(label, [fault for name, fault in pairs if name == label])

    def _new_files(self) -> list[Attached]:
        """What a post carries. Where it shows no words its files tell which it is, so each has its own."""
        return attached(*[self._file(kind) for kind in self.shape.files])

    def _file(self, kind: str) -> UUID:
        if kind == "image":
            return make_media(self.house.author).id
        if kind == "document":
            return make_prepared(self.house.author, self.world.worker, pdf(), file_name="roasting.pdf").id
        self._clips += 1
        # What every network takes as a reel and as a story: long, large and tall enough, and without an edit list.
        content = clip(seconds=6, size=(540, 960), rate=24, shade=self._clips, edit_list=False)
        return make_prepared(self.house.author, self.world.worker, content).id

    def _wave(self, label: str, faults: Sequence[Fault]) -> dict[UUID, Case]:
        """One post on the account of each fault."""
        self._made += 1
        pages = {self._pages[fault.name].account.id: fault for fault in faults}
        post_id = make_approved(
            self.house.author,
            self.house.approver,
            list(pages),
            text=f"{self.shape.name}: {label}, wave {self._made} of {self.house.organization_id.hex[:8]}.",
            files=self._files if self.shape.says_text else self._new_files(),
            format=self.shape.form,
            options=self.shape.options,
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        cases: dict[UUID, Case] = {}
        for row in publications(self.house.author, post_id):
            fault = pages[row.account_id]
            case = Case(
                f"{self.shape.name}: {label} x {fault.name}",
                self.house.organization_id,
                fault,
                deaths=self.shape.deaths(label),
                arm=partial(self.shape.put, self.world.sandbox, row.payload["account"], fault),
            )
            self.ledger.enter(row, case.name)
            cases[row.id] = case
        return cases

    def die_sending(self, forge: Forge, labels: Iterable[str], at_once: int) -> None:
        """A process for each of these labels and each point before it, with at most so many publications."""
        for label in labels:
            by_point: dict[str, dict[UUID, Case]] = defaultdict(dict)
            for id_, case in self.left(label).items():
                by_point[case.deaths[0]][id_] = case
            for point, cases in by_point.items():
                ahead = self.shape.is_ahead(point)
                size = min(at_once, _A_QUARTER_AT_ONCE) if ahead or point in _READS else at_once
                for some in _batched(cases, size) if point not in SWEEPS else ():
                    self.come_due(some, ahead=ahead)
                    die(forge, point, some, self.ledger, ahead=ahead)
                    self.park()

    def renew(self, label: str, *, every: bool) -> None:
        """Another publication in place of each that can't come to its point any more: `every` of them, or those over.

        On a busy machine some die elsewhere before they get there, and are finished by others.
        """
        left = self.left(label)
        states = _states(self.house.organization_id, left)
        gone = {id_: case for id_, case in left.items() if every or not _can_come(case.deaths[0], states[id_])}
        for id_ in gone:
            del self.waves[label][id_]
        if gone:
            self.waves[label] |= self._wave(label, [case.fault for case in gone.values()])

    def left(self, label: str) -> dict[UUID, Case]:
        """The cases of this label that haven't died at it yet."""
        return {id_: case for id_, case in self.waves.get(label, {}).items() if case.deaths}

    def park(self) -> None:
        tamper(self.house.organization_id, _PARK)

    def come_due(self, cases: Mapping[UUID, Case], *, ahead: bool = False) -> None:
        """Let these be due now, or `ahead` of that, each with its fault waiting for it.

        No earlier, or others would meet it.
        """
        for case in cases.values():
            if case.arm is not None:
                case.arm()
                case.arm = None
        for statement in _ITS_TIME_HAS_COME:
            tamper(self.house.organization_id, statement, ids=list(cases))
        if ahead:
            # Each time another slot, so that what an earlier death left of its preparation holds nobody up.
            seconds = FAST.prepare_ahead_s * 0.8
            tamper(self.house.organization_id, _ITS_TIME_IS_NEAR, ids=list(cases), s=seconds)


def run(world: World, seed: int = 0, pairs: dict[str, Sequence[tuple[str, Fault]]] | None = None) -> Tally:
    """Every pair of every shape, or those given by the shape's name. `seed` decides which shape comes when."""
    chosen = {shape.name: shape.pairs() for shape in EVERY} if pairs is None else pairs
    began = time.monotonic()
    trials = [Trial(world, shape, chosen[shape.name]) for shape in EVERY if chosen.get(shape.name)]
    random.Random(seed).shuffle(trials)
    total = Tally()
    with world.forge() as forge:
        others = [label for label in (*LABELS, *AHEAD_LABELS) if label not in SWEEPS]
        if (
            len(_left(trials, [*SWEEPS, *others])) > _SWEPT_AT_ONCE
        ):  # what is to be swept comes first and alone, or others push it out
            total.untried += _deaths(forge, trials, SWEEPS)
        total.untried += _deaths(forge, trials, [*SWEEPS, *others])
        for trial in trials:
            trial.ledger.everything_is_up()
        _say(f"{sum(trial.ledger.kills for trial in trials)} deaths after {time.monotonic() - began:.0f} s")
        settle(forge.order, [trial.house.organization_id for trial in trials], _SETTLE_S, reconnect=True)
    for trial in trials:
        tally = trial.ledger.close()
        _say(f"{trial.shape.name}: {tally.line('labels', seed)} {dict(sorted(tally.ended.items()))}")
        total += tally
    for words in total.untried:
        _say(words)
    _say(f"{time.monotonic() - began:.0f} s in all")
    return total


def _states(organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, PublicationState]:
    with db.organization_transaction(organization_id, "program:chaos") as session:
        found = session.execute(select(Publication.id, Publication.state).where(Publication.id.in_(list(ids))))
        return {row.id: row.state for row in found}


def _can_come(point: str, state: PublicationState) -> bool:
    """Whether what stands so after a sweep can still come to this point."""
    if point.startswith("r"):
        return state is PublicationState.UNKNOWN
    return state is PublicationState.SCHEDULED and point not in SWEEPS


def _batched(cases: Mapping[UUID, Case], size: int) -> Iterator[dict[UUID, Case]]:
    items = iter(cases.items())
    while batch := dict(islice(items, size)):
        yield batch


def _say(words: str) -> None:
    print(f"labels: {words}", file=sys.stderr, flush=True)


def _deaths(forge: Forge, trials: Sequence[Trial], labels: Sequence[str]) -> list[str]:
    """Rounds until each case has died at its label; gives those that never came to it, which are left as they are."""
    for number in range(_ROUNDS):
        if number:
            for trial in trials:
                for label in labels:
                    trial.renew(label, every=number > 1 and (number - 1) % _ROUNDS_OF_ONE == 0)
        _say(f"round {number + 1}: {len(_left(trials, labels))} publications are to die")
        for trial in trials:
            trial.die_sending(forge, labels, max(_AT_ONCE >> number, _AT_LEAST_AT_ONCE))
        time.sleep(LONGEST_LEASE_S)
        for point in SWEEPS:
            swept = {id_: case for id_, case in _left(trials, labels).items() if case.deaths[0] == point}
            if swept:
                die(forge, point, swept, trials[0].ledger)
        assert forge.order("sweep")["ended_by"] == 0
        for trial in trials:
            trial.park()
        if not _left(trials, labels):
            return []
    never = list(_left(trials, labels).values())
    words = [f"{case.name} never died at {case.deaths[0]}" for case in never]
    for case in never:
        case.deaths.clear()
    return words


def die(forge: Forge, point: str, cases: dict[UUID, Case], ledger: Ledger, *, ahead: bool = False) -> None:
    """Let a process die at the point with as many of these as come to it."""
    answer = end(forge, point, cases, ahead=ahead)
    assert answer["ended_by"] in (0, 9), answer
    ledger.killed(answer["ended_by"] == 9)


def end(
    forge: Forge, point: str, cases: dict[UUID, Case], *, freeze: bool = False, ahead: bool = False
) -> dict[str, Any]:
    """Let a process die or freeze at the point with as many of these as come to it; gives what the forge says."""
    answer = forge.order(
        "gather",
        at=point,
        awaited=[str(each) for each in cases],
        organizations=[str(each) for each in {case.organization_id for case in cases.values()}],
        s=_GATHER_S,
        slots=_slots_for(point, len(cases), ahead=ahead),
        freeze=freeze,
        times={"drain_budget_s": _GATHER_S},  # while some are held at the point, others still come
    )
    for each in answer["caught"]:
        assert cases[UUID(each)].deaths.pop(0) == point
    return answer


def _slots_for(point: str, many: int, *, ahead: bool) -> int:
    """In how many slots so many of one organization come to a point at once, by what shares there are of them."""
    if point in SWEEPS:
        return 1
    return 4 * many if ahead or point in _READS else -(-4 * many // 3)  # the last quarter is for other organizations


def _left(trials: Iterable[Trial], labels: Iterable[str]) -> dict[UUID, Case]:
    wanted = list(labels)
    return {id_: case for trial in trials for label in wanted for id_, case in trial.left(label).items()}
