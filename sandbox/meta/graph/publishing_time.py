"""When a post may be scheduled for (meta 4.2)."""

from __future__ import annotations

from sandbox.meta.errors import GraphError
from sandbox.meta.facts import SCHEDULE_MAX_S, SCHEDULE_MIN_S


def check_schedule(at: float, now: float) -> None:
    """At least ten minutes ahead, at most 75 days."""
    if not now + SCHEDULE_MIN_S <= at <= now + SCHEDULE_MAX_S:
        raise GraphError(
            100,
            "(#100) The specified scheduled publish time is invalid.",
            user_title="Invalid Scheduled Publish Time",
            user_message="The time must be between 10 minutes and 75 days from now.",
        )
