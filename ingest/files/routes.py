"""`/files/<token>`: the address is the permission, signed here and good for a day (PRODUCT 5).

What is small goes out in one piece: given block by block, each block holds a thread until its reader has taken the one
before, and a few who read nothing hold all of them. What is large has to go out in blocks, and has turns. A browser's
player asks for parts and gets each in one piece, at most so much of it at a time, as it may ask for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import BinaryIO, Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as AnyResponse

from core.infra.turns import Turns
from core.media import files
from core.media.files import Named
from core.media.rules import ENDINGS, Busy
from ingest.guards import signed_address

# `same-site`, because the console shows these pictures and is another port of this host on a machine of one's own.
_HEADERS: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=86400, immutable",
    "Cross-Origin-Resource-Policy": "same-site",
}
_ONE_PIECE: Final = 16 * 1024 * 1024
_OF_A_PLAYER: Final = 4 * 1024 * 1024
_BLOCK: Final = 256 * 1024
streams: Final = Turns(in_all=6, for_one=4, refusal=Busy)


def file_routes() -> Blueprint:
    """One address for every kept file."""
    routes = Blueprint("files", __name__)

    @routes.get("/files/<token>")
    @signed_address
    def kept_file(token: str) -> AnyResponse:
        named = files.named_by(token)
        with ExitStack() as held:
            file, size = files.served(named.organization_id, named.sha256)
            held.callback(file.close)
            wanted = _wanted(size, named)
            if wanted is None:
                answer = Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=_headers(named))
                answer.headers["Content-Range"] = f"bytes */{size}"
                return answer
            start, end, part = wanted
            status = HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK
            headers = _headers(named)
            headers["Content-Length"] = str(end - start)
            if part:
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
            file.seek(start)
            if request.method == "HEAD":
                answer = Response(status=status, headers=headers)
            elif end - start <= _ONE_PIECE:
                answer = Response(file.read(end - start), status, headers)
            else:
                held.enter_context(streams.one(named.organization_id))
                answer = Response(_blocks(file, end - start), status, headers)
                answer.call_on_close(held.pop_all().close)
        answer.set_etag(named.sha256)
        return answer

    return routes


def _headers(named: Named) -> Headers:
    headers = Headers(_HEADERS)
    headers["Content-Type"] = named.mime
    shown = named.mime.startswith(("image/", "video/"))
    name = f"{named.sha256[:12]}.{ENDINGS[named.mime]}"
    headers["Content-Disposition"] = "inline" if shown else f'attachment; filename="{name}"'
    return headers


def _wanted(size: int, named: Named) -> tuple[int, int, bool] | None:
    """From which byte to before which, and whether that is a part; None: there are no such bytes (RFC 9110, 14).

    More than one range is answered with all of it, and so is a range of a file that has changed since: ours never do.
    """
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or not _same(named):
        return 0, size, False
    found = asked.range_for_length(size)
    if found is None:
        return None
    start, end = found
    if request.headers.get("Sec-Fetch-Dest") in ("video", "audio"):
        end = min(end, start + _OF_A_PLAYER)
    return start, end, True


def _same(named: Named) -> bool:
    condition = request.if_range
    return condition.etag in (None, named.sha256) and condition.date is None


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (block := file.read(min(_BLOCK, size))):
        size -= len(block)
        yield block
