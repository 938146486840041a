"""One HTTP call as it came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from sandbox.encoding import BadEncoding, read_multipart, read_object, read_pairs
from sandbox.faults.model import Conditions

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@dataclass(eq=False)
class Call:
    """A request with its body read. `path` is whole (`/graph.facebook.com/v26.0/me`), `rest` what follows the host.

    `raw_rest` is `rest` before percent-decoding, for networks whose keys in a path contain what separates its parts.
    `number` counts arrivals, `at` is the time of arrival. Where a stand-in takes a file, `file` holds the body, as far
    as it came, and `body` is empty; the file is taken away when the call is answered, unless it was moved.
    """

    number: int
    at: float
    method: str
    path: str
    host: str
    rest: str
    raw_rest: str
    query_string: bytes
    headers: Mapping[str, str]
    body: bytes
    conditions: Conditions = field(default_factory=Conditions)
    file: Path | None = None

    @property
    def line(self) -> str:
        """What the routes of faults are matched against."""
        return f"{self.method} {self.path}"

    def carries(self, word: str) -> bool:
        """Whether this word, such as an account's id, stands anywhere in the path, the query or the body."""
        whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)".encode())
        return any(whole.search(unquote_to_bytes(part)) for part in (self.path, self.query_string, self.body))

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query string."""
        return read_pairs(self.query_string) if self.query_string else {}

    @cached_property
    def form(self) -> Mapping[str, Any]:
        """The parameters of the body: urlencoded, multipart or a JSON object, by its content type."""
        if not self.body:
            return {}
        media_type = self.media_type
        if media_type == FORM:
            return read_pairs(self.body)
        if media_type == MULTIPART:
            return read_multipart(self.body, self.headers["content-type"])
        if media_type == "application/json":
            return read_object(self.body)
        raise BadEncoding(f"a body of type '{media_type or 'none'}' is not understood")

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies of the browser; an unreadable header is no cookie."""
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("cookie", "")).items()}
        except CookieError:
            return {}
