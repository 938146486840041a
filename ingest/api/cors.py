"""Which pages may call `/api` from a browser: exactly the console's, with its session cookie.

Console and ingest are one origin behind a proxy, and two ports of one host on a machine of one's own (PRODUCT 2); for
the latter browsers ask first and must be allowed to read the answer (Fetch, "CORS protocol").
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from core.infra.settings import Settings
from ingest.guards import CALLED_BY, UPLOAD_OFFSET

PREFIX: Final = "/api/"
_METHODS: Final = "GET, POST, PATCH"
_ASKED_AGAIN_AFTER_S: Final = "600"


def install(app: Flask, settings: Settings) -> None:
    """Name the console's origin on every answer under `/api`, errors and preflights included."""

    @app.after_request
    def _allow(response: Response) -> Response:
        if not request.path.startswith(PREFIX):
            return response
        response.headers.add("Vary", "Origin")
        if request.headers.get("Origin") == settings.console_url:
            response.headers["Access-Control-Allow-Origin"] = settings.console_url
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = _METHODS
                response.headers["Access-Control-Allow-Headers"] = f"Content-Type, {CALLED_BY}, {UPLOAD_OFFSET}"
                response.headers["Access-Control-Max-Age"] = _ASKED_AGAIN_AFTER_S
        return response
