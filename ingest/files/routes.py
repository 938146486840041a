"""`/files/<token>`: the address is the permission, signed here and good for a day (PRODUCT 5)."""

from __future__ import annotations

from typing import Final

from flask import Blueprint
from werkzeug.wrappers import Response

from core.media import files
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
        with files.opened(named.organization_id, named.sha256) as file:
            # Handed over in one piece: given block by block, each block holds a thread until its reader has taken the
            # one before, and a few who read nothing hold all of them.
            answer = Response(file.read(), mimetype=named.mime, headers=_HEADERS)
        answer.set_etag(named.sha256)
        return answer

    return routes
