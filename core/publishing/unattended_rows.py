"""SQL of what waits though nothing holds it back (`unattended` of migration 0047). Takes a session; never commits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.infra.settings import PublishTimes
from core.publishing.rules import UNATTENDED_AFTER_S


class Unattended(NamedTuple):
    """The post that has waited longest, and since when somebody could have done what is to be done with it.

    `last_try` is the newest attempt of the organization, None where there is none: while it stays, nobody sends.
    """

    since: datetime
    post_id: UUID
    last_try: int | None


def oldest_due_s(session: Session, times: PublishTimes) -> float | None:
    """Seconds for which the oldest of all organizations has been waiting; None when none waits."""
    row = session.execute(
        text("select extract(epoch from masthead.oldest_due(:backlog_age, :twin_spacing))::float8 as seconds"),
        _given(times),
    ).one()
    seconds: float | None = row.seconds
    return seconds


def organizations(session: Session, times: PublishTimes) -> list[UUID]:
    """Organizations in which something has been waiting for so long that people are told; needs no organization."""
    found = session.execute(
        text(
            "select organization_id from masthead.organizations_unattended(:longer_than, :backlog_age, :twin_spacing)"
        ),
        {**_given(times), "longer_than": timedelta(seconds=UNATTENDED_AFTER_S)},
    )
    return list(found.scalars())


def oldest(session: Session, times: PublishTimes) -> Unattended | None:
    """What has been waiting longest in the session's organization, and for so long that people are told."""
    row = session.execute(
        text(
            "select u.since, p.post_id,"
            " (select max(t.id) from masthead.attempt t where t.organization_id = u.organization_id) as last_try"
            " from (select * from masthead.unattended(:backlog_age, :twin_spacing) any_of_them"
            " where since <= clock_timestamp() - cast(:longer_than as interval) order by since limit 1) u"
            " join masthead.publication p on p.organization_id = u.organization_id and p.id = u.publication_id"
        ),
        {**_given(times), "longer_than": timedelta(seconds=UNATTENDED_AFTER_S)},
    ).one_or_none()
    return None if row is None else Unattended(*row)


def _given(times: PublishTimes) -> dict[str, Any]:
    return {
        "backlog_age": timedelta(seconds=times.backlog_older_than_s),
        "twin_spacing": timedelta(seconds=times.twin_spacing_s),
    }
