"""Kept files at their public addresses while the demo is made: ingest, which gives them out, isn't running yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

from core.infra.errors import NotFound
from core.media import files


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            named = files.named_by(self.path.removeprefix("/files/"))
            with files.opened(named.organization_id, named.sha256) as file:
                content = file.read()
        except NotFound:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", named.mime)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo's sends are nobody's news."""


@contextmanager
def files_given_out(port: int) -> Iterator[None]:
    """Inside the block `/files/<token>` answers where ingest will listen."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-files")
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
