"""A video of a Page's feed on its way to Facebook: a session, and its bytes part by part (meta 4.5).

By `upload_phase` start, transfer and finish [SDK:video_uploader], because the start names the video: the finish is the
one visible call, holds no bytes, and what became of it is asked of that very video. Meta's newer way (`uploads`) wants
the person's token and names the video only in the answer that may be lost.
"""

from __future__ import annotations

import secrets
import time
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Final

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, ProviderFailure, RetryLater
from core.provider_kit.http import FilePart
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, MediaItem
from core.providers.meta.failures import WrongOffset, offsets
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.rupload import VIDEO
from core.providers.meta.settings import MetaSettings

EDGE: Final = "videos"
_SESSION: Final = "video_session"
_NEXT: Final = "video_next"
_EXPIRED: Final = "1363041"  # meta 4.5 [2:Trypost]
_MOST_CORRECTIONS: Final = 3
_KEEP_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class PageVideos:
    """Brings videos of a feed to Facebook."""

    settings: MetaSettings
    graph: Graph

    def ready(self, item: MediaItem, access: Access, steps: Steps) -> tuple[str, str]:
        """The ids of the video and of its session, every byte sent. Raises ProviderFailure, NotReady among them."""
        end = time.monotonic() + self.settings.prepare_timeout_s
        video, session, following = steps.get(VIDEO), steps.get(_SESSION), steps.get(_NEXT)
        if video is None or session is None or following is None:
            video, session, following = self._start(item, access, steps, end)
        start, stop = (int(each) for each in following.split(":"))
        if start < stop:
            with closing(steps.open(item)) as file:
                self._transfer(file, item, (start, stop), session, access, steps, end)
        return video, session

    def _start(self, item: MediaItem, access: Access, steps: Steps, end: float) -> tuple[str, str, str]:
        reply = self.graph.make(
            access.provider_account_id,
            EDGE,
            token=access.token,
            timeout_s=min(left_s(end), self.settings.call_timeout_s),
            form={"upload_phase": "start", "file_size": str(item.size)},
            correlation_id=access.correlation_id,
            host=self.settings.video_url,
        )
        video = hostile.identifier(reply.body.get("video_id"))
        session = hostile.identifier(reply.body.get("upload_session_id"))
        wanted = offsets(reply.body)
        if video is None or session is None or wanted is None or wanted[1] > item.size or wanted[0] == wanted[1]:
            raise RetryLater("Facebook didn't say how to send the video.")
        lives_s = self.settings.upload_lives_s
        following = f"{wanted[0]}:{wanted[1]}"
        steps.keep(VIDEO, video, lives_s=lives_s)
        steps.keep(_SESSION, session, lives_s=lives_s)
        steps.keep(_NEXT, following, lives_s=lives_s)
        return video, session, following

    def _transfer(
        self,
        file: BinaryIO,
        item: MediaItem,
        wanted: tuple[int, int],
        session: str,
        access: Access,
        steps: Steps,
        end: float,
    ) -> None:
        """Part after part, as Facebook asks, until it wants none. What is known of the place outlives the process."""
        kept_at, corrections = time.monotonic(), 0
        start, stop = wanted
        while start < stop:
            if time.monotonic() > end:
                self._keep(steps, start, stop)
                words = f"Facebook has {start:,} of the video's {item.size:,} bytes."
                raise NotReady(words, after_s=self.settings.poll_first_s)
            if time.monotonic() - kept_at > _KEEP_EVERY_S:
                self._keep(steps, start, stop)
                kept_at = time.monotonic()
            wrong: WrongOffset | None = None
            try:
                start, stop = self._part(file, item, (start, stop), session, access)
            except WrongOffset as told:
                wrong = told
            except ProviderFailure as failed:
                if failed.trace.subcode == _EXPIRED:
                    forget(steps, "Its upload has expired at Facebook.")
                else:
                    self._keep(steps, start, stop)
                raise
            if wrong is not None:
                corrections += 1
                if corrections > _MOST_CORRECTIONS or wrong.end > item.size:
                    forget(steps, "Facebook lost track of its bytes.")
                    raise RetryLater("Facebook lost track of the video's bytes.", trace=wrong.trace)
                start, stop = wrong.start, wrong.end
        self._keep(steps, start, stop)

    def _part(
        self, file: BinaryIO, item: MediaItem, wanted: tuple[int, int], session: str, access: Access
    ) -> tuple[int, int]:
        start, stop = wanted
        boundary = secrets.token_hex(16)
        reply = self.graph.make(
            access.provider_account_id,
            EDGE,
            token=access.token,
            timeout_s=self.settings.upload_timeout_s,
            body=_multipart(boundary, file, start, stop, session),
            content_type=f"multipart/form-data; boundary={boundary}",
            correlation_id=access.correlation_id,
            host=self.settings.video_url,
        )
        following = offsets(reply.body)
        if following is None or following[1] > item.size or following[0] < start:
            raise RetryLater("Facebook doesn't say clearly how much of the video it has.")
        if following[0] == start and following[1] > start:
            raise RetryLater("Facebook took none of the video's bytes.")
        return following

    def _keep(self, steps: Steps, start: int, stop: int) -> None:
        steps.keep(_NEXT, f"{start}:{stop}", lives_s=self.settings.upload_lives_s)


def forget(steps: Steps, because: str) -> None:
    """Let go of a session; a new one shows nothing either."""
    for name in (VIDEO, _SESSION, _NEXT):
        steps.drop(name, because)


def _multipart(boundary: str, file: BinaryIO, start: int, stop: int, session: str) -> FilePart:
    """The form with its part of the file (RFC 7578)."""
    fields = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": str(start)}
    said = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    named = 'name="video_file_chunk"; filename="part.mp4"'
    head = f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return FilePart(file, start, stop - start, (said + head).encode(), f"\r\n--{boundary}--\r\n".encode())
