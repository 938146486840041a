"""Random deaths at shipped times: 1,000 posts of 50 organizations while everything that runs is killed again and again.

kill -9 of a random process every 2 to 5 seconds; now and then Valkey is emptied or killed, or Postgres stopped
`immediate`. Two dispatchers, two schedulers, two senders, every hint doubled. The networks lose answers, refuse what
they did, and show posts late. After the last death everything is let work until it is quiet, a quarter of an hour at
most.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import UUID

import redis

from core.infra import installation as running_installation
from core.infra.actor import Role
from core.infra.settings import Settings
from core.queueing.enqueue import queue_of
from core.queueing.names import JobName, QueueName
from tests.chaos.estate import PROGRAMS, Estate
from tests.chaos.ledger import Ledger, Tally
from tests.chaos.shapes import SHAPES
from tests.chaos.shipped import behind_the_wall, come_due, environment_of, installed, wait_until_quiet
from tests.factories.media import make_media
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_approved, publications
from tests.fixtures.programs import RunningSandbox

ORGANIZATIONS: Final = 50
IS_OVER: Final = "the storm is over"  # from here on it is waited more than worked
# Due work starts again within so many seconds of a program's death, or of a server's return.
AGAIN_WITHIN_S: Final[Mapping[str, float]] = MappingProxyType({"program": 30.0, "server": 60.0})
# Of each organization: posts with an image go to three networks, texts to two; so 20 publications.
IMAGES_EACH, TEXTS_EACH = 4, 4
_FEEDS: Final = (
    "POST /graph.facebook.com/*/feed",
    "POST /graph.facebook.com/*/media_publish",
    "POST /api.linkedin.com/rest/posts",
)
_LIES: Final = (
    ("reset_after", 0.05, {}),
    ("error_after", 0.04, {}),
    ("refused_but_live", 0.02, {}),
    ("garbage_body", 0.01, {}),
    ("slow_after", 0.01, {"ms": 45_000}),
    ("reset_before", 0.02, {}),
    ("error_before", 0.02, {}),
    ("delayed_visibility", 0.03, {"ms": 20_000}),
    ("latency", 1.0, {"ms": 200}),
)
_READINGS: Final = ("GET /graph.facebook.com/*/published_posts", "GET /api.linkedin.com/rest/posts")
# Its first send. What is prepared ahead begins before it is due.
_BEGUN: Final = """select p.due_at, min(a.opened_at) from masthead.publication p
  join masthead.attempt a on a.organization_id = p.organization_id and a.publication_id = p.id
  group by p.id, p.due_at"""


@dataclass(frozen=True, slots=True)
class Begun:
    """When a publication came due, and when its first send began."""

    due_at: datetime
    at: datetime


def run(folder: Path, seed: int, minutes: float) -> Tally:
    """Random deaths for so many minutes, then quiet."""
    draw = random.Random(seed)
    with installed(folder) as (estate, sandbox, settings):
        ledger = Ledger(sandbox)
        houses = [_house(sandbox, settings, ledger, number) for number in range(ORGANIZATIONS)]
        _say(f"{len(ledger.cases)} publications are written and approved")
        _lie(sandbox, seed)
        estate.start_programs(environment_of(sandbox, settings))
        for organization_id, ids in houses:
            come_due(organization_id, ids, minutes * 60, draw)
        storm = Storm(estate, settings, ledger, draw)
        storm.blow(minutes * 60)
        sandbox.delete("/_sandbox/faults")
        estate.wait_for_servers()
        ledger.everything_is_up()
        _say(IS_OVER)
        busy = wait_until_quiet(estate)
        _say(f"{busy} are still open {time.monotonic() - ledger.killed_at:.0f} s after the last death")
        tally = ledger.close("random")
        begun = _begun(estate)
        tally.recoveries = []
        for what, within_s in AGAIN_WITHIN_S.items():
            waits = recoveries(storm.moments[what], begun)
            tally.recoveries += waits
            longest = max(waits, default=0.0)
            _say(f"{what}: work went on {len(waits)} times, after {longest:.1f} s at most; asked {within_s:.0f}")
        _say(f"{dict(sorted(storm.did.items()))}")
    return tally


@dataclass
class Storm:
    """What kills. `moments`: when a program died, or a server was back without which nothing can be done."""

    estate: Estate
    settings: Settings
    ledger: Ledger
    draw: random.Random
    moments: dict[str, list[datetime]] = field(default_factory=lambda: {what: [] for what in AGAIN_WITHIN_S})
    did: Counter[str] = field(default_factory=Counter)

    def blow(self, seconds: float) -> None:
        """Kill until the time is over."""
        over = threading.Event()
        doubling = threading.Thread(target=self._double_hints, args=(over,), daemon=True)
        doubling.start()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.draw.uniform(2, 5)))
            (what,) = self.draw.choices(
                (self._kill, self._flush, self._kill_valkey, self._stop_postgres), (82, 6, 5, 7)
            )
            what()
        over.set()
        doubling.join()

    def _kill(self) -> None:
        name = self.draw.choice(list(PROGRAMS))
        self.estate.children[name].end(signal.SIGKILL)
        self.ledger.killed()
        self._note(f"kill {name}", "program")

    def _flush(self) -> None:
        try:
            with redis.Redis.from_url(self.settings.queue_url()) as client:
                client.flushall()
        except redis.RedisError:
            return  # it is dead just now, which is as empty
        self._note("flush", "server")

    def _kill_valkey(self) -> None:
        self.estate.children["valkey"].end(signal.SIGKILL, self.draw.uniform(0.5, 4))
        self.ledger.killed()
        self.estate.wait_for_servers()
        self._note("kill valkey", "server")

    def _stop_postgres(self) -> None:
        """`pg_ctl stop -m immediate` is this signal."""
        postgres = self.estate.children["postgres"]
        postgres.end(signal.SIGQUIT, self.draw.uniform(0.5, 4))
        self.ledger.killed()
        postgres.process.wait()
        self.estate.wait_for_servers()
        self._note("stop postgres", "server")

    def _note(self, did: str, what: str) -> None:
        self.moments[what].append(datetime.now(UTC))
        self.did[did] += 1

    def _double_hints(self, over: threading.Event) -> None:
        """Twice as many hints as anybody asked for."""
        with redis.Redis.from_url(self.settings.queue_url(), socket_timeout=2) as client:
            queue = queue_of(client, QueueName.PUBLISH)
            while not over.wait(1):
                try:
                    for _ in range(2):
                        queue.enqueue_call(JobName.DRAIN.value, timeout=300, result_ttl=0, failure_ttl=60)
                except redis.RedisError:
                    continue


def recoveries(moments: Sequence[datetime], begun: Sequence[Begun]) -> list[float]:
    """Seconds for which due work waited after each moment; without those after which none came that hadn't begun.

    A second try has a time of its own: that it waits for it is no delay, so first sends are looked at.
    """
    waits = []
    for moment in moments:
        later = [each for each in begun if each.at > moment]
        if later:
            due_at = max(moment, min(each.due_at for each in later))
            waits.append(max(0.0, (min(each.at for each in later) - due_at).total_seconds()))
    return waits


def _house(sandbox: RunningSandbox, settings: Settings, ledger: Ledger, number: int) -> tuple[UUID, list[UUID]]:
    """An organization with an account at each network and 20 publications."""
    organization_id = make_organization(f"Storm {number}")
    approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
    by_network = {shape.network: shape for shape in SHAPES}
    accounts = {name: shape.accounts(sandbox, approver, 1)[0].account.id for name, shape in by_network.items()}
    running_installation.use(settings)  # the factories of accounts forget it
    image = make_media(author).id
    ids: list[UUID] = []
    for turn in range(IMAGES_EACH + TEXTS_EACH):
        has_image = turn < IMAGES_EACH
        post_id = make_approved(
            author,
            approver,
            [id_ for network, id_ in accounts.items() if has_image or network != "instagram"],
            text=f"Number {turn} of organization {number}.",
            media=image if has_image else None,
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        for row in publications(author, post_id):
            ledger.enter(row, f"organization {number}, post {turn}, {row.payload['network']}")
            ids.append(row.id)
    return organization_id, ids


def _lie(sandbox: RunningSandbox, seed: int) -> None:
    wishes = [(route, *lie) for route in _FEEDS for lie in _LIES]
    wishes += [(route, "error_before", 0.05, {}) for route in _READINGS]
    for number, (route, mode, probability, args) in enumerate(wishes):
        wish = {"route": route, "mode": mode, "probability": probability, "seed": seed * 1000 + number, "args": args}
        sandbox.post("/_sandbox/faults", wish)


def _begun(estate: Estate) -> list[Begun]:
    with behind_the_wall(estate) as connection:
        return [Begun(due_at, at) for due_at, at in connection.execute(_BEGUN)]


def _say(words: str) -> None:
    print(f"random: {words}", file=sys.stderr, flush=True)
