"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from core.infra import installation
from core.infra.inputs import Input
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


class DescriptionInput(Input):
    """What somebody says of a file."""

    alt: Annotated[str, AfterValidator(_alt)]
    rights: Annotated[str, AfterValidator(_rights)]


class UploadInput(Input):
    """A file that somebody is about to send."""

    file_name: Annotated[str, AfterValidator(cleaned_name)]
    size: Annotated[int, AfterValidator(_size)]

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        refuse_size(self.file_name, self.size, installation.settings().largest_video)
        return self
