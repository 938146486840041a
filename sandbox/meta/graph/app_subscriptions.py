"""`/{app}/subscriptions` (meta 8.1, 8.4): of which objects the app wants to be told, and at which address.

The address is asked for the challenge within the call, as Meta does [G]. Nothing is delivered here yet.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from sandbox.meta.errors import callback_unverified, invalid, malformed, needs_app_token
from sandbox.meta.facts import CHALLENGE_BYTES_MAX, INSTAGRAM_SUBSCRIBED_FIELDS, SUBSCRIBED_FIELDS
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.tokens import APP as APP_TOKEN
from sandbox.port import App
from sandbox.seeding import number

SUBSCRIBE_PARAMETERS = frozenset({"object", "callback_url", "fields", "include_values", "verify_token"})
UNSUBSCRIBE_PARAMETERS = frozenset({"object"})
# What can be subscribed to of each object that this specification names.
FIELDS: Final[Mapping[str, frozenset[str]]] = {"page": SUBSCRIBED_FIELDS, "instagram": INSTAGRAM_SUBSCRIBED_FIELDS}


async def subscribe(request: GraphRequest, app: App) -> dict[str, Any]:
    """`POST`: replaces the object's subscription, once the callback has answered the challenge."""
    _require(request)
    for name in ("object", "callback_url", "fields", "verify_token"):
        if request.text(name) is None:
            raise malformed(f"The parameter {name} is required.")
    request.flag("include_values", default=False)  # kept nowhere: what it decides is delivered, which nothing is
    about = _object(request)
    fields = [field.strip() for field in request.parameters["fields"].split(",") if field.strip()]
    if unknown := sorted(set(fields) - FIELDS[about]):
        raise invalid(f"Param fields must be documented fields of {about}, not {', '.join(unknown)}")
    await _verify(request)
    with request.world.write():
        request.world.db.execute(
            "insert or replace into meta_app_subscription values (?, ?, ?, ?, ?)",
            (app.client_id, about, request.parameters["callback_url"], ",".join(fields), request.address.version),
        )
    return {"success": True}


def subscriptions(request: GraphRequest, app: App) -> dict[str, Any]:
    """`GET`: every object that is subscribed to, with its fields and the version they were asked in."""
    _require(request)
    rows = request.world.db.execute(
        "select object, callback_url, fields, version from meta_app_subscription where app_id = ? order by object",
        (app.client_id,),
    )
    return {
        "data": [
            {
                "object": about,
                "callback_url": callback_url,
                "active": True,
                "fields": [{"name": field, "version": version} for field in fields.split(",")],
            }
            for about, callback_url, fields, version in rows
        ]
    }


def unsubscribe(request: GraphRequest, app: App) -> dict[str, Any]:
    """`DELETE`: one object, or all of them where none is named [G]."""
    _require(request)
    objects = (_object(request),) if request.text("object") else tuple(FIELDS)
    with request.world.write():
        for about in objects:
            request.world.db.execute(
                "delete from meta_app_subscription where app_id = ? and object = ?", (app.client_id, about)
            )
    return {"success": True}


async def _verify(request: GraphRequest) -> None:
    """The callback gives the challenge back, alone and with status 200 (meta 8.1)."""
    challenge = number(request.world.seed, f"meta challenge {request.call.number}", 10)
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": request.parameters["verify_token"],
    }
    address = request.parameters["callback_url"]
    joined = f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"
    try:
        said = await fetch(joined, CHALLENGE_BYTES_MAX, float(request.world.option("meta", "fetch_within_s")))
    except FetchFailed as failed:
        raise callback_unverified(str(failed)) from failed
    except FetchTimeout as failed:
        raise callback_unverified("the callback took too long") from failed
    except TooLarge as failed:
        raise callback_unverified("the callback answered more than the challenge") from failed
    if not hmac.compare_digest(said, challenge.encode()):
        raise callback_unverified("the callback didn't answer the challenge")


def _object(request: GraphRequest) -> str:
    about = request.parameters["object"]
    if about not in FIELDS:
        raise invalid(f"Param object must be one of {', '.join(sorted(FIELDS))}")
    return about


def _require(request: GraphRequest) -> None:
    if request.caller.kind != APP_TOKEN:
        raise needs_app_token()
