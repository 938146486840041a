from __future__ import annotations

import subprocess
import sys

import pytest

from core.infra import crash


def run(code: str, **environment: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", f"from core.infra import crash\n{code}"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ".", **environment},
        check=False,
        timeout=30,
    ).returncode


def test_without_a_wish_a_point_does_nothing():
    for label in (*crash.LABELS, *crash.AHEAD_LABELS, *crash.LIVE_LABELS):
        crash.point(label)


def test_a_process_dies_at_its_point_and_at_no_other():
    assert run("crash.point('s1'); crash.point('s2'); raise SystemExit(7)", MASTHEAD_CRASH_AT="s2") == -9
    assert run("crash.point('s1'); raise SystemExit(7)", MASTHEAD_CRASH_AT="s2") == 7


def test_it_can_wait_for_a_later_time():
    code = "crash.point('w0'); crash.point('w0'); raise SystemExit(7)"
    assert run(code, MASTHEAD_CRASH_AT="w0:3") == 7
    assert run(code, MASTHEAD_CRASH_AT="w0:2") == -9


def test_a_label_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no point 'x9'"):
        crash.arm(crash_at="x9")
