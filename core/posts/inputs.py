"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from core.infra.errors import Invalid
from core.posts.rules import MAX_ACCOUNTS, MAX_COMMENT, MAX_LINK, MAX_TEXT


def storable(value: str) -> str:
    """One kind of line end; no NUL and no half of a character that was cut in two, which Postgres can't keep."""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _text(value: str) -> str:
    words = storable(value)
    if len(words) > MAX_TEXT:
        raise ValueError(f"The text is longer than {MAX_TEXT:,} characters. Shorten it.")
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


class PostInput(_Input):
    """A post as the composer has it, complete. `own_slots` None: leave accounts' own times as they are."""

    text: Annotated[str, AfterValidator(_text)] = ""
    link: Annotated[str | None, AfterValidator(_link)] = None
    account_ids: Annotated[tuple[UUID, ...], AfterValidator(_accounts)] = ()
    slot_at: Moment | None = None
    own_slots: dict[UUID, Moment | None] | None = None


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
