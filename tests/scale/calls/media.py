"""Calls of media."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from core.media import queries, store
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside, sha256_of

_FORM: Final[dict[str, Any]] = {
    "sha256": sha256_of("new"),
    "mime": "image/png",
    "width": 1,
    "height": 1,
    "size": 1,
}
_NETWORKS: Final = ("facebook", "instagram")


def _image(session: Session, world: World) -> object:
    about = {"organization_id": world.organization_id, "file_name": "new.png", "uploaded_by": world.actor.member_id}
    return store.insert_media(session, about | _FORM, [{"network": "facebook", **_FORM}])


CALLS: Final[Calls] = {
    queries.media: (alone(lambda world: queries.media(world.actor, world.any_id("media"))),),
    queries.view: (inside(lambda session, world: queries.view(session, world.any_id("media"))),),
    queries.views: (inside(lambda session, world: queries.views(session, [world.any_id("media")])),),
    queries.poster: (inside(lambda session, world: queries.poster(session, world.any_id("media"))),),
    queries.items: (inside(lambda session, world: queries.items(session, world.any_id("media"), _NETWORKS), "worker"),),
    store.newest_files: (inside(lambda session, _: store.newest_files(session, 20), "worker"),),
    store.uploads_lately: (
        inside(lambda session, world: store.uploads_lately(session, world.organization_id, timedelta(minutes=1))),
    ),
    store.crowded_out: (
        inside(
            lambda session, world: store.crowded_out(session, world.organization_id, timedelta(days=1), 60, 1 << 34)
        ),
    ),
    store.insert_upload: (
        inside(
            lambda session, world: store.insert_upload(
                session, world.organization_id, file_name="new.png", size=1, created_by=world.actor.member_id
            )
        ),
    ),
    store.upload: (
        inside(lambda session, world: store.upload(session, world.any_id("upload"))),
        inside(lambda session, world: store.upload(session, world.any_id("upload"), lock=True)),
    ),
    store.has_received: (inside(lambda session, world: store.has_received(session, world.any_id("upload"), 1)),),
    store.has_become: (
        inside(lambda session, world: store.has_become(session, world.any_id("upload"), world.any_id("media"))),
    ),
    store.is_queued: (inside(lambda session, world: store.is_queued(session, world.any_id("upload"))),),
    store.claim_uploads: (outside(lambda session, _: store.claim_uploads(session, 10, 60), "worker"),),
    store.extend_lease: (
        inside(lambda session, world: store.extend_lease(session, world.any_id("upload"), 1, 60), "worker"),
    ),
    store.give_back: (inside(lambda session, world: store.give_back(session, world.any_id("upload"), 1, 0), "worker"),),
    store.has_failed: (
        inside(
            lambda session, world: store.has_failed(
                session,
                store.insert_upload(
                    session, world.organization_id, file_name="new.png", size=1, created_by=world.actor.member_id
                ),
                "Why.",
            )
        ),
    ),
    store.is_empty: (inside(lambda session, world: store.is_empty(session, world.any_id("upload")), "worker"),),
    store.overdue_uploads: (
        outside(lambda session, _: store.overdue_uploads(session, timedelta(days=1), 100), "worker"),
    ),
    store.old_uploads: (outside(lambda session, _: store.old_uploads(session, timedelta(days=30), 100), "worker"),),
    store.forget_uploads: (
        inside(lambda session, world: store.forget_uploads(session, [world.any_id("upload")]), "worker"),
    ),
    store.insert_media: (inside(_image),),
    store.add_renditions: (
        inside(
            lambda session, world: store.add_renditions(
                session, world.organization_id, world.any_id("media"), [{"network": "later", **_FORM}]
            )
        ),
    ),
    store.same_media: (
        inside(lambda session, world: store.same_media(session, world.organization_id, sha256_of("new"), "image/png")),
    ),
    store.change_media: (
        inside(lambda session, world: store.change_media(session, world.any_id("media"), alt="A tree.")),
    ),
    store.media: (
        inside(lambda session, world: store.media(session, world.any_id("media"))),
        inside(lambda session, world: store.media(session, world.any_id("media"), lock=True)),
    ),
    store.several_media: (inside(lambda session, world: store.several_media(session, [world.any_id("media")])),),
    store.open_uploads: (
        inside(lambda session, world: store.open_uploads(session, world.actor.member_id, timedelta(days=1))),
    ),
    store.renditions_of_several: (
        inside(lambda session, world: store.renditions_of_several(session, [world.any_id("media")])),
    ),
    store.renditions: (
        inside(lambda session, world: store.renditions(session, world.any_id("media"))),
        inside(lambda session, world: store.renditions(session, world.any_id("media"), _NETWORKS)),
    ),
}
WITHOUT_SQL: Final = (queries.shown,)
