"""The `fields` language: `id,name,picture{url},comments.summary(true).limit(0)` (meta 0.2, 11.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sandbox.meta.errors import malformed

TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[{},]|\.[a-z_]+\([^()]*\))")
NESTING_LIMIT = 4
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Field:
    """One asked field; `inner` are the fields asked of its value, `modifiers` such as `("limit", "0")`."""

    name: str
    inner: tuple[Field, ...] = ()
    modifiers: tuple[tuple[str, str], ...] = ()

    def modifier(self, name: str) -> str | None:
        """What a modifier says, if it is there."""
        return dict(self.modifiers).get(name)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """How a field of a node is answered (None: the field is left out), and which fields its value has.

    `default` are those fields of the value that come when none are asked; without it all do. A value that depends on
    modifiers is read by `expand` instead.
    """

    read: Callable[[Subject], Any]
    inner: Collection[str] = ()
    default: tuple[Field, ...] = ()
    expand: Callable[[Subject, Field], Any] | None = None


@lru_cache(maxsize=256)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Parse, or refuse as a syntax error (2500)."""
    tokens = _tokens(text)
    fields, end = _list(tokens, 0, 0)
    if end != len(tokens):
        raise _syntax(text)
    return fields


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = TOKEN.match(text, position)
        if match is None:
            raise _syntax(text)
        found.append(match[1])
        position = match.end()
    return found


def _list(tokens: list[str], at: int, depth: int) -> tuple[tuple[Field, ...], int]:
    fields: list[Field] = []
    while at < len(tokens) and tokens[at][0] not in "{},.":
        field, at = _field(tokens, at, depth)
        fields.append(field)
        if at >= len(tokens) or tokens[at] != ",":
            return tuple(fields), at
        at += 1
    raise _syntax("".join(tokens))


def _field(tokens: list[str], at: int, depth: int) -> tuple[Field, int]:
    name = tokens[at]
    inner: tuple[Field, ...] = ()
    modifiers: list[tuple[str, str]] = []
    at += 1
    while at < len(tokens) and tokens[at].startswith("."):
        modifier, _, value = tokens[at][1:-1].partition("(")
        modifiers.append((modifier, value))
        at += 1
    if at < len(tokens) and tokens[at] == "{":
        if depth == NESTING_LIMIT:
            raise _syntax("".join(tokens))
        inner, at = _list(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != "}":
            raise _syntax("".join(tokens))
        at += 1
    return Field(name, inner, tuple(modifiers)), at


def _syntax(text: str) -> Exception:
    return malformed(f"Syntax error in the fields expression: {text[:200]}", 2500)


def read_node(
    kind: str, rules: Mapping[str, Rule[Subject]], fields: tuple[Field, ...], subject: Subject
) -> dict[str, Any]:
    """A node with the asked fields; `id` is always there."""
    node: dict[str, Any] = {}
    for field in fields if any(field.name == "id" for field in fields) else (*fields, Field("id")):
        rule = rules.get(field.name)
        if rule is None:
            raise _nonexisting(field.name, kind)
        for inner in field.inner:
            if inner.name not in rule.inner:
                raise _nonexisting(inner.name, field.name)
        value = rule.expand(subject, field) if rule.expand else rule.read(subject)
        if value is not None:
            node[field.name] = _narrow(value, field.inner or rule.default)
    return node


def _narrow(value: Any, inner: tuple[Field, ...]) -> Any:
    """Only the asked parts of a value; of a list, of each item."""
    if not inner:
        return value
    if isinstance(value, list):
        return [_narrow(item, inner) for item in value]
    if isinstance(value, dict) and "data" in value and not any(field.name == "data" for field in inner):
        return {**value, "data": _narrow(value["data"], inner)}
    return {field.name: _narrow(value[field.name], field.inner) for field in inner if field.name in value}


def _nonexisting(name: str, kind: str) -> Exception:
    return malformed(f"Tried accessing nonexisting field ({name}) on node type ({kind})")
