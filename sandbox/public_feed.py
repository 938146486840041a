"""`/`: what followers see, of all accounts or of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox import comments, ledger
from sandbox.look.templates import render
from sandbox.world import World

SHOWN = 50


def public_feed(world: World) -> Callable[[Request], Any]:
    """The page's endpoint."""

    async def endpoint(request: Request) -> Response:
        parts = [stand_in.publishing for stand_in in world.stand_ins if stand_in.publishing]
        places = {account.id: (account, part.permalink) for part in parts for account in part.accounts(world)}
        chosen, _ = places.get(request.query_params.get("account", ""), (None, None))
        cards = []
        for post in ledger.followed(world.db, world.now, chosen.id if chosen else None, SHOWN):
            account, permalink = places[post.account_id]
            cards.append((post, account, permalink(world, post.id), comments.shown(world.db, post.id)))
        accounts = [account for account, _ in places.values()]
        return HTMLResponse(render("look/feed.html", cards=cards, accounts=accounts, chosen=chosen))

    return endpoint
