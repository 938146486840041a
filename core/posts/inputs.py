"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypedDict
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StrictBool, StrictInt, TypeAdapter
from typing_extensions import override

from core.infra.inputs import Input
from core.posts.content import Attached, Content, Files, Variant, Wanted, differing
from core.posts.rules import (
    MAX_ACCOUNTS,
    MAX_ALT,
    MAX_COMMENT,
    MAX_FILES,
    MAX_LINK,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_TEXT,
)


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
        raise ValueError(f"The description of a file is longer than {MAX_ALT:,} characters. Shorten it.")
    return words


def _first_comment(value: str) -> str:
    words = storable(value)
    if len(words) > MAX_TEXT:
        raise ValueError(f"The first comment is longer than {MAX_TEXT:,} characters. Shorten it.")
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


class _Input(Input):
    @classmethod
    @override
    def words_for(cls, place: tuple[int | str, ...], message: str) -> str:
        if "options" in place:
            return "An option of the post holds something that can't be kept. Fill it in again."
        field = str(place[0]).replace("_", " ") if place else "input"
        return f"{field[:1].upper()}{field[1:]}: {message}."


Text = Annotated[str, AfterValidator(_text)]
FirstComment = Annotated[str, AfterValidator(_first_comment)]
_Said = Annotated[str, AfterValidator(storable), Field(max_length=MAX_OPTION)]
_Name = Annotated[str, AfterValidator(storable), Field(max_length=200)]
_Share = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda share: round(share, 4))]


class FileInput(_Input):
    """One file of a post (`content.Attached`)."""

    model_config = ConfigDict(from_attributes=True)

    media_id: UUID
    alt: Annotated[str, AfterValidator(_alt)] = ""


def _files(value: tuple[FileInput, ...]) -> tuple[FileInput, ...]:
    if len(value) > MAX_FILES:
        raise ValueError(f"A post carries at most {MAX_FILES} files. Remove some.")
    if len({each.media_id for each in value}) < len(value):
        raise ValueError("A file is there twice. Remove one of the two.")
    return value


class TagInput(_Input):
    """Somebody who is marked on a file; where on an image, as shares of its width and height."""

    username: _Name
    file: Annotated[int, Field(ge=0, lt=MAX_FILES)] = 0
    x: _Share | None = None
    y: _Share | None = None


class PollInput(_Input):
    """A question with its answers, for so many days."""

    question: _Said
    answers: Annotated[tuple[_Said, ...], Field(max_length=10)] = ()
    days: Annotated[int, Field(ge=1, le=366)] | None = None


OptionInput = (
    StrictBool
    | StrictInt
    | _Said
    | Annotated[tuple[_Name, ...], Field(max_length=100)]
    | Annotated[tuple[TagInput, ...], Field(max_length=100)]
    | PollInput
)
_OPTION: Final[TypeAdapter[Any]] = TypeAdapter(OptionInput)
_Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Options = Annotated[dict[_Key, OptionInput], Field(max_length=MAX_OPTIONS)]
_FormKey = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
_FileList = Annotated[tuple[FileInput, ...], AfterValidator(_files)]


class VariantInput(_Input):
    """What one account gets instead of the post's own (`content.Variant`)."""

    model_config = ConfigDict(from_attributes=True)

    text: Text | None = None
    files: _FileList | None = None
    cover: UUID | None = None
    format: _FormKey | None = None
    options: Options = Field(default_factory=dict)
    comment: FirstComment | None = None

    def variant(self) -> Variant:
        """The value of it."""
        return Variant(
            text=self.text,
            files=None if self.files is None else _attached(self.files),
            cover=None if self.files is None else self.cover,
            format=self.format or None,
            options=_stored(self.options),
            comment=self.comment,
        )


class More(TypedDict, total=False):
    """What commands take of a post besides text and link; what isn't given, or None, stays as it is.

    The cover goes with the files: whoever gives files gives the cover too, or there is none. `format` "": whichever
    fits the files.
    """

    files: Sequence[Attached] | None
    cover: UUID | None
    format: str | None
    options: Mapping[str, Any] | None
    comment: str | None
    variants: Mapping[UUID, Variant] | None


class PostInput(_Input):
    """A post as the composer has it; of `own_slots` and of what `More` names, None leaves it as it is."""

    text: Text = ""
    link: Annotated[str | None, AfterValidator(_link)] = None
    account_ids: Annotated[tuple[UUID, ...], AfterValidator(_accounts)] = ()
    slot_at: Moment | None = None
    own_slots: dict[UUID, Moment | None] | None = None
    files: _FileList | None = None
    cover: UUID | None = None
    format: _FormKey | None = None
    options: Options | None = None
    comment: FirstComment | None = None
    variants: dict[UUID, VariantInput] | None = None

    def over(self, stored: Content) -> Wanted:
        """The whole post, with what was left as it is taken from `stored`."""
        variants = stored.variants
        if self.variants is not None:
            variants = differing({account_id: each.variant() for account_id, each in self.variants.items()})
        content = Content(
            text=self.text,
            link=self.link,
            files=stored.files if self.files is None else _attached(self.files),
            cover=stored.cover if self.files is None else self.cover,
            format=stored.format if self.format is None else self.format or None,
            options=stored.options if self.options is None else _stored(self.options),
            comment=stored.comment if self.comment is None else self.comment,
            variants=variants,
        )
        return Wanted(content, self.account_ids, self.slot_at, self.own_slots)


def _attached(files: Iterable[FileInput]) -> Files:
    return tuple(Attached(each.media_id, each.alt) for each in files)


def _stored(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they are stored and hashed: plain JSON."""
    return {key: _OPTION.dump_python(value, mode="json", exclude_none=True) for key, value in options.items()}


class RemarkInput(_Input):
    """What somebody says in a review."""

    text: Annotated[str, AfterValidator(_remark)]


class HashesInput(_Input):
    """Publication -> SHA-256 of the bytes the approver saw."""

    hashes: dict[UUID, bytes]
