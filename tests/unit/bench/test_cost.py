"""What the kernel says of processes, read from a folder that looks like its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.cost import cpu_s, processes_in, pss_mb, spent

TICKS = os.sysconf("SC_CLK_TCK")


def process(proc: Path, pid: int, *, name: str = "python", times: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Path:
    folder = proc / str(pid)
    folder.mkdir()
    before = "S 1 2 3 4 5 6 7 8 9 10"
    folder.joinpath("stat").write_text(f"{pid} ({name}) {before} {' '.join(map(str, times))} 20 0 1 0\n")
    return folder


def test_own_time_and_that_of_ended_children_count_whatever_a_program_calls_itself(tmp_path: Path) -> None:
    process(tmp_path, 11, name="postgres: (io) 1 2 3", times=(TICKS, 2 * TICKS, 3 * TICKS, 4 * TICKS))
    process(tmp_path, 12, times=(0, TICKS, 0, 0))

    assert cpu_s([11], tmp_path) == 10.0
    assert cpu_s([11, 12], tmp_path) == 11.0


def test_a_process_that_is_gone_has_used_nothing(tmp_path: Path) -> None:
    assert cpu_s([77], tmp_path) == 0.0


def test_memory_is_the_share_of_this_process_in_megabytes(tmp_path: Path) -> None:
    process(tmp_path, 11).joinpath("smaps_rollup").write_text(
        "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss: 90000 kB\nPss: 50000 kB\nPss_Dirty: 7 kB\n"
    )

    assert pss_mb(11, tmp_path) == pytest.approx(51.2)


def test_servers_are_found_by_where_they_stand(tmp_path: Path) -> None:
    proc, data, elsewhere = (tmp_path / name for name in ("proc", "data", "data-of-another"))
    for folder in (proc, data, elsewhere):
        folder.mkdir()
    process(proc, 11).joinpath("cwd").symlink_to(data / "pg")
    process(proc, 12).joinpath("cwd").symlink_to(elsewhere)
    process(proc, 13)
    proc.joinpath("self").mkdir()

    assert processes_in(data, proc) == [11]


def test_what_is_spent_is_shared_by_all_pieces_of_work() -> None:
    assert spent({"senders": 1.0, "sandbox": 2.0}, {"senders": 3.0, "sandbox": 2.5}, 500) == {
        "senders": 4.0,
        "sandbox": 1.0,
    }
