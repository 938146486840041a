"""Notices by mail, through real SMTP: who gets which, once, together, daily or not at all, whatever happens to mail."""

from __future__ import annotations

import re
import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from core.infra import crypto, db, installation
from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed, NotFound
from core.notices import commands, outbox, queries, sending, smtp, writing
from core.notices.rules import Delivery, Kind
from core.organizations import commands as organizations
from core.organizations.queries import members
from core.posts import commands as posts
from core.posts.rules import MAX_ACCOUNTS
from tests.factories.accounts import make_account
from tests.factories.notices import by, call, later, mail_all, raise_all, rows
from tests.factories.organizations import make_actor
from tests.factories.posts import Team, fail, make_approved, make_submitted, publications, soon
from tests.fixtures.programs import RunningSandbox, free_ports
from tests.integration.notices.conftest import use_mail


def address(actor: Actor) -> str:
    return next(each.email for each in members(actor) if each.id == actor.member_id)


def taken(mail: RunningSandbox, actor: Actor) -> list[dict[str, Any]]:
    """What the sandbox took for a person, newest first."""
    found: list[dict[str, Any]] = mail.get("/_sandbox/mail", to=address(actor))
    return found


def states(worker: db.Database, team: Team) -> list[tuple[str, int, str | None]]:
    return [tuple(each) for each in rows(worker, team, "select state, tries, last_error from masthead.mail")]


def make_due(worker: db.Database, team: Team) -> None:
    """Let the wait before the next try be over."""
    rows(worker, team, "update masthead.mail set next_try_at = clock_timestamp() where state = 'waiting' returning id")


def fail_many(team: Team, worker: db.Database, count: int) -> None:
    """Publications that fail for one reason, as many posts as that takes."""
    with_mail = installation.settings()  # which making accounts forgets
    while count > 0:
        here = [make_account(team.admin, name=f"Page {number}").id for number in range(min(count, MAX_ACCOUNTS))]
        post = make_approved(team.author, team.approver, here, text=f"{count} to go", slot_at=soon())
        for each in publications(team.author, post):
            fail(worker, each)
        count -= len(here)
    crypto.use(with_mail)


def test_a_mail_says_what_it_is_about_and_leads_there(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    post = make_submitted(team.author, [team.account_id], text="<b>Beans</b> & tea", slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 2
    (got,) = taken(mail, team.approver)
    assert got["subject"] == "Northwind: Edgar Editor asks for your approval"
    link = f"https://masthead.northwind.example/post?post={post}"
    assert link in got["text"]
    assert f'href="{link}"' in got["html"]
    assert "“<b>Beans</b> & tea”" in got["text"]
    assert "<b>Beans" not in got["html"]
    assert "&lt;b&gt;Beans" in got["html"]
    assert got["sender"] == "masthead@masthead.northwind.example"
    assert got["headers"]["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@masthead\.northwind\.example>", got["headers"]["Message-ID"])
    assert taken(mail, team.author) == []


def test_nothing_is_mailed_twice(team: Team, worker_database: db.Database, mail: RunningSandbox) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    for _ in range(3):
        raise_all(worker_database)
        mail_all(worker_database)
    assert len(taken(mail, team.approver)) == 1


def test_a_kind_that_only_a_newer_version_knows_keeps_no_other_from_being_mailed_and_waits_for_it(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    known = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    unknown, other = (make_submitted(team.author, [team.account_id], slot_at=soon()) for _ in range(2))
    raise_all(worker_database)
    call(team, "prophecy", known)
    call(team, "prophecy", unknown)
    mail_all(worker_database)
    assert [posts_in(each) for each in taken(mail, team.approver)] == [{other}, {known}]
    call(team, "approval_asked", unknown)
    mail_all(worker_database)
    assert posts_in(taken(mail, team.approver)[0]) == {unknown}


def test_a_mail_of_a_kind_that_only_a_newer_version_knows_is_sent_by_a_newer_one(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    by(worker_database, lambda: outbox.write_due(later()))
    call(team, "prophecy", post)
    by(worker_database, commands.send_mail)
    assert taken(mail, team.approver) == []
    call(team, "approval_asked", post)
    make_due(worker_database, team)
    by(worker_database, commands.send_mail)
    assert [posts_in(each) for each in taken(mail, team.approver)] == [{post}]


def posts_in(taken: dict[str, Any]) -> set[UUID]:
    """The posts that a mail leads to."""
    return {UUID(each) for each in re.findall(r"/post\?post=([0-9a-f-]{36})", taken["text"])}


def test_two_jobs_at_once_send_one_mail(team: Team, worker_database: db.Database, mail: RunningSandbox) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    console = db.current()
    db.use(worker_database)

    def job() -> None:
        outbox.write_due(later())
        sending.send_due()

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()
    db.use(console)
    by(worker_database, sending.send_due)
    assert (len(taken(mail, team.approver)), len(taken(mail, team.admin))) == (1, 1)


def test_a_hundred_failures_of_one_cause_are_one_mail(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    fail_many(team, worker_database, 100)
    raise_all(worker_database)
    assert mail_all(worker_database) == 3
    (got,) = taken(mail, team.author)
    assert got["subject"] == "Northwind: 100 posts could not be published"
    assert "And 80 more: https://masthead.northwind.example/notices" in got["text"]
    assert queries.unseen(team.author) == queries.COUNTED_AT_MOST
    fail_many(team, worker_database, 3)  # the same cause again, within minutes
    raise_all(worker_database)
    assert mail_all(worker_database) == 0
    assert by(worker_database, lambda: outbox.write_due(later(minutes=11))) == 3


def test_a_burst_waits_until_it_is_quiet(team: Team, worker_database: db.Database, mail: RunningSandbox) -> None:
    fail_many(team, worker_database, 2)
    raise_all(worker_database)
    assert by(worker_database, outbox.write_due) == 0
    assert by(worker_database, lambda: outbox.write_due(later())) == 3


def test_mail_arrives_once_when_the_server_is_back(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    smtp_url = mail.get("/_sandbox/world")["smtp_url"]
    use_mail(f"smtp://127.0.0.1:{free_ports(1)[0]}")
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 0
    assert by(worker_database, sending.send_due) == 0  # the next try isn't due yet
    for tries in (2, 3):
        make_due(worker_database, team)
        assert by(worker_database, sending.send_due) == 0
        assert {(state, count) for state, count, _ in states(worker_database, team)} == {("waiting", tries)}
    standing = queries.mail_standing(team.admin)
    assert (standing.is_set_up, standing.waiting, standing.given_up) == (True, 2, 0)
    assert "ConnectionRefusedError" in str(standing.last_error)
    posts.request_changes(team.approver, uuid4(), post, 1, "Posts don't wait for mail")

    use_mail(smtp_url)
    make_due(worker_database, team)
    assert by(worker_database, sending.send_due) == 2
    make_due(worker_database, team)
    assert by(worker_database, sending.send_due) == 0
    assert (len(taken(mail, team.approver)), len(taken(mail, team.admin))) == (1, 1)
    assert queries.mail_standing(team.admin).waiting == 0


@pytest.mark.parametrize("mode", ["error_before", "reset_before"])
def test_one_address_that_is_put_off_is_tried_again(
    team: Team, worker_database: db.Database, mail: RunningSandbox, mode: str
) -> None:
    mail.post("/_sandbox/faults", {"route": f"MAIL {address(team.approver)}", "mode": mode, "times": 1})
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    make_due(worker_database, team)
    by(worker_database, sending.send_due)
    assert (len(taken(mail, team.approver)), len(taken(mail, team.admin))) == (1, 1)


def test_what_was_taken_without_an_answer_is_sent_again_as_the_same_mail(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    mail.post("/_sandbox/faults", {"route": f"MAIL {address(team.approver)}", "mode": "reset_after", "times": 1})
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    make_due(worker_database, team)
    by(worker_database, sending.send_due)
    copies = taken(mail, team.approver)
    assert len(copies) == 2
    assert len({each["headers"]["Message-ID"] for each in copies}) == 1
    assert len({(each["subject"], each["text"], each["html"]) for each in copies}) == 1


def test_an_address_that_is_refused_for_good_is_given_up_and_told_to_admins(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    mail.post("/_sandbox/faults", {"route": f"MAIL {address(team.approver)}", "mode": "refuse"})
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 1
    standing = queries.mail_standing(team.admin)
    assert (standing.waiting, standing.given_up) == (0, 1)
    assert "550" in str(standing.last_error)
    with pytest.raises(NotAllowed):
        queries.mail_standing(team.author)


def test_without_a_mail_server_notices_are_kept_and_nothing_is_mailed(team: Team, worker_database: db.Database) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert by(worker_database, commands.write_mail) == 0
    assert by(worker_database, commands.send_mail) == 0
    assert queries.unseen(team.approver) == 1
    assert not queries.mail_standing(team.admin).is_set_up


def test_preferences_decide_what_is_mailed_and_when(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    commands.choose_delivery(team.approver, uuid4(), Kind.APPROVAL_ASKED, Delivery.OFF)
    commands.choose_delivery(team.admin, uuid4(), Kind.APPROVAL_ASKED, Delivery.DAILY)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert by(worker_database, lambda: outbox.write_due(later())) == 0
    assert by(worker_database, lambda: outbox.write_due(later(days=1))) == 1
    by(worker_database, sending.send_due)
    assert taken(mail, team.approver) == []
    assert taken(mail, team.admin)[0]["subject"] == "Northwind: 1 notice since yesterday"
    assert (queries.unseen(team.approver), queries.unseen(team.admin)) == (1, 1)


def test_whoever_turns_a_kind_off_gets_nothing_of_what_still_waits(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    commands.choose_delivery(team.approver, uuid4(), Kind.APPROVAL_ASKED, Delivery.OFF)
    assert mail_all(worker_database) == 1
    assert taken(mail, team.approver) == []


def test_preferences_are_ones_own_and_start_with_what_the_kinds_say(team: Team) -> None:
    commands.choose_delivery(team.author, uuid4(), Kind.APPROVED, Delivery.AT_ONCE)
    mine = {each.kind: each.delivery for each in queries.preferences(team.author)}
    theirs = {each.kind: each.delivery for each in queries.preferences(team.approver)}
    assert (mine[Kind.APPROVED], theirs[Kind.APPROVED]) == (Delivery.AT_ONCE, Delivery.DAILY)
    assert list(mine) == list(Kind)


# 2027-03-28 and 2027-10-31: the clock changes in Berlin, the organization's zone, between one digest and the next.
@pytest.mark.parametrize(
    ("raised", "digests"),
    [
        ("2027-03-27T09:00Z", ["2027-03-28T06:00Z"]),
        ("2027-03-28T07:30Z", ["2027-03-29T06:00Z"]),
        ("2027-10-30T09:00Z", ["2027-10-31T07:00Z"]),
        ("2027-10-31T08:00Z", ["2027-11-01T07:00Z"]),
    ],
)
def test_one_digest_a_day_at_eight_over_the_change_of_the_clock(
    team: Team,
    worker_database: db.Database,
    mail: RunningSandbox,
    tampered: Callable[..., None],
    raised: str,
    digests: list[str],
) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    at = datetime.fromisoformat(raised)
    tampered("update masthead.notice set at = %(at)s", at=at)
    quarters = [at + timedelta(minutes=15 * each) for each in range(4 * 36)]
    written = [each for each in quarters if by(worker_database, partial(outbox.write_in, team.organization_id, each))]
    assert written == [datetime.fromisoformat(each) for each in digests]
    by(worker_database, sending.send_due)
    assert len(taken(mail, team.author)) == 1


def test_a_second_digest_of_the_same_day_is_never_written(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    make_approved(team.author, team.approver, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    tomorrow = later(days=1)
    assert by(worker_database, lambda: outbox.write_due(tomorrow)) == 1
    make_approved(team.author, team.approver, [team.account_id], text="Another", slot_at=soon(30))
    raise_all(worker_database)
    assert by(worker_database, lambda: outbox.write_due(tomorrow)) == 0


def test_who_was_disabled_meanwhile_gets_no_mail(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    by(worker_database, lambda: outbox.write_due(later()))
    to = address(team.approver)
    organizations.disable_member(team.admin, uuid4(), team.approver.member_id)
    by(worker_database, sending.send_due)
    assert mail.get("/_sandbox/mail", to=to) == []
    assert sorted(state for state, _, _ in states(worker_database, team)) == ["dropped", "sent"]


def test_an_address_that_nobody_verified_gets_no_mail(
    team: Team, worker_database: db.Database, mail: RunningSandbox, tampered: Callable[..., None]
) -> None:
    tampered("update masthead.person set email_verified = false where id = %(id)s", id=team.approver.person_id)
    organizations.note_seen(team.approver)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    assert taken(mail, team.approver) == []


# Invitations


def test_an_invitation_is_mailed_with_its_link(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    assert commands.mail_invitation(team.admin, made.invitation_id, made.link_path).sent
    (got,) = mail.get("/_sandbox/mail", to="new@people.example")
    assert got["subject"] == "Ada Admin invites you to Northwind on Masthead"
    assert f"https://masthead.northwind.example{made.link_path}" in got["text"]
    assert made.link_path in got["html"]


def test_an_invitation_without_mail_is_no_error_and_says_why(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    mail.post("/_sandbox/faults", {"route": "MAIL *", "mode": "refuse", "times": 1})
    answer = commands.mail_invitation(team.admin, made.invitation_id, made.link_path)
    assert (answer.sent, "550" in answer.trouble) == (False, True)
    use_mail(f"smtp://127.0.0.1:{free_ports(1)[0]}")
    assert "ConnectionRefusedError" in commands.mail_invitation(team.admin, made.invitation_id, made.link_path).trouble


def test_an_invitation_that_is_over_is_not_mailed(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    organizations.withdraw_invitation(team.admin, uuid4(), made.invitation_id)
    with pytest.raises(NotFound):
        commands.mail_invitation(team.admin, made.invitation_id, made.link_path)


def test_the_link_of_an_invitation_is_stored_nowhere(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "new@people.example", Role.EDITOR)
    commands.mail_invitation(team.admin, made.invitation_id, made.link_path)
    token = made.link_path.partition("=")[2]
    stored = """select t::text from masthead.mail t union all select t::text from masthead.notice t
        union all select t::text from masthead.audit_event t union all select t::text from masthead.command_receipt t
        union all select t::text from masthead.invitation t"""
    found = [row for (row,) in rows(db.current(), team, stored)]
    assert len(found) > 1
    assert [row for row in found if token in row] == []


def test_people_of_another_organization_get_no_mail_of_this_one(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    stranger = make_actor()
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail_all(worker_database)
    assert taken(mail, stranger) == []


# What operators do to mail


@pytest.fixture
def plain_server() -> Iterator[list[str]]:
    """A mail server of the old kind, without SMTPUTF8, in the place of the sandbox: the recipients it took."""
    taken_for: list[str] = []

    class Handler:
        async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd)
            taken_for.extend(envelope.rcpt_tos)
            return "250 Taken"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_ports(1)[0], enable_SMTPUTF8=False)
    controller.start()
    use_mail(f"smtp://127.0.0.1:{controller.port}")
    yield taken_for
    controller.stop()


@pytest.mark.parametrize(
    "unusable", ["ada@northwind..example", "ada@[northwind", "adä@northwind.example", "ada@nörd.de"]
)
def test_an_address_that_mail_can_not_go_to_keeps_nobody_elses_back(
    team: Team, worker_database: db.Database, plain_server: list[str], tampered: Callable[..., None], unusable: str
) -> None:
    tampered(
        "update masthead.person set email = %(email)s where id = %(id)s", email=unusable, id=team.approver.person_id
    )
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 1
    assert plain_server == [address(team.admin)]
    assert sorted((state, tries) for state, tries, _ in states(worker_database, team)) == [("given_up", 1), ("sent", 1)]


def test_an_invitation_to_an_address_that_mail_can_not_go_to_says_so(team: Team, mail: RunningSandbox) -> None:
    made = organizations.invite(team.admin, uuid4(), "new@people..example", Role.EDITOR)
    answer = commands.mail_invitation(team.admin, made.invitation_id, made.link_path)
    assert (answer.sent, answer.trouble) == (False, "its address can't be used")


def test_a_mail_that_meets_an_error_of_ours_is_tried_again_and_the_others_go(
    team: Team, worker_database: db.Database, mail: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = writing.about_notices

    def about(mail_id: UUID, to: str, *positional: Any, **named: Any) -> EmailMessage:
        if to == address(team.approver):
            raise RuntimeError("nobody thought of this")
        return really(mail_id, to, *positional, **named)

    monkeypatch.setattr(writing, "about_notices", about)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 1
    monkeypatch.undo()
    make_due(worker_database, team)
    assert by(worker_database, sending.send_due) == 1
    assert len(taken(mail, team.approver)) == 1


def test_a_server_that_relays_for_nobody_yet_is_asked_again(
    team: Team, worker_database: db.Database, mail: RunningSandbox
) -> None:
    denied = {"mode": "refuse", "times": 2, "args": {"status": 554, "message": "5.7.1 Relay access denied"}}
    mail.post("/_sandbox/faults", {"route": "MAIL *", **denied})
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 0
    assert "Relay access denied" in str(queries.mail_standing(team.admin).last_error)
    make_due(worker_database, team)
    assert by(worker_database, sending.send_due) == 2


def test_a_slow_server_is_left_in_time_and_what_waits_goes_with_the_next_pass(
    team: Team, worker_database: db.Database, mail: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_s = [0.0]
    really = smtp.hand_over

    def slowly(client: smtplib.SMTP, message: EmailMessage) -> None:
        passed_s[0] += 61
        really(client, message)

    monkeypatch.setattr(sending, "time", SimpleNamespace(monotonic=lambda: passed_s[0]))
    monkeypatch.setattr(smtp, "hand_over", slowly)
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 1
    assert by(worker_database, sending.send_due) == 1
