"""Mail with what strangers wrote in it: names, addresses and organizations that try to be more than words."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from core.infra import db
from core.infra.actor import Role
from core.notices import commands
from core.organizations import commands as organizations
from core.organizations.commands import SettingsChange
from tests.factories.notices import mail_all, raise_all
from tests.factories.posts import Team, make_submitted, soon
from tests.fixtures.programs import RunningSandbox
from tests.integration.notices.test_mail import taken

Tamper = Callable[..., None]
ORDINARY = {
    *("To", "From", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding"),
}


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?Maya=0ABcc=3A_all=40evil.example=0A=0AYour_account_is_closed?=",
        "=?utf-8?b?TWF5YQ0KUmVwbHktVG86IHhAZXZpbC5leGFtcGxl?=",
        "=?utf-7?q?+2AA-?=",
    ],
)
def test_a_name_begins_no_header_and_no_mail(
    team: Team, worker_database: db.Database, mail: RunningSandbox, tampered: Tamper, name: str
) -> None:
    tampered("update masthead.person set name = %(name)s where id = %(id)s", name=name, id=team.author.person_id)
    organizations.update_settings(team.admin, uuid4(), SettingsChange(name=name))
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 2
    (got,) = taken(mail, team.approver)
    assert set(got["headers"]) <= ORDINARY
    assert got["subject"] == f"{name}: {name} asks for your approval".replace("=?", "= ?")
    assert "/post?post=" in got["text"]

    made = organizations.invite(team.admin, uuid4(), f"{uuid4()}@people.example", Role.VIEWER)
    assert commands.mail_invitation(team.admin, made.invitation_id, made.link_path).sent
    assert set(mail.get("/_sandbox/mail")[0]["headers"]) <= ORDINARY


def test_an_invitation_goes_to_the_address_that_was_written_and_to_no_other(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "maya(the=boss)@people.example", Role.VIEWER)
    answer = commands.mail_invitation(team.admin, made.invitation_id, made.link_path)
    assert (answer.sent, answer.trouble) == (False, "its address can be read in two ways")
    assert mail.get("/_sandbox/mail", to="maya@people.example") == []
