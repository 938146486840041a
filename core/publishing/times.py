"""The times of the publishing machine in this process, read from the environment once (PRODUCT 7 h)."""

from __future__ import annotations

from functools import cache

from core.infra.settings import PublishTimes, SettingsInvalid


@cache
def times() -> PublishTimes:
    """All times, in seconds. Raises SettingsInvalid when they don't fit together."""
    read = PublishTimes()
    refuse_incoherent(read)
    return read


def call_timeout_s(times: PublishTimes) -> float:
    """The total a send may take at the network, connecting included."""
    return times.connect_timeout_s + times.read_timeout_s


def refuse_incoherent(times: PublishTimes) -> None:
    """Raise SettingsInvalid when a send could outlive its lease: then two programs could hold one publication."""
    longest = times.send_within_s + call_timeout_s(times)
    if times.lease_sending_s <= longest:
        raise SettingsInvalid(
            f"MASTHEAD_PUBLISH_LEASE_SENDING_S ({times.lease_sending_s:g}) must be more than SEND_WITHIN_S +"
            f" CONNECT_TIMEOUT_S + READ_TIMEOUT_S ({longest:g}). Raise it or unset it."
        )
