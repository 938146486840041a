"""Jobs that nobody waits for share one queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from core.posts import preflight
from core.publishing import links, live_sending
from jobs import low


@pytest.mark.parametrize(
    ("job", "module", "name"),
    [
        (low.do_live_work, live_sending, "do_next"),
        (low.find_links, links, "find_next"),
        (low.look_ahead, preflight, "look_due"),
    ],
)
def test_work_without_an_end_leaves_the_queue_to_others_after_its_time(
    job: Callable[[], int], module: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(at_most: int = 1) -> int:
        time.sleep(0.05)
        return at_most

    monkeypatch.setattr(low, "_LASTS_S", 0.2, raising=False)
    monkeypatch.setattr(module, name, endless)
    began = time.monotonic()
    assert job() > 0
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("job", "module", "name"), [(low.do_live_work, live_sending, "do_next"), (low.find_links, links, "find_next")]
)
def test_a_slow_network_has_the_queue_for_one_call_beyond_its_time_at_most(
    job: Callable[[], int], module: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_s = [0.0]

    def slow() -> bool:
        passed_s[0] += 35
        return True

    monkeypatch.setattr(low, "time", SimpleNamespace(monotonic=lambda: passed_s[0]))
    monkeypatch.setattr(module, name, slow)
    assert job() == 1
    assert passed_s == [35]
