"""How a payload becomes a post on LinkedIn, of a Page or a member: text, link, one image (linkedin 4, 5.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from core.provider_kit import checks, hostile
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, Rejected, Trace
from core.provider_kit.port import Steps
from core.provider_kit.signatures import call_sha256
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
from core.providers.linkedin import urns
from core.providers.linkedin.images import STEP, ready_image
from core.providers.linkedin.little_text import RESERVED, little_text
from core.providers.linkedin.live_posts import Sighting
from core.providers.linkedin.organizations import has_next
from core.providers.linkedin.rest import JSON, Reply, Rest
from core.providers.linkedin.settings import LinkedInSettings

_PATH: Final = urns.path("posts")
_LONGEST_TITLE: Final = 399  # linkedin 4.1: under 400
_LEAST_TIME_S: Final = 0.2
_UNREADABLE: Final = (
    "LinkedIn doesn't let apps read a member's posts, so somebody has to look at the profile."  # linkedin 4.2 [O]
)


def network(settings: LinkedInSettings) -> Network:
    """LinkedIn's declared data."""
    return Network(
        key="linkedin",
        title="LinkedIn",
        icon=":material/work:",
        color="#0A66C2",
        text=TextRules(
            counter=settings.text_counter,
            max_length=settings.text_max,
            fold_at=settings.text_fold_at,
            source="linkedin 4.1 [S+]; that escapes count [S], so hashtags count one more than they take;"
            " the fold is unverified",
            escaped=RESERVED if settings.text_counts_escapes else "",
        ),
        takes_link=True,
        images=ImageRules(
            mimes=("image/jpeg", "image/png"),
            max_bytes=settings.image_max_bytes,
            max_pixels=36_152_319,
            max_alt=4_086,
            source="linkedin 4.1, 5.1 [S+]; the bytes are unpublished [G]",
        ),
        actions=("Like", "Comment", "Repost", "Send"),
    )


def link_title(link: str) -> str:
    """What stands for a page's title, which LinkedIn wants and doesn't fetch: host and path without www and query."""
    parts = urlsplit(link)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"[:_LONGEST_TITLE]


class LinkedInPosts:
    """Publishes on Pages and profiles; the token says for whom it may."""

    def __init__(self, settings: LinkedInSettings, rest: Rest) -> None:
        self._settings = settings
        self._rest = rest
        self._network = network(settings)

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What LinkedIn would refuse or do otherwise than people expect."""
        found = checks.problems(self._network, payload)
        if payload.media and payload.link:
            words = "LinkedIn shows either an image or a link's card, not both."
            found.append(Problem("error", words, "Put the address into the text, or remove the image."))
        elif payload.link and not checks.link_fault(payload.link):
            words = f"LinkedIn doesn't fetch the page: the card shows “{link_title(payload.link)}” and no picture."
            found.append(Problem("warning", words, "Put the address into the text if you want no card."))
        return found

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """The one call, after the image is uploaded and processed. Raises NotReady, and other ProviderFailures."""
        author = access.provider_account_id
        if payload.network != self._network.key or payload.provider_account_id != author or not urns.is_account(author):
            raise Rejected("This post belongs to another account.", how_to_fix="Tell your operator.")
        errors = [problem for problem in self.problems(payload) if problem.severity == "error"]
        if errors:
            raise Rejected(errors[0].words, how_to_fix=errors[0].fix)
        post: dict[str, Any] = {
            "author": author,
            "commentary": little_text(payload.text),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if payload.media:
            (item,) = payload.media
            image = ready_image(self._rest, self._settings, item, access, steps)
            post["content"] = {"media": {"id": image} | ({"altText": item.alt} if item.alt else {})}
        elif payload.link:
            post["content"] = {"article": {"source": payload.link, "title": link_title(payload.link)}}
        body = json.dumps(post, ensure_ascii=False, separators=(",", ":")).encode()
        return VisibleCall("POST", self._rest.url(_PATH), body, JSON, call_sha256("POST", _PATH, body))

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: float | None = None
    ) -> Published:
        """POST /rest/posts, once. Raises ProviderFailure."""
        if call.url != self._rest.url(_PATH) or call_sha256(call.method, _PATH, call.body) != call.sha256:
            raise Rejected("What was about to be sent is not what was prepared.", how_to_fix="Tell your operator.")
        if hostile.json_object(call.body).get("author") != access.provider_account_id:
            raise Rejected("This post belongs to another account.", how_to_fix="Tell your operator.")
        reply = self._rest.publish(
            call,
            token=access.token,
            timeout_s=timeout_s,
            begin_by=begin_by,
            correlation_id=access.correlation_id,
        )
        post_id = urns.post(reply.made)
        if post_id is None:
            raise OutcomeUnknown(
                "LinkedIn said yes but named no post.",
                how_to_fix="Masthead finds out whether the post is live before anything else happens.",
                trace=Trace(http_status=reply.status, trace_id=reply.trace_id),
            )
        return Published(post_id, reply.status, trace_id=reply.trace_id, permalink=self._address(post_id))

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Look through a Page's posts back to `since`; a member's can't be read. Raises ProviderFailure.

        Running out of time or pages gives an incomplete answer; so does a failure after a match, because a find is
        worth more than the reason why the rest couldn't be read.
        """
        if urns.is_person(access.provider_account_id):
            return ReadBack(complete=False, matches=(), seen=0, unreadable=_UNREADABLE)
        end = time.monotonic() + timeout_s
        sighting = Sighting(payload, steps.get(STEP), since, self._settings.www_url)
        covered = False
        last: Reply | None = None
        start = 0
        for number in range(self._settings.read_pages_max):
            if number and end - time.monotonic() < _LEAST_TIME_S:
                break
            try:
                last = self._page(access, start, max(end - time.monotonic(), _LEAST_TIME_S))
            except ProviderFailure:
                if not sighting.matches:
                    raise
                break
            elements = hostile.items(last.body.get("elements"))
            covered = sighting.read(elements)
            if not covered and not (elements and has_next(last.body)):
                covered = isinstance(last.body.get("elements"), list)
                break
            if covered:
                break
            # A post made meanwhile moves all others one place down, so pages overlap by one (linkedin 11). A short page
            # may be filtered (linkedin 1.7), so the step is what was asked for and not what came.
            start += max(self._settings.read_page_size - 1, 1)
        return ReadBack(
            complete=covered and not sighting.unreadable,
            matches=tuple(sighting.matches.values()),
            seen=sighting.seen,
            look_alikes=tuple(sighting.look_alikes.values()),
            others=tuple(sighting.others.values()),
            trace_id=last.trace_id if last else None,
        )

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """The newest post of a Page; of a member, whose posts can't be read, who it is. Raises ProviderFailure."""
        if urns.is_person(access.provider_account_id):
            self._rest.user_info(access.token, timeout_s=timeout_s, correlation_id=access.correlation_id)
        else:
            self._page(access, 0, timeout_s, count=1)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The public address, which follows from the id; nobody is asked. Raises Rejected."""
        if urns.post(provider_post_id) is None:
            raise Rejected("This is no id of a LinkedIn post.")
        return self._address(provider_post_id)

    def _address(self, post_id: str) -> str:
        return urns.public_address(self._settings.www_url, post_id)

    def _page(self, access: Access, start: int, timeout_s: float, count: int | None = None) -> Reply:
        return self._rest.get(
            "posts",
            token=access.token,
            method="FINDER",
            query={
                "q": "author",
                "author": access.provider_account_id,
                "start": start,
                "count": count or self._settings.read_page_size,
                "sortBy": "CREATED",
            },
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )
