"""The Flask application."""

from __future__ import annotations

from flask import Flask

from core.infra.settings import Settings
from ingest import correlation, errors, guards
from ingest.oauth.routes import consent_routes
from ingest.ops.routes import ops_routes


def create_app(settings: Settings) -> Flask:
    """Ingest for these settings. The process has connected its database and configured its logs before."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MASTHEAD=settings, MAX_CONTENT_LENGTH=64 * 1024, PROPAGATE_EXCEPTIONS=False)
    correlation.install(app)
    guards.install(app, settings)
    errors.install(app)
    app.register_blueprint(consent_routes(settings))
    app.register_blueprint(ops_routes(settings))
    return app
