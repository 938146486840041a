"""What hangs on a post: exactly one of a picture, several pictures, an article (linkedin 4.1).

Videos, documents, polls and carousels aren't offered here: no id of them can be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.ledger import Media
from sandbox.linkedin.errors import bad_input, missing_field
from sandbox.linkedin.facts import ALT_TEXT_LIMIT, ARTICLE_TITLE_LIMIT, DESCRIPTION_LIMIT, IMAGES_MAX, IMAGES_MIN
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.uploads import usable

KINDS = ("media", "multiImage", "article")
IMAGE_FIELDS = ("id", "altText", "title")
ARTICLE_FIELDS = ("source", "title", "description", "thumbnail", "thumbnailAltText")
REFUSED_URNS = {"urn:li:video:": "INVALID_VIDEO_ID", "urn:li:document:": "INVALID_URN_ID"}


@dataclass(frozen=True, slots=True)
class Content:
    """Checked content: what followers see of it. `urn_kind` is share or ugcPost [G]."""

    media: tuple[Media, ...] = ()
    link: str | None = None
    urn_kind: str = "share"


def read_content(request: RestRequest, account_id: str) -> Content:
    """The body's `content`, if it has one."""
    content = fields.record(request.body, "content")
    if not content:
        return Content()
    fields.only_known(content, KINDS, "/content")
    if len(content) != 1:
        raise fields.wrong("content", f"must have exactly one of {', '.join(KINDS)}")
    if (one := fields.record(content, "media", "content.")) is not None:
        return Content(media=(_image(request, one, account_id, "content/media"),))
    if (several := fields.record(content, "multiImage", "content.")) is not None:
        return _images(request, several, account_id)
    return _article(request, fields.record(content, "article", "content.") or {}, account_id)


def _image(request: RestRequest, values: Mapping[str, Any], account_id: str, path: str) -> Media:
    fields.only_known(values, IMAGE_FIELDS, f"/{path}")
    image_id = fields.needed(values, "id", path=f"{path}/")
    alt = fields.text(values, "altText", most=ALT_TEXT_LIMIT, path=f"{path}/") or ""
    for prefix, code in REFUSED_URNS.items():
        if image_id.startswith(prefix):
            raise bad_input(code, f"{path}/id", f"There is no {image_id}")
    image = usable(request, image_id, account_id, f"{path}/id")
    return Media("image", image.sha256 or "", alt)


def _images(request: RestRequest, values: Mapping[str, Any], account_id: str) -> Content:
    """2 to 20; the order of the list is the order shown (5.4)."""
    path = "content/multiImage"
    fields.only_known(values, ("images",), f"/{path}")
    images = fields.items(values, "images", f"{path}/")
    if not IMAGES_MIN <= len(images) <= IMAGES_MAX:
        raise fields.wrong(f"{path}/images", f"must have {IMAGES_MIN} to {IMAGES_MAX} images")
    media = []
    for place, image in enumerate(images):
        if not isinstance(image, Mapping):
            raise fields.wrong(f"{path}/images[{place}]", "must be a record")
        media.append(_image(request, image, account_id, f"{path}/images[{place}]"))
    return Content(media=tuple(media), urn_kind="ugcPost")


def _article(request: RestRequest, values: Mapping[str, Any], account_id: str) -> Content:
    """A link with its card, which LinkedIn never fetches by itself."""
    path = "content/article/"
    fields.only_known(values, ARTICLE_FIELDS, "/content/article")
    source = fields.needed(values, "source", path=path)
    fields.needed(values, "title", most=ARTICLE_TITLE_LIMIT, path=path)
    fields.text(values, "description", most=DESCRIPTION_LIMIT, path=path)
    alt = fields.text(values, "thumbnailAltText", most=DESCRIPTION_LIMIT, path=path) or ""
    address = urlsplit(source)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise bad_input("INVALID_URL", f"{path}source", f"{source} is no URL")
    thumbnail = fields.text(values, "thumbnail", path=path)
    if thumbnail is None:
        if alt:
            raise missing_field(f"{path}thumbnail")
        return Content(link=source)
    image = usable(request, thumbnail, account_id, f"{path}thumbnail")
    return Content(media=(Media("image", image.sha256 or "", alt),), link=source)
