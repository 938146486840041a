"""`/mail`: the messages that were taken, for people. A message's own HTML runs no script and fetches nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.look.templates import render
from sandbox.mail import store

if TYPE_CHECKING:
    from sandbox.world import World

# Links of a message open beside it: its frame may not lead the page that holds it elsewhere.
BASE = '<base target="_blank">'


def mail_routes(world: World) -> list[BaseRoute]:
    """The list, and one message."""
    return [Route("/mail", _listed(world)), Route("/mail/{number:int}", _message(world))]


def _listed(world: World) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        recipient = request.query_params.get("to")
        return HTMLResponse(render("mail/list.html", mails=store.select(world, recipient), recipient=recipient))

    return endpoint


def _message(world: World) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        number = request.path_params["number"]
        mail = next((each for each in store.select(world) if each.number == number), None)
        if mail is None:
            return HTMLResponse(render("mail/gone.html"), 404)
        return HTMLResponse(render("mail/message.html", mail=mail, document=BASE + mail.html if mail.html else None))

    return endpoint
