"""`masthead run|migrate|init|account|keys|holds|restored|doctor|verify`.

What people can mend (a setting, a taken port, a server that doesn't answer, a full disk) ends with exit code 2 and one
line on stderr of at most 200 characters, never with a traceback.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from core.cli import account, doctor, exit_codes, holds, init, keys, migrate, restored, run, verify
from core.infra.errors import MastheadError
from core.infra.programs import CanNotStart
from core.infra.reachable import database_words
from core.infra.settings import SettingsInvalid


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says whether it could do what was asked."""
    given = parser().parse_args(arguments)
    try:
        return int(given.command(given))
    except (SettingsInvalid, CanNotStart, MastheadError) as problem:
        return _refused(one_line(problem))
    except DBAPIError as error:  # it went away in the middle, or refuses what it should not
        return _refused(f"Postgres: {database_words(error):.130}. `masthead doctor` says more.")
    except KeyboardInterrupt:
        return exit_codes.STOPPED


def parser() -> argparse.ArgumentParser:
    """The commands and their options; each command's module adds its own."""
    whole = argparse.ArgumentParser(prog="masthead", description="Publishing operations console.")
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (run, migrate, init, account, keys, holds, restored, doctor, verify):
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").partition("\n")[0]
        module.add_to(commands.add_parser(name, help=summary, description=summary))
    return whole


def _refused(words: str) -> int:
    print(f"masthead: {words}", file=sys.stderr)
    return exit_codes.MEND


def one_line(problem: Exception) -> str:
    """The message with nothing in it that would break the promise of one short line."""
    return " ".join(str(problem).split())[:190]
