"""The worker of the queue `media`: as many at once as it may, leases renewed, taken over after a kill."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest
import redis

from core.infra import db, installation
from core.infra.actor import Actor, Role
from core.infra.settings import Settings
from core.media import commands, making, preparing, store
from core.media.making import Made, Stopped
from core.media.rules import BeingPrepared
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from jobs.media import Preparer
from tests.factories import clips
from tests.factories.media import send
from tests.factories.organizations import make_actor
from tests.fixtures.programs import program


def until(holds: Callable[[], bool], within_s: float = 40) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


@pytest.fixture
def author(committed_database: db.Database, settings: Settings) -> Iterator[Actor]:
    installation.use(settings)
    yield make_actor(role=Role.EDITOR)
    installation.use(None)


def queued(actor: Actor, shade: int = 0) -> UUID:
    upload_id = send(actor, clips.clip(seconds=1, shade=shade), file_name="walk.mp4")
    with pytest.raises(BeingPrepared):
        commands.finish_upload(actor, upload_id)
    return upload_id


@contextmanager
def as_worker(worker: db.Database) -> Iterator[None]:
    web = db.current()
    db.use(worker)
    try:
        yield
    finally:
        db.use(web)


class Slow:
    """A look into a file that takes until it is let go, or until it is asked to give up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.begun = Event(), 0
        self._real = making.look
        monkeypatch.setattr(making, "look", self._look)

    def _look(self, *arguments: object, stop: Callable[[], bool], **more: object) -> Made:
        self.begun += 1
        while not self.go.wait(0.02):
            if stop():
                raise Stopped
        return self._real(*arguments, stop=stop, **more)  # type: ignore[arg-type]


def test_it_takes_as_many_at_once_as_it_may_and_keeps_them_by_renewing(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    uploads = [queued(author, shade) for shade in range(3)]
    with as_worker(worker_database):
        pool = Preparer(2, lease_s=1.0)
        assert [pool.prepare(), pool.prepare()] == [2, 0]
        until(lambda: slow.begun == 2)
        time.sleep(2.0)  # twice as long as a lease
        assert len(preparing.claim(10, 60)) == 1, "what is in work is held; the third was free"
        slow.go.set()
        until(lambda: pool.in_work() == 0)
        pool.close()
    done = [commands.upload(author, each).media_id for each in uploads]
    assert len([each for each in done if each]) == 2


def test_a_stop_gives_back_what_is_in_work_at_once(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    queued(author)
    with as_worker(worker_database):
        pool = Preparer(2, lease_s=60)
        assert pool.prepare() == 1
        until(lambda: slow.begun == 1)
        began = time.monotonic()
        pool.close()
        assert time.monotonic() - began < 5
        assert pool.prepare() == 0
        (again,) = preparing.claim(10, 60)
    assert again.epoch == 2


def test_organizations_take_turns(author: Actor, worker_database: db.Database) -> None:
    for shade in range(3):
        queued(author, shade)
    other = make_actor(role=Role.EDITOR)
    queued(other)
    with as_worker(worker_database):
        assert preparing.claim(1, 60)[0].organization_id == author.organization_id
        assert preparing.claim(1, 60)[0].organization_id == other.organization_id


def test_organizations_take_turns_within_one_claim_too(author: Actor, worker_database: db.Database) -> None:
    for shade in range(3):
        queued(author, shade)
    other = make_actor(role=Role.EDITOR)
    queued(other)
    with as_worker(worker_database):
        claimed = {each.organization_id for each in preparing.claim(2, 60)}
    assert claimed == {author.organization_id, other.organization_id}


def test_slow_addresses_of_one_organization_leave_room_for_everybody_else(
    author: Actor, worker_database: db.Database
) -> None:
    fetches = [commands.fetch(author, uuid4(), address=f"https://slow.example/{each}.mp4").id for each in range(4)]
    with as_worker(worker_database):
        (first,) = preparing.claim(2, 60)
        assert first.upload_id == fetches[0]
        assert preparing.claim(2, 60) == [], "it fetches one at a time"
    other = make_actor(role=Role.EDITOR)
    queued(other)
    mine = queued(author)
    with as_worker(worker_database):
        assert [each.organization_id for each in preparing.claim(1, 60)] == [other.organization_id]
        assert [each.upload_id for each in preparing.claim(2, 60)] == [mine], "what was sent waits for no fetch"
        preparing.give_back(first)
        assert [each.upload_id for each in preparing.claim(2, 60)] == [fetches[0]]


def test_who_lost_its_claim_changes_nothing(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = queued(author)
    with as_worker(worker_database):
        (old,) = preparing.claim(1, 0.001)
        time.sleep(0.05)
        (new,) = preparing.claim(1, 60)
        preparing.prepare(old, lambda: False)
        preparing.renew([old], 600)
        preparing.give_back(old)
        assert preparing.claim(1, 60) == []
        preparing.prepare(new, lambda: False)
    assert commands.upload(author, upload_id).media_id is not None


def test_a_file_that_ends_every_worker_is_given_up_in_words(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = queued(author)
    with as_worker(worker_database):
        for _ in range(5):
            assert len(preparing.claim(1, 0.001)) == 1
            time.sleep(0.02)
        (last,) = preparing.claim(1, 60)
        preparing.prepare(last, lambda: False)
    assert "failed several times" in (commands.upload(author, upload_id).failed_because or "")


def test_work_of_a_worker_that_was_killed_is_done_by_the_next(
    author: Actor, worker_database: db.Database, program_environment: dict[str, str], redis_url: str, tmp_path: Path
) -> None:
    upload_id = queued(author)
    environment = program_environment | {"MASTHEAD_MEDIA_LEASE_S": "2"}
    command = [sys.executable, "-m", "jobs.worker", "media"]
    with redis.Redis.from_url(redis_url) as client:
        with program(command, tmp_path / "first", environment) as first:
            Hints(client).give(JobName.PREPARE_MEDIA)
            until(lambda: epoch(author, upload_id) == 1)
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert commands.upload(author, upload_id).media_id is None
        with program(command, tmp_path / "second", environment):

            def prepared() -> bool:
                Hints(client).give(JobName.PREPARE_MEDIA)
                return commands.upload(author, upload_id).media_id is not None

            until(prepared)
    errors = [line for line in (tmp_path / "second").read_text().splitlines() if json.loads(line)["level"] == "ERROR"]
    assert errors == []


def epoch(actor: Actor, upload_id: UUID) -> int:
    with db.transaction(actor) as session:
        found = store.upload(session, upload_id)
        assert found is not None
        return found.epoch
