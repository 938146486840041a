"""What Facebook says of a video of ours: how far its bytes, its processing and its publishing are (meta 4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.types import Access
from core.providers.meta.graph import Graph, Reply

_FIELDS: Final = "id,status,published,post_id,permalink_url"
_PHASES: Final = ("uploading_phase", "processing_phase", "publishing_phase")
_WEBSITE: Final = "https://www.facebook.com"


@dataclass(frozen=True, slots=True)
class VideoStatus:
    """A video's state. Phases are `not_started`, `in_progress`, `complete`, `error`, or empty where not said.

    `received`: how many bytes Facebook has, None where it doesn't say. `words`: what went wrong, by Facebook.
    """

    code: str
    uploading: str
    processing: str
    publishing: str
    publish_status: str
    published: bool
    post_id: str | None
    permalink: str | None
    received: int | None
    published_at: datetime | None
    words: str
    reply: Reply

    @property
    def live(self) -> bool:
        """Whether people can see it: its publishing phase says so, or it is ready, published and has a post."""
        if self.publish_status or self.publishing:
            return self.publish_status == "published" or (self.publishing == "complete" and not self.publish_status)
        return self.code == "ready" and self.published and self.post_id is not None

    @property
    def failed(self) -> bool:
        """Whether nothing more can become of it."""
        phases = (self.uploading, self.processing, self.publishing)
        return self.code in {"upload_failed", "expired", "error"} or "error" in (*phases, self.publish_status)

    def absence(self, *, waited: bool) -> tuple[bool, str]:
        """Of one that isn't live: whether it will stay so, and that in words for a person.

        `waited`: its finish is long enough ago for Facebook to say what came of it.
        """
        if self.failed:
            said = f" Facebook says: {self.words}" if self.words else ""
            return waited, f"The video ended in an error at Facebook.{said}"
        if waited and self.publishing in {"", "not_started"}:
            return True, "Facebook has the video and hasn't published it."
        return False, "Facebook is still publishing the video."

    def has_all(self, size: int) -> bool:
        """Whether Facebook has every byte of a file of that size."""
        return self.uploading == "complete" or (self.received is not None and self.received >= size)


def video_status(graph: Graph, video_id: str, access: Access, *, timeout_s: float) -> VideoStatus:
    """Ask once. Raises ProviderFailure."""
    reply = graph.get(
        video_id,
        token=access.token,
        params={"fields": _FIELDS},
        timeout_s=timeout_s,
        correlation_id=access.correlation_id,
    )
    return read(reply)


def read(reply: Reply) -> VideoStatus:
    """An answer, tolerantly: the spellings of two of its names differ between Meta's own pages (meta 4.6)."""
    said = hostile.mapping(reply.body.get("status"))
    uploading, processing, publishing = (hostile.mapping(said.get(name)) for name in _PHASES)
    received = uploading.get("bytes_transferred", uploading.get("bytes_transfered"))
    return VideoStatus(
        code=_word(said.get("video_status")),
        uploading=_phase(uploading),
        processing=_phase(processing),
        publishing=_phase(publishing),
        publish_status=_word(publishing.get("publish_status")),
        published=reply.body.get("published") is True,
        post_id=hostile.identifier(reply.body.get("post_id")),
        permalink=address(reply.body.get("permalink_url")),
        received=_bytes(received),
        published_at=moment(publishing.get("publish_time")),
        words=" ".join(_errors(said, uploading, processing, publishing)),
        reply=reply,
    )


def address(value: object) -> str | None:
    """A public address; Facebook gives those of videos without its own name too (seen in the field)."""
    if isinstance(value, str) and value.startswith("/") and not value.startswith("//"):
        value = _WEBSITE + value
    return hostile.web_address(value)


def moment(value: object) -> datetime | None:
    """A time as ISO 8601 or unix seconds, the latter also as a string (meta 4.6, 4.7)."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return hostile.instant(int(value))
    return hostile.instant(value)


def _word(value: object) -> str:
    return hostile.line(value, limit=40).lower()


def _phase(phase: Mapping[str, Any]) -> str:
    said = _word(phase.get("status"))
    return "complete" if said == "completed" else said


def _bytes(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    return hostile.whole(value)


def _errors(*places: Mapping[str, Any]) -> Iterator[str]:
    """`error` in Meta's pages, `errors` in its SDK and in the field (meta 4.6)."""
    for place in places:
        for error in (place.get("error"), *hostile.items(place.get("errors"))[:3]):
            if words := hostile.line(hostile.mapping(error).get("message"), limit=200):
                yield words
