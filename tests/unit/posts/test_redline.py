"""What changed between two texts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.posts.redline import Segment, redline

words = st.lists(
    st.sampled_from(["beans", "on", "Monday", " ", "\n", ".", "é", "👩‍👩‍👧", "价格", ":red[x]", ""]), max_size=30
)
texts = st.one_of(words.map("".join), st.text(max_size=60))


def marked(before: str, after: str) -> str:
    """A redline written as people read it: [-gone-] {+new+}."""
    signs = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(signs[each.change].format(each.text) for each in redline(before, after))


def test_words_are_compared_not_letters() -> None:
    assert marked("Beans on Monday.", "Beans on Tuesday!") == "Beans on [-Monday.-]{+Tuesday!+}"
    assert marked("a b c", "a c") == "a [-b -]c"
    assert marked("Price: 3", "Price: 3 euros") == "Price: 3{+ euros+}"


def test_nothing_changed_is_one_segment_and_nothing_at_all_is_none() -> None:
    assert redline("same", "same") == (Segment("same", "same"),)
    assert redline("", "") == ()
    assert redline("", "new") == (Segment("added", "new"),)
    assert redline("old", "") == (Segment("removed", "old"),)


@given(texts, texts)
def test_both_texts_can_be_read_off_it_to_the_character(before: str, after: str) -> None:
    segments = redline(before, after)
    assert "".join(each.text for each in segments if each.change != "added") == before
    assert "".join(each.text for each in segments if each.change != "removed") == after


@given(texts, texts)
def test_neighbours_differ_none_is_empty_and_removed_stands_before_added(before: str, after: str) -> None:
    changes = [each.change for each in redline(before, after)]
    assert all(each.text for each in redline(before, after))
    assert all(one != other for one, other in pairwise(changes))
    assert ("added", "removed") not in set(pairwise(changes))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" ".join(f"a{n}" for n in range(15_000)), " ".join(f"b{n}" for n in range(15_000))),
        ("na " * 20_000, "na na! " * 14_000),
        ("a\n" * 30_000, "a\nb\n" * 20_000),
        ("x" * 100_000, "y" * 100_000),
        ("." * 100_000, "." * 99_000),
        # Every second sign (or line) is another one, and none occurs twice: as many matches of one as can be.
        (
            "a" + "".join(f"{chr(0xF0000 + n)}{chr(0xF8000 + n)}" for n in range(15_000)),
            "b" + "".join(f"{chr(0xF0000 + n)}{chr(0x100000 + n)}" for n in range(15_000)),
        ),
        ("".join(f"{n}\na{n}\n" for n in range(8_000)) + "a", "".join(f"{n}\nb{n}\n" for n in range(8_000)) + "b"),
    ],
    ids=["other words", "one word", "one line", "one long word", "shortened", "every second sign", "every second line"],
)
def test_the_longest_texts_are_compared_in_a_moment(before: str, after: str) -> None:
    started = time.perf_counter()
    segments = redline(before, after)
    assert time.perf_counter() - started < 3
    assert "".join(each.text for each in segments if each.change != "added") == before
    assert "".join(each.text for each in segments if each.change != "removed") == after


def test_a_long_text_that_repeats_itself_is_compared_by_lines() -> None:
    middle = "".join(f"{number} {'na ' * 100}\n" for number in range(50))
    segments = redline(f"old first\n{middle}old last", f"new first\n{middle}new last")
    assert segments == (
        Segment("removed", "old first\n"),
        Segment("added", "new first\n"),
        Segment("same", middle),
        Segment("removed", "old last"),
        Segment("added", "new last"),
    )
