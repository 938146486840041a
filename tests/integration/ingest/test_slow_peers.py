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
from uuid import UUID, uuid4

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
LARGE = 48 * 1024 * 1024  # goes out in blocks, and more of it than what lies between both ends takes in

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
    path = kept_at(uuid4(), secrets.token_bytes(16 * 1024 * 1024))
    with ExitStack() as held:
        for _ in range(MANY):
            assert asking(held, running, path).recv(3) == b"200"
        assert answers(running)


def test_who_sends_a_chunk_byte_by_byte_holds_up_nobody(running: Settings, committed_database: db.Database) -> None:
    head = chunk_of(make_organization(), running)
    with ExitStack() as held:
        for _ in range(MANY):
            send_little(held, running, head)
        assert answers(running)


def test_who_do_both_for_several_organizations_hold_up_nobody(
    running: Settings, committed_database: db.Database
) -> None:
    organizations = [make_organization() for _ in range(3)]
    heads = [chunk_of(organization, running) for organization in organizations]
    large = secrets.token_bytes(LARGE)
    with ExitStack() as held:
        for organization in organizations:
            path = kept_at(organization, large)
            for _ in range(4):
                asking(held, running, path)
        for head in heads:
            for _ in range(4):
                send_little(held, running, head)
        assert answers(running)


def kept_at(organization_id: UUID, content: bytes) -> str:
    """The signed path of a file with this content."""
    kept = storage.current().keep(organization_id, io.BytesIO(content))
    return urlsplit(files.address(organization_id, kept, "image/png")).path


def asking(held: ExitStack, running: Settings, path: str) -> socket.socket:
    """Whoever asks for a file and reads no more than the first line of what comes."""
    port = running.port + 1
    peer = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
    peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
    assert peer.recv(9) == b"HTTP/1.1 "
    return peer


def chunk_of(organization: UUID, running: Settings) -> bytes:
    """What announces a chunk of an upload that this organization has begun."""
    sign_in, actor = make_signed_in(organization, Role.EDITOR)
    upload = commands.start_upload(actor, uuid4(), file_name="a.png", size=1_000_000)
    return (
        f"PATCH /api/uploads/{upload.id} HTTP/1.1\r\nHost: localhost:{running.port + 1}\r\n"
        f"Origin: {running.console_url}\r\nCookie: {COOKIE}={cookie_value(sign_in, running)}\r\n"
        "X-Masthead-Call: console\r\nUpload-Offset: 0\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 500000\r\n\r\n"
    ).encode()


def send_little(held: ExitStack, running: Settings, head: bytes) -> None:
    """Whoever sends the head and the first hundred bytes of a chunk, and then nothing."""
    peer = held.enter_context(socket.create_connection(("127.0.0.1", running.port + 1), timeout=5))
    peer.sendall(head + b"x" * 100)


def answers(running: Settings) -> bool:
    """Whether anybody else is served."""
    return httpx.get(f"http://127.0.0.1:{running.port + 1}/readyz", timeout=5).status_code == 200
