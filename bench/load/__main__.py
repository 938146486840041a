"""`python -m bench.load [name ...]`: put load on the product, and print one line of JSON for each figure.

A name is a module of this folder; without names all of them run. Exit code 1 when a figure is more than it may be.
"""

from __future__ import annotations

import sys

from bench import load, running

MINUTES = 5.0


def main(arguments: list[str]) -> int:
    """Measure what is named; gives 0 when everything held."""
    taking = running.parser(load, "bench.load", "Puts load on the product; prints one JSON line for each figure.")
    taking.add_argument("--minutes", type=float, default=MINUTES, help=f"how long the steady load lasts ({MINUTES:g})")
    given = taking.parse_args(arguments)
    options = ["--minutes", str(given.minutes), *(["--quick"] if given.quick else [])]
    return running.run(load, given.name, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
