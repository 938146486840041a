"""An upload's headers, taken apart (meta 4.6, 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sandbox.answers import Kind
from sandbox.call import Call
from sandbox.meta import tokens
from sandbox.meta.rupload.errors import UploadError, not_authorized, wrong_header
from sandbox.meta.tokens import Token

if TYPE_CHECKING:
    from sandbox.world import World

ADDRESS: Final = re.compile(r"/(video-upload|ig-api-upload)/v\d+\.\d+/(\d{1,20})")
OF_PAGES, OF_INSTAGRAM = "video-upload", "ig-api-upload"


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What comes for which upload: from an address, or bytes of so many from an offset on."""

    kind: str
    upload_id: str
    token: Token
    file_url: str | None
    offset: int
    file_size: int


def read_upload(world: World, call: Call) -> UploadRequest:
    """Take a call apart, or refuse it."""
    match = ADDRESS.fullmatch(call.rest)
    if match is None or call.method != "POST":
        raise UploadError("ParameterValidationError", "There is nothing here", status=404, kind=Kind.PROTOCOL)
    token = _token(world, call)
    file_url = call.headers.get("file_url")
    if file_url is not None:
        _check_url(file_url, call)
        return UploadRequest(match[1], match[2], token, file_url, 0, 0)
    return UploadRequest(match[1], match[2], token, None, _number(call, "offset"), _number(call, "file_size"))


def _token(world: World, call: Call) -> Token:
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme != "OAuth":
        raise not_authorized("The Authorization header must be: OAuth <token>", Kind.PROTOCOL)
    token = tokens.find(world, value.strip())
    if token is None:
        raise not_authorized("The access token can't be decrypted", Kind.PROTOCOL)
    if tokens.trouble(world, token) is not None:
        raise not_authorized("The session has expired or was invalidated")
    return token


def _number(call: Call, name: str) -> int:
    value = call.headers.get(name, "")
    # ASCII digits: what int() takes besides isn't a number of this network.
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise wrong_header(f"Header {name.title()} not convertable to unsigned long")
    return int(value)


def _check_url(url: str, call: Call) -> None:
    """Either an address or bytes; Meta's own CDN is refused (meta 4.6)."""
    if call.file is not None and call.file.stat().st_size:
        raise wrong_header("Header File_url goes with an empty body")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError as problem:
        raise wrong_header(f"Header File_url is no address: {problem}") from problem
    if host.endswith("fbcdn.net"):
        raise UploadError("ProcessingFailedError", "Addresses of fbcdn.net are not taken", kind=Kind.PROTOCOL)
