"""What the sandbox says of itself, as settings: apps, secrets, hosts and the OpenID provider."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import Any, Final

import httpx

from core import providers
from core.infra.settings import ProviderSettings

_OPENID: Final = "oidc"


def environments(sandbox_url: str) -> list[dict[str, str]]:
    """The settings that make each provider, and sign-in, use the sandbox: one group for each of its apps."""
    world = httpx.get(f"{sandbox_url}/_sandbox/world", timeout=10).raise_for_status().json()
    return [
        _sign_in(sandbox_url, app) if app["provider"] == _OPENID else _provider(sandbox_url, app)
        for app in world["apps"]
    ]


def _sign_in(sandbox_url: str, app: dict[str, Any]) -> dict[str, str]:
    return {
        "MASTHEAD_OIDC_METADATA_URL": f"{sandbox_url}/oidc/.well-known/openid-configuration",
        "MASTHEAD_OIDC_CLIENT_ID": app["client_id"],
        "MASTHEAD_OIDC_CLIENT_SECRET": app["client_secret"],
    }


def _provider(sandbox_url: str, app: dict[str, Any]) -> dict[str, str]:
    key = app["provider"]
    if key not in {module.name for module in iter_modules(providers.__path__)}:
        return {}
    secrets = {f"PROVIDER_{key.upper()}_{name.upper()}": app[name] for name in ("client_id", "client_secret")}
    return secrets | _settings_class(key).towards(sandbox_url, key)


def _settings_class(key: str) -> type[ProviderSettings]:
    module = import_module(f"{providers.__name__}.{key}.settings")
    return next(
        each
        for _name, each in getmembers(module, isclass)
        if issubclass(each, ProviderSettings) and each.__module__ == module.__name__
    )
