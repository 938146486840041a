"""Meta's settings, `PROVIDER_META_<NAME>`. What the specification could not verify is a setting with a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from core.infra.settings import ProviderSettings, SettingsInvalid
from core.provider_kit.configuring import base_address, one_line
from core.provider_kit.types import ApiVersion

GRAPH_URL: Final = "https://graph.facebook.com"
DIALOG_URL: Final = "https://www.facebook.com"
INSTAGRAM_URL: Final = "https://www.instagram.com"
VIDEO_URL: Final = "https://graph-video.facebook.com"
UPLOAD_URL: Final = "https://rupload.facebook.com"
# meta 1 [M:changelog]: until when each version can be used; later the oldest usable one answers instead [G].
ENDS: Final[Mapping[str, date]] = {
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}

Seconds = Annotated[float, Field(gt=0, le=300)]


class MetaSettings(ProviderSettings):
    """One Meta app. Each default names the line of `meta.md` it comes from; README lists the unverified ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    graph_url: str = GRAPH_URL
    dialog_url: str = DIALOG_URL
    instagram_url: str = INSTAGRAM_URL  # nothing is asked there; it is where people open an account
    video_url: str = VIDEO_URL  # meta 0.2: videos of a Page's feed [M:video-pub]
    upload_url: str = UPLOAD_URL  # meta 0.2: bytes of reels and video stories; Meta names the whole address [M:reels]
    api_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = "v26.0"  # meta 1 [M:changelog]
    api_version_ends: date | None = None  # meta 1: the end of v26.0 is not announced; two years are usual [M:changelog]
    login_config_id: Annotated[str, Field(pattern=r"^[0-9]*$")] = ""  # meta 2.1: Login for Business, spelling [G]
    business_pages: bool = True  # meta 2.4: Pages reached only through a Business portfolio [2:Postiz]
    page_pictures: bool = True  # the field picture{url} of a Page: [G], in no line of meta.md
    live_scopes: bool = True  # meta 2.9: permissions to comment, and to take away on Instagram, which Meta reviews [M]
    events: bool = False  # meta 8: whether the app is to be told of what happens; nothing in Masthead takes that in yet
    text_max: Annotated[int, Field(ge=1, le=1_000_000)] = 63_206  # meta 4.2 [2:Postiz]
    text_counter: Literal["codepoints", "utf16", "utf8"] = "utf16"  # unit unknown; never counts fewer than codepoints
    text_fold_at: Annotated[int, Field(ge=1)] = 477  # where the feed shows "See more"; from looking, no source
    read_page_size: Annotated[int, Field(ge=1, le=100)] = 50  # meta 11.1: at most 100 [M:feed]
    read_pages_max: Annotated[int, Field(ge=1, le=100)] = 12  # meta 11.1: about 600 posts a year are shown at all
    photo_max_bytes: Annotated[int, Field(ge=1)] = 4_000_000  # meta 6: 4 MB or 10 MB, CONFLICT; the smaller is safe [A]
    photo_alt_max: Annotated[int, Field(ge=0)] = 1_000  # meta 6: limit not found; Instagram's
    photos_max: Annotated[int, Field(ge=1, le=80)] = 10  # meta 14 row 20: no maximum found, ten is common
    title_max: Annotated[int, Field(ge=1)] = 255  # a video's title: in no line of meta.md
    # meta 6, 14 row 7: 10 GB and 240 min, or 2 GB and 40 min, all from others [2]; the smaller is safe
    video_max_bytes: Annotated[int, Field(ge=1)] = 2_000_000_000
    video_max_s: Annotated[float, Field(ge=1)] = 2_400
    page_reel_max_bytes: Annotated[int, Field(ge=1)] = 1_000_000_000  # meta 6: no size is stated
    page_fps_least: Annotated[float, Field(ge=1)] = 24  # meta 6: 24 [M:reels], Meta's sample says 23
    page_story_max_s: Annotated[float, Field(ge=3)] = 60  # meta 4.7: 60 or 90, CONFLICT; the smaller is safe [A]
    page_movies: bool = False  # meta 6: MP4 is recommended and no other named; true takes MOV as well
    upload_lives_s: Annotated[float, Field(gt=0, le=86_400)] = 84_600  # meta 14 row 20: 24 h [A]
    upload_timeout_s: Seconds = 90  # one call with bytes of a video, within the lease of its sender
    finish_again: bool = False  # whether a finish that had no effect may go out again by itself: in no line of meta.md
    comment_max: Annotated[int, Field(ge=1)] = 8_000  # meta 11.3 [G]
    instagram_comment_max: Annotated[int, Field(ge=1)] = 300  # meta 11.4: not re-verified
    photo_lives_s: Annotated[float, Field(gt=0, le=86_400)] = 84_600  # meta 4.4: deleted after about 24 h [M:photos]
    caption_max: Annotated[int, Field(ge=1, le=1_000_000)] = 2_200  # meta 5.7 [M:ig-media]
    caption_counter: Literal["codepoints", "utf16", "utf8"] = "utf16"  # unit unknown, as above
    caption_fold_at: Annotated[int, Field(ge=1)] = 125  # where the feed shows "more"; from looking, no source
    hashtags_max: Annotated[int, Field(ge=0)] = 30  # meta 5.7 [M:ig-media]
    mentions_max: Annotated[int, Field(ge=0)] = 20  # meta 5.7 [M:ig-media]
    daily_posts: Annotated[int, Field(ge=1)] = 50  # meta 5.5: 50 or 100 in 24 hours, CONFLICT; the smaller is safe
    image_max_bytes: Annotated[int, Field(ge=1)] = 8_000_000  # meta 5.7 [M:ig-media]: 8 MB; the error says 8 MiB
    tags_max: Annotated[int, Field(ge=1)] = 20  # meta 10.4: 100/2207040, more than 20 tags [M:ig-errors]
    reel_max_bytes: Annotated[int, Field(ge=1)] = 300_000_000  # meta 5.7: 300 MB or 1 GB, CONFLICT; the smaller is safe
    carousel_video_max_bytes: Annotated[int, Field(ge=1)] = 100_000_000  # meta 14 row 8: not on the current page
    carousel_video_max_s: Annotated[float, Field(ge=3)] = 60  # as above
    # meta 5.3: it expires after 24 h [M:ig-media]; an older one than 20 h isn't used, so that it never ends on the way.
    container_lives_s: Annotated[float, Field(gt=0, le=86_400)] = 72_000
    # meta 5.3: Meta's guide asks once a minute, its sample every 3 s; our client 2 s, 3 s, 5 s and on to 30 s [A]
    poll_first_s: Seconds = 2
    poll_longest_s: Seconds = 30
    # meta 12: FINISHED 1 to 2 minutes after the attempt is "not published". Reads begin 2 minutes before the attempt
    # (core.publishing.rules.LOOK_BACK), so this is 90 s after it; here it counts from where the read begins.
    repeat_after_s: Annotated[float, Field(ge=0)] = 210
    call_timeout_s: Seconds = 30
    prepare_timeout_s: Seconds = 45  # all invisible calls of one publication together, within the lease of its sender
    connect_timeout_s: Seconds = 5
    accounts_timeout_s: Seconds = 60

    @field_validator("graph_url", "dialog_url", "instagram_url", "video_url", "upload_url")
    @classmethod
    def _base(cls, value: str) -> str:
        return base_address(value)

    @property
    def points_elsewhere(self) -> bool:
        """True when calls go to a stand-in and reach no real network."""
        hosts = (self.graph_url, self.dialog_url, self.video_url, self.upload_url)
        return hosts != (GRAPH_URL, DIALOG_URL, VIDEO_URL, UPLOAD_URL)

    @property
    def api(self) -> ApiVersion | None:
        """The version that is spoken and its end, where that is known."""
        ends = self.api_version_ends or ENDS.get(self.api_version)
        return None if ends is None else ApiVersion(self.api_version, ends, "PROVIDER_META_API_VERSION")

    @classmethod
    def load(cls, environment: dict[str, str]) -> MetaSettings:
        """Read `PROVIDER_META_*`. Raises SettingsInvalid with one line of at most 200 characters."""
        try:
            return cls.model_validate(environment)
        except ValidationError as error:
            raise SettingsInvalid(one_line("meta", error)) from None
