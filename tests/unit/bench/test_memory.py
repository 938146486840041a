"""The most memory of processes and of all below them, read from a folder that looks like the kernel's own."""

from __future__ import annotations

from pathlib import Path

from bench.memory import Peaks


def process(proc: Path, pid: int, kilobytes: int, *, words: str = "python", children: str = "") -> None:
    task = proc / str(pid) / "task" / str(pid)
    task.mkdir(parents=True, exist_ok=True)
    task.joinpath("children").write_text(children)
    folder = proc / str(pid)
    folder.joinpath("status").write_text(f"Name:\t{words}\nVmHWM:\t {kilobytes} kB\nVmRSS:\t 5 kB\n")
    folder.joinpath("cmdline").write_bytes(words.replace(" ", "\0").encode() + b"\0")


def test_children_and_theirs_count_and_each_for_itself(tmp_path: Path) -> None:
    process(tmp_path, 11, 50_000, words="a worker", children="12 13 ")
    process(tmp_path, 12, 200_000, words="a child", children="14 ")
    process(tmp_path, 14, 10_000)
    process(tmp_path, 15, 900_000, words="somebody else")
    peaks = Peaks()
    peaks.look([11], tmp_path)
    assert {pid: round(mb, 1) for pid, mb in peaks.mb.items()} == {11: 51.2, 12: 204.8, 14: 10.2}
    assert peaks.largest == (204.8, "a child")


def test_what_a_process_that_is_gone_had_is_remembered(tmp_path: Path) -> None:
    process(tmp_path, 11, 50_000, children="12 ")
    process(tmp_path, 12, 200_000, words="a child")
    peaks = Peaks()
    peaks.look([11], tmp_path)
    process(tmp_path, 11, 60_000)
    peaks.look([11], tmp_path)
    assert peaks.largest == (204.8, "a child")
    assert round(peaks.mb[11], 1) == 61.4
