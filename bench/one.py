"""`python -m bench.one <name> <folder>`: one module of measures in a process of its own, for `python -m bench`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from bench.programs import CanNotMeasure, heed_signals


def main(arguments: list[str]) -> int:
    """Print each figure as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m bench.one")
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    heed_signals()
    try:
        measures = importlib.import_module(f"bench.measures.{given.name}")
        for figure in measures.measure(given.folder, quick=given.quick):
            print(figure.line(), flush=True)
    except CanNotMeasure as problem:
        sys.stderr.write(f"bench {given.name}: {problem}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
