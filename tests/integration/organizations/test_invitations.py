"""Open invitations: seen, given another link, withdrawn."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Conflict, NotFound
from core.organizations import commands, queries
from tests.factories.organizations import make_actor, make_sign_in


def token(path: str) -> str:
    return path.partition("=")[2]


def test_open_invitations_stand_there_with_who_invited(database: db.Database) -> None:
    admin = make_actor(name="Ada Admin")
    commands.invite(admin, uuid4(), "new@people.example", Role.EDITOR)
    (row,) = queries.invitations(admin)
    assert (row.email, row.role, row.invited_by) == ("new@people.example", Role.EDITOR, "Ada Admin")
    assert row.expires_at > row.created_at


def test_a_new_link_replaces_the_one_before(database: db.Database) -> None:
    admin = make_actor()
    first = commands.invite(admin, uuid4(), "new@people.example", Role.EDITOR)
    second = commands.renew_invitation(admin, first.invitation_id)
    guest = make_sign_in(email="new@people.example")
    guest.begin()

    with pytest.raises(NotFound, match="newer link has replaced it"):
        commands.accept_invitation(guest.key, token(first.link_path))
    assert commands.accept_invitation(guest.key, token(second.link_path)).role is Role.EDITOR
    assert queries.invitations(admin) == ()


def test_a_withdrawn_invitation_leads_nowhere(database: db.Database) -> None:
    admin = make_actor()
    made = commands.invite(admin, uuid4(), "new@people.example", Role.EDITOR)
    commands.withdraw_invitation(admin, uuid4(), made.invitation_id)
    guest = make_sign_in(email="new@people.example")
    guest.begin()

    assert queries.invitations(admin) == ()
    with pytest.raises(Exception, match="has run out"):
        commands.accept_invitation(guest.key, token(made.link_path))
    with pytest.raises(Conflict):
        commands.withdraw_invitation(admin, uuid4(), made.invitation_id)
    with pytest.raises(Conflict):
        commands.renew_invitation(admin, made.invitation_id)
