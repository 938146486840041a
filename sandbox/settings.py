"""What the person who starts the sandbox decides: flags, and the only place here that reads the environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Flags of `python -m sandbox`; the addresses of the other programs give the registered redirect URIs."""

    port: int
    mail_port: int
    data: Path
    seed: int
    console_url: str
    ingest_url: str

    @property
    def own_url(self) -> str:
        """Where people and clients reach the sandbox."""
        return f"http://localhost:{self.port}"

    @property
    def smtp_url(self) -> str:
        """Where mail is taken."""
        return f"smtp://127.0.0.1:{self.mail_port}"

    @property
    def database(self) -> Path:
        """The file that holds the world."""
        return self.data / "sandbox.sqlite3"


def read_settings(arguments: Sequence[str]) -> Settings:
    """Flags win over SANDBOX_*, which win over what follows from MASTHEAD_PORT and MASTHEAD_DATA (PRODUCT 2)."""
    console_port = _number("MASTHEAD_PORT", 8501)
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins for the networks of Masthead.")
    parser.add_argument("--port", type=int, default=_number("SANDBOX_PORT", console_port + 2))
    parser.add_argument(
        "--mail-port",
        type=int,
        help="where mail is taken: the port behind --port unless given, 0 for any that is free",
    )
    parser.add_argument("--data", type=Path, default=Path(_text("SANDBOX_DATA", _text("MASTHEAD_DATA", ".data"))))
    parser.add_argument("--seed", type=int, default=_number("SANDBOX_SEED", 1))
    parser.add_argument("--console-url", default=_text("SANDBOX_CONSOLE_URL", f"http://localhost:{console_port}"))
    parser.add_argument("--ingest-url", default=_text("SANDBOX_INGEST_URL", f"http://localhost:{console_port + 1}"))
    given = parser.parse_args(arguments)
    return Settings(
        port=given.port,
        mail_port=_number("SANDBOX_MAIL_PORT", given.port + 1) if given.mail_port is None else given.mail_port,
        data=given.data,
        seed=given.seed,
        console_url=given.console_url.rstrip("/"),
        ingest_url=given.ingest_url.rstrip("/"),
    )


def _text(name: str, default: str) -> str:
    return os.environ.get(name) or default


def _number(name: str, default: int) -> int:
    value = _text(name, str(default))
    if not value.isdigit():
        raise ValueError(f"{name}={value!r} is no number. Correct it or unset it.")
    return int(value)
