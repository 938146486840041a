"""The registry: every folder here is a provider, found by being here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from core.infra.settings import provider_environment
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import Network


@cache
def providers() -> dict[str, Provider]:
    """All providers by key. Each folder exports `build(environment)`, which gives one Provider or several.

    Several are the apps of one company that each have a grant, a redirect address and settings of their own.
    """
    keys = sorted(module.name for module in iter_modules(__path__) if module.ispkg)
    built = [import_module(f"{__name__}.{key}").build(provider_environment(key)) for key in keys]
    return {each.key: each for one in built for each in ([one] if isinstance(one, Provider) else one)}


def provider(key: str) -> Provider:
    """One provider. Raises KeyError for a key that has no folder."""
    return providers()[key]


def networks() -> dict[str, Network]:
    """All networks by key."""
    return {key: network for each in providers().values() for key, network in each.networks.items()}


def publisher(network: str) -> Publisher:
    """The publisher of a network. Raises KeyError for an unknown network."""
    return {key: each for one in providers().values() for key, each in one.publishers.items()}[network]
