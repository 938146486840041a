"""Take an account out of whatever organization has it, so that another can connect it.

masthead account release --network facebook --id 112233445566
"""

from __future__ import annotations

import argparse
import sys

from sqlalchemy.exc import DBAPIError

from core.accounts.commands import release
from core.infra import db, logs
from core.infra.reachable import database_words
from core.infra.settings import Settings, SettingsInvalid


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
    try:
        database = db.connect(settings.program_url("worker"), application="masthead-account")
    except DBAPIError as error:
        raise SettingsInvalid(
            f"DATABASE_URL_WORKER (or DATABASE_URL): {database_words(error):.110}. `masthead doctor` says more."
        ) from None
    try:
        released = release(given.network, given.id)
    finally:
        db.use(None)
        database.engine.dispose()
    waiting = f"; {released.stranded} scheduled there are held" if released.stranded else ""
    print(
        f"{given.network} account {given.id} is released from organization {released.organization_id}{waiting}.\n"
        "Another organization can connect it now."
    )
    return 0
