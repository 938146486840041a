"""Create an organization and invite its first admin.

masthead init --name "Northwind" --email maya@northwind.example --zone Europe/Berlin
"""

from __future__ import annotations

import argparse
from zoneinfo import available_timezones

from sqlalchemy.exc import DBAPIError

from core.infra import db
from core.infra.programs import CanNotStart
from core.infra.reachable import database_words
from core.infra.settings import Settings, SettingsInvalid
from core.organizations.commands import initialize


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--name", required=True, help="what people will read as the organization's name")
    parser.add_argument("--email", required=True, help="who may accept the invitation and becomes the first admin")
    parser.add_argument("--zone", default="UTC", help="time zone that rules its slots, such as Europe/Berlin")
    parser.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Create it and print the invitation's single-use address."""
    if given.zone not in available_timezones():
        raise CanNotStart(f"--zone {given.zone!r:.60} is no time zone. Give a name such as Europe/Berlin.")
    settings = Settings.load()
    try:
        database = db.connect(settings.program_url("web"), application="masthead-init")
    except DBAPIError as error:
        raise SettingsInvalid(
            f"DATABASE_URL_WEB (or DATABASE_URL): {database_words(error):.110}. `masthead doctor` says more."
        ) from None
    try:
        made = initialize(name=given.name, email=given.email, timezone=given.zone)
    finally:
        db.use(None)
        database.engine.dispose()
    link = settings.console_url + made.invitation_link_path
    print(f"{given.name} is ready. Its first admin accepts here within 7 days, signed in as {given.email}:\n  {link}")
    return 0
