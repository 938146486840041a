"""What can be made a container, and which parameters each kind has (meta 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.meta.containers import CAROUSEL, CAROUSEL_ITEM, IMAGE, PICTURE, REELS, STORIES, VIDEO
from sandbox.meta.errors import invalid, malformed
from sandbox.meta.graph.instagram.errors import unknown_media_type
from sandbox.meta.graph.request import GraphRequest, refuse_unknown

# Parameters that tell the kind itself.
TELLING: Final = frozenset({"media_type", "is_carousel_item"})
# Optional ones whose values are kept without acting on them.
KEPT: Final = frozenset(
    {
        "location_id",
        "user_tags",
        "product_tags",
        "collaborators",
        "is_ai_generated",
        "branded_content_sponsor_ids",
        "is_paid_partnership",
        "share_to_feed",
        "audio_name",
        "audio_configuration",
        "trial_params",
        "upload_type",
    }
)
_POST: Final = frozenset(
    {
        "caption",
        "location_id",
        "product_tags",
        "collaborators",
        "is_ai_generated",
        "branded_content_sponsor_ids",
        "is_paid_partnership",
    }
)
_REEL: Final = frozenset(
    {"cover_url", "thumb_offset", "share_to_feed", "audio_name", "audio_configuration", "trial_params"}
)
_BYTES: Final = frozenset({"video_url", "upload_type"})
_OPTIONAL: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    (IMAGE, PICTURE): _POST | {"image_url", "user_tags", "alt_text"},
    (CAROUSEL_ITEM, PICTURE): frozenset({"image_url", "user_tags", "alt_text"}),
    (CAROUSEL_ITEM, VIDEO): _BYTES | {"user_tags"},
    (CAROUSEL, ""): _POST | {"children"},
    (REELS, VIDEO): _BYTES | _POST | _REEL | {"user_tags"},
    (STORIES, PICTURE): frozenset({"image_url", "user_tags"}),
    (STORIES, VIDEO): frozenset({"video_url", "user_tags"}),
}
MEDIA_PARAMETERS: Final = TELLING | frozenset[str]().union(*_OPTIONAL.values())


@dataclass(frozen=True, slots=True)
class Kind:
    """What is to be made, and where its picture or video comes from: `url`, or bytes that are still to come."""

    name: str
    shows: str
    url: str | None
    resumable: bool = False


def read_kind(request: GraphRequest) -> Kind:
    """Tell the kind, and refuse parameters that it doesn't have."""
    name, shows = _told(request)
    refuse_unknown({key: "" for key in request.parameters if key in MEDIA_PARAMETERS}, _OPTIONAL[name, shows] | TELLING)
    if not shows:
        return Kind(name, shows, None)
    source = "image_url" if shows == PICTURE else "video_url"
    url, resumable = request.text(source), _resumable(request)
    if url is None and not resumable:
        raise malformed(f"The parameter {source} is required")
    if url is not None and resumable:
        raise malformed("Give video_url or upload_type=resumable, not both")
    return Kind(name, shows, url, resumable)


def _told(request: GraphRequest) -> tuple[str, str]:
    media_type, item = request.text("media_type") or "IMAGE", request.flag("is_carousel_item", False)
    if item and media_type in ("IMAGE", "VIDEO"):
        return CAROUSEL_ITEM, PICTURE if media_type == "IMAGE" else VIDEO
    if item:
        # Reels can't be in a carousel, nor can stories or other carousels.
        raise invalid(f"An item of a carousel can't be {media_type}")
    match media_type:
        case "IMAGE":
            return IMAGE, PICTURE
        case "CAROUSEL":
            return CAROUSEL, ""
        case "REELS":
            return REELS, VIDEO
        case "STORIES":
            return STORIES, VIDEO if request.text("video_url") else PICTURE
        case "VIDEO":
            raise invalid("The media type VIDEO is retired: single videos are REELS", 2207023)
        case _:
            raise unknown_media_type(media_type)


def _resumable(request: GraphRequest) -> bool:
    upload_type = request.text("upload_type")
    if upload_type not in (None, "resumable"):
        raise malformed("Param upload_type must be resumable")
    return upload_type is not None
