"""`POST /{ig}/media` for an image, and `GET /{container}` (meta 5.1, 5.3, 5.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sandbox import pictures
from sandbox.faults.model import Mode
from sandbox.meta import containers, instagram
from sandbox.meta.containers import Container, Status
from sandbox.meta.errors import invalid, malformed, missing_object
from sandbox.meta.facts import COLLABORATORS_MAX, IMAGE_BYTES_MAX, MEDIA_TYPES, PERSON_TAGS_MAX
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.instagram.captions import check_alt_text, check_caption
from sandbox.meta.graph.instagram.rights import require_publishing, require_reading
from sandbox.meta.graph.nodes import CONTAINER
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.images import Picture, read_picture
from sandbox.meta.instagram import InstagramAccount

# Documented parameters of an image whose values are kept without acting on them.
KEPT: Final = frozenset({"location_id", "user_tags", "collaborators", "is_ai_generated", "is_paid_partnership"})
MEDIA_PARAMETERS: Final = KEPT | {"image_url", "caption", "alt_text", "media_type"}
DEFAULT_POLLS: Final = 3
FAILED_SUBCODE: Final = 2207082  # meta 10.4: the one seen in a container's status


async def create(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """Take an image: it is fetched now, and the container is ready at once unless a fault says otherwise."""
    require_publishing(request, account)
    _check_words(request)
    url = request.text("image_url")
    if url is None:
        raise malformed("The parameter image_url is required")
    _check_limit(request, account)
    content = await _fetched(request, url)
    picture = await _accepted(content)
    world = request.world
    with world.write():
        # Asked again: others may have come in while the picture was fetched.
        _check_limit(request, account)
        container = _new(request, account, pictures.keep(world, content, picture.content_type))
        containers.add(world, container)
    return {"id": container.id}


def _check_words(request: GraphRequest) -> None:
    media_type = request.text("media_type")
    if media_type not in (None, "IMAGE"):
        if media_type in MEDIA_TYPES:
            raise invalid(f"The media type {media_type} is not part of this sandbox yet", 2207023)
        raise errors.unknown_media_type(str(media_type))
    check_caption(request.text("caption"))
    check_alt_text(request.text("alt_text"))
    tags = request.items("user_tags")
    if not all(isinstance(tag, Mapping) and tag.get("username") for tag in tags):
        raise invalid("Each of user_tags needs a username")
    if len(tags) > PERSON_TAGS_MAX:
        raise errors.too_many_tags()
    if len(request.items("collaborators")) > COLLABORATORS_MAX:
        raise invalid(f"Param collaborators must have at most {COLLABORATORS_MAX} elements")
    for name in ("is_ai_generated", "is_paid_partnership"):
        request.flag(name, False)


def _check_limit(request: GraphRequest, account: InstagramAccount) -> None:
    """400 containers in 24 hours; with which error more are refused is not documented [A]."""
    most = int(float(request.world.option("meta", "containers_a_day")))
    if containers.made_today(request.world, account.id) >= most:
        raise errors.limit_reached()


async def _fetched(request: GraphRequest, url: str) -> bytes:
    within_s = float(request.world.option("meta", "fetch_within_s"))
    try:
        return await fetch(url, IMAGE_BYTES_MAX, within_s)
    except FetchTimeout as problem:
        raise errors.download_timeout() from problem
    except TooLarge as problem:
        raise errors.too_large() from problem
    except FetchFailed as problem:
        raise errors.download_failed() from problem


async def _accepted(content: bytes) -> Picture:
    """JPEG by content, of a ratio that Instagram shows. Any width is taken: Instagram scales it (meta 5.7)."""
    picture = await read_picture(content)
    if picture is None:
        raise errors.download_failed()
    if picture.format != "JPEG":
        raise errors.wrong_format()
    if picture.width * 5 < picture.height * 4 or picture.width * 100 > picture.height * 191:
        raise errors.wrong_ratio()
    return picture


def _new(request: GraphRequest, account: InstagramAccount, sha256: str) -> Container:
    world, conditions = request.world, request.call.conditions
    slow, failing = conditions.get(Mode.SLOW_CONTAINER), conditions.get(Mode.CONTAINER_ERROR)
    # Without any argument a slow container takes some reads.
    polls = slow.number("polls", 0 if "ms" in slow.args else DEFAULT_POLLS) if slow else 0
    return Container(
        id=containers.new_id(world),
        account_id=account.id,
        app_id=request.caller.app_id,
        caption=request.text("caption"),
        alt_text=request.text("alt_text") or "",
        detail=orjson.dumps({name: request.parameters[name] for name in KEPT & request.parameters.keys()}).decode(),
        sha256=sha256,
        created_at=world.now,
        ready_at=world.now + (slow.number("ms", 0) / 1000 if slow else 0),
        polls_left=int(polls),
        error_subcode=int(failing.number("subcode", FAILED_SUBCODE)) if failing else None,
        media_id=None,
        shortcode=None,
        published_at=None,
    )


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container at one moment."""

    container: Container
    status: Status

    def words(self) -> str:
        """`status`: with an error it holds the subcode (meta 5.3)."""
        return WORDS[self.status](self.container)


WORDS: Final[Mapping[Status, Callable[[Container], str]]] = {
    Status.IN_PROGRESS: lambda _: "In Progress: Media is still being processed.",
    Status.FINISHED: lambda _: "Finished: Media has been uploaded and it is ready to be published.",
    Status.PUBLISHED: lambda _: "Published: Media has been successfully published.",
    Status.ERROR: lambda container: f"Error: Media upload has failed with error code {container.error_subcode}",
    Status.EXPIRED: lambda _: "Expired: The container was not published within 24 hours and has expired.",
}
RULES: dict[str, Rule[ContainerView]] = {
    "id": Rule(lambda view: view.container.id),
    "status_code": Rule(lambda view: view.status),
    "status": Rule(ContainerView.words),
    # Only with video (meta 5.3).
    "copyright_check_status": Rule(lambda view: None),
    "video_status": Rule(lambda view: None),
}
DEFAULT_FIELDS: Final = (Field("id"),)


def read(request: GraphRequest, container: Container) -> dict[str, Any]:
    """`GET /{container}`. A read of the status is what brings a slow container forward."""
    world = request.world
    account = instagram.find(world, container.account_id)
    if account is None:
        raise missing_object(request.method, container.id)
    require_reading(request, account)
    view = ContainerView(container, container.status(world.now))
    fields = request.fields or DEFAULT_FIELDS
    told = read_node(CONTAINER, RULES, fields, view)
    if container.polls_left and any(field.name in ("status", "status_code") for field in fields):
        with world.write():
            containers.count_poll(world, container)
    return told
