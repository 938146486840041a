"""200 of each ambiguous answer at shipped times: each is shown as Checking within a minute, with its evidence.

Nothing dies. Whenever the page "Unclear" shows a publication for the first time, it is noted how long ago it was sent,
and what the page has to say of it: reads, or when the next one is.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from core.infra import installation as running_installation
from core.infra.actor import Actor
from core.posts.rules import PublicationState
from core.publishing import queries
from tests.chaos.ledger import Ending, Ledger, Tally
from tests.chaos.shapes import SHAPES, Fault, Shape
from tests.chaos.shipped import come_due, environment_of, installed, wait_until_quiet
from tests.factories.media import make_media
from tests.factories.posts import make_approved, publications
from tests.fixtures.programs import RunningSandbox

EACH: Final = 200
ACCOUNTS: Final = 8  # of each shape and each fault
_CHECKING_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 2.0
_DELAYED: Final = ("delayed_visibility", {"ms": 20_000})
AMBIGUOUS: Final = (
    Fault("error_before", (("error_before", {}),)),
    Fault("error_after", (("error_after", {}),)),
    Fault("reset_before", (("reset_before", {}),)),
    Fault("reset_after", (("reset_after", {}),)),
    Fault("slow_after", (("slow_after", {"ms": 45_000}),)),
    Fault("refused_but_live", (("refused_but_live", {}),)),
    Fault("garbage_body", (("garbage_body", {}),)),
    Fault("reset_after, delayed_visibility", (("reset_after", {}), _DELAYED)),
)
# LinkedIn's comes as a 429 to the whole app: one would hold all others, as it should.
_HOLDS_ALL: Final = {("refused_but_live", "linkedin")}
# Every fault is the network's own trouble, and nothing would be sent any more.
_NO_BREAKER: Final = {"MASTHEAD_PUBLISH_BREAKER_FAILURES": "1000000"}


def run(folder: Path, seed: int, minutes: float, each: int = EACH) -> Tally:
    """So many of each fault, spread over the shapes and over these minutes; then quiet."""
    draw = random.Random(seed)
    with installed(folder) as (estate, sandbox, settings):
        ledger = Ledger(sandbox)
        places = [(fault, shape) for fault in AMBIGUOUS for shape in _shapes(fault)]
        watch = Watch()
        due: list[tuple[UUID, list[UUID]]] = []
        for fault, shape in places:
            house = shape.house(sandbox, ACCOUNTS)
            running_installation.use(settings)  # the factories of accounts forget it
            ids = _posts(sandbox, shape, fault, house.author, house.approver, house.pages, each, ledger)
            watch.readers.append(house.author)
            due.append((house.organization_id, ids))
        _say(f"{len(ledger.cases)} publications are written and approved")
        estate.start_programs(environment_of(sandbox, settings) | _NO_BREAKER)
        for organization_id, ids in due:
            come_due(organization_id, ids, minutes * 60, draw)
        with watch:
            time.sleep(minutes * 60)
            ledger.everything_is_up()
            busy = wait_until_quiet(estate)
        _say(f"{busy} are still open")
        tally = ledger.close("lies")
        _judge(ledger, watch, tally)
    return tally


def _shapes(fault: Fault) -> list[Shape]:
    return [shape for shape in SHAPES if (fault.name, shape.provider) not in _HOLDS_ALL]


def _posts(
    sandbox: RunningSandbox,
    shape: Shape,
    fault: Fault,
    author: Actor,
    approver: Actor,
    pages: Sequence[object],
    each: int,
    ledger: Ledger,
) -> list[UUID]:
    """This fault's share of a shape, and as many lies waiting for it."""
    image = make_media(author).id if shape.has_image else None
    rounds = -(-each // (len(_shapes(fault)) * ACCOUNTS))
    for page in pages:
        shape.put(sandbox, page.id, fault, times=rounds)
    ids: list[UUID] = []
    for turn in range(rounds):
        post_id = make_approved(
            author,
            approver,
            [page.account.id for page in pages],
            text=f"{shape.name}: {fault.name}, {turn} of {author.organization_id.hex[:8]}.",
            media=image,
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        for row in publications(author, post_id):
            ledger.enter(row, fault.name)
            ids.append(row.id)
    return ids


@dataclass(frozen=True)
class Seen:
    """What the page says the first time that it shows a publication. `after_s`: since it was sent."""

    after_s: float
    reads: int
    next_read_at: datetime | None

    @property
    def in_time(self) -> bool:
        return self.after_s <= _CHECKING_WITHIN_S and (self.reads > 0 or self.next_read_at is not None)


@dataclass
class Watch:
    """Looks at what the page shows to each of these people, again and again."""

    readers: list[Actor] = field(default_factory=list)
    seen: dict[UUID, Seen] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            for reader in self.readers:
                for question in queries.desk(reader).questions:
                    if question.publication_id not in self.seen:
                        after_s = (datetime.now(UTC) - question.sent_at).total_seconds()
                        reads = len(queries.evidence(reader, question.publication_id).reads)
                        self.seen[question.publication_id] = Seen(after_s, reads, question.next_read_at)


def _judge(ledger: Ledger, watch: Watch, tally: Tally) -> None:
    """What was unclear and not shown in time counts as lost; on stderr a line for each fault."""
    of_fault: dict[str, list[Ending]] = {fault.name: [] for fault in AMBIGUOUS}
    for ending in ledger.endings():
        of_fault[ending.case].append(ending)
    for name, endings in of_fault.items():
        unclear = [each for each in endings if each.was_unclear]
        in_time = [each for each in unclear if (seen := watch.seen.get(each.row.id)) and seen.in_time]
        tally.lost += [
            f"{name}: {each.row.id} was shown {watch.seen.get(each.row.id)}" for each in unclear if each not in in_time
        ]
        slowest = max((watch.seen[each.row.id].after_s for each in in_time), default=0.0)
        ended = Counter(each.state for each in endings)
        by_itself = sum(each.row.state is PublicationState.PUBLISHED for each in unclear)
        _say(
            f"{name}: {len(endings)} sent, {len(unclear)} unclear, {len(in_time)} of them Checking with evidence within"
            f" {_CHECKING_WITHIN_S:.0f} s (the last after {slowest:.0f} s); {by_itself} closed by themselves,"
            f" {dict(sorted(ended.items()))}"
        )


def _say(words: str) -> None:
    print(f"lies: {words}", file=sys.stderr, flush=True)
