"""`/{page}/subscribed_apps` (meta 8.4, 13): what a Page tells the app. Nothing is delivered here yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.meta import consent, directory
from sandbox.meta.directory import Page
from sandbox.meta.errors import cannot_manage, invalid, malformed, needs_page_token
from sandbox.meta.facts import SUBSCRIBED_FIELDS
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.tokens import PAGE

SUBSCRIBE_PARAMETERS = frozenset({"subscribed_fields"})
SCOPES = ("pages_manage_metadata", "pages_show_list")
MESSAGES, MESSAGES_SCOPE = "messages", "pages_messaging"


def subscribe(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`POST`: replaces the list of fields [G]."""
    _require(request, page)
    fields = [field.strip() for field in (request.text("subscribed_fields") or "").split(",") if field.strip()]
    if not fields:
        raise malformed("The parameter subscribed_fields is required.")
    if unknown := sorted(set(fields) - SUBSCRIBED_FIELDS):
        raise invalid(f"Param subscribed_fields[0] must be one of the documented fields, not {', '.join(unknown)}")
    if MESSAGES in fields:
        _require_scopes(request, (MESSAGES_SCOPE,))
    with request.world.write():
        request.world.db.execute(
            "insert or replace into meta_subscription values (?, ?, ?)",
            (request.caller.app_id, page.id, ",".join(fields)),
        )
    return {"success": True}


def subscriptions(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET`: our app, if it is subscribed."""
    _require(request, page)
    rows = request.world.db.execute("select app_id, fields from meta_subscription where page_id = ?", (page.id,))
    return {
        "data": [
            {
                "id": app_id,
                "name": directory.APP_NAME,
                "category": directory.APP_CATEGORY,
                "link": f"{request.world.settings.console_url}/",
                "subscribed_fields": fields.split(","),
            }
            for app_id, fields in rows
        ]
    }


def unsubscribe(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`DELETE`."""
    _require(request, page)
    with request.world.write():
        request.world.db.execute(
            "delete from meta_subscription where app_id = ? and page_id = ?", (request.caller.app_id, page.id)
        )
    return {"success": True}


def _require(request: GraphRequest, page: Page) -> None:
    if request.caller.kind != PAGE or request.caller.bearer.page_id != page.id:
        raise needs_page_token()
    _require_scopes(request, SCOPES)


def _require_scopes(request: GraphRequest, scopes: Sequence[str]) -> None:
    if not consent.has_scopes(request.world, request.caller.app_id, request.caller.bearer.person_id, scopes):
        raise cannot_manage(scopes[0])
