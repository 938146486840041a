"""The times of the publishing machine in this process, read from the environment once (PRODUCT 7 h)."""

from __future__ import annotations

from functools import cache

from core.infra.settings import PublishTimes, SettingsInvalid
from core.provider_kit.begin_by import BeginBy
from core.publishing import rules


@cache
def times() -> PublishTimes:
    """All times, in seconds. Raises SettingsInvalid when they don't fit together."""
    read = PublishTimes()
    refuse_incoherent(read)
    return read


def call_timeout_s(times: PublishTimes) -> float:
    """The total a send may take at the network, connecting included."""
    return times.connect_timeout_s + times.read_timeout_s


def call_begin_by(times: PublishTimes) -> BeginBy:
    """Until when a call may begin that is looked at for the last time from now on."""
    return BeginBy.within(min(times.send_within_s, rules.CHECK_HOLDS_S))


def refuse_incoherent(times: PublishTimes) -> None:
    """Raise SettingsInvalid when a send could outlive its lease: then two programs could hold one publication."""
    longest = times.send_within_s + call_timeout_s(times)
    if times.lease_sending_s <= longest:
        raise SettingsInvalid(
            f"MASTHEAD_PUBLISH_LEASE_SENDING_S ({times.lease_sending_s:g}) must be more than SEND_WITHIN_S +"
            f" CONNECT_TIMEOUT_S + READ_TIMEOUT_S ({longest:g}). Raise it or unset it."
        )
