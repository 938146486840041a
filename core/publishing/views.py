"""What commands of publishing give back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.publishing.live_rules import Kind, LiveState


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


@dataclass(frozen=True, slots=True)
class LookedFor:
    """One look for a comment of which nobody knew whether it is there. `complete`: all comments were read."""

    at: datetime
    complete: bool
    words: str


@dataclass(frozen=True, slots=True)
class LiveWork:
    """Something done, or to be done, to a live post: its first comment, another text, taking it away.

    `words` says how it stands and what to do next. `asked_by` None: it was approved with the post. `next_at`: when it
    goes on by itself. `epoch` names the last try: a verdict about it names it too.
    """

    id: UUID
    publication_id: UUID
    kind: Kind
    state: LiveState
    epoch: int
    words: str
    text: str
    text_before: str
    asked_by: str | None
    asked_at: datetime
    closed_at: datetime | None
    next_at: datetime | None
    looks: tuple[LookedFor, ...]


@dataclass(frozen=True, slots=True)
class LiveTrouble:
    """A piece of work on a live post that a person has to look at. `text`: the post's, at most 140 characters."""

    post_id: UUID
    kind: Kind
    state: LiveState
    words: str
    text: str
    account_name: str
    network: str
