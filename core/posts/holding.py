"""How a command gets hold of a post, and what it says when somebody else was there before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra.errors import Conflict, NotFound
from core.posts import editing, store
from core.posts.content import Wanted
from core.posts.deciding import Request
from core.posts.editing import Stored
from core.posts.model import Post, Publication
from core.posts.views import Theirs, Who, Whole


class EditConflict(Conflict):
    """Somebody else saved this post meanwhile. Nothing of yours was saved and nothing of theirs was changed.

    Both versions are here, complete: `theirs` is saved, `mine` isn't (None where nothing was to be saved).
    """

    def __init__(self, theirs: Theirs, mine: Whole | None = None) -> None:
        self.theirs = theirs
        self.mine = mine
        super().__init__(
            f"{theirs.saved_by} saved this post meanwhile, so yours was not saved over it. Compare the two and choose."
        )


def existing(post: Post | None) -> Post:
    """The post, unless there is none or it was deleted. Raises NotFound."""
    if post is None:
        raise NotFound
    if post.deleted_at is not None:
        raise NotFound("This post was deleted. Bring it back with Undo to go on.")
    return post


def locked(session: Session, post_id: UUID) -> tuple[Post, list[Publication]]:
    """A post and all its publications, held until the end of the transaction. Raises NotFound."""
    post = existing(store.lock_posts(session, [post_id]).get(post_id))
    return post, store.lock_publications(session, [post_id])


def locked_whole(session: Session, post_id: UUID) -> Stored:
    """As `locked`, with everything the post says."""
    post, publications = locked(session, post_id)
    return Stored(post, store.content(session, post), publications)


def request_of(post: Post, names: Mapping[UUID, str]) -> Request:
    """A post as far as approving it goes; `names` has the name of who was asked."""
    reviewer = None if post.reviewer_id is None else Who(post.reviewer_id, names.get(post.reviewer_id, ""))
    return Request(post.author_id, post.submitted_by, reviewer, post.writers)


def conflict(session: Session, stored: Stored, mine: Wanted | None = None) -> EditConflict:
    """What to raise when the revision has moved."""
    post, said = stored.post, stored.content
    own_slots = editing.own_slots(post, stored.publications)
    theirs = Theirs(
        content=said,
        account_ids=tuple(stored.chosen),
        slot_at=post.slot_at,
        own_slots=own_slots,
        revision=post.revision,
        saved_by=store.names(session, [post.updated_by])[post.updated_by],
        saved_at=post.updated_at,
    )
    return EditConflict(theirs, None if mine is None else _whole(mine, own_slots))


def _whole(wanted: Wanted, own_slots: Mapping[UUID, datetime | None]) -> Whole:
    return Whole(
        content=wanted.content,
        account_ids=wanted.account_ids,
        slot_at=wanted.slot_at,
        own_slots=own_slots if wanted.own_slots is None else wanted.own_slots,
    )
