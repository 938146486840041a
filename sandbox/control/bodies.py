"""What may be sent to the control interface. Unknown fields are refused (PRODUCT 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.faults.model import ARGUMENTS, Mode


class Unknown(Exception):
    """There is no such provider, person, account or option."""


class Body(BaseModel):
    """A JSON body with known fields only."""

    model_config = ConfigDict(extra="forbid")


class FaultBody(Body):
    """A fault to put in force. Neither `times` nor `probability`: it acts until it is lifted."""

    route: str = Field(min_length=1)
    about: str = ""
    mode: Mode
    times: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 0
    args: dict[str, Any] = {}

    @model_validator(mode="after")
    def _known_arguments(self) -> Self:
        known = ARGUMENTS[self.mode]
        for name, value in self.args.items():
            if name not in known:
                raise ValueError(f"{self.mode} knows the arguments {sorted(known)}, not '{name}'")
            if not isinstance(value, known[name]):
                raise ValueError(f"the argument '{name}' of {self.mode} has the wrong type")
        return self


class ClockBody(Body):
    """Move the sandbox's time: ahead by seconds, or to a moment (aware ISO-8601, or Unix seconds)."""

    advance_s: float | None = None
    set: datetime | float | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.advance_s is None) == (self.set is None):
            raise ValueError("give either advance_s or set")
        if isinstance(self.set, datetime) and self.set.tzinfo is None:
            raise ValueError("set needs a time zone")
        return self


class TokenBody(Body):
    """A user token for a tool."""

    provider: str
    person: str
    scopes: list[str]


class AccountsBody(Body):
    """Accounts in bulk, for load runs."""

    count: int = Field(ge=1, le=10_000)
    person: str
    prefix: str = "Load"
    provider: str = "meta"
    network: str | None = None


class PersonBody(Body):
    """One more person who can sign in, such as somebody whose address isn't verified."""

    id: str = Field(pattern=r"^p-[a-z0-9-]{1,40}$")
    name: str = Field(min_length=1, max_length=80)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    email_verified: bool = True


class ResetBody(Body):
    """A new world; of the same seed unless another is given."""

    seed: int | None = None


class OptionsBody(Body):
    """Options of a stand-in, such as whether an app demands appsecret_proof."""

    provider: str
    options: dict[str, str | int | float | bool]
