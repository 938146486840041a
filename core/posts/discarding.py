"""Deleting a draft, and bringing it back. See `commands` for what holds of all of them."""

from __future__ import annotations

from uuid import UUID

from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, NotFound, Refused
from core.organizations.rules import Permission, require
from core.posts import receipts, store
from core.posts.holding import locked
from core.posts.receipts import Done
from core.posts.rules import PublicationState

_S = PublicationState


def delete(actor: Actor, action_id: UUID, post_id: UUID) -> None:
    """Delete a draft; `undelete` brings it back. Raises Refused once anything of it went further than draft."""
    require(actor, Permission.DELETE_DRAFT)
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.delete", Done) is not None:
            return
        post, publications = locked(session, post_id)
        visible = [each for each in publications if each.removed_at is None]
        if any(each.state not in (_S.DRAFT, _S.CHANGES_REQUESTED) for each in visible):
            raise Refused("Only a draft can be deleted. Withdraw it from review or cancel it first.")
        for publication in visible:
            if publication.state is _S.CHANGES_REQUESTED:
                store.change(session, publication, because="the post was deleted", state=_S.DRAFT)
        post.deleted_at = store.situation(session).moment
        session.flush()
        record(session, actor, "post.delete", "post", post.id, before={"revision": post.revision})
        receipts.keep(session, actor, action_id, Done(post_id))


def undelete(actor: Actor, action_id: UUID, post_id: UUID) -> None:
    """Bring a deleted draft back as it was."""
    require(actor, Permission.DELETE_DRAFT)
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.undelete", Done) is not None:
            return
        post = store.lock_posts(session, [post_id]).get(post_id)
        if post is None:
            raise NotFound
        if post.deleted_at is None:
            raise Conflict("This post is not deleted. Somebody else may have brought it back.")
        post.deleted_at = None
        session.flush()
        record(session, actor, "post.undelete", "post", post.id, after={"revision": post.revision})
        receipts.keep(session, actor, action_id, Done(post_id))
