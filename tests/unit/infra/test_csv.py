"""Files for spreadsheets."""

from __future__ import annotations

import csv as reader
import io
import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.infra import csv


def read(data: bytes) -> list[list[str]]:
    return list(reader.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_it_begins_with_a_byte_order_mark_so_that_spreadsheets_read_utf_8() -> None:
    assert csv.table(["a"], []).startswith(b"\xef\xbb\xbfa")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_nothing_is_run_as_a_formula(start: str) -> None:
    assert read(csv.table(["text"], [[f"{start}cmd|x!A1"]]))[1] == [f"'{start}cmd|x!A1"]


@pytest.mark.parametrize("start", ["\n", " =", "\u00a0@", "\uff1d", "\uff20"])
def test_blanks_and_wide_signs_hide_no_formula(start: str) -> None:
    assert csv.guarded(f"{start}cmd|x!A1") == f"'{start}cmd|x!A1"


@pytest.mark.parametrize("words", ["Sale;=cmd|x!A1", "Sale; @cmd", "Sale\n=cmd|x!A1", "Sale\r\n -cmd", "a\t+cmd;=x"])
def test_where_semicolons_separate_cells_nothing_is_run_either(words: str) -> None:
    data = csv.table(["id", "text"], [["7", words]]).decode("utf-8-sig")
    cells = [cell for row in reader.reader(io.StringIO(data, newline=""), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("words", [";\t=cmd", "a;\t \t@cmd", "\t\t=cmd", "x\n\t+cmd"])
def test_whatever_separates_the_cells_none_of_them_begins_a_formula(words: str) -> None:
    for separators in ("[;\r\n]", "[\t\r\n]", "[;\t\r\n]"):
        cells = re.split(separators, csv.guarded(words))
        assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("sign", ["\t", ";", " ", "\t;", "\n", "="])
def test_a_text_of_signs_holds_nobody_up(sign: str) -> None:
    """One look for all cells holds every other thread of the process until it is over."""
    began = time.monotonic()
    csv.guarded(sign * 100_000 + "a")
    assert time.monotonic() - began < 2


def test_every_other_text_comes_through_to_the_letter() -> None:
    words = 'two lines,\nwith "quotes"; a = b - c, naïve 東京 👩‍🚀'
    assert read(csv.table(["text"], [[words]]))[1] == [words]


def test_times_are_utc_and_what_is_missing_is_empty() -> None:
    at = datetime(2027, 3, 28, 3, 0, tzinfo=timezone(timedelta(hours=2)))
    assert read(csv.table(["at", "n", "none"], [[at, -3, None]]))[1] == ["2027-03-28T01:00:00+00:00", "-3", ""]


def test_a_local_time_has_its_offset() -> None:
    assert csv.local(datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "Europe/Berlin") == "2027-03-28T03:00:00+02:00"
    assert csv.local(None, "Europe/Berlin") is None
