"""What a person may hand in. Unknown fields are refused; every problem is said in words."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from core.infra.errors import Invalid
from core.media.rules import LARGEST_FILE, cleaned_name


def _size(value: int) -> int:
    if value < 1:
        raise ValueError("This file is empty. Choose another.")
    if value > LARGEST_FILE:
        raise ValueError(f"An image can have at most {LARGEST_FILE >> 20} MB. Make it smaller and upload that.")
    return value


class UploadInput(BaseModel):
    """A file that somebody is about to send."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file_name: Annotated[str, AfterValidator(cleaned_name)]
    size: Annotated[int, AfterValidator(_size)]

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Check what was handed in. Raises Invalid."""
        try:
            return cls(**values)
        except ValidationError as error:
            words = [each["msg"].removeprefix("Value error, ") for each in error.errors(include_url=False)]
            raise Invalid(words) from None
