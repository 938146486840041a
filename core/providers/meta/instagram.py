"""How a payload becomes a post of an Instagram professional account: image, carousel, reel, story (meta 5)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from core.provider_kit import checks, hostile
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Trace
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
from core.provider_kit.types import (
    Access,
    Network,
    Payload,
    PostName,
    Problem,
    Published,
    ReadBack,
    TextRules,
    VisibleCall,
)
from core.providers.meta.calls import is_not_there, permalink, probe, refuse_changed, refuse_unfit, visible_call
from core.providers.meta.carousels import carousel
from core.providers.meta.containers import CONTAINER, Containers, Status, is_missing
from core.providers.meta.failures import INSTAGRAM, LOOKS
from core.providers.meta.graph import Graph
from core.providers.meta.instagram_formats import CAROUSEL, THUMB_OFFSET, formats, images
from core.providers.meta.instagram_media import single
from core.providers.meta.instagram_posts import shown
from core.providers.meta.live_posts import LEAST_TIME_S, look_through
from core.providers.meta.settings import MetaSettings

_HASHTAG: Final = re.compile(r"#\w+")
_MENTION: Final = re.compile(r"(?<!\w)@\w+")
# One post stands under `/p/`, `/reel/`, `/reels/`, `/tv/` and below its account too; what is shared has another code.
_CODE: Final = re.compile(r"(?<!/share)/(?:p|reels?|tv)/([\w-]+)", re.ASCII)
_DEAD: Final = {
    "ERROR": "Instagram says that what it had prepared ended in an error.",
    "EXPIRED": "Instagram says that what it had prepared has expired.",
}
_NOT_FOUND: Final = "Instagram doesn't find what it had prepared."
_AT_WORK: Final = "Instagram is still working on what it had prepared."


def network(settings: MetaSettings) -> Network:
    """Instagram's declared data."""
    return Network(
        key="instagram",
        title="Instagram",
        icon=":material/photo_camera:",
        color="#C13584",
        text=TextRules(
            counter=settings.caption_counter,
            max_length=settings.caption_max,
            fold_at=settings.caption_fold_at,
            source="meta 5.7 [M:ig-media]; unit and fold are unverified",
        ),
        takes_link=False,
        needs_media=True,
        images=images(settings),
        actions=("Like", "Comment", "Share", "Save"),
        fetches_media=True,
        daily_posts=settings.daily_posts,
        formats=formats(settings),
        comments=comments(settings),
        deletes=settings.live_scopes,
        needs_data_access=True,  # `pages_*` outlast it, `instagram_*` are not said to (meta 2.7)
    )


def comments(settings: MetaSettings) -> TextRules | None:
    """What a first comment may be; none where the permissions for it aren't asked for."""
    if not settings.live_scopes:
        return None
    return TextRules(
        counter=settings.caption_counter,
        max_length=settings.instagram_comment_max,
        source="meta 11.4: not re-verified",
    )


class InstagramAccounts:
    """Publishes on Instagram professional accounts, with the token of the Page they are linked to."""

    def __init__(self, settings: MetaSettings, graph: Graph) -> None:
        self._settings = settings
        self._graph = graph
        self._network = network(settings)
        self._containers = Containers(settings, graph)

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What Instagram would refuse."""
        found = checks.problems(self._network, payload)
        if not self._takes_text(payload):  # what isn't sent breaks no rule
            return found
        for pattern, most, kind in (
            (_HASHTAG, self._settings.hashtags_max, "hashtags"),
            (_MENTION, self._settings.mentions_max, "mentions"),
        ):
            over = len(pattern.findall(payload.text)) - most
            if over > 0:
                words = f"The text has {most + over} {kind}; Instagram takes at most {most}."
                found.append(Problem("error", words, f"Remove {over} of them."))
        if payload.cover is not None and payload.options.get(THUMB_OFFSET) is not None:
            words = "The cover is shown; the moment that was chosen is left out."
            found.append(Problem("warning", words, "", "option", THUMB_OFFSET))
        return found

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Have the container ready, then build the call that publishes it. Raises ProviderFailure."""
        refuse_unfit(self._network, payload, access, self.problems(payload))
        end = time.monotonic() + self._settings.prepare_timeout_s
        if payload.format == CAROUSEL:
            wanted = carousel(self._containers, self._settings, payload, access, steps, end)
        else:
            wanted = single(payload, steps)
        status = self._containers.ready(wanted, access, steps, end)
        if status.code == "FINISHED":
            self._containers.leave_room(access, end)
        return visible_call(self._graph, self._path(access), {"creation_id": status.container})

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        """POST /{ig}/media_publish, once. Raises ProviderFailure."""
        refuse_changed(self._graph, self._path(access), call)
        doubt: Trace | None = None
        try:
            reply = self._graph.publish(
                call,
                token=access.token,
                timeout_s=timeout_s,
                begin_by=begin_by,
                correlation_id=access.correlation_id,
            )
        except ReconnectNeeded as refused:
            # A container "doesn't exist" also by mistake or because it is published (meta 5.8, 10.2): its status tells.
            if not is_not_there(refused.trace):
                raise
            doubt = refused.trace
        if doubt is not None:
            raise OutcomeUnknown(
                "Instagram doesn't find the prepared post.", how_to_fix=INSTAGRAM.words(LOOKS), trace=doubt
            )
        media_id = hostile.identifier(reply.body.get("id"))
        if media_id is None:
            raise OutcomeUnknown(
                "Instagram said yes but named no post.",
                how_to_fix=INSTAGRAM.words(LOOKS),
                trace=Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage),
            )
        return Published(media_id, reply.status, trace_id=reply.trace_id, usage=reply.usage)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Ask the container what became of it, and the account's list which post that is. Raises ProviderFailure.

        By RELIABILITY C, two-step: PUBLISHED is proof. FINISHED long enough after the attempt means that nothing was
        published, and the same container again can't make two posts; no list is needed for that. ERROR and EXPIRED say
        that this container is dead. Another one would be another call, which nothing ties to the first: so the list is
        read like any network's, and a person decides. Every other answer, and every one that comes too early, is read
        again.
        """
        end = time.monotonic() + timeout_s
        container = steps.get(CONTAINER)
        if container is None:
            return self._listed(payload, access, since, end)
        try:
            status = self._containers.status(container, access, end)
        except ProviderFailure as failed:
            if not is_missing(failed.trace):
                raise
            status = None
        if status is None:  # says nothing about the post (meta 10.2); what the list shows may
            found = self._listed(payload, access, since, end)
            return replace(found, complete=False, listed=found.complete, note=_NOT_FOUND)
        if status.code == "PUBLISHED":
            return self._proven(payload, access, container, since, end, status)
        waited = datetime.now(UTC).timestamp() - since.timestamp() >= self._settings.repeat_after_s
        if status.code == "FINISHED" and waited:
            return replace(_nothing(status), complete=True, may_repeat=True)
        if status.code in _DEAD and waited:
            return replace(self._listed(payload, access, since, end), note=_DEAD[status.code])
        return replace(_nothing(status), note=_AT_WORK if status.code == "IN_PROGRESS" else "")

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """GET /{ig}?fields=id. Raises ProviderFailure."""
        probe(self._graph, access, timeout_s=timeout_s)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The field `permalink` (meta 5.4); None while Instagram doesn't show the post. Raises ProviderFailure."""
        return permalink(self._graph, provider_post_id, access, field="permalink", timeout_s=timeout_s)

    def post_named(self, said: str) -> PostName | None:
        """By its id or by the code in its address, before which stands what it is shown as, and whose it is, or not."""
        name = post_name(said, self._settings.instagram_url)
        coded = _CODE.search(unquote(urlsplit(name.url).path)) if name is not None and name.url is not None else None
        if name is None or coded is None:
            return name
        return replace(name, key=coded[1], part=coded[1], url=f"{self._settings.instagram_url}/p/{coded[1]}/")

    def _takes_text(self, payload: Payload) -> bool:
        form = self._network.form(payload.format)
        return form is None or form.takes_text

    def _path(self, access: Access) -> str:
        return self._graph.path(access.provider_account_id, "media_publish")

    def _listed(self, payload: Payload, access: Access, since: datetime, end: float) -> ReadBack:
        return look_through(self._graph, self._settings, access, shown(payload), since=since, end=end)

    def _proven(
        self, payload: Payload, access: Access, container: str, since: datetime, end: float, status: Status
    ) -> ReadBack:
        """Live. Which post it is only the list tells, and a list that can't be read takes nothing from the proof."""
        proof = {"container": container, "status_code": status.code}
        found = _nothing(status)
        if end - time.monotonic() >= LEAST_TIME_S:
            with suppress(ProviderFailure):
                found = self._listed(payload, access, since, end)
        return replace(found, proof=proof)


def _nothing(status: Status) -> ReadBack:
    """A read that looked at no list."""
    return ReadBack(complete=False, matches=(), seen=0, trace_id=status.reply.trace_id, usage=status.reply.usage)
