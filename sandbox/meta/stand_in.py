"""Meta as the sandbox sees it: its hosts, and the parts of the folder put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.meta import demo, directory, tokens
from sandbox.meta.facts import CDN, GRAPH, OPTIONS, WWW
from sandbox.meta.faults import SPOIL
from sandbox.meta.graph.answer import answer_graph
from sandbox.meta.links import permalink
from sandbox.meta.tables import TABLES
from sandbox.meta.website import answer_picture, answer_website
from sandbox.port import Publishing, StandIn

if TYPE_CHECKING:
    from sandbox.world import World

HOSTS: Mapping[str, Callable[[World, Call], Answer]] = {
    GRAPH: answer_graph,
    WWW: answer_website,
    CDN: answer_picture,
}


async def answer(world: World, call: Call) -> Answer:
    """Answer one call to one of Meta's hosts."""
    return HOSTS[call.host](world, call)


STAND_IN = StandIn(
    key="meta",
    hosts=tuple(HOSTS),
    tables=TABLES,
    make=demo.make,
    apps=lambda world: (directory.app(world),),
    answer=answer,
    spoil=SPOIL,
    options=OPTIONS,
    publishing=Publishing(
        accounts=directory.accounts,
        permalink=permalink,
        issue_token=tokens.issue_for_tool,
        make_accounts=demo.make_accounts,
    ),
)
