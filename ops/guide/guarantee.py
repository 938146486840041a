"""The pictures of docs/guarantee.md: what nobody is sure of, what may not go out, what a pause and a budget hold.

The demo has the first and the third. For the others the sandbox says once that a Page's budget is used up, as the
network does in its answers; what follows from that is Masthead's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import httpx
from playwright.sync_api import expect

from core.accounts import queries as accounts
from core.infra.ids import new_id
from core.posts import commands as posts
from core.posts import queries
from core.publishing import commands as publishing
from ops.guide.album import Album
from ops.guide.hands import Reader
from tests.e2e.driving import PATIENCE_MS, Product
from tests.e2e.inside import acting, as_console

NORTHWIND: Final = "Northwind Coffee Roasters"
PAGE: Final = "Northwind Coffee"
PICTURES: Final = ("unclear", "at-risk", "resume", "limits")
_LIVE: Final = "Four hundred of you voted. The winning roast is Guatemala, from Friday in all our bars."
_WAITS: Final = "The bar in Moabit closes at four today, the grinder has earned a rest."
_AT_RISK: Final = "In one hour we light the new roaster for the first time. Come and smell it."
_REGAIN: Final = timedelta(hours=3)
_AHEAD: Final = timedelta(hours=1, minutes=30)
_LOOKED_AT_WITHIN_MS: Final = 180_000
_LOOK_AGAIN_MS: Final = 3_000


def show(someone: Callable[[], Reader], album: Album) -> None:
    """Use up a Page's budget, then take what approvers and admins see."""
    ivo, maya = someone(), someone()
    ivo.sign_in("Ivo Brandt")
    at_risk = use_up_a_budget(ivo)
    ivo.press("Unclear")
    ivo.see("It is not live")
    album.take(ivo.page, "unclear", height=1000)
    open_when_at_risk(ivo, at_risk)
    album.take(ivo.page, "at-risk", height=760)
    ivo.press("Accounts")
    ivo.press("Resume")
    ivo.see("Northwind Wholesale (Facebook) is paused")
    album.take(ivo.page, "resume", height=900)
    maya.sign_in("Maya Okafor")
    maya.work_in(NORTHWIND)
    maya.press("Limits")
    maya.see("What waits")
    album.take(maya.page, "limits", height=820)


def use_up_a_budget(ivo: Reader) -> UUID:
    """Publish to a Page whose network says that calls are over for now; gives a post that is planned before they go on.

    Another one is sent in vain, and waits.
    """
    product, now = ivo.product, datetime.now(UTC)
    answer = {"percent": 96, "regain_min": _REGAIN / timedelta(minutes=1)}
    fault = {"route": "POST /graph.facebook.com/*/feed", "mode": "usage", "times": 1, "args": answer}
    httpx.post(f"{product.sandbox_url}/_sandbox/faults", json=fault, timeout=10).raise_for_status()
    live = approved(product, _LIVE, now + _AHEAD)
    send(product, live)
    ivo.go(f"/post?post={live}")
    expect(ivo.page.get_by_text(re.compile("^Published ")).first).to_be_visible(timeout=_LOOKED_AT_WITHIN_MS)
    send(product, approved(product, _WAITS, now + _AHEAD))
    return approved(product, _AT_RISK, now + _AHEAD)


def approved(product: Product, words: str, slot: datetime) -> UUID:
    """A post for the Page, by the author and the approver of the demo."""
    with as_console(product):
        sara, ivo = acting(product, "northwind", "Sara Lund"), acting(product, "northwind", "Ivo Brandt")
        page = next(each for each in accounts.accounts(sara) if (each.name, each.network) == (PAGE, "facebook"))
        post_id = posts.create(sara, new_id(), text=words, account_ids=[page.id], slot_at=slot)
        posts.submit(sara, new_id(), post_id, 1)
        posts.approve(ivo, new_id(), post_id, queries.review(ivo, post_id).hashes)
    return post_id


def send(product: Product, post_id: UUID) -> None:
    """Publish it now."""
    with as_console(product):
        publishing.publish_now(acting(product, "northwind", "Ivo Brandt"), new_id(), post_id=post_id)


def open_when_at_risk(ivo: Reader, post_id: UUID) -> None:
    """The post's page, once the look ahead has found what stands against it."""
    said = ivo.page.get_by_text("at risk").first
    for _ in range(_LOOKED_AT_WITHIN_MS // _LOOK_AGAIN_MS):
        ivo.go(f"/post?post={post_id}")
        if said.is_visible():
            return
        ivo.page.wait_for_timeout(_LOOK_AGAIN_MS)
    expect(said).to_be_visible(timeout=PATIENCE_MS)
