"""100 races of edit, submit, approve, reschedule, cancel, publish now and try again against real senders.

Whatever comes first, every text at the network is one that an approver saw and approved for that account, and what
Masthead says is what the network shows.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import redis

from core.infra.errors import MastheadError
from core.posts import commands as posts
from core.posts import queries
from core.posts.rules import PublicationState
from core.publishing import commands
from core.queueing.inspection import queues
from core.queueing.names import QueueName
from tests.chaos.conftest import Start
from tests.factories.posts import make_post, publications
from tests.factories.publishing import House, Page, make_house
from tests.fixtures.programs import RunningSandbox

RACES, STEPS, HOUSES, POSTS_EACH = 100, 8, 5, 4
ON_THE_WAY = {
    PublicationState.QUEUED,
    PublicationState.CLAIMED,
    PublicationState.SENDING,
    PublicationState.UNKNOWN,
}


class Race:
    """Everybody at one post at once."""

    def __init__(self, house: House, page: Page, approved: dict[str, set[str]], seed: int) -> None:
        self.house, self.page, self.approved = house, page, approved
        self.random = random.Random(seed)
        self.seed = seed

    WEIGHTS = (3, 4, 6, 6, 2, 1, 3)

    def steps(self) -> list[Callable[[UUID, int], None]]:
        return [self.edit, self.submit, self.approve, self.publish, self.reschedule, self.cancel, self.retry]

    def run(self, post_id: UUID) -> int:
        """Some steps; gives how many were not refused."""
        done = 0
        for step in range(STEPS):
            (what,) = self.random.choices(self.steps(), self.WEIGHTS)
            time.sleep(self.random.uniform(0, 0.05))
            try:
                what(post_id, step)
            except MastheadError:
                continue
            done += 1
        return done

    def edit(self, post_id: UUID, step: int) -> None:
        draft = queries.draft(self.house.author, post_id)
        posts.save(
            self.house.author,
            post_id,
            draft.post.revision,
            text=f"{post_id} as race {self.seed} wrote it in step {step}",
            link=None,
            account_ids=[self.page.account.id],
            slot_at=draft.post.slot_at,
        )

    def submit(self, post_id: UUID, _step: int) -> None:
        draft = queries.draft(self.house.author, post_id)
        posts.submit(self.house.author, uuid4(), post_id, draft.post.revision)

    def approve(self, post_id: UUID, _step: int) -> None:
        seen = {each.id: each for each in publications(self.house.approver, post_id) if each.removed_at is None}
        decided = posts.approve(
            self.house.approver, uuid4(), post_id, {each.id: each.payload_sha256 for each in seen.values()}
        )
        for one in decided.approved:
            self.approved[self.page.id].add(seen[one.publication_id].payload["text"])

    def publish(self, post_id: UUID, _step: int) -> None:
        commands.publish_now(self.house.approver, uuid4(), post_id=post_id)

    def reschedule(self, post_id: UUID, _step: int) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=self.random.uniform(0.2, 2))
        commands.reschedule(self.house.author, uuid4(), soon, post_id=post_id)

    def cancel(self, post_id: UUID, _step: int) -> None:
        commands.cancel(self.house.author, uuid4(), post_id=post_id)

    def retry(self, post_id: UUID, _step: int) -> None:
        over = [each for each in publications(self.house.author, post_id) if each.state in ("failed", "cancelled")]
        if over:
            commands.try_again(self.house.approver, uuid4(), over[-1].id)


def test_in_100_races_every_text_that_goes_out_is_one_that_was_approved(
    network: RunningSandbox, start: Start, redis_url: str
):
    houses = [make_house(network, pages=POSTS_EACH) for _ in range(HOUSES)]
    made = [
        (house, page, make_post(house.author, [page.account.id], text=f"first words for {page.id}"))
        for house in houses
        for page in house.pages
    ]
    start("jobs.dispatcher")
    start("jobs.worker", "publish")
    start("jobs.worker", "publish")
    _wait_for_senders(redis_url)
    approved: dict[str, set[str]] = defaultdict(set)
    together = threading.Barrier(20)

    def race(number: int) -> int:
        house, page, post_id = made[number % len(made)]
        if number < 20:
            together.wait()
        return Race(house, page, approved, number).run(post_id)

    with ThreadPoolExecutor(20) as pool:
        done = sum(pool.map(race, range(RACES)))
    # Whatever is still approved goes out now, so that its text is compared too.
    for house, _page, post_id in made:
        with suppress(MastheadError):
            commands.publish_now(house.approver, uuid4(), post_id=post_id)
    _wait_until_quiet([(house, post_id) for house, _page, post_id in made])

    shown: dict[str, list[str]] = defaultdict(list)
    for post in network.get("/_sandbox/posts"):
        shown[post["account_id"]].append(post["text"])
    published = 0
    for house, page, post_id in made:
        rows = publications(house.author, post_id)
        live = [row.payload["text"] for row in rows if row.state is PublicationState.PUBLISHED]
        assert sorted(shown[page.id]) == sorted(live)
        assert set(shown[page.id]) <= approved[page.id]
        published += len(live)
    print({"races": RACES, "steps_done": done, "published": published})
    assert published > 0  # how many depends on the machine; with none the comparison above would say nothing


def _wait_for_senders(redis_url: str) -> None:
    """The programs take a moment to start, and nobody wants to race against nobody."""
    with redis.Redis.from_url(redis_url) as client:
        until = time.monotonic() + 30
        while sum(facts.workers for facts in queues(client) if facts.name is QueueName.PUBLISH) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)


def _wait_until_quiet(what: list[tuple[House, UUID]]) -> None:
    until = time.monotonic() + 40
    while True:
        rows = [row for house, post_id in what for row in publications(house.author, post_id)]
        overdue = [row for row in rows if row.due_at and row.due_at < datetime.now(UTC)]
        busy = [row for row in rows if row.state in ON_THE_WAY]
        busy += [row for row in overdue if row.state is PublicationState.SCHEDULED]
        if not busy:
            return
        assert time.monotonic() < until, f"{len(busy)} are still on their way"
        time.sleep(0.3)
