"""What commands are handed: models that take nothing they don't know, and say in words what is wrong."""

from __future__ import annotations

from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from core.infra.errors import Invalid

_OURS: Final = "Value error, "  # before what one of our validators says


class Input(BaseModel):
    """The base of every input that is read as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Check what was handed in. Raises Invalid."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise Invalid([cls._said(each["loc"], each["msg"]) for each in error.errors(include_url=False)]) from None

    @classmethod
    def words_for(cls, place: tuple[int | str, ...], message: str) -> str:
        """What a person reads of pydantic's own message about what stands at `place`."""
        return message

    @classmethod
    def _said(cls, place: tuple[int | str, ...], message: str) -> str:
        own = message.removeprefix(_OURS)
        return own if own != message else cls.words_for(place, message)
