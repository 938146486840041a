"""`python -m bench [name ...]`: measure, and print one line of JSON for each figure.

A name is a module of bench/measures; without names all of them run. Each runs in a process of its own with a clean
environment, so that neither what another one loaded nor your own MASTHEAD_ settings get into its way.
"""

from __future__ import annotations

import argparse
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import measures
from bench.programs import PROJECT, PYTHON, end, heed_signals
from core.infra.programs import tied_to_parent

_END_WITHIN_S: Final = 90.0


def main(arguments: list[str]) -> int:
    """Measure what is named; gives 0 when every figure could be taken."""
    known = [module.name for module in pkgutil.iter_modules(measures.__path__)]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Prints one JSON line for each figure.")
    parser.add_argument("name", nargs="*", help=f"what to measure: {', '.join(known)} (all)")
    parser.add_argument("--quick", action="store_true", help="few repetitions, to see that it works")
    given = parser.parse_args(arguments)
    for name in given.name:
        if name not in known:
            parser.error(f"nothing is called {name:.40}; there are {', '.join(known)}")
    heed_signals()
    with tempfile.TemporaryDirectory(prefix="masthead-bench-", ignore_cleanup_errors=True) as folder:
        try:
            return max(_measure(name, Path(folder), quick=given.quick) for name in given.name or known)
        except KeyboardInterrupt:
            return 130


def _measure(name: str, folder: Path, *, quick: bool) -> int:
    """Run one module; its lines go to our stdout, how long it took to stderr."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(PROJECT),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
    }
    command = [
        *("/usr/bin/env", "-i", *(f"{key}={value}" for key, value in environment.items())),
        *(PYTHON, "-m", "bench.one", name, str(folder), *(["--quick"] if quick else [])),
    ]
    began = time.monotonic()
    child = subprocess.Popen(
        tied_to_parent(command, signal.SIGINT), cwd=PROJECT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = child.wait()
    finally:
        end(child, _END_WITHIN_S)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
