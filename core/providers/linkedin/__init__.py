"""LinkedIn: Pages and profiles, by two apps of LinkedIn's. What they need and what isn't verified: README.md."""

from __future__ import annotations

from datetime import timedelta

from core.infra.redaction import conceal
from core.provider_kit.http import Http
from core.provider_kit.port import Provider
from core.provider_kit.throttle import Limits
from core.providers.linkedin.diagnosis import LinkedInDiagnosis
from core.providers.linkedin.failures import explained
from core.providers.linkedin.live import LinkedInLive
from core.providers.linkedin.oauth import LinkedInLogin
from core.providers.linkedin.open_facts import verifier
from core.providers.linkedin.posts import LinkedInPosts, network
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import App, LinkedInSettings
from core.providers.linkedin.tokens import LinkedInTokens

LIMITS = Limits(
    # "1, 2, 4 ... 60 s, at most 5 tries, then as daily"; an hour stands for the day, for a wrong guess costs no more.
    regain_after_s=(2.0, 4.0, 8.0, 16.0, 60.0, 3600.0),
    source="linkedin 9",
)


def build(environment: dict[str, str]) -> list[Provider]:
    """Both apps out of the `PROVIDER_LINKEDIN_*` settings; either works alone. Raises SettingsInvalid.

    They reach the same network by the same calls, so they share its publisher and what comes after.
    """
    settings = LinkedInSettings.load(environment)
    http = Http([settings.api_url, settings.www_url, settings.upload_url], connect_timeout_s=settings.connect_timeout_s)
    rest = Rest(settings, http)
    linkedin = network(settings)
    posts, live = LinkedInPosts(settings, rest), LinkedInLive(settings, rest)

    def provider(key: str, title: str, app: App) -> Provider:
        conceal(app.client_secret.get_secret_value())
        login = LinkedInLogin(settings, rest, app)
        return Provider(
            key=key,
            title=title,
            icon=linkedin.icon,
            configured=app.configured,
            points_elsewhere=settings.points_elsewhere,
            networks={linkedin.key: linkedin},
            oauth=login,
            publishers={linkedin.key: posts},
            live={linkedin.key: live},
            explain={linkedin.key: explained},
            diagnosis=LinkedInDiagnosis(key, settings, rest, login, app, http),
            verification=verifier(settings, rest, app),
            limits=LIMITS,
            api=settings.api,
            consent_lasts=timedelta(days=settings.consent_days),
            tokens=LinkedInTokens(rest, app),
        )

    return [
        provider("linkedin", "LinkedIn Pages", settings.pages_app),
        provider("linkedin_member", "LinkedIn profile", settings.member_app),
    ]
