"""Connecting accounts as a person does: through the sandbox's consent dialogs, then the choice."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from core import providers
from core.accounts import commands, queries
from core.infra.actor import Actor
from core.infra.ids import new_id


def connect(actor: Actor, subject: str, provider: str, names: Sequence[str], ingest_url: str) -> dict[str, UUID]:
    """Connect a provider's accounts by name with everything granted; gives each name's account id."""
    redirect_uri = f"{ingest_url}/oauth/{provider}/callback"
    intent = _query(commands.connect_intent(actor, provider))["intent"]
    dialog = commands.start_connect(actor, provider, intent=intent, redirect_uri=redirect_uri)
    consent: dict[str, str | list[str]] = {"action": "continue", "person": subject}
    if provider == "meta":  # the others ask for all or nothing
        scopes = [scope.name for scope in providers.provider(provider).oauth.scopes]
        consent |= {"pages": "all", "scope": scopes}
    answer = httpx.post(dialog, data=consent, timeout=10)
    back = _query(answer.headers["location"])
    callback = commands.Callback.model_validate({"state": back["state"], "code": back["code"]})
    pending = commands.finish_connect(actor, provider, callback, redirect_uri=redirect_uri).connection_id
    offered = {each.name: each.provider_account_id for each in queries.choice(actor, pending).offered}
    commands.choose(actor, new_id(), pending, [offered[name] for name in names])
    return {each.name: each.id for each in queries.accounts(actor) if each.provider == provider and each.name in names}


def _query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
