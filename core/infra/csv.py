"""Tables for spreadsheets: UTF-8 with a byte order mark, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

# What makes a spreadsheet read a cell as a formula (OWASP, "CSV Injection"), full-width forms too. Blanks before it are
# skipped. Where lists are separated by semicolons (German, French and other systems) a cell begins after each of those,
# and with each line, whatever our quotes say. Blanks are taken possessively and the sign need not be there, so that no
# part of a text is looked at twice: tabs are blanks and begin cells, and a text may be nothing but tabs.
_CELL: Final = re.compile("([;\t\r\n]|\\A)([^\\S\r\n]*+)([=+\\-@\uff1d\uff0b\uff0d\uff20])?")
_BYTE_ORDER_MARK: Final = "\ufeff"

Cell = str | int | datetime | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The file: a header and one line for each row. A time is written in UTC, ISO 8601; None is an empty cell."""
    out = io.StringIO(newline="")
    out.write(_BYTE_ORDER_MARK)
    writer = csv.writer(out)
    writer.writerow([guarded(each) for each in header])
    writer.writerows([_cell(each) for each in row] for row in rows)
    return out.getvalue().encode()


def guarded(text: str) -> str:
    """`text` with a quote wherever a spreadsheet would begin to read a formula."""
    quoted = _CELL.sub(_quoted, text)
    return f"'{quoted}" if quoted.startswith(("\t", "\r", "\n")) else quoted


def _quoted(cell: re.Match[str]) -> str:
    start, blanks, sign = cell.groups()
    if sign is None:
        return cell[0]
    before, tab, after = blanks.rpartition("\t")
    last = f"{tab}'" if tab else ""
    return f"{start}'{before}{last}{after}{sign}"


def local(at: datetime | None, zone: str) -> str | None:
    """What clocks in `zone` show, ISO 8601 with the offset: "2027-03-28T03:00:00+02:00"."""
    return None if at is None else at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def _cell(value: Cell) -> str | int:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return guarded(value) if isinstance(value, str) else value
