"""`python -m tests.chaos [mode]`: kill, freeze and lie, then count posts at the network. One JSON line per mode.

    labels    SIGKILL of senders at every labelled point, in every kind of post; five kinds meet every fault, the others
              those that concern their steps; `--part "facebook photo"`: only in this one
    zombies   SIGSTOP at every labelled point but the first, in some kinds under some faults, past the lease, then
              SIGCONT; `--part "s2 s2b"`: only at these
    random    at shipped times, kill -9 of anything, Valkey emptied, Postgres stopped, hints doubled, networks that lie
    model     a state machine of what people, programs and networks do, in any order
    power     ten known mistakes, each of which must be noticed; one that isn't counts as lost
    lies      at shipped times, 200 of each answer that says nothing for sure: each has to be shown as Checking within a
              minute. Not among `all`, which is about deaths
    all       all but lies. What random leaves is read back for twelve minutes, in which the others do their work

labels and zombies, which wait as much as they work, go on in two worlds at a time.

Exit code 1 on any post that is live twice or lost. The figures:

    posts, kills        publications, and processes that were killed (one death may catch many publications)
    duplicates, lost    counted in the sandbox's own ledger of what became visible. Lost is what in the end is neither
                        final nor with a person, is shown as published and isn't live, or as not sent and is
    unknown_open        still unclear in the end
    needs_person        a person is asked in the end
    self_resolved_pct   of those that are live and were unclear for a time: recorded as live without a person, within
                        two minutes from when everything was up
    recovery_p99_s      random: from a death, or from when a server was back, how long what was due waited. Else: from
                        when everything was up until a publication that was open still was at rest
    seconds_to_quiet    from the last death until nothing was left to do
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from bench.programs import heed_signals
from core.infra.programs import tied_to_parent
from tests.chaos import labels, lies, model, power, storm, zombies
from tests.chaos.kinds import EVERY
from tests.chaos.ledger import Tally
from tests.chaos.world import World, new_world
from tests.fixtures.programs import PROJECT

MODES: Final[dict[str, Callable[[Path, int, float], Tally]]] = {
    "labels": lambda folder, seed, _minutes: _in_parts(folder, seed, "labels"),
    "zombies": lambda folder, seed, _minutes: _in_parts(folder, seed, "zombies"),
    "random": storm.run,
    "model": lambda folder, seed, minutes: _in_world(folder, lambda world: model.run(world, seed, minutes)),
    "power": lambda folder, _seed, _minutes: _in_world(folder, power.run),
    "lies": lies.run,
}
_DURING_THE_QUIET: Final = ("labels", "zombies", "model", "power")
_WORLDS_AT_ONCE: Final = 2
# The largest first, so that the last ones end together.
_PARTS: Final = {
    "labels": [shape.name for shape in sorted(EVERY, key=lambda shape: len(shape.pairs()), reverse=True)],
    "zombies": [" ".join(zombies.LABELS[::2]), " ".join(zombies.LABELS[1::2])],
}


def main(arguments: list[str]) -> int:
    """Run a mode, or all of them; gives 0 when no post was live twice and none lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("mode", nargs="?", default="all", choices=[*MODES, "all"])
    parser.add_argument("--seed", type=int, default=1, help="decides what is random (1)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the random modes go on (5)")
    parser.add_argument("--part", help="labels: this shape alone; zombies: these labels alone")
    parser.add_argument("--tally", type=Path, help="write the tally into this file instead of a line of JSON")
    given = parser.parse_args(arguments)
    heed_signals()
    if given.mode == "all":
        return 0 if _all(given.seed, given.minutes) else 1
    if given.part and given.mode not in _PARTS:
        parser.error(f"{given.mode} has no parts")
    run = partial(_part, mode=given.mode, part=given.part) if given.part else MODES[given.mode]
    tally = _in_a_folder(run, given.seed, given.minutes)
    if given.tally:
        given.tally.write_text(tally.as_json(), encoding="utf-8")
    else:
        _tell(given.mode, given.seed, tally)
    return 0 if tally.sound else 1


def _all(seed: int, minutes: float) -> bool:
    """The storm first and alone, for it is measured; then the others while it is waited for its end."""
    with _alongside("random", "--seed", str(seed), "--minutes", str(minutes)) as (process, calm):
        calm.wait()
        sound = True
        for mode in _DURING_THE_QUIET:
            tally = _in_a_folder(MODES[mode], seed, minutes)
            _tell(mode, seed, tally)
            sound = sound and tally.sound
        return process.wait() == 0 and sound


@contextmanager
def _alongside(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], threading.Event]]:
    """A mode in a process of its own, and what says that its storm is over, or it is."""
    command = tied_to_parent([sys.executable, "-m", "tests.chaos", *arguments])
    calm = threading.Event()

    def pass_on(words: Iterator[str]) -> None:
        for line in words:
            print(line, end="", file=sys.stderr, flush=True)
            if storm.IS_OVER in line:
                calm.set()
        calm.set()

    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=pass_on, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            yield process, calm
        finally:
            process.terminate()
            process.wait()
            reader.join()


def _in_parts(folder: Path, seed: int, mode: str) -> Tally:
    """Each part in a process and a world of its own, so that while one waits another one works."""
    files = {part: folder / f"{number}.json" for number, part in enumerate(_PARTS[mode])}
    with ThreadPoolExecutor(_WORLDS_AT_ONCE) as pool:
        list(pool.map(lambda part: _apart(mode, part, seed, files[part]), files))
    return sum((Tally.from_json(file.read_text(encoding="utf-8")) for file in files.values()), Tally())


def _apart(mode: str, part: str, seed: int, file: Path) -> None:
    """A part in a process of its own. Raises CalledProcessError when it ends without a tally."""
    arguments = (mode, "--part", part, "--seed", str(seed), "--tally", str(file))
    command = tied_to_parent([sys.executable, "-m", "tests.chaos", *arguments])
    ended = subprocess.run(command, cwd=PROJECT, check=False)
    if not file.exists():
        raise subprocess.CalledProcessError(ended.returncode, command)


def _part(folder: Path, seed: int, _minutes: float, *, mode: str, part: str) -> Tally:
    if mode == "zombies":
        return _in_world(folder, lambda world: zombies.run(world, seed, labels=part.split()))
    (shape,) = [shape for shape in EVERY if shape.name == part]
    return _in_world(folder, lambda world: labels.run(world, seed, {part: shape.pairs()}))


def _in_a_folder(run: Callable[[Path, int, float], Tally], seed: int, minutes: float) -> Tally:
    with tempfile.TemporaryDirectory(prefix="masthead-chaos-", ignore_cleanup_errors=True) as folder:
        return run(Path(folder), seed, minutes)


def _in_world(folder: Path, run: Callable[[World], Tally]) -> Tally:
    with new_world(folder) as world:
        return run(world)


def _tell(mode: str, seed: int, tally: Tally) -> None:
    for each in tally.which:
        print(f"{mode}: {each}", file=sys.stderr)
    print(tally.line(mode, seed), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
