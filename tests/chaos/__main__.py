"""`python -m tests.chaos [mode]`: kill, freeze and lie, then count posts at the network. One JSON line per mode.

    labels    SIGKILL of senders at every labelled point, under every fault, in every shape of publication
    zombies   SIGSTOP at every labelled point past the lease, then SIGCONT
    random    at shipped times, kill -9 of anything, Valkey emptied, Postgres stopped, hints doubled, networks that lie
    model     a state machine of what people, programs and networks do, in any order
    power     known mistakes, each of which must be noticed; one that isn't counts as lost

Exit code 1 on any post that is live twice or lost. The figures:

    posts, kills        publications, and processes that were killed (one death may catch many publications)
    duplicates, lost    counted in the sandbox's own ledger of what became visible. Lost is what in the end is neither
                        final nor with a person, is shown as published and isn't live, or as not sent and is
    unknown_open        still unclear in the end
    needs_person        a person is asked in the end
    self_resolved_pct   of those that are live and were unclear for a time: recorded as live without a person, within
                        two minutes from when everything was up
    recovery_p99_s      random: from a death, or from when a server was back, until a send began. Else: from when
                        everything was up until a publication that was open still was at rest
    seconds_to_quiet    from the last death until nothing was left to do
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.programs import heed_signals
from tests.chaos import labels, model, power, storm, zombies
from tests.chaos.ledger import Tally
from tests.chaos.world import World, new_world

MODES: Final[dict[str, Callable[[Path, int, float], Tally]]] = {
    "labels": lambda folder, seed, _minutes: _in_world(folder, lambda world: labels.run(world, seed)),
    "zombies": lambda folder, seed, _minutes: _in_world(folder, lambda world: zombies.run(world, seed)),
    "random": storm.run,
    "model": lambda folder, seed, minutes: _in_world(folder, lambda world: model.run(world, seed, minutes)),
    "power": lambda folder, _seed, _minutes: _in_world(folder, power.run),
}


def main(arguments: list[str]) -> int:
    """Run a mode, or all of them; gives 0 when no post was live twice and none lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("mode", nargs="?", default="labels", choices=[*MODES, "all"])
    parser.add_argument("--seed", type=int, default=1, help="decides what is random (1)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the random modes go on (5)")
    given = parser.parse_args(arguments)
    heed_signals()
    sound = [_run(mode, given.seed, given.minutes) for mode in (MODES if given.mode == "all" else [given.mode])]
    return 0 if all(sound) else 1


def _run(mode: str, seed: int, minutes: float) -> bool:
    """One mode in a folder and a world of its own."""
    with tempfile.TemporaryDirectory(prefix="masthead-chaos-", ignore_cleanup_errors=True) as folder:
        tally = MODES[mode](Path(folder), seed, minutes)
    for each in tally.which:
        print(f"{mode}: {each}", file=sys.stderr)
    print(tally.line(mode, seed), flush=True)
    return tally.sound


def _in_world(folder: Path, run: Callable[[World], Tally]) -> Tally:
    with new_world(folder) as world:
        return run(world)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
