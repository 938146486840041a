"""What people and programs read when something doesn't go: words, a status, a way back, and an id to report.

A Refused error is somebody's doing and says what to do. Everything else is ours: the words stay general, and the
incident id leads to the log line.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from core.accounts.rules import ConnectFailed, ConsentDenied, TooManyStarts
from core.infra import logs
from core.infra.answering import database_is_away
from core.infra.errors import Conflict, Invalid, MastheadError, NotAllowed, NotFound, Refused, SignedOut
from core.media.rules import AddressExpired, Busy, StorageAway, StorageFull, TooManyUploads
from ingest.page import Way, show

_log = logging.getLogger(__name__)
_ACCOUNTS: Final = Way("Back to Accounts", "/accounts")
_HOME: Final = Way("Go to Masthead", "/")


@dataclass(frozen=True, slots=True)
class _Told:
    """How one kind of error is told."""

    status: HTTPStatus
    title: str
    way: Way = _ACCOUNTS
    headers: tuple[tuple[str, str], ...] = ()


# The first that fits, so the narrower comes first.
_KINDS: Final[tuple[tuple[type[MastheadError], _Told], ...]] = (
    (ConsentDenied, _Told(HTTPStatus.OK, "Nothing was connected")),
    (ConnectFailed, _Told(HTTPStatus.BAD_GATEWAY, "The network said no")),
    (TooManyStarts, _Told(HTTPStatus.TOO_MANY_REQUESTS, "Wait a minute", headers=(("Retry-After", "60"),))),
    (TooManyUploads, _Told(HTTPStatus.TOO_MANY_REQUESTS, "Wait a minute", _HOME, (("Retry-After", "60"),))),
    (Busy, _Told(HTTPStatus.SERVICE_UNAVAILABLE, "Not just now", _HOME, (("Retry-After", "1"),))),
    (StorageAway, _Told(HTTPStatus.SERVICE_UNAVAILABLE, "Not just now", _HOME, (("Retry-After", "60"),))),
    (StorageFull, _Told(HTTPStatus.INSUFFICIENT_STORAGE, "Not just now", _HOME)),
    (AddressExpired, _Told(HTTPStatus.GONE, "This is over", _HOME)),
    (SignedOut, _Told(HTTPStatus.UNAUTHORIZED, "You are signed out", Way("Sign in", "/"))),
    (NotAllowed, _Told(HTTPStatus.FORBIDDEN, "This takes another role")),
    (NotFound, _Told(HTTPStatus.NOT_FOUND, "There is nothing here")),
    (Conflict, _Told(HTTPStatus.CONFLICT, "Somebody was faster")),
    (Invalid, _Told(HTTPStatus.UNPROCESSABLE_ENTITY, "This can't be taken")),
    (Refused, _Told(HTTPStatus.BAD_REQUEST, "This can't be finished")),
)
_HTTP: Final[Mapping[int, tuple[str, str]]] = {
    400: ("This can't be understood", "The request is not one that Masthead makes. Go back and try again."),
    403: ("This must be a click", "This address only works as a link pressed in Masthead. Go back and press it there."),
    404: ("There is nothing here", "This address leads nowhere. It may be from an older version."),
    405: ("This can't be understood", "This address doesn't take that kind of request."),
    411: ("This can't be understood", "The request doesn't say how large it is."),
    413: ("That is too much", "The request is larger than Masthead takes here."),
    415: ("This can't be understood", "This address takes another kind of content."),
    421: ("This is another address", "Open Masthead by the address your operator gave you."),
}


def install(app: Flask) -> None:
    """Answer every error in words, as a page or as JSON."""
    app.register_error_handler(MastheadError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _ours(error: MastheadError) -> Response:
    told = next((told for kind, told in _KINDS if isinstance(error, kind)), None)
    if told is None:
        return _unexpected(error)
    answer = _answer(told.status, told.title, error.message, told.way)
    answer.headers.extend(told.headers)
    return answer


def _http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    title, words = _HTTP.get(status, ("This didn't go", "Masthead can't do this. Go back and try again."))
    answer = _answer(status, title, words, _HOME)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    incident = logs.incident()
    _log.error("request_failed", exc_info=error, extra={"incident": incident, "route": request.endpoint})
    if database_is_away(error):
        words = "The database doesn't answer right now. Wait a moment and try again."
        answer = _answer(HTTPStatus.SERVICE_UNAVAILABLE, "Not just now", words, _HOME, incident)
        answer.headers["Retry-After"] = "5"
        return answer
    words = "Something went wrong on our side. Try again; if it stays, tell your operator."
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "That went wrong", words, _HOME, incident)


def _answer(status: HTTPStatus, title: str, words: str, way: Way, incident: str = "") -> Response:
    if request.accept_mimetypes.best_match(("text/html", "application/json"), "text/html") == "application/json":
        answer = jsonify({"error": title, "message": words} | ({"incident": incident} if incident else {}))
        answer.status_code = status
        return answer
    return show(status=status, title=title, words=words, way=way, incident=incident)
