"""What an app asks of the authorization page, checked before anything is shown (linkedin 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.linkedin import apps
from sandbox.linkedin.facts import CLOSED_SCOPES, SCOPES
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

KNOWN = frozenset({"response_type", "client_id", "redirect_uri", "state", "scope", "prompt"})
# The state is "recommended"; without it nobody is safe from forged answers, so it must be there [A].
REQUIRED = ("response_type", "client_id", "redirect_uri", "state", "scope")


class BadAuthorization(Exception):
    """The request is wrong: LinkedIn shows a page and sends the browser nowhere."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A checked request. `unauthorized` is the first scope that the app's products don't give."""

    app: App
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    unauthorized: str | None


def read_authorization(world: World, call: Call) -> Authorization:
    """Read and check the query."""
    try:
        query = call.query
    except BadEncoding as problem:
        raise BadAuthorization(f"The address can't be read: {problem}.") from problem
    if unknown := query.keys() - KNOWN:
        raise BadAuthorization(f"The authorization page has no parameter {', '.join(sorted(unknown))}.")
    if missing := [name for name in REQUIRED if not query.get(name)]:
        raise BadAuthorization(f'You need to pass the "{missing[0]}" parameter')
    if query["response_type"] != "code":
        raise BadAuthorization("The passed in response_type is invalid: only code is offered")
    app = apps.find(world, query["client_id"])
    if app is None:
        raise BadAuthorization("Client_id doesn't match")
    if query["redirect_uri"] not in app.redirect_uris:
        raise BadAuthorization(f"Redirect_uri doesn't match. It must be exactly {app.redirect_uris[0]}")
    scopes = tuple(dict.fromkeys(query["scope"].split()))
    if any(scope not in SCOPES and scope not in CLOSED_SCOPES for scope in scopes):
        raise BadAuthorization("Invalid scope")
    given = apps.scopes(world, app)
    unauthorized = next((scope for scope in scopes if scope not in given), None)
    return Authorization(app, query["redirect_uri"], query["state"], scopes, unauthorized)
