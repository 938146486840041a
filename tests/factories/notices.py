"""What the programs do about notices, under their own role, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.infra import db
from core.infra.actor import Actor
from core.notices import commands, outbox, queries
from core.notices.queries import NoticeRow
from tests.factories.posts import Team
from tests.factories.publishing import tamper


def raise_all(worker: db.Database) -> int:
    """One pass of the job that tells people."""
    return by(worker, commands.raise_due)


def mail_all(worker: db.Database) -> int:
    """Write and send, as if every burst had been quiet for long enough."""
    by(worker, lambda: outbox.write_due(later()))
    return by(worker, commands.send_mail)


def by(worker: db.Database, job: Any) -> int:
    """Run a job as the worker, then be the console again."""
    console = db.current()
    db.use(worker)
    try:
        return int(job())
    finally:
        db.use(console)


def later(**of: float) -> datetime:
    """A moment from now."""
    return datetime.now().astimezone() + timedelta(**(of or {"seconds": 20}))


def told(actor: Actor) -> list[str]:
    """The kinds a person was told, oldest first."""
    return [each.kind.value for each in reversed(notices(actor))]


def notices(actor: Actor) -> tuple[NoticeRow, ...]:
    return queries.listed(actor)


def everybody(team: Team) -> dict[str, list[str]]:
    """Who was told what."""
    return {
        name: told(actor)
        for name, actor in (
            ("viewer", team.viewer),
            ("author", team.author),
            ("approver", team.approver),
            ("admin", team.admin),
        )
    }


def rows(database: db.Database, team: Team, sql: str, **values: Any) -> list[Any]:
    """Rows of the team's organization, or what a statement changed."""
    with database.organization_transaction(team.organization_id, "program:test") as session:
        found = session.execute(text(sql), values)
        return list(found.all()) if found.returns_rows else []


def call(team: Team, kind: str, subject_id: UUID) -> None:
    """What is told about this post or account is of that kind and cause, one of a newer version's too."""
    statement = "update masthead.notice set kind = %(kind)s, cause = %(kind)s where subject_id = %(id)s"
    tamper(team.organization_id, statement, kind=kind, id=subject_id)
