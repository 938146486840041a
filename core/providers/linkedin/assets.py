"""A file at LinkedIn that nobody sees yet: what it is called, how far it is, when to look again (linkedin 5)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected
from core.provider_kit.http import FilePart
from core.provider_kit.port import Steps
from core.provider_kit.types import Access
from core.providers.linkedin import urns
from core.providers.linkedin.rest import Reply, Rest
from core.providers.linkedin.settings import LinkedInSettings

AVAILABLE: Final = "AVAILABLE"
WAITING: Final = "WAITING_UPLOAD"
PROCESSING: Final = "PROCESSING"
FAILED: Final = "PROCESSING_FAILED"
GONE: Final = "gone"  # ours: LinkedIn doesn't know it


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. `name`: what people and answers call one, and the step under which its URN is kept."""

    resource: str
    name: str
    urn: Callable[[object], str | None]

    def step(self, number: int) -> str:
        """The step of the file of that number, 0 being the first."""
        return self.name if number == 0 else f"{self.name}_{number}"


IMAGE: Final = Kind("images", "image", urns.image)
VIDEO: Final = Kind("videos", "video", urns.video)
DOCUMENT: Final = Kind("documents", "document", urns.document)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of preparing one publication: by what means, and until when on the monotonic clock.

    What is begun behind `end` waits for the next turn; a sender isn't held longer than that and one call.
    """

    rest: Rest
    settings: LinkedInSettings
    access: Access
    steps: Steps
    end: float

    @property
    def is_over(self) -> bool:
        """Whether nothing more should be begun."""
        return time.monotonic() > self.end

    def put(
        self,
        address: str,
        content: FilePart,
        mime: str,
        *,
        sends_token: bool,
        timeout_s: float,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Bytes to where LinkedIn said. Raises ProviderFailure."""
        return self.rest.upload(
            address,
            content,
            mime,
            token=self.access.token,
            sends_token=sends_token,
            timeout_s=timeout_s,
            correlation_id=self.access.correlation_id,
            headers=headers,
        )

    def state_of(self, kind: Kind, urn: str) -> str | None:
        """LinkedIn's word for how far it is; None where this account may not ask (linkedin 5.1 [O]: members)."""
        if urns.is_person(self.access.provider_account_id) and not self.settings.member_states:
            return None
        try:
            reply = self.rest.get(
                kind.resource, urn, token=self.access.token, correlation_id=self.access.correlation_id
            )
        except (ReconnectNeeded, Rejected) as refused:
            if refused.trace.http_status == 403:
                return None
            if refused.trace.http_status == 404:
                return GONE
            raise
        return hostile.line(reply.body.get("status"), limit=40) or "unknown"

    def wait_s(self, since: str | None) -> float:
        """Seconds until the next look: half of the time since that instant (unix seconds), between the two settings."""
        return min(max(age_s(since) / 2, self.settings.poll_first_s), self.settings.poll_longest_s)


def now() -> str:
    """This instant as a step keeps it, in unix seconds."""
    return f"{time.time():.0f}"


def age_s(since: str | None) -> float:
    """Seconds since an instant that `now` gave; none where it isn't known."""
    return time.time() - int(since) if since and since.isdecimal() else 0.0
