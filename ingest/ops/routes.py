"""Readiness: 200 only while Postgres and Valkey both answer."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from core.infra.answering import database_answers, queue_answers
from core.infra.settings import Settings
from ingest.guards import public

WITHIN_S = 1


def ops_routes(settings: Settings) -> Blueprint:
    """`/readyz`."""
    routes = Blueprint("ops", __name__)

    @routes.get("/readyz")
    @public(any_host=True)
    def readyz() -> Response:
        answers = {
            "postgres": database_answers(settings, "web", within_s=WITHIN_S),
            "valkey": queue_answers(settings, within_s=WITHIN_S),
        }
        ready = all(answers.values())
        answer = jsonify({"ready": ready, **answers})
        answer.status_code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return answer

    return routes
