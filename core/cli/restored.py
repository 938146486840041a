"""After a backup was restored: pause everything, and read back what may have gone out since.

masthead restored
masthead restored --since 2027-01-31T03:00Z

Run it before the programs start. Nothing leaves by itself then, and what came due since the backup was made is looked
for at its network instead of being sent a second time. docs/operating.md has the whole of it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from core.cli.connected import connected
from core.infra import logs
from core.infra.settings import Settings
from core.publishing.restoring import restored


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--since", type=_moment, help="when the backup was made; unset, when Masthead last ran by what is in it"
    )
    parser.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Do it and say what follows."""
    settings = Settings.load()
    logs.configure("masthead", "ERROR", secrets=settings.concealed(), stream=sys.stderr)
    with connected(settings, "worker", "restored"):
        done = restored(given.since)
    marked = (
        f"\n{done.marked} more waited for an approval, were late or failed then, and may have been sent since:"
        " each says so on its page."
        if done.marked
        else ""
    )
    print(
        f"The backup is of {done.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC. Publishing is paused in"
        f" {done.paused} of {done.organizations} organizations; the others were paused already.\n"
        f"{done.in_doubt} publications came due since and may be live: their networks are asked.{marked}\n"
        "Start Masthead now. An admin of each organization looks under Unclear and at the accounts, then resumes."
    )
    return 0


def _moment(value: str) -> datetime:
    """An instant; without a zone it could be hours off."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a time such as 2027-01-31T03:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("needs its zone: 2027-01-31T03:00Z or 2027-01-31T04:00+01:00")
    return moment
