"""Who is who at LinkedIn: members, organizations and the roles between them (linkedin 3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import people
from sandbox.linkedin import apps
from sandbox.people import Person
from sandbox.port import Account
from sandbox.seeding import number, opaque

if TYPE_CHECKING:
    from sandbox.world import World

NETWORK, NETWORK_NAME = "linkedin", "LinkedIn"
ORGANIZATION, PERSON = "urn:li:organization:", "urn:li:person:"
ID_DIGITS = 8
MEMBER_ID_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Organization:
    """A company's Page."""

    number: int
    id: str
    name: str
    vanity_name: str

    @property
    def urn(self) -> str:
        """How posts and roles name it."""
        return ORGANIZATION + self.id


@dataclass(frozen=True, slots=True)
class Role:
    """What a person may do on a Page. One that isn't APPROVED allows nothing."""

    organization_id: str
    person_id: str
    role: str
    state: str


def member_urn(world: World, app_id: str, person_id: str) -> str:
    """A person as one app knows them: ids are pairwise, so two apps know different ones (2.7)."""
    seeded = opaque(world.seed, f"linkedin member {app_id} {person_id}").replace("-", "x").replace("_", "y")
    return PERSON + seeded[:MEMBER_ID_LENGTH]


def account_id(world: World, person_id: str) -> str:
    """A member's account in the ledger, whichever app posts: the id that the member app knows."""
    return member_urn(world, apps.member_app(world).client_id, person_id)


def add_organization(world: World, name: str) -> Organization:
    """A new Page; its id follows from the seed and its turn."""
    turn = world.count("linkedin organization")
    organization_id = number(world.seed, f"linkedin organization {turn}", ID_DIGITS)
    words = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    row = world.db.execute(
        "insert into linkedin_organization (id, name, vanity_name) values (?, ?, ?) returning *",
        (organization_id, name, f"{words}-{turn}"),
    ).fetchone()
    return Organization(*row)


def add_role(world: World, organization: Organization, person_id: str, role: str, state: str = "APPROVED") -> None:
    """Give a person a role."""
    world.db.execute("insert into linkedin_role values (?, ?, ?, ?)", (organization.id, person_id, role, state))


def take_roles(world: World, organization: Organization, person_id: str) -> None:
    """A person has no role there any more."""
    world.db.execute(
        "delete from linkedin_role where organization_id = ? and person_id = ?", (organization.id, person_id)
    )


def find_organization(world: World, organization_id: str) -> Organization | None:
    """The Page of this number."""
    row = world.db.execute("select * from linkedin_organization where id = ?", (organization_id,)).fetchone()
    return Organization(*row) if row else None


def find_by_vanity_name(world: World, vanity_name: str) -> Organization | None:
    """The Page of this name in addresses."""
    row = world.db.execute("select * from linkedin_organization where vanity_name = ?", (vanity_name,)).fetchone()
    return Organization(*row) if row else None


def roles_of(world: World, person_id: str) -> list[Role]:
    """Every role of a person, in the order the Pages were made."""
    rows = world.db.execute(
        "select role.* from linkedin_role role join linkedin_organization o on o.id = role.organization_id"
        " where person_id = ? order by o.number, role",
        (person_id,),
    )
    return [Role(*row) for row in rows]


def roles_on(world: World, organization_id: str) -> list[Role]:
    """Everybody's roles on a Page."""
    rows = world.db.execute(
        "select * from linkedin_role where organization_id = ? order by person_id, role", (organization_id,)
    )
    return [Role(*row) for row in rows]


def has_role(world: World, person_id: str, organization_urn: str, roles: Collection[str]) -> bool:
    """Has a person one of these roles on a Page, approved?"""
    rows = world.db.execute(
        "select role from linkedin_role where person_id = ? and organization_id = ? and state = 'APPROVED'",
        (person_id, organization_urn.removeprefix(ORGANIZATION)),
    )
    return any(role in roles for (role,) in rows)


def name_of(world: World, app_id: str, urn: str) -> str | None:
    """The name that a mention of this entity must show (4.3); None when there is no such entity."""
    if urn.startswith(ORGANIZATION):
        found = find_organization(world, urn.removeprefix(ORGANIZATION))
        return found.name if found else None
    person = find_member(world, app_id, urn)
    return person.name if person else None


def find_member(world: World, app_id: str, urn: str) -> Person | None:
    """The person whom an app knows by this URN."""
    return next((each for each in people.everybody(world.db) if member_urn(world, app_id, each.id) == urn), None)


def profile_name(person: Person) -> str:
    """A member's name in addresses."""
    return person.name.lower().replace(" ", "-")


def find_by_profile_name(world: World, name: str) -> Person | None:
    """The member of this name in addresses."""
    return next((each for each in people.everybody(world.db) if profile_name(each) == name), None)


def accounts(world: World) -> list[Account]:
    """All Pages with those who have a role there, and every person as a member."""
    owners: dict[str, list[str]] = {}
    for organization_id, person_id in world.db.execute(
        "select organization_id, person_id from linkedin_role order by person_id"
    ):
        owners.setdefault(organization_id, []).append(person_id)
    rows = world.db.execute("select * from linkedin_organization order by number").fetchall()
    pages = [
        Account(NETWORK, page.urn, page.name, owners.get(page.id, []), NETWORK_NAME)
        for page in (Organization(*row) for row in rows)
    ]
    members = [
        Account(NETWORK, account_id(world, person.id), person.name, (person.id,), NETWORK_NAME)
        for person in people.everybody(world.db)
    ]
    return pages + members


def account(world: World, urn: str) -> Account | None:
    """The account of a post."""
    return next((each for each in accounts(world) if each.id == urn), None)
