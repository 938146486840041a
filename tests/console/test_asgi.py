"""How the console starts: settings, secrets, readiness, what is logged of an error."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from console import asgi, feedback
from console.readiness import checks, readiness
from core.infra import db
from core.infra.errors import Conflict, SignedOut
from core.infra.settings import Settings
from core.organizations import commands
from core.organizations.cookie import cookie_secret
from tests.factories.organizations import make_signed_in
from tests.fixtures.programs import PROJECT, await_health, free_ports, program
from tests.fixtures.servers import SECRET_KEY


def settings(**more: object) -> Settings:
    return Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, **more)


def test_sign_in_is_told_to_streamlit_without_a_file() -> None:
    auth = asgi.sign_in_settings(
        settings(MASTHEAD_OIDC_METADATA_URL="http://localhost:8503/oidc/x", MASTHEAD_OIDC_CLIENT_SECRET="s" * 20)
    )["auth"]
    assert auth["redirect_uri"] == "http://localhost:8501/oauth2callback"
    assert auth["oidc"]["server_metadata_url"] == "http://localhost:8503/oidc/x"
    assert auth["oidc"]["client_kwargs"]["scope"] == "openid email profile"


def test_a_service_has_to_say_when_it_asked_and_asks_anew_only_when_told_to() -> None:
    """A `max_age` obliges it to (OpenID Connect Core 2), and a year asks nobody whom it wouldn't have asked anyway."""
    auth = asgi.sign_in_settings(
        settings(MASTHEAD_OIDC_METADATA_URL="http://localhost:8503/oidc/x", MASTHEAD_OIDC_CLIENT_SECRET="s" * 20)
    )["auth"]
    told = {name: (auth[name]["client_kwargs"]["prompt"], auth[name]["authorize_params"]) for name in ("oidc", "again")}
    assert told == {"oidc": ("select_account", {"max_age": "31536000"}), "again": ("login", {"max_age": "0"})}


def test_without_a_sign_in_service_there_is_nothing_to_tell() -> None:
    assert asgi.sign_in_settings(settings()) == {}


def test_cookies_are_signed_with_what_ingest_derives_too() -> None:
    assert asgi.server_options(settings())["server.cookieSecret"] == cookie_secret(settings())


def test_only_the_configured_host_may_open_a_websocket() -> None:
    options = asgi.server_options(settings(MASTHEAD_CONSOLE_URL="https://console.example"))
    assert options["server.allowedHosts"] == ["console.example"]


def test_warming_up_takes_what_is_loaded_out_of_collections() -> None:
    before = gc.get_freeze_count()
    try:
        asgi.warm_up()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_handed_out_files_need_a_sign_in_that_counts(database: db.Database) -> None:
    sign_in, _ = make_signed_in()
    said = json.dumps({**sign_in.claims, "origin": "http://localhost:8501"})
    cookie = create_signed_value(cookie_secret(settings()), "_streamlit_user", said)
    cookies = {"_streamlit_user": cookie.decode()}
    may = asgi._signed_in
    assert may(cookies, settings())
    assert not may({}, settings())
    assert not may({"_streamlit_user": cookie.decode()[:-2]}, settings())
    commands.sign_out(sign_in.key)
    assert not may(cookies, settings())


def probe(given: Settings) -> httpx.Response:
    app = Starlette(routes=[Route("/readyz", readiness(given))])

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get("/readyz")

    return asyncio.run(call())


def test_ready_means_that_both_servers_answer(committed_database: db.Database, redis_url: str) -> None:
    answer = probe(settings(REDIS_URL=redis_url))
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "postgres": "ok", "valkey": "ok"})


def test_not_ready_names_who_does_not_answer(committed_database: db.Database) -> None:
    answer = probe(settings(REDIS_URL=f"redis://127.0.0.1:{free_ports(1)[0]}/0"))
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "postgres": "ok", "valkey": "not ready"}
    db.use(None)
    assert probe(settings(REDIS_URL="redis://127.0.0.1:1/0")).json()["postgres"] == "not ready"


def test_a_database_without_our_schema_is_not_ready(
    committed_database: db.Database, redis_url: str, program_environment: dict[str, str]
) -> None:
    engine = db.make_engine(f"{program_environment['DATABASE_URL_WEB'].rpartition('/')[0]}/postgres")
    db.use(db.Database(engine))
    try:
        assert probe(settings(REDIS_URL=redis_url)).json() == {"ready": False, "postgres": "not ready", "valkey": "ok"}
    finally:
        db.use(committed_database)
        engine.dispose()


def test_both_servers_are_asked() -> None:
    assert set(checks(settings())) == {"postgres", "valkey"}


def test_an_error_is_told_in_our_words_only() -> None:
    assert feedback.words_for(Conflict("Somebody was first.")) == "Somebody was first."
    assert feedback.words_for(SignedOut()).startswith("You are signed out")
    assert "secret" not in feedback.words_for(RuntimeError("secret"))


def test_an_incident_is_in_the_log_under_the_id_that_people_see(caplog: pytest.LogCaptureFixture) -> None:
    incident = feedback.report(RuntimeError("boom"), "somewhere")
    (record,) = [each for each in caplog.records if each.message == "console.incident"]
    assert record.incident == incident
    assert record.exc_info
    assert record.where == "somewhere"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "MASTHEAD_SECRET_KEY"),
        ({"MASTHEAD_SECRET_KEY": SECRET_KEY}, "DATABASE_URL"),
        ({"MASTHEAD_SECRET_KEY": SECRET_KEY, "DATABASE_URL_WEB": "postgresql://u:p@127.0.0.1:1/x"}, "DATABASE_URL_WEB"),
        ({"MASTHEAD_SECRET_KEY": SECRET_KEY, "MASTHEAD_PORT": "80"}, "MASTHEAD_PORT"),
        ({"MASTHEAD_SECRET_KEY": SECRET_KEY, "PROVIDER_META_NONSENSE": "1"}, "PROVIDER_META_NONSENSE"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(environment: dict[str, str], words: str) -> None:
    done = start(environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) <= 201
    assert "Traceback" not in done.stderr


def test_a_taken_port_ends_the_start_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = start({"MASTHEAD_SECRET_KEY": SECRET_KEY, "MASTHEAD_PORT": str(taken.getsockname()[1])})
    assert done.returncode == 2
    assert "is taken" in done.stderr


@pytest.mark.servers
def test_the_program_serves_and_stops(
    committed_database: db.Database, program_environment: dict[str, str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    log = tmp_path / "log"
    environment = {**program_environment, "MASTHEAD_PORT": str(port)}
    with program([sys.executable, "-m", "console"], log, environment) as process:
        await_health(f"http://127.0.0.1:{port}/readyz", process, log)
        page = httpx.get(f"http://localhost:{port}/posts", timeout=10)
        assert "<title>Masthead</title>" in page.text
        assert page.headers["content-security-policy"]
        assert httpx.get(f"http://localhost:{port}/_stcore/metrics").status_code == 404
        httpx.get(f"http://localhost:{port}/oauth2callback?code=canary-code&state=canary-state")
    assert process.returncode in (0, -15)
    words = log.read_text()
    assert "canary" not in words
    assert SECRET_KEY not in words
    assert all(json.loads(line) for line in words.splitlines())


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console"],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
