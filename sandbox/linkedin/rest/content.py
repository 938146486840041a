"""What hangs on a post: exactly one of a picture, video or document, several pictures, an article, a poll (4.1).

Carousels aren't offered: they are for sponsored posts alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.ledger import Media, Poll
from sandbox.linkedin.assets import Asset, AssetKind
from sandbox.linkedin.errors import bad_input, missing_field
from sandbox.linkedin.facts import (
    ALT_TEXT_LIMIT,
    ARTICLE_TITLE_LIMIT,
    DESCRIPTION_LIMIT,
    IMAGES_MAX,
    IMAGES_MIN,
    POLL_DURATIONS_S,
    POLL_OPTION_LIMIT,
    POLL_OPTIONS_MAX,
    POLL_OPTIONS_MIN,
    POLL_QUESTION_LIMIT,
    VOTE_SELECTION,
)
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.uploads import usable

KINDS = ("media", "multiImage", "article", "poll")
MEDIA_FIELDS = ("id", "altText", "title")
ARTICLE_FIELDS = ("source", "title", "description", "thumbnail", "thumbnailAltText")
POLL_FIELDS = ("question", "options", "settings")
SETTINGS_FIELDS = ("duration", "voteSelectionType", "isVoterVisibleToAuthor")
SHARE, UGC_POST = "share", "ugcPost"


@dataclass(frozen=True, slots=True)
class Content:
    """Checked content: what followers see of it, how the post keeps it, and the assets that it waits for.

    `urn_kind` is share for text, a picture or an article, ugcPost for the rest [G].
    """

    media: tuple[Media, ...] = ()
    link: str | None = None
    poll: Poll | None = None
    urn_kind: str = SHARE
    kept: Mapping[str, Any] | None = None
    assets: tuple[Asset, ...] = ()

    def live_at(self, now: float) -> float | None:
        """When followers see it: at once, or when all assets are ready; never when one of them can't be (5.1)."""
        if any(asset.failing or asset.trouble for asset in self.assets):
            return None
        return max([now, *(asset.ready_at for asset in self.assets)])


def read_content(request: RestRequest, account_id: str) -> Content:
    """The body's `content`, if it has one."""
    content = fields.record(request.body, "content")
    if not content:
        return Content()
    fields.only_known(content, KINDS, "/content")
    if len(content) != 1:
        raise fields.wrong("content", f"must have exactly one of {', '.join(KINDS)}")
    if (one := fields.record(content, "media", "content.")) is not None:
        return _media(request, one, account_id)
    if (several := fields.record(content, "multiImage", "content.")) is not None:
        return _images(request, several, account_id)
    if (poll := fields.record(content, "poll", "content.")) is not None:
        return _poll(request, poll)
    return _article(request, fields.record(content, "article", "content.") or {}, account_id)


def _media(request: RestRequest, values: Mapping[str, Any], account_id: str) -> Content:
    """One picture, video or document, told by its URN. A document must have a title."""
    path = "content/media"
    asset_id = fields.needed(values, "id", path=f"{path}/")
    kind = next((kind for kind in AssetKind if asset_id.startswith(kind.urn)), None)
    if kind is None:
        raise bad_input("INVALID_URN_TYPE", f"{path}/id", f"{asset_id} is no image, video or document")
    if kind is AssetKind.DOCUMENT:
        fields.needed(values, "title", path=f"{path}/")
    shown, asset = _asset(request, kind, values, account_id, path)
    return Content(media=(shown,), urn_kind=SHARE if kind is AssetKind.IMAGE else UGC_POST, assets=(asset,))


def _asset(
    request: RestRequest, kind: AssetKind, values: Mapping[str, Any], account_id: str, path: str
) -> tuple[Media, Asset]:
    fields.only_known(values, MEDIA_FIELDS, f"/{path}")
    asset_id = fields.needed(values, "id", path=f"{path}/")
    alt = fields.text(values, "altText", most=ALT_TEXT_LIMIT, path=f"{path}/") or ""
    title = fields.text(values, "title", path=f"{path}/") or ""
    asset = usable(request, kind, asset_id, account_id, f"{path}/id")
    return Media(kind, asset.sha256 or "", alt, title), asset


def _images(request: RestRequest, values: Mapping[str, Any], account_id: str) -> Content:
    """2 to 20; the order of the list is the order shown (5.4)."""
    path = "content/multiImage"
    fields.only_known(values, ("images",), f"/{path}")
    images = fields.items(values, "images", f"{path}/")
    if not IMAGES_MIN <= len(images) <= IMAGES_MAX:
        raise fields.wrong(f"{path}/images", f"must have {IMAGES_MIN} to {IMAGES_MAX} images")
    read = [
        _asset(
            request, AssetKind.IMAGE, _record(image, f"{path}/images[{place}]"), account_id, f"{path}/images[{place}]"
        )
        for place, image in enumerate(images)
    ]
    media, assets = zip(*read, strict=True)
    return Content(media=media, urn_kind=UGC_POST, assets=assets)


def _record(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise fields.wrong(path, "must be a record")
    return value


def _article(request: RestRequest, values: Mapping[str, Any], account_id: str) -> Content:
    """A link with its card, which LinkedIn never fetches by itself."""
    path = "content/article/"
    fields.only_known(values, ARTICLE_FIELDS, "/content/article")
    source = fields.needed(values, "source", path=path)
    title = fields.needed(values, "title", most=ARTICLE_TITLE_LIMIT, path=path)
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
    image = usable(request, AssetKind.IMAGE, thumbnail, account_id, f"{path}thumbnail")
    return Content(media=(Media("image", image.sha256 or "", alt, title),), link=source, assets=(image,))


def _poll(request: RestRequest, values: Mapping[str, Any]) -> Content:
    """A question with 2 to 4 answers, one vote each; whoever made it sees who voted."""
    path = "content/poll/"
    fields.only_known(values, POLL_FIELDS, "/content/poll")
    question = fields.needed(values, "question", most=POLL_QUESTION_LIMIT, path=path)
    options = _options(values, f"{path}options")
    settings = fields.record(values, "settings", path)
    if settings is None:
        raise missing_field(f"{path}settings")
    fields.only_known(settings, SETTINGS_FIELDS, "/content/poll/settings")
    duration = fields.one_of(settings, "duration", tuple(POLL_DURATIONS_S), f"{path}settings/")
    if settings.get("voteSelectionType", VOTE_SELECTION) != VOTE_SELECTION:
        raise fields.wrong(f"{path}settings/voteSelectionType", f"must be {VOTE_SELECTION}")
    if settings.get("isVoterVisibleToAuthor", True) is not True:
        raise fields.wrong(f"{path}settings/isVoterVisibleToAuthor", "must be true")
    kept = {
        "question": question,
        "options": [{"text": option} for option in options],
        "settings": {"duration": duration, "voteSelectionType": VOTE_SELECTION, "isVoterVisibleToAuthor": True},
    }
    ends_at = request.world.now + POLL_DURATIONS_S[duration]
    return Content(poll=Poll(question, options, ends_at), urn_kind=UGC_POST, kept={"poll": kept})


def _options(values: Mapping[str, Any], path: str) -> Sequence[str]:
    options = fields.items(values, "options", "content/poll/")
    if not POLL_OPTIONS_MIN <= len(options) <= POLL_OPTIONS_MAX:
        raise fields.wrong(path, f"must have {POLL_OPTIONS_MIN} to {POLL_OPTIONS_MAX} options")
    texts = []
    for place, option in enumerate(options):
        here = f"{path}[{place}]"
        fields.only_known(_record(option, here), ("text",), f"/{here}")
        texts.append(fields.needed(option, "text", most=POLL_OPTION_LIMIT, path=f"{here}/"))
    return texts
