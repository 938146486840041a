"""What is taken from a sign-in service's claims, and the key that names a sign-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.infra.errors import SignedOut
from core.organizations import Claims, session_key
from core.organizations.sound import sound_email

SAID: dict[str, Any] = {
    "iss": "https://id.example",
    "sub": "maya-1",
    "iat": 1_795_000_000,
    "nonce": "n-1",
    "email": " Maya@Northwind.Example ",
    "email_verified": True,
    "name": "Maya   Lindt\n",
    "zoneinfo": "Europe/Berlin",
    "aud": "masthead-console",
    "is_logged_in": True,
}


def test_claims_become_a_person() -> None:
    claims = Claims.read(SAID)
    assert (claims.issuer, claims.subject, claims.email) == ("https://id.example", "maya-1", "maya@northwind.example")
    assert (claims.name, claims.timezone, claims.email_verified) == ("Maya Lindt", "Europe/Berlin", True)
    assert claims.issued_at == datetime.fromtimestamp(1_795_000_000, UTC)
    assert claims.key == session_key(SAID)


@pytest.mark.parametrize(
    ("said", "asked_at"),
    [
        (1_794_990_000, 1_794_990_000),
        (1_795_000_009, 1_795_000_000),  # nobody is asked after the answer
    ],
)
@pytest.mark.parametrize("section", ["oidc", "again"])
def test_when_somebody_was_asked_is_what_the_service_says_and_never_after_it_said_so(
    section: str, said: int, asked_at: int
) -> None:
    claims = Claims.read(SAID | {"provider": section, "auth_time": said})
    assert claims.authenticated_at == datetime.fromtimestamp(asked_at, UTC)


@pytest.mark.parametrize("said", [None, "yesterday", 10**12, True])
def test_a_service_that_does_not_say_when_it_asked_counts_as_asking_only_where_it_was_told_to(said: object) -> None:
    def asked_at(**section: str) -> datetime:
        return Claims.read(SAID | {"auth_time": said} | section).authenticated_at

    assert asked_at(provider="again") == datetime.fromtimestamp(1_795_000_000, UTC)
    assert asked_at(provider="oidc") == asked_at() == datetime.fromtimestamp(0, UTC)


def test_a_key_is_not_shown() -> None:
    assert "key" not in repr(Claims.read(SAID))


def test_the_console_and_ingest_get_the_same_key_whatever_else_stands_beside_it() -> None:
    as_streamlit_shows_it = SAID | {"iat": float(SAID["iat"]), "tokens": {}, "provider": "oidc", "exp": 5}
    assert session_key(as_streamlit_shows_it) == session_key(SAID)


@pytest.mark.parametrize("name", ["iss", "sub", "iat", "nonce", "jti", "sid"])
def test_every_part_of_a_key_makes_another(name: str) -> None:
    other = SAID | {name: 1_795_000_001 if name == "iat" else "another"}
    assert session_key(other) != session_key(SAID)


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    one = session_key(SAID | {"iss": "https://id.example", "sub": "a", "nonce": "b"})
    assert one != session_key(SAID | {"iss": "https://id.example", "sub": "ab", "nonce": ""})
    assert session_key(SAID | {"jti": "x"}) != session_key(SAID | {"sid": "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": ""},
        {"sub": None},
        {"iat": None},
        {"iat": "1795000000"},
        {"iat": True},
        {"iat": -1},
        {"iat": 1_795_000_000_000},
        {"iat": float("nan")},
        {"sub": "s" * 256},
        {"iss": "i" * 256},
    ],
    ids=str,
)
def test_claims_that_name_nobody_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SignedOut):
        Claims.read(SAID | wrong)


@pytest.mark.parametrize("said", [True, "true"])
def test_a_verified_address_is_verified(said: object) -> None:
    assert Claims.read(SAID | {"email_verified": said}).email_verified


@pytest.mark.parametrize("said", [False, None, "false", "True", 0, 2, [], "1"])
def test_everything_else_is_not(said: object) -> None:
    assert not Claims.read(SAID | {"email_verified": said}).email_verified


def test_no_address_can_not_be_a_verified_one() -> None:
    assert not Claims.read(SAID | {"email": ""}).email_verified


@pytest.mark.parametrize(
    "said",
    ["m" * 64 + "@" + "x" * 190, "maya@northwind.example" + " " * 300 + "x", "no address", "a\x00@b", "a@b\x85c"],
)
def test_what_is_no_address_counts_as_none_and_is_never_cut(said: str) -> None:
    claims = Claims.read(SAID | {"email": said})
    assert (claims.email, claims.email_verified) == ("", False)


@pytest.mark.parametrize(
    ("said", "email"),
    [("\u212ael@x.example", "\u212ael@x.example"), ("KEL@X.example", "kel@x.example"), ("\u0130@x", "\u0130@x")],
)
def test_only_ascii_letters_are_lowered_so_that_no_other_mailbox_becomes_the_same(said: str, email: str) -> None:
    assert Claims.read(SAID | {"email": said}).email == email
    assert sound_email(said) == email


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "", "preferred_username": "maya"}, "maya"),
        ({"name": None}, "maya"),
        ({"name": None, "email": None}, "maya-1"),
        ({"name": "x" * 500}, "x" * 120),
        ({"name": "Maya\u200b \u202eLindt\u2066\x00\ud800"}, "Maya Lindt"),
        ({"name": "\u200b\u2060", "preferred_username": "maya"}, "maya"),
    ],
)
def test_somebody_always_has_a_name(said: dict[str, Any], name: str) -> None:
    assert Claims.read(SAID | said).name == name


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", 5, "../../etc/passwd"])
def test_a_zone_nobody_knows_is_left_out(zone: object) -> None:
    assert Claims.read(SAID | {"zoneinfo": zone}).timezone is None
