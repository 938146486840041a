"""Names, addresses and zones as they are kept."""

from __future__ import annotations

import pytest

from core.infra.errors import Invalid
from core.organizations.sound import sound_email, sound_name, sound_zone


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Maya@Northwind.Example ", "maya@northwind.example"),
        ("a+b@c.example", "a+b@c.example"),
        ("ö@x.example", "ö@x.example"),
    ],
)
def test_an_address_is_kept_in_lower_case(given: str, kept: str) -> None:
    assert sound_email(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b,c@d",
        "<a@b>",
        'a"@b',
        "a@b\nbcc: c@d",
        "x" * 65 + "@b",
        "a\x07@b",
        "a@\x7fb",
        "a\u202e@b",
        "a\u200b@b",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Invalid, match="no email address"):
        sound_email(given)


def test_a_name_is_kept_without_extra_space() -> None:
    assert sound_name("  Zoë \t Ng ") == "Zoë Ng"


@pytest.mark.parametrize("given", ["", "  ", "x" * 121, "a\u202eb", "a\x00b"])
def test_a_name_nobody_could_read_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        sound_name(given)


def test_a_zone_is_one_of_the_database() -> None:
    assert sound_zone("America/New_York") == "America/New_York"
    with pytest.raises(Invalid, match="no time zone"):
        sound_zone("New York")
