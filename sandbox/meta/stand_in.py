"""Meta as the sandbox sees it: its hosts, and the parts of the folder put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.meta import demo, directory, instagram, tokens
from sandbox.meta.facts import CDN, GRAPH, INSTAGRAM, OPTIONS, WWW
from sandbox.meta.faults import SPOIL
from sandbox.meta.graph.answer import answer_graph
from sandbox.meta.links import permalink
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
    if call.host == GRAPH:
        return await answer_graph(world, call)
    return SITES[call.host](world, call)


def accounts(world: World) -> list[Account]:
    """All Pages, then all Instagram accounts."""
    return [*directory.accounts(world), *instagram.accounts(world)]


STAND_IN = StandIn(
    key="meta",
    hosts=(GRAPH, *SITES),
    tables=TABLES,
    make=demo.make,
    apps=lambda world: (directory.app(world),),
    answer=answer,
    spoil=SPOIL,
    options=OPTIONS,
    publishing=Publishing(
        accounts=accounts,
        permalink=permalink,
        issue_token=tokens.issue_for_tool,
        make_accounts=demo.make_accounts,
        make_at={instagram.NETWORK: demo.make_instagram_accounts},
    ),
)
