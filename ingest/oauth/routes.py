"""Two addresses per provider, the same for all: to the consent page, and back from it (PRODUCT 4)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from core.accounts import commands as accounts
from core.accounts.rules import IntentInvalid
from core.infra.actor import Actor
from core.infra.settings import Settings
from ingest.guards import navigation, signed_in


class StartQuery(BaseModel):
    """What the console's Connect button sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    intent: str


def consent_routes(settings: Settings) -> Blueprint:
    """`/oauth/<provider>/start` and `/oauth/<provider>/callback`."""
    routes = Blueprint("oauth", __name__, url_prefix="/oauth")

    @routes.get("/<provider>/start")
    @signed_in
    def start(actor: Actor, provider: str) -> Response:
        navigation(from_elsewhere=False)
        try:
            asked = StartQuery.model_validate(_single_values(request.args))
        except ValidationError:
            raise IntentInvalid from None
        address = accounts.start_connect(
            actor, provider, intent=asked.intent, redirect_uri=settings.callback_url(provider)
        )
        return _go(address)

    @routes.get("/<provider>/callback")
    @signed_in
    def callback(actor: Actor, provider: str) -> Response:
        navigation(from_elsewhere=True)
        finished = accounts.finish_connect(
            actor, provider, _callback(request.args), redirect_uri=settings.callback_url(provider)
        )
        return _go(settings.console_url + finished.next_path)

    return routes


def _go(address: str) -> Response:
    """Send the browser on. Without the usual page, which would repeat the address with its state."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


def _callback(query: MultiDict[str, str]) -> accounts.Callback:
    """The part of the network's answer that we act on; networks add what they like."""
    known = {name: value for name, value in _single_values(query).items() if name in accounts.Callback.model_fields}
    try:
        return accounts.Callback.model_validate(known)
    except ValidationError:
        return accounts.Callback()


def _single_values(query: MultiDict[str, str]) -> dict[str, str]:
    """The query without names that come twice: two states or codes are nobody's honest answer."""
    return {name: values[0] for name, values in query.lists() if len(values) == 1}
