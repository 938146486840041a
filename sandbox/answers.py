"""An answer on its way out, and what the request log will call the request it answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    """How the network takes a request: `protocol` is one that it would call malformed, so a bug of the client."""

    OK = "ok"
    REFUSED = "refused"
    PROTOCOL = "protocol"
    FAULT = "fault"


@dataclass(slots=True)
class Answer:
    """Status, headers and bytes; mutable, since faults and usage headers are laid on top."""

    status: int
    body: bytes
    content_type: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    kind: Kind = Kind.OK


JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=utf-8"


def as_json(value: Any, status: int = 200, kind: Kind = Kind.OK, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """A JSON answer."""
    return Answer(status, orjson.dumps(value), JSON, list(headers), kind)


def as_page(html: str, status: int = 200, kind: Kind = Kind.OK) -> Answer:
    """A page for a person's browser."""
    return Answer(status, html.encode(), HTML, [("Cache-Control", "no-store")], kind)


def redirect(url: str, kind: Kind = Kind.OK) -> Answer:
    """Send the browser elsewhere."""
    return Answer(302, b"", HTML, [("Location", url), ("Cache-Control", "no-store")], kind)
