"""`python -m bench [name ...]`: measure, and print one line of JSON for each figure.

A name is a module of bench/measures; without names all of them run.
"""

from __future__ import annotations

import sys

from bench import measures, running


def main(arguments: list[str]) -> int:
    """Measure what is named; gives 0 when every figure could be taken."""
    taking = running.parser(measures, "bench", "Prints one JSON line for each figure.")
    taking.add_argument("--part", action="append", default=[], help="of large a step, of reads a read; may be repeated")
    given = taking.parse_args(arguments)
    options = [*(["--quick"] if given.quick else []), *(f"--part={part}" for part in given.part)]
    return running.run(measures, given.name, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
