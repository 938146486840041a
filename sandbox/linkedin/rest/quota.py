"""Calls a day, for each endpoint by app and by member, until midnight UTC (linkedin 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.linkedin import apps
from sandbox.linkedin.errors import throttled
from sandbox.linkedin.facts import DEVELOPMENT_APPLICATION_DAY, DEVELOPMENT_MEMBER_DAY
from sandbox.linkedin.tokens import Token
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

DAY_S = 86_400


def charge(world: World, app: App, token: Token, endpoint: str) -> None:
    """Count a call, refused ones too, and refuse it over the quota."""
    # The window of the meter excludes its first instant; one second more takes midnight's own slot in.
    since_midnight = int(world.now % DAY_S) + 1
    by_app = f"linkedin application {app.client_id} {endpoint}"
    by_member = f"linkedin member {app.client_id} {token.person_id} {endpoint}"
    application_day, member_day = _limits(world, app)
    for name, limit, kind in ((by_app, application_day, "application"), (by_member, member_day, "member")):
        world.meter.add(name, world.now)
        if world.meter.calls(name, world.now, since_midnight) > limit:
            raise throttled(kind)


def _limits(world: World, app: App) -> tuple[int, int]:
    if app.provider == apps.MEMBERS:
        return _option(world, "share_application_day"), _option(world, "share_member_day")
    if world.option("linkedin", "tier") == "development":
        return DEVELOPMENT_APPLICATION_DAY, DEVELOPMENT_MEMBER_DAY
    return _option(world, "application_day"), _option(world, "member_day")


def _option(world: World, name: str) -> int:
    return int(float(world.option("linkedin", name)))
