"""What a token is worth: whose it is, what it may do and how long (meta 2.5 to 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.http import Answer
from core.providers.meta.failures import Purpose, failure
from core.providers.meta.graph import Graph

_OPERATOR: Final = "Ask your operator to check PROVIDER_META_CLIENT_ID and PROVIDER_META_CLIENT_SECRET."


@dataclass(frozen=True, slots=True)
class Inspected:
    """A valid token, as /debug_token describes it. `targets` has the scopes that hold for some objects only."""

    app_id: str
    user_id: str
    scopes: frozenset[str]
    targets: Mapping[str, frozenset[str]]
    expires_at: datetime | None
    data_access_expires_at: datetime | None

    def covers(self, scope: str, object_id: str) -> bool:
        """Whether the scope was granted, and for this object."""
        return scope in self.scopes and object_id in self.targets.get(scope, (object_id,))


def inspect(graph: Graph, token: SecretStr) -> Inspected:
    """Ask /debug_token, which calls a token dead with HTTP 200. Raises ProviderFailure, then ReconnectNeeded.

    A refusal of the question itself is about our app, and an answer without a verdict about nothing: neither says that
    the token is dead.
    """
    ours: ReconnectNeeded | None = None
    try:
        reply = graph.get("debug_token", token=graph.app_token(), params={"input_token": token.get_secret_value()})
    except ReconnectNeeded as refused:
        ours = refused
    if ours is not None:
        raise Rejected("Facebook doesn't accept Masthead's app.", how_to_fix=_OPERATOR, trace=ours.trace)
    data = hostile.mapping(reply.body.get("data"))
    if not isinstance(data.get("is_valid"), bool):
        raise RetryLater("Facebook doesn't say whether the access is valid.")
    if data["is_valid"] is False:
        envelope = hostile.mapping(data.get("error"))
        dead = failure(Answer(400, {}, b""), Purpose.READ, envelope=envelope, secrets=[token.get_secret_value()])
        raise (
            dead
            if isinstance(dead, ReconnectNeeded)
            else ReconnectNeeded(
                "Facebook says the access has ended.", how_to_fix="Press Connect again.", trace=dead.trace
            )
        )
    return Inspected(
        app_id=hostile.line(data.get("app_id"), limit=100),
        user_id=hostile.identifier(data.get("user_id")) or "",
        scopes=_names(data.get("scopes")),
        targets=_targets(data),
        expires_at=hostile.instant(data.get("expires_at")),
        data_access_expires_at=hostile.instant(data.get("data_access_expires_at")),
    )


def permissions(graph: Graph, token: SecretStr) -> tuple[frozenset[str], frozenset[str]]:
    """What the person granted, and what they declined or let lapse (meta 2.6). Raises ProviderFailure."""
    reply = graph.get("me", "permissions", token=token)
    granted: set[str] = set()
    withheld: set[str] = set()
    for entry in map(hostile.mapping, hostile.items(reply.body.get("data"))):
        name = hostile.identifier(entry.get("permission"))
        if name is not None:
            (granted if entry.get("status") == "granted" else withheld).add(name)
    return frozenset(granted), frozenset(withheld)


def _names(value: object) -> frozenset[str]:
    return frozenset(name for name in map(hostile.identifier, hostile.items(value)) if name)


def _targets(data: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Scope to object ids; a scope without `target_ids` holds for all and isn't in here (meta 2.5)."""
    found: dict[str, frozenset[str]] = {}
    for entry in map(hostile.mapping, hostile.items(data.get("granular_scopes"))):
        scope = hostile.identifier(entry.get("scope"))
        if scope is not None and isinstance(entry.get("target_ids"), list):
            found[scope] = _names(entry["target_ids"])
    return found
