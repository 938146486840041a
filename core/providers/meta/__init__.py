"""Meta: Facebook Pages and Instagram accounts, connected by Facebook Login. What isn't verified: README.md."""

from __future__ import annotations

from functools import partial

from core.infra.redaction import conceal
from core.provider_kit.http import Http
from core.provider_kit.port import Provider
from core.provider_kit.throttle import Limits
from core.providers.meta import facebook, instagram
from core.providers.meta.diagnosis import MetaDiagnosis
from core.providers.meta.facebook_live import FacebookLive
from core.providers.meta.failures import FACEBOOK, INSTAGRAM, explained
from core.providers.meta.graph import Graph
from core.providers.meta.instagram_live import InstagramLive
from core.providers.meta.oauth import FacebookLogin
from core.providers.meta.open_facts import verifier
from core.providers.meta.settings import MetaSettings
from core.providers.meta.tokens import MetaTokens

LIMITS = Limits(regain_after_s=(300.0, 900.0, 3600.0), source="meta 9 [M:rate best practices + A]")


def build(environment: dict[str, str]) -> Provider:
    """The provider out of its `PROVIDER_META_*` settings. Raises SettingsInvalid."""
    settings = MetaSettings.load(environment)
    conceal(settings.client_secret.get_secret_value())
    http = Http(
        [settings.graph_url, settings.video_url, settings.upload_url], connect_timeout_s=settings.connect_timeout_s
    )
    graph, of_instagram = Graph(settings, http), Graph(settings, http, INSTAGRAM)
    login = FacebookLogin(settings, graph)
    dialog = Http([settings.dialog_url], connect_timeout_s=settings.connect_timeout_s)
    pages, profiles = facebook.network(settings), instagram.network(settings)
    return Provider(
        key="meta",
        title="Facebook and Instagram",
        icon=pages.icon,
        configured=settings.configured,
        points_elsewhere=settings.points_elsewhere,
        networks={pages.key: pages, profiles.key: profiles},
        oauth=login,
        limits=LIMITS,
        api=settings.api,
        tokens=MetaTokens(graph),
        publishers={
            pages.key: facebook.FacebookPages(settings, graph),
            profiles.key: instagram.InstagramAccounts(settings, of_instagram),
        },
        live={pages.key: FacebookLive(graph), profiles.key: InstagramLive(of_instagram)},
        explain={pages.key: partial(explained, FACEBOOK), profiles.key: partial(explained, INSTAGRAM)},
        diagnosis=MetaDiagnosis(settings, graph, login, dialog),
        verification=verifier(settings, graph),
    )
