"""Logs: one JSON object per line on stdout, with what the click or job behind it is called, and without secrets.

    logs.configure("web", settings.log_level, secrets=[...])     # once, at the start of a program
    with logs.bound(correlation_id=..., organization_id=..., actor=...): ...
    logging.getLogger(__name__).info("post submitted", extra={"post_id": post_id})

Code logs by Python's own `logging`; what third parties log comes out in the same form, whenever they set up handlers of
their own. Warnings and exceptions that nobody caught become lines too.
"""

from __future__ import annotations

import json
import logging
import secrets as random
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

from typing_extensions import override

from core.infra.redaction import conceal, redacted, redacted_fields

LONGEST_TEXT: Final = 16_000
_CONTEXT: Final = ("correlation_id", "organization_id", "actor")
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # no letters that look like digits
_bound: ContextVar[Mapping[str, str]] = ContextVar("masthead_log_context", default={})  # noqa: B039
_log = logging.getLogger(__name__)


def configure(program: str, level: str = "INFO", *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send every line of this process to stdout (or `stream`) as JSON; `secrets` are values never to be written."""
    conceal(*secrets)
    handler = _Lines(stream or sys.stdout)
    handler.setFormatter(JsonLines(program))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.setLogRecordFactory(_Record)
    logging.captureWarnings(True)
    for name in list(root.manager.loggerDict):
        _adopt(name)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


@contextmanager
def bound(**context: object) -> Iterator[None]:
    """Put `correlation_id`, `organization_id`, `actor` or other fields on every line of this block, in this thread."""
    token = _bound.set({**_bound.get(), **{key: str(value) for key, value in context.items() if value is not None}})
    try:
        yield
    finally:
        _bound.reset(token)


def correlation_id() -> str:
    """The bound correlation id, or a new one of 16 letters and digits."""
    return _bound.get().get("correlation_id") or _short_id(16)


def incident() -> str:
    """A new id of 8 letters and digits that a person can read out: shown on an error page, and in its log line."""
    return _short_id(8)


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: at, level, event, program, logger, what is bound, extra fields, exception."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": _short(_words(record)),
            "program": self._program,
            "logger": record.name,
        }
        bound_fields = _bound.get()
        line |= {key: redacted(bound_fields[key]) for key in _CONTEXT if key in bound_fields}
        extra = {key: value for key, value in record.__dict__.items() if key not in _OF_A_RECORD}
        others = {key: value for key, value in bound_fields.items() if key not in _CONTEXT}
        for key, value in redacted_fields({**others, **extra}).items():
            line[f"{key}_" if key in line and key not in _CONTEXT else key] = value
        if trace := record.exc_text or (self.formatException(record.exc_info) if record.exc_info else ""):
            line["exception"] = _short(trace if isinstance(record, _Record) else redacted(trace))
        if record.stack_info:
            line["stack"] = _short(redacted(record.stack_info))
        return json.dumps(line, default=str)


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines. What goes wrong with one must not print its arguments, as Python would."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[0]
        line = {"level": "ERROR", "event": "a line was lost", "logger": record.name, "error": error and error.__name__}
        with suppress(OSError, ValueError):
            self.stream.write(json.dumps(line) + self.terminator)


class _Record(logging.LogRecord):
    """A record whose words are masked before any handler sees them, ours or not."""

    def __init__(self, name: str, *positional: Any, **named: Any) -> None:
        super().__init__(name, *positional, **named)
        _adopt(name)
        if isinstance(self.args, tuple):
            self.args = tuple(redacted(each) if isinstance(each, str) else each for each in self.args)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = redacted("".join(traceback.format_exception(*self.exc_info)).rstrip())

    @override
    def getMessage(self) -> str:
        return redacted(_formatted(self))


def _words(record: logging.LogRecord) -> str:
    words = record.getMessage()
    return words if isinstance(record, _Record) else redacted(words)


def _formatted(record: logging.LogRecord) -> str:
    """A wrong format string must not cost the line, and logging's own complaint would print the arguments."""
    try:
        return logging.LogRecord.getMessage(record)
    except Exception:
        return f"{record.msg} (its arguments don't fit)"


def _adopt(name: str) -> None:
    """Take a third party's handlers away, so that its lines reach ours: many set up their own, some again and again."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None and logger.parent is not None:
        if logger.handlers:
            logger.handlers[:] = []
        logger.propagate = True
        logger = logger.parent


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(about: threading.ExceptHookArgs) -> None:
    if about.exc_value is not None:
        where = about.thread.name if about.thread else ""
        error = (about.exc_type, about.exc_value, about.exc_traceback)
        _log.critical("uncaught exception in a thread", exc_info=error, extra={"thread_name": where})


def _unraisable(about: Any) -> None:
    error = (about.exc_type, about.exc_value, about.exc_traceback)
    _log.error("exception nobody could raise", exc_info=error if about.exc_value is not None else None)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} [{len(text) - LONGEST_TEXT} more]"


def _short_id(length: int) -> str:
    return "".join(random.choice(_ALPHABET) for _ in range(length))


_OF_A_RECORD: Final = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "color_message"})
