"""Signing in: twelve hours, by its own row, never again once it ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from core.infra import db
from core.infra.actor import Role
from core.infra.errors import NotFound, SignedOut
from core.organizations import Claims, commands
from tests.factories.organizations import make_organization, make_sign_in, make_signed_in


def test_a_person_nobody_knows_comes_in_without_an_organization(database: db.Database) -> None:
    sign_in = make_sign_in(name="Noor Haddad", email="Noor@People.Example")
    sign_in.begin()
    found = sign_in.here()
    assert (found.name, found.email) == ("Noor Haddad", "noor@people.example")
    assert (found.actor, found.organization, found.choices) == (None, None, ())


def test_a_member_acts_in_their_organization_with_their_role(database: db.Database) -> None:
    sign_in, actor = make_signed_in(role=Role.APPROVER)
    found = sign_in.here("click-1")
    assert (found.actor.role, found.actor.correlation_id) == (Role.APPROVER, "click-1")
    assert found.actor.organization_id == found.organization.id == actor.organization_id
    assert found.organization.timezone == "Europe/Berlin"


def test_a_sign_in_lasts_twelve_hours_from_its_issue(database: db.Database) -> None:
    sign_in = make_sign_in(age_s=3600)
    facts = sign_in.begin()
    left = facts.expires_at - datetime.now(UTC)
    assert timedelta(hours=10, minutes=59) < left <= timedelta(hours=11)


@pytest.mark.parametrize("age_s", [12 * 3600 + 1, 31 * 24 * 3600, -600])
def test_a_sign_in_too_old_or_from_the_future_is_refused(database: db.Database, age_s: float) -> None:
    sign_in = make_sign_in(age_s=age_s)
    with pytest.raises(SignedOut):
        sign_in.begin()
    assert sign_in.now() is None


def test_an_issuer_whose_clock_is_a_minute_ahead_is_believed_until_our_now(database: db.Database) -> None:
    facts = make_sign_in(age_s=-60).begin()
    assert facts.expires_at <= datetime.now(UTC) + timedelta(hours=12, seconds=1)


def test_signing_in_again_with_the_same_cookie_finds_the_same_session(database: db.Database) -> None:
    sign_in = make_sign_in()
    assert sign_in.begin() == sign_in.begin()


def test_a_cookie_copied_before_signing_out_is_worth_nothing_afterwards(database: db.Database) -> None:
    sign_in, _ = make_signed_in()
    commands.sign_out(sign_in.key)
    assert sign_in.now() is None
    with pytest.raises(SignedOut):
        sign_in.begin()
    assert sign_in.now() is None


def test_signing_out_twice_or_without_a_session_does_nothing(database: db.Database) -> None:
    sign_in = make_sign_in()
    sign_in.begin()
    commands.sign_out(sign_in.key)
    commands.sign_out(sign_in.key)
    commands.sign_out(b"\0" * 32)
    assert sign_in.now() is None


def test_a_session_that_ran_out_never_comes_back(
    committed_database: db.Database, owner_connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    sign_in, _ = make_signed_in()
    as_owner(owner_connection, sign_in.key, "update masthead.console_session set expires_at = clock_timestamp()")
    assert sign_in.now() is None
    with pytest.raises(SignedOut):
        sign_in.begin()


def test_sessions_from_before_sessions_valid_from_are_over(
    committed_database: db.Database, owner_connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    sign_in, _ = make_signed_in()
    as_owner(owner_connection, sign_in.key, "update masthead.person set sessions_valid_from = clock_timestamp()")
    assert sign_in.now() is None
    with pytest.raises(SignedOut):
        sign_in.begin()


def test_another_sign_in_of_the_same_person_goes_on_when_one_is_ended(database: db.Database) -> None:
    laptop, _ = make_signed_in(subject="two-devices")
    phone = make_sign_in("two-devices")
    phone.begin()
    commands.sign_out(laptop.key)
    assert laptop.now() is None
    assert phone.now() is not None


def test_the_key_must_belong_to_the_claims(database: db.Database) -> None:
    sign_in = make_sign_in()
    with pytest.raises(SignedOut):
        commands.sign_in(Claims.read(sign_in.claims), b"\1" * 32)


def test_a_new_sign_in_brings_the_name_and_address_of_today(database: db.Database) -> None:
    make_sign_in("renamed", name="Maya Lindt", email="maya@old.example", age_s=60).begin()
    newer = make_sign_in("renamed", name="Maya Berg", email="maya@new.example")
    newer.begin()
    found = newer.here()
    assert (found.name, found.email) == ("Maya Berg", "maya@new.example")


def test_an_older_cookie_shown_later_does_not_bring_a_lost_address_back(database: db.Database) -> None:
    older = make_sign_in("moved", email="maya@old.example", age_s=600)
    newer = make_sign_in("moved", email="maya@new.example")
    newer.begin()
    older.begin()
    expired = make_sign_in("moved", email="maya@older.example", age_s=13 * 3600)
    with pytest.raises(SignedOut):
        expired.begin()
    found = newer.here()
    assert found.email == "maya@new.example"


def test_a_sign_in_without_a_zone_keeps_the_one_known(database: db.Database) -> None:
    make_sign_in("travels", zoneinfo="Europe/Lisbon", age_s=60).begin()
    newer = make_sign_in("travels")
    newer.begin()
    found = newer.here()
    assert found.timezone == "Europe/Lisbon"


def test_twenty_tabs_signing_in_at_once_make_one_person_and_one_session(committed_database: db.Database) -> None:
    sign_in = make_sign_in("twenty-tabs")
    with ThreadPoolExecutor(10) as pool:
        facts = list(pool.map(lambda _: sign_in.begin(), range(20)))
    assert len(set(facts)) == 1


def test_somebody_in_two_organizations_works_in_the_one_they_chose(database: db.Database) -> None:
    south = make_organization("Southwind")
    north = make_organization("Northwind")
    make_signed_in(south, Role.VIEWER, subject="both")
    sign_in, _ = make_signed_in(north, Role.ADMIN, subject="both")
    commands.choose_organization(sign_in.key, south)
    found = sign_in.here()
    assert (found.actor.organization_id, found.actor.role) == (south, Role.VIEWER)
    assert [(choice.name, choice.role) for choice in found.choices] == [
        ("Northwind", Role.ADMIN),
        ("Southwind", Role.VIEWER),
    ]


def test_without_a_choice_the_first_by_name_is_worked_in(database: db.Database) -> None:
    sign_in = make_sign_in("chooses-nothing")
    said = sign_in.claims
    for name in ("zebra", "Aachen"):
        commands.enrol(
            make_organization(name),
            issuer=said["iss"],
            subject=said["sub"],
            email=said["email"],
            name=said["name"],
            role=Role.VIEWER,
        )
    sign_in.begin()
    found = sign_in.here()
    assert found.organization.name == "Aachen"


def test_the_next_sign_in_begins_in_the_organization_chosen_last(database: db.Database) -> None:
    south = make_organization("Southwind")
    make_signed_in(make_organization("Northwind"), subject="comes-back")
    sign_in, _ = make_signed_in(south, subject="comes-back")
    commands.choose_organization(sign_in.key, south)
    commands.sign_out(sign_in.key)
    again = make_sign_in("comes-back")
    again.begin()
    assert again.here().organization.id == south


def test_an_organization_one_is_no_member_of_can_not_be_chosen(database: db.Database) -> None:
    sign_in, actor = make_signed_in()
    for elsewhere in (make_organization("Elsewhere"), uuid4()):
        with pytest.raises(NotFound, match="no member"):
            commands.choose_organization(sign_in.key, elsewhere)
    found = sign_in.here()
    assert found.actor.organization_id == actor.organization_id


def test_choosing_without_a_session_is_refused(database: db.Database) -> None:
    with pytest.raises(SignedOut):
        commands.choose_organization(b"\0" * 32, make_organization())


def as_owner(connection: psycopg.Connection[tuple[object, ...]], key: bytes, statement: str) -> None:
    """Change what no login role may, in the sight of the row's own policy."""
    with connection.transaction():
        connection.execute(
            "select set_config('app.person_id', (select person_id::text from masthead.session_of(%s)), true)", (key,)
        )
        assert connection.execute(statement.encode()).rowcount == 1
