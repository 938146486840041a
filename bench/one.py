"""`python -m bench.one <module> <folder>`: one module that measures in a process of its own, for `bench.running`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from bench.programs import CanNotMeasure, heed_signals


def main(arguments: list[str]) -> int:
    """Print each figure as soon as it is known; gives 1 when one couldn't be taken or is more than it may be."""
    parser = argparse.ArgumentParser(prog="python -m bench.one")
    parser.add_argument("module")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--part", action="append")
    given = parser.parse_args(arguments)
    heed_signals()
    options: dict[str, Any] = {"quick": given.quick}
    if given.minutes is not None:
        options["minutes"] = given.minutes
    if given.part:
        options["parts"] = given.part
    code = 0
    try:
        for figure in importlib.import_module(given.module).measure(given.folder, **options):
            print(figure.line(), flush=True)
            if figure.excess is not None:
                print(figure.excess, file=sys.stderr, flush=True)
                code = 1
    except CanNotMeasure as problem:
        sys.stderr.write(f"{given.module}: {problem}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
