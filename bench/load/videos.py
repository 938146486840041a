"""Fifty videos due at one moment, at networks that work on each for minutes: how long after its slot does it start?

Reels on Pages and on Instagram and videos on LinkedIn, of ten organizations, through a dispatcher and one sender with
the times and slots as shipped; ingest gives Instagram its files. The networks are busy with each video for `--minutes`
(5), in real time, and take 200 ms for each call that writes. Three things are asked at once:

- Fifty were approved in good time, so that what nobody sees could be done before: from their slot until the attempt is
  opened, which is until the one visible call is about to be made.
- Fifty others, on the same accounts, are due at once with nothing done: until each has begun, by the first thing that
  its network has made for it. Then the network is waited for, and they must go out all the same.
- Meanwhile a post of words is due each second. The longest lag of those tells that nobody who waits for a network holds
  a slot.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bench.burst import SlowSandbox, slow_sandbox
from bench.figures import Baseline, Figure, none_of, percentile, within
from bench.fleet import fleet
from bench.installation import Installation, installation
from bench.many import Many
from bench.observer import Observer, await_that, behind_the_wall
from bench.programs import PYTHON, await_answer, free_ports, program
from core.infra import db
from core.infra import installation as installation_of_this_process
from core.infra.reachable import LOOPBACK
from tests.chaos.kinds import KINDS
from tests.factories.clips import clip
from tests.factories.media import make_prepared
from tests.factories.posts import attached, make_approved
from tests.factories.publishing import House

VIDEOS: Final = 50
ACCOUNTS: Final = 5
LATENCY_S: Final = 0.2
SLOTS: Final = 16  # as shipped (core.infra.settings.PublishTimes.in_flight)
MOST_LAG_S: Final = 5.0
_SHAPES: Final = tuple(each for each in KINDS if each.name in ("facebook reel", "instagram reel", "linkedin video"))
_QUICK_S: Final = 20.0
_AT_ONCE_IN_S: Final = 45.0
# Nothing is prepared in the last two minutes before a slot, and a network is asked again after half a minute at most.
_SPARE_S: Final = 210.0
_PATIENCE_S: Final = 120.0
_READY_WITHIN_S: Final = 60.0
_BEGUN: Final = """
select extract(epoch from coalesce(min(s.made_at), clock_timestamp()) - p.due_at)::float8
from masthead.publication p left join masthead.publication_step s
  on s.organization_id = p.organization_id and s.publication_id = p.id
where p.post_id = any(%s) group by p.id, p.due_at
"""
_LEFT: Final = """
select a.network, p.state, p.last_error ->> 'reason', count(*) from masthead.publication p
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
where p.post_id = any(%s) and p.state <> 'published' group by 1, 2, 3
"""


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """The lags, and whether all were sent."""
    busy_s = _QUICK_S if quick else minutes * 60
    lead_s = busy_s + _SPARE_S
    with (
        installation(folder) as installed,
        slow_sandbox(folder, LATENCY_S) as sandbox,
        behind_the_wall(installed) as observer,
        ExitStack() as stack,
    ):
        _slow_down(sandbox, busy_s)
        words = Many.at(installed, sandbox, organizations=1, pages=ACCOUNTS)
        words.prepare(round(lead_s))
        in_time, at_once = _videos(installed, sandbox)
        port = free_ports(2)
        told = {**installed.environment, "MASTHEAD_PORT": str(port)}
        ingest = stack.enter_context(program([PYTHON, "-m", "ingest"], folder / "ingest.log", environment=told))
        await_answer(ingest, folder / "ingest.log", port + 1, "/readyz", _READY_WITHIN_S)
        began = observer.now()
        slot, early = began + timedelta(seconds=lead_s), began + timedelta(seconds=_AT_ONCE_IN_S)
        observer.spread(in_time, slot, 0)
        observer.spread(at_once, early, 0)
        words.come_due_over(observer, began, lead_s)
        # The sandbox's addresses for bytes are of this name.
        here = sandbox.url.replace(LOOPBACK, "localhost")
        own = {"MASTHEAD_PORT": str(port), "PROVIDER_LINKEDIN_UPLOAD_URL": f"{here}/www.linkedin.com"}
        stack.enter_context(fleet(installed, folder, senders=1, slots=SLOTS, times=own))
        await_that(
            lambda: _published(observer, [*in_time, *at_once]) == 2 * VIDEOS,
            lead_s + _PATIENCE_S,
            lambda: f"not all videos were sent: {observer.rows(_LEFT, [*in_time, *at_once])}",
        )
        sent = observer.sent(began)
        of_words = [each.lag_s for each in words.await_sent(observer, began, round(lead_s), _PATIENCE_S)]
        begun_s = [float(row[0]) for row in observer.rows(_BEGUN, at_once)]
    start_s = [each.lag_s for each in sent if each.due_at == slot]
    told = f"half of them {percentile(start_s, 50):.2f} s after their slot, the last {max(start_s):.2f} s"
    print(f"videos: {len(start_s)} prepared in time, {told}", file=sys.stderr, flush=True)
    yield within("videos_start_lag_p99", percentile(start_s, 99), "s", MOST_LAG_S)
    yield within("videos_begun_at_once_p99", percentile(begun_s, 99), "s", MOST_LAG_S)
    yield within("videos_words_lag_max", max(of_words), "s", MOST_LAG_S)
    yield none_of("videos_not_started", VIDEOS - len(start_s), "videos", Baseline("videos due at one moment", VIDEOS))


def _slow_down(sandbox: SlowSandbox, busy_s: float) -> None:
    latency = {"route": "POST *", "mode": "latency", "args": {"ms": LATENCY_S * 1_000}}
    sandbox.post("/_sandbox/faults", latency)
    for provider in ("meta", "linkedin"):
        sandbox.post("/_sandbox/options", {"provider": provider, "options": {"video_processing_s": busy_s}})


def _videos(installed: Installation, sandbox: SlowSandbox) -> tuple[list[UUID], list[UUID]]:
    """Two posts for each of fifty accounts, approved for tomorrow, with a video of their organization's own."""
    houses = [
        (shape, shape.house(sandbox, ACCOUNTS))
        for shape in (_SHAPES[number % len(_SHAPES)] for number in range(VIDEOS // ACCOUNTS))
    ]
    installation_of_this_process.use(installed.settings)  # where ingest finds the files
    worker = db.Database(db.make_engine(installed.settings.program_url("worker"), pool_size=2))
    first: list[UUID] = []
    second: list[UUID] = []
    try:
        for number, (shape, house) in enumerate(houses):
            # What all three networks take: long, large and tall enough, without an edit list.
            content = clip(seconds=6, size=(540, 960), rate=24, shade=number, edit_list=False)
            media = make_prepared(house.author, worker, content).id
            about = {"files": attached(media), "format": shape.form, "options": shape.options}
            first.append(_approved(house, f"Number {number}, in good time.", about))
            second.append(_approved(house, f"Number {number}, at once.", about))
    finally:
        worker.engine.dispose()
    return first, second


def _approved(house: House, words: str, about: dict[str, Any]) -> UUID:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    accounts = [page.account.id for page in house.pages]
    return make_approved(house.author, house.approver, accounts, text=words, slot_at=tomorrow, **about)


def _published(observer: Observer, posts: Sequence[UUID]) -> int:
    query = "select count(*) from masthead.publication where post_id = any(%s) and state = 'published'"
    return int(observer.one(query, list(posts)))
