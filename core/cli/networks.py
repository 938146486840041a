"""What the doctor finds at one network: its app and settings here, and a connection where an account is named."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core import providers
from core.accounts.commands import Diagnosed, connection_of, setup_of
from core.cli.connected import connected
from core.cli.findings import Finding, State
from core.infra import crypto, installation, logs
from core.infra.settings import Settings, SettingsInvalid


def network_findings(settings: Settings, provider_key: str, account: str | None) -> Iterator[Finding]:
    """The setup of a provider; and the connection of an account, by the network's id of it.

    Raises SettingsInvalid, and Refused or NotFound in words.
    """
    if provider_key not in providers.providers():
        known = ", ".join(sorted(providers.providers()))
        raise SettingsInvalid(f"--provider {provider_key:.40} is not among {known}. Name one of these.")
    installation.use(settings)
    yield from _findings(setup_of(provider_key), "is set up as its network wants it")
    if account is not None:
        with worker(settings):
            found = connection_of(account)
        yield from _findings(found, "stands")


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """The worker's database and the keys of tokens for the length of a block. Raises SettingsInvalid."""
    logs.configure("masthead", "WARNING", secrets=settings.concealed(), stream=sys.stderr)
    crypto.use(settings)
    installation.use(settings)
    try:
        with connected(settings, "worker", "doctor"):
            yield
    finally:
        crypto.use(None)


def _findings(found: Diagnosed, well: str) -> Iterator[Finding]:
    for fault in found.faults:
        trace = f" (trace {fault.trace_id})" if fault.trace_id else ""
        state = State.ADVICE if fault.advice else State.MISSING
        yield Finding(found.what, state, f"{fault.words}{trace}", fault.fix)
    if not found.faults:
        yield Finding(found.what, State.GOOD, well)
