"""When a post goes live, and what it may be scheduled for (meta 4.2)."""

from __future__ import annotations

from sandbox.meta.errors import GraphError, invalid
from sandbox.meta.facts import CONTENT_TYPES, DAY_S, SCHEDULE_MAX_S, SCHEDULE_MIN_S
from sandbox.meta.graph.request import GraphRequest


def check_schedule(at: float, now: float, most_s: float = SCHEDULE_MAX_S) -> None:
    """At least ten minutes ahead, at most `most_s`: 75 days of a post in the feed."""
    if not now + SCHEDULE_MIN_S <= at <= now + most_s:
        raise GraphError(
            100,
            "(#100) The specified scheduled publish time is invalid.",
            user_title="Invalid Scheduled Publish Time",
            user_message=f"The time must be between 10 minutes and {most_s // DAY_S:.0f} days from now.",
        )


def live_at(request: GraphRequest, most_s: float = SCHEDULE_MAX_S) -> float | None:
    """Now, at the scheduled time, or never (meta 4.2: published, scheduled_publish_time)."""
    now = request.world.now
    published = request.flag("published", True)
    scheduled = request.moment("scheduled_publish_time")
    kind = request.text("unpublished_content_type")
    if kind is not None and kind not in CONTENT_TYPES:
        raise invalid(f"Param unpublished_content_type must be one of {{{', '.join(CONTENT_TYPES)}}}")
    if published and (scheduled is not None or kind not in (None, "PUBLISHED")):
        raise invalid("You cannot specify a scheduled publish time or an unpublished type on a published post")
    if kind == "SCHEDULED" and scheduled is None:
        raise invalid("A scheduled post needs a scheduled_publish_time")
    if scheduled is not None:
        check_schedule(scheduled, now, most_s)
        return scheduled
    return now if published else None
