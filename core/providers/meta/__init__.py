"""Meta: Facebook Pages, connected by Facebook Login. What it needs and what isn't verified: README.md."""

from __future__ import annotations

from core.infra.redaction import conceal
from core.provider_kit.http import Http
from core.provider_kit.port import Provider
from core.providers.meta.facebook import FacebookPages, network
from core.providers.meta.graph import Graph
from core.providers.meta.oauth import FacebookLogin
from core.providers.meta.settings import MetaSettings


def build(environment: dict[str, str]) -> Provider:
    """The provider out of its `PROVIDER_META_*` settings. Raises SettingsInvalid."""
    settings = MetaSettings.load(environment)
    conceal(settings.client_secret.get_secret_value())
    graph = Graph(settings, Http([settings.graph_url], connect_timeout_s=settings.connect_timeout_s))
    facebook = network(settings)
    return Provider(
        key="meta",
        title="Facebook",
        icon=facebook.icon,
        configured=settings.configured,
        points_elsewhere=settings.points_elsewhere,
        networks={facebook.key: facebook},
        oauth=FacebookLogin(settings, graph),
        publishers={facebook.key: FacebookPages(settings, graph)},
    )
