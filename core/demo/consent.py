"""Connecting Pages as a person does: through the sandbox's consent dialog, then the choice."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from core import providers
from core.accounts import commands, queries
from core.infra.actor import Actor
from core.infra.ids import new_id

_PROVIDER = "meta"


def connect(actor: Actor, subject: str, pages: Sequence[str], ingest_url: str) -> dict[str, UUID]:
    """Connect Pages by name with everything granted; gives each name's account id."""
    redirect_uri = f"{ingest_url}/oauth/{_PROVIDER}/callback"
    intent = _query(commands.connect_intent(actor, _PROVIDER))["intent"]
    dialog = commands.start_connect(actor, _PROVIDER, intent=intent, redirect_uri=redirect_uri)
    consent = {
        "action": "continue",
        "person": subject,
        "pages": "all",
        "scope": [scope.name for scope in providers.provider(_PROVIDER).oauth.scopes],
    }
    answer = httpx.post(dialog, data=consent, timeout=10)
    back = _query(answer.headers["location"])
    callback = commands.Callback.model_validate({"state": back["state"], "code": back["code"]})
    pending = commands.finish_connect(actor, _PROVIDER, callback, redirect_uri=redirect_uri).connection_id
    offered = {each.name: each.provider_account_id for each in queries.choice(actor, pending).offered}
    commands.choose(actor, new_id(), pending, [offered[name] for name in pages])
    return {each.name: each.id for each in queries.accounts(actor) if each.name in pages}


def _query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
