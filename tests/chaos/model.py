"""A state machine of everything people, programs and networks do to posts, in any order (Hypothesis).

After every step: at the network no text is live twice for an account, and none that no approver saw for it. In the end
everything is resumed and finished, and the ledger is asked as in the other modes.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.accounts import commands as accounts
from core.infra.actor import Role
from core.infra.crash import LABELS
from core.infra.errors import MastheadError
from core.posts import commands as posts
from core.posts import queries
from core.posts.rules import PublicationState
from core.publishing import commands
from tests.chaos.ledger import Ledger, Tally, settle
from tests.chaos.shapes import SHAPES, Fault, Shape
from tests.chaos.world import Forge, World
from tests.factories.media import make_media
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_post, publications
from tests.factories.publishing import FAST, Page, tamper

STEPS: Final = 40
_SETTLE_S: Final = 60.0
# Where a machine's clock jumps, every instant that was written down lies elsewhere: here they move instead.
_JUMP: Final = (
    """update masthead.publication set due_at = due_at - make_interval(secs => %(s)s),
       not_after = not_after - make_interval(secs => %(s)s),
       lease_until = lease_until - make_interval(secs => %(s)s),
       next_action_at = next_action_at - make_interval(secs => %(s)s)
       where state in ('scheduled','queued','claimed','sending','unknown')""",
    "update masthead.account set next_send_at = next_send_at - make_interval(secs => %(s)s)",
)
_ITS_SLOT_COMES: Final = """update masthead.publication set due_at = clock_timestamp(),
  not_after = clock_timestamp() + interval '30 min' where post_id = %(id)s and state = 'scheduled'"""
_SENT_ON_ITS_WAY: Final = frozenset(PublicationState) - {
    PublicationState.DRAFT,
    PublicationState.IN_REVIEW,
    PublicationState.CHANGES_REQUESTED,
    PublicationState.APPROVED,
}


class Machine(RuleBasedStateMachine):
    """One organization with an account of each shape. `world`, `forge` and `total` are the run's."""

    world: ClassVar[World]
    forge: ClassVar[Forge]
    total: ClassVar[Tally]
    did: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        organization_id = make_organization("Model")
        self.approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
        self.author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
        self.places: list[tuple[Shape, Page]] = [
            (shape, shape.accounts(self.world.sandbox, self.approver, 1)[0]) for shape in SHAPES
        ]
        self.world.keeps_images_here()
        self.image = make_media(self.author).id
        self.ledger = Ledger(self.world.sandbox)
        self.posts: dict[UUID, tuple[Shape, Page]] = {}
        self.approved: dict[str, set[str]] = {page.id: set() for _, page in self.places}
        self.paused: set[UUID] = set()
        self.versions = 0

    @rule(place=st.integers(0, len(SHAPES) - 1))
    def schedule(self, place: int) -> None:
        """Somebody writes, somebody approves, the slot comes."""
        shape, page = self.places[place]
        post_id = make_post(
            self.author,
            [page.account.id],
            text=self._words(),
            media=self.image if shape.has_image else None,
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        self.posts[post_id] = shape, page
        self._submit(post_id)
        self._approve(post_id)
        tamper(self.author.organization_id, _ITS_SLOT_COMES, id=post_id)
        self.did["schedule"] += 1

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def edit(self, data: Any) -> None:
        post_id = self._one(data)
        shape, page = self.posts[post_id]
        draft = queries.draft(self.author, post_id)
        self._try(
            lambda: posts.save(
                self.author,
                post_id,
                draft.post.revision,
                text=self._words(),
                link=None,
                account_ids=[page.account.id],
                slot_at=draft.post.slot_at,
                media=self.image if shape.has_image else None,
            ),
            "edit",
        )

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def approve(self, data: Any) -> None:
        post_id = self._one(data)
        self._try(lambda: self._submit(post_id), "submit")
        self._try(lambda: self._approve(post_id), "approve")
        tamper(self.author.organization_id, _ITS_SLOT_COMES, id=post_id)

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        post_id = self._one(data)
        self._try(lambda: commands.cancel(self.author, uuid4(), post_id=post_id), "cancel")

    @rule(place=st.integers(0, len(SHAPES) - 1))
    def pause_or_resume(self, place: int) -> None:
        account_id = self.places[place][1].account.id
        if account_id in self.paused:
            self._try(lambda: accounts.resume_account(self.approver, uuid4(), account_id), "resume")
            self.paused.discard(account_id)
        elif self._try(lambda: accounts.pause_account(self.approver, uuid4(), account_id, "A storm."), "pause"):
            self.paused.add(account_id)

    @rule()
    def tick(self) -> None:
        """Healthy programs look and send."""
        self._order("look")
        self._order("drain")
        self.did["tick"] += 1

    @rule(label=st.sampled_from(LABELS))
    def kill(self, label: str) -> None:
        """A program dies at a point, if it comes to it."""
        answer = self.forge.order("look" if label.startswith("sw") else "drain", crash_at=label)
        assert answer["ended_by"] in (0, 9), answer
        if answer["ended_by"] == 9:
            self.ledger.killed()
            self.did["kill"] += 1

    @rule(seconds=st.sampled_from((-30, -2, 1, 2, 15, 120, 2400)))
    def clock_jumps(self, seconds: int) -> None:
        for statement in _JUMP:
            tamper(self.author.organization_id, statement, s=seconds)
        self.did["clock"] += 1

    @rule(place=st.integers(0, len(SHAPES) - 1), number=st.integers(0, 50))
    def fault(self, place: int, number: int) -> None:
        shape, page = self.places[place]
        fault: Fault = shape.faults[number % len(shape.faults)]
        shape.put(self.world.sandbox, page.id, fault)
        self.did["fault"] += 1

    @invariant()
    def nothing_is_live_twice_or_unapproved(self) -> None:
        live = [post for post in self.world.sandbox.get("/_sandbox/posts") if post["account_id"] in self.approved]
        for (account, words), count in Counter((post["account_id"], post["text"]) for post in live).items():
            assert count == 1, f"{words!r} is live {count} times"
            assert words in self.approved[account], f"{words!r} was never approved for {account}"

    def teardown(self) -> None:
        """Everything is resumed and finished; then the ledger is asked."""
        self.ledger.everything_is_up()
        for account_id in list(self.paused):
            self._try(lambda id_=account_id: accounts.resume_account(self.approver, uuid4(), id_), "resume")
        tamper(self.author.organization_id, _JUMP[0], s=120)
        settle(self.forge.order, [self.author.organization_id], _SETTLE_S, reconnect=True)
        for post_id in self.posts:
            for row in publications(self.author, post_id):
                if row.state in _SENT_ON_ITS_WAY and row.removed_at is None:
                    self.ledger.enter(row, f"{row.payload['network']}: {row.payload['text']}")
        tally = self.ledger.close()
        for each in tally.which:
            print(f"model: {each}", file=sys.stderr, flush=True)
        type(self).total = type(self).total + tally

    def _one(self, data: Any) -> UUID:
        return list(self.posts)[data.draw(st.integers(0, len(self.posts) - 1))]

    def _words(self) -> str:
        self.versions += 1
        return f"Version {self.versions} of {self.author.organization_id.hex[:8]}."

    def _submit(self, post_id: UUID) -> None:
        posts.submit(self.author, uuid4(), post_id, queries.draft(self.author, post_id).post.revision)

    def _approve(self, post_id: UUID) -> None:
        seen = {each.id: each for each in publications(self.approver, post_id) if each.removed_at is None}
        hashes = {each.id: each.payload_sha256 for each in seen.values()}
        decided = posts.approve(self.approver, uuid4(), post_id, hashes)
        for one in decided.approved:
            self.approved[self.posts[post_id][1].id].add(seen[one.publication_id].payload["text"])

    def _try(self, command: Callable[[], object], name: str) -> bool:
        """What may be refused; gives whether it wasn't."""
        with suppress(MastheadError):
            command()
            self.did[name] += 1
            return True
        return False

    def _order(self, do: str) -> None:
        answer = self.forge.order(do)
        assert answer["ended_by"] == 0, answer


def run(world: World, seed_of_all: int, minutes: float) -> Tally:
    """Machine after machine for so many minutes; what one breaks is counted as a duplicate."""
    until = time.monotonic() + 60 * minutes
    draw = random.Random(seed_of_all)
    machines = 0
    with world.forge() as forge:
        Machine.world, Machine.forge, Machine.total, Machine.did = world, forge, Tally(), Counter()
        while time.monotonic() < until:
            world.sandbox.delete("/_sandbox/faults")
            machines += 1
            try:
                run_state_machine_as_test(seed(draw.getrandbits(32))(Machine), settings=_SETTINGS)
            except Exception as broken:  # also Hypothesis' own, when what it tries again ends otherwise
                Machine.total.duplicates.append(f"{type(broken).__name__}: {broken}".partition("\n")[0])
    print(f"model: {machines} machines did {dict(Machine.did)}, times at 1/{1 / FAST.tick_s:.0f}", file=sys.stderr)
    return Machine.total


_SETTINGS: Final = settings(
    max_examples=4,  # the first is always the simplest, which does little
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
