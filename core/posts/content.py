"""What a post says, and what single accounts get instead. Pure.

A variant holds only what differs: None, and an option that isn't in it, is the post's own. The cover goes with the
files, so an account with files of its own has no cover but its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that a post carries, and its description for people who can't see it."""

    media_id: UUID
    alt: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a submitted version."""
        return {"media": str(self.media_id), "alt": self.alt}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Attached:
        """The file back from its stored form."""
        return cls(UUID(str(stored["media"])), str(stored.get("alt") or ""))


Files = tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What one account gets instead of the post's own. `files` (): none at all; `options`: only those that differ."""

    text: str | None = None
    files: Files | None = None
    cover: UUID | None = None
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether the account gets the post as it is."""
        return self == AS_THE_POST

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a submitted version: what differs, alone."""
        stored: dict[str, Any] = {
            "text": self.text,
            "files": None if self.files is None else files_as_json(self.files),
            "cover": None if self.cover is None else str(self.cover),
            "format": self.format,
            "options": dict(self.options) or None,
            "comment": self.comment,
        }
        return {name: value for name, value in stored.items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Variant:
        """The variant back from its stored form."""
        return cls(
            text=stored.get("text"),
            files=None if stored.get("files") is None else files_from_json(stored["files"]),
            cover=UUID(stored["cover"]) if stored.get("cover") else None,
            format=stored.get("format"),
            options=stored.get("options") or {},
            comment=stored.get("comment"),
        )


AS_THE_POST: Final = Variant()


@dataclass(frozen=True, slots=True)
class AccountContent:
    """What goes to one account, before its network has a say.

    `format` is the form that was chosen for this very account, `common_format` the one for all, which counts where the
    network knows it; with neither it is the one that fits the files.
    """

    text: str
    link: str | None = None
    files: Files = ()
    cover: UUID | None = None
    format: str | None = None
    common_format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says everywhere. `variants` has only accounts that get something of their own.

    `format` names a form of post (`provider_kit.types.Format.key`), None: whichever fits the files; `options` holds
    what forms ask besides, by `Option.key`; `comment` is the first comment under the post.
    """

    text: str = ""
    link: str | None = None
    files: Files = ()
    cover: UUID | None = None
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    variants: Mapping[UUID, Variant] = field(default_factory=dict)

    def of(self, account_id: UUID) -> AccountContent:
        """What one account gets."""
        variant = self.variants.get(account_id, AS_THE_POST)
        own = variant.files is not None
        return AccountContent(
            text=self.text if variant.text is None else variant.text,
            link=self.link,
            files=self.files if variant.files is None else variant.files,
            cover=variant.cover if own else self.cover,
            format=variant.format,
            common_format=self.format,
            options={**self.options, **variant.options},
            comment=self.comment if variant.comment is None else variant.comment,
        )

    @property
    def media_ids(self) -> frozenset[UUID]:
        """Every file that some account may get, covers too."""
        lists = [self.files, *(each.files or () for each in self.variants.values())]
        covers = [self.cover, *(each.cover for each in self.variants.values())]
        return frozenset(
            [each.media_id for files in lists for each in files] + [each for each in covers if each is not None]
        )


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


def files_as_json(files: Sequence[Attached]) -> list[dict[str, Any]]:
    """What a submitted version keeps."""
    return [each.as_json() for each in files]


def files_from_json(stored: Iterable[Mapping[str, Any]]) -> Files:
    """What a submitted version keeps."""
    return tuple(map(Attached.from_json, stored))


def besides_as_json(content: Content) -> dict[str, Any]:
    """What a submitted version keeps besides text and link."""
    own = Variant(None, content.files, content.cover, content.format, content.options, content.comment or None)
    variants = {str(account_id): each.as_json() for account_id, each in content.variants.items()}
    return {**own.as_json(), "variants": variants}


def from_version(text: str, link: str | None, besides: Mapping[str, Any]) -> Content:
    """What a submitted version says; `besides` as `besides_as_json` made it."""
    own = Variant.from_json(besides)
    return Content(
        text=text,
        link=link,
        files=own.files or (),
        cover=own.cover,
        format=own.format,
        options=own.options,
        comment=own.comment or "",
        variants={UUID(account_id): Variant.from_json(each) for account_id, each in besides["variants"].items()},
    )


# The parts that are somebody's words; accounts and times are not.
SAID: Final = frozenset({"text", "link", "files", "alt", "cover", "format", "options", "comment", "variants"})
_PARTS: Final = ("text", "link", "files", "cover", "format", "options", "comment", "variants")


def changed(before: Content, after: Content) -> tuple[str, ...]:
    """Which parts differ, of `SAID`; "alt" where the files are the same and only their descriptions are others."""
    return tuple(_alt_or_files(before, after, name) for name in _PARTS if getattr(before, name) != getattr(after, name))


def _alt_or_files(before: Content, after: Content, name: str) -> str:
    same_files = [each.media_id for each in before.files] == [each.media_id for each in after.files]
    return "alt" if name == "files" and same_files else name
