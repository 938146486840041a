"""Ask a live account what isn't verified of its network: a line for each fact, with the setting that carries it.

masthead verify --account 112233445566
masthead verify --account urn:li:organization:1001

Only reads are made. What takes a real post is named with what to do by hand; docs/providers has all of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from core.accounts.commands import verify
from core.cli.networks import worker
from core.infra.settings import Settings
from core.provider_kit.verifying import Value, Verified


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--account", required=True, help="the network's id of a connected account: a number, or a URN of LinkedIn's"
    )
    parser.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Print each fact: those that a read can tell first."""
    with worker(Settings.load()):
        found = verify(given.account)
    print(f"{found.name} ({found.network} {given.account}), by reads alone:\n")
    for fact in found.facts:
        print("\n".join(_lines(fact)))
    print("\nWhat you find out goes into docs/providers with the date; set what was wrong.")
    return 0


def _lines(fact: Verified) -> Iterator[str]:
    named = ", ".join(map(_value, fact.values))
    if fact.found is None:
        yield f"by hand  {fact.fact.what}: {named}"
        yield f"         -> {fact.fact.by_hand}"
        return
    yield f"{'differs' if fact.found.suggests else 'asked  '}  {fact.fact.what}: {named}"
    yield f"         the network: {fact.found.said}"
    if fact.found.suggests:
        yield f"         -> Set {fact.setting}={fact.found.suggests}"


def _value(value: Value) -> str:
    default = "" if value.used == value.default else f" (default {value.default or 'unset'})"
    return f"{value.setting}={value.used or 'unset'}{default}"
