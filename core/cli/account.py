"""Take an account out of whatever organization has it, so that another can connect it.

masthead account release --network facebook --id 112233445566
"""

from __future__ import annotations

import argparse
import sys

from core.accounts.commands import release
from core.cli.connected import connected
from core.infra import logs
from core.infra.settings import Settings


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    summary = "disconnect it there; its posts stay, and what was scheduled waits"
    releasing = actions.add_parser("release", help=summary, description=summary)
    releasing.add_argument("--network", required=True, help="such as facebook")
    releasing.add_argument("--id", required=True, help="what the network calls the account: a Page's number")
    releasing.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Release it and say where it was."""
    settings = Settings.load()
    # Giving the grant back can fail at the network, which is told on stderr, apart from the answer.
    logs.configure("masthead", "WARNING", secrets=settings.concealed(), stream=sys.stderr)
    with connected(settings, "worker", "account"):
        released = release(given.network, given.id)
    waiting = f"; {released.stranded} scheduled there are held" if released.stranded else ""
    print(
        f"{given.network} account {given.id} is released from organization {released.organization_id}{waiting}.\n"
        "Another organization can connect it now."
    )
    return 0
