"""How parameters are written on the wire, read strictly: what a real network refuses is refused here."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadEncoding(Exception):
    """The bytes of a request don't say what its headers claim."""


def read_pairs(data: bytes) -> dict[str, str]:
    """Parse `a=1&b=2`. A broken escape, bytes that aren't UTF-8 or a name that comes twice is refused."""
    if b"%" in data and BROKEN_ESCAPE.search(data):
        raise BadEncoding("a % is not followed by two hexadecimal digits")
    pairs: dict[str, str] = {}
    for part in data.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            _add(pairs, _decode(name), _decode(value))
    return pairs


def read_all_pairs(data: bytes) -> list[tuple[str, str]]:
    """The same for a form of our own pages, where one name may come many times (tick boxes)."""
    parts = (part.partition(b"=") for part in data.split(b"&") if part)
    return [(_decode(name), _decode(value)) for name, _, value in parts]


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON body, which must be an object."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise BadEncoding("the body is not JSON") from problem
    if not isinstance(value, dict):
        raise BadEncoding("the JSON body is not an object")
    return value


def read_multipart(body: bytes, content_type: str) -> dict[str, str | bytes]:
    """Text fields as str, files as bytes, by the name of the part."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise BadEncoding("the multipart body has no boundary")
    fields: list[Field] = []
    files: list[File] = []
    try:
        parser = FormParser("multipart/form-data", fields.append, files.append, boundary=boundary)
        parser.write(body)
        parser.finalize()
    except FormParserError as problem:
        raise BadEncoding(f"the multipart body can't be read: {problem}") from problem
    parts: dict[str, str | bytes] = {}
    for part in fields:
        _add(parts, _text(part.field_name), _text(part.value))
    for file in files:
        file.file_object.seek(0)
        _add(parts, _text(file.field_name), file.file_object.read())
    return parts


def _add(pairs: dict[str, Any], name: str, value: str | bytes) -> None:
    if name in pairs:
        raise BadEncoding(f"the parameter '{name}' comes twice")
    pairs[name] = value


def _decode(data: bytes) -> str:
    return _text(unquote_to_bytes(data.replace(b"+", b" ")))


def _text(data: bytes | None) -> str:
    try:
        return (data or b"").decode()
    except UnicodeDecodeError as problem:
        raise BadEncoding("the parameters are not UTF-8") from problem
