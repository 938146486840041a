"""The Flask application."""

from __future__ import annotations

from flask import Flask

from core.infra.settings import Settings
from ingest import correlation, errors, guards
from ingest.api import cors
from ingest.api.routes import api_routes
from ingest.files.routes import file_routes
from ingest.oauth.routes import consent_routes
from ingest.ops.routes import ops_routes


def create_app(settings: Settings) -> Flask:
    """Ingest for these settings. The process has connected its database and configured its logs before."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MASTHEAD=settings, MAX_CONTENT_LENGTH=64 * 1024, PROPAGATE_EXCEPTIONS=False)
    correlation.install(app)
    guards.install(app, settings)
    errors.install(app)
    cors.install(app, settings)
    app.register_blueprint(api_routes())
    app.register_blueprint(consent_routes(settings))
    app.register_blueprint(file_routes())
    app.register_blueprint(ops_routes(settings))
    return app
