"""What calls are made with: ids of the largest organization's rows, one of each kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.settings import Program
from core.posts.model import Post, Publication

LARGEST: Final = UUID("00000001-7000-8000-0000-000000000001")


@dataclass(frozen=True, slots=True)
class Call:
    """How one function is called: by which program, and in an organization's transaction, one outside any, or none.

    What is called without a transaction opens its own.
    """

    run: Callable[[Any, World], object]
    program: Program
    within: str


def inside(run: Callable[[Session, World], object], program: Program = "web") -> Call:
    """A call in a transaction of the organization."""
    return Call(run, program, "organization")


def outside(run: Callable[[Session, World], object], program: Program = "web") -> Call:
    """A call in a transaction outside any organization."""
    return Call(run, program, "nothing")


def alone(run: Callable[[World], object], program: Program = "web") -> Call:
    """A call that opens transactions itself."""
    return Call(lambda _, world: run(world), program, "itself")


@dataclass(frozen=True, slots=True)
class World:
    """Rows of the largest organization; `number` is any number not used as a name in it before."""

    database: db.Database
    actor: Actor

    @property
    def organization_id(self) -> UUID:
        return self.actor.organization_id

    def one(self, statement: str, **values: Any) -> Any:
        """The first column of the first row, seen as the web role sees it."""
        with self.database.organization_transaction(self.organization_id, "program:test") as session:
            return session.execute(text(statement), values).scalars().first()

    def post_id(self, state: str = "in_review") -> UUID:
        """A post with a publication in a state."""
        found: UUID = self.one(
            "select p.post_id from masthead.publication p join masthead.post t on t.organization_id = p.organization_id"
            " and t.id = p.post_id where p.state = :state and t.deleted_at is null order by p.id limit 1",
            state=state,
        )
        return found

    def publication_id(self, state: str = "published") -> UUID:
        """A publication in a state."""
        found: UUID = self.one(
            "select id from masthead.publication where state = :state order by id limit 1", state=state
        )
        return found

    def any_id(self, table: str) -> Any:
        """The id of some row of a table with ids."""
        return self.one(f"select id from masthead.{table} order by id limit 1")  # noqa: S608 - tests' own words

    def attempt_id(self, state: str) -> int:
        """An attempt in a state."""
        found: int = self.one("select id from masthead.attempt where state = :state order by id limit 1", state=state)
        return found


def post(session: Session, world: World, state: str = "in_review") -> Post:
    """A post's row with a publication in a state."""
    return session.scalars(select(Post).where(Post.id == world.post_id(state))).one()


def publication(session: Session, world: World, state: str = "published") -> Publication:
    """A publication's row in a state."""
    return session.scalars(select(Publication).where(Publication.id == world.publication_id(state))).one()


def sha256_of(words: str) -> bytes:
    """As the seed makes hashes."""
    return hashlib.sha256(words.encode()).digest()


def reader_of(database: db.Database) -> Actor:
    """An admin of the largest organization with a session in it."""
    with database.organization_transaction(LARGEST, "program:test") as session:
        row = session.execute(
            text(
                "select m.id, m.person_id, p.name from masthead.member m join masthead.person p on p.id = m.person_id"
                " where m.role = 'admin' order by m.id limit 1"
            )
        ).one()
    session_id = UUID("00000005-7000-8000-0000-000000002710")
    return Actor(LARGEST, row.id, row.person_id, Role.ADMIN, row.name, session_id, "scale")
