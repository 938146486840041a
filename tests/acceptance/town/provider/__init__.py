"""The Town Crier: halls that post, connected by a consent of its own."""

from __future__ import annotations

from core.providers.town.oauth import TownLogin
from core.providers.town.publisher import Halls
from core.providers.town.settings import TOWN_URL, TownSettings

from core.provider_kit.http import Http
from core.provider_kit.port import Provider
from core.provider_kit.types import Network, TextRules

NETWORK = Network(
    key="town",
    title="Town Crier",
    icon=":material/campaign:",
    color="#7A4B00",
    text=TextRules("graphemes", 280, source="the town's bylaw 3"),
    takes_link=False,
)


def build(environment: dict[str, str]) -> Provider:
    """The provider out of its `PROVIDER_TOWN_*` settings."""
    settings = TownSettings.model_validate(environment)
    http = Http([settings.town_url])
    return Provider(
        key="town",
        title="Town Crier",
        icon=NETWORK.icon,
        configured=settings.configured,
        points_elsewhere=settings.town_url != TOWN_URL,
        networks={NETWORK.key: NETWORK},
        oauth=TownLogin(settings, http),
        publishers={NETWORK.key: Halls(NETWORK, settings, http)},
    )
