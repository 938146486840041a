"""What the sandbox says of itself, as settings: apps, secrets, hosts, the OpenID provider and where mail is taken."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isclass
from typing import Any, Final

import httpx

from core import providers
from core.infra.settings import ProviderSettings

_OPENID: Final = "oidc"


def environments(sandbox_url: str) -> list[dict[str, str]]:
    """The settings that make each provider, sign-in and mail use the sandbox: a group for each folder, and for the two.

    A company's apps share its hosts, so they are one group: people who set one of its apps keep its real addresses.
    """
    world = httpx.get(f"{sandbox_url}/_sandbox/world", timeout=10).raise_for_status().json()
    groups: dict[str, dict[str, str]] = {}
    for app in world["apps"]:
        name = _OPENID if app["provider"] == _OPENID else providers.folder(app["provider"])
        if name is not None:
            own = _sign_in(sandbox_url, app) if name == _OPENID else _provider(sandbox_url, app, name)
            groups.setdefault(name, {}).update(own)
    return [*groups.values(), {"MASTHEAD_SMTP_URL": world["smtp_url"]}]


def _sign_in(sandbox_url: str, app: dict[str, Any]) -> dict[str, str]:
    return {
        "MASTHEAD_OIDC_METADATA_URL": f"{sandbox_url}/oidc/.well-known/openid-configuration",
        "MASTHEAD_OIDC_CLIENT_ID": app["client_id"],
        "MASTHEAD_OIDC_CLIENT_SECRET": app["client_secret"],
    }


def _provider(sandbox_url: str, app: dict[str, Any], folder: str) -> dict[str, str]:
    prefix = f"PROVIDER_{app['provider'].upper()}"
    secrets = {f"{prefix}_{name.upper()}": app[name] for name in ("client_id", "client_secret")}
    return secrets | _settings_class(folder).towards(sandbox_url, folder)


def _settings_class(folder: str) -> type[ProviderSettings]:
    module = import_module(f"{providers.__name__}.{folder}.settings")
    return next(
        each
        for _name, each in getmembers(module, isclass)
        if issubclass(each, ProviderSettings) and each.__module__ == module.__name__
    )
