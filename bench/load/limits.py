"""At the limits of a network: nothing is called before it may be, nothing is refused, and one of eight looks.

Calls are counted in the sandbox's own log of requests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench import limited
from bench.burst import SlowSandbox, slow_sandbox
from bench.figures import Baseline, Figure, none_of
from bench.fleet import fleet
from bench.installation import Installation, installation
from bench.observer import Observer, await_that, behind_the_wall
from bench.programs import CanNotMeasure
from core.posts.model import Publication
from tests.factories.publishing import House, make_house, make_scheduled

LATENCY_S: Final = 0.01
WAITING: Final = 20
REGAIN_MIN: Final = 1
WORKERS: Final = 8
WORKERS_SLOTS: Final = 2
DUE_AT_HALF_OPEN: Final = 64
PROBE_TAKES_MS: Final = 2000
CALLS: Final = 10_000
QUICK_CALLS: Final = 300
_WITHIN_S: Final = 90.0
_OPENS_FOR_S: Final = 8
_SENT: Final = "publication sent"
_NOT_SENT: Final = "publication not sent"


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """The three figures; each must be none but the last, which is exactly one."""
    with (
        installation(folder) as installed,
        slow_sandbox(folder, LATENCY_S) as sandbox,
        behind_the_wall(installed) as observer,
    ):
        yield _calls_before_regain(installed, sandbox, observer, folder)
        yield _probes_of_eight(installed, sandbox, observer, folder)
        yield _limit_errors(installed, sandbox, QUICK_CALLS if quick else CALLS)


def _calls_before_regain(installed: Installation, sandbox: SlowSandbox, observer: Observer, folder: Path) -> Figure:
    """The network says that 95 % are used up and when to come back; twenty posts are due by then."""
    house = make_house(sandbox)
    first, *others = [make_scheduled(house) for _ in range(1 + WAITING)]
    usage = {"percent": 95, "regain_min": REGAIN_MIN}
    sandbox.post("/_sandbox/faults", {"route": house.page.feed, "mode": "usage", "times": 1, "args": usage})
    with _fleet_in(folder / "regain", installed, senders=2, slots=8):
        _come_due(observer, [first])
        await_that(lambda: _published(observer, house) == 1, _WITHIN_S, lambda: "the first post was never sent")
        said_after = max(each["number"] for each in _calls_to(sandbox, house, 0))
        held_until: datetime = observer.one(
            "select max(held_until) from masthead.account_budget where organization_id = %s", house.organization_id
        )
        _come_due(observer, others)
        await_that(
            lambda: _published(observer, house) == 1 + WAITING,
            REGAIN_MIN * 60 + _WITHIN_S,
            lambda: f"{_published(observer, house)} of {1 + WAITING} posts were sent after the regain",
        )
    calls = _calls_to(sandbox, house, said_after)
    early = [each for each in calls if _moment(each["at"]) < held_until]
    due = Baseline(f"posts due meanwhile, all of which were sent in the {len(calls)} calls after it", WAITING)
    return none_of("limits_calls_before_regain", len(early), "calls", due)


def _probes_of_eight(installed: Installation, sandbox: SlowSandbox, observer: Observer, folder: Path) -> Figure:
    """A breaker's time is over and eight processes have posts for that network: one of them looks, by a read."""
    houses = [make_house(sandbox) for _ in range(WORKERS)]
    rows = [make_scheduled(house) for house in houses for _ in range(DUE_AT_HALF_OPEN // WORKERS)]
    reading = [f"GET /graph.facebook.com/*/{house.page.id}" for house in houses]
    for route in reading:
        sandbox.post("/_sandbox/faults", {"route": route, "mode": "latency", "args": {"ms": PROBE_TAKES_MS}})
    with _fleet_in(folder / "probe", installed, senders=WORKERS, slots=WORKERS_SLOTS) as programs:
        observer.run(
            "insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at)"
            " select 'meta', 'facebook', 'publish', 'open', clock_timestamp() + at, at, clock_timestamp()"
            " from make_interval(secs => %s) at on conflict (provider, network, route) do update"
            " set state = 'open', probe_by = null, until = excluded.until, open_for = excluded.open_for",
            _OPENS_FOR_S,
        )
        until: datetime = observer.one("select until from masthead.breaker where route = 'publish'")
        before = _newest(sandbox)
        _come_due(observer, rows, at=until)
        await_that(
            lambda: sum(_published(observer, house) for house in houses) == len(rows),
            _OPENS_FOR_S + _WITHIN_S,
            lambda: f"{sum(_published(observer, house) for house in houses)} of {len(rows)} posts were sent",
        )
        took_part = max(programs.senders_that_said(_SENT), programs.senders_that_said(_NOT_SENT))
    probes = [
        each
        for house in houses
        for each in _calls_to(sandbox, house, before)
        if each["method"] == "GET" and each["path"].endswith(f"/{house.page.id}")
    ]
    early = [each for house in houses for each in _calls_to(sandbox, house, before) if _moment(each["at"]) < until]
    if took_part < WORKERS or early or not probes:
        raise CanNotMeasure(f"{took_part} of {WORKERS} took part, {len(early)} calls were early, {len(probes)} probes")
    return Figure("limits_probes", len(probes), "probes", Baseline(f"one, of {WORKERS} processes", 1), most=1.0)


def _limit_errors(installed: Installation, sandbox: SlowSandbox, calls: int) -> Figure:
    """Twice as many calls as a Page takes in a day, and how many of them it refused."""
    counted = limited.run(installed, sandbox, calls)
    print(f"limits: {counted}", file=sys.stderr, flush=True)
    if counted["live"] < calls:
        raise CanNotMeasure(f"of {calls} posts {counted['live']} are live")
    made = Baseline(f"calls to a Page that takes {limited.TAKES} a day", counted["calls"])
    return none_of("limits_refused_calls", counted["limit_errors"], "calls", made)


def _fleet_in(folder: Path, installed: Installation, *, senders: int, slots: int) -> Any:
    folder.mkdir()
    return fleet(installed, folder, senders=senders, slots=slots)


def _come_due(observer: Observer, rows: list[Publication], at: datetime | None = None) -> None:
    observer.run(
        "update masthead.publication set due_at = due.at, not_after = due.at + interval '30 min'"
        " from (select coalesce(%s, clock_timestamp()) as at) due where id = any(%s)",
        at,
        [row.id for row in rows],
    )


def _published(observer: Observer, house: House) -> int:
    return int(
        observer.one(
            "select count(*) from masthead.publication where organization_id = %s and state = 'published'",
            house.organization_id,
        )
    )


def _newest(sandbox: SlowSandbox) -> int:
    return max((each["number"] for each in sandbox.get("/_sandbox/requests", limit=1)), default=0)


def _calls_to(sandbox: SlowSandbox, house: House, after: int) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = sandbox.get("/_sandbox/requests", after=after)
    return [each for each in asked if f"/{house.page.id}" in each["path"]]


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
