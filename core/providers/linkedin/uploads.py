"""Images and documents before their post: register, upload, wait until LinkedIn has processed them (linkedin 5.1, 5.3).

Nobody sees any of it, so what is in doubt is simply made anew; only a file whose bytes LinkedIn took is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, Rejected, RetryLater
from core.provider_kit.http import FilePart
from core.provider_kit.types import MediaItem
from core.providers.linkedin.assets import AVAILABLE, DOCUMENT, FAILED, GONE, IMAGE, WAITING, Kind, Turn, now


def ready_images(turn: Turn, media: Sequence[MediaItem]) -> list[str]:
    """The URNs of images, in order, usable in a post of this account. Raises NotReady, and other ProviderFailures."""
    return _ready(turn, IMAGE, media)


def ready_document(turn: Turn, item: MediaItem) -> str:
    """The same of a document."""
    (document,) = _ready(turn, DOCUMENT, [item])
    return document


def _ready(turn: Turn, kind: Kind, media: Sequence[MediaItem]) -> list[str]:
    """All are uploaded before any is looked at: meanwhile LinkedIn gets done with the first ones."""
    found: list[str] = []
    fresh: set[int] = set()
    for number, item in enumerate(media):
        kept = turn.steps.get(kind.step(number))
        if kept is None:
            if found and turn.is_over:
                raise NotReady(
                    f"LinkedIn has {len(found)} of {len(media)} {kind.name}s.", after_s=turn.settings.image_poll_s
                )
            kept = _upload(turn, kind, number, item)
            fresh.add(number)
        found.append(kept)
    return [
        _settled(turn, kind, number, item, found[number], fresh=number in fresh) for number, item in enumerate(media)
    ]


def _settled(turn: Turn, kind: Kind, number: int, item: MediaItem, urn: str, *, fresh: bool) -> str:
    state = turn.state_of(kind, urn)
    if state == AVAILABLE:
        return urn
    if state == FAILED:
        words = f"LinkedIn couldn't process the {kind.name}."
        turn.steps.drop(kind.step(number), words)
        raise Rejected(words, how_to_fix=f"Choose another {kind.name}.")
    if state is None and not fresh:  # nobody may ask, and the grace after the upload is over
        return urn
    if state in {WAITING, GONE} and not fresh:
        turn.steps.drop(kind.step(number), f"LinkedIn doesn't have the file any more ({state}).")
        return _settled(turn, kind, number, item, _upload(turn, kind, number, item), fresh=True)
    raise NotReady(f"LinkedIn is still processing the {kind.name}.", after_s=_wait_s(turn, kind, state))


def _wait_s(turn: Turn, kind: Kind, state: str | None) -> float:
    if state is None:
        return turn.settings.image_grace_s
    return turn.settings.image_poll_s if kind is IMAGE else turn.wait_s(turn.steps.get(_made_at(kind)))


def _made_at(kind: Kind) -> str:
    return f"{kind.name}_made_at"


def _upload(turn: Turn, kind: Kind, number: int, item: MediaItem) -> str:
    settings, access = turn.settings, turn.access
    with closing(turn.steps.open(item)) as file:
        asked: dict[str, Any] = {"initializeUploadRequest": {"owner": access.provider_account_id}}
        reply = turn.rest.act(
            kind.resource, "initializeUpload", asked, token=access.token, correlation_id=access.correlation_id
        )
        value = hostile.mapping(reply.body.get("value"))
        urn, address = kind.urn(value.get(kind.name)), hostile.web_address(value.get("uploadUrl"))
        if urn is None or address is None:
            raise RetryLater(f"LinkedIn didn't say where to upload the {kind.name}.")
        turn.put(
            address,
            FilePart(file, 0, item.size),
            item.mime,
            sends_token=settings.upload_sends_token,
            timeout_s=settings.upload_timeout_s if kind is IMAGE else settings.document_timeout_s,
        )
    lives_s = settings.image_lives_s if kind is IMAGE else settings.upload_lives_s
    if kind is not IMAGE:
        turn.steps.keep(_made_at(kind), now(), lives_s=lives_s)
    turn.steps.keep(kind.step(number), urn, lives_s=lives_s)
    return urn
