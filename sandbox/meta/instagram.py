"""Instagram accounts: to which Page each is linked, and where followers open it (meta 2.4, 5, 11.2)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.ledger import REEL, STORY, Post
from sandbox.meta.directory import Page
from sandbox.meta.facts import CDN, INSTAGRAM
from sandbox.port import Account
from sandbox.seeding import digest, number

if TYPE_CHECKING:
    from sandbox.world import World

NETWORK = "instagram"
ID_BEGINS, MORE_DIGITS = "17841", 12


@dataclass(frozen=True, slots=True)
class InstagramAccount:
    """An account. A personal one (`professional` is 0) isn't shown to any app (meta 2.4, 5)."""

    number: int
    id: str
    page_id: str
    username: str
    name: str
    biography: str
    professional: int

    def picture_url(self, world: World) -> str:
        """Where its picture lies."""
        return f"{world.settings.own_url}/{CDN}/{self.id}.svg"


def add(world: World, page: Page, username: str, professional: bool = True) -> InstagramAccount:
    """A new account, linked to a Page; its id follows from the seed and its turn."""
    turn = world.count("meta instagram account")
    account_id = ID_BEGINS + number(world.seed, f"meta instagram {turn}", MORE_DIGITS)
    row = world.db.execute(
        "insert into meta_instagram (id, page_id, username, name, biography, professional) values (?, ?, ?, ?, ?, ?)"
        " returning *",
        (account_id, page.id, username, page.name, f"{page.name} on Instagram", professional),
    ).fetchone()
    return InstagramAccount(*row)


def find(world: World, account_id: str) -> InstagramAccount | None:
    """The professional account of this id."""
    row = world.db.execute("select * from meta_instagram where id = ? and professional", (account_id,)).fetchone()
    return InstagramAccount(*row) if row else None


def find_by_name(world: World, username: str) -> InstagramAccount | None:
    """The account of this name, personal ones too: followers see both."""
    row = world.db.execute("select * from meta_instagram where username = ?", (username,)).fetchone()
    return InstagramAccount(*row) if row else None


def of_page(world: World, page_id: str) -> InstagramAccount | None:
    """The professional account that is linked to a Page."""
    row = world.db.execute("select * from meta_instagram where page_id = ? and professional", (page_id,)).fetchone()
    return InstagramAccount(*row) if row else None


def set_professional(world: World, page_id: str, professional: bool) -> bool:
    """Change the kind of a Page's account, inside the caller's transaction; False where it has none."""
    changed = world.db.execute("update meta_instagram set professional = ? where page_id = ?", (professional, page_id))
    return changed.rowcount > 0


def accounts(world: World) -> list[Account]:
    """All accounts, as the control interface lists them; their people are those of the Page."""
    owners: dict[str, list[str]] = {}
    rows = world.db.execute(
        "select i.id, r.person_id from meta_instagram i join meta_role r on r.page_id = i.page_id order by r.person_id"
    )
    for account_id, person_id in rows:
        owners.setdefault(account_id, []).append(person_id)
    named = world.db.execute("select id, username from meta_instagram order by number")
    return [Account(NETWORK, account_id, username, owners.get(account_id, [])) for account_id, username in named]


def shortcode(world: World, media_id: str) -> str:
    """Eleven characters that stand for a post in its address."""
    return base64.urlsafe_b64encode(digest(world.seed, f"meta shortcode {media_id}")).decode()[:11]


def permalink(world: World, account: InstagramAccount, post: Post) -> str:
    """Where followers see a post, a reel or a story (meta 5.4)."""
    place = f"{world.settings.own_url}/{INSTAGRAM}"
    if post.kind == STORY:
        return f"{place}/stories/{account.username}/{post.id}"
    return f"{place}/{'reel' if post.kind == REEL else 'p'}/{shortcode(world, post.id)}/"
