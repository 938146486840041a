"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, model_validator

from core.infra.inputs import Input
from core.posts.inputs import Moment, storable
from core.posts.rules import MAX_TEXT

MAX_REASON = 2_000
MOST_DECISIONS = 200


def _reason(value: str) -> str:
    words = " ".join(storable(value).split())
    if len(words) > MAX_REASON:
        raise ValueError(f"The reason is longer than {MAX_REASON:,} characters. Shorten it.")
    return words


def _given_reason(value: str) -> str:
    words = _reason(value)
    if not words:
        raise ValueError("Say how you know: others will read it on the timeline.")
    return words


def _live_text(value: str) -> str:
    words = storable(value)
    if not words.strip():
        raise ValueError("Write the new text.")
    if len(words) > MAX_TEXT:
        raise ValueError(f"The text is longer than {MAX_TEXT:,} characters. Shorten it.")
    return words


def _named_post(value: str) -> str:
    words = storable(value).strip()
    if not words:
        raise ValueError("Paste the address of the live post, or its id.")
    if len(words) > MAX_REASON:
        raise ValueError("That is too long for the address of a post.")
    return words


class Target(Input):
    """A post with everything of it that can be changed, or one publication.

    `only` names the publications of the post that are meant, where a person saw which those were.
    """

    post_id: UUID | None = None
    publication_id: UUID | None = None
    only: tuple[UUID, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.post_id is None) == (self.publication_id is None):
            raise ValueError("Say either which post or which publication.")
        if self.only is not None and self.post_id is None:
            raise ValueError("Name some publications only of a post.")
        return self

    @classmethod
    def of(cls, post_id: UUID | None, publication_id: UUID | None, only: Collection[UUID] | None) -> Self:
        """What a person pointed at."""
        named = None if only is None else tuple(only)
        return cls.read(post_id=post_id, publication_id=publication_id, only=named)

    @property
    def subject(self) -> tuple[str, UUID]:
        """Kind and id for the audit line."""
        if self.post_id is not None:
            return "post", self.post_id
        if self.publication_id is not None:
            return "publication", self.publication_id
        raise ValueError("validated to be one of both")


class Slot(Input):
    """A time to send at."""

    slot_at: Moment


class Move(Input):
    """What of a post stands at `was` gets the time `to`; `only` None: all of it."""

    post_id: UUID
    was: Moment
    to: Moment
    only: tuple[UUID, ...] | None = None


class Fate(StrEnum):
    """What becomes of an overdue publication at a resume: sent now, at a time, or not at all."""

    NOW = "now"
    AT = "at"
    DROP = "drop"


class Decision(Input):
    """What a person decided about a publication that they saw standing at `was`; `at` with the fate `AT` alone."""

    publication_id: UUID
    was: Moment
    fate: Fate
    at: Moment | None = None

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if (self.fate is Fate.AT) != (self.at is not None):
            raise ValueError("Say for each what becomes of it, and the time where it gets one.")
        return self


class Decisions(Input):
    """What was decided at one resume, once for each publication."""

    decisions: tuple[Decision, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(self.decisions) > MOST_DECISIONS:
            raise ValueError(f"Decide about at most {MOST_DECISIONS} at once; the others become late.")
        if len({each.publication_id for each in self.decisions}) < len(self.decisions):
            raise ValueError("Something was decided twice about one publication.")
        return self


class Reason(Input):
    """Why, optional."""

    reason: Annotated[str, AfterValidator(_reason)] = ""


class LiveVerdict(Input):
    """A person says: it is live, there."""

    post: Annotated[str, AfterValidator(_named_post)]
    reason: Annotated[str, AfterValidator(_given_reason)]


class NotLiveVerdict(Input):
    """A person says: it is not live."""

    send_again: bool
    reason: Annotated[str, AfterValidator(_given_reason)]


class LiveText(Input):
    """Another text for a live post; `was` is the one that stood there for the person who asks."""

    text: Annotated[str, AfterValidator(_live_text)]
    was: str
