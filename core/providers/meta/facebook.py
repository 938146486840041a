"""How a payload becomes a post on a Facebook Page: text and links (meta 4.2, 4.3, 11.1, 12)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from core.provider_kit import checks, hostile
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater, Trace
from core.provider_kit.http import FORM, form_bytes
from core.provider_kit.port import Steps
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import (
    Access,
    Network,
    Payload,
    Problem,
    Published,
    ReadBack,
    TextRules,
    VisibleCall,
)
from core.providers.meta.accounts import next_page
from core.providers.meta.graph import Graph, Reply
from core.providers.meta.live_posts import FIELDS, Sighting
from core.providers.meta.settings import MetaSettings

_MENTION: Final = re.compile(r"@\[\d+")
_LEAST_TIME_S: Final = 0.2


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
        if payload.options:
            found.append(Problem("error", "Facebook posts have no options yet.", "Remove the options."))
        if payload.link and _on_facebook(payload.link):
            words = "Facebook may refuse links to facebook.com in posts."  # meta 10.3: 1609008 [2:Postiz]
            found.append(Problem("warning", words, "Link to another address, or put the address into the text."))
        if _MENTION.search(payload.text):  # meta 4.2
            words = "Mentions of Pages work only where Meta has allowed Masthead's app to make them."
            found.append(Problem("warning", words, "Write the name of the Page instead."))
        return found

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """The one call; a text or link post has no invisible steps. Raises Rejected."""
        if payload.network != self._network.key or payload.provider_account_id != access.provider_account_id:
            raise Rejected("This post belongs to another account.", how_to_fix="Tell your operator.")
        errors = [problem for problem in self.problems(payload) if problem.severity == "error"]
        if errors:
            raise Rejected(errors[0].words, how_to_fix=errors[0].fix)
        form = {"message": payload.text} if payload.text else {}
        if payload.link is not None:
            form["link"] = payload.link
        path = self._feed(access)
        body = form_bytes(form)
        return VisibleCall("POST", self._graph.url(path), body, FORM, call_sha256("POST", path, body))

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: float | None = None
    ) -> Published:
        """POST /{page}/feed, once. Raises ProviderFailure."""
        path = self._feed(access)
        if call.url != self._graph.url(path) or call_sha256(call.method, path, call.body) != call.sha256:
            raise Rejected("What was about to be sent is not what was prepared.", how_to_fix="Tell your operator.")
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
                how_to_fix="Masthead looks whether the post is on the Page before anything else happens.",
                trace=Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage),
            )
        return Published(post_id, reply.status, trace_id=reply.trace_id, usage=reply.usage)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Look through /{page}/published_posts back to `since`. Raises ProviderFailure.

        Running out of time or pages gives an incomplete answer; so does a failure after a match, because a find is
        worth more than the reason why the rest couldn't be read.
        """
        end = time.monotonic() + timeout_s
        sighting = Sighting(payload, since.replace(microsecond=0))  # Facebook's times have whole seconds
        params: Mapping[str, str] = {}
        covered = False
        last: Reply | None = None
        for number in range(self._settings.read_pages_max):
            if number and end - time.monotonic() < _LEAST_TIME_S:
                break
            try:
                last = self._posts(access, params, end)
            except ProviderFailure:
                if not sighting.matches:
                    raise
                break
            covered = sighting.read(hostile.items(last.body.get("data")))
            following = next_page(last.body)
            if following is None:
                covered = isinstance(last.body.get("data"), list)
            if covered or following is None or following == params:
                break
            params = following
        return ReadBack(
            complete=covered and not sighting.unreadable,
            matches=tuple(sighting.matches.values()),
            seen=sighting.seen,
            look_alikes=tuple(sighting.look_alikes.values()),
            trace_id=last.trace_id if last else None,
            usage=last.usage if last else {},
        )

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The field `permalink_url` (meta 4.3); None for a post that isn't shown (yet). Raises ProviderFailure."""
        if hostile.identifier(provider_post_id) is None:
            raise Rejected("This is no id of a Facebook post.")
        try:
            reply = self._graph.get(
                provider_post_id,
                token=access.token,
                params={"fields": "permalink_url"},
                timeout_s=timeout_s,
                correlation_id=access.correlation_id,
            )
        except ReconnectNeeded as refused:
            if (refused.trace.code, refused.trace.subcode) == ("100", "33"):  # gone, or not shown yet (meta 10.2)
                return None
            raise
        return hostile.web_address(reply.body.get("permalink_url"))

    def _feed(self, access: Access) -> str:
        return self._graph.path(access.provider_account_id, "feed")

    def _posts(self, access: Access, params: Mapping[str, str], end: float) -> Reply:
        """One page. Where Facebook finds that too much, half as much (meta 7.6 [2])."""
        size = self._settings.read_page_size
        while True:
            try:
                return self._graph.get(
                    access.provider_account_id,
                    "published_posts",
                    token=access.token,
                    params={"fields": FIELDS, **params, "limit": str(size)},
                    timeout_s=max(end - time.monotonic(), _LEAST_TIME_S),
                    correlation_id=access.correlation_id,
                )
            except RetryLater as refused:
                if size == 1 or not _too_much(refused.trace) or time.monotonic() > end:
                    raise
            size //= 2


def _too_much(trace: Trace) -> bool:
    return trace.code == "1" and "reduce the amount" in (trace.message or "").lower()


def _on_facebook(link: str) -> bool:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    return host == "facebook.com" or host.endswith((".facebook.com", ".fb.com")) or host in {"fb.com", "fb.me"}
