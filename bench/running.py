"""Measuring what is named, each module in a process of its own with a clean environment.

So neither what another one loaded nor your own MASTHEAD_ settings get into its way.
"""

from __future__ import annotations

import argparse
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from bench.programs import PROJECT, PYTHON, end, heed_signals
from core.infra.programs import tied_to_parent

_END_WITHIN_S: Final = 90.0


def names_in(package: ModuleType) -> list[str]:
    """The modules of a package that measure."""
    return [each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_")]


def parser(package: ModuleType, command: str, words: str) -> argparse.ArgumentParser:
    """What every such command takes."""
    known = names_in(package)
    taking = argparse.ArgumentParser(prog=f"python -m {command}", description=words)
    taking.add_argument("name", nargs="*", help=f"what to measure: {', '.join(known)} (all)", metavar="name")
    taking.add_argument("--quick", action="store_true", help="few repetitions, to see that it works")
    return taking


def run(package: ModuleType, names: Sequence[str], options: Sequence[str]) -> int:
    """Measure what is named, all of the package without names; gives 0 when all could be taken and no limit was broken.

    Each has a folder of its own, so that what one leaves is gone for the next.
    """
    known = names_in(package)
    for name in names:
        if name not in known:
            print(f"nothing is called {name:.40}; there are {', '.join(known)}", file=sys.stderr)
            return 2
    heed_signals()
    with tempfile.TemporaryDirectory(prefix="masthead-bench-", ignore_cleanup_errors=True) as shared:
        folders = [Path(shared) / name for name in names or known]
        try:
            return max(
                [
                    _measure(f"{package.__name__}.{name}", folder, options)
                    for name, folder in zip(names or known, folders, strict=True)
                ]
            )
        except KeyboardInterrupt:
            return 130


def _measure(module: str, folder: Path, options: Sequence[str]) -> int:
    """Run one module; its lines go to our stdout, how long it took to stderr."""
    folder.mkdir(exist_ok=True)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(PROJECT),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
    }
    command = [
        *("/usr/bin/env", "-i", *(f"{key}={value}" for key, value in environment.items())),
        *(PYTHON, "-m", "bench.one", module, str(folder), *options),
    ]
    began = time.monotonic()
    child = subprocess.Popen(
        tied_to_parent(command, signal.SIGINT), cwd=PROJECT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = child.wait()
    finally:
        end(child, _END_WITHIN_S)
    print(f"{module.rpartition('.')[2]}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return code
