"""A call to the Graph API, taken apart (meta 0.2, 1): version, node, edge, parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.meta.errors import malformed, unsupported
from sandbox.meta.facts import NEWEST_VERSION, USABLE_VERSIONS
from sandbox.meta.graph.authenticate import Caller
from sandbox.meta.graph.fields import Field, parse_fields
from sandbox.meta.times import read_time, write_time

if TYPE_CHECKING:
    from sandbox.world import World

VERSION = re.compile(r"v(\d+)\.(\d+)")
INDEXED = re.compile(r"(\w+)\[(\d+)\]")
TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call goes."""

    version: str
    node: str
    edge: str


def read_address(rest: str) -> Address:
    """`/v26.0/1001/feed` or `/1001/feed`. An expired version falls forward, an unknown one is refused (meta 1)."""
    parts = [part for part in rest.split("/") if part]
    version = NEWEST_VERSION
    if parts and (match := VERSION.fullmatch(parts[0])):
        version = _usable(int(match[1]), int(match[2]), parts.pop(0))
    if not parts:
        raise unsupported("", rest)
    return Address(version, parts[0], "/".join(parts[1:]))


def _usable(major: int, minor: int, asked: str) -> str:
    if asked in USABLE_VERSIONS:
        return asked
    oldest = USABLE_VERSIONS[0]
    if (major, minor) < tuple(int(part) for part in oldest[1:].split(".")):
        return oldest
    raise unsupported("", f"/{asked}")


def read_parameters(call: Call) -> dict[str, str]:
    """Query and body together, without files. Lists in form style (`a[0]=…`) become one JSON list (meta 0.2, 4.2)."""
    try:
        # Where the body is a file its type says nothing of parameters.
        query, form = call.query, {} if call.file is not None else call.form
    except BadEncoding as problem:
        raise malformed(f"Invalid request: {problem}") from problem
    if form and call.method == "GET":
        raise malformed("Invalid request: a GET has no body")
    if twice := query.keys() & form.keys():
        raise malformed(f"Invalid request: '{min(twice)}' is given in the query string and in the body")
    merged: dict[str, str] = {}
    lists: dict[str, list[tuple[int, str]]] = {}
    for name, value in {**query, **form}.items():
        if isinstance(value, bytes):
            continue
        if match := INDEXED.fullmatch(name):
            lists.setdefault(match[1], []).append((int(match[2]), _as_text(value)))
        else:
            merged[name] = _as_text(value)
    for name, items in lists.items():
        merged[name] = "[" + ",".join(text for _, text in sorted(items)) + "]"
    return merged


def _as_text(value: Any) -> str:
    """A parameter as if it had come in a form: JSON bodies may carry real numbers, booleans, lists."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


@dataclass
class GraphRequest:
    """What a handler gets: who calls, what is asked, and the world."""

    world: World
    call: Call
    address: Address
    parameters: Mapping[str, str]
    caller: Caller

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.call.method

    @property
    def file(self) -> bytes | None:
        """The file of a multipart body, whatever its part is called (meta 4.4)."""
        files = self.files
        if len(files) > 1:
            raise malformed("Invalid request: there is more than one file")
        return next(iter(files.values()), None)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of a multipart body, by the name of their part."""
        return _files(self.call)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The parsed `fields` parameter; empty when it isn't given."""
        return parse_fields(self.parameters["fields"]) if self.parameters.get("fields") else ()

    def time(self, at: float) -> str | int:
        """A moment as reads write it (meta 0.2)."""
        return int(at) if self.parameters.get("date_format") == "U" else write_time(at)

    def text(self, name: str) -> str | None:
        """A parameter; an empty one is as good as none."""
        return self.parameters.get(name) or None

    def flag(self, name: str, default: bool) -> bool:
        """A boolean parameter."""
        value = self.parameters.get(name)
        if value is None:
            return default
        if value.lower() not in TRUE | FALSE:
            raise malformed(f"Param {name} must be a boolean")
        return value.lower() in TRUE

    def moment(self, name: str) -> float | None:
        """A parameter that is a time: Unix seconds or ISO-8601 (meta 4.2)."""
        value = self.parameters.get(name)
        if not value:
            return None
        at = read_time(value)
        if at is None:
            raise malformed(f"Param {name} must be a valid time")
        return at

    def items(self, name: str) -> list[Any]:
        """A parameter that is a JSON list."""
        value = self.parameters.get(name)
        if not value:
            return []
        try:
            items = orjson.loads(value)
        except orjson.JSONDecodeError as problem:
            raise malformed(f"Param {name} must be an array.") from problem
        if not isinstance(items, list):
            raise malformed(f"Param {name} must be an array.")
        return items


def _files(call: Call) -> dict[str, bytes]:
    if call.file is not None:
        return {}
    return {name: value for name, value in call.form.items() if isinstance(value, bytes)}


def refuse_files(call: Call) -> None:
    """A call that takes no file."""
    if files := _files(call):
        raise malformed(f"Invalid request: '{min(files)}' is a file")


def refuse_unknown(parameters: Mapping[str, str], known: frozenset[str]) -> None:
    """A parameter that the call doesn't have is a bug of the client, so it is said loudly here [A]."""
    if unknown := parameters.keys() - known:
        raise malformed(f"Unexpected parameter: {', '.join(sorted(unknown))}")
