"""Rotate the key that wraps stored tokens, or say which keys are still needed.

masthead keys status
masthead keys rotate

Put the new key first in MASTHEAD_CREDENTIAL_KEYS, keep the old ones behind it, and restart all programs with it before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from core.accounts.commands import keys_in_use, rotate_keys
from core.cli import exit_codes
from core.cli.connected import connected
from core.infra import crypto, logs
from core.infra.reachable import database_words
from core.infra.settings import Settings

_GO_ON: Final = "What is wrapped stays wrapped; run it again to go on."


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    summary = "wrap every stored token by the newest key; can be stopped and run again"
    rotating = actions.add_parser("rotate", help=summary, description=summary)
    rotating.add_argument("--batch", type=_batch, default=100, help="tokens in one transaction (100)")
    rotating.set_defaults(command=rotate)
    summary = "which keys wrap how many tokens, and which can be taken out"
    status = actions.add_parser("status", help=summary, description=summary)
    status.set_defaults(command=show)


def rotate(given: argparse.Namespace) -> int:
    """Rotate, saying how far it is after each batch.

    Exit code 1 when tokens could not be read or Postgres went away, 130 when stopped.
    """
    with _connected():
        newest = crypto.newest_key()
        left = sum(count for key, count in keys_in_use().items() if key != newest)
        print(f"{left} stored tokens to wrap by key {newest}.")
        unreadable = 0
        try:
            for progress in rotate_keys(given.batch):
                unreadable = progress.unreadable
                print(f"{progress.wrapped} of {left} wrapped.", flush=True)
        except KeyboardInterrupt:
            print(f"Stopped. {_GO_ON}")
            return exit_codes.STOPPED
        except DBAPIError as error:
            print(f"Stopped: {database_words(error):.110}. {_GO_ON}", file=sys.stderr)
            return exit_codes.LEFT
        if unreadable:
            print(
                f"{unreadable} could not be read and stay as they are; the log names them."
                " Connect their accounts again, then run this again.",
                file=sys.stderr,
            )
            return exit_codes.LEFT
        print("Done. `masthead keys status` says which keys can be taken out.")
        return 0


def show(_given: argparse.Namespace) -> int:
    """One line per key."""
    with _connected() as settings:
        used, ring = keys_in_use(), settings.credential_key_ring()
    newest = next(iter(ring))
    for key in dict.fromkeys([*ring, *used]):
        count = used.get(key, 0)
        if key == newest:
            words = "wraps what is stored from now on"
        elif key not in ring:
            words = "isn't set here: those accounts must be connected again, or the key set again"
        elif count:
            words = "still needed: run `masthead keys rotate`"
        else:
            words = "no longer needed"
        print(f"{key:<20} {count:>7} tokens  {words}")
    return 0


@contextmanager
def _connected() -> Iterator[Settings]:
    settings = Settings.load()
    logs.configure("masthead", "WARNING", secrets=settings.concealed(), stream=sys.stderr)
    crypto.use(settings)
    with connected(settings, "worker", "keys"):
        yield settings


def _batch(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("must be between 1 and 10000")
    return number
