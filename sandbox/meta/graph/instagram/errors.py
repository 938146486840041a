"""Errors of publishing to Instagram (meta 10.4)."""

from __future__ import annotations

from sandbox.meta.errors import GraphError


def not_permitted() -> GraphError:
    """A permission is missing (meta 10.2, code 10)."""
    return GraphError(10, "(#10) Application does not have permission for this action")


def data_access_expired() -> GraphError:
    """The person's 90 days are over: `instagram_*` isn't exempt (meta 2.7). The code is not documented [A]."""
    return GraphError(10, "(#10) Data access has expired. The person must authorize the application again")


def lacks_task() -> GraphError:
    """The person's role on the linked Page doesn't let them publish (meta 10.4, code 200)."""
    return GraphError(200, "(#200) The user lacks the Page task that publishing to the linked account requires")


def lacks_business_scope() -> GraphError:
    """The person's role comes from a portfolio, which takes a permission more (meta 2.9, 10.4, HTTP 403)."""
    return GraphError(200, "(#200) The user's role comes from a business: ads_management or ads_read is required")


def download_timeout() -> GraphError:
    """-2/2207003."""
    return GraphError(
        -2,
        "Timeout",
        2207003,
        user_title="Download timeout",
        user_message="It takes too long to download the media.",
    )


def download_failed() -> GraphError:
    """9004/2207052."""
    return GraphError(
        9004,
        "Only photo or video can be accepted as media type.",
        2207052,
        user_title="Media download has failed. The media URI doesn't meet our requirements.",
        user_message="The media could not be fetched from this URI.",
    )


def too_large() -> GraphError:
    """36000/2207004."""
    return GraphError(
        36000,
        "The image size is too large.",
        2207004,
        user_title="Image size too large",
        user_message="The image is too large to download. It should be less than 8 MiB.",
    )


def wrong_format() -> GraphError:
    """36001/2207005."""
    return GraphError(
        36001,
        "The image format is not supported.",
        2207005,
        user_title="Unsupported image format",
        user_message="The image format is not supported. Please use JPEG.",
    )


def wrong_ratio() -> GraphError:
    """36003/2207009."""
    return GraphError(
        36003,
        "The submitted image has an invalid aspect ratio.",
        2207009,
        user_title="Invalid aspect ratio",
        user_message="The aspect ratio must be between 4:5 and 1.91:1.",
    )


def caption_too_long() -> GraphError:
    """36004/2207010."""
    return GraphError(
        36004,
        "The submitted caption is too long.",
        2207010,
        user_title="Caption too long",
        user_message="A caption has at most 2,200 characters, 30 hashtags and 20 @ tags.",
    )


def too_many_tags() -> GraphError:
    """100/2207040."""
    return GraphError(100, "(#100) Cannot tag more than 20 people", 2207040)


def unknown_media_type(media_type: str) -> GraphError:
    """100/2207023."""
    return GraphError(100, f"(#100) The media type {media_type} is unknown", 2207023)


def not_ready() -> GraphError:
    """9007/2207027 (meta 5.4)."""
    return GraphError(
        9007,
        "Media ID is not available",
        2207027,
        user_title="Media Not Ready",
        user_message="The media is not ready for publishing, please wait for a moment",
    )


def container_gone() -> GraphError:
    """24/2207008: it failed, expired or never was (meta 5.8)."""
    return GraphError(
        24,
        "The requested resource does not exist",
        2207008,
        user_title="Media not found",
        user_message="The media builder does not exist or has expired.",
    )


def limit_reached() -> GraphError:
    """9/2207042: posts, or containers, of 24 hours."""
    return GraphError(
        9,
        "Application request limit reached",
        2207042,
        user_title="Limit reached",
        user_message="You reached the maximum number of posts that can be published within 24 hours.",
    )


def wrong_count_of_children() -> GraphError:
    """100/2207028."""
    return GraphError(
        100,
        "(#100) The carousel has a wrong number of items",
        2207028,
        user_title="Carousel needs 2 to 10 items",
        user_message="Carousels need at least 2 photos or videos and no more than 10.",
    )


def thumbnail_out_of_range() -> GraphError:
    """1/2207057; with a status of its own, since code 1 is elsewhere a failure of the server."""
    return GraphError(
        1, "Thumbnail offset must be greater than or equal to 0 and less than video duration", 2207057, status=400
    )


def cannot_delete() -> GraphError:
    """-1/2207073: a part of a carousel, say (meta 5.6)."""
    return GraphError(-1, "The media type is not supported for delete", 2207073, status=400)


def comment_refused(why: str) -> GraphError:
    """A comment against the rules of meta 11.4, whose code isn't documented [A]."""
    return GraphError(100, f"(#100) {why}")
