"""An image before its post: register, upload, wait until LinkedIn has processed it (linkedin 5.1).

Nobody sees any of it, so what is in doubt is simply made anew; only an image whose bytes LinkedIn took is kept.
"""

from __future__ import annotations

from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, MediaItem
from core.providers.linkedin import urns
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import LinkedInSettings

STEP: Final = "image"
_STILL: Final = "LinkedIn is still processing the image."


def ready_image(rest: Rest, settings: LinkedInSettings, item: MediaItem, access: Access, steps: Steps) -> str:
    """The URN of the image, usable in a post of this account. Raises NotReady, and other ProviderFailures."""
    kept = steps.get(STEP)
    if kept is not None:
        state = _state(rest, kept, access)
        if state == "AVAILABLE":
            return kept
        if state == "PROCESSING":
            raise NotReady(_STILL, after_s=settings.image_poll_s)
        if state == "PROCESSING_FAILED":
            steps.drop(STEP, "LinkedIn couldn't process the image.")
            raise Rejected("LinkedIn couldn't process the image.", how_to_fix="Choose another image.")
        if state is None:  # nobody may ask, and the grace after the upload is over
            return kept
        steps.drop(STEP, f"LinkedIn doesn't have the file any more ({state}).")
    uploaded = _upload(rest, item, access, steps)
    steps.keep(STEP, uploaded, lives_s=settings.image_lives_s)
    state = _state(rest, uploaded, access)
    if state == "AVAILABLE":
        return uploaded
    raise NotReady(_STILL, after_s=settings.image_grace_s if state is None else settings.image_poll_s)


def _upload(rest: Rest, item: MediaItem, access: Access, steps: Steps) -> str:
    content = steps.read(item)
    asked: dict[str, Any] = {"initializeUploadRequest": {"owner": access.provider_account_id}}
    reply = rest.act("images", "initializeUpload", asked, token=access.token, correlation_id=access.correlation_id)
    value = hostile.mapping(reply.body.get("value"))
    image, address = urns.image(value.get("image")), hostile.web_address(value.get("uploadUrl"))
    if image is None or address is None:
        raise RetryLater("LinkedIn didn't say where to upload the image.")
    rest.upload(address, content, item.mime, token=access.token, correlation_id=access.correlation_id)
    return image


def _state(rest: Rest, image: str, access: Access) -> str | None:
    """LinkedIn's word for how far it is; None where this account may not ask (members never may)."""
    if urns.is_person(access.provider_account_id):
        return None
    try:
        reply = rest.get("images", image, token=access.token, correlation_id=access.correlation_id)
    except (ReconnectNeeded, Rejected) as refused:
        if refused.trace.http_status == 403:
            return None
        if refused.trace.http_status == 404:
            return "gone"
        raise
    return hostile.line(reply.body.get("status"), limit=40) or "unknown"
