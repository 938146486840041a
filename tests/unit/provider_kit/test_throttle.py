"""The meter beside the calls: what it counts, what it hears, and when it lets none out any more."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from core.provider_kit.errors import NotSent, OutcomeUnknown, Throttled
from core.provider_kit.http import Http, Request
from core.provider_kit.throttle import Meter, Scope, Usage, hear, metered, refused, retry_after_s
from tests.providers.scripted import Scripted, answer

NOW = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
GONE = "http://127.0.0.1:1"


def ask(url: str) -> int:
    return Http([url]).send(Request("GET", f"{url}/x"), timeout_s=2).status


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", None),
        ("120", 120),
        (" 7 ", 7),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("١٢", None),
        ("999999999999999999999", 86_400),
        ("Thu, 26 Nov 2026 14:05:00 GMT", 300),
        ("Thu, 26 Nov 2026 13:55:00 GMT", None),
        ("Thu, 99 Nov 2026 13:55:00 GMT", None),
        ("Thu, 26 Nov 99999999999 13:55:00 GMT", None),
        ("Thu, 26 Nov 2026 14:05:00 +99999999999999", None),
        ("Thu, 26 Nov 2026 99999999999999999999:05:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_none(said: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": said} if said else {}, NOW) == seconds


def test_calls_and_troubles_are_counted_for_the_work_under_way_alone(server: Scripted) -> None:
    server.say(answer(200, {}), answer(404, {}), answer(200, {}))
    assert ask(server.url) == 200
    with metered(Meter()) as meter:
        ask(server.url)
        ask(server.url)
        with pytest.raises(NotSent):
            ask(GONE)
        refused(None, trouble=True)
    refused(None, trouble=True)
    assert (meter.calls, meter.troubles) == (3, 2)


def test_an_answer_with_an_impossible_date_is_an_answer_all_the_same(server: Scripted) -> None:
    server.say(answer(200, {}, {"Date": "Thu, 26 Nov 99999999999 13:55:00 GMT"}))
    with metered(Meter()) as meter:
        assert ask(server.url) == 200
    assert meter.ahead_s is None


def test_work_with_an_end_calls_nobody_beyond_it(server: Scripted) -> None:
    server.reply(200, b"{}", delay_s=5)
    began = time.monotonic()
    with metered(Meter(until=began + 0.2)):
        with pytest.raises(OutcomeUnknown):
            ask(server.url)
        with pytest.raises(NotSent, match="no time left"):
            ask(server.url)
    assert time.monotonic() - began < 2
    assert len(server.received) == 1


def test_after_95_percent_not_one_more_call_leaves(server: Scripted) -> None:
    with metered(Meter()):
        hear([Usage(Scope.ACCOUNT, 94.0)])
        ask(server.url)
        hear([Usage(Scope.ACCOUNT, 95.0, 180.0)])
        with pytest.raises(Throttled) as stopped:
            ask(server.url)
    assert stopped.value.limit == Usage(Scope.ACCOUNT, 95.0, 180.0)
    assert len(server.received) == 1


def test_out_of_service_with_a_time_holds_the_route_of_the_whole_app(server: Scripted) -> None:
    server.say(answer(503, {}, {"Retry-After": "90"}), answer(503, {}))
    with metered(Meter()) as meter:
        ask(server.url)
    assert meter.stopped_by == Usage(Scope.APP, 100.0, 90.0, of_route=True)
    with metered(Meter()) as meter:
        ask(server.url)
    assert meter.stopped_by is None
