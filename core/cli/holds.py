"""What holds calls to whole networks: show it, or end it.

masthead holds show
masthead holds end --network facebook

For a network that asked by mistake, or for far too long, to be left alone. If it means it, it says so again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from core.cli.connected import connected
from core.infra import logs
from core.infra.settings import Settings
from core.publishing import unholding
from core.publishing.times import times as publish_times
from core.throttle.rules import WholeHold


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    summary = "what is held, and until when"
    showing = actions.add_parser("show", help=summary, description=summary)
    showing.set_defaults(command=show)
    summary = "call the network again now, for every organization"
    ending = actions.add_parser("end", help=summary, description=summary)
    ending.add_argument("--network", required=True, help="such as facebook")
    ending.set_defaults(command=end)


def show(_given: argparse.Namespace) -> int:
    """One line per hold."""
    with _connected():
        found = unholding.holds()
    print("\n".join(map(_line, found)) or "No network is held.")
    return 0


def end(given: argparse.Namespace) -> int:
    """End what holds the network and say what goes on."""
    with _connected():
        ended = unholding.end(given.network, publish_times())
    print("\n".join(f"ended: {_line(each)}" for each in ended.holds) or f"Nothing holds {given.network} now.")
    print(
        f"{ended.posts} posts look again within seconds, and {ended.others} reads, comments, changes and addresses."
        f" If {given.network} means it, its next answer holds again."
    )
    return 0


def _line(hold: WholeHold) -> str:
    whose = f"{hold.provider} {hold.network or 'as a whole'}, {hold.counts}"
    why = "it is in trouble and is probed at" if hold.is_breaker else "it asked to be left alone until"
    return f"{whose}: {why} {hold.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def _connected() -> Iterator[None]:
    settings = Settings.load()
    logs.configure("masthead", "WARNING", secrets=settings.concealed(), stream=sys.stderr)
    with connected(settings, "worker", "holds"):
        yield
