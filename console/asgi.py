"""The console as an ASGI application: Streamlit behind our edge, warmed up before the first visitor comes.

python -m console                     # what the Procfile runs
uvicorn --factory console.asgi:application
"""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit.web.bootstrap import load_config_options

from console import feedback, identity, menu
from console.edge import Edge, EdgeFacts, WithoutQuery
from console.readiness import readiness
from console.shell import make_shell
from core import organizations, providers
from core.infra import db, logs
from core.infra.errors import SignedOut
from core.infra.settings import Settings
from core.organizations import queries
from core.organizations.cookie import claims_from, cookie_secret

SCRIPT: Final = Path(__file__).with_name("app.py")
POOL_SIZE: Final = 10
FOR_ONE: Final = 7  # a search through what one organization wrote may take long, and several people may search at once
_COLLECT_EVERY_S: Final = 60.0
_SCOPE: Final = "openid email profile"
# Any `max_age` obliges a service to say when it asked (OpenID Connect Core 2). Hardly a service remembers a browser for
# a year, so nobody is asked because of it; much more may overflow where it is added to the time in 32 bits.
_ANY_AGE_S: Final = 365 * 86_400
_LOG: Final = logging.getLogger(__name__)


def application() -> st.App:
    """Read the settings, connect this process and make the application. Raises SettingsInvalid."""
    settings = Settings.load()
    configure_logs(settings)
    db.connect(settings.program_url("web"), pool_size=POOL_SIZE, application="masthead-console", for_one=FOR_ONE)
    return create_app(settings)


def create_app(settings: Settings) -> st.App:
    """The application for these settings. The process has connected its database and configured its logs before."""
    facts = EdgeFacts(
        origin=settings.console_url,
        shell=make_shell(settings.ingest_url),
        may_fetch_media=lambda cookies: _signed_in(cookies, settings),
    )
    logging.getLogger("uvicorn.access").addFilter(WithoutQuery())
    # Authlib prefers a successor of httpx; Streamlit's own extra brings httpx, and works with it (CONSOLE 3).
    warnings.filterwarnings("ignore", message="The httpx module is deprecated")
    # Streamlit logs every uncaught exception before it calls our handler, which logs it with its incident id.
    logging.getLogger("streamlit.error_util").disabled = True
    app = st.App(
        SCRIPT,
        secrets=sign_in_settings(settings),
        lifespan=_lifespan,
        routes=[Route("/readyz", readiness(settings), methods=["GET"])],
        middleware=[Middleware(Edge, facts=facts)],
        on_script_error=feedback.on_script_error,
    )
    load_config_options(server_options(settings))
    return app


def sign_in_settings(settings: Settings) -> dict[str, Any]:
    """What st.login needs to know, empty while no identity provider is set."""
    if settings.oidc_metadata_url is None or settings.oidc_client_secret is None:
        return {}
    client = {
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "server_metadata_url": str(settings.oidc_metadata_url),
    }
    return {
        "auth": {
            "redirect_uri": f"{settings.console_url}/oauth2callback",
            "cookie_secret": cookie_secret(settings),
            identity.PROVIDER: {
                **client,
                "client_kwargs": {"scope": _SCOPE, "prompt": "select_account"},
                "authorize_params": {"max_age": str(_ANY_AGE_S)},
            },
            identity.AGAIN: {
                **client,
                "client_kwargs": {"scope": _SCOPE, "prompt": "login"},
                "authorize_params": {"max_age": "0"},
            },
        }
    }


def server_options(settings: Settings) -> dict[str, Any]:
    """Streamlit's options that depend on settings; the others are in .streamlit/config.toml.

    The secret stands here as well as with sign-in, because the cookie that carries a sign-in under way is keyed before
    Streamlit has read the latter: a restart would lose every sign-in in progress.
    """
    host = urlsplit(settings.console_url).hostname or "localhost"
    return {
        "server.cookieSecret": cookie_secret(settings),
        "server.port": settings.port,
        "server.allowedHosts": [host],
        "browser.serverAddress": host,
    }


def configure_logs(settings: Settings) -> None:
    """JSON lines that never hold this installation's secrets."""
    logs.configure("console", settings.log_level, secrets=settings.concealed())


def _signed_in(cookies: Mapping[str, str], settings: Settings) -> bool:
    claims = claims_from(cookies, settings)
    if claims is None:
        return False
    with suppress(SignedOut):
        return queries.signed_in(organizations.session_key(claims), identity.correlation_id()) is not None
    return False


@asynccontextmanager
async def _lifespan(app: st.App) -> AsyncIterator[None]:
    await asyncio.to_thread(warm_up)
    timer = asyncio.create_task(_collect_now_and_then())
    try:
        yield
    finally:
        timer.cancel()


def warm_up() -> None:
    """Import every page and read the registry before anybody waits for it, then take all of it out of GC's sight.

    Streamlit's full collection after every run is switched off (.streamlit/config.toml): with all libraries loaded it
    costs more than drawing a page. A timer collects instead.
    """
    menu.pages()
    providers.providers()
    gc.collect()
    gc.freeze()
    _LOG.info("console.warm", extra={"frozen": gc.get_freeze_count()})


async def _collect_now_and_then() -> None:
    while True:
        await asyncio.sleep(_COLLECT_EVERY_S)
        gc.collect()
