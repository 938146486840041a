"""Coming into an organization: by a single-use link for a verified address, or entered by the operator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from core.audit import queries as audit
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, MastheadError, NotAllowed, NotFound, Refused, SignedOut
from core.organizations import commands, joining, queries
from tests.factories.organizations import ISSUER, SignIn, make_actor, make_organization, make_sign_in, make_signed_in

Owner = psycopg.Connection[tuple[object, ...]]


def token_of(path: str) -> str:
    assert path.startswith("/?invitation=")
    return path.removeprefix("/?invitation=")


def invited(actor: Actor, email: str, role: Role = Role.EDITOR) -> str:
    return token_of(commands.invite(actor, uuid4(), email, role).link_path)


def begun(email: str, verified: object = True) -> SignIn:
    sign_in = make_sign_in(email=email, verified=verified)
    sign_in.begin()
    return sign_in


def test_initialize_makes_an_organization_whose_first_admin_comes_in_by_the_link(database: db.Database) -> None:
    made = commands.initialize("  Northwind   Traders ", "Maya@Northwind.example", "Europe/Berlin")
    maya = begun("maya@northwind.example")
    accepted = commands.accept_invitation(maya.key, token_of(made.invitation_link_path))
    assert accepted == commands.Accepted(made.organization_id, Role.ADMIN)
    found = maya.here()
    assert (found.organization.name, found.organization.timezone) == ("Northwind Traders", "Europe/Berlin")
    assert found.actor.role is Role.ADMIN


@pytest.mark.parametrize(
    ("name", "email", "timezone"),
    [
        ("", "maya@northwind.example", "UTC"),
        ("x" * 121, "maya@northwind.example", "UTC"),
        ("Northwind", "nobody", "UTC"),
        ("Northwind", "two@at@signs", "UTC"),
        ("Northwind", "a b@northwind.example", "UTC"),
        ("Northwind", "maya@northwind.example", "Mars/Olympus"),
    ],
)
def test_what_can_not_be_used_is_refused_before_anything_is_made(
    database: db.Database, name: str, email: str, timezone: str
) -> None:
    with pytest.raises(Invalid):
        commands.initialize(name, email, timezone)


def test_a_link_is_shown_once_and_stored_only_as_a_hash(
    committed_database: db.Database, owner_connection: Owner
) -> None:
    actor = make_actor()
    made = commands.invite(actor, uuid4(), "new@people.example", Role.EDITOR)
    token = token_of(made.link_path)
    assert token not in repr(made)
    assert timedelta(days=6, hours=23) < made.expires_at - datetime.now(UTC) <= timedelta(days=7)
    tables = owner_connection.execute("select tablename from pg_tables where schemaname = 'masthead'").fetchall()
    with owner_connection.transaction():
        owner_connection.execute("select set_config('app.organization_id', %s, true)", (str(actor.organization_id),))
        everything = "".join(
            str(owner_connection.execute(b"table masthead." + str(name).encode()).fetchall()) for (name,) in tables
        )
    assert "new@people.example" in everything
    assert token not in everything


def test_a_link_lets_in_one_person_once(database: db.Database) -> None:
    token = invited(make_actor(), "shared@people.example")
    first, second = begun("shared@people.example"), begun("shared@people.example")
    commands.accept_invitation(first.key, token)
    with pytest.raises(Conflict, match="used already"):
        commands.accept_invitation(second.key, token)
    found = second.here()
    assert found.actor is None


def test_a_double_click_on_a_link_leads_the_same_person_in_and_writes_one_line(database: db.Database) -> None:
    admin = make_actor()
    token = invited(admin, "new@people.example")
    new = begun("new@people.example")
    assert commands.accept_invitation(new.key, token) == commands.accept_invitation(new.key, token)
    found = new.here()
    lines = audit.history(admin, "member", found.actor.member_id)
    assert [line.action for line in lines] == ["organizations.accept_invitation"]
    assert lines[0].after["email"] == "new@people.example"


def test_twenty_at_once_with_one_link_make_one_member(committed_database: db.Database) -> None:
    admin = make_actor()
    token = invited(admin, "shared@people.example")
    people = [begun("shared@people.example") for _ in range(20)]

    def accept(person: SignIn) -> bool:
        try:
            commands.accept_invitation(person.key, token)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(accept, people)) == 1
    assert len(queries.members(admin)) == 2


def test_ten_clicks_at_once_of_one_person_make_one_member(committed_database: db.Database) -> None:
    admin = make_actor()
    token = invited(admin, "new@people.example")
    new = begun("new@people.example")
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda _: commands.accept_invitation(new.key, token), range(10)))
    assert set(accepted) == {commands.Accepted(admin.organization_id, Role.EDITOR)}
    assert len(queries.members(admin)) == 2


@pytest.mark.parametrize("verified", [False, None, "false", 1.5, "yes"])
def test_an_address_that_is_not_verified_is_refused(database: db.Database, verified: object) -> None:
    token = invited(make_actor(), "new@people.example")
    with pytest.raises(NotAllowed, match="verified"):
        commands.accept_invitation(begun("new@people.example", verified).key, token)


def test_an_address_that_lost_its_verification_since_is_refused(database: db.Database) -> None:
    token = invited(make_actor(), "new@people.example")
    make_sign_in("unsure", email="new@people.example", age_s=60).begin()
    later = make_sign_in("unsure", email="new@people.example", verified=False)
    later.begin()
    with pytest.raises(NotAllowed):
        commands.accept_invitation(later.key, token)


def test_another_address_is_refused_and_learns_little_of_the_right_one(database: db.Database) -> None:
    token = invited(make_actor(), "maya@northwind.example")
    with pytest.raises(NotAllowed) as refused:
        commands.accept_invitation(begun("mallory@people.example").key, token)
    assert "ma•••@northwind.example" in refused.value.message
    assert "maya@" not in refused.value.message


def test_case_of_an_address_does_not_matter(database: db.Database) -> None:
    token = invited(make_actor(), "New@People.Example")
    commands.accept_invitation(begun("NEW@people.example").key, token)


def test_a_link_ends_after_seven_days(committed_database: db.Database, owner_connection: Owner) -> None:
    admin = make_actor()
    token = invited(admin, "new@people.example")
    with owner_connection.transaction():
        owner_connection.execute("select set_config('app.organization_id', %s, true)", (str(admin.organization_id),))
        owner_connection.execute("update masthead.invitation set expires_at = clock_timestamp()")
    with pytest.raises(Refused, match="run out"):
        commands.accept_invitation(begun("new@people.example").key, token)


@pytest.mark.parametrize("token", ["", "unknown", "' or 1=1 --", "x" * 5000])
def test_a_link_that_does_not_exist_is_not_found(database: db.Database, token: str) -> None:
    with pytest.raises(NotFound):
        commands.accept_invitation(begun("new@people.example").key, token)


def test_nobody_accepts_without_being_signed_in(database: db.Database) -> None:
    token = invited(make_actor(), "new@people.example")
    with pytest.raises(SignedOut):
        commands.accept_invitation(b"\0" * 32, token)


def test_a_newer_invitation_of_an_address_ends_the_older_one(database: db.Database) -> None:
    admin = make_actor()
    older = invited(admin, "new@people.example", Role.ADMIN)
    newer = invited(admin, "new@people.example", Role.VIEWER)
    new = begun("new@people.example")
    with pytest.raises(Refused):
        commands.accept_invitation(new.key, older)
    assert commands.accept_invitation(new.key, newer).role is Role.VIEWER


def test_the_same_click_again_gives_a_link_that_works_for_the_same_invitation(database: db.Database) -> None:
    admin, action = make_actor(), uuid4()
    first = commands.invite(admin, action, "new@people.example", Role.EDITOR)
    second = commands.invite(admin, action, "new@people.example", Role.EDITOR)
    assert first.invitation_id == second.invitation_id
    assert len(audit.history(admin, "invitation", first.invitation_id)) == 1
    new = begun("new@people.example")
    with pytest.raises(NotFound):
        commands.accept_invitation(new.key, token_of(first.link_path))
    commands.accept_invitation(new.key, token_of(second.link_path))
    with pytest.raises(Conflict):
        commands.invite(admin, action, "new@people.example", Role.EDITOR)


def test_a_member_is_not_invited_again(database: db.Database) -> None:
    admin = make_actor()
    sign_in, member = make_signed_in(admin.organization_id, Role.EDITOR)
    email = str(sign_in.claims["email"])
    with pytest.raises(Conflict, match="is a member already"):
        commands.invite(admin, uuid4(), email, Role.EDITOR)
    commands.disable_member(admin, uuid4(), member.member_id)
    with pytest.raises(Conflict, match="enable them"):
        commands.invite(admin, uuid4(), email, Role.EDITOR)


def test_a_link_neither_raises_a_role_nor_revives_a_membership(database: db.Database) -> None:
    admin = make_actor()
    token = invited(admin, "kay@people.example", Role.ADMIN)
    spare = invited(make_actor(), "kay@people.example", Role.ADMIN)
    kay = begun("kay@people.example")
    commands.enrol(
        admin.organization_id,
        issuer=ISSUER,
        subject=str(kay.claims["sub"]),
        email="kay@people.example",
        name="Kay",
        role=Role.VIEWER,
    )
    with pytest.raises(Conflict, match="as viewer"):
        commands.accept_invitation(kay.key, token)
    found = kay.here()
    assert found.actor.role is Role.VIEWER
    commands.disable_member(admin, uuid4(), found.actor.member_id)
    with pytest.raises(NotAllowed, match="switched off"):
        commands.accept_invitation(kay.key, token)
    assert commands.accept_invitation(kay.key, spare).role is Role.ADMIN


def test_accepting_leads_into_that_organization(database: db.Database) -> None:
    sign_in, elsewhere = make_signed_in(make_organization("Aardvark"))
    admin = make_actor(make_organization("Zebra"))
    commands.accept_invitation(sign_in.key, invited(admin, str(sign_in.claims["email"])))
    found = sign_in.here()
    assert found.actor.organization_id == admin.organization_id != elsewhere.organization_id


def test_enrolling_again_changes_nothing(database: db.Database) -> None:
    admin = make_actor()
    about = {"issuer": ISSUER, "subject": "enrolled", "email": "en@people.example", "name": "En Rolled"}
    first = commands.enrol(admin.organization_id, **about, role=Role.EDITOR)
    assert commands.enrol(admin.organization_id, **about, role=Role.ADMIN) == first
    assert [row.role for row in queries.members(admin) if row.id == first.member_id] == [Role.EDITOR]
    assert len(audit.history(admin, "member", first.member_id)) == 1


def test_an_enrolled_person_is_the_one_who_signs_in(database: db.Database) -> None:
    organization_id = make_organization()
    enrolled = commands.enrol(
        organization_id, issuer=ISSUER, subject="known", email="known@people.example", name="Known", role=Role.ADMIN
    )
    sign_in = make_sign_in("known")
    assert sign_in.begin().person_id == enrolled.person_id


def test_enrolling_into_an_organization_that_does_not_exist_is_refused(database: db.Database) -> None:
    with pytest.raises(NotFound):
        commands.enrol(UUID(int=7), issuer=ISSUER, subject="x", email="x@people.example", name="X", role=Role.ADMIN)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_only_admins_invite(database: db.Database, role: Role) -> None:
    with pytest.raises(NotAllowed, match="takes an admin"):
        commands.invite(make_actor(role=role), uuid4(), "new@people.example", Role.VIEWER)


def test_refusals_are_words_for_people(database: db.Database) -> None:
    with pytest.raises(MastheadError) as refused:
        commands.accept_invitation(begun("new@people.example").key, "unknown")
    assert refused.value.message == (
        "This invitation doesn't exist, or a newer link has replaced it. Ask an admin for a new one."
    )


@pytest.mark.parametrize("end", ["disable", "change_role"])
def test_who_is_no_admin_any_more_has_left_no_way_back_in(database: db.Database, end: str) -> None:
    admin = make_actor()
    leaving = make_actor(admin.organization_id, Role.ADMIN)
    token = invited(leaving, "second@mailbox.example", Role.ADMIN)
    kept = invited(admin, "new@people.example")
    if end == "disable":
        commands.disable_member(admin, uuid4(), leaving.member_id)
    else:
        commands.change_role(admin, uuid4(), leaving.member_id, Role.VIEWER)
    with pytest.raises(Refused, match="has run out"):
        commands.accept_invitation(begun("second@mailbox.example").key, token)
    assert [each.email for each in queries.invitations(admin)] == ["new@people.example"]
    assert commands.accept_invitation(begun("new@people.example").key, kept).role is Role.EDITOR
    line = audit.history(admin, "member", leaving.member_id)[-1]
    assert (line.after or {})["invitations_ended"] == 1


def test_an_organization_makes_no_more_links_in_an_hour_than_people_need(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "INVITATIONS_PER_HOUR", 3)
    admin, neighbour = make_actor(), make_actor()
    made = commands.invite(admin, uuid4(), "new@people.example", Role.VIEWER)
    for _ in range(2):
        commands.renew_invitation(admin, made.invitation_id)
    with pytest.raises(Refused, match="within an hour"):
        commands.renew_invitation(admin, made.invitation_id)
    with pytest.raises(Refused, match="within an hour"):
        commands.invite(make_actor(admin.organization_id), uuid4(), "other@people.example", Role.VIEWER)
    commands.invite(neighbour, uuid4(), "new@people.example", Role.VIEWER)
