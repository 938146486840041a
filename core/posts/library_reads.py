"""SQL of the library: the organization's files with the posts that carry them. Takes a session; never commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.posts.fragments import Rows

# Which posts carry a file, for all accounts, for single ones, or as a cover; deleted posts carry none. Nowhere else is
# known where that stands.
_WAYS: Final = (
    """
select f.media_id, f.post_id from masthead.post_media f
join masthead.post t on t.organization_id = f.organization_id and t.id = f.post_id
where f.media_id {which} and f.place is not null and t.deleted_at is null""",
    """
select t.cover_id, t.id from masthead.post t
where t.cover_id {which} and t.deleted_at is null""",
    """
select v.cover_id, v.post_id from masthead.post_variant v
join masthead.post t on t.organization_id = v.organization_id and t.id = v.post_id
where v.cover_id {which} and t.deleted_at is null""",
)
_USES: Final = "\nunion".join(_WAYS)
_OF_ONE: Final = _USES.format(which="= m.id")
# One way is enough, and the first post of it: a union is made of all of them before anybody looks whether it is empty.
_USED: Final = "(" + " or ".join(f"exists ({way})" for way in _WAYS).format(which="= m.id") + ")"
_CONDITIONS: Final = {
    "kinds": "and m.kind = any(:kinds)",
    "words": "and strpos(lower(concat_ws(' ', m.file_name, m.alt, m.rights)), lower(:words)) > 0",
    "used": f"and {_USED}",
    "unused": f"and not {_USED}",
    "after": "and (m.created_at, m.id) < (:at, :id)",
}
_LISTED: Final = """
select m.id, m.created_at as at, (select count(*) from ({uses}) u) as uses
from masthead.media m where m.deleted_at is null {conditions}
order by m.created_at desc, m.id desc limit :limit
"""


def listed(
    session: Session,
    *,
    words: str,
    kinds: Collection[str],
    used: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Rows:
    """Ids of files, newest first, each with the number of posts that carry it."""
    given: dict[str, Any] = {"limit": limit}
    asked = []
    if words:
        asked.append("words")
        given["words"] = words
    if kinds:
        asked.append("kinds")
        given["kinds"] = list(kinds)
    if used is not None:
        asked.append("used" if used else "unused")
    if after is not None:
        asked.append("after")
        given["at"], given["id"] = after
    conditions = "\n".join(_CONDITIONS[each] for each in asked)
    return session.execute(text(_LISTED.format(uses=_OF_ONE, conditions=conditions)), given).all()


_CARRIERS: Final = """
select t.id, left(t.text, 120) as text, t.updated_at as at
from masthead.post t where t.id in (select u.post_id from ({uses}) u)
order by t.updated_at desc, t.id desc limit :limit
"""


def carriers(session: Session, media_id: UUID, limit: int) -> Rows:
    """The posts that carry a file, the newest change first."""
    uses = _USES.format(which="= :media")
    return session.execute(text(_CARRIERS.format(uses=uses)), {"media": media_id, "limit": limit}).all()


def is_used(session: Session, media_id: UUID) -> bool:
    """Whether a post carries a file."""
    uses = _USES.format(which="= :media")
    return bool(session.execute(text(f"select exists ({uses})"), {"media": media_id}).scalar_one())
