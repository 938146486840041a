"""The people of the demo: who can sign in, and who owns what at the networks."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

TABLES = """
create table person (
    id text primary key, name text not null, email text not null unique, email_verified integer not null
);
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has an identity at the OpenID provider and a profile at the networks. `id` is the OIDC subject."""

    id: str
    name: str
    email: str
    email_verified: bool = True


DEMO = (
    Person("p-maya", "Maya Okafor", "maya@northwind.example"),
    Person("p-sara", "Sara Lund", "sara@northwind.example"),
    Person("p-ivo", "Ivo Brandt", "ivo@northwind.example"),
    Person("p-lin", "Lin Zhao", "lin@northwind.example"),
    Person("p-tomas", "Tomas Reyes", "tomas@harbor.example"),
    Person("p-nadia", "Nadia Haddad", "nadia@harbor.example"),
)


def make(db: sqlite3.Connection) -> None:
    """Put the demo people into a new world."""
    for person in DEMO:
        add(db, person)


def add(db: sqlite3.Connection, person: Person) -> None:
    """One more person."""
    db.execute("insert into person values (?, ?, ?, ?)", (person.id, person.name, person.email, person.email_verified))


def everybody(db: sqlite3.Connection) -> list[Person]:
    """All people, in the order they came."""
    return [_person(row) for row in db.execute("select * from person order by rowid")]


def find(db: sqlite3.Connection, person_id: str) -> Person | None:
    """The person of this id."""
    row = db.execute("select * from person where id = ?", (person_id,)).fetchone()
    return _person(row) if row else None


def _person(row: sqlite3.Row) -> Person:
    return Person(row["id"], row["name"], row["email"], bool(row["email_verified"]))
