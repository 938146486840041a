"""What of a network's answer may come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.provider_kit import hostile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"1", b"{", b"\xff{}", b'{"a":NaN}', b'{"a":Infinity}', b"[" * 200_000,
     b'{"a":' * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_a_body_without_an_object_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        hostile.json_object(body)


@given(JSON)
def test_nothing_else_raises(value: Any) -> None:
    for reads in (
        hostile.mapping,
        hostile.items,
        hostile.identifier,
        hostile.web_address,
        hostile.whole,
        hostile.instant,
    ):
        reads(value)
    shown = hostile.text(value, limit=50)
    assert len(shown) <= 50
    assert "\0" not in shown
    shown.encode()


def test_text_loses_what_a_screen_or_a_column_cannot_take() -> None:
    assert hostile.text("a\0b\x1b[31m\ud800c\u202ed\n\te", limit=100) == "ab[31mcd\n\te"
    assert hostile.text("abc", limit=2) == "ab"
    assert hostile.text(7, limit=9) == ""
    assert hostile.line("  two\n\n lines\t", limit=100) == "two lines"
    assert hostile.text("👩\u200d👧 \u05d0", limit=100) == "👩\u200d👧 \u05d0"


@pytest.mark.parametrize("value", ["1001_2001", "urn:li:share:7", "a-b.c", "A" * 200])
def test_identifiers(value: str) -> None:
    assert hostile.identifier(value) == value


@pytest.mark.parametrize("value", ["", "a/b", "../x", "a b", "a\n", "é", "٣", "A" * 201, 7, None, "_x", "a%2f"])
def test_what_is_no_identifier(value: object) -> None:
    assert hostile.identifier(value) is None


@pytest.mark.parametrize("value", ["https://example.com/a?b=c#d", "http://localhost:8503/x", "https://example.com/ü"])
def test_web_addresses(value: str) -> None:
    assert hostile.web_address(value) == value


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "data:text/html,x", "//example.com", "https://", "https://u:p@example.com", "https://[::1",
     "https://example.com/ x", "https://example.com/\n", "https://example.com/\u202e", "https://e.com:99999/",
     "https://e.com/" + "a" * 2048, 7, None],
)  # fmt: skip
def test_what_is_no_web_address(value: object) -> None:
    assert hostile.web_address(value) is None


def test_instants() -> None:
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert hostile.instant("2026-11-20T12:00:00+0000") == noon
    assert hostile.instant("2026-11-20T13:00:00+01:00") == noon
    assert hostile.instant("2026-11-20T12:00:00Z") == noon
    assert hostile.instant(int(noon.timestamp())) == noon
    for value in ("2026-11-20T12:00:00", "yesterday", "", 0, -5, 10**20, True, 1.5, None, "0001-01-01T00:00:00+1400"):
        assert hostile.instant(value) is None


def test_whole_numbers() -> None:
    assert hostile.whole(7) == 7
    assert [hostile.whole(value) for value in (True, 7.0, "7", None)] == [None] * 4
