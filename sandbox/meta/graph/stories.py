"""`POST /{page}/photo_stories` and `GET /{page}/stories` (meta 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import NewPost, Post
from sandbox.meta import photos, videos
from sandbox.meta.directory import Page
from sandbox.meta.errors import already_published, malformed, missing_object
from sandbox.meta.facts import DEFAULT_DELAY_MS, POSTS_REACH, STORY_LIFETIME_S
from sandbox.meta.graph import listing, paging
from sandbox.meta.graph.fields import Rule
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.posting import NETWORK
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing, require_reading
from sandbox.meta.graph.videos.finishing import new_post_id
from sandbox.meta.links import permalink
from sandbox.meta.videos import PageVideo

PHOTO_PARAMETERS: Final = frozenset({"photo_id"})
LIST_PARAMETERS: Final = paging.PARAMETERS | {"since", "until", "status"}
PUBLISHED, ARCHIVED = "PUBLISHED", "ARCHIVED"


def publish_photo(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Make an unpublished photo a story of 24 hours."""
    require_publishing(request, page.id)
    photo_id = request.text("photo_id")
    if photo_id is None:
        raise malformed("The parameter photo_id is required")
    photo = photos.find(request.world, photo_id)
    if photo is None or photo.page_id != page.id:
        raise missing_object(request.method, photo_id)
    if photo.post_id is not None:
        raise already_published()
    world, now = request.world, request.world.now
    with world.write():
        new = NewPost(
            id=new_post_id(request, page.id, ledger.STORY),
            provider=PROVIDER,
            network=NETWORK,
            account_id=page.id,
            app_id=request.caller.app_id,
            text=None,
            link=None,
            detail="{}",
            created_at=now,
            live_at=now,
            listed_at=now + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS),
            media=(photo.media,),
            kind=ledger.STORY,
            ends_at=now + STORY_LIFETIME_S,
        )
        ledger.add(world.db, new)
        photos.use(world, photo, new.id, 0)
    return {"success": True, "post_id": new.id}


def list_stories(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Those that are live and those of before, unless one of the two is asked for."""
    require_reading(request, page.id)
    wanted = _statuses(request)
    # An entry has no id of its own (meta 4.7).
    fields = [field.name for field in request.fields] or list(RULES)
    if unknown := [name for name in fields if name not in RULES]:
        raise malformed(f"Tried accessing nonexisting field ({unknown[0]}) on node type (Story)")

    def show(post: Post) -> dict[str, Any] | None:
        view = StoryView(request, post, ARCHIVED if post.ended(request.world.now) else PUBLISHED)
        return {name: RULES[name].read(view) for name in fields} if view.status in wanted else None

    return listing.list_posts(request, page.id, "published", POSTS_REACH, show, (ledger.STORY,))


def _statuses(request: GraphRequest) -> frozenset[str]:
    """One of them, or a JSON list."""
    text = request.text("status")
    if text is None:
        return frozenset({PUBLISHED, ARCHIVED})
    if text in (PUBLISHED, ARCHIVED):
        return frozenset({text})
    try:
        asked = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise malformed("Param status must be PUBLISHED or ARCHIVED") from problem
    if not isinstance(asked, list) or not set(map(str, asked)) <= {PUBLISHED, ARCHIVED}:
        raise malformed("Param status must be PUBLISHED or ARCHIVED")
    return frozenset(map(str, asked))


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story in the list."""

    request: GraphRequest
    post: Post
    status: str

    @property
    def video(self) -> PageVideo | None:
        """What it shows, unless that is a photo."""
        return videos.of_post(self.request.world, self.post.id)

    def media_id(self) -> str | None:
        """The photo or video it was made from: what tells it from others (meta 12)."""
        photo = next((photo.id for photo in photos.of_post(self.request.world, self.post.id)), None)
        return self.video.id if self.video else photo


RULES: dict[str, Rule[StoryView]] = {
    "post_id": Rule(lambda view: view.post.id),
    "status": Rule(lambda view: view.status),
    "creation_time": Rule(lambda view: str(int(view.post.shown_at))),
    "media_type": Rule(lambda view: "video" if view.video else "photo"),
    "media_id": Rule(StoryView.media_id),
    "url": Rule(lambda view: permalink(view.request.world, view.post.id)),
}
