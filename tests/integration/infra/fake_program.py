"""Stands in for a program of the Procfile: answers 200 at every path on MASTHEAD_PORT + offset until told to end.

python fake_program.py OFFSET [FILE]      FILE gets one line per start, with the addresses the program was given
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

GIVEN = (
    *("DATABASE_URL", "REDIS_URL", "MASTHEAD_SECRET_KEY", "MASTHEAD_OIDC_METADATA_URL", "PROVIDER_META_GRAPH_URL"),
    *("PROVIDER_META_CLIENT_ID", "PROVIDER_META_CLIENT_SECRET", "MASTHEAD_OIDC_CLIENT_SECRET"),
    *("DATABASE_URL_WEB", "DATABASE_URL_WORKER", "DATABASE_URL_DISPATCH", "MASTHEAD_CREDENTIAL_KEYS"),
    "MASTHEAD_SMTP_URL",
)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main(offset: int, note: Path | None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if note:
        with note.open("a") as file:
            file.write(json.dumps({"pid": os.getpid()} | {name: os.environ.get(name) for name in GIVEN}) + "\n")
    HTTPServer(("127.0.0.1", int(os.environ["MASTHEAD_PORT"]) + offset), Answer).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
