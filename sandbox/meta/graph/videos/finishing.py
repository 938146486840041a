"""What is said of a video when it is published, and the post that it becomes (meta 4.5, 4.6, 4.7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import NewPost
from sandbox.meta import processing, videos
from sandbox.meta.facts import DEFAULT_DELAY_MS, STORY_LIFETIME_S
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.posting import NETWORK, POST_NUMBER_BASE, check_text
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.measured import PAGE_FAILED
from sandbox.meta.processing import Processing
from sandbox.meta.videos import PageVideo, State

# Documented parameters whose values are kept without acting on them.
KEPT: Final = frozenset(
    {
        "place",
        "targeting",
        "feed_targeting",
        "is_ai_generated",
        "content_tags",
        "custom_labels",
        "content_category",
        "embeddable",
        "secret",
    }
)
WORDS: Final = frozenset({"title", "description"})
STORY_NUMBER_BASE: Final = 122_500_000_000_000_000
_KINDS: Final = {videos.REEL: ledger.REEL, videos.STORY: ledger.STORY}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What becomes of it: published now, at a time (`publish_at`), or not by itself."""

    state: State
    publish_at: float | None = None
    hidden: bool = False


def check_words(request: GraphRequest) -> None:
    """Texts have a length, flags are flags."""
    check_text("description", request.text("description"))
    check_text("title", request.text("title"))
    for name in ("is_ai_generated", "embeddable", "secret", "no_story"):
        request.flag(name, False)


def finish(request: GraphRequest, video: PageVideo, wanted: Wanted, spoiled: bool = False) -> PageVideo:
    """Take it inside the caller's transaction. It goes live when it is processed, unless that fails.

    `spoiled`: what faults ask of this call was asked when its bytes were measured.
    """
    world = request.world
    work = Processing(video.ready_at, video.polls_left, video.error)
    if not spoiled:
        work = processing.spoil(work, world.now, request.call.conditions, PAGE_FAILED)
    kept = {name: request.parameters[name] for name in KEPT & request.parameters.keys()}
    done = replace(
        video,
        title=request.text("title"),
        description=request.text("description"),
        state=wanted.state,
        publish_at=wanted.publish_at,
        finished_at=world.now,
        ready_at=work.ready_at,
        polls_left=work.polls_left,
        error=work.error,
        detail=orjson.dumps(kept).decode(),
    )
    if wanted.state is not State.DRAFT:
        done = post(request, done, wanted.hidden)
    videos.save(world, done)
    return done


def post(request: GraphRequest, video: PageVideo, hidden: bool = False) -> PageVideo:
    """The post of a finished video. One whose processing fails never has any."""
    if video.error is not None:
        return video
    world, now = request.world, request.world.now
    kind = _KINDS.get(video.kind, ledger.POST)
    delay = request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS)
    # While it waits for reads of its status nobody knows when it will be ready.
    live_at = None if video.polls_left else max(now, video.ready_at, video.publish_at or 0)
    begins = now if live_at is None else live_at
    new = NewPost(
        id=new_post_id(request, video.page_id, kind),
        provider=PROVIDER,
        network=NETWORK,
        account_id=video.page_id,
        app_id=request.caller.app_id,
        text=video.description,
        link=None,
        detail=video.detail,
        created_at=now,
        live_at=live_at,
        listed_at=begins + delay,
        media=(video.media,),
        hidden=hidden,
        kind=kind,
        scheduled=video.publish_at is not None and video.publish_at > now,
        ends_at=begins + STORY_LIFETIME_S if kind == ledger.STORY else None,
    )
    ledger.add(world.db, new)
    return replace(video, post_id=new.id)


def new_post_id(request: GraphRequest, page_id: str, kind: str) -> str:
    """The id of the next post; of a story without the Page's in front (meta 4.7)."""
    world = request.world
    if kind == ledger.STORY:
        return str(STORY_NUMBER_BASE + world.count("meta story"))
    return f"{page_id}_{POST_NUMBER_BASE + world.count('meta post')}"
