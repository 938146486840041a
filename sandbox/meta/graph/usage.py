"""Rate limits and the headers that announce them (meta 9)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import orjson

from sandbox.call import Call
from sandbox.faults.model import Fault, Mode
from sandbox.meta.errors import rate_limited
from sandbox.meta.facts import (
    APP_CALLS_PER_USER,
    APP_WINDOW_S,
    INSTAGRAM_CALLS_PER_IMPRESSION,
    PAGE_CALLS_PER_USER,
    PAGE_WINDOW_S,
)
from sandbox.meta.graph.authenticate import Caller
from sandbox.meta.graph.nodes import instagram_account_of

if TYPE_CHECKING:
    from sandbox.world import World

Header = tuple[str, str]
DEFAULT_PERCENT = 80
# CPU and time are counted against the same limit; the stand-in lets them grow slower than the calls [A].
TIME_SHARE = 0.8
APP_LIMIT_CODE, PAGE_LIMIT_CODE, INSTAGRAM_LIMIT_CODE = 4, 80001, 80002


class Bucket:
    """What a call is counted against: an Instagram account's or a Page's own for a Page token (BUC), else the app's."""

    def __init__(self, world: World, caller: Caller, node: str) -> None:
        self.world = world
        page_id = caller.token.page_id if caller.token else None
        # Most calls are about the Page whose token they carry, and that is nothing of Instagram's.
        instagram_id = instagram_account_of(world, node) if page_id not in (None, node) else None
        self.object_id = instagram_id or page_id
        self.kind = "instagram" if instagram_id else "pages"
        if instagram_id:
            self.name = f"meta instagram {instagram_id}"
            self.window_s = PAGE_WINDOW_S
            self.limit = INSTAGRAM_CALLS_PER_IMPRESSION * int(float(world.option("meta", "impressions")))
        elif page_id:
            self.name = f"meta page {page_id}"
            self.window_s = PAGE_WINDOW_S
            self.limit = PAGE_CALLS_PER_USER * int(float(world.option("meta", "engaged_users")))
        else:
            self.name = f"meta app {caller.app_id}"
            self.window_s = APP_WINDOW_S
            self.limit = APP_CALLS_PER_USER * int(float(world.option("meta", "daily_active_users")))

    @property
    def code(self) -> int:
        """The error of one who calls too much."""
        if self.object_id is None:
            return APP_LIMIT_CODE
        return INSTAGRAM_LIMIT_CODE if self.kind == "instagram" else PAGE_LIMIT_CODE

    def charge(self) -> None:
        """Count a call, refused ones too: calling on while throttled prolongs it."""
        now = self.world.now
        self.world.meter.add(self.name, now)
        if self.world.meter.calls(self.name, now, self.window_s) > self.limit:
            raise rate_limited(self.code)

    def headers(self, call: Call) -> list[Header]:
        """The usage header of this call, if it has one."""
        fault = call.conditions.get(Mode.USAGE)
        if fault is not None:
            return [self.header(fault.number("percent", DEFAULT_PERCENT), fault.number("regain_min", 0))]
        now = self.world.now
        calls = self.world.meter.calls(self.name, now, self.window_s)
        if calls < int(float(self.world.option("meta", "usage_headers_after"))):
            return []
        over = calls > self.limit
        regain_s = self.world.meter.regain_s(self.name, now, self.window_s, self.limit) if over else 0.0
        return [self.header(100 * calls / max(1, self.limit), math.ceil(regain_s / 60))]

    def header(self, percent: float, regain_min: float) -> Header:
        """`X-Business-Use-Case-Usage` for a Page or Instagram account, else `X-App-Usage`."""
        shares = {"call_count": int(percent), "total_cputime": int(percent * TIME_SHARE)}
        shares["total_time"] = shares["total_cputime"]
        if self.object_id is None:
            return "X-App-Usage", orjson.dumps(shares).decode()
        entry = {"type": self.kind, **shares, "estimated_time_to_regain_access": int(regain_min)}
        return "X-Business-Use-Case-Usage", orjson.dumps({self.object_id: [entry]}).decode()

    def exhausted(self, fault: Fault) -> tuple[int, Header]:
        """Code and header of a limit that a fault asks for."""
        code = int(fault.number("code", self.code))
        return code, self.header(100, fault.number("regain_min", 5))
