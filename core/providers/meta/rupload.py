"""The video of a reel or a story on its way to Facebook: a session, its bytes, its processing (meta 4.6, 4.7).

Nobody sees any of it. The session's id is the video's, so what became of the one visible call is asked of that video.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, NotSent, ProviderFailure, Rejected, RetryLater, Trace
from core.provider_kit.http import FilePart
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, MediaItem
from core.providers.meta.calls import is_not_there
from core.providers.meta.failures import FACEBOOK
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.settings import MetaSettings
from core.providers.meta.video_status import VideoStatus, video_status

VIDEO: Final = "video"
_ADDRESS: Final = "video_address"
_MADE_AT: Final = "video_made_at"
_SPOILT: Final = "video_spoilt"
_GO_ON: Final = ("OffsetInvalidError", "PartialRequestError")  # meta 4.6 [M:reels]: it has another part than we thought
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CHANGE: Final = "Export the video again, or choose another one, and send the post again."


@dataclass(frozen=True, slots=True)
class Rupload:
    """Brings videos to Facebook by the host for bytes. `edge`: `video_reels` or `video_stories`."""

    settings: MetaSettings
    graph: Graph
    edge: str

    def ready(self, item: MediaItem, access: Access, steps: Steps) -> str:
        """The id of the video, whole and processed at Facebook. Raises ProviderFailure, NotReady among them."""
        end = time.monotonic() + self.settings.prepare_timeout_s
        video, address = steps.get(VIDEO), steps.get(_ADDRESS)
        if video is None or address is None:
            video, address = self._start(access, steps, end)
        status = self._asked(video, access, steps, end)
        if status.live:  # the same call again, whose outcome its status then proves
            return video
        if not status.failed and not status.has_all(item.size):
            self._send(video, address, status.received or 0, item, access, steps)
            status = self._asked(video, access, steps, time.monotonic() + self.settings.call_timeout_s)
        if status.failed:
            raise self._spoilt(video, status, steps)
        if not status.has_all(item.size):
            raise NotReady("Facebook hasn't counted all of the video yet.", after_s=self.wait_s(steps))
        if status.processing == "in_progress":
            raise NotReady("Facebook is processing the video.", after_s=self.wait_s(steps))
        return video

    def wait_s(self, steps: Steps) -> float:
        """Seconds until the next look: half of the time it has taken so far, between the two settings."""
        made_at = steps.get(_MADE_AT) or ""
        age = time.time() - int(made_at) if made_at.isdecimal() else 0.0
        return min(max(age / 2, self.settings.poll_first_s), self.settings.poll_longest_s)

    def _start(self, access: Access, steps: Steps, end: float) -> tuple[str, str]:
        reply = self.graph.make(
            access.provider_account_id,
            self.edge,
            token=access.token,
            timeout_s=min(left_s(end), self.settings.call_timeout_s),
            form={"upload_phase": "start"},
            correlation_id=access.correlation_id,
        )
        video = hostile.identifier(reply.body.get("video_id"))
        address = _at_meta(hostile.web_address(reply.body.get("upload_url")), self.settings.upload_url)
        if video is None or address is None:
            raise RetryLater("Facebook didn't say where to send the video.")
        lives_s = self.settings.upload_lives_s
        steps.keep(_ADDRESS, address, lives_s=lives_s)
        steps.keep(_MADE_AT, f"{time.time():.0f}", lives_s=lives_s)
        steps.keep(VIDEO, video, lives_s=lives_s)
        return video, address

    def _asked(self, video: str, access: Access, steps: Steps, end: float) -> VideoStatus:
        """The status. Facebook may take a moment to show a new video; one that stays away is begun anew."""
        missing: Trace | None = None
        try:
            timeout_s = min(left_s(end), self.settings.call_timeout_s)
            return video_status(self.graph, video, access, timeout_s=timeout_s)
        except ProviderFailure as failed:
            if not is_not_there(failed.trace):
                raise
            missing = failed.trace
        if self.wait_s(steps) < self.settings.poll_longest_s:
            raise NotReady("Facebook doesn't show the video yet.", after_s=self.wait_s(steps), trace=missing)
        forget(steps, "Facebook doesn't have it any more.")
        raise RetryLater("Facebook doesn't have the video any more.", trace=missing)

    def _send(self, video: str, address: str, offset: int, item: MediaItem, access: Access, steps: Steps) -> None:
        """All bytes from `offset` on, in one request that ends at its deadline: what arrived until then stays there."""
        lost: ProviderFailure | None = None
        with closing(steps.open(item)) as file:
            try:
                self.graph.upload(
                    address,
                    FilePart(file, offset, item.size - offset),
                    whole=item.size,
                    token=access.token,
                    timeout_s=self.settings.upload_timeout_s,
                    correlation_id=access.correlation_id,
                )
            except NotSent:
                raise
            except (RetryLater, Rejected) as failed:
                lost = failed
        if lost is None:
            return
        said = lost.trace.message or ""
        if said.startswith(_GO_ON):
            raise NotReady("Facebook wants another part of the video.", after_s=self.wait_s(steps), trace=lost.trace)
        if isinstance(lost, Rejected):
            forget(steps, lost.reason)
            raise Rejected(lost.reason, how_to_fix=_CHANGE, trace=lost.trace)
        if lost.trace.http_status is not None:
            raise lost
        # Cut off: while more arrives each time, no try is used up and nobody is held.
        status = self._asked(video, access, steps, time.monotonic() + self.settings.call_timeout_s)
        if (status.received or 0) > offset or status.has_all(item.size):
            words = f"Facebook has {status.received or item.size:,} of the video's {item.size:,} bytes."
            raise NotReady(words, after_s=self.settings.poll_first_s, trace=lost.trace)
        raise lost

    def _spoilt(self, video: str, status: VideoStatus, steps: Steps) -> ProviderFailure:
        """Begin anew. What Facebook gives no reason for gets one more session, then a person (as containers do)."""
        words = "Facebook couldn't process the video."
        forget(steps, words)
        trace = Trace(message=status.words or None, http_status=status.reply.status)
        if not status.words and steps.get(_SPOILT) is None:
            steps.keep(_SPOILT, video, lives_s=self.settings.upload_lives_s)
            return RetryLater(words, how_to_fix="Masthead sends it once more by itself.", trace=trace)
        said = f" {FACEBOOK.network} says: {status.words}" if status.words else ""
        return Rejected(words + said, how_to_fix=_CHANGE, trace=trace)


def _at_meta(address: str | None, base: str) -> str | None:
    """The address if it lies below ours for bytes; a stand-in on this machine may call itself by another name of it."""
    if address is None:
        return None
    said, ours = urlsplit(address), urlsplit(base)
    if {said.hostname, ours.hostname} <= _THIS_MACHINE and said.port == ours.port:
        address = said._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
    return address if address.startswith(base + "/") else None


def forget(steps: Steps, because: str) -> None:
    """Let go of a session; a new one shows nothing either."""
    for name in (VIDEO, _ADDRESS, _MADE_AT):
        steps.drop(name, because)
