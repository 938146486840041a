"""Say what is configured, reachable and missing, with the next step for each.

masthead doctor --provider meta asks the network itself, with --account also about one connection; it only reads.

Exit code 0 when nothing needed is missing, 1 when something is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from core.cli import exit_codes, findings, findings_of_use
from core.cli.findings import Finding, State
from core.cli.networks import network_findings
from core.cli.pulse import pulse_findings
from core.infra import logs
from core.infra.settings import Settings, SettingsInvalid
from core.publishing.times import refuse_incoherent

_MARKS: Final = {State.GOOD: "ok     ", State.ADVICE: "advice ", State.MISSING: "MISSING"}
_PLACEHOLDER: Final = "only so that the other settings can be looked at"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--provider", help="ask this network instead: is its app set up as it wants it, such as meta")
    parser.add_argument("--account", help="and how this account's connection stands: the network's id of the account")
    parser.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Print every finding as it is made."""
    missing = 0
    if given.account and not given.provider:
        raise SettingsInvalid("--account needs --provider: name the network of the account, such as meta.")
    logs.configure("masthead", "CRITICAL", stream=sys.stderr)  # the findings say it, each with its next step
    asked = network_findings(Settings.load(), given.provider, given.account) if given.provider else examine()
    for finding in asked:
        missing += finding.state is State.MISSING
        print(f"{_MARKS[finding.state]}  {finding.subject}: {finding.words}")
        if finding.next_step:
            print(f"         -> {finding.next_step}")
    print(f"\n{missing} missing." if missing else "\nNothing that is needed is missing.")
    return exit_codes.LEFT if missing else 0


def examine() -> Iterator[Finding]:
    """All findings. A setting that can't be used is a finding too; the others are still looked at."""
    try:
        settings = Settings.load()
        refuse_incoherent(settings.publish)
        yield Finding("Settings", State.GOOD, "can be read")
    except SettingsInvalid as problem:
        yield Finding("Settings", State.MISSING, str(problem))
        readable = _as_far_as_they_can_be_read()
        if readable is None:
            return
        settings = readable
    has_key = settings.secret_key.get_secret_value() != _PLACEHOLDER
    yield from findings.misspelled_findings()
    yield from findings.data_folder_findings(settings)
    yield from findings_of_use.storage_findings(settings)
    yield from findings.postgres_findings(settings, has_key=has_key)
    if has_key:
        yield from findings_of_use.key_findings(settings)
        yield from findings_of_use.kept_findings(settings)
    yield from findings.queue_findings(settings)
    if has_key:
        yield from pulse_findings(settings)
    yield from findings.sign_in_findings(settings)
    yield from findings_of_use.mail_findings(settings)
    yield from findings.provider_findings()
    yield from findings.address_findings(settings)


def _as_far_as_they_can_be_read() -> Settings | None:
    """The settings when their only trouble is a key; None when the others can't be read either."""
    with suppress(SettingsInvalid):
        return Settings.read()
    with suppress(ValueError):
        return Settings(MASTHEAD_SECRET_KEY=_PLACEHOLDER)
    return None
