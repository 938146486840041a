"""`/files/<token>`: the address is the permission, signed here and good for a day (PRODUCT 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from flask import Blueprint
from werkzeug.wrappers import Response

from core.media import files
from core.media.storage import BLOCK
from ingest.guards import signed_address

# `same-site`, because the console shows these pictures and is another port of this host on a machine of one's own.
_HEADERS: Final = {
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-site",
}


def file_routes() -> Blueprint:
    """One address for every kept file."""
    routes = Blueprint("files", __name__)

    @routes.get("/files/<token>")
    @signed_address
    def kept_file(token: str) -> Response:
        named = files.named_by(token)
        file = files.opened(named.organization_id, named.sha256)
        size = file.seek(0, 2)
        file.seek(0)
        answer = Response(_blocks(file), mimetype=named.mime, headers=_HEADERS)
        answer.content_length = size
        answer.set_etag(named.sha256)
        answer.call_on_close(file.close)
        return answer

    return routes


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
