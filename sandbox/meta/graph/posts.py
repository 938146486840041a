"""One post: read, edit, delete (meta 4.3, 11.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sandbox import ledger
from sandbox.ledger import Post
from sandbox.meta import directory, photos, videos
from sandbox.meta.errors import GraphError, invalid, malformed
from sandbox.meta.facts import WWW
from sandbox.meta.graph import comment_nodes
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.nodes import POST
from sandbox.meta.graph.publishing_time import check_schedule
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing, require_reading
from sandbox.meta.links import clip_url, permalink, picture_url, thumbnail_url, video_link
from sandbox.meta.photos import Photo
from sandbox.meta.videos import PageVideo

EDIT_PARAMETERS = frozenset(
    {"message", "is_published", "scheduled_publish_time", "is_hidden", "is_pinned", "timeline_visibility"}
)
TIMELINE = {"hidden": 1, "normal": 0, "forced_allow": 0}  # [SDK] names; the meaning is ours [A]


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as one caller sees it."""

    request: GraphRequest
    post: Post

    @property
    def published(self) -> bool:
        """Can followers see it?"""
        return self.post.published(self.request.world.now)

    def author(self) -> dict[str, str]:
        """The Page, as `from`."""
        page = directory.find_page(self.request.world, self.post.account_id)
        return {"name": page.name if page else "", "id": self.post.account_id}

    def application(self) -> dict[str, str] | None:
        """The app that made the post; not every caller sees it (meta 11.1)."""
        known = self.post.app_id == self.request.caller.app_id
        return {"name": directory.APP_NAME, "id": self.post.app_id} if known else None

    def attachments(self) -> dict[str, Any] | None:
        """The video or the photos, else the link's card."""
        video = videos.of_post(self.request.world, self.post.id)
        if video is not None:
            return {"data": [self._video(video)]}
        shown = photos.of_post(self.request.world, self.post.id)
        if shown:
            return {"data": [self._photo(shown[0]) if len(shown) == 1 else self._album(shown)]}
        link = self.post.link
        if not link:
            return None
        title = urlsplit(link).hostname or link
        card = {"media_type": "link", "type": "share", "title": title, "url": link, "target": {"url": link}}
        return {"data": [card]}

    def _video(self, video: PageVideo) -> dict[str, Any]:
        world = self.request.world
        url, source = video_link(world, video), clip_url(world, video.sha256 or "")
        image = {"height": video.height, "width": video.width, "src": thumbnail_url(world, video)}
        return {
            "media_type": "video",
            "type": "video_inline",
            "title": video.title or "",
            "media": {"image": image, "source": source},
            "url": url,
            "target": {"id": video.id, "url": url},
        }

    def _photo(self, photo: Photo) -> dict[str, Any]:
        world = self.request.world
        url = f"{world.settings.own_url}/{WWW}/photo?fbid={photo.id}"
        image = {"height": photo.height, "width": photo.width, "src": picture_url(world, photo.sha256)}
        target = {"id": photo.id, "url": url}
        return {"media_type": "photo", "type": "photo", "media": {"image": image}, "url": url, "target": target}

    def _album(self, shown: list[Photo]) -> dict[str, Any]:
        """Several photos are one attachment whose target is the post; each photo stands in it, in order [G]."""
        url = permalink(self.request.world, self.post.id)
        parts = [self._photo(photo) for photo in shown]
        return {
            "media_type": "album",
            "type": "album",
            "title": f"Photos from {self.author()['name']}'s post",
            "media": parts[0]["media"],
            "url": url,
            "target": {"id": self.post.id.partition("_")[2], "url": url},
            "subattachments": {"data": parts},
        }

    def full_picture(self) -> str | None:
        """The first picture."""
        world, media = self.request.world, self.post.media
        video = videos.of_post(world, self.post.id)
        if video is not None:
            return thumbnail_url(world, video)
        return picture_url(world, media[0].sha256) if media else None

    def status_type(self) -> str:
        """What kind of post it is (meta 11.1)."""
        if self.post.media:
            return "added_video" if self.post.media[0].kind == "video" else "added_photos"
        return "shared_story" if self.post.link else "mobile_status_update"

    def scheduled_time(self) -> int | None:
        """When it will be published, in Unix seconds."""
        return int(self.post.live_at) if self.post.live_at is not None and not self.published else None


def _reactions(view: PostView, field: Field) -> dict[str, Any]:
    """Nobody reacts in this world."""
    if field.modifier("summary") != "true":
        return {"data": []}
    return {"data": [], "summary": {"total_count": 0, "viewer_reaction": "NONE"}}


def _comments(view: PostView, field: Field) -> dict[str, Any]:
    return comment_nodes.expanded(view.request, view.post.id, field)


def _never(view: PostView) -> None:
    """Read by `expand` instead."""


ATTACHMENT_FIELDS = ("media_type", "type", "title", "url", "target", "media", "subattachments", "description")
REACTION_FIELDS = ("id", "name", "type")
RULES: dict[str, Rule[PostView]] = {
    "id": Rule(lambda view: view.post.id),
    "message": Rule(lambda view: view.post.text),
    "story": Rule(lambda view: None),
    "created_time": Rule(lambda view: view.request.time(view.post.shown_at)),
    "updated_time": Rule(lambda view: view.request.time(max(view.post.updated_at, view.post.shown_at))),
    "permalink_url": Rule(lambda view: permalink(view.request.world, view.post.id)),
    "full_picture": Rule(PostView.full_picture),
    "status_type": Rule(PostView.status_type),
    "is_published": Rule(lambda view: view.published),
    "is_hidden": Rule(lambda view: view.post.hidden),
    "scheduled_publish_time": Rule(PostView.scheduled_time),
    "from": Rule(PostView.author, ("id", "name")),
    "application": Rule(PostView.application, ("id", "name")),
    "attachments": Rule(PostView.attachments, ATTACHMENT_FIELDS),
    "shares": Rule(lambda view: None, ("count",)),
    "comments": Rule(_never, tuple(comment_nodes.RULES), comment_nodes.DEFAULT_FIELDS, _comments),
    "reactions": Rule(_never, REACTION_FIELDS, expand=_reactions),
}
DEFAULT_FIELDS = (Field("created_time"), Field("message"), Field("id"))


def show(request: GraphRequest, post: Post, fields: tuple[Field, ...]) -> dict[str, Any]:
    """A post with the asked fields."""
    return read_node(POST, RULES, fields, PostView(request, post))


def read(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`GET /{post}`; a story that is over is only in the list of stories."""
    require_reading(request, post.account_id)
    return show(request, post, request.fields or DEFAULT_FIELDS)


def edit(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`POST /{post}`: only posts of the same app (meta 4.3)."""
    require_publishing(request, post.account_id)
    if post.app_id != request.caller.app_id:
        raise GraphError(200, "(#200) The post wasn't created by the application")
    if not EDIT_PARAMETERS & request.parameters.keys():
        raise malformed("Nothing to change: give message, is_published or another documented parameter")
    edited = _edited(request, post)
    with request.world.write():
        ledger.save(request.world.db, replace(edited, updated_at=request.world.now))
    return {"success": True}


def _edited(request: GraphRequest, post: Post) -> Post:
    """The post with every asked change. Pinning is taken, and shows nowhere here."""
    now = request.world.now
    if "message" in request.parameters:
        post = replace(post, text=request.text("message"))
    scheduled = request.moment("scheduled_publish_time")
    if scheduled is not None:
        if post.published(now):
            raise invalid("The post is already published")
        check_schedule(scheduled, now)
        post = replace(post, live_at=scheduled, listed_at=scheduled, scheduled=1)
    if "is_published" in request.parameters:
        post = _published(post, request.flag("is_published", True), now)
    if "is_hidden" in request.parameters:
        post = replace(post, hidden=int(request.flag("is_hidden", False)))
    if visibility := request.text("timeline_visibility"):
        if visibility not in TIMELINE:
            raise invalid(f"Param timeline_visibility must be one of {sorted(TIMELINE)}")
        post = replace(post, hidden=TIMELINE[visibility])
    request.flag("is_pinned", False)
    return post


def _published(post: Post, wanted: bool, now: float) -> Post:
    """Publish now; there is no way back (meta 4.3)."""
    if post.published(now):
        if not wanted:
            raise invalid("A published post can't be unpublished")
        return post
    return replace(post, live_at=now, listed_at=now) if wanted else post


def delete(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`DELETE /{post}`, with the video it shows; a second one meets 100/33."""
    require_publishing(request, post.account_id)
    world = request.world
    with world.write():
        video = videos.of_post(world, post.id)
        if video is not None:
            videos.delete(world, video)
        ledger.delete(world.db, post.id, world.now)
    return {"success": True}
