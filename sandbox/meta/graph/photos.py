"""`POST /{page}/photos`, `GET` and `DELETE /{photo}` (meta 4.1, 4.4, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sandbox import ledger, pictures
from sandbox.meta import directory, photos
from sandbox.meta.directory import Page
from sandbox.meta.errors import already_posted, image_missing, image_refused, invalid, malformed
from sandbox.meta.facts import PHOTO_BYTES_MAX, PHOTO_FORMATS, POSTS_LIMIT, WWW
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch
from sandbox.meta.graph import paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.nodes import PHOTO, PROVIDER
from sandbox.meta.graph.posting import Content, check_text, put
from sandbox.meta.graph.publishing_time import live_at
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing, require_reading
from sandbox.meta.images import Picture, read_picture
from sandbox.meta.links import picture_url
from sandbox.meta.photos import Photo

# The words of a photo, under its name and its older aliases.
CAPTIONS: Final = ("caption", "message", "name")
# Documented parameters whose values are kept without acting on them.
KEPT: Final = frozenset({"temporary", "targeting", "place", "backdated_time", "provenance_info"})
LIST_PARAMETERS: Final = paging.PARAMETERS | {"type"}
_TYPES: Final = ("uploaded", "tagged", "profile")  # profile is the default [G]; nobody has any here
PHOTO_PARAMETERS: Final = (
    KEPT
    | frozenset(CAPTIONS)
    | {"url", "alt_text_custom", "published", "scheduled_publish_time", "unpublished_content_type", "no_story"}
)


async def publish(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Take a photo by address or as a file; published ones are a post at once, the others wait for one."""
    require_publishing(request, page.id)
    caption = _caption(request)
    live_at(request)
    request.flag("temporary", False)
    content = await _content(request)
    picture = await _accepted(content)
    world = request.world
    with world.write():
        photo = _new(request, page, caption, pictures.keep(world, content, picture.content_type), picture)
        at = live_at(request)
        if at is not None:
            shown = Content(caption, media=(photo.media,))
            post_id = put(request, page, shown, at, KEPT, hidden=request.flag("no_story", False))
            photos.add(world, photo)
            photos.use(world, photo, post_id, 0)
        else:
            photos.add(world, photo)
    told: dict[str, Any] = {"id": photo.id}
    if at is not None and at <= world.now:
        told["post_id"] = post_id
    return told


def _caption(request: GraphRequest) -> str | None:
    given = [name for name in CAPTIONS if request.text(name)]
    if len(given) > 1:
        raise invalid(f"Params {' and '.join(given)} say the same thing: give one")
    caption = request.text(given[0]) if given else None
    check_text("caption", caption)
    return caption


async def _content(request: GraphRequest) -> bytes:
    url, file = request.text("url"), request.file
    if (url is None) == (file is None):
        raise image_missing("Requires upload file" if url is None else "Give url or a file, not both")
    if file is not None:
        if len(file) > PHOTO_BYTES_MAX:
            raise image_refused()
        return file
    try:
        return await fetch(str(url), PHOTO_BYTES_MAX, float(request.world.option(PROVIDER, "fetch_within_s")))
    except TooLarge as problem:
        raise image_refused() from problem
    except (FetchFailed, FetchTimeout) as problem:
        raise image_missing("Missing or invalid image file") from problem


async def _accepted(content: bytes) -> Picture:
    picture = await read_picture(content)
    if picture is None:
        raise image_missing("Missing or invalid image file")
    if picture.format not in PHOTO_FORMATS:
        raise image_refused()
    return picture


def _new(request: GraphRequest, page: Page, caption: str | None, sha256: str, picture: Picture) -> Photo:
    world = request.world
    return Photo(
        id=photos.new_id(world),
        page_id=page.id,
        app_id=request.caller.app_id,
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        caption=caption,
        alt_text=request.text("alt_text_custom") or "",
        created_at=world.now,
        post_id=None,
        position=0,
    )


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo as one caller sees it."""

    request: GraphRequest
    photo: Photo

    def author(self) -> dict[str, str]:
        """The Page, as `from`."""
        page = directory.find_page(self.request.world, self.photo.page_id)
        return {"name": page.name if page else "", "id": self.photo.page_id}

    def image(self) -> dict[str, Any]:
        """Size and address."""
        source = picture_url(self.request.world, self.photo.sha256)
        return {"height": self.photo.height, "width": self.photo.width, "source": source}


RULES: dict[str, Rule[PhotoView]] = {
    "id": Rule(lambda view: view.photo.id),
    "name": Rule(lambda view: view.photo.caption),
    "alt_text_custom": Rule(lambda view: view.photo.alt_text or None),
    "created_time": Rule(lambda view: view.request.time(view.photo.created_at)),
    "from": Rule(PhotoView.author, ("id", "name")),
    "link": Rule(lambda view: f"{view.request.world.settings.own_url}/{WWW}/photo?fbid={view.photo.id}"),
    "images": Rule(lambda view: [view.image()], ("height", "width", "source")),
    "page_story_id": Rule(lambda view: view.photo.post_id),
}
DEFAULT_FIELDS: Final = (Field("created_time"), Field("name"), Field("id"))


def read(request: GraphRequest, photo: Photo) -> dict[str, Any]:
    """`GET /{photo}`."""
    require_reading(request, photo.page_id)
    return read_node(PHOTO, RULES, request.fields or DEFAULT_FIELDS, PhotoView(request, photo))


def list_photos(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/photos?type=uploaded`: those that followers see, in posts and not in stories (meta 11.1)."""
    require_reading(request, page.id)
    if request.text("type") not in (None, *_TYPES):
        raise malformed(f"Param type must be one of {_TYPES}")
    found = photos.of_page(request.world, page.id) if request.text("type") == "uploaded" else []
    fields = request.fields or DEFAULT_FIELDS

    def show(photo: Photo) -> dict[str, Any]:
        return read_node(PHOTO, RULES, fields, PhotoView(request, photo))

    listed = [photo for photo in found if _listed(request, photo)]
    return paging.cut(request, listed, POSTS_LIMIT, lambda photo: int(photo.id), show)


def _listed(request: GraphRequest, photo: Photo) -> bool:
    world = request.world
    post = ledger.find(world.db, photo.post_id or "")
    return post is not None and post.kind == ledger.POST and post.published(world.now) and post.listed_at <= world.now


def delete(request: GraphRequest, photo: Photo) -> dict[str, Any]:
    """`DELETE /{photo}`: the only one of a post takes the post with it; one of several stays until the post goes."""
    require_publishing(request, photo.page_id)
    world = request.world
    if photo.post_id is not None and len(photos.of_post(world, photo.post_id)) > 1:
        raise already_posted()
    with world.write():
        if photo.post_id is not None:
            ledger.delete(world.db, photo.post_id, world.now)
        photos.delete(world, photo)
    return {"success": True}
