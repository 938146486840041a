"""Little text: what followers see, and where an unescaped character cuts it (linkedin 4.3)."""

from __future__ import annotations

import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import RESERVED, Author, LinkedIn, escaped


def shown(box: Box, author: Author) -> str:
    return str(box.posts(author.urn)[-1]["text"])


@pytest.mark.parametrize("character", sorted(RESERVED))
def test_an_unescaped_reserved_character_cuts_the_text_silently(
    box: Box, linkedin: LinkedIn, company: Author, character: str
) -> None:
    assert linkedin.publish(company, f"before {character} after").status_code == 201
    assert shown(box, company) == "before "


def test_every_reserved_character_can_be_escaped(box: Box, linkedin: LinkedIn, company: Author) -> None:
    assert linkedin.publish(company, escaped(f"a {RESERVED} z")).is_success
    assert shown(box, company) == f"a {RESERVED} z"


@pytest.mark.parametrize("text", ["\\", "a\\", "a\\n b"])
def test_a_backslash_before_anything_else_cuts_too(box: Box, linkedin: LinkedIn, company: Author, text: str) -> None:
    linkedin.publish(company, f"kept {text}")
    assert shown(box, company) == "kept " + text.partition("\\")[0]


def test_a_hashtag_may_be_written_plainly_or_as_template(box: Box, linkedin: LinkedIn, company: Author) -> None:
    linkedin.publish(company, "One #coffee, two {hashtag|\\#|Kaffee}.")
    assert shown(box, company) == "One #coffee, two #Kaffee."


def test_a_mention_must_show_the_entitys_name(box: Box, linkedin: LinkedIn, company: Author) -> None:
    accounts = {each["name"]: each["id"] for each in box.control("world")["accounts"] if each["network"] == "linkedin"}
    urn = accounts["Northwind Roastery"]
    right = linkedin.publish(company, f"By @[Northwind Roastery]({urn})").headers["x-restli-id"]
    wrong = linkedin.publish(company, f"By @[The Roastery]({urn})").headers["x-restli-id"]
    assert linkedin.read(company, right).json()["commentary"] == f"By @[Northwind Roastery]({urn})"
    assert linkedin.read(company, wrong).json()["commentary"] == "By The Roastery"
    assert shown(box, company) == "By The Roastery"


def test_only_a_person_may_be_mentioned_by_half_their_name(box: Box, linkedin: LinkedIn, company: Author) -> None:
    world = box.control("world")
    roastery = next(each["id"] for each in world["accounts"] if each["name"] == "Northwind Roastery")
    part = linkedin.publish(company, f"By @[Northwind]({roastery})").headers["x-restli-id"]
    assert linkedin.read(company, part).json()["commentary"] == "By Northwind"
    token = linkedin.token("linkedin", "p-maya", ["r_basicprofile"])
    maya = f"urn:li:person:{linkedin.rest('GET', 'me', token).json()['id']}"
    for name in ("Maya", "Okafor", "Maya Okafor"):
        urn = linkedin.publish(company, f"With @[{name}]({maya})").headers["x-restli-id"]
        assert linkedin.read(company, urn).json()["commentary"] == f"With @[{name}]({maya})"
    small = linkedin.publish(company, f"With @[maya]({maya})").headers["x-restli-id"]
    assert linkedin.read(company, small).json()["commentary"] == "With maya"
