"""The registry: every folder here is a provider, found by being here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from core.infra.settings import provider_environment
from core.provider_kit.port import Live, Provider, Publisher
from core.provider_kit.types import Network


@cache
def providers() -> dict[str, Provider]:
    """All providers by key. Each folder exports `build(environment)`, which gives one Provider or several.

    Several are the apps of one company that each have a grant, a redirect address and settings of their own; their keys
    begin with the folder's name, so that `PROVIDER_<KEY>_<NAME>` is a setting of that folder.
    """
    built = [import_module(f"{__name__}.{name}").build(provider_environment(name)) for name in folders()]
    return {each.key: each for one in built for each in ([one] if isinstance(one, Provider) else one)}


def folders() -> list[str]:
    """The names of the folders here."""
    return sorted(module.name for module in iter_modules(__path__) if module.ispkg)


def folder(key: str) -> str | None:
    """The folder that a provider's key belongs to; None for a key that has none."""
    return next((name for name in reversed(folders()) if key == name or key.startswith(f"{name}_")), None)


def provider(key: str) -> Provider:
    """One provider. Raises KeyError for a key that has no folder."""
    return providers()[key]


def networks() -> dict[str, Network]:
    """All networks by key."""
    return {key: network for each in providers().values() for key, network in each.networks.items()}


def named(account: str, network: str) -> str:
    """An account's name with its network's, as sentences say it: a company is called the same on several of them."""
    known = networks().get(network)
    # Its folder may have been taken out of this installation.
    return f"{account} ({known.title if known else network.capitalize()})"


def publisher(network: str) -> Publisher:
    """The publisher of a network. Raises KeyError for an unknown network."""
    return {key: each for one in providers().values() for key, each in one.publishers.items()}[network]


def live(network: str) -> Live:
    """What can be done to live posts of a network. Raises KeyError where nothing can."""
    return {key: each for one in providers().values() for key, each in one.live.items()}[network]
