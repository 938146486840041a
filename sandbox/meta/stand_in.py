"""Meta as the sandbox sees it: its hosts, and the parts of the folder put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.meta import demo, directory, instagram, tokens, uploads
from sandbox.meta.facts import CDN, GRAPH, GRAPH_VIDEO, INSTAGRAM, OPTIONS, RUPLOAD, WWW
from sandbox.meta.faults import SPOIL
from sandbox.meta.graph.answer import answer_graph
from sandbox.meta.links import permalink
from sandbox.meta.orders import ORDERS
from sandbox.meta.rupload.answer import answer_upload
from sandbox.meta.tables import TABLES
from sandbox.meta.website import answer_instagram, answer_picture, answer_website
from sandbox.port import Account, Publishing, StandIn

if TYPE_CHECKING:
    from sandbox.world import World

SITES: Mapping[str, Callable[[World, Call], Answer]] = {
    WWW: answer_website,
    INSTAGRAM: answer_instagram,
    CDN: answer_picture,
}


async def answer(world: World, call: Call) -> Answer:
    """Answer one call to one of Meta's hosts."""
    if call.host in (GRAPH, GRAPH_VIDEO):
        return await answer_graph(world, call)
    if call.host == RUPLOAD:
        return await answer_upload(world, call)
    return SITES[call.host](world, call)


def takes_file(method: str, host: str, rest: str) -> bool:
    """Uploads send a file as their body, whatever type they give it (meta 4.5, 4.6, 5.2)."""
    return method == "POST" and (host == RUPLOAD or (host == GRAPH and f"/{uploads.PREFIX}" in rest))


def accounts(world: World) -> list[Account]:
    """All Pages, then all Instagram accounts."""
    return [*directory.accounts(world), *instagram.accounts(world)]


STAND_IN = StandIn(
    key="meta",
    hosts=(GRAPH, GRAPH_VIDEO, RUPLOAD, *SITES),
    tables=TABLES,
    make=demo.make,
    apps=lambda world: (directory.app(world),),
    answer=answer,
    spoil=SPOIL,
    options=OPTIONS,
    takes_file=takes_file,
    orders=ORDERS,
    publishing=Publishing(
        accounts=accounts,
        permalink=permalink,
        issue_token=tokens.issue_for_tool,
        make_accounts=demo.make_accounts,
        make_at={instagram.NETWORK: demo.make_instagram_accounts},
    ),
)
