"""Which post a person means by what they gave; no address but the site's own is one."""

from __future__ import annotations

import pytest

from core.provider_kit.naming import post_name

SITE = "https://www.network.example"


@pytest.mark.parametrize(
    "said",
    [
        "https://network.example/p/Ab7",
        "  http://WWW.network.example/p/Ab7/  ",
        "m.network.example/p/Ab7?utm_source=share&utm_medium=x#comments",
        "https://de.network.example/p/%41b7",
    ],
)
def test_an_address_is_known_however_it_is_written(said: str) -> None:
    name = post_name(said, SITE)
    assert name is not None
    assert name.key == "network.example/p/Ab7"
    assert name.url is not None
    assert "utm" not in name.url


def test_what_tells_which_post_it_is_stays() -> None:
    first, other = (
        post_name(f"https://network.example/watch/?utm_source=x&v={number}", SITE, telling=("v",)) for number in (1, 2)
    )
    assert first is not None
    assert other is not None
    assert first.url == "https://network.example/watch/?v=1"
    assert first.key != other.key


def test_an_address_differs_from_another_by_its_path_to_the_letter() -> None:
    assert post_name("https://network.example/p/Ab7", SITE) != post_name("https://network.example/p/aB7", SITE)


@pytest.mark.parametrize("said", ["77_1", "urn:li:share:7", "the second from above", "and/or"])
def test_what_is_no_address_is_meant_as_it_stands(said: str) -> None:
    name = post_name(f" {said} ", SITE)
    assert name is not None
    assert (name.key, name.part, name.url) == (said, said, None)
    assert said in name.ids


@pytest.mark.parametrize(
    "said", ["77_1", "the post 77_1", "https://network.example/77_1", "https://network.example/watch?of=77_1"]
)
def test_an_id_is_heard_among_what_else_was_said(said: str) -> None:
    name = post_name(said, SITE)
    assert name is not None
    assert "77_1" in name.ids


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("https://network.example/old-town/p/Ab7/", "Ab7"),
        ("https://network.example/watch/?v=7", "watch"),
        ("the second from above", "the second from above"),
    ],
)
def test_a_part_says_what_every_address_of_the_post_has_in_it(said: str, part: str) -> None:
    name = post_name(said, SITE, telling=("v",))
    assert name is not None
    assert name.part == part


def test_who_says_nothing_names_nothing() -> None:
    assert post_name("  ", SITE) is None


@pytest.mark.parametrize(
    "said",
    [
        "https://network.example.evil.example/p/7",
        "https://evilnetwork.example/p/7",
        "https://evil.example/p/7?of=network.example",
        "https://network.example@evil.example/p/7",
        "https://evil.example\\.network.example/p/7",
        "https://nеtwork.example/p/7",  # noqa: RUF001 - the second letter is Cyrillic
        "https://network.example:8443/p/7",
        "https://[network.example/p/7",
        "https://network.example/p/7 and more",
        "javascript://network.example/%0aalert(1)",
        "https://network.example/p/%00",
        "the second%00",
        "network.example.evil.example/p/7",
        "https://network.example/",
        "https://network.example",
    ],
)
def test_what_is_no_post_of_the_site_is_none(said: str) -> None:
    assert post_name(said, SITE) is None


def test_the_site_may_be_a_stand_in_below_an_address_of_this_machine() -> None:
    site = "http://localhost:8503/www.network.example"
    assert post_name("http://localhost:8503/www.network.example/p/7", site) is not None
    assert post_name("http://localhost:8503/www.other.example/p/7", site) is None
    assert post_name("http://localhost:8503/www.network.example/", site) is None
