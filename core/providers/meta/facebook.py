"""How a payload becomes a post on a Facebook Page: text, link or photo (meta 4.2 to 4.4, 11.1, 12)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from core.provider_kit import checks, hostile
from core.provider_kit.errors import OutcomeUnknown, Trace
from core.provider_kit.port import Steps
from core.provider_kit.types import (
    Access,
    ImageRules,
    Network,
    Payload,
    Problem,
    Published,
    ReadBack,
    TextRules,
    VisibleCall,
)
from core.providers.meta.calls import permalink, probe, refuse_changed, refuse_unfit, visible_call
from core.providers.meta.facebook_posts import published_posts
from core.providers.meta.failures import FACEBOOK, LOOKS
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import look_through
from core.providers.meta.photos import PHOTO, photo
from core.providers.meta.settings import MetaSettings

_MENTION: Final = re.compile(r"@\[\d+")


def network(settings: MetaSettings) -> Network:
    """Facebook's declared data."""
    return Network(
        key="facebook",
        title="Facebook",
        icon=":material/thumb_up:",
        color="#1877F2",
        text=TextRules(
            counter=settings.text_counter,
            max_length=settings.text_max,
            fold_at=settings.text_fold_at,
            source="meta 4.2 [2:Postiz]; the fold is unverified",
        ),
        takes_link=True,
        images=ImageRules(
            mimes=("image/jpeg", "image/png"),
            max_bytes=settings.photo_max_bytes,
            max_alt=settings.photo_alt_max,
            source="meta 6 [M:photos]; size in CONFLICT, length of the description unverified",
        ),
        actions=("Like", "Comment", "Share"),
    )


class FacebookPages:
    """Publishes on Facebook Pages."""

    def __init__(self, settings: MetaSettings, graph: Graph) -> None:
        self._settings = settings
        self._graph = graph
        self._network = network(settings)

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What Facebook would refuse or do otherwise than people expect."""
        found = checks.problems(self._network, payload)
        if payload.link and payload.media:  # meta 4.2 has `link` and `attached_media`, and no word of both together
            words = "Facebook shows an image or the preview of a link, not both."
            found.append(Problem("error", words, "Put the address into the text, or remove the image."))
        if payload.link and _on_facebook(payload.link):
            words = "Facebook may refuse links to facebook.com in posts."  # meta 10.3: 1609008 [2:Postiz]
            found.append(Problem("warning", words, "Link to another address, or put the address into the text."))
        if _MENTION.search(payload.text):  # meta 4.2
            words = "Mentions of Pages work only where Meta has allowed Masthead's app to make them."
            found.append(Problem("warning", words, "Write the name of the Page instead."))
        return found

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Upload the image, if there is one and it isn't there yet, and build the one call. Raises ProviderFailure."""
        refuse_unfit(self._network, payload, access, self.problems(payload))
        form = {"message": payload.text} if payload.text else {}
        if payload.link is not None:
            form["link"] = payload.link
        for place, item in enumerate(payload.media):
            photo_id = photo(self._graph, self._settings, item, access, steps)
            form[f"attached_media[{place}]"] = json.dumps({"media_fbid": photo_id}, separators=(",", ":"))
        return visible_call(self._graph, self._feed(access), form)

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: float | None = None
    ) -> Published:
        """POST /{page}/feed, once. Raises ProviderFailure."""
        refuse_changed(self._graph, self._feed(access), call)
        reply = self._graph.publish(
            call,
            token=access.token,
            timeout_s=timeout_s,
            begin_by=begin_by,
            correlation_id=access.correlation_id,
        )
        post_id = hostile.identifier(reply.body.get("id"))
        # An id that isn't of this Page (meta 0.2: `{page-id}_{post-id}`) is no proof of our post.
        if post_id is None or not post_id.startswith(f"{access.provider_account_id}_"):
            raise OutcomeUnknown(
                "Facebook said yes but named no post of this Page.",
                how_to_fix=FACEBOOK.words(LOOKS),
                trace=Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage),
            )
        return Published(post_id, reply.status, trace_id=reply.trace_id, usage=reply.usage)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Look through /{page}/published_posts back to `since`. Raises ProviderFailure."""
        end = time.monotonic() + timeout_s
        edge = published_posts(payload, steps.get(PHOTO) if payload.media else None)
        return look_through(self._graph, self._settings, access, edge, since=since, end=end)

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """GET /{page}?fields=id. Raises ProviderFailure."""
        probe(self._graph, access, timeout_s=timeout_s)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The field `permalink_url` (meta 4.3); None for a post that isn't shown (yet). Raises ProviderFailure."""
        return permalink(self._graph, provider_post_id, access, field="permalink_url", timeout_s=timeout_s)

    def _feed(self, access: Access) -> str:
        return self._graph.path(access.provider_account_id, "feed")


def _on_facebook(link: str) -> bool:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    return host == "facebook.com" or host.endswith((".facebook.com", ".fb.com")) or host in {"fb.com", "fb.me"}
