"""Ingest as a WSGI application over this worker's servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.infra import crypto
from core.infra.settings import Settings
from ingest.app import create_app


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    crypto.use(settings)
    yield create_app(settings)
    crypto.use(None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def here(settings: Settings) -> str:
    """Ingest's own origin."""
    return settings.ingest_url
