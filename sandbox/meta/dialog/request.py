"""What an app asks of the dialog, checked before anything is shown (meta 2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.meta import directory
from sandbox.meta.facts import BASIC_SCOPES, SCOPES

if TYPE_CHECKING:
    from sandbox.world import World

KNOWN = frozenset(
    {
        "client_id",
        "redirect_uri",
        "state",
        "response_type",
        "scope",
        "auth_type",
        "auth_nonce",
        "config_id",
        "override_default_response_type",
        "display",
        "extras",
    }
)
REQUIRED = ("client_id", "redirect_uri", "state")
AUTH_TYPES = frozenset({"rerequest", "reauthorize", "reauthenticate"})


class BadDialog(Exception):
    """The request is wrong: Facebook shows a page and sends the browser nowhere [G]."""


@dataclass(frozen=True, slots=True)
class DialogRequest:
    """A checked request."""

    app_id: str
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    auth_types: frozenset[str]


def read_dialog(world: World, call: Call) -> DialogRequest:
    """Read and check the query."""
    try:
        query = call.query
    except BadEncoding as problem:
        raise BadDialog(f"The address can't be read: {problem}.") from problem
    if unknown := query.keys() - KNOWN:
        raise BadDialog(f"The dialog has no parameter {', '.join(sorted(unknown))}.")
    if missing := [name for name in REQUIRED if not query.get(name)]:
        raise BadDialog(f"The parameter {missing[0]} is required.")
    app = directory.app(world)
    if query["client_id"] != app.client_id:
        raise BadDialog("Invalid App ID: the provided app ID does not look like a valid app ID.")
    if query["redirect_uri"] not in app.redirect_uris:
        raise BadDialog(
            "URL blocked: the redirect failed because the redirect URI is not registered in the app's client OAuth"
            f" settings. It must be exactly {app.redirect_uris[0]}"
        )
    if query.get("response_type", "code") != "code":
        raise BadDialog("This sandbox knows the server flow only: response_type=code.")
    if "config_id" in query:
        raise BadDialog("This app has no Login for Business configuration.")
    return DialogRequest(
        app_id=app.client_id,
        redirect_uri=query["redirect_uri"],
        state=query["state"],
        scopes=_scopes(query.get("scope", "")),
        auth_types=_auth_types(query.get("auth_type", "")),
    )


def _scopes(text: str) -> tuple[str, ...]:
    """Comma or space list; the profile is always asked."""
    asked = [scope for scope in re.split(r"[,\s]+", text) if scope]
    if unknown := [scope for scope in asked if scope not in SCOPES]:
        raise BadDialog(f"Invalid Scopes: {', '.join(unknown)}.")
    return tuple(dict.fromkeys([BASIC_SCOPES[0], *asked]))


def _auth_types(text: str) -> frozenset[str]:
    types = frozenset(part for part in text.split(",") if part)
    if unknown := types - AUTH_TYPES:
        raise BadDialog(f"There is no auth_type {', '.join(sorted(unknown))}.")
    return types
