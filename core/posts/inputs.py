"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from core.infra.errors import Invalid
from core.posts.content import Content, Image, NoImage, Variant, Wanted, differing
from core.posts.rules import MAX_ACCOUNTS, MAX_ALT, MAX_COMMENT, MAX_LINK, MAX_TEXT


def storable(value: str) -> str:
    """One kind of line end; no NUL and no half of a character that was cut in two, which Postgres can't keep."""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _text(value: str) -> str:
    words = storable(value)
    if len(words) > MAX_TEXT:
        raise ValueError(f"The text is longer than {MAX_TEXT:,} characters. Shorten it.")
    return words


def _alt(value: str) -> str:
    words = storable(value).replace("\n", " ")
    if len(words) > MAX_ALT:
        raise ValueError(f"The description of the image is longer than {MAX_ALT:,} characters. Shorten it.")
    return words


def _link(value: str | None) -> str | None:
    link = storable(value or "").strip()
    if len(link) > MAX_LINK:
        raise ValueError(f"The link is longer than {MAX_LINK:,} characters. Use a shorter address.")
    return link or None


def _accounts(value: tuple[UUID, ...]) -> tuple[UUID, ...]:
    chosen = tuple(dict.fromkeys(value))
    if len(chosen) > MAX_ACCOUNTS:
        raise ValueError(f"A post can go to at most {MAX_ACCOUNTS} accounts. Duplicate it for more.")
    return chosen


def _remark(value: str) -> str:
    words = storable(value).strip()
    if len(words) > MAX_COMMENT:
        raise ValueError(f"The comment is longer than {MAX_COMMENT:,} characters. Shorten it.")
    return words


def _utc(value: datetime) -> datetime:
    # Windows and days are counted from it, and at the ends of the calendar that leads out of it.
    if not 2000 <= value.year < 2200:
        raise ValueError("Choose a day between 2000 and 2199.")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Check what was handed in. Raises Invalid."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise Invalid([_in_words(each["loc"], each["msg"]) for each in error.errors(include_url=False)]) from None


Text = Annotated[str, AfterValidator(_text)]
Alt = Annotated[str, AfterValidator(_alt)]


class VariantInput(_Input):
    """What one account gets instead of the post's own (`content.Variant`)."""

    model_config = ConfigDict(from_attributes=True)

    text: Text | None = None
    media: UUID | Image = Image.INHERIT
    alt: Alt | None = None

    def variant(self) -> Variant:
        """The value of it."""
        return Variant(self.text, self.media, self.alt)


class PostInput(_Input):
    """A post as the composer has it. `own_slots`, `media`, `alt` and `variants` None: leave those as they are."""

    text: Text = ""
    link: Annotated[str | None, AfterValidator(_link)] = None
    account_ids: Annotated[tuple[UUID, ...], AfterValidator(_accounts)] = ()
    slot_at: Moment | None = None
    own_slots: dict[UUID, Moment | None] | None = None
    media: UUID | NoImage | None = None
    alt: Alt | None = None
    variants: dict[UUID, VariantInput] | None = None

    def over(self, stored: Content) -> Wanted:
        """The whole post, with what was left as it is taken from `stored`."""
        variants = stored.variants
        if self.variants is not None:
            variants = differing({account_id: each.variant() for account_id, each in self.variants.items()})
        content = Content(
            text=self.text,
            link=self.link,
            media_id=stored.media_id if self.media is None else None if self.media is Image.NONE else self.media,
            alt=stored.alt if self.alt is None else self.alt,
            variants=variants,
        )
        return Wanted(content, self.account_ids, self.slot_at, self.own_slots)


class RemarkInput(_Input):
    """What somebody says in a review."""

    text: Annotated[str, AfterValidator(_remark)]


class HashesInput(_Input):
    """Publication -> SHA-256 of the bytes the approver saw."""

    hashes: dict[UUID, bytes]


def _in_words(place: tuple[int | str, ...], message: str) -> str:
    own = message.removeprefix("Value error, ")
    if own != message:
        return own
    field = str(place[0]).replace("_", " ") if place else "input"
    return f"{field[:1].upper()}{field[1:]}: {message}."
