"""What a view takes: a JSON object of a model that refuses unknown fields, or bytes up to a limit.

The decorators leave a mark on the view, and a test asks every view that takes a body for one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response

from core.infra.actor import Actor
from core.infra.turns import Turns
from core.media.rules import Busy

Parameters = ParamSpec("Parameters")
Model = TypeVar("Model", bound=BaseModel)
BYTES = "application/octet-stream"
# A body comes as slowly as its sender likes and holds a thread meanwhile (`ingest.serving.BLOCKING_THREADS`).
turns: Final = Turns(in_all=6, for_one=2, refusal=Busy)


class Body(BaseModel):
    """What every body of JSON has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(Body):
    """The body of a request that only says: do it. It may be missing."""


def takes(
    model: type[Model],
) -> Callable[
    [Callable[Concatenate[Actor, Model, Parameters], Response]], Callable[Concatenate[Actor, Parameters], Response]
]:
    """Give the view its body as this model. Answers 400 for anything else, 415 for other kinds of body.

    Raises Busy while as many bodies are on their way here as may be.
    """

    def decorate(
        view: Callable[Concatenate[Actor, Model, Parameters], Response],
    ) -> Callable[Concatenate[Actor, Parameters], Response]:
        @wraps(view)
        def with_body(actor: Actor, /, *positional: Parameters.args, **named: Parameters.kwargs) -> Response:
            with turns.one(actor.organization_id):
                content = request.get_data() or b"{}"
            if request.mimetype not in ("application/json", ""):
                raise UnsupportedMediaType
            try:
                body = model.model_validate_json(content)
            except ValidationError:
                raise BadRequest from None
            return view(actor, body, *positional, **named)

        with_body.body_model = model  # type: ignore[attr-defined]
        return with_body

    return decorate


def takes_bytes(
    at_most: int,
) -> Callable[
    [Callable[Concatenate[Actor, bytes, Parameters], Response]], Callable[Concatenate[Actor, Parameters], Response]
]:
    """Give the view its body as it came, never more of it in memory than `at_most` bytes. Raises Busy."""

    def decorate(
        view: Callable[Concatenate[Actor, bytes, Parameters], Response],
    ) -> Callable[Concatenate[Actor, Parameters], Response]:
        @wraps(view)
        def with_body(actor: Actor, /, *positional: Parameters.args, **named: Parameters.kwargs) -> Response:
            if request.mimetype != BYTES:
                raise UnsupportedMediaType
            if request.content_length is None:
                raise LengthRequired
            if request.content_length > at_most:
                raise RequestEntityTooLarge
            request.max_content_length = at_most
            with turns.one(actor.organization_id):
                content = request.get_data(cache=False)
            if len(content) != request.content_length:
                raise BadRequest  # the rest was lost on the way; the sender asks where to go on
            return view(actor, content, *positional, **named)

        with_body.body_limit = at_most  # type: ignore[attr-defined]
        return with_body

    return decorate
