"""What networks said no to, for whoever is to mend it: alike ones together, with fix and posts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import providers
from core.audit.commands import record
from core.infra import csv, db
from core.infra.actor import Actor
from core.infra.csv import Cell
from core.organizations.rules import Permission, require
from core.posts import store as posts
from core.provider_kit.errors import Explained, Mend
from core.publishing import error_rows
from core.publishing.error_rows import Place, Window

MOST: Final = 100
MOST_EXPORTED: Final = 20_000
_AT_ONCE: Final = 1_000
NO_ANSWER: Final = "The network gave no answer that can be read."
_MAY_BE_LIVE: Final = "It may be live all the same: Masthead looks, and asks a person where that isn't enough."


class Within(StrEnum):
    """How far back errors are shown."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


BACK: Final = MappingProxyType(
    {Within.DAY: timedelta(hours=24), Within.WEEK: timedelta(days=7), Within.MONTH: timedelta(days=30)}
)
DURING: Final = MappingProxyType(
    {"sending": "while sending", "preparing": "before sending", "reading": "while looking whether it is live"}
)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which errors are asked for."""

    within: Within = Within.DAY
    network: str = ""
    account_id: UUID | None = None

    @property
    def window(self) -> Window:
        """The same for rows."""
        return Window(BACK[self.within], self.network, self.account_id)


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one network, code and subcode. `code` is empty where the answer had none, or there was no answer.

    `words` and `fix` are the network's table's, else those of the newest error; `mend` says where it is mended.
    `again_at`: when the first of the posts that wait is tried again. `post_id`: the newest post that met it.
    """

    key: str
    network: str
    network_title: str
    code: str
    subcode: str
    status: int | None
    times: int
    publications: int
    accounts: int
    account_names: tuple[str, ...]
    last_at: datetime
    words: str
    fix: str
    mend: Mend
    trace_ids: tuple[str, ...]
    post_id: UUID
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeenError:
    """One error. `words`: what a person read then, the network's own among it; `during`: what was being done."""

    at: datetime
    line: str
    post_id: UUID
    publication_id: UUID
    text: str
    account_name: str
    network_title: str
    during: str
    status: int | None
    code: str
    subcode: str
    words: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Errors:
    """A page of groups, the newest first. `after`: where the next page begins, None on the last one."""

    groups: tuple[ErrorGroup, ...]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Behind:
    """The newest errors of a group. `more`: there are others besides."""

    errors: tuple[SeenError, ...]
    more: bool


_EVERYTHING: Final = Narrowed()


def errors(actor: Actor, narrowed: Narrowed = _EVERYTHING, *, after: Place | None = None, limit: int = 20) -> Errors:
    """The organization's errors, alike ones together. Raises NotAllowed."""
    require(actor, Permission.READ_ERRORS)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        rows = error_rows.groups(session, narrowed.window, after, limit + 1)
    page = rows[:limit]
    more = Place(page[-1].last_at, page[-1].key) if len(rows) > limit else None
    return Errors(tuple(_group(row) for row in page), more)


def behind(actor: Actor, key: str, narrowed: Narrowed = _EVERYTHING, *, limit: int = 10) -> Behind:
    """The errors of one group with the posts that met them. Raises NotAllowed."""
    require(actor, Permission.READ_ERRORS)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        rows = error_rows.lines(session, narrowed.window, key, None, limit + 1)
    return Behind(tuple(_seen(row) for row in rows[:limit]), more=len(rows) > limit)


def export_errors(actor: Actor, narrowed: Narrowed = _EVERYTHING) -> bytes:
    """Every error as CSV, newest first, at most 20,000; one line in the audit trail. Raises NotAllowed."""
    require(actor, Permission.READ_ERRORS)
    with db.transaction(actor) as session:
        zone = posts.situation(session).organization.timezone
        made = [_cells(each, zone) for each in _every(session, narrowed.window)]
        record(
            session,
            actor,
            "publication.export_errors",
            "organization",
            actor.organization_id,
            after={"errors": len(made), "within": narrowed.within.value},
        )
    header = ["at_utc", f"at_local ({zone})", "network", "account", "during", "status", "code", "subcode", "words"]
    return csv.table([*header, "fix", "trace_id", "text", "post_id", "publication_id"], made)


def _every(session: Session, window: Window) -> Iterator[Row[Any]]:
    after, left = None, MOST_EXPORTED
    while left:
        page = error_rows.lines(session, window, None, after, min(left, _AT_ONCE))
        yield from page
        left = left - len(page) if len(page) == _AT_ONCE else 0
        after = Place(page[-1].at, page[-1].line) if page else None


def _cells(row: Row[Any], zone: str) -> list[Cell]:
    known = _explained(row)
    return [
        row.at,
        csv.local(row.at, zone),
        _title(row.network),
        row.account_name,
        DURING[row.during],
        row.status,
        row.code,
        row.subcode,
        row.words or NO_ANSWER,
        known.fix if known else "",
        row.trace_id,
        row.text,
        str(row.post_id),
        str(row.publication_id),
    ]


def _group(row: Row[Any]) -> ErrorGroup:
    known = _explained(row) or Explained(row.words or NO_ANSWER, "", "look" if row.again_at is None else "wait")
    if row.unclear and known.mend == "wait":  # the network says when to come again, not that it did nothing
        known = replace(known, fix=_MAY_BE_LIVE, mend="look")
    # To look at the account is for what is unclear; of what is decided since its post says what can be done.
    mend = "post" if known.mend == "look" and not row.unclear else known.mend
    return ErrorGroup(
        key=row.key,
        network=row.network,
        network_title=_title(row.network),
        code=row.code,
        subcode=row.subcode,
        status=row.status,
        times=row.times,
        publications=row.publications,
        accounts=row.accounts,
        account_names=tuple(row.account_names),
        last_at=row.last_at,
        words=known.words,
        fix=known.fix,
        mend=mend,
        trace_ids=tuple(row.trace_ids or ()),
        post_id=row.post_id,
        again_at=row.again_at,
    )


def _explained(row: Row[Any]) -> Explained | None:
    """What the network's own table says of it; None where it had no code, or one that nobody has described."""
    if not row.code and row.status is None:
        return None
    for provider in providers.providers().values():
        if (explain := provider.explain.get(row.network)) is not None:
            return explain(row.code or None, row.subcode or None, row.status, row.words or "")
    return None


def _seen(row: Row[Any]) -> SeenError:
    return SeenError(
        at=row.at,
        line=row.line,
        post_id=row.post_id,
        publication_id=row.publication_id,
        text=row.text or "",
        account_name=row.account_name,
        network_title=_title(row.network),
        during=DURING[row.during],
        status=row.status,
        code=row.code,
        subcode=row.subcode,
        words=row.words or NO_ANSWER,
        trace_id=row.trace_id or "",
    )


def _title(network: str) -> str:
    known = providers.networks().get(network)
    return known.title if known else network
