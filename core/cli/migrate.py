"""Make the roles and bring the database to the newest schema.

DATABASE_URL is the owner's; only this command uses it.
"""

from __future__ import annotations

import argparse

from core.infra import revisions
from core.infra.migrate import migrate
from core.infra.reachable import without_password
from core.infra.settings import Settings


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.set_defaults(command=command)


def command(_given: argparse.Namespace) -> int:
    """Migrate and say what the database is now."""
    settings = Settings.load()
    migrate(settings)
    print(f"{without_password(settings.owner_url())} is at revision {revisions.newest()}.")
    return 0
