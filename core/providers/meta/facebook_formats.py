"""The forms a post of a Facebook Page may have (meta 4.2 to 4.7, 6). Data; what isn't verified is a setting."""

from __future__ import annotations

from core.provider_kit.types import FEED, Format, ImageRules, Option, VideoRules
from core.providers.meta.settings import MetaSettings

REEL = "reel"
STORY = "story"
_REEL_CODECS = ("h264", "hevc", "vp9", "av1")


def formats(settings: MetaSettings) -> tuple[Format, ...]:
    """Post, reel and story."""
    return (
        Format(
            FEED,
            "Post",
            words="In the Page's feed: text, a link, photos, or one video.",
            files=(0, settings.photos_max),
            images=images(settings),
            videos=_feed_videos(settings),
            takes_link=True,
            options=(_title(settings),),
            source="meta 4.2 [M:feed], 4.4 [M:photos], 4.5 [M:videos]; the number of photos is unverified [G]",
        ),
        Format(
            REEL,
            "Reel",
            words="An upright video of at most 90 seconds.",
            files=(1, 1),
            videos=_upright_videos(
                settings, (3, 90), settings.page_reel_max_bytes, "meta 6 [M:reels]; size unverified"
            ),
            options=(_title(settings),),
            source="meta 4.6 [M:reels]",
        ),
        Format(
            STORY,
            "Story",
            words="A photo or an upright video that is gone after 24 hours.",
            files=(1, 1),
            images=images(settings),
            videos=_upright_videos(
                settings,
                (3, settings.page_story_max_s),
                settings.page_reel_max_bytes,
                "meta 4.7, 6 [M:stories]; length in CONFLICT, size unverified",
            ),
            takes_text=False,
            takes_comments=False,
            source="meta 4.7 [M:stories]",
        ),
    )


def images(settings: MetaSettings) -> ImageRules:
    """What a photo may be, in a post and in a story."""
    return ImageRules(
        mimes=("image/jpeg", "image/png"),
        max_bytes=settings.photo_max_bytes,
        max_alt=settings.photo_alt_max,
        source="meta 6 [M:photos]; size in CONFLICT, length of the description unverified",
    )


def _feed_videos(settings: MetaSettings) -> VideoRules:
    return VideoRules(
        mimes=_mimes(settings),
        max_bytes=settings.video_max_bytes,
        duration_s=(1, settings.video_max_s),
        source="meta 6, 14 row 7 [2]: figures of others",
    )


def _upright_videos(settings: MetaSettings, duration_s: tuple[float, float], most: int, source: str) -> VideoRules:
    return VideoRules(
        mimes=_mimes(settings),
        max_bytes=most,
        duration_s=duration_s,
        ratio=(0.55, 0.58),  # 9:16, and the pixel that encoders cut off
        min_width=540,
        min_height=960,
        codecs=_REEL_CODECS,
        audio_codecs=("aac",),
        frame_rate=(settings.page_fps_least, 60),
        source=source,
    )


def _mimes(settings: MetaSettings) -> tuple[str, ...]:
    return ("video/mp4", "video/quicktime") if settings.page_movies else ("video/mp4",)


def _title(settings: MetaSettings) -> Option:
    return Option(
        "title",
        "Title",
        "line",
        words="Shown with the video.",
        most=settings.title_max,
        source="meta 4.5 [M:videos], 4.6 [M:reels]; its length is unverified",
        of=("video",),
    )
