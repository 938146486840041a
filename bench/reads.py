"""What a read of a page costs in Postgres: the product's statement beside one by hand for the same answer."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bench.figures import alternately
from bench.programs import CanNotMeasure
from core.infra import db
from core.posts.fragments import RANK
from core.posts.rules import WORD_OF, PublicationState, Word

# psycopg prepares a statement at its sixth run; from its sixth prepared run on Postgres may keep one plan for all.
_WARM_UP: Final = 12
# Of a read that takes no time, somebody else's millisecond is most: it is asked more often.
_SHORT_MS: Final = 10.0
_OFTENER: Final = 10

Answer = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of the large organization that reads are asked for, and the instants around which they are."""

    organization: UUID
    member: UUID
    person: UUID
    account: UUID
    published: UUID
    asked: UUID
    publication: UUID
    roles: list[str]
    page: list[UUID]
    batch: list[UUID]
    files: list[UUID]
    far_at: datetime
    far_id: UUID
    queue_due_at: datetime
    queue_at: datetime
    queue_id: UUID
    now: datetime
    day: datetime
    next_day: datetime
    week: datetime
    next_week: datetime
    month: datetime
    next_month: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """One read. `by_hand` names values of the sample in braces; `unordered`: neither says in which order.

    `moment` are columns that say what time it is, so that no two answers agree in them.
    """

    name: str
    ours: Callable[[Session, Sample], object]
    by_hand: str
    unordered: bool = False
    moment: frozenset[str] = frozenset()


_STATES: Final = " ".join(f"when '{state}' then {RANK[WORD_OF[state]]}" for state in PublicationState)
# What statements by hand have in common. [rank] is the word that a publication `p` shows, [at] orders posts.
_PARTS: Final = {
    # What a publication's commands read of its row.
    "stored": """p.organization_id, p.id, p.post_id, p.account_id, p.occurrence, p.intent_key, p.payload,
  p.payload_sha256, p.approved_payload, p.approved_sha256, p.approved_at, p.approved_by, p.approved_until,
  p.self_approved, p.due_at, p.not_after, p.state, p.needs, p.epoch, p.lease_owner, p.lease_until, p.attempt_count,
  p.next_action_at, p.provider_post_id, p.proof, p.published_at, p.deleted_at, p.last_error, p.correlation_id,
  p.version, p.removed_at, p.created_at, p.updated_at""",
    "rank": f"case when p.state = 'scheduled' and p.account_id = any([silent]) then {RANK[Word.HELD]}"
    f" else (case p.state {_STATES} end) end",
    "silent": """array(select a.id from masthead.account a
      where a.organization_id = {organization} and (a.state <> 'active' or [paused]))""",
    "pauses": """(select jsonb_agg(jsonb_build_object('id', x.id, 'scope', x.scope, 'provider', x.provider,
        'account_id', x.account_id, 'name', of_it.name, 'network', of_it.network, 'reason', x.reason,
        'by', who.name, 'since', x.began_at))
      from masthead.pause x
      join masthead.member m_ on m_.organization_id = {organization} and m_.id = x.began_by
      join masthead.person who on who.id = m_.person_id
      left join masthead.account of_it on of_it.organization_id = {organization} and of_it.id = x.account_id
      where [over])""",
    "paused": "exists (select 1 from masthead.pause x where [over])",
    "over": """x.organization_id = {organization} and x.ended_at is null
        and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)""",
    "risk": """case when p.state = 'scheduled' then (
      select string_agg(concat_ws(' ', found.value->>'words', nullif(found.value->>'fix', '')), ' '
        order by found.ordinality)
      from masthead.preflight f cross join jsonb_array_elements(f.findings) with ordinality as found
      where f.organization_id = {organization} and f.publication_id = p.id and f.version = p.version
        and found.value->>'mend' <> 'resume') end""",
    "late_unproven": """case when p.needs = 'late' then exists (
      select 1 from masthead.attempt t where t.organization_id = {organization} and t.publication_id = p.id
        and t.state = 'proven_absent' and t.verdict_by is distinct from 'program:checker'
        and t.closed_at >= p.approved_at) else false end""",
    "not_shown": """(select l.not_shown from masthead.publication_link l
      where l.organization_id = {organization} and l.publication_id = p.id)""",
    "draft": str(RANK[Word.DRAFT]),
    "at": "case when t.slot_at is null then t.created_at else t.slot_at end",
    "current": """p.removed_at is null and (p.state not in ('failed','cancelled') or not exists (
      select 1 from masthead.publication later where later.organization_id = {organization}
        and later.post_id = p.post_id and later.account_id = p.account_id and later.occurrence > p.occurrence
        and later.removed_at is null))""",
}


def written(statement: str, **parts: str) -> str:
    """A statement with its [parts] filled in, in their order: a part may name those after it."""
    for name, part in parts.items():
        statement = statement.replace(f"[{name}]", part)
    return statement


def filled(parts: Mapping[str, str], *reads: Read) -> tuple[Read, ...]:
    """Reads whose statements have their [parts] filled in."""
    return tuple(replace(each, by_hand=written(each.by_hand, **parts)) for each in reads)


class Reader:
    """Asks both ways in turns: as the console's role behind row-level security, and as a superuser around it."""

    def __init__(self, session: Session, superuser: psycopg.Connection[Any], sample: Sample) -> None:
        self._session = session
        self._ours: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
        self._by_hand = superuser
        self._sample = sample
        self._asked = asdict(sample)

    def milliseconds(self, read: Read, rounds: int) -> tuple[list[float], list[float]]:
        """Those of ours and of the one by hand, run and fetched, at least `rounds` of each.

        Raises CanNotMeasure when their answers differ.
        """
        self.compare(read)
        statement, parameters = self._caught(read)
        by_hand = self._in_full(read)

        def pairs(rounds: int) -> tuple[list[float], list[float]]:
            return alternately(
                rounds,
                lambda: _timed(self._ours, statement, parameters),
                lambda: _timed(self._by_hand, by_hand, self._asked),
            )

        warm, _ = pairs(_WARM_UP)
        return pairs(rounds * _OFTENER if min(warm) < _SHORT_MS else rounds)

    def compare(self, read: Read) -> None:
        """Raises CanNotMeasure when the two answers differ."""
        statement, parameters = self._caught(read)
        ours = _answer(self._ours, statement, parameters)
        by_hand = _answer(self._by_hand, self._in_full(read), self._asked)
        left, right = (_comparable(read, each) for each in (ours, by_hand))
        if left == right:
            return
        unlike = next((pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]), ())
        raise CanNotMeasure(
            f"{read.name}: {len(ours)} rows of ours, {len(by_hand)} by hand, not the same: {str(unlike)[:600]}"
        )

    def _in_full(self, read: Read) -> str:
        """The statement by hand: the organization is in it as a literal, what else is asked for as parameters."""
        names = {name: sql.Placeholder(name) for name in self._asked}
        organization = sql.Literal(self._sample.organization)
        return (
            sql.SQL(written(read.by_hand, **_PARTS))
            .format(**{**names, "organization": organization})
            .as_string(self._by_hand)
        )  # type: ignore[arg-type]

    def _caught(self, read: Read) -> tuple[str, Any]:
        """The last statement that the product runs for it; what it sets before stays set."""
        caught: list[tuple[str, Any]] = []

        def catch(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
            caught.append((statement, parameters))

        connection = self._session.connection()
        event.listen(connection, "before_cursor_execute", catch)
        try:
            read.ours(self._session, self._sample)
        finally:
            event.remove(connection, "before_cursor_execute", catch)
        return caught[-1]


@contextmanager
def reader(database: db.Database, superuser: str, sample: Sample) -> Iterator[Reader]:
    """Both ways open for the length of a block, each in one transaction and with the product's own settings."""
    with ExitStack() as stack:
        session = stack.enter_context(database.organization_transaction(sample.organization, "program:bench"))
        by_hand = stack.enter_context(psycopg.connect(superuser, options=db.SERVER_OPTIONS))
        ours = session.execute(text("select pg_backend_pid()")).scalar_one()
        with _on_one_core(ours, by_hand.info.backend_pid):
            yield Reader(session, by_hand, sample)


@contextmanager
def _on_one_core(*backends: int) -> Iterator[None]:
    """Which core a backend wakes on makes a short read twice as long or not: here all three of us share one."""
    mine = os.sched_getaffinity(0)
    one = {max(mine)}
    for pid in (0, *backends):
        os.sched_setaffinity(pid, one)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def _timed(connection: psycopg.Connection[Any], statement: str, parameters: Any) -> float:
    began = time.perf_counter()
    connection.execute(statement, parameters).fetchall()
    return (time.perf_counter() - began) * 1000


def _answer(connection: psycopg.Connection[Any], statement: str, parameters: Any) -> Answer:
    cursor = connection.execute(statement, parameters)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _comparable(read: Read, answer: Answer) -> Sequence[Mapping[str, Any]] | Counter[str]:
    kept = [{name: value for name, value in row.items() if name not in read.moment} for row in answer]
    return Counter(str(sorted(row.items())) for row in kept) if read.unordered else kept
