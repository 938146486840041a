"""How a payload becomes a post of a Page or a member, in every form that LinkedIn takes (linkedin 4, 5)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from core.provider_kit import checks, hostile
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.counting import COUNTERS
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, Rejected, Trace
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import (
    FEED,
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
from core.providers.linkedin import urns
from core.providers.linkedin.assets import Turn
from core.providers.linkedin.content import content, kept_assets, link_title
from core.providers.linkedin.formats import (
    DESCRIPTION,
    DURATIONS,
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    POLL,
    TITLE,
    formats,
    images,
)
from core.providers.linkedin.little_text import RESERVED, little_text, mentioned, not_mentioned
from core.providers.linkedin.live_posts import Sighting
from core.providers.linkedin.organizations import has_next
from core.providers.linkedin.rest import JSON, Reply, Rest
from core.providers.linkedin.settings import LinkedInSettings

_PATH: Final = urns.path("posts")
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
            source="linkedin 4.1 [S+]; that escapes count [S], so hashtags count one more than they take, mentions six;"
            " the fold is unverified",
            escaped=RESERVED if settings.text_counts_escapes else "",
        ),
        takes_link=True,
        images=images(settings),
        actions=("Like", "Comment", "Repost", "Send"),
        formats=formats(settings),
        comments=comments(settings),
        edits=True,
        deletes=True,
        mentions=True,
    )


def comments(settings: LinkedInSettings) -> TextRules | None:
    """What a first comment may be; none where the permission for it isn't asked for (linkedin 2.8, 6.1)."""
    if "w_organization_social_feed" not in settings.scopes.split():
        return None
    return TextRules(counter=settings.text_counter, max_length=settings.comment_max, source="linkedin 6.1 [S]")


class LinkedInPosts:
    """Publishes on Pages and profiles; the token says for whom it may."""

    def __init__(self, settings: LinkedInSettings, rest: Rest) -> None:
        self._settings = settings
        self._rest = rest
        self._network = network(settings)

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What LinkedIn would refuse or do otherwise than people expect."""
        found = checks.problems(self._network, payload)
        found += _of_mentions(payload.text)
        if payload.format == FEED:
            found += _of_a_card(payload)
        found += _of_a_poll(payload.options.get(POLL), self._settings)
        return sorted(found, key=lambda problem: problem.severity != "error")

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """The one call, after its files are uploaded and processed. Raises NotReady, and other ProviderFailures."""
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
        end = time.monotonic() + self._settings.prepare_timeout_s
        carried = content(payload, Turn(self._rest, self._settings, access, steps, end))
        if carried is not None:
            post["content"] = carried
        body = json.dumps(post, ensure_ascii=False, separators=(",", ":")).encode()
        return VisibleCall("POST", self._rest.url(_PATH), body, JSON, call_sha256("POST", _PATH, body))

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
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
        sighting = Sighting(payload, kept_assets(payload, steps), since, self._settings.www_url)
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
            more = has_next(last.body)
            if not covered and not (elements and more):  # an empty page ends it, but not if it says that it doesn't
                covered = isinstance(last.body.get("elements"), list) and not more
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

    def post_named(self, said: str) -> PostName | None:
        """By the URN in it; an address on LinkedIn without one is no post's."""
        name = post_name(said, self._settings.www_url)
        urn = urns.post_meant(said) if name is not None else None
        if name is None or urn is None:
            return None if name is None or name.url is not None else name
        ids = urns.names_of(urn)
        return PostName(ids[0], urns.number_of(urn), ids, self._address(urn))

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


def _of_mentions(text: str) -> Iterator[Problem]:
    """Hints at what only LinkedIn knows: whether a name is the one it has (linkedin 4.3 [S+])."""
    names = [f"“{name}”" for name in mentioned(text)]
    if names:
        those = f"{', '.join(names)} a mention" if len(names) == 1 else f"mentions of {', '.join(names)}"
        words = f"LinkedIn makes {those} only where that is exactly the name it has there, capitals included."
        yield Problem("warning", words, "Compare it with the page on LinkedIn.", "text")
    for each in not_mentioned(text):
        words = f"LinkedIn knows nobody by the address in “{each}”, and shows that as it stands."
        fix = "Write urn:li:organization: and the Page's number, or urn:li:person: and the person's id."
        yield Problem("warning", words, fix, "text")


def _of_a_card(payload: Payload) -> Iterator[Problem]:
    """A link becomes a card, which has what comes with it: a title, a description, one image as its picture."""
    title, kinds = payload.options.get(TITLE), [item.kind for item in payload.media]
    if payload.link is None:
        left_out = [] if "video" in kinds or not title else [("title", TITLE)]
        left_out += [("description", DESCRIPTION)] if payload.options.get(DESCRIPTION) else []
        for name, key in left_out:
            beside = "with a link or a video" if key == TITLE else "on a link's card"
            yield Problem("warning", f"LinkedIn shows a {name} only {beside}; yours is left out.", "", "option", key)
    elif "video" in kinds or len(kinds) > 1:
        shown = "a video" if "video" in kinds else "several images"
        fix = f"Put the address into the text, or remove the {'video' if 'video' in kinds else 'images'}."
        yield Problem("error", f"LinkedIn shows either {shown} or a link's card, not both.", fix, "link")
    elif not checks.link_fault(payload.link) and not (title and kinds):
        says = "" if title else f"the card shows “{link_title(payload.link)}”"
        picture = "" if kinds else "no picture" if says else "the card has no picture"
        words = f"LinkedIn doesn't fetch the page: {' and '.join(filter(None, [says, picture]))}."
        wanted = " and ".join(filter(None, ["" if title else "write a title", "" if kinds else "add an image"]))
        yield Problem("warning", words, f"{wanted.capitalize()}, or put the address into the text.", "link")


def _of_a_poll(poll: object, settings: LinkedInSettings) -> Iterator[Problem]:
    """What of a poll its declared option doesn't say: the length of answers, the days it runs (linkedin 4.1 [S+])."""
    if not isinstance(poll, Mapping):
        return
    length, question = COUNTERS[settings.text_counter], poll.get("question")
    over = length(question.strip()) - LONGEST_QUESTION if isinstance(question, str) else 0
    if over > 0 and len(str(question)) <= LONGEST_QUESTION:  # what the option itself says counts code points
        words = f"The question is {over} too long for LinkedIn (at most {LONGEST_QUESTION})."
        yield Problem("error", words, "Shorten it.", "option", POLL)
    for answer in hostile.items(poll.get("answers")):
        over = length(answer.strip()) - LONGEST_ANSWER if isinstance(answer, str) else 0
        if over > 0:
            words = f"The answer “{answer.strip()}” is {over} too long for LinkedIn (at most {LONGEST_ANSWER})."
            yield Problem("error", words, f"Shorten it by {over}.", "option", POLL)
    if hostile.whole(poll.get("days")) not in DURATIONS:
        yield Problem("error", "On LinkedIn a poll runs 1, 3, 7 or 14 days.", "Choose one of these.", "option", POLL)
