"""What nobody reads any more is thrown away, and nothing that still stands."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from core.infra import db
from core.notices import forgetting
from core.posts import commands as posts
from jobs import low
from tests.factories.accounts import refuse
from tests.factories.notices import by, everybody, mail_all, raise_all, rows, told
from tests.factories.posts import Team, make_submitted, soon
from tests.fixtures.programs import RunningSandbox

Tampered = Callable[..., None]


@pytest.fixture
def aged(tampered: Tampered) -> Callable[[int], None]:
    """Let all notices and all closed mail be so many days old."""

    def age(days: int) -> None:
        tampered("update masthead.notice set at = at - make_interval(days => %(days)s)", days=days)
        tampered(
            "update masthead.mail set created_at = created_at - make_interval(days => %(days)s),"
            " closed_at = closed_at - make_interval(days => %(days)s)",
            days=days,
        )

    return age


def forget(worker: db.Database) -> None:
    by(worker, lambda: low.forget_old() or 0)


def test_notices_and_their_mail_go_after_their_time_and_what_is_newer_stays(
    team: Team, worker_database: db.Database, mail: RunningSandbox, aged: Callable[[int], None]
) -> None:
    post = make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    assert mail_all(worker_database) == 2
    aged(179)
    forget(worker_database)
    assert told(team.approver) == ["approval_asked"]
    aged(2)
    posts.request_changes(team.approver, uuid4(), post, 1, "Shorter")
    raise_all(worker_database)
    forget(worker_database)
    assert everybody(team) == {"viewer": [], "author": ["changes_requested"], "approver": [], "admin": []}
    assert rows(worker_database, team, "select id from masthead.mail") == []
    raise_all(worker_database)
    assert told(team.approver) == [], "nobody is told again"


def test_what_waits_to_be_mailed_is_kept(
    team: Team, worker_database: db.Database, mail: RunningSandbox, aged: Callable[[int], None]
) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    mail.post("/_sandbox/faults", {"route": "MAIL *", "mode": "error_before"})
    assert mail_all(worker_database) == 0
    aged(400)
    forget(worker_database)
    assert len(rows(worker_database, team, "select id from masthead.mail where state = 'waiting'")) == 2
    assert told(team.approver) == ["approval_asked"]


def test_an_account_that_is_still_refused_is_not_told_anew(
    team: Team, worker_database: db.Database, tampered: Tampered
) -> None:
    with db.transaction(team.admin) as session:
        refuse(session, team.account_id, "Facebook refused it")
    raise_all(worker_database)
    tampered("update masthead.notice set at = at - interval '400 days'")
    forget(worker_database)
    assert told(team.admin) == ["reconnect"]
    raise_all(worker_database)
    assert told(team.admin).count("reconnect") == 1


def test_a_large_heap_is_worked_off_in_parts(
    team: Team, worker_database: db.Database, tampered: Tampered, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_submitted(team.author, [team.account_id], slot_at=soon())
    raise_all(worker_database)
    tampered(
        "insert into masthead.notice(organization_id, id, member_id, kind, dedupe_key, subject_kind, subject_id, data,"
        " delivery, at) select organization_id, gen_random_uuid(), member_id, kind, n::text, subject_kind, subject_id,"
        " data, 'off', at - interval '400 days' from masthead.notice, generate_series(1, 25) n"
    )
    monkeypatch.setattr(forgetting, "_ROWS_AT_ONCE", 10)
    assert by(worker_database, forgetting.forget_old) == 50
    assert told(team.approver) == ["approval_asked"]
