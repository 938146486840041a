"""The town's settings, `PROVIDER_TOWN_<NAME>`."""

from __future__ import annotations

from typing import Final

from core.infra.settings import ProviderSettings

TOWN_URL: Final = "https://town.example"


class TownSettings(ProviderSettings):
    """One application at the town."""

    town_url: str = TOWN_URL
