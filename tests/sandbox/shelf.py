"""Pictures, and the web server from which the sandbox fetches them."""

from __future__ import annotations

import io
import os
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


def picture(width: int = 1080, height: int = 1080, kind: str = "JPEG") -> bytes:
    """A picture of random colour, so that no two tests share one."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), tuple(os.urandom(3))).save(content, kind)
    return content.getvalue()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, shelf: Shelf, *arguments: object) -> None:
        self.shelf = shelf
        super().__init__(*arguments)

    def do_GET(self) -> None:
        status, content, wait_s = self.shelf.items.get(self.path, (404, b"gone", 0.0))
        time.sleep(wait_s)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", content.decode())
            content = b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):  # whoever asked may have had enough
            self.wfile.write(content)

    def log_request(self, *_: object) -> None:
        """Say nothing."""


class Shelf:
    """What is put here can be fetched by its address."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[int, bytes, float]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def put(self, content: bytes | None = None, status: int = 200, wait_s: float = 0.0) -> str:
        """Put something, a good picture unless another is given, and get its address."""
        path = f"/{os.urandom(8).hex()}"
        self.items[path] = (status, picture() if content is None else content, wait_s)
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
