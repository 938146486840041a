"""What commands of publishing give back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A publication of the post that the command didn't change, and why in words."""

    publication_id: UUID
    words: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What a command did: the publications it changed, and the others of the post with the reason; in a sentence."""

    publication_ids: tuple[UUID, ...]
    left_alone: tuple[LeftAlone, ...] = ()
    words: str = ""
