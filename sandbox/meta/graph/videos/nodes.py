"""`GET`, `POST` and `DELETE /{video}`, its thumbnails, and a Page's lists of them (meta 4.5, 4.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from sandbox import ledger, pictures
from sandbox.meta import directory, videos
from sandbox.meta.directory import Page
from sandbox.meta.errors import GraphError, invalid, malformed, missing_object
from sandbox.meta.facts import POSTS_LIMIT
from sandbox.meta.graph import paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.nodes import VIDEO
from sandbox.meta.graph.posting import check_text
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing, require_reading
from sandbox.meta.graph.videos.finishing import post as publish_post
from sandbox.meta.graph.videos.publishing import read_thumbnail
from sandbox.meta.graph.videos.status import status
from sandbox.meta.links import clip_url, thumbnail_url, video_link
from sandbox.meta.videos import PageVideo, State

EDIT_PARAMETERS: Final = frozenset({"name", "title", "description", "published"})
COLLABORATOR_PARAMETERS: Final = frozenset({"target_id"})
THUMBNAIL_PARAMETERS: Final = frozenset({"is_preferred"})
LIST_PARAMETERS: Final = paging.PARAMETERS | {"since", "until", "type"}
_TYPES: Final = ("uploaded", "tagged")


@dataclass(frozen=True, slots=True)
class VideoView:
    """A video as one caller sees it."""

    request: GraphRequest
    video: PageVideo

    @property
    def live(self) -> ledger.Post | None:
        """The post that followers see it in."""
        world, post_id = self.request.world, self.video.post_id
        found = ledger.find(world.db, post_id) if post_id else None
        return found if found is not None and found.published(world.now) else None

    def post_id(self) -> str | None:
        """Only once it is live."""
        return self.live.id if self.live else None

    def author(self) -> dict[str, str]:
        """The Page, as `from`."""
        page = directory.find_page(self.request.world, self.video.page_id)
        return {"name": page.name if page else "", "id": self.video.page_id}

    def source(self) -> str | None:
        """Its bytes, once they are all there."""
        return clip_url(self.request.world, self.video.sha256) if self.video.sha256 else None

    def link(self) -> str:
        """Where followers open it; told before they can."""
        return video_link(self.request.world, self.video)

    def created(self) -> str | int:
        """When it was published, else begun."""
        return self.request.time(self.live.shown_at if self.live else self.video.created_at)


RULES: dict[str, Rule[VideoView]] = {
    "id": Rule(lambda view: view.video.id),
    "status": Rule(
        lambda view: status(view.request.world, view.video),
        (
            "video_status",
            "processing_progress",
            "uploading_phase",
            "processing_phase",
            "publishing_phase",
            "copyright_check_status",
        ),
    ),
    "published": Rule(lambda view: view.live is not None),
    "post_id": Rule(VideoView.post_id),
    "permalink_url": Rule(VideoView.link),
    "length": Rule(lambda view: round(view.video.seconds, 3) if view.video.sha256 else None),
    "title": Rule(lambda view: view.video.title),
    "description": Rule(lambda view: view.video.description),
    "created_time": Rule(VideoView.created),
    "updated_time": Rule(VideoView.created),
    "from": Rule(VideoView.author, ("id", "name")),
    "source": Rule(VideoView.source),
    "picture": Rule(lambda view: thumbnail_url(view.request.world, view.video)),
}
DEFAULT_FIELDS: Final = (Field("updated_time"), Field("description"), Field("id"))


def read(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`GET /{video}`. A read of the status is what brings a slow one forward."""
    require_reading(request, video.page_id)
    fields = request.fields or DEFAULT_FIELDS
    told = read_node(VIDEO, RULES, fields, VideoView(request, video))
    if video.polls_left and video.uploaded_at is not None and any(field.name == "status" for field in fields):
        with request.world.write():
            videos.count_poll(request.world, video)
    return told


def edit(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`POST /{video}`: other words, or published; its post says them too."""
    require_publishing(request, video.page_id)
    if video.app_id != request.caller.app_id:
        raise GraphError(200, "(#200) The video wasn't created by the application")
    if not EDIT_PARAMETERS & request.parameters.keys():
        raise malformed("Nothing to change: give name, description or published")
    check_text("description", request.text("description"))
    world = request.world
    title = request.text("name") or request.text("title") or video.title
    words = request.text("description") if "description" in request.parameters else video.description
    edited = replace(video, title=title, description=words)
    with world.write():
        shown = ledger.find(world.db, video.post_id) if video.post_id else None
        if shown is not None:
            ledger.save(world.db, replace(shown, text=words, updated_at=world.now))
        if "published" in request.parameters:
            edited = _published(request, edited)
        videos.save(world, edited)
    return {"success": True}


def _published(request: GraphRequest, video: PageVideo) -> PageVideo:
    """A draft goes live now; there is no way back."""
    if not request.flag("published", True):
        if video.state != State.DRAFT:
            raise invalid("A published video can't be unpublished")
        return video
    if video.state != State.DRAFT:
        return video
    return publish_post(request, replace(video, state=State.PUBLISHED))


def delete(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`DELETE /{video}`, with the post that shows it."""
    require_publishing(request, video.page_id)
    with request.world.write():
        videos.delete(request.world, video)
    return {"success": True}


async def add_thumbnail(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`POST /{video}/thumbnails`; the preferred one stands for the video."""
    require_publishing(request, video.page_id)
    if request.file is None:
        raise malformed("The file source is required")
    preferred = request.flag("is_preferred", False)
    content = await read_thumbnail(request.file)
    with request.world.write():
        kept = pictures.keep(request.world, *content)
        if preferred or video.thumbnail is None:
            videos.save(request.world, replace(video, thumbnail=kept))
    return {"success": True}


def add_collaborator(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`POST /{video}/collaborators`: a Page is asked along; nobody answers here. What it says isn't documented [G]."""
    require_publishing(request, video.page_id)
    target = request.text("target_id")
    if target is None:
        raise malformed("The parameter target_id is required")
    if directory.find_page(request.world, target) is None:
        raise missing_object(request.method, target)
    asked = orjson.loads(video.detail)
    asked["collaborators"] = [*asked.get("collaborators", []), target]
    with request.world.write():
        videos.save(request.world, replace(video, detail=orjson.dumps(asked).decode()))
    return {"success": True}


def list_videos(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/videos`: what was sent to `/videos`, as whatever it is shown; unpublished ones too [G]."""
    kind = request.text("type") or _TYPES[0]
    if kind not in _TYPES:
        raise malformed(f"Param type must be one of {_TYPES}")
    return _list(request, page, videos.finished(request.world, page.id, "begun_as", (videos.VIDEO,)), kind)


def list_reels(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/video_reels`: those that followers see."""
    found = videos.finished(request.world, page.id, "kind", (videos.REEL,))
    return _list(request, page, [each for each in found if VideoView(request, each).live], _TYPES[0])


def _list(request: GraphRequest, page: Page, found: list[PageVideo], kind: str) -> dict[str, Any]:
    require_reading(request, page.id)
    listed = [each for each in found if _listed(request, each)] if kind == _TYPES[0] else []
    fields = request.fields or DEFAULT_FIELDS

    def show(video: PageVideo) -> dict[str, Any]:
        return read_node(VIDEO, RULES, fields, VideoView(request, video))

    return paging.cut(request, listed, POSTS_LIMIT, lambda each: each.number, show)


def _listed(request: GraphRequest, video: PageVideo) -> bool:
    """Within the time asked for, and not before lists show its post."""
    world = request.world
    post = ledger.find(world.db, video.post_id) if video.post_id else None
    at = post.shown_at if post is not None and post.published(world.now) else video.created_at
    since, until = request.moment("since"), request.moment("until")
    if (since is not None and at < since) or (until is not None and at > until):
        return False
    return post is None or not post.published(world.now) or post.listed_at <= world.now
