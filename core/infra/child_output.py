"""How the lines that supervised programs print reach the operator.

For a machine (a pipe, a file): one JSON object per line, in the form of `core.infra.logs`; what a program printed so
stays as it is. For a person at a terminal: time, program and words, and of libraries and servers only what needs
attention.
"""

from __future__ import annotations

import io
import json
import re
from collections import deque
from typing import Any, Final, TextIO

from typing_extensions import override

from core.infra import clock
from core.infra.redaction import redacted

_NAME_WIDTH: Final = 14
_KEPT_LINES: Final = 20
_LONGEST_LINE: Final = 64 * 1024
_OURS: Final = ("console", "core", "ingest", "jobs", "sandbox")
_CALM: Final = ("DEBUG", "INFO")
# PostgreSQL's words for it, and those that people print; LOG is a level of calm.
_SEVERITY: Final = re.compile(r"\b(WARNING|ERROR|FATAL|PANIC|CRITICAL):")
_LEVEL_OF: Final = {"FATAL": "CRITICAL", "PANIC": "CRITICAL"}


class ChildOutput:
    """Prints every line of one program and keeps the last ones, to say why it ended."""

    def __init__(self, program: str, out: TextIO, *, is_server: bool = False) -> None:
        self._program = program
        self._out = out
        self._for_a_person = out.isatty()
        self._is_server = is_server
        self._unfinished = b""
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def last_lines(self) -> str:
        """The newest lines, oldest first."""
        return "\n".join(self._last)

    def feed(self, data: bytes) -> None:
        """Take what a read gave; whole lines are printed, the rest waits for its end."""
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._unfinished) > _LONGEST_LINE:
            self.end()

    def end(self) -> None:
        """The program has closed its output: what waited for a line end is a line."""
        if self._unfinished:
            self._line(self._unfinished)
            self._unfinished = b""

    def say(self, words: str, level: str = "INFO") -> None:
        """A line of the supervisor's own about this program."""
        at = clock.now().isoformat(timespec="milliseconds")
        self._print({"at": at, "level": level, "event": words, "program": self._program, "logger": __name__})

    def _line(self, raw: bytes) -> None:
        text = raw.decode("utf-8", "replace").rstrip()
        if not text:
            return
        record = _as_record(text)
        self._last.append(_words(record) if record else text)
        if record is None:
            severity = _SEVERITY.search(text)
            level = _LEVEL_OF.get(severity.group(1), severity.group(1)) if severity else "INFO"
            if not (self._for_a_person and self._is_server and level in _CALM):
                self.say(redacted(text), level)
        elif not self._for_a_person:
            self._write(text)
        elif record.get("level") not in _CALM or str(record.get("logger")).partition(".")[0] in _OURS:
            self._print(record)

    def _print(self, record: dict[str, Any]) -> None:
        if self._for_a_person:
            level = record.get("level", "INFO")
            mark = "" if level in _CALM else f"{level} "
            self._write(f"{clock.now().astimezone():%H:%M:%S} {self._program:<{_NAME_WIDTH}} {mark}{_words(record)}")
        else:
            self._write(json.dumps(record))

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


class OwnLines(io.TextIOBase):
    """A stream for this process's own log, so that its lines look like its children's."""

    def __init__(self, program: str, out: TextIO) -> None:
        super().__init__()
        self._output = ChildOutput(program, out)

    @override
    def write(self, text: str, /) -> int:
        self._output.feed(text.encode())
        return len(text)


def _as_record(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _words(record: dict[str, Any]) -> str:
    """What happened, and of an exception the line that names it."""
    exception = str(record.get("exception", "")).rstrip().rpartition("\n")[2]
    return f"{record.get('event', '')} {exception}".rstrip()
