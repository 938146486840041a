"""Equal, near, or another post."""

from __future__ import annotations

import pytest

from core.provider_kit.likeness import canonical_link, resembles, same_text

LONG = "Our roastery opens on Saturday at nine, with fresh beans, cake and a tour of the old mill next door."


@pytest.mark.parametrize(("shown", "same"), [(" Hi\nyou \n", True), ("Hi\r\nyou", True), ("hi\nyou", False)])
def test_a_text_is_the_same_but_for_its_ends_and_line_ends(shown: str, same: bool) -> None:
    assert same_text(shown, "Hi\nyou") is same


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("HTTPS://Example.com:443", True),
        ("https://example.com/?", True),
        ("https://example.com/?mark=1", True),
        ("https://example.com/?x=1", False),
        ("https://[broken", False),
    ],
)
def test_links_that_differ_in_writing_only_are_the_same(shown: str, same: bool) -> None:
    assert (canonical_link(shown, without={"mark"}) == canonical_link("https://example.com")) is same


@pytest.mark.parametrize(
    ("shown", "sent", "same_link", "near"),
    [
        ("FRESH  beans", "Fresh beans", False, True),
        (LONG + " Come.", LONG, False, True),
        (LONG[:40], LONG, False, False),
        (LONG[:40], LONG, True, True),
        ("Something else", LONG, True, False),
        ("", "", False, False),
    ],
)
def test_what_a_person_should_look_at(shown: str, sent: str, same_link: bool, near: bool) -> None:
    assert resembles(shown, sent, same_link=same_link) is near
