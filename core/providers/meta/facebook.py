"""How a payload becomes a post on a Facebook Page: in its feed, as a reel, or in its story (meta 4, 11.1, 12)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from core.provider_kit import checks, hostile
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotShown, OutcomeUnknown, ReconnectNeeded, Trace
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
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
from core.providers.meta.calls import is_not_there, permalink, probe, refuse_changed, refuse_unfit
from core.providers.meta.facebook_formats import REEL, STORY, formats, images
from core.providers.meta.failures import FACEBOOK, LOOKS
from core.providers.meta.feed_posts import FeedPosts
from core.providers.meta.feed_videos import FeedVideos
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.page_forms import Means, PageForm
from core.providers.meta.reels import Reels
from core.providers.meta.settings import MetaSettings
from core.providers.meta.stories import PhotoStories, VideoStories, address_of
from core.providers.meta.video_status import VideoStatus, video_status

_MENTION: Final = re.compile(r"@\[\d+")
_TELLING: Final = ("story_fbid", "fbid", "id", "v")  # /permalink.php, /photo.php, /watch (seen in the field)
_NUMBERED: Final = ("story_fbid", "fbid", "v")
# `{page}_{post}`, `/{page}/posts/{post}`: a number is given once, and a Page has a name and two numbers.
_NUMBER: Final = re.compile(r"(?:[0-9]+_)?([0-9]+)", re.ASCII)
_REEL_MS: Final = 90_000
_NOT_SHOWN: Final = "Look at the Page; if it isn't there, export the video again, duplicate the post and send that."


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
        images=images(settings),
        actions=("Like", "Comment", "Share"),
        formats=formats(settings),
        comments=comments(settings),
        edits=True,
        deletes=True,
    )


def comments(settings: MetaSettings) -> TextRules | None:
    """What a first comment may be; none where the permissions for it aren't asked for."""
    if not settings.live_scopes:
        return None
    return TextRules(counter=settings.text_counter, max_length=settings.comment_max, source="meta 11.3 [G]")


class FacebookPages:
    """Publishes on Facebook Pages."""

    def __init__(self, settings: MetaSettings, graph: Graph) -> None:
        self._settings = settings
        self._graph = graph
        self._network = network(settings)
        self._means = means = Means(settings, graph)
        self._posts, self._videos, self._reels = FeedPosts(means), FeedVideos(means), Reels(means)
        self._photo_stories, self._video_stories = PhotoStories(means), VideoStories(means)

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What Facebook would refuse or do otherwise than people expect."""
        found = checks.problems(self._network, payload)
        if payload.link and payload.media:  # meta 4.2 has `link` and `attached_media`, and no word of both together
            kind = payload.media[0].kind
            words = f"Facebook shows {'a video' if kind == 'video' else 'an image'} or the preview of a link, not both."
            found.append(Problem("error", words, f"Put the address into the text, or remove the {kind}."))
        if payload.link and _on_facebook(payload.link):
            words = "Facebook may refuse links to facebook.com in posts."  # meta 10.3: 1609008 [2:Postiz]
            found.append(Problem("warning", words, "Link to another address, or put the address into the text."))
        if _MENTION.search(payload.text):  # meta 4.2
            words = "Mentions of Pages work only where Meta has allowed Masthead's app to make them."
            found.append(Problem("warning", words, "Write the name of the Page instead."))
        if payload.format == FEED:
            found += _of_a_feed_video(payload)
        return found

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Have at Facebook, unseen, what the post shows, and build the one call. Raises ProviderFailure."""
        refuse_unfit(self._network, payload, access, self.problems(payload))
        return self._form(payload).prepare(payload, access, steps)

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        """The one POST, once. Raises ProviderFailure."""
        form = self._form_of(call, access)
        refuse_changed(self._graph, self._means.path(access, form.edge), call, host=form.host)
        reply = self._graph.publish(
            call,
            token=access.token,
            timeout_s=timeout_s,
            begin_by=begin_by,
            correlation_id=access.correlation_id,
        )
        post_id = form.post_id(reply, call, access)
        if post_id is None:
            raise OutcomeUnknown(
                "Facebook said yes but named no post of this Page.",
                how_to_fix=FACEBOOK.words(LOOKS),
                trace=Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage),
            )
        return Published(post_id, reply.status, trace_id=reply.trace_id, usage=reply.usage)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Ask the form's own proof: the Page's lists, or the very video that was made. Raises ProviderFailure."""
        end = time.monotonic() + timeout_s
        return self._form(payload).read_back(payload, access, steps, since=since, end=end)

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """GET /{page}?fields=id. Raises ProviderFailure."""
        probe(self._graph, access, timeout_s=timeout_s)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The public address (meta 4.3, 4.6, 4.7); None for what isn't shown (yet). Raises ProviderFailure.

        A finish that was accepted isn't public yet, and its processing can still fail (meta 4.6): NotShown.

        A post of the feed is `{page}_{post}` (meta 0.2). Any other id is a story's or a video's: the list of stories
        tells, for what a story's own id is answered with is in no line of meta.md.
        """
        if "_" in provider_post_id or hostile.identifier(provider_post_id) is None:
            return permalink(self._graph, provider_post_id, access, field="permalink_url", timeout_s=timeout_s)
        end = time.monotonic() + timeout_s
        story = address_of(self._means, provider_post_id, access, timeout_s=timeout_s)
        if story is not None:
            return story
        status: VideoStatus | None = None
        try:
            status = video_status(self._graph, provider_post_id, access, timeout_s=left_s(end))
        except ReconnectNeeded as refused:
            if not is_not_there(refused.trace):
                raise
        if status is not None and status.failed:
            raise NotShown(
                f"Facebook took the video and then couldn't process it. {status.words}".strip(),
                how_to_fix=_NOT_SHOWN,
                trace=Trace(http_status=status.reply.status, trace_id=status.reply.trace_id),
            )
        return status.permalink if status is not None and status.live else None

    def post_named(self, said: str) -> PostName | None:
        """By the number in its id or in its address, of which some have it in a parameter."""
        name = post_name(said, self._settings.dialog_url, telling=_TELLING)
        number = _number(name) if name is not None else None
        return name if name is None or number is None else replace(name, key=number, part=number)

    def _form(self, payload: Payload) -> PageForm:
        has_video = any(item.kind == "video" for item in payload.media)
        match payload.format, has_video:
            case (each, _) if each == REEL:
                return self._reels
            case (each, video) if each == STORY:
                return self._video_stories if video else self._photo_stories
            case (_, True):
                return self._videos
            case _:
                return self._posts

    def _form_of(self, call: VisibleCall, access: Access) -> PageForm:
        """The form whose visible call this is; an unknown one is refused as the feed's."""
        forms: tuple[PageForm, ...] = (self._videos, self._reels, self._photo_stories, self._video_stories)
        for form in forms:
            if call.url == self._graph.url(self._means.path(access, form.edge), form.host):
                return form
        return self._posts


def _number(name: PostName) -> str | None:
    """The number of the post; None where only Facebook can tell, as behind `pfbid…` and `/share/…`."""
    parameters = dict(parse_qsl(urlsplit(name.url or "").query))
    place = next((parameters[each] for each in _NUMBERED if each in parameters), name.part)
    numbered = _NUMBER.fullmatch(place)
    return numbered[1] if numbered else None


def _of_a_feed_video(payload: Payload) -> Iterator[Problem]:
    video = next((item for item in payload.media if item.kind == "video"), None)
    if video is None and payload.options.get("title"):
        yield Problem(
            "warning", "Facebook shows a title only beside a video; yours is left out.", "", "option", "title"
        )
    if video is not None and video.height > video.width and video.duration_ms <= _REEL_MS:
        # meta 4.5, the trap [2: postiz PR#1740]
        words = "Facebook may make a reel of a short upright video, and leave it as a draft."
        yield Problem("warning", words, "Choose the form Reel.", "format")


def _on_facebook(link: str) -> bool:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    return host == "facebook.com" or host.endswith((".facebook.com", ".fb.com")) or host in {"fb.com", "fb.me"}
