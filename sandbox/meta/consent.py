"""What a person has allowed the app: permissions, granted or declined, and the Pages they hold for (meta 2.1, 2.6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import orjson

from sandbox.meta.facts import BASIC_SCOPES, DATA_ACCESS_S

if TYPE_CHECKING:
    from sandbox.world import World

GRANTED, DECLINED = "granted", "declined"
# "Opt in to all current and future Pages": granular_scopes then name no targets (meta 2.5).
ALL_PAGES = None


def grant(
    world: World,
    app_id: str,
    person_id: str,
    granted: Collection[str],
    declined: Collection[str],
    pages: Sequence[str] | None,
) -> None:
    """Remember what a person decided. Permissions that weren't asked this time stay as they were."""
    key = (app_id, person_id)
    statuses = {**dict.fromkeys(declined, DECLINED), **dict.fromkeys([*granted, BASIC_SCOPES[0]], GRANTED)}
    world.db.execute(
        "insert or replace into meta_consent values (?, ?, ?, ?, ?)",
        (*key, pages is ALL_PAGES, world.now, world.now + DATA_ACCESS_S),
    )
    world.db.execute("delete from meta_consent_page where app_id = ? and person_id = ?", key)
    world.db.executemany(
        "insert or ignore into meta_consent_page values (?, ?, ?)", [(*key, page) for page in pages or ()]
    )
    world.db.executemany(
        "insert or replace into meta_permission values (?, ?, ?, ?)",
        [(*key, scope, status) for scope, status in statuses.items()],
    )


def permissions(world: World, app_id: str, person_id: str) -> dict[str, str]:
    """Every permission that was ever decided, with its status."""
    rows = world.db.execute(
        "select scope, status from meta_permission where app_id = ? and person_id = ? order by scope",
        (app_id, person_id),
    )
    return dict(rows)


def granted(world: World, app_id: str, person_id: str) -> list[str]:
    """The permissions in force."""
    return [name for name, status in permissions(world, app_id, person_id).items() if status == GRANTED]


def exists(world: World, app_id: str, person_id: str) -> bool:
    """Has the person let the app in at all?"""
    found = world.db.execute("select 1 from meta_consent where app_id = ? and person_id = ?", (app_id, person_id))
    return found.fetchone() is not None


def access_ends_at(world: World, app_id: str, person_id: str) -> float:
    """When the app may no longer read the person's data: 90 days after they last let it in (meta 2.7); 0 if never."""
    row = world.db.execute(
        "select access_ends_at from meta_consent where app_id = ? and person_id = ?", (app_id, person_id)
    ).fetchone()
    return float(row[0]) if row else 0.0


def end_access(world: World, app_id: str, person_id: str, at: float) -> None:
    """Let it end at another moment."""
    world.db.execute(
        "update meta_consent set access_ends_at = ? where app_id = ? and person_id = ?", (at, app_id, person_id)
    )


def pages(world: World, app_id: str, person_id: str) -> list[str] | None:
    """The Pages that were chosen, or ALL_PAGES."""
    row = world.db.execute(
        "select all_pages from meta_consent where app_id = ? and person_id = ?", (app_id, person_id)
    ).fetchone()
    if row is not None and row[0]:
        return ALL_PAGES
    rows = world.db.execute(
        "select page_id from meta_consent_page where app_id = ? and person_id = ? order by page_id",
        (app_id, person_id),
    )
    return [page_id for (page_id,) in rows]


def covers(world: World, app_id: str, person_id: str, page_id: str) -> bool:
    """Does the consent hold for this Page?"""
    return (
        world.db.execute(
            "select 1 from meta_consent c where app_id = ? and person_id = ? and (all_pages or exists ("
            " select 1 from meta_consent_page p where p.app_id = c.app_id and p.person_id = c.person_id"
            " and p.page_id = ?))",
            (app_id, person_id, page_id),
        ).fetchone()
        is not None
    )


def has_scopes(world: World, app_id: str, person_id: str, scopes: Sequence[str]) -> bool:
    """Are all of these permissions in force?"""
    row = world.db.execute(
        "select count(*) from meta_permission where app_id = ? and person_id = ? and status = 'granted'"
        " and scope in (select value from json_each(?))",
        (app_id, person_id, orjson.dumps(scopes).decode()),
    ).fetchone()
    return int(row[0]) == len(scopes)


def has_any(world: World, app_id: str, person_id: str, scopes: Sequence[str]) -> bool:
    """Is one of these permissions in force?"""
    return not set(scopes).isdisjoint(granted(world, app_id, person_id))


def set_status(world: World, app_id: str, person_id: str, scope: str, status: str) -> None:
    """Decide one permission without a dialog."""
    world.db.execute("insert or replace into meta_permission values (?, ?, ?, ?)", (app_id, person_id, scope, status))


def decline(world: World, app_id: str, person_id: str, scope: str) -> None:
    """Take one permission back (meta 2.6)."""
    world.db.execute(
        "update meta_permission set status = 'declined' where app_id = ? and person_id = ? and scope = ?",
        (app_id, person_id, scope),
    )


def withdraw(world: World, app_id: str, person_id: str) -> None:
    """Put the app out: all is forgotten (meta 2.6)."""
    key = (app_id, person_id)
    world.db.execute("delete from meta_consent where app_id = ? and person_id = ?", key)
    world.db.execute("delete from meta_consent_page where app_id = ? and person_id = ?", key)
    world.db.execute("delete from meta_permission where app_id = ? and person_id = ?", key)
