"""A disabled person: nothing succeeds afterwards, whatever a tab, a script or a callback still holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import MastheadError, NotAllowed, SignedOut
from core.organizations import commands, queries
from core.organizations.commands import SettingsChange
from tests.factories.organizations import SignIn, make_actor, make_signed_in
from tests.integration.organizations.test_signing_in import as_owner

DOES: dict[str, Callable[[Actor], object]] = {
    "reads the members": queries.members,
    "invites": lambda actor: commands.invite(actor, uuid4(), "new@people.example", Role.VIEWER),
    "changes a role": lambda actor: commands.change_role(actor, uuid4(), actor.member_id, Role.ADMIN),
    "disables": lambda actor: commands.disable_member(actor, uuid4(), actor.member_id),
    "enables themselves": lambda actor: commands.enable_member(actor, uuid4(), actor.member_id),
    "changes settings": lambda actor: commands.update_settings(actor, uuid4(), SettingsChange(name="Mine")),
}


@pytest.mark.parametrize("what", DOES)
def test_a_disabled_member_with_a_stale_actor_is_refused(database: db.Database, what: str) -> None:
    admin = make_actor()
    _, stale = make_signed_in(admin.organization_id)
    commands.disable_member(admin, uuid4(), stale.member_id)
    with pytest.raises(NotAllowed, match="no longer an active member"):
        DOES[what](stale)


@pytest.mark.parametrize("what", DOES)
def test_a_disabled_person_with_a_stale_actor_is_refused(
    committed_database: db.Database, owner_connection: psycopg.Connection[tuple[object, ...]], what: str
) -> None:
    sign_in, stale = make_signed_in()
    as_owner(owner_connection, sign_in.key, "update masthead.person set disabled_at = clock_timestamp()")
    with pytest.raises(NotAllowed):
        DOES[what](stale)


def test_a_disabled_person_is_signed_out_everywhere_and_stays_out(
    committed_database: db.Database, owner_connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    sign_in, actor = make_signed_in()
    path = commands.invite(actor, uuid4(), str(sign_in.claims["email"]).replace("@", "+2@"), Role.ADMIN).link_path
    as_owner(owner_connection, sign_in.key, "update masthead.person set disabled_at = clock_timestamp()")
    assert sign_in.now() is None
    for attempt in (
        sign_in.begin,
        lambda: commands.choose_organization(sign_in.key, actor.organization_id),
        lambda: commands.accept_invitation(sign_in.key, path.partition("=")[2]),
    ):
        with pytest.raises(SignedOut):
            attempt()


def test_a_member_disabled_here_goes_on_elsewhere(database: db.Database) -> None:
    admin = make_actor()
    make_signed_in(admin.organization_id, subject="both")
    sign_in, there = make_signed_in(subject="both")
    commands.choose_organization(sign_in.key, admin.organization_id)
    found = sign_in.here()
    commands.disable_member(admin, uuid4(), found.actor.member_id)
    found = sign_in.here()
    assert found.actor.organization_id == there.organization_id
    assert [choice.organization_id for choice in found.choices] == [there.organization_id]


def test_a_changed_role_counts_from_the_next_click_on(database: db.Database) -> None:
    admin = make_actor()
    sign_in, member = make_signed_in(admin.organization_id, Role.APPROVER)
    commands.change_role(admin, uuid4(), member.member_id, Role.VIEWER)
    found = sign_in.here()
    assert found.actor.role is Role.VIEWER


def test_whoever_is_disabled_while_clicking_in_three_tabs_does_nothing_afterwards(
    committed_database: db.Database,
) -> None:
    admin = make_actor()
    sign_in, clicker = make_signed_in(admin.organization_id)
    stop, succeeded, refused = threading.Event(), [], []
    tabs = [
        threading.Thread(target=_click, args=(sign_in, clicker, stop, succeeded, refused, bool(number % 2)))
        for number in range(3)
    ]
    for tab in tabs:
        tab.start()
    time.sleep(0.5)
    commands.disable_member(admin, uuid4(), clicker.member_id)
    disabled_at = time.monotonic()
    time.sleep(1)
    stop.set()
    for tab in tabs:
        tab.join()
    assert [begun for begun in succeeded if begun < disabled_at], "the tabs never succeeded at anything"
    assert [begun for begun in succeeded if begun > disabled_at] == []
    assert len(refused) >= 3


def _click(
    sign_in: SignIn, stale: Actor, stop: threading.Event, succeeded: list[float], refused: list[str], rereads: bool
) -> None:
    """A tab: one kind reads who is signed in at every click as the console does, the other believes its old actor."""
    number = 0
    while not stop.is_set():
        begun, number = time.monotonic(), number + 1
        try:
            found = sign_in.now() if rereads else None
            actor = found.actor if found else None if rereads else stale
            if actor is None:
                raise SignedOut
            commands.update_settings(actor, uuid4(), SettingsChange(name=f"Click {number} {threading.get_ident()}"))
            succeeded.append(begun)
        except MastheadError as refusal:
            refused.append(refusal.message)
            time.sleep(0.01)
