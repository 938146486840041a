"""What a command gave, kept so that the second click of a double click gets the same answer and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from core.audit.commands import earlier_result, first_time, remember
from core.infra.actor import Actor

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Made:
    """A new post."""

    post_id: UUID


@dataclass(frozen=True, slots=True)
class Done:
    """Something was done that gives nothing back."""

    post_id: UUID


def earlier(session: Session, actor: Actor, action_id: UUID, command: str, kind: type[Result]) -> Result | None:
    """What this action gave before; None when this is the first time, and then `keep` must follow."""
    if first_time(session, actor, action_id, command):
        return None
    return TypeAdapter(kind).validate_python(earlier_result(session, actor, action_id)["result"])


def keep(session: Session, actor: Actor, action_id: UUID, result: object) -> None:
    """Remember what an action gave."""
    remember(session, actor, action_id, {"result": TypeAdapter(type(result)).dump_python(result, mode="json")})
