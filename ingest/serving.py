"""Ingest as granian's worker process loads it."""

from __future__ import annotations

from flask import Flask

from core.infra import db, logs
from core.infra.settings import Settings
from ingest.app import create_app

# A request holds its thread while its body comes in, while a large file goes out and while an image is decoded. All of
# these may take long and have turns (`ingest.bodies`, `ingest.files.routes`, `core.media.making`: 6, 6 and 2): what
# those leave serves everybody else.
BLOCKING_THREADS = 18


def application() -> Flask:
    """Connect this process and make the application. Raises SettingsInvalid."""
    settings = Settings.load()
    configure_logs(settings)
    db.connect(settings.program_url("web"), pool_size=BLOCKING_THREADS, application="masthead-ingest")
    return create_app(settings)


def configure_logs(settings: Settings) -> None:
    """JSON lines that never hold this installation's secrets."""
    logs.configure("ingest", settings.log_level, secrets=settings.concealed())
