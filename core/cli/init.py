"""Create an organization and invite its first admin.

masthead init --name "Northwind" --email maya@northwind.example --zone Europe/Berlin
"""

from __future__ import annotations

import argparse
from zoneinfo import available_timezones

from core.cli.connected import connected
from core.infra.programs import CanNotStart
from core.infra.settings import Settings
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
    with connected(settings, "web", "init"):
        made = initialize(name=given.name, email=given.email, timezone=given.zone)
    link = settings.console_url + made.invitation_link_path
    print(f"{given.name} is ready. Its first admin accepts here within 7 days, signed in as {given.email}:\n  {link}")
    return 0
