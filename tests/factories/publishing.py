"""Publications that can really be sent: accounts whose Pages live in the sandbox, posts approved and due."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select, text

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.ids import new_id
from core.infra.settings import PublishTimes
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, LivePost, Payload, PostName, Problem, Published, ReadBack, VisibleCall
from core.publishing import checking, claiming, commands, queries, sending, store, sweeping
from core.publishing.commands import Changed
from core.publishing.model import Attempt, ReconcileRead
from core.publishing.store import Claim
from tests.factories.accounts import MadeAccount, make_account
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_approved, publication, publications
from tests.fixtures.programs import RunningSandbox

_numbers = itertools.count(1)

SHIPPED = PublishTimes()
# Every time of the machine at 1/50 (PRODUCT 7 h).
FAST = PublishTimes(
    prepare_ahead_s=54,
    lease_queued_s=0.6,
    lease_claimed_s=1.2,
    lease_preparing_s=2.4,
    lease_sending_s=1.2,
    connect_timeout_s=0.1,
    read_timeout_s=0.6,
    send_within_s=0.2,
    first_read_after_s=0.3,
    read_spacing_s=(0.3, 1.2, 12),
    late_read_least_s=6,
    late_reads_last_s=1728,
    retry_after_s=(0.1, 0.3, 1.2, 6),
    backlog_older_than_s=6,
    backlog_spacing_s=1.2,
    twin_spacing_s=1.2,
    tick_s=0.02,
    drain_budget_s=1.2,
    breaker_window_s=1.2,
    breaker_open_s=0.6,
    breaker_longest_s=18,
    breaker_failures=1_000_000,  # a test asks for failures of its own; those of breakers say how many are enough
    probe_timeout_s=0.2,
)


def as_environment(times: PublishTimes) -> dict[str, str]:
    """The same times for a program of its own."""
    return {
        f"MASTHEAD_PUBLISH_{name.upper()}": ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in times.model_dump().items()
    }


@dataclass(frozen=True)
class Page:
    """A Page of the sandbox, and the account that Masthead has for it."""

    account: MadeAccount
    id: str
    token: str

    @property
    def feed(self) -> str:
        """The route of its posts, for faults."""
        return f"POST /graph.facebook.com/*/{self.id}/feed"

    @property
    def reading(self) -> str:
        """The route of reading it back, for faults."""
        return f"GET /graph.facebook.com/*/{self.id}/published_posts"


@dataclass(frozen=True)
class House:
    """An organization with an author, an approver and Pages in the sandbox."""

    organization_id: UUID
    author: Actor
    approver: Actor
    pages: tuple[Page, ...]

    @property
    def page(self) -> Page:
        """The first Page."""
        return self.pages[0]


def make_pages(sandbox: RunningSandbox, actor: Actor, count: int = 1) -> tuple[Page, ...]:
    """New Pages at the sandbox, connected."""
    made = sandbox.post("/_sandbox/accounts", {"count": count, "person": "p-maya", "prefix": f"P{next(_numbers)}"})
    return tuple(
        Page(
            make_account(actor, name=each["name"], provider_account_id=each["id"], token=each["page_token"]),
            each["id"],
            each["page_token"],
        )
        for each in made
    )


def make_house(sandbox: RunningSandbox, pages: int = 1) -> House:
    """A new organization, ready to publish."""
    organization_id = make_organization()
    approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
    return House(organization_id, author, approver, make_pages(sandbox, approver, pages))


def make_quiet_house() -> House:
    """An organization with an account that nothing is ever sent to, for what commands alone decide."""
    organization_id = make_organization()
    approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    account = make_account(approver)
    author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
    return House(organization_id, author, approver, (Page(account, account.provider_account_id, ""),))


def let_connect_long_ago(organization_id: UUID) -> None:
    """Let its accounts have been as they are for a day, so that what came due meanwhile didn't wait for them."""
    tamper(organization_id, "update masthead.account set updated_at = clock_timestamp() - interval '1 day'")


def make_scheduled(house: House, page: Page | None = None, *, words: str | None = None, **post: Any) -> Publication:
    """An approved publication with a slot tomorrow and words of its own."""
    words = words or f"Number {next(_numbers)} of {house.organization_id.hex[:8]}."
    account_id = (page or house.page).account.id
    post.setdefault("slot_at", datetime.now(UTC) + timedelta(days=1))
    return publication(house.author, make_approved(house.author, house.approver, [account_id], text=words, **post))


def make_due(
    house: House, page: Page | None = None, *, words: str | None = None, ago_s: float = 0.0, window_s: float = 1800
) -> Publication:
    """An approved publication whose slot came `ago_s` seconds ago."""
    row = make_scheduled(house, page, words=words)
    bring_forward(house.approver, row.id, ago_s=ago_s, window_s=window_s)
    return again(house.approver, row.id)


_COPY = """
insert into masthead.publication(organization_id, id, post_id, account_id, occurrence, intent_key, payload,
  payload_sha256, approved_payload, approved_sha256, approved_at, approved_by, approved_until, state, due_at, not_after)
select p.organization_id, made.id, p.post_id, p.account_id, made.number + 1, p.id || '-' || made.number, made.payload,
  made.sha256, made.payload, made.sha256, p.approved_at, p.approved_by, p.approved_until, 'scheduled',
  clock_timestamp(), clock_timestamp() + make_interval(secs => %(window_s)s)
from masthead.publication p,
  unnest(%(ids)s::uuid[], %(payloads)s::jsonb[], %(sha256s)s::bytea[]) with ordinality made(id, payload, sha256, number)
where p.id = %(template)s
"""


def make_many_due(house: House, many: int, *, window_s: float = 1800) -> None:
    """So many publications of the first Page with words of their own, due now; quicker than people could write them."""
    template = make_scheduled(house)
    payload = Payload.from_json(template.payload)
    payloads = [replace(payload, text=f"Number {number} of {template.id.hex}.") for number in range(many)]
    tamper(
        house.organization_id,
        _COPY,
        ids=[new_id() for _ in payloads],
        payloads=[Jsonb(each.as_json()) for each in payloads],
        sha256s=[each.sha256() for each in payloads],
        template=template.id,
        window_s=window_s,
    )


def make_scheduled_on(house: House, pages: Iterable[Page]) -> list[Publication]:
    """One post with words of its own on several Pages, with a slot tomorrow."""
    words = f"Number {next(_numbers)} of {house.organization_id.hex[:8]}."
    slot_at = datetime.now(UTC) + timedelta(days=1)
    accounts = [page.account.id for page in pages]
    return publications(
        house.author, make_approved(house.author, house.approver, accounts, text=words, slot_at=slot_at)
    )


def make_due_everywhere(house: House, *, ago_s: float = 0.0) -> list[Publication]:
    """One post on every Page of the house, due."""
    rows = make_scheduled_on(house, house.pages)
    for row in rows:
        bring_forward(house.approver, row.id, ago_s=ago_s)
    return rows


def bring_forward(actor: Actor, publication_id: UUID, *, ago_s: float = 0.0, window_s: float = 1800) -> None:
    """Let a slot come: nobody can schedule into the past, and tests don't wait."""
    let_pass(
        actor,
        publication_id,
        due_at=f"clock_timestamp() - make_interval(secs => {ago_s:f})",
        not_after=f"clock_timestamp() + make_interval(secs => {window_s:f})",
    )


def again(actor: Actor, publication_id: UUID) -> Publication:
    """A publication's row as it is now."""
    with db.transaction(actor) as session:
        row = session.scalars(select(Publication).where(Publication.id == publication_id)).one()
        session.expunge_all()
    return row


def attempts(actor: Actor, publication_id: UUID) -> list[Attempt]:
    """All attempts, oldest first."""
    with db.transaction(actor) as session:
        rows = session.scalars(
            select(Attempt).where(Attempt.publication_id == publication_id).order_by(Attempt.id)
        ).all()
        session.expunge_all()
    return list(rows)


def in_doubt(actor: Actor, publication_id: UUID) -> int | None:
    """The attempt of which nobody knows the outcome, as whoever decides has it before them."""
    return queries.evidence(actor, publication_id).open_attempt_id


def say_live(actor: Actor, publication_id: UUID, post: str, *, reason: str = "I see it.") -> Changed:
    """Look at the open question, and say at once that it is live."""
    seen_now = in_doubt(actor, publication_id)
    return commands.resolve_live(actor, new_id(), publication_id, attempt_id=seen_now, post=post, reason=reason)


def say_not_live(actor: Actor, publication_id: UUID, *, send_again: bool, reason: str = "Not there.") -> Changed:
    """Look at the open question, and say at once that it is not live."""
    seen_now = in_doubt(actor, publication_id)
    return commands.resolve_not_live(
        actor, new_id(), publication_id, attempt_id=seen_now, send_again=send_again, reason=reason
    )


def reads(actor: Actor, publication_id: UUID) -> list[ReconcileRead]:
    """All reads, oldest first."""
    with db.transaction(actor) as session:
        rows = session.scalars(
            select(ReconcileRead).where(ReconcileRead.publication_id == publication_id).order_by(ReconcileRead.id)
        ).all()
        session.expunge_all()
    return list(rows)


@contextmanager
def acting_as(database: db.Database) -> Iterator[None]:
    """Let commands and programs of this block use another role's database."""
    before = db.current()
    db.use(database)
    try:
        yield
    finally:
        db.use(before)


def claim_one(worker: db.Database, publication_id: UUID, times: PublishTimes = FAST) -> Claim:
    """Claim what is due, which must be this publication."""
    with acting_as(worker):
        (claim,) = claiming.due(5, times)
    assert claim.publication_id == publication_id
    return claim


def send_one(worker: db.Database, publication_id: UUID, times: PublishTimes = FAST) -> PublicationState | None:
    """Claim and send it."""
    claim = claim_one(worker, publication_id, times)
    with acting_as(worker):
        return sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=times)


def send_until_done(house: House, worker: db.Database, row: Publication) -> PublicationState | None:
    """Send it at shipped times, as often as it comes back to wait for its network, each time when it is due."""
    bring_forward(house.approver, row.id)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = send_one(worker, row.id, PublishTimes())
        now = again(house.approver, row.id)
        if state is not PublicationState.SCHEDULED or not (now.last_error or {}).get("waits"):
            assert state is not PublicationState.SCHEDULED, now.last_error
            return state
        assert now.next_action_at is not None
        time.sleep(max(0.0, (now.next_action_at - datetime.now(UTC)).total_seconds()) + 0.05)
    raise AssertionError(again(house.approver, row.id).last_error)


def vanish_while_sending(worker: db.Database, house: House, publication_id: UUID) -> None:
    """Leave a publication as a sender does that dies between its attempt's commit and its outcome's."""
    claim = claim_one(worker, publication_id)
    with worker.organization_transaction(house.organization_id, "program:sender", "test") as session:
        row = store.claim(session, claim, owner="gone", lease_s=1)
        assert row is not None
        assert row.approved_sha256 is not None
        opened = store.open_attempt(
            session,
            claim,
            approved_sha256=row.approved_sha256,
            request_sha256=row.approved_sha256,
            lease_s=0.001,
            send_within_s=FAST.send_within_s,
        )
        assert opened is not None


def leave_unclear(worker: db.Database, house: House, publication_id: UUID) -> None:
    """As `vanish_while_sending`, swept, and with the read-back due."""
    vanish_while_sending(worker, house, publication_id)
    let_pass(house.approver, publication_id, lease_until="clock_timestamp() - interval '1 ms'")
    assert sweep(worker) == {publication_id: "unknown"}
    let_pass(house.approver, publication_id, next_action_at="clock_timestamp()")


def check_one(worker: db.Database, publication_id: UUID, times: PublishTimes = FAST) -> PublicationState | None:
    """Read an unclear outcome back, as if its time had come."""
    with acting_as(worker):
        with db.free_transaction() as session:
            organization_id, epoch = session.execute(
                text("select organization_id, epoch from masthead.claim_checks(100, '1 s') where publication_id = :id"),
                {"id": publication_id},
            ).one()
        return checking.check_one(organization_id, publication_id, epoch, times=times)


def read_until_settled(
    worker: db.Database, actor: Actor, publication_id: UUID, times: PublishTimes = FAST
) -> PublicationState | None:
    """Read an unclear outcome back as often as it is read by itself before a person is asked."""
    for _ in range(len(times.read_spacing_s) + 1):
        state = check_one(worker, publication_id, times)
        if state is not PublicationState.UNKNOWN:
            break
        let_pass(actor, publication_id, next_action_at="clock_timestamp()")
    return state


def sweep(worker: db.Database, times: PublishTimes = FAST) -> dict[UUID, str]:
    """Look once; gives what moved where."""
    with acting_as(worker):
        return {each.publication_id: each.to_state for each in sweeping.look("test", times).moved}


def posts_with(sandbox: RunningSandbox, words: str) -> list[dict[str, Any]]:
    """Every post ever made visible with these words."""
    return [post for post in sandbox.get("/_sandbox/posts") if post["text"] == words]


_owner_url = ""


def use_owner(url: str) -> None:
    """Where `tamper` logs in as the owner of the tables."""
    global _owner_url
    _owner_url = url.replace("postgresql+psycopg://", "postgresql://")


def owner_url() -> str:
    """Where the owner of the tables logs in."""
    return _owner_url


def tamper(organization_id: UUID, statement: str, **values: object) -> None:
    """Run SQL in an organization as the owner: for what no login role may write."""
    with psycopg.connect(_owner_url) as connection:
        connection.execute("select set_config('app.organization_id', %s, true)", (str(organization_id),))
        connection.execute(statement, values)


def let_pass(actor: Actor, publication_id: UUID, **columns: str) -> None:
    """Set columns of a row to SQL expressions: let_pass(actor, id, lease_until="clock_timestamp()")."""
    changes = ", ".join(f"{name} = {expression}" for name, expression in columns.items())
    statement = f"update masthead.publication set {changes} where id = %(id)s"  # noqa: S608 - tests' own words
    tamper(actor.organization_id, statement, id=publication_id)


def how_often(work: Callable[[], bool], at_most: int = 10) -> int:
    """Do what is due, one after the other, until nothing is; gives how often there was something."""
    done = 0
    while done < at_most and work():
        done += 1
    return done


class ScriptedPublisher:
    """A network that does what a test says, for what the sandbox can't do: errors of ours, exact moments, frozen calls.

    `answers` are given one per call: a value is returned, an exception raised, a function called. `steps` is called
    with the steps of each `prepare`, before what `prepared` says; `asked` are the steps that read-backs were given.
    `names` says which post is meant, where that isn't as on https://network.example.
    """

    def __init__(
        self,
        *answers: Any,
        read: Any = None,
        prepared: Any = None,
        steps: Callable[[Steps], None] | None = None,
        names: Callable[[str], PostName | None] | None = None,
    ) -> None:
        self.answers = list(answers)
        self.steps = steps
        self.asked: list[Steps] = []
        self.read = read
        self.names = names
        self.prepared = prepared
        self.sent: list[tuple[VisibleCall, Access]] = []
        self.begin_by: list[BeginBy | None] = []
        self.probes = 0
        self.probed: Any = None

    def problems(self, payload: Payload) -> list[Problem]:
        return [Problem("error", "Too long.", "Shorten it.")] if payload.text.startswith("TOO LONG") else []

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        if self.steps is not None:
            self.steps(steps)
        if self.prepared is not None:
            self._give(self.prepared)
        return VisibleCall(
            "POST", "https://network.example/feed", payload.text.encode(), "text/plain", payload.sha256()
        )

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        self.sent.append((call, access))
        self.begin_by.append(begin_by)
        answer: Published = self._give(self.answers.pop(0))
        return answer

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        self.asked.append(steps)
        read: ReadBack = self._give(self.read)
        return read

    def probe(self, access: Access, *, timeout_s: float) -> None:
        self.probes += 1
        self._give(self.probed)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        return f"https://network.example/{provider_post_id}"

    def post_named(self, said: str) -> PostName | None:
        return self.names(said) if self.names else post_name(said, "https://network.example")

    @staticmethod
    def _give(answer: Any) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer


def live_post(provider_post_id: str, words: str, *, at: datetime | None = None) -> LivePost:
    """A post as a read shows it."""
    permalink = f"https://network.example/{provider_post_id}"
    return LivePost(provider_post_id, words, None, at or datetime.now(UTC), permalink)


def seen(*matches: LivePost, complete: bool = True, look_alikes: tuple[LivePost, ...] = (), **says: Any) -> ReadBack:
    """A read of the account; `says` is what the network says besides."""
    return ReadBack(complete=complete, matches=matches, seen=len(matches), look_alikes=look_alikes, **says)
