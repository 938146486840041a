"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from core.infra import installation
from core.infra.errors import Invalid
from core.media.rules import LONGEST_ALT, LONGEST_RIGHTS, cleaned_name, refuse_size
from core.provider_kit import hostile


def _size(value: int) -> int:
    if value < 1:
        raise ValueError("This file is empty. Choose another.")
    return value


def _line(value: str) -> str:
    return hostile.line(value, limit=100_000)


def _alt(value: str) -> str:
    line = _line(value)
    if len(line) > LONGEST_ALT:
        raise ValueError(f"A description has at most {LONGEST_ALT:,} characters; this one has {len(line):,}.")
    return line


def _rights(value: str) -> str:
    line = _line(value)
    if len(line) > LONGEST_RIGHTS:
        raise ValueError(f"A note on rights has at most {LONGEST_RIGHTS:,} characters; this one has {len(line):,}.")
    return line


class DescriptionInput(BaseModel):
    """What somebody says of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alt: Annotated[str, AfterValidator(_alt)]
    rights: Annotated[str, AfterValidator(_rights)]

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Check what was handed in. Raises Invalid."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise _invalid(error) from None


class UploadInput(BaseModel):
    """A file that somebody is about to send."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file_name: Annotated[str, AfterValidator(cleaned_name)]
    size: Annotated[int, AfterValidator(_size)]

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        refuse_size(self.file_name, self.size, installation.settings().largest_video)
        return self

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Check what was handed in. Raises Invalid."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise _invalid(error) from None


def _invalid(error: ValidationError) -> Invalid:
    return Invalid([each["msg"].removeprefix("Value error, ") for each in error.errors(include_url=False)])
