"""Little text: nothing is cut off, hashtags stay hashtags, and what is read back is what was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.provider_kit.counting import length
from core.providers.linkedin import build
from core.providers.linkedin.little_text import RESERVED, as_read, little_text, mentioned, not_mentioned, readings

TEXTS = st.text(alphabet=st.sampled_from([*RESERVED, *"ab1 \nü日", "😀"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Hello #world", "Hello #world"),
        ("#first (and #second!)", "#first \\(and #second!\\)"),
        ("#foo_bar", "#foo\\_bar"),
        ("#ünï #日本", "#ünï #日本"),
        ("C# and #7 and # alone", "C\\# and \\#7 and \\# alone"),
        ("https://x.example/a_(b)#top~1", "https://x.example/a\\_\\(b\\)\\#top\\~1"),
        ("## twice", "\\#\\# twice"),
        ("me@x.example [a] {b} <c> *d* |e| \\f", "me\\@x.example \\[a\\] \\{b\\} \\<c\\> \\*d\\* \\|e\\| \\\\f"),
        ("@[A](urn:li:person:x-_Y)!", "@[A](urn:li:person:x-_Y)!"),
        ("@[A (B) #1](urn:li:organization:12)", "@[A \\(B\\) \\#1](urn:li:organization:12)"),
        ("@[A](urn:li:organization:12) and #b", "@[A](urn:li:organization:12) and #b"),
        ("@[A](urn:li:organization:x)", "\\@\\[A\\]\\(urn:li:organization:x\\)"),
        ("@[A](urn:li:share:1)", "\\@\\[A\\]\\(urn:li:share:1\\)"),
        ("@[](urn:li:person:x)", "\\@\\[\\]\\(urn:li:person:x\\)"),
        ("@[A[B]](urn:li:person:x)", "\\@\\[A\\[B\\]\\]\\(urn:li:person:x\\)"),
        ("@A", "\\@A"),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    assert little_text(text) == written


@given(TEXTS)
def test_no_reserved_character_is_left_bare_but_a_hashtags(text: str) -> None:
    bare = re.sub(r"\\.", "", little_text(text))
    assert not set(bare) & (set(RESERVED) - {"#"})
    assert not re.search(r"#(?!\w)", bare)


@given(TEXTS)
def test_what_was_written_is_read_back(text: str) -> None:
    written = little_text(text)
    assert readings(written)[0] == text
    templates = re.sub(r"(?<!\\)#((?:\w|\\_)+)", r"{hashtag|\\#|\1}", written)
    assert readings(templates)[0] == text


@given(TEXTS)
def test_the_counter_never_counts_less_than_goes_out(text: str) -> None:
    """TextRules of the network, by which the composer counts."""
    rules = build({})[0].networks["linkedin"].text
    counted = length(text, rules.counter, rules.escaped)
    assert 0 <= counted - length(little_text(text), "utf16") <= text.count("#")


def test_mentions_and_templates_read_as_people_see_them() -> None:
    shown = "Hi @[Ada \\(B\\)](urn:li:person:x), {hashtag|\\#|two\\_words} {hashtag|#|one}"
    assert readings(shown)[0] == "Hi Ada (B), #two_words #one"


def test_text_that_comes_without_escapes_is_read_too() -> None:
    assert readings("a (b) {hashtag|\\#|c}")[1] == "a (b) #c"


@given(st.text(alphabet=st.sampled_from("ab (#_)~{}\\|"), min_size=1, max_size=12), TEXTS, TEXTS)
def test_a_mention_goes_out_whole_and_is_read_back_as_its_name(name: str, before: str, after: str) -> None:
    text = f"{before} @[{name}](urn:li:organization:1001) {after}"
    written = little_text(text)
    assert "](urn:li:organization:1001)" in written
    assert readings(written)[0] == as_read(text) == f"{before} {name} {after}"
    rules = build({})[0].networks["linkedin"].text
    assert length(text, rules.counter, rules.escaped) >= length(written, "utf16")


def test_who_is_mentioned_and_what_only_looks_like_it() -> None:
    ada, page = "@[Ada](urn:li:person:x)", "@[Northwind](urn:li:organization:7)"
    text = f"{ada} {page} {ada} @[Bob](https://x.example/bob) @[Eve](urn:li:organization:eve) @plain [a](b)"
    assert mentioned(text) == ["Ada", "Northwind"]
    assert not_mentioned(text) == ["@[Bob](https://x.example/bob)", "@[Eve](urn:li:organization:eve)"]
