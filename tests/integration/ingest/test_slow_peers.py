"""Ingest under peers that are slow on purpose: who reads or sends a byte at a time holds up nobody else."""

from __future__ import annotations

import io
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from core.infra import crypto, db
from core.infra.actor import Role
from core.infra.settings import Settings
from core.media import commands, files, storage
from core.organizations.cookie import COOKIE
from tests.factories.organizations import make_organization, make_signed_in
from tests.fixtures.programs import await_health, free_ports, program
from tests.integration.accounts.people import cookie_value

MANY = 30

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("redis_url")]


@pytest.fixture
def running(settings: Settings, program_environment: dict[str, str], tmp_path: Path) -> Iterator[Settings]:
    """`python -m ingest`, and the settings it runs with."""
    (port,) = free_ports(1)
    here = settings.model_copy(update={"port": port - 1})
    environment = program_environment | {"MASTHEAD_PORT": str(port - 1)}
    crypto.use(here)
    with program([sys.executable, "-m", "ingest"], tmp_path / "log", environment) as process:
        await_health(f"http://127.0.0.1:{port}/readyz", process, tmp_path / "log")
        yield here
    crypto.use(None)


def test_who_does_not_read_a_file_holds_up_nobody(running: Settings) -> None:
    organization = uuid4()
    kept = storage.current().keep(organization, io.BytesIO(secrets.token_bytes(16 * 1024 * 1024)))
    path = urlsplit(files.address(organization, kept, "image/png")).path
    port = running.port + 1
    with ExitStack() as held:
        for _ in range(MANY):
            peer = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            assert peer.recv(12) == b"HTTP/1.1 200"
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200


def test_who_sends_a_chunk_byte_by_byte_holds_up_nobody(running: Settings, committed_database: db.Database) -> None:
    port = running.port + 1
    sign_in, actor = make_signed_in(make_organization(), Role.EDITOR)
    upload = commands.start_upload(actor, uuid4(), file_name="a.png", size=1_000_000)
    head = (
        f"PATCH /api/uploads/{upload.id} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {running.console_url}\r\n"
        f"Cookie: {COOKIE}={cookie_value(sign_in, running)}\r\nX-Masthead-Call: console\r\nUpload-Offset: 0\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 500000\r\n\r\n"
    )
    with ExitStack() as held:
        for _ in range(MANY):
            peer = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            peer.sendall(head.encode() + b"x" * 100)
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
