"""How the lines that supervised programs print reach the operator.

For a machine (a pipe, a file): one JSON object per line; what a program printed as JSON stays as it is. For a person at
a terminal: time, program and the message alone.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Final, TextIO

from core.infra import clock

_NAME_WIDTH: Final = 14
_KEPT_LINES: Final = 20
_LONGEST_LINE: Final = 64 * 1024


class ChildOutput:
    """Prints every line of one program and keeps the last ones, to say why it ended."""

    def __init__(self, program: str, out: TextIO) -> None:
        self._program = program
        self._out = out
        self._for_a_person = out.isatty()
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

    def say(self, message: str, level: str = "INFO") -> None:
        """A line of the supervisor's own about this program."""
        self._print({"at": clock.now().isoformat(), "level": level, "program": self._program, "message": message})

    def _line(self, raw: bytes) -> None:
        text = raw.decode("utf-8", "replace").rstrip()
        if not text:
            return
        self._last.append(text)
        record = _as_record(text)
        if record is None:
            self.say(text)
        elif self._for_a_person:
            self._print(record)
        else:
            self._write(text)

    def _print(self, record: dict[str, object]) -> None:
        if not self._for_a_person:
            self._write(json.dumps(record, ensure_ascii=False))
            return
        level = str(record.get("level", "INFO"))
        mark = "" if level in ("INFO", "DEBUG") else f"{level} "
        message = record.get("message", record.get("event", ""))
        self._write(f"{clock.now().astimezone():%H:%M:%S} {self._program:<{_NAME_WIDTH}} {mark}{message}")

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _as_record(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
