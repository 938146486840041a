"""A state machine of everything people, programs and networks do to posts, in any order (Hypothesis).

After every step: at the network no text is live twice for an account, and none that no approver saw for it. Machines
follow one another in one world, so that the programs of a later one go on with what an earlier one left. In the end
everything is resumed and finished, and the ledger is asked as in the other modes.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.accounts import commands as accounts
from core.infra.actor import Role
from core.infra.crash import LABELS
from core.infra.errors import MastheadError
from core.posts import commands as posts
from core.posts import queries
from core.posts.content import Attached
from core.posts.rules import PublicationState
from core.publishing import commands
from core.publishing.commands import Decision, Fate
from core.publishing.rules import CLOCK_SKEW
from core.publishing.triage import triage
from tests.chaos.ledger import Ledger, Tally, settle
from tests.chaos.shapes import SHAPES, Shape
from tests.chaos.world import Forge, World
from tests.factories.media import make_media
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_post, publications
from tests.factories.publishing import FAST, Page, tamper

STEPS: Final = 40
MACHINES: Final = 10_000  # more than there is time for; the first is always the simplest, which does little
_SETTLE_S: Final = 900.0
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
_ITS_WINDOW_CLOSES: Final = """update masthead.publication set due_at = due_at - interval '40 min',
  not_after = not_after - interval '40 min' where post_id = %(id)s and state = 'scheduled'"""
_SOMEBODY_RECONNECTS: Final = "update masthead.account set state = 'active' where state = 'auth_broken'"
_LEASES_END_S: Final = max(FAST.lease_claimed_s, FAST.lease_preparing_s, FAST.lease_sending_s)
_SENT_ON_ITS_WAY: Final = frozenset(PublicationState) - {
    PublicationState.DRAFT,
    PublicationState.IN_REVIEW,
    PublicationState.CHANGES_REQUESTED,
    PublicationState.APPROVED,
}
_PLACES: Final = st.sets(st.integers(0, len(SHAPES) - 1), min_size=1)
# Where a post goes, and the number of a fault that waits there.
_Post = tuple[set[int], int | None]
_POST: Final = st.tuples(_PLACES, st.none() | st.integers(0, 50))
# Hypothesis likes what comes first, of rules the one with the least arguments: `die`.
_LABEL: Final = st.sampled_from(sorted(LABELS, key=lambda label: label != "s3"))
_PEOPLE: Final = (
    *("edit", "edit_and_approve", "submit", "approve", "request_changes", "withdraw"),
    *("reschedule", "publish_now", "cancel", "try_again", "is_late"),
)
# What programs do: the dispatcher's and the tick's look, a sender's round, and what comes after a post.
_WORK: Final = ("look", "drain", "links")


class TimeIsUp(BaseException):
    """No failure, which Hypothesis would look into."""


class Machine(RuleBasedStateMachine):
    """One organization with an account of each shape. What is a class variable is the run's."""

    world: ClassVar[World]
    forge: ClassVar[Forge]
    ledger: ClassVar[Ledger]
    until: ClassVar[float]
    over: ClassVar[list[Machine]]
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
        self.posts: dict[UUID, frozenset[int]] = {}
        self.approved: dict[str, set[str]] = {page.id: set() for _, page in self.places}
        self.paused: set[UUID] = set()  # pauses, each of an account
        self.versions = 0

    @rule(post=_POST, many=st.integers(1, 3))
    def schedule(self, post: _Post, many: int) -> None:
        """Somebody writes, somebody approves, the slot comes."""
        for _ in range(many):
            self._schedule(*post)

    @precondition(lambda self: self.posts)
    @rule(which=st.integers(0, 7), does=st.sampled_from(_PEOPLE))
    def somebody(self, which: int, does: str) -> None:
        """Does something to one of the last posts: with most that went before, nothing can be done any more."""
        post_id = list(self.posts)[-8:][which % min(8, len(self.posts))]
        command: Callable[[UUID], object] = getattr(self, f"_{does}")
        if self._try(lambda: command(post_id), does):
            self._comes(post_id)

    @rule(places=_PLACES, fate=st.none() | st.sampled_from((Fate.NOW, Fate.DROP)))
    def pause_or_resume(self, places: set[int], fate: Fate | None) -> None:
        """Some accounts, until the next time; what was due meanwhile is sent or dropped then, or it is late."""
        if self.paused:
            self._resume(fate)
            return
        for place in places:
            account_id = self.places[place][1].account.id
            self._try(lambda id_=account_id: self._pause(id_), "pause")

    @rule(works=st.permutations(_WORK), post=st.none() | _POST)
    def tick(self, works: Sequence[str], post: _Post | None) -> None:
        """Healthy programs look and send."""
        if post is not None:
            self._schedule(*post)
        for do in works:
            self._work(do)
        self.did["tick"] += 1

    @rule(label=_LABEL)
    def die(self, label: str) -> None:
        """A program dies at a point, if it comes to it."""
        self._killed(self.forge.order("look" if label.startswith("sw") else "drain", crash_at=label), "on its way")

    @rule(label=_LABEL, post=_POST)
    def die_with_a_post(self, label: str, post: _Post) -> None:
        """A program dies at a point, with something to do that leads there."""
        places, fault = post
        if label.startswith("c"):
            places = {place for place in places if self.places[place][0].has_image} or {len(SHAPES) - 1}
        self._schedule(places, fault)
        if label.startswith(("sw", "r")):
            self._killed(self.forge.order("drain", crash_at="s3"), "before a point")
            self._pass(_LEASES_END_S)
        if label.startswith("r"):
            self._work("look")
            self._pass(FAST.first_read_after_s)
        self._killed(self.forge.order("look" if label.startswith("sw") else "drain", crash_at=label), "at a point")

    @rule(do=st.sampled_from(_WORK), after_ms=st.integers(20, 900), post=_POST)
    def kill(self, do: str, after_ms: int, post: _Post) -> None:
        """A program is killed whatever it does just then."""
        self._schedule(*post)
        self._killed(self.forge.order(do, kill_after_s=after_ms / 1000), "anywhere")

    @rule(seconds=st.sampled_from((-30, -2, 1, 2, 15, 120)), of_networks=st.booleans())
    def a_clock_jumps(self, seconds: int, of_networks: bool) -> None:
        """Theirs was behind when all began; it is never further ahead than clocks may be, nor goes back, or posts would
        vanish again."""
        if not of_networks:
            self._pass(seconds)
            self.did["clock"] += 1
        elif self.world.sandbox.get("/_sandbox/clock")["offset_s"] + abs(seconds) < CLOCK_SKEW.total_seconds() / 2:
            self.world.sandbox.post("/_sandbox/clock", {"advance_s": abs(seconds)})
            self.did["clock of the networks"] += 1

    @invariant()
    def nothing_is_live_twice_or_unapproved(self) -> None:
        for account, approved in self.approved.items():
            live = self.world.sandbox.get("/_sandbox/posts", account_id=account)
            for words, count in Counter(post["text"] for post in live).items():
                assert count == 1, f"{words!r} is live {count} times"
                assert words in approved, f"{words!r} was never approved for {account}"

    @invariant()
    def there_is_time_left(self) -> None:
        if time.monotonic() > self.until:
            raise TimeIsUp

    def teardown(self) -> None:
        """Everything is resumed and due. What is under way is left to the programs of the next machine."""
        self._resume()
        for post_id in self.posts:
            self._comes(post_id)
        self.over.append(self)

    def enter(self) -> None:
        """Put into the ledger what was sent on its way."""
        for post_id in self.posts:
            for row in publications(self.author, post_id):
                if row.state in _SENT_ON_ITS_WAY and row.removed_at is None:
                    self.ledger.enter(row, f"{row.payload['network']}: {row.payload['text']}")

    def _schedule(self, places: Collection[int], fault: int | None) -> None:
        """A post on these accounts, approved and due, perhaps with a fault of each network waiting for it."""
        tamper(self.author.organization_id, _SOMEBODY_RECONNECTS)
        for shape, page in [self.places[place] for place in places] if fault is not None else ():
            shape.put(self.world.sandbox, page.id, shape.faults[fault % len(shape.faults)])
            self.did["fault"] += 1
        post_id = make_post(
            self.author,
            [self.places[place][1].account.id for place in places],
            text=self._words(),
            files=self._files(places),
            slot_at=datetime.now(UTC) + timedelta(days=1),
        )
        self.posts[post_id] = frozenset(places)
        self._submit(post_id)
        self._approve(post_id)
        self._comes(post_id)
        self.did["schedule"] += 1

    def _edit(self, post_id: UUID) -> None:
        draft = queries.draft(self.author, post_id)
        posts.save(
            self.author,
            post_id,
            draft.post.revision,
            text=self._words(),
            link=None,
            account_ids=[self.places[place][1].account.id for place in self.posts[post_id]],
            slot_at=datetime.now(UTC) + timedelta(days=1),
            files=self._files(self.posts[post_id]),
        )

    def _edit_and_approve(self, post_id: UUID) -> None:
        self._edit(post_id)
        self._submit(post_id)
        self._approve(post_id)

    def _submit(self, post_id: UUID) -> None:
        posts.submit(self.author, uuid4(), post_id, queries.draft(self.author, post_id).post.revision)

    def _approve(self, post_id: UUID) -> None:
        seen = {each.id: each for each in publications(self.approver, post_id) if each.removed_at is None}
        hashes = {each.id: each.payload_sha256 for each in seen.values()}
        decided = posts.approve(self.approver, uuid4(), post_id, hashes)
        for one in decided.approved:
            payload = seen[one.publication_id].payload
            self.approved[payload["account"]].add(payload["text"])

    def _request_changes(self, post_id: UUID) -> None:
        version = queries.draft(self.approver, post_id).post.submitted_version
        posts.request_changes(self.approver, uuid4(), post_id, version, "Shorter.")

    def _withdraw(self, post_id: UUID) -> None:
        posts.withdraw(self.author, uuid4(), post_id)

    def _reschedule(self, post_id: UUID) -> None:
        commands.reschedule(self.author, uuid4(), datetime.now(UTC) + timedelta(hours=1), post_id=post_id)

    def _publish_now(self, post_id: UUID) -> None:
        commands.publish_now(self.approver, uuid4(), post_id=post_id)

    def _cancel(self, post_id: UUID) -> None:
        commands.cancel(self.author, uuid4(), post_id=post_id)

    def _try_again(self, post_id: UUID) -> None:
        for row in publications(self.author, post_id):
            if row.state in (PublicationState.FAILED, PublicationState.CANCELLED):
                commands.try_again(self.approver, uuid4(), row.id)

    def _is_late(self, post_id: UUID) -> None:
        tamper(self.author.organization_id, _ITS_WINDOW_CLOSES, id=post_id)
        self._work("look")

    def _comes(self, post_id: UUID) -> None:
        tamper(self.author.organization_id, _ITS_SLOT_COMES, id=post_id)

    def _files(self, places: Collection[int]) -> list[Attached]:
        return [Attached(self.image)] if any(self.places[place][0].has_image for place in places) else []

    def _words(self) -> str:
        self.versions += 1
        return f"Version {self.versions} of {self.author.organization_id.hex[:8]}."

    def _pause(self, account_id: UUID) -> None:
        self.paused.add(accounts.pause_account(self.approver, uuid4(), account_id, "A storm.").pause_id)

    def _resume(self, fate: Fate | None = None) -> None:
        for pause_id in self.paused:
            overdue = triage(self.approver, pause_id).overdue if fate else ()
            decisions = [
                Decision(publication_id=each.publication_id, was=each.due_at, fate=fate) for each in overdue if fate
            ]
            commands.resume(self.approver, uuid4(), pause_id, decisions)
            self.did["resume"] += 1
        self.paused.clear()

    def _pass(self, seconds: float) -> None:
        for statement in _JUMP:
            tamper(self.author.organization_id, statement, s=seconds)

    def _work(self, do: str) -> None:
        answer = self.forge.order(do)
        assert answer["ended_by"] == 0, answer

    def _killed(self, answer: dict[str, Any], where: str) -> None:
        assert answer["ended_by"] in (0, 9), answer
        if answer["ended_by"] == 9:
            self.ledger.killed()
            self.did[f"killed {where}"] += 1

    def _try(self, command: Callable[[], object], name: str) -> bool:
        """What may be refused; gives whether it wasn't."""
        with suppress(MastheadError):
            command()
            self.did[name] += 1
            return True
        return False


def run(world: World, seed_of_all: int, minutes: float) -> Tally:
    """Machine after machine for so many minutes; what one breaks is counted as a duplicate."""
    draw = random.Random(seed_of_all)
    broken: list[str] = []
    behind = datetime.now(UTC) - CLOCK_SKEW / 2
    world.sandbox.post("/_sandbox/clock", {"set": behind.isoformat()})
    with world.forge() as forge:
        Machine.world, Machine.forge = world, forge
        Machine.ledger = Ledger(world.sandbox, clocks_agree=False)
        Machine.until, Machine.over, Machine.did = time.monotonic() + 60 * minutes, [], Counter()
        while time.monotonic() < Machine.until:
            world.sandbox.delete("/_sandbox/faults")
            try:
                run_state_machine_as_test(seed(draw.getrandbits(32))(Machine), settings=_SETTINGS)
            except TimeIsUp:
                break
            except Exception as failure:  # also Hypothesis' own, when what it tries again ends otherwise
                if isinstance(failure, Flaky) and time.monotonic() > Machine.until:
                    break  # it tried again what time had ended; whatever is wrong is seen in the end all the same
                broken.append(_briefly(failure))
        tally = _finished(world, forge)
    tally.duplicates += broken
    _say(f"{len(Machine.over)} machines did {dict(sorted(Machine.did.items()))}, times at 1/{1 / FAST.tick_s:.0f}")
    return tally


def _finished(world: World, forge: Forge) -> Tally:
    """What healthy programs make of all that is left."""
    world.sandbox.delete("/_sandbox/faults")
    Machine.ledger.everything_is_up()
    settle(forge.order, [each.author.organization_id for each in Machine.over], _SETTLE_S, reconnect=True)
    for machine in Machine.over:
        machine.enter()
    tally = Machine.ledger.close("model")
    for machine in Machine.over:
        try:
            machine.nothing_is_live_twice_or_unapproved()
        except AssertionError as failure:
            tally.duplicates.append(_briefly(failure))
    return tally


def _briefly(failure: BaseException) -> str:
    if isinstance(failure, BaseExceptionGroup):  # Hypothesis tried it again, and it ended otherwise
        return "; ".join(map(_briefly, failure.exceptions))
    return f"{type(failure).__name__}: {failure}".partition("\n")[0]


def _say(words: str) -> None:
    print(f"model: {words}", file=sys.stderr, flush=True)


_SETTINGS: Final = settings(
    max_examples=MACHINES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
