"""The forms a post on LinkedIn may have (linkedin 4.1, 5). Data; what isn't verified is a setting."""

from __future__ import annotations

from core.provider_kit.types import FEED, DocumentRules, Format, ImageRules, Option, VideoRules
from core.providers.linkedin.settings import LinkedInSettings

DOCUMENT = "document"
POLL = "poll"
TITLE = "title"
DESCRIPTION = "description"
LONGEST_QUESTION = 140  # linkedin 4.1 [S+]
LONGEST_ANSWER = 30  # linkedin 4.1 [S+]
# Days -> LinkedIn's word for how long a poll runs (linkedin 4.1 [S+]).
DURATIONS = {1: "ONE_DAY", 3: "THREE_DAYS", 7: "SEVEN_DAYS", 14: "FOURTEEN_DAYS"}


def formats(settings: LinkedInSettings) -> tuple[Format, ...]:
    """Post, document and poll."""
    return (
        Format(
            FEED,
            "Post",
            words="In the feed: text, a link's card, images, or one video.",
            files=(0, settings.images_max),
            images=images(settings),
            videos=_videos(settings),
            takes_link=True,
            covers=_covers(settings) if settings.video_covers else None,
            options=(
                Option(
                    TITLE,
                    "Title",
                    "line",
                    words="Shown on a link's card, and with a video.",
                    most=settings.title_max,
                    source="linkedin 4.1 [S+]: an article's is under 400; of a video's nothing is said",
                    of=("link", "video"),
                ),
                Option(
                    DESCRIPTION,
                    "Description",
                    "text",
                    words="Goes with a link's card.",
                    most=settings.description_max,
                    source="linkedin 4.1 [S+]: under 4,086",
                    of=("link",),
                ),
            ),
            source="linkedin 4.1 [S+]; 2 to 20 images, 5.4 [S+]",
        ),
        Format(
            DOCUMENT,
            "Document",
            words="A PDF, Word or PowerPoint file to leaf through.",
            files=(1, 1),
            documents=_documents(settings),
            options=(
                Option(
                    TITLE,
                    "Title",
                    "line",
                    words="The name of the document, which LinkedIn shows above it.",
                    required=True,
                    most=settings.title_max,
                    source="linkedin 4.1, 5.3 [S+]: required; its length is unverified",
                ),
            ),
            source="linkedin 4.1, 5.3 [S+]",
        ),
        Format(
            POLL,
            "Poll",
            words="A question with 2 to 4 answers of at most 30 characters. It can't be changed once it is live.",
            files=(0, 0),
            options=(Option(POLL, "Poll", "poll", required=True, most=LONGEST_QUESTION, source="linkedin 4.1 [S+]"),),
            source="linkedin 4.1 [S+]",
        ),
    )


def images(settings: LinkedInSettings) -> ImageRules:
    """What an image may be, alone and beside others."""
    return ImageRules(
        mimes=("image/jpeg", "image/png"),
        max_bytes=settings.image_max_bytes,
        max_pixels=36_152_319,
        max_alt=4_086,
        source="linkedin 4.1, 5.1 [S+]; the bytes are unpublished [G]",
    )


def _covers(settings: LinkedInSettings) -> ImageRules:
    return ImageRules(
        mimes=("image/jpeg", "image/png"),
        max_bytes=settings.image_max_bytes,
        source="linkedin 5.2 [G]: a thumbnail is JPG or PNG",
    )


def _videos(settings: LinkedInSettings) -> VideoRules:
    return VideoRules(
        mimes=("video/mp4",),
        max_bytes=settings.video_max_bytes,
        duration_s=(3, 1_800),
        source="linkedin 5.2 [S+]; 5 GB were seen in the field [S]",
        min_bytes=settings.video_min_bytes,
    )


def _documents(settings: LinkedInSettings) -> DocumentRules:
    return DocumentRules(
        mimes=(
            "application/pdf",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        max_bytes=settings.document_max_bytes,
        max_pages=300,
        source="linkedin 5.3 [S+]",
    )
