"""Random deaths at shipped times: 1,000 posts of 50 organizations while everything that runs is killed again and again.

kill -9 of a random process every 2 to 5 seconds; now and then Valkey is emptied or killed, or Postgres stopped
`immediate`. Two dispatchers, two schedulers, two senders, every hint doubled. The networks lose answers, refuse what
they did, and show posts late. After the last death everything is let work until it is quiet, a quarter of an hour at
most.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg
import redis

from core import providers
from core.infra import crypto, db
from core.infra import installation as running_installation
from core.infra.actor import Role
from core.infra.migrate import migrate
from core.infra.settings import Settings
from core.queueing.enqueue import queue_of
from core.queueing.names import JobName, QueueName
from tests.chaos.estate import PROGRAMS, Estate, running_estate
from tests.chaos.ledger import Ledger, Tally
from tests.chaos.shapes import SHAPES
from tests.chaos.world import ingest_port, networks_environment, only_masthead_prevents_a_second_post
from tests.factories.media import make_media
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_approved, publications
from tests.factories.publishing import tamper, use_owner
from tests.fixtures.programs import RunningSandbox, environment_for, running_sandbox
from tests.fixtures.servers import SECRET_KEY

ORGANIZATIONS: Final = 50
# Of each organization: posts with an image go to three networks, texts to two; so 20 publications.
IMAGES_EACH, TEXTS_EACH = 4, 4
_QUIET_WITHIN_S: Final = 900.0
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
_DUE: Final = """
update masthead.publication p set due_at = clock_timestamp() + make_interval(secs => due.after_s),
  not_after = clock_timestamp() + make_interval(secs => due.after_s) + interval '30 min'
from unnest(%(ids)s::uuid[], %(after)s::float8[]) as due(id, after_s) where p.id = due.id
"""
_BUSY: Final = """
select count(*) from masthead.publication p where p.state in ('queued','claimed','sending','unknown')
  or (p.state = 'scheduled' and p.due_at <= clock_timestamp())
"""


def run(folder: Path, seed: int, minutes: float) -> Tally:
    """Random deaths for so many minutes, then quiet."""
    draw = random.Random(seed)
    with _installed(folder) as (estate, sandbox, settings):
        ledger = Ledger(sandbox)
        houses = [_house(sandbox, settings, ledger, number) for number in range(ORGANIZATIONS)]
        _say(f"{len(ledger.cases)} publications are written and approved")
        _lie(sandbox, seed)
        estate.start_programs(_environment(sandbox, settings))
        for organization_id, ids in houses:
            after = [draw.uniform(5, minutes * 60) for _ in ids]
            tamper(organization_id, _DUE, ids=ids, after=after)
        storm = Storm(estate, settings, ledger, draw)
        storm.blow(minutes * 60)
        sandbox.delete("/_sandbox/faults")
        estate.wait_for_servers()
        ledger.everything_is_up()
        until = time.monotonic() + _QUIET_WITHIN_S
        while (busy := _count(estate)) and time.monotonic() < until:
            time.sleep(1)
        _say(f"{busy} are still open {time.monotonic() - ledger.killed_at:.0f} s after the last death")
        tally = ledger.close("random")
        tally.recoveries = storm.recoveries(_starts(estate))
        _say(f"{storm.did}")
    return tally


@dataclass
class Storm:
    """What kills. `moments`: when something died, or was back where nothing can be done without it."""

    estate: Estate
    settings: Settings
    ledger: Ledger
    draw: random.Random
    moments: list[datetime] = field(default_factory=list)
    did: dict[str, int] = field(default_factory=dict)

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

    def recoveries(self, starts: list[datetime]) -> list[float]:
        """Seconds from each death, or from when a server was back, until a send began."""
        waits = [min((start for start in starts if start > moment), default=None) for moment in self.moments]
        pairs = zip(self.moments, waits, strict=True)
        return [(start - moment).total_seconds() for moment, start in pairs if start is not None]

    def _kill(self) -> None:
        name = self.draw.choice(list(PROGRAMS))
        self.estate.children[name].end(signal.SIGKILL)
        self._note(f"kill {name}")

    def _flush(self) -> None:
        try:
            with redis.Redis.from_url(self.settings.queue_url()) as client:
                client.flushall()
        except redis.RedisError:
            return  # it is dead just now, which is as empty
        self.moments.append(datetime.now(UTC))
        self.did["flush"] = self.did.get("flush", 0) + 1

    def _kill_valkey(self) -> None:
        self.estate.children["valkey"].end(signal.SIGKILL, self.draw.uniform(0.5, 4))
        self.estate.wait_for_servers()
        self._note("kill valkey")

    def _stop_postgres(self) -> None:
        """`pg_ctl stop -m immediate` is this signal."""
        postgres = self.estate.children["postgres"]
        postgres.end(signal.SIGQUIT, self.draw.uniform(0.5, 4))
        postgres.process.wait()
        self.estate.wait_for_servers()
        self._note("stop postgres")

    def _note(self, what: str) -> None:
        self.ledger.killed()
        self.moments.append(datetime.now(UTC))
        self.did[what] = self.did.get(what, 0) + 1

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


@contextmanager
def _installed(folder: Path) -> Iterator[tuple[Estate, RunningSandbox, Settings]]:
    with ExitStack() as stack:
        (folder / "sandbox").mkdir(parents=True)
        sandbox = stack.enter_context(running_sandbox(folder / "sandbox"))
        os.environ.update(networks_environment(sandbox))
        providers.providers.cache_clear()
        estate = stack.enter_context(running_estate(folder))
        settings = Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,
            MASTHEAD_DATA=folder / "installation",
            DATABASE_URL=estate.addresses.owner,
            REDIS_URL=estate.addresses.valkey,
        )
        migrate(settings)
        crypto.use(settings)
        console = db.connect(settings.program_url("web"), pool_size=4, application="chaos")
        stack.callback(console.engine.dispose)
        use_owner(settings.owner_url())
        stack.enter_context(only_masthead_prevents_a_second_post(sandbox))
        yield estate, sandbox, settings


def _environment(sandbox: RunningSandbox, settings: Settings) -> dict[str, str]:
    port = {"MASTHEAD_PORT": str(ingest_port(sandbox) - 1)}
    return environment_for(settings) | networks_environment(sandbox) | port


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


def _count(estate: Estate) -> int:
    with _behind_the_wall(estate) as connection:
        row = connection.execute(_BUSY).fetchone()
    assert row is not None
    return int(row[0])


def _starts(estate: Estate) -> list[datetime]:
    """When sends began."""
    with _behind_the_wall(estate) as connection:
        return [at for (at,) in connection.execute("select opened_at from masthead.attempt order by opened_at")]


def _behind_the_wall(estate: Estate) -> psycopg.Connection[tuple[object, ...]]:
    """As the superuser, who sees all organizations at once."""
    address = psycopg.conninfo.make_conninfo(estate.addresses.superuser, dbname="masthead")
    return psycopg.connect(address, autocommit=True)


def _say(words: str) -> None:
    print(f"random: {words}", file=sys.stderr, flush=True)
