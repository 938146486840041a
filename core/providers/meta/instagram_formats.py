"""The forms a post of an Instagram account may have (meta 5.1, 5.7). Data; what isn't verified is a setting."""

from __future__ import annotations

from core.provider_kit.types import FEED, Format, ImageRules, Option, VideoRules
from core.providers.meta.settings import MetaSettings

CAROUSEL = "carousel"
REEL = "reel"
STORY = "story"
COLLABORATORS = "collaborators"
TAGS = "user_tags"
THUMB_OFFSET = "thumb_offset"
SHARE_TO_FEED = "share_to_feed"
_SOURCE = "meta 5.7 [M:ig-media]"


def formats(settings: MetaSettings) -> tuple[Format, ...]:
    """Post, carousel, reel and story."""
    return (
        Format(
            FEED,
            "Post",
            words="One image in the feed.",
            files=(1, 1),
            images=images(settings),
            options=(_collaborators(), _tags(settings)),
            source="meta 5.1 [M:ig-media]",
        ),
        Format(
            CAROUSEL,
            "Carousel",
            words="2 to 10 images and videos to leaf through, all cropped as the first one is.",
            files=(2, 10),
            images=images(settings),
            videos=_videos(
                settings.carousel_video_max_bytes,
                (3, settings.carousel_video_max_s),
                (0.01, 10),
                "meta 14 row 8 [A]: codecs as a reel's; size and length are not on the current page [2]",
            ),
            videos_most=10,
            mixed=True,
            options=(_collaborators(), _tags(settings)),
            source="meta 5.1 [M:ig-media], 5.7 [M:ig-errors]",
        ),
        Format(
            REEL,
            "Reel",
            words="One video, best upright.",
            files=(1, 1),
            videos=_videos(settings.reel_max_bytes, (3, 900), (0.01, 10), f"{_SOURCE}; size in CONFLICT"),
            covers=ImageRules(mimes=("image/jpeg",), max_bytes=settings.image_max_bytes, source=_SOURCE),
            options=(
                Option(
                    SHARE_TO_FEED,
                    "Show in the feed too",
                    "switch",
                    words="Otherwise it is only among the reels.",
                    default=True,
                    source="meta 5.1 [M:ig-media]",
                ),
                Option(
                    THUMB_OFFSET,
                    "Moment of the cover",
                    "moment",
                    words="The picture at this moment stands for the reel, unless there is a cover.",
                    source="meta 5.1 [M:ig-media]",
                    of=("video",),
                ),
                _collaborators(),
                _tags(settings),
            ),
            source="meta 5.1 [M:ig-media]",
        ),
        Format(
            STORY,
            "Story",
            words="An image or a video that is gone after 24 hours.",
            files=(1, 1),
            images=ImageRules(mimes=("image/jpeg",), max_bytes=settings.image_max_bytes, source=_SOURCE),
            videos=_videos(100_000_000, (3, 60), (0.1, 10), _SOURCE),
            takes_text=False,
            takes_comments=False,
            options=(_tags(settings),),
            source="meta 5.1 [M:ig-media]",
        ),
    )


def images(settings: MetaSettings) -> ImageRules:
    """What an image may be, in a post and in a carousel."""
    return ImageRules(
        mimes=("image/jpeg",),
        max_bytes=settings.image_max_bytes,
        ratio=(0.8, 1.91),
        min_width=320,
        max_width=1440,
        max_alt=1000,
        source=_SOURCE,
    )


def _videos(most: int, duration_s: tuple[float, float], ratio: tuple[float, float], source: str) -> VideoRules:
    return VideoRules(
        mimes=("video/mp4", "video/quicktime"),
        max_bytes=most,
        duration_s=duration_s,
        ratio=ratio,
        max_width=1920,
        codecs=("h264", "hevc"),
        audio_codecs=("aac",),
        frame_rate=(23, 60),
        bit_rate=25_000_000,
        source=source,
        plain=True,
    )


def _collaborators() -> Option:
    return Option(
        COLLABORATORS,
        "Collaborators",
        "people",
        words="Up to 3 accounts that are asked to show the post as theirs too.",
        most=3,
        source="meta 5.1 [M:ig-media]",
    )


def _tags(settings: MetaSettings) -> Option:
    return Option(
        TAGS,
        "Tagged accounts",
        "tags",
        words="Accounts that are in it; on an image with their place.",
        most=settings.tags_max,
        source="meta 5.1 [M:ig-media], 10.4 [M:ig-errors]",
        of=("image", "video"),
    )
