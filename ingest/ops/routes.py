"""Readiness: 200 only while Postgres and Valkey both answer."""

from __future__ import annotations

import logging
from http import HTTPStatus

import psycopg
import redis
from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from core.infra.settings import Settings
from ingest.guards import public

WITHIN_S = 1
_log = logging.getLogger(__name__)


def ops_routes(settings: Settings) -> Blueprint:
    """`/readyz`."""
    routes = Blueprint("ops", __name__)

    @routes.get("/readyz")
    @public(any_host=True)
    def readyz() -> Response:
        checked = {"postgres": _postgres_answers(settings), "valkey": _valkey_answers(settings)}
        answer = jsonify({"ready": all(checked.values()), **checked})
        answer.status_code = HTTPStatus.OK if all(checked.values()) else HTTPStatus.SERVICE_UNAVAILABLE
        return answer

    return routes


def _postgres_answers(settings: Settings) -> bool:
    """By a connection of its own: a busy pool is no reason to be taken out, a dead server is."""
    address = settings.program_url("web").replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(
            address, connect_timeout=WITHIN_S, options=f"-c statement_timeout={WITHIN_S}s", autocommit=True
        ) as connection:
            connection.execute("select 1")
    except psycopg.Error as error:
        _log.warning("postgres_silent", extra={"kind": type(error).__name__})
        return False
    return True


def _valkey_answers(settings: Settings) -> bool:
    client = redis.Redis.from_url(settings.queue_url(), socket_connect_timeout=WITHIN_S, socket_timeout=WITHIN_S)
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        _log.warning("valkey_silent", extra={"kind": type(error).__name__})
        return False
    finally:
        client.close()
    return True
