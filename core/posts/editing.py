"""What a save does to each publication, worked out before anything is written. Reads nothing and writes nothing.

`save` carries the steps out, `would_void` only tells what they would cost: one plan, so that the two never disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.infra.errors import Invalid, Refused
from core.posts import content, payloads, rules, slots
from core.posts.content import Content, Wanted
from core.posts.model import Post, Publication
from core.posts.payloads import Rendition
from core.posts.rules import Needs, PublicationState, Shown
from core.posts.store import AccountFacts, Situation
from core.posts.views import Lost
from core.provider_kit.types import MediaItem, Payload

_S = PublicationState


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one account's publication. `publication` None: a new one. `cost` None: nothing is lost."""

    account: AccountFacts
    publication: Publication | None
    payload: Payload
    state: PublicationState
    due_at: datetime | None
    removed: bool = False
    because: str = ""
    cost: str | None = None

    @property
    def not_after(self) -> datetime | None:
        """End of the sending window."""
        return window_end(self.due_at, self.account)

    @property
    def is_new_schedule(self) -> bool:
        """Whether this step is what puts the publication on the schedule."""
        return self.state is _S.SCHEDULED and (self.publication is None or self.publication.state is not _S.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a save does."""

    steps: tuple[Step, ...]
    changed: tuple[str, ...]

    def lost(self, situation: Situation) -> tuple[Lost, ...]:
        """What it costs, publication by publication."""
        return tuple(
            Lost(
                publication_id=step.publication.id,
                account_id=step.account.id,
                account_name=step.account.name,
                network=step.account.network,
                state=step.publication.state,
                shown=shown(step.publication, step.account, situation),
                words=f"{step.account.name} {step.cost}",
            )
            for step in self.steps
            if step.publication is not None and step.cost is not None
        )


def window_end(due_at: datetime | None, account: AccountFacts) -> datetime | None:
    """Until when a publication with this slot may be sent (PRODUCT 6)."""
    return None if due_at is None else due_at + timedelta(seconds=account.window_s)


def shown(publication: Publication, account: AccountFacts, situation: Situation) -> Shown:
    """What people read for a publication now."""
    return rules.words(publication.state, publication.needs, account.state, bool(account.pauses))


def approval_holds(publication: Publication, moment: datetime) -> bool:
    """Whether what was approved is what would be sent, and the approval hasn't lapsed."""
    return (
        publication.approved_sha256 == publication.payload_sha256
        and publication.approved_until is not None
        and publication.approved_until > moment
    )


def newest(publications: Iterable[Publication]) -> dict[UUID, Publication]:
    """Account -> its latest publication that is not unchosen."""
    visible = [each for each in publications if each.removed_at is None]
    return {each.account_id: each for each in sorted(visible, key=lambda each: each.occurrence)}


def chosen(publications: Iterable[Publication]) -> dict[UUID, Publication]:
    """Account -> publication, of the accounts that are ticked in the composer: a failed or cancelled one isn't."""
    over = {_S.FAILED, _S.CANCELLED}
    return {account_id: each for account_id, each in newest(publications).items() if each.state not in over}


def why_fixed(publications: Iterable[Publication], accounts: Mapping[UUID, AccountFacts]) -> str | None:
    """Why the words and accounts of a post can't change any more; None while they can."""
    reasons = (
        rules.why_fixed(each.state, each.needs, accounts[each.account_id].name)
        for each in publications
        if each.removed_at is None
    )
    return next((reason for reason in reasons if reason), None)


def own_slots(post: Post, publications: Iterable[Publication]) -> dict[UUID, datetime | None]:
    """Chosen account -> its time, where that isn't the post's."""
    return {account_id: each.due_at for account_id, each in chosen(publications).items() if each.due_at != post.slot_at}


@dataclass(frozen=True, slots=True)
class Stored:
    """A post as its rows stand."""

    post: Post
    content: Content
    publications: Sequence[Publication] = ()

    @property
    def chosen(self) -> dict[UUID, Publication]:
        """Account -> publication, of those that are ticked."""
        return chosen(self.publications)

    @property
    def account_ids(self) -> set[UUID]:
        """Every account that has or had a publication, or something of its own."""
        return {each.account_id for each in self.publications} | set(self.content.variants)

    def changes(self, wanted: Wanted) -> tuple[str, ...]:
        """What saving `wanted` changes: parts of `content.SAID`, accounts, slot; empty when it is saved."""
        now_chosen = self.chosen
        places = (
            ("accounts", set(now_chosen) != set(wanted.account_ids)),
            ("slot", self.post.slot_at != wanted.slot_at or _own_times_change(self.post, now_chosen, wanted)),
        )
        return content.changed(self.content, wanted.content) + tuple(name for name, differs in places if differs)


# What may still be changed once a part of the post is on its way: the times of the others.
_STAYS_FREE: Final = frozenset({"slot"})


def plan(
    stored: Stored,
    accounts: Mapping[UUID, AccountFacts],
    files: Mapping[Rendition, MediaItem],
    wanted: Wanted,
    situation: Situation,
    unproven: Collection[UUID],
) -> Plan:
    """What saving `wanted` does. Raises Refused when the words are fixed, Invalid for a slot that has passed.

    `unproven`: publications that may be live by an earlier try (`store.unproven`).
    """
    _refuse_unknown({*wanted.account_ids, *wanted.content.variants}, accounts)
    changed = stored.changes(wanted)
    fixed = why_fixed(stored.publications, accounts)
    if fixed is not None and set(changed) - _STAYS_FREE:
        raise Refused(fixed)
    steps = tuple(_steps(stored, accounts, files, wanted, situation, unproven))
    _refuse_passed_slots(steps, situation)
    return Plan(steps, changed)


def _steps(
    stored: Stored,
    accounts: Mapping[UUID, AccountFacts],
    files: Mapping[Rendition, MediaItem],
    wanted: Wanted,
    situation: Situation,
    unproven: Collection[UUID],
) -> Iterator[Step]:
    now_chosen = stored.chosen
    for account_id in wanted.account_ids:
        account = accounts[account_id]
        payload = payloads.build(account, wanted.content.of(account_id), files)
        publication = now_chosen.get(account_id)
        due_at = _wanted_due(stored.post, publication, account_id, wanted)
        if publication is None:
            yield _chosen_step(account, stored.publications, payload, due_at)
        else:
            step = _kept_step(account, publication, payload, due_at, situation, publication.id in unproven)
            if step is not None:
                yield step
    for account_id in now_chosen.keys() - set(wanted.account_ids):
        yield _unchosen_step(accounts[account_id], now_chosen[account_id])


def _chosen_step(
    account: AccountFacts, publications: Iterable[Publication], payload: Payload, due_at: datetime | None
) -> Step:
    hidden = [each for each in publications if each.account_id == account.id and each.removed_at is not None]
    return Step(account, hidden[-1] if hidden else None, payload, _S.DRAFT, due_at)


def _unchosen_step(account: AccountFacts, publication: Publication) -> Step:
    cost = rules.loses(publication.state)
    return Step(
        account,
        publication,
        Payload.from_json(publication.payload),
        _S.DRAFT,
        publication.due_at,
        removed=True,
        because="the account was unchosen",
        cost=f"is taken off: it {cost}" if cost else None,
    )


def _kept_step(
    account: AccountFacts,
    publication: Publication,
    payload: Payload,
    due_at: datetime | None,
    situation: Situation,
    unproven: bool,
) -> Step | None:
    fixed = rules.why_fixed(publication.state, publication.needs, account.name)
    moves = due_at != publication.due_at
    if fixed is not None:
        if moves and publication.state is not _S.PUBLISHED:
            raise Refused(fixed)
        return None
    if payload.sha256() != publication.payload_sha256:
        cost = rules.loses(publication.state)
        return Step(account, publication, payload, _S.DRAFT, due_at, because="what goes out was edited", cost=cost)
    if not moves:
        return None
    state, because, cost = _after_move(publication, due_at, situation.moment, unproven)
    return Step(account, publication, payload, state, due_at, because=because, cost=cost)


def _after_move(
    publication: Publication, due_at: datetime | None, moment: datetime, unproven: bool
) -> tuple[PublicationState, str, str | None]:
    """State, reason and cost of giving a publication another time: the approval is over bytes, so it stays."""
    holds = approval_holds(publication, moment)
    late = publication.state is _S.NEEDS_HUMAN and publication.needs is Needs.LATE
    if unproven and (publication.state in (_S.APPROVED, _S.SCHEDULED) or late):
        return (
            _S.DRAFT,
            "an earlier try may be live",
            "goes back to draft: nothing proves that an earlier try isn't live",
        )
    if publication.state is _S.SCHEDULED and due_at is None:
        return _S.APPROVED, "its time was taken away", None
    if due_at is not None and (publication.state is _S.APPROVED or late):
        if holds:
            return _S.SCHEDULED, "it was given a time", None
        return _S.DRAFT, "its approval had lapsed", "goes back to draft: its approval has lapsed"
    return publication.state, "", None


def _wanted_due(post: Post, publication: Publication | None, account_id: UUID, wanted: Wanted) -> datetime | None:
    """The time of one publication: its own where it has one, else the post's."""
    if wanted.own_slots is not None:
        return wanted.own_slots.get(account_id, wanted.slot_at)
    if publication is None or publication.due_at == post.slot_at:
        return wanted.slot_at
    return publication.due_at


def _own_times_change(post: Post, now_chosen: Mapping[UUID, Publication], wanted: Wanted) -> bool:
    return any(
        _wanted_due(post, publication, account_id, wanted) != publication.due_at
        for account_id, publication in now_chosen.items()
        if account_id in wanted.account_ids and publication.state is not _S.PUBLISHED
    )


def _refuse_unknown(account_ids: Iterable[UUID], accounts: Mapping[UUID, AccountFacts]) -> None:
    if any(account_id not in accounts for account_id in account_ids):
        raise Invalid(["An account that was chosen isn't in this organization. Reload and choose again."])


def _refuse_passed_slots(steps: Iterable[Step], situation: Situation) -> None:
    for step in steps:
        moves = step.publication is not None and step.due_at != step.publication.due_at
        if moves and step.state in rules.ASKED and step.due_at is not None and step.due_at <= situation.moment:
            when = slots.said(step.due_at, situation.organization.timezone)
            raise Invalid([f"{step.account.name}: That time has passed ({when}). Choose a later one."])
