"""LinkedIn as the sandbox sees it: its hosts, and the parts of the folder put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.linkedin import apps, demo, directory, tokens
from sandbox.linkedin.facts import API, MEDIA, OPTIONS, WWW
from sandbox.linkedin.faults import SPOIL
from sandbox.linkedin.links import permalink
from sandbox.linkedin.orders import ORDERS
from sandbox.linkedin.rest.answer import answer_api
from sandbox.linkedin.tables import TABLES
from sandbox.linkedin.website import answer_media, answer_website
from sandbox.port import Publishing, StandIn

if TYPE_CHECKING:
    from sandbox.world import World

HOSTS: Mapping[str, Callable[[World, Call], Answer]] = {
    API: answer_api,
    WWW: answer_website,
    MEDIA: answer_media,
}


async def answer(world: World, call: Call) -> Answer:
    """Answer one call to one of LinkedIn's hosts."""
    return HOSTS[call.host](world, call)


def takes_file(method: str, host: str, rest: str) -> bool:
    """Whatever is uploaded is one file (5)."""
    return method == "PUT" and host == WWW and rest.startswith("/dms-uploads/")


STAND_IN = StandIn(
    key="linkedin",
    hosts=tuple(HOSTS),
    tables=TABLES,
    make=demo.make,
    apps=apps.apps,
    answer=answer,
    spoil=SPOIL,
    options=OPTIONS,
    takes_file=takes_file,
    orders=ORDERS,
    publishing=Publishing(
        accounts=directory.accounts,
        permalink=permalink,
        issue_token=tokens.issue_for_tool,
        make_accounts=demo.make_accounts,
    ),
)
