"""`POST /{ig}/media_publish` and `GET /{ig}/content_publishing_limit` (meta 5.4, 5.5, 5.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import NewPost
from sandbox.meta import containers, instagram
from sandbox.meta.containers import CAROUSEL_ITEM, REELS, STORIES, Container, Status
from sandbox.meta.errors import invalid, malformed, missing_object
from sandbox.meta.facts import DAY_S, DEFAULT_DELAY_MS, STORY_LIFETIME_S
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.instagram.rights import require_publishing, require_reading
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount

PUBLISH_PARAMETERS: Final = frozenset({"creation_id"})
LIMIT_PARAMETERS: Final = frozenset({"since"})
_KINDS: Final[Mapping[str, str]] = {REELS: ledger.REEL, STORIES: ledger.STORY}
LIMIT_FIELDS: Final = {"config": frozenset({"quota_total", "quota_duration"}), "quota_usage": frozenset[str]()}


def publish(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """Make a container a post. It is live if and only if this transaction commits."""
    require_publishing(request, account)
    container = _container(request, account)
    if container.media_id is not None:
        return {"id": _published_again(request, container.media_id)}
    _check_ready(container.status(request.world.now))
    world = request.world
    if containers.published_since(world, account.id, world.now - DAY_S) >= _quota(request):
        raise errors.limit_reached()
    parts = _parts(request, container)
    with world.write():
        media_id = containers.new_media_id(world)
        ledger.add(world.db, _post(request, account, container, media_id, parts))
        containers.mark_published(world, container, media_id, instagram.shortcode(world, media_id))
        for part in parts:
            containers.mark_part(world, part.id, containers.new_media_id(world))
    return {"id": media_id}


def _parts(request: GraphRequest, container: Container) -> list[Container]:
    """The parts of a carousel. One that another carousel took meanwhile, or that expired, is gone."""
    parts = [containers.find(request.world, child_id) for child_id in container.child_ids]
    found = [part for part in parts if part is not None]
    if any(part.status(request.world.now) is not Status.FINISHED for part in found):
        raise errors.container_gone()
    return found


def _container(request: GraphRequest, account: InstagramAccount) -> Container:
    creation_id = request.text("creation_id")
    if creation_id is None:
        raise malformed("The parameter creation_id is required")
    container = containers.find(request.world, creation_id)
    if container is None:
        raise errors.container_gone()
    if container.account_id != account.id:
        raise missing_object(request.method, creation_id)
    if container.kind == CAROUSEL_ITEM:
        raise invalid("An item of a carousel can't be published by itself")
    return container


def _published_again(request: GraphRequest, media_id: str) -> str:
    """What Meta says here is not verified, so it can be chosen (meta 5.8)."""
    if request.world.option(PROVIDER, "republish") == "same_id":
        return media_id
    raise errors.container_gone()


def _check_ready(status: Status) -> None:
    if status is Status.IN_PROGRESS:
        raise errors.not_ready()
    if status is not Status.FINISHED:
        raise errors.container_gone()


def _post(
    request: GraphRequest, account: InstagramAccount, container: Container, media_id: str, parts: Sequence[Container]
) -> NewPost:
    now = request.world.now
    kind = _KINDS.get(container.kind, ledger.POST)
    return NewPost(
        id=media_id,
        provider=PROVIDER,
        network=instagram.NETWORK,
        account_id=account.id,
        app_id=request.caller.app_id,
        text=container.caption,
        link=None,
        detail=container.detail,
        created_at=now,
        live_at=now,
        listed_at=now + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS),
        media=[part.media for part in parts or (container,)],
        kind=kind,
        ends_at=now + STORY_LIFETIME_S if kind == ledger.STORY else None,
    )


def _quota(request: GraphRequest) -> int:
    return int(float(request.world.option(PROVIDER, "publish_quota")))


def limit(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """How much of the quota is used; `config` only when it is asked for."""
    require_reading(request, account)
    world = request.world
    for field in request.fields:
        known = LIMIT_FIELDS.get(field.name)
        unknown = [field.name] if known is None else [each.name for each in field.inner if each.name not in known]
        if unknown:
            raise malformed(f"Tried accessing nonexisting field ({unknown[0]}) on node type (ContentPublishingLimit)")
    since = request.moment("since")
    if since is not None and not world.now - DAY_S <= since <= world.now:
        raise invalid("Param since must lie within the last 24 hours")
    asked = {field.name for field in request.fields} or {"quota_usage"}
    told: dict[str, Any] = {}
    if "quota_usage" in asked:
        from_then = world.now - DAY_S if since is None else since
        told["quota_usage"] = containers.published_since(world, account.id, from_then)
    if "config" in asked:
        told["config"] = {"quota_total": _quota(request), "quota_duration": DAY_S}
    return {"data": [told]}
