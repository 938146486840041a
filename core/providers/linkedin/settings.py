"""LinkedIn's settings, `PROVIDER_LINKEDIN_<NAME>`. What the specification could not verify is a setting with a default.

Two apps share hosts and version: a Community Management app must be the only product of its app (linkedin 2.9), so the
one that signs members in is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, SecretStr, ValidationError, field_validator

from core.infra.settings import ProviderSettings, SettingsInvalid
from core.provider_kit.configuring import base_address, one_line
from core.provider_kit.types import ApiVersion

API_URL: Final = "https://api.linkedin.com"
WWW_URL: Final = "https://www.linkedin.com"
# linkedin 1.2 [S]: the day each version goes; of versions that aren't here `version_ends` says it.
SUNSETS: Final[Mapping[str, date]] = {
    "202508": date(2026, 8, 17),
    "202509": date(2026, 9, 15),
    "202510": date(2026, 10, 15),
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202604": date(2027, 4, 15),
    "202605": date(2027, 5, 15),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
}

Seconds = Annotated[float, Field(gt=0, le=300)]
Scopes = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_]+( [a-zA-Z0-9_]+)*$")]


@dataclass(frozen=True, slots=True)
class App:
    """One developer app. `scopes`: what is asked of people, all or nothing (linkedin 2.1)."""

    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...]

    @property
    def configured(self) -> bool:
        """True when the operator has entered the app's id and secret."""
        return bool(self.client_id and self.client_secret.get_secret_value())


class LinkedInSettings(ProviderSettings):
    """Both apps. Each default names the line of `linkedin.md` it comes from; README lists the unverified ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    member_client_id: str = ""
    member_client_secret: SecretStr = SecretStr("")
    scopes: Scopes = "r_basicprofile rw_organization_admin w_organization_social r_organization_social w_member_social"
    member_scopes: Scopes = "openid profile email w_member_social"

    api_url: str = API_URL  # linkedin 1.1 [P]
    www_url: str = WWW_URL  # linkedin 1.1 [P]
    upload_url: str = WWW_URL  # linkedin 1.1 [S+]: where addresses for uploads may lead, and a token with them
    version: Annotated[str, Field(pattern=r"^20[0-9]{2}(0[1-9]|1[0-2])$")] = "202609"  # linkedin 1.2 [S+]
    version_ends: date = date(2027, 9, 15)  # linkedin 1.2: mid-month about a year after its release [G]
    consent_days: Annotated[int, Field(ge=1)] = 365  # linkedin 2.3: refreshing doesn't prolong it [P]
    upload_sends_token: bool = True  # linkedin 5.1: the sample does, others say it must not be needed
    logos: bool = True  # linkedin 3.3: logoV2 as an image URN [P]; reading it as an image [G]

    text_max: Annotated[int, Field(ge=1, le=100_000)] = 3_000  # linkedin 4.1 [S+]
    text_counter: Literal["codepoints", "utf16", "utf8"] = "utf16"  # linkedin 4.1 [S KDC]
    text_counts_escapes: bool = True  # linkedin 4.1: assume yes [S BB]
    text_fold_at: Annotated[int, Field(ge=1)] = 210  # where the feed shows "...more"; from looking, no source
    image_max_bytes: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000_000  # linkedin 5.1: none published [G]
    images_max: Annotated[int, Field(ge=1, le=20)] = 20  # linkedin 4.1, 5.4: 2 to 20 in one post [S+]
    image_poll_s: Seconds = 3  # linkedin 5.2: 2 to 5 s [S]
    image_grace_s: Seconds = 5  # linkedin 5.1: 2 to 5 s where the state can't be read [S]
    image_lives_s: Annotated[float, Field(ge=60)] = 86_400  # how long an unused upload stays of use: [G]
    title_max: Annotated[int, Field(ge=1)] = 399  # linkedin 4.1: an article's under 400 [S+]; of others nothing is said
    description_max: Annotated[int, Field(ge=1)] = 4_085  # linkedin 4.1: under 4,086 [S+]
    # linkedin 5.2: 75 KB to 500 MB [S+], of 1,000 or of 1,024; 5 GB were seen in the field [S], the smaller is safe
    video_min_bytes: Annotated[int, Field(ge=1)] = 75_000
    video_max_bytes: Annotated[int, Field(ge=1)] = 500_000_000
    video_covers: bool = True  # linkedin 5.2: how a thumbnail is uploaded [G]; false takes no cover
    video_sends_token: bool = False  # linkedin 5.2: a part's PUT needs none [S+]
    video_grace_s: Seconds = 15  # where a video's state can't be read: [G]
    document_max_bytes: Annotated[int, Field(ge=1)] = 100_000_000  # linkedin 5.3 [S+]
    document_timeout_s: Seconds = 90  # one call with a whole document, within the lease of its sender
    member_states: bool = False  # linkedin 5.1: a member's own images answer 403 [O]; of the rest nobody says
    poll_first_s: Seconds = 3  # linkedin 5.2, of videos and documents: 2 to 5 s, growing to 30 s [S]
    poll_longest_s: Seconds = 30
    upload_lives_s: Annotated[float, Field(ge=60)] = (
        86_400  # linkedin 5.2: addresses about 30 days [S]; unused files [G]
    )
    fresh_token_pause_s: Annotated[float, Field(ge=0, le=30)] = 5  # linkedin 2.2: a new token may need a moment [S]

    read_page_size: Annotated[int, Field(ge=1, le=100)] = 50  # linkedin 4.4: at most 100 [S+]
    read_pages_max: Annotated[int, Field(ge=1, le=100)] = 12
    comment_max: Annotated[int, Field(ge=1)] = 1_250  # linkedin 6.1: of their website [S], on no page of the documents
    comments_page_size: Annotated[int, Field(ge=1, le=100)] = 100  # linkedin 11: at most 100 assumed [S]
    comments_pages_max: Annotated[int, Field(ge=1, le=100)] = 20
    call_timeout_s: Seconds = 30
    prepare_timeout_s: Seconds = 45  # all invisible calls of one turn together, within the lease of the sender
    upload_timeout_s: Seconds = 60
    connect_timeout_s: Seconds = 5
    accounts_timeout_s: Seconds = 60

    @field_validator("api_url", "www_url", "upload_url")
    @classmethod
    def _base(cls, value: str) -> str:
        return base_address(value)

    @property
    def points_elsewhere(self) -> bool:
        """True when calls go to a stand-in and reach no real network."""
        return (self.api_url, self.www_url) != (API_URL, WWW_URL)

    @property
    def api(self) -> ApiVersion:
        """The version that is spoken and its end."""
        return ApiVersion(self.version, SUNSETS.get(self.version, self.version_ends), "PROVIDER_LINKEDIN_VERSION")

    @property
    def pages_app(self) -> App:
        """The app with Community Management."""
        return App(self.client_id, self.client_secret, tuple(self.scopes.split()))

    @property
    def member_app(self) -> App:
        """The app with Share on LinkedIn and Sign In with LinkedIn."""
        return App(self.member_client_id, self.member_client_secret, tuple(self.member_scopes.split()))

    @classmethod
    def load(cls, environment: dict[str, str]) -> LinkedInSettings:
        """Read `PROVIDER_LINKEDIN_*`. Raises SettingsInvalid with one line of at most 200 characters."""
        try:
            return cls.model_validate(environment)
        except ValidationError as error:
            raise SettingsInvalid(one_line("linkedin", error)) from None
