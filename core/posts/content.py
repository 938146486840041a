"""What a post says, and what single accounts get instead. Pure.

A variant holds only what differs: text None and image INHERIT are the post's own. The post's description goes with the
post's image, so an image of an account's own starts without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID


class Image(StrEnum):
    """Which image an account gets, where it isn't one of its own."""

    INHERIT = "inherit"
    NONE = "none"


NoImage = Literal[Image.NONE]


@dataclass(frozen=True, slots=True)
class Variant:
    """What one account gets instead of the post's own. `media`: the id of an image, the post's, or none at all."""

    text: str | None = None
    media: UUID | Image = Image.INHERIT
    alt: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether the account gets the post as it is."""
        return self == AS_THE_POST

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a submitted version."""
        return {"text": self.text, "media": str(self.media), "alt": self.alt}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Variant:
        """The variant back from its stored form."""
        media = stored["media"]
        return cls(stored["text"], Image(media) if media in set(Image) else UUID(media), stored["alt"])


AS_THE_POST: Final = Variant()


@dataclass(frozen=True, slots=True)
class AccountContent:
    """What goes to one account, before its network has a say."""

    text: str
    link: str | None = None
    media_id: UUID | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says everywhere. `variants` has only accounts that get something of their own."""

    text: str = ""
    link: str | None = None
    media_id: UUID | None = None
    alt: str = ""
    variants: Mapping[UUID, Variant] = field(default_factory=dict)

    def of(self, account_id: UUID) -> AccountContent:
        """What one account gets."""
        variant = self.variants.get(account_id, AS_THE_POST)
        if isinstance(variant.media, Image):
            media_id = self.media_id if variant.media is Image.INHERIT else None
            alt = self.alt if variant.alt is None else variant.alt
        else:
            media_id, alt = variant.media, variant.alt or ""
        return AccountContent(
            text=self.text if variant.text is None else variant.text,
            link=self.link,
            media_id=media_id,
            alt=alt if media_id is not None else "",
        )

    @property
    def media_ids(self) -> frozenset[UUID]:
        """Every image that some account may get."""
        own = {each.media for each in self.variants.values() if not isinstance(each.media, Image)}
        return frozenset(own if self.media_id is None else own | {self.media_id})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A post as somebody wants it, complete. `own_slots` None: accounts keep the times they have of their own."""

    content: Content
    account_ids: tuple[UUID, ...] = ()
    slot_at: datetime | None = None
    own_slots: Mapping[UUID, datetime | None] | None = None


def differing(variants: Mapping[UUID, Variant]) -> dict[UUID, Variant]:
    """Without those that say nothing."""
    return {account_id: each for account_id, each in variants.items() if not each.says_nothing}


def variants_from_json(stored: Mapping[str, Any]) -> dict[UUID, Variant]:
    """What a submitted version keeps."""
    return {UUID(account_id): Variant.from_json(each) for account_id, each in stored.items()}


def variants_as_json(variants: Mapping[UUID, Variant]) -> dict[str, Any]:
    """What a submitted version keeps."""
    return {str(account_id): each.as_json() for account_id, each in variants.items()}


# The parts that are somebody's words; accounts and times are not.
SAID: Final = frozenset({"text", "link", "media", "alt", "variants"})


def changed(before: Content, after: Content) -> tuple[str, ...]:
    """Which parts differ: text, link, media, alt, variants."""
    names: Iterable[str] = ("text", "link", "media_id", "alt", "variants")
    return tuple(name.removesuffix("_id") for name in names if getattr(before, name) != getattr(after, name))
