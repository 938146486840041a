"""`python -m sandbox`: listen on loopback until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
import socket
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import uvicorn

from sandbox.app import build
from sandbox.connection import ResettableProtocol
from sandbox.settings import read_settings
from sandbox.world import World

GRACE_S = 2
LINE_LIMIT = 200
WRONG_SETTING = 2


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; a wrong setting is one line and exit code 2 (PRODUCT 2)."""
    try:
        settings = read_settings(arguments)
    except ValueError as problem:
        return _refuse(str(problem))
    try:
        listener = _listen(settings.port)
    except (OSError, OverflowError) as problem:
        return _refuse(f"--port {settings.port} can't be used ({problem}). Choose another with --port.")
    try:
        mail_listener = _listen(settings.mail_port)
    except (OSError, OverflowError) as problem:
        listener.close()
        return _refuse(f"--mail-port {settings.mail_port} can't be used ({problem}). Choose another with --mail-port.")
    settings = replace(settings, mail_port=mail_listener.getsockname()[1])
    try:
        world = World.open(settings)
    except (OSError, sqlite3.Error) as problem:
        listener.close()
        mail_listener.close()
        return _refuse(f"--data {settings.data} can't be used ({problem}). Choose another folder with --data.")
    sys.stdout.write(
        f"sandbox: {settings.own_url}, mail {settings.smtp_url} (world in {settings.database}, seed {world.seed})\n"
    )
    sys.stdout.flush()
    # uvicorn raises the signal again once everything is closed: neither Ctrl-C nor SIGTERM is an error.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        _serve(world, listener, mail_listener)
    return 0


def _listen(port: int) -> socket.socket:
    """Bind loopback only: nothing of the sandbox may be reachable from outside."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except BaseException:
        listener.close()
        raise
    return listener


def _serve(world: World, listener: socket.socket, mail_listener: socket.socket) -> None:
    config = uvicorn.Config(
        build(world, mail_listener),
        http=ResettableProtocol,
        ws="none",
        access_log=False,
        # Each host says its own time, which a harness may move.
        date_header=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        # A burst of connections must not be refused by the stand-in itself.
        backlog=4096,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _refuse(line: str) -> int:
    sys.stderr.write(" ".join(line.split())[: LINE_LIMIT - 1] + "\n")
    return WRONG_SETTING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
