"""Promises about every address of ingest, read from the URL map."""

from __future__ import annotations

import inspect
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from core.infra import db
from core.infra.settings import Settings
from core.media.rules import LARGEST_CHUNK
from ingest.oauth.routes import StartQuery

# Anybody may ask these, or who has an address that was signed here; everything else takes a sign-in.
PUBLIC = {"ops.readyz": "any_host", "files.kept_file": "signed_address"}
READING = {"GET", "HEAD", "OPTIONS"}


def test_every_route_is_guarded_or_listed_as_public(app: Flask) -> None:
    guards = {name: getattr(view, "__guard__", None) for name, view in app.view_functions.items()}
    assert {name: guard for name, guard in guards.items() if guard not in ("signed_in", "called_by_console")} == PUBLIC


def test_what_is_for_the_consoles_scripts_is_for_them_alone(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], "__guard__", None)
        assert (guard == "called_by_console") == str(rule).startswith("/api/"), rule
        changes = (rule.methods or set()) - READING
        assert not changes or guard == "called_by_console", f"{rule} changes something without asking who calls"


def test_every_route_that_takes_a_body_has_a_limit_or_a_model_that_refuses_unknown_fields(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if (rule.methods or set()) - READING:
            view = app.view_functions[rule.endpoint]
            if getattr(view, "body_limit", None):
                assert view.body_limit <= LARGEST_CHUNK
                continue
            model = getattr(view, "body_model", None)
            assert inspect.isclass(model), f"{rule} takes a body without a model"
            assert issubclass(model, BaseModel)
            assert model.model_config.get("extra") == "forbid"


def test_the_start_takes_an_intent_and_nothing_else() -> None:
    assert StartQuery.model_config["extra"] == "forbid"
    assert set(StartQuery.model_fields) == {"intent"}


def test_every_signed_in_route_refuses_who_is_not(
    app: Flask, client: FlaskClient, here: str, settings: Settings, database: db.Database
) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC:
            path = str(rule).replace("<provider>", "meta").replace("<uuid:upload_id>", str(uuid4()))
            method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
            headers = {"Origin": settings.console_url, "X-Masthead-Call": "console"}
            answer = client.open(path, method=method, base_url=here, headers=headers)
            assert answer.status_code == 401, rule
            assert "You are signed out" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_addresses_that_only_read_take_nothing_else(client: FlaskClient, here: str, method: str) -> None:
    answer = client.open("/oauth/meta/callback", method=method, base_url=here)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
