"""Files made to harm, through a worker of the queue `media` as the Procfile starts it.

Each is refused in words or taken without harm. The worker's process outlives all of them, serves a sound file beside
each, and grows little; so do the children that it has look into them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import redis

from bench.memory import Peaks, watching
from core.infra import db, installation
from core.infra.actor import Actor, Role
from core.infra.settings import Settings
from core.media import commands, store
from core.media.views import Upload
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from tests.factories.media import another_picture, send
from tests.factories.organizations import make_actor
from tests.fixtures.programs import environment_for, program
from tests.integration.media import traps

MOST_GROWN_MB = 300.0
WITHIN_S = 120


@dataclass(frozen=True)
class Pool:
    """The worker, and how much it had resident when it began."""

    process: subprocess.Popen[bytes]
    log: Path
    began_mb: float
    queue_url: str

    def outcome(self, actor: Actor, upload_id: UUID) -> Upload:
        """What becomes of an upload."""
        until = time.monotonic() + WITHIN_S
        with redis.Redis.from_url(self.queue_url) as client:
            while True:
                Hints(client).give(JobName.PREPARE_MEDIA)
                found = commands.upload(actor, upload_id)
                if not found.preparing:
                    return found
                assert self.process.poll() is None, "the worker died"
                assert time.monotonic() < until, "nothing became of it"
                time.sleep(0.05)

    def grown_mb(self) -> float:
        """How much more its own process has had at most."""
        return _most_mb(self.process.pid) - self.began_mb

    def said(self) -> list[str]:
        """The errors in its log."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line["event"] for line in lines if line["level"] == "ERROR"]


@pytest.fixture(scope="module")
def pool(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    log = tmp_path_factory.mktemp("pool") / "log"
    with (
        program([sys.executable, "-m", "jobs.worker", "media"], log, environment_for(settings)) as process,
        redis.Redis.from_url(settings.queue_url()) as client,
    ):
        until = time.monotonic() + 30
        while not client.keys("rq:worker:*"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield Pool(process, log, _most_mb(process.pid), settings.queue_url())


@pytest.fixture
def author(committed_database: db.Database, settings: Settings) -> Iterator[Actor]:
    installation.use(settings)
    yield make_actor(role=Role.EDITOR)
    installation.use(None)


def queued(actor: Actor, content: bytes) -> UUID:
    """An upload that waits for the worker, as one that was fetched by its address does, whatever it is."""
    upload_id = send(actor, content, file_name="looks fine")
    with db.transaction(actor) as session:
        store.is_queued(session, upload_id)
    return upload_id


@pytest.mark.parametrize("name", traps.TRAPS)
def test_a_trap_harms_nobody(pool: Pool, author: Actor, name: str) -> None:
    make, words = traps.TRAPS[name]
    trap, sound = queued(author, make()), queued(author, another_picture())
    with watching([pool.process.pid]) as peaks:
        made = pool.outcome(author, trap)
    if words:
        assert made.failed_because is not None
        assert words in made.failed_because
        assert made.failed_because.endswith(".")
    else:
        assert made.media_id is not None, made.failed_because
    assert pool.outcome(author, sound).media_id is not None
    assert pool.process.poll() is None
    assert pool.said() == []
    assert pool.grown_mb() < MOST_GROWN_MB
    most_mb, whose = peaks.largest
    assert most_mb - pool.began_mb < MOST_GROWN_MB, whose


def test_there_are_enough_of_them() -> None:
    assert len(traps.TRAPS) >= 30
    assert len([words for _, words in traps.TRAPS.values() if words]) >= 30


def _most_mb(pid: int) -> float:
    peaks = Peaks()
    peaks.look([pid])
    return peaks.mb[pid]
