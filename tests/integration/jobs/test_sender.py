"""`drain`: how many are in flight, what is claimed ahead, what a stop gives back, and what it survives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.infra import db
from core.infra.settings import PublishTimes, Settings
from core.posts.rules import PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.types import Access, Payload, Published, VisibleCall
from core.publishing import claiming, links, live_sending
from core.publishing.live_rules import LiveState
from core.publishing.queries import evidence, live_works
from core.queueing.enqueue import Hints, queue_of
from core.queueing.names import QueueName
from jobs import sender as module
from jobs.sender import Sender
from tests.factories.media import make_kept_image, make_media
from tests.factories.posts import attached
from tests.factories.publishing import (
    House,
    ScriptedPublisher,
    acting_as,
    again,
    bring_forward,
    how_often,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    make_due_everywhere,
    make_house,
    make_quiet_house,
    make_scheduled,
    reads,
    seen,
)
from tests.fixtures.programs import RunningSandbox

# Real leases: nothing may lapse while a test holds a send up. Short looks, so that tests don't wait.
TIMES = PublishTimes(in_flight=4, tick_s=0.05, drain_budget_s=20)
_S = PublicationState
OPENED = """
insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at)
select 'meta', 'facebook', route, 'open', clock_timestamp(), '1 s', clock_timestamp()
from unnest(array['prepare','publish','read','live']) route
on conflict (provider, network, route) do update set state = 'open', until = clock_timestamp()"""


class Network(ScriptedPublisher):
    """A network that holds every send until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def publish(self, call: Any, access: Any, *, timeout_s: float, begin_by: BeginBy | None = None) -> Published:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            number = len(self.sent)
            self.sent.append((call, access))
        self.open.wait(10)
        with self._lock:
            self.inside -= 1
        return Published(f"{access.provider_account_id}_{number}", 200, permalink="https://network.example/p")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    network = Network()
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    yield network
    network.open.set()


def states(house: House, rows: list[Any]) -> list[PublicationState]:
    return [again(house.author, row.id).state for row in rows]


def until(holds: Any, within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def draining(worker: db.Database, slow: Network, times: PublishTimes = TIMES) -> Iterator[None]:
    """A sender at work for the length of a block; then the network answers, and it ends."""
    slots = Sender(times)
    with acting_as(worker):
        thread = threading.Thread(target=slots.drain)
        thread.start()
        yield
        slow.open.set()
        thread.join(10)
        slots.close()


def test_everything_due_is_sent_and_never_more_than_k_at_once(
    network: RunningSandbox, worker: db.Database, slow: Network
):
    house = make_house(network, pages=10)
    rows = make_due_everywhere(house)
    with draining(worker, slow):
        until(lambda: slow.inside == 4)
        time.sleep(0.2)
        claimed = [state for state in states(house, rows) if state is not _S.SCHEDULED]
        assert len(claimed) == 6  # k in flight and k/2 claimed ahead: the rest is anybody's
    assert set(states(house, rows)) == {_S.PUBLISHED}
    assert slow.most == 4
    assert len(slow.sent) == 10


def test_what_becomes_due_during_a_long_send_is_not_kept_waiting(house: House, worker: db.Database, slow: Network):
    make_due(house)
    later = make_scheduled(house)
    with draining(worker, slow):
        until(lambda: slow.inside == 1)
        bring_forward(house.approver, later.id)
        until(lambda: slow.inside == 2)


def test_a_claim_that_leaves_slots_free_is_followed_by_another_as_soon_as_more_is_due(
    house: House, worker: db.Database, slow: Network
):
    make_due(house)
    bring_forward(house.approver, make_scheduled(house).id, ago_s=-1)
    with draining(worker, slow, TIMES.model_copy(update={"tick_s": 9})):
        until(lambda: slow.inside == 2, within_s=4)


def test_one_organizations_slow_sends_leave_a_slot_to_others(house: House, worker: db.Database, slow: Network):
    other = make_quiet_house()
    for _ in range(6):
        make_due(house)
    later = make_scheduled(other)
    with draining(worker, slow):
        until(lambda: slow.inside == 3)
        bring_forward(other.approver, later.id)
        until(lambda: slow.inside == 4)
        assert again(other.author, later.id).state is _S.SENDING


def test_questions_are_read_back_beside_the_sends(house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    other = make_due(house)
    network = ScriptedPublisher(Published("77_2", 200), read=seen(live_post("77_1", row.payload["text"])))
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    slots = Sender(TIMES)
    with acting_as(worker):
        assert slots.drain() == 2
        slots.close()
    assert states(house, [row, other]) == [_S.PUBLISHED, _S.PUBLISHED]


class Mute(ScriptedPublisher):
    """A network that answers no question until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()

    def read_back(self, *_: Any, **__: Any) -> Any:
        self.open.wait(10)
        raise ZeroDivisionError


def test_of_all_in_flight_questions_have_a_quarter_of_the_slots_however_often_is_claimed(
    network: RunningSandbox, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    mute = Mute()
    monkeypatch.setattr("core.providers.publisher", lambda _network: mute)
    house = make_house(network, pages=3)
    for page in house.pages:
        leave_unclear(worker, house, make_due(house, page).id)
    slots = Sender(TIMES)
    with acting_as(worker):
        assert [slots._claim() for _ in range(3)] == [1, 0, 0]
        assert len(slots._flight) == 1
        mute.open.set()
        slots.close()


def test_a_stop_gives_back_what_has_not_begun_and_finishes_the_rest(
    network: RunningSandbox, worker: db.Database, slow: Network
):
    house = make_house(network, pages=8)
    rows = make_due_everywhere(house)
    slots = Sender(TIMES)
    with acting_as(worker):
        draining = threading.Thread(target=slots.drain)
        draining.start()
        until(lambda: slow.inside == 4)
        slots.stop()
        until(lambda: states(house, rows).count(_S.SCHEDULED) == 4)
        assert draining.is_alive()
        slow.open.set()
        draining.join(10)
        assert not draining.is_alive()
        slots.close()
    assert states(house, rows).count(_S.PUBLISHED) == 4


def test_closing_gives_back_too(network: RunningSandbox, worker: db.Database, slow: Network):
    house = make_house(network, pages=6)
    rows = make_due_everywhere(house)
    slots = Sender(TIMES)
    with acting_as(worker):
        slots._claim()
        until(lambda: slow.inside == 4)
        closing = threading.Thread(target=slots.close)
        closing.start()
        until(lambda: states(house, rows).count(_S.SCHEDULED) == 2)
        slow.open.set()
        closing.join(10)


def test_when_the_budget_is_over_it_ends_and_leaves_a_hint_for_the_rest(
    network: RunningSandbox, worker: db.Database, slow: Network, redis_url: str
):
    house = make_house(network, pages=10)
    rows = make_due_everywhere(house)
    with redis.Redis.from_url(redis_url) as client:
        slots = Sender(TIMES.model_copy(update={"drain_budget_s": 0.3}), Hints(client))
        with acting_as(worker):
            assert slots.drain() == 6
            assert queue_of(client, QueueName.PUBLISH).count == 1
            assert states(house, rows).count(_S.PUBLISHED) == 0  # all of it goes on
            slow.open.set()
            until(lambda: slots.drain() == 0)
            slots.close()
    assert set(states(house, rows)) == {_S.PUBLISHED}


def test_one_slow_send_keeps_nothing_else_waiting_when_the_budget_of_its_drain_is_over(
    house: House, worker: db.Database, slow: Network, redis_url: str
):
    video, later = make_due(house), make_scheduled(house)
    with redis.Redis.from_url(redis_url) as client:
        slots = Sender(TIMES.model_copy(update={"drain_budget_s": 0.3}), Hints(client))
        with acting_as(worker):
            assert slots.drain() == 1
            assert queue_of(client, QueueName.PUBLISH).count == 1  # nothing is due, and what is in flight is to land
            bring_forward(house.approver, later.id)
            assert slots.drain() == 1
            until(lambda: slow.inside == 2)
            slow.open.set()
            slots.close()
    assert states(house, [video, later]) == [_S.PUBLISHED, _S.PUBLISHED]


def test_a_stop_between_two_drains_waits_for_what_is_in_flight_and_gives_the_rest_back(
    network: RunningSandbox, worker: db.Database, slow: Network
):
    house = make_house(network, pages=8)
    rows = make_due_everywhere(house)
    slots = Sender(TIMES.model_copy(update={"drain_budget_s": 0.3}))
    with acting_as(worker):
        assert slots.drain() == 6
        slots.stop()
        closing = threading.Thread(target=slots.close)
        closing.start()
        until(lambda: states(house, rows).count(_S.SCHEDULED) == 4)
        assert closing.is_alive()
        slow.open.set()
        closing.join(10)
        assert not closing.is_alive()
    assert states(house, rows).count(_S.PUBLISHED) == 4


def test_what_is_due_and_may_not_be_claimed_yet_keeps_no_sender_running(
    house: House, worker: db.Database, redis_url: str
):
    for _ in range(2):
        make_due(house, ago_s=600)  # a backlog: one a minute
    with redis.Redis.from_url(redis_url) as client, acting_as(worker):
        slots = Sender(TIMES, Hints(client))
        waiting = queue_of(client, QueueName.PUBLISH)
        assert (slots.drain(), waiting.count) == (1, 1)
        waiting.empty()
        assert (slots.drain(), waiting.count) == (0, 0)
        slots.close()


def test_nothing_due_ends_at_once_without_a_hint(house: House, worker: db.Database, redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        slots = Sender(TIMES, Hints(client))
        with acting_as(worker):
            assert slots.drain() == 0
        slots.close()
        assert queue_of(client, QueueName.PUBLISH).count == 0


def test_postgres_away_ends_the_drain_and_not_the_process(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> Any:
        raise OperationalError("select", {}, Exception("gone"))

    for name in ("due_checks", "give_back"):
        monkeypatch.setattr(claiming, name, away)
    monkeypatch.setattr("core.publishing.sweeping.work_waiting", away)
    slots = Sender(TIMES, Hints(redis.Redis(port=1)))
    with acting_as(worker):
        assert slots.drain() == 0
    slots.close()


@pytest.fixture
def narrow(settings: Settings, worker: db.Database) -> Iterator[db.Database]:
    """The sender's database with one connection."""
    engine = db.make_engine(settings.program_url("worker"), pool_size=1, pool_timeout_s=2, prepared_after=0)
    yield db.Database(engine)
    engine.dispose()


def test_fewer_connections_than_threads_are_enough_as_none_holds_one_while_it_waits_for_another(
    network: RunningSandbox, narrow: db.Database, kept_files: Path
):
    house = make_house(network, pages=8)
    rows = make_due_everywhere(house)
    photo = make_scheduled(house, files=attached(make_media(house.author).id))
    bring_forward(house.approver, photo.id)
    slots = Sender(TIMES)
    with acting_as(narrow):
        assert slots.drain() == 9
        slots.close()
    assert set(states(house, [*rows, photo])) == {_S.PUBLISHED}


def test_looks_preparations_probes_comments_and_links_do_with_one_connection_too(
    network: RunningSandbox, house: House, narrow: db.Database, worker: db.Database, kept_files: Path
):
    unclear = make_due(house)
    leave_unclear(worker, house, unclear.id)
    row = make_scheduled(house, comment="First!", files=attached(make_media(house.author).id))
    at = "clock_timestamp() + interval '20 minutes'"
    let_pass(house.approver, row.id, due_at=at, not_after=f"{at} + interval '1 hour'")
    with acting_as(narrow):
        slots = Sender(TIMES)
        assert slots.drain() == 1
        assert [each.name for each in evidence(house.author, row.id).steps] == ["photo"]
        bring_forward(house.approver, row.id)
        for _ in range(2):  # each breaker that is open wants to know first whether the network is well
            with narrow.free_transaction() as session:
                session.execute(text(OPENED))
            slots.drain()
        with narrow.free_transaction() as session:
            session.execute(text(OPENED))
        slots.close()
        assert how_often(lambda: live_sending.do_next(times=TIMES)) == 1
        assert how_often(lambda: links.find_next(times=TIMES)) == 1
    assert again(house.author, row.id).state is _S.PUBLISHED
    assert len(reads(house.author, unclear.id)) == 1
    (comment,) = live_works(house.author, row.post_id)[row.id]
    assert comment.state is LiveState.DONE


def test_no_connection_free_ends_the_drain_and_not_the_process(
    house: House, narrow: db.Database, caplog: pytest.LogCaptureFixture
):
    row = make_due(house)
    slots = Sender(TIMES)
    with acting_as(narrow), narrow.engine.connect():
        assert slots.drain() == 0
    slots.close()
    assert "Postgres is away" in caplog.text
    assert states(house, [row]) == [_S.SCHEDULED]


@pytest.mark.parametrize(("threads", "connections"), [(1, 4), (8, 4), (16, 5)])
def test_a_process_has_a_connection_for_every_third_thread(threads: int, connections: int):
    assert module.connections(TIMES.model_copy(update={"in_flight": threads})) == connections


def test_a_send_that_ends_in_an_exception_is_logged_and_costs_only_its_slot(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    make_due(house)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("core.publishing.sending.publish_one", broken)
    slots = Sender(TIMES)
    with acting_as(worker):
        assert slots.drain() == 1
    slots.close()
    assert "its lease will settle it" in caplog.text


def test_the_job_needs_a_process_that_is_a_sender(house: House, worker: db.Database):
    module.use(None)
    with pytest.raises(RuntimeError, match="use"):
        module.drain()
    slots = Sender(TIMES)
    module.use(slots)
    with acting_as(worker):
        assert module.drain() == 0
    module.use(None)
    slots.close()


class Preparing(Network):
    """A network at which preparing ahead takes until it is let go; sends go through."""

    def __init__(self) -> None:
        super().__init__()
        self.open.set()
        self.prepared = threading.Event()
        self.at_it = 0

    def prepare(self, payload: Payload, access: Access, steps: Any) -> VisibleCall:
        if steps.ahead:
            with self._lock:
                self.at_it += 1
            self.prepared.wait(10)
        return super().prepare(payload, access, steps)


@pytest.fixture
def preparing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Preparing]:
    network = Preparing()
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    yield network
    network.prepared.set()


def make_near(house: House) -> Any:
    """A publication with an image, half an hour before its slot."""
    row = make_scheduled(house, files=attached(make_kept_image(house.author)))
    bring_forward(house.approver, row.id, ago_s=-1800)
    return row


def test_what_is_due_goes_out_while_others_are_prepared(
    house: House, worker: db.Database, kept_files: Path, preparing: Preparing
):
    near = [make_near(house) for _ in range(3)]
    later = make_scheduled(house)
    slots = Sender(TIMES.model_copy(update={"in_flight": 1}))
    with acting_as(worker):
        draining = threading.Thread(target=slots.drain)
        draining.start()
        until(lambda: preparing.at_it == 1)
        time.sleep(0.2)
        assert preparing.at_it == 1  # one at a time, where one is sent at a time
        bring_forward(house.approver, later.id)
        until(lambda: again(house.author, later.id).state is _S.PUBLISHED)
        preparing.prepared.set()
        draining.join(10)
        slots.close()
    assert preparing.at_it == 3
    assert states(house, near) == [_S.SCHEDULED] * 3


def test_nothing_is_prepared_while_more_is_due_than_there_is_room_for(
    network: RunningSandbox, worker: db.Database, kept_files: Path, slow: Network
):
    house = make_house(network, pages=8)
    make_due_everywhere(house)
    make_near(house)
    slots = Sender(TIMES)
    with acting_as(worker):
        draining = threading.Thread(target=slots.drain)
        draining.start()
        until(lambda: slow.inside == 4)
        time.sleep(0.2)
        assert preparations(house) == 0
        slow.open.set()
        until(lambda: preparations(house) == 1)
        draining.join(10)
        slots.close()


def preparations(house: House) -> int:
    with db.transaction(house.author) as session:
        count: int = session.execute(text("select count(*) from masthead.preparation")).scalar_one()
    return count


def test_a_preparation_keeps_no_drain_whose_budget_is_over_and_a_closing_sender_waits_for_it(
    house: House, worker: db.Database, kept_files: Path, preparing: Preparing
):
    make_near(house)
    slots = Sender(TIMES.model_copy(update={"drain_budget_s": 0.3}))
    with acting_as(worker):
        assert slots.drain() == 0
        assert preparing.at_it == 1
        closing = threading.Thread(target=slots.close)
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        preparing.prepared.set()
        closing.join(10)
        assert not closing.is_alive()
    with db.transaction(house.author) as session:
        (done,) = session.execute(text("select prepared_at is not null from masthead.preparation")).one()
    assert done
