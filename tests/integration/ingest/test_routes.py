"""Promises about every address of ingest, read from the URL map."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from core.infra import db
from ingest.oauth.routes import StartQuery

# Anybody may ask these; everything else takes a sign-in.
PUBLIC = {"ops.readyz"}
READING = {"GET", "HEAD", "OPTIONS"}


def test_every_route_is_guarded_or_listed_as_public(app: Flask) -> None:
    guards = {name: getattr(view, "__guard__", None) for name, view in app.view_functions.items()}
    assert {name for name, guard in guards.items() if guard != "signed_in"} == PUBLIC
    assert all(guards[name] in ("public", "any_host") for name in PUBLIC)


def test_every_route_that_takes_a_body_has_a_model_that_refuses_unknown_fields(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if (rule.methods or set()) - READING:
            model = getattr(app.view_functions[rule.endpoint], "body_model", None)
            assert inspect.isclass(model), f"{rule} takes a body without a model"
            assert issubclass(model, BaseModel)
            assert model.model_config.get("extra") == "forbid"


def test_the_start_takes_an_intent_and_nothing_else() -> None:
    assert StartQuery.model_config["extra"] == "forbid"
    assert set(StartQuery.model_fields) == {"intent"}


def test_every_signed_in_route_refuses_who_is_not(
    app: Flask, client: FlaskClient, here: str, database: db.Database
) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC:
            path = str(rule).replace("<provider>", "meta")
            answer = client.get(path, base_url=here)
            assert answer.status_code == 401, rule
            assert "You are signed out" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_addresses_that_only_read_take_nothing_else(client: FlaskClient, here: str, method: str) -> None:
    answer = client.open("/oauth/meta/callback", method=method, base_url=here)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
