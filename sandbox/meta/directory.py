"""Who is who at Meta: the app, profiles, Pages, roles and business portfolios."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import people
from sandbox.port import Account, App
from sandbox.seeding import hexadecimal, number

if TYPE_CHECKING:
    from sandbox.world import World

APP_NAME = "Masthead"
APP_CATEGORY = "Business"
ID_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Page:
    """A Facebook Page. One that a portfolio owns is missing in `/me/accounts` (meta 2.4)."""

    number: int
    id: str
    name: str
    category: str
    username: str | None
    about: str | None
    business_id: str | None


@dataclass(frozen=True, slots=True)
class Business:
    """A business portfolio."""

    id: str
    name: str


def app(world: World) -> App:
    """Masthead, as registered with Meta."""
    redirect_uri = f"{world.settings.ingest_url}/oauth/meta/callback"
    return App("meta", world.fact("meta.app_id"), world.fact("meta.app_secret"), (redirect_uri,))


def make_app(world: World) -> None:
    """The app's id and secret follow from the seed."""
    world.set_fact("meta.app_id", number(world.seed, "meta app", ID_DIGITS))
    world.set_fact("meta.app_secret", hexadecimal(world.seed, "meta app secret"))


def user_id(world: World, person_id: str) -> str:
    """A person's app-scoped id."""
    return number(world.seed, f"meta user {person_id}", ID_DIGITS + 1)


def find_user(world: World, node: str) -> people.Person | None:
    """The person whose app-scoped id this is."""
    return next((each for each in people.everybody(world.db) if user_id(world, each.id) == node), None)


def add_page(world: World, name: str, category: str, business_id: str | None = None) -> Page:
    """A new Page; its id follows from the seed and its name's turn."""
    turn = world.count("meta page")
    page_id = number(world.seed, f"meta page {turn}", ID_DIGITS)
    username = "".join(character for character in name.lower() if character.isalnum())
    row = world.db.execute(
        "insert into meta_page (id, name, category, username, about, business_id) values (?, ?, ?, ?, ?, ?)"
        " returning *",
        (page_id, name, category, username, f"{name} on Facebook", business_id),
    ).fetchone()
    return Page(*row)


def add_role(world: World, page: Page, person_id: str, tasks: Sequence[str]) -> None:
    """Give a person tasks on a Page."""
    world.db.execute("insert into meta_role values (?, ?, ?)", (page.id, person_id, ",".join(tasks)))


def set_role(world: World, page: Page, person_id: str, tasks: Sequence[str]) -> None:
    """Change a person's tasks on a Page; without any the role is lost."""
    world.db.execute("delete from meta_role where page_id = ? and person_id = ?", (page.id, person_id))
    if tasks:
        add_role(world, page, person_id, tasks)


def owned(world: World, page_id: str) -> bool:
    """Is it a portfolio's, so that roles on it come from there?"""
    page = find_page(world, page_id)
    return page is not None and page.business_id is not None


def set_owner(world: World, page: Page, business: Business | None) -> None:
    """Put a Page into a portfolio, or out of every one."""
    world.db.execute("update meta_page set business_id = ? where id = ?", (business.id if business else None, page.id))


def business_named(world: World, name: str, person_id: str) -> Business:
    """The portfolio of this name with the person in it, made where there is none."""
    business = Business(number(world.seed, f"meta business {name}", ID_DIGITS), name)
    world.db.execute("insert or ignore into meta_business values (?, ?)", (business.id, business.name))
    world.db.execute("insert or ignore into meta_business_person values (?, ?)", (business.id, person_id))
    return business


def find_page(world: World, page_id: str) -> Page | None:
    """The Page of this id."""
    row = world.db.execute("select * from meta_page where id = ?", (page_id,)).fetchone()
    return Page(*row) if row else None


def pages_of(world: World, person_id: str) -> list[Page]:
    """All Pages on which a person has a role, in the order they were made."""
    rows = world.db.execute(
        "select page.* from meta_role role join meta_page page on page.id = role.page_id"
        " where role.person_id = ? order by page.number",
        (person_id,),
    )
    return [Page(*row) for row in rows]


def tasks(world: World, person_id: str, page_id: str) -> list[str]:
    """What a person may do on a Page; nothing when there is no role."""
    row = world.db.execute(
        "select tasks from meta_role where person_id = ? and page_id = ?", (person_id, page_id)
    ).fetchone()
    return str(row[0]).split(",") if row else []


def businesses_of(world: World, person_id: str) -> list[Business]:
    """The portfolios a person belongs to."""
    rows = world.db.execute(
        "select b.id, b.name from meta_business_person p join meta_business b on b.id = p.business_id"
        " where p.person_id = ? order by b.id",
        (person_id,),
    )
    return [Business(*row) for row in rows]


def find_business(world: World, business_id: str) -> Business | None:
    """The portfolio of this id."""
    row = world.db.execute("select id, name from meta_business where id = ?", (business_id,)).fetchone()
    return Business(*row) if row else None


def pages_of_business(world: World, business_id: str, person_id: str) -> list[Page]:
    """The Pages that a portfolio owns and a person may use."""
    return [page for page in pages_of(world, person_id) if page.business_id == business_id]


def accounts(world: World) -> list[Account]:
    """All Pages, as the control interface lists them."""
    owners: dict[str, list[str]] = {}
    for page_id, person_id in world.db.execute("select page_id, person_id from meta_role order by person_id"):
        owners.setdefault(page_id, []).append(person_id)
    rows: list[sqlite3.Row] = world.db.execute("select id, name from meta_page order by number").fetchall()
    return [Account("facebook", page_id, name, owners.get(page_id, [])) for page_id, name in rows]
