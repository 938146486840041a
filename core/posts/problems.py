"""What would refuse or spoil a publication: asked inside every command that takes a post further, by whatever route.

found = problems.of(session, post_id, publications, Ask.SUBMIT, situation, content)
problems.refuse(found)          # raises Invalid with every error listed; warnings pass
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.accounts.rules import AccountState
from core.infra.errors import Invalid
from core.posts import slots, store
from core.posts.content import AccountContent, Content
from core.posts.model import Publication
from core.posts.store import AccountFacts, Situation
from core.posts.views import AccountProblem
from core.provider_kit.types import Payload
from core.providers import publisher


class Ask(StrEnum):
    """What is about to happen to the publications."""

    SUBMIT = "submit"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    PUBLISH_NOW = "publish_now"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One publication as it would be taken further. `due_at` None: no slot; `content`: before the network's say."""

    account: AccountFacts
    payload: Payload
    due_at: datetime | None
    content: AccountContent | None = None


NO_ACCOUNT: Final = AccountProblem("error", None, "", "No account is chosen.", "Choose where this should appear.")


def of(
    session: Session,
    post_id: UUID,
    publications: Sequence[Publication],
    ask: Ask,
    situation: Situation,
    content: Content,
) -> tuple[AccountProblem, ...]:
    """Problems of publications as their rows stand, errors first. Two statements, however many publications."""
    accounts = store.accounts(session, {each.account_id for each in publications})
    candidates = [
        Candidate(accounts[each.account_id], Payload.from_json(each.payload), each.due_at, content.of(each.account_id))
        for each in publications
    ]
    return find(session, post_id, candidates, ask, situation)


def find(
    session: Session, post_id: UUID, candidates: Sequence[Candidate], ask: Ask, situation: Situation
) -> tuple[AccountProblem, ...]:
    """Problems of publications as they would be, errors first."""
    moment = situation.moment
    at = {each.account.id: moment if ask is Ask.PUBLISH_NOW else each.due_at or moment for each in candidates}
    twins = store.twins(
        session, post_id, [(each.account.id, each.payload.text, at[each.account.id]) for each in candidates]
    )
    found = [problem for each in candidates for problem in _of_one(each, ask, situation, twins)]
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def refuse(problems: Iterable[AccountProblem]) -> tuple[AccountProblem, ...]:
    """The warnings among the problems. Raises Invalid with every error, one sentence each."""
    listed = tuple(problems)
    errors = [each.sentence for each in listed if each.severity == "error"]
    if errors:
        raise Invalid(list(dict.fromkeys(errors)))
    return listed


def _of_one(
    candidate: Candidate, ask: Ask, situation: Situation, twins: Mapping[UUID, store.Twin]
) -> Iterator[AccountProblem]:
    account = candidate.account
    yield from _of_account(account)
    yield from _of_network(account, candidate.payload)
    if candidate.content is not None:
        yield from _of_what_is_left_out(account, candidate.content, candidate.payload)
    if ask is not Ask.PUBLISH_NOW:
        yield from _of_slot(account, candidate.due_at, situation)
    twin = twins.get(account.id)
    if twin is not None:
        when = slots.said(twin.at, situation.organization.timezone)
        yield AccountProblem(
            "warning",
            account.id,
            account.name,
            f"The same text goes here within 24 hours of another post ({when}).",
            "The network may refuse it; change some words.",
        )


_ACCOUNT_PROBLEMS: Final = {
    AccountState.AUTH_BROKEN: ("error", "The account must be connected again.", "An admin can do that on Accounts."),
    AccountState.DISABLED: ("error", "The account is disconnected.", "Connect it again on Accounts, or unchoose it."),
    AccountState.PAUSED: ("warning", "The account is paused: this will be held.", "An approver can resume it."),
}


def _of_account(account: AccountFacts) -> Iterator[AccountProblem]:
    known = _ACCOUNT_PROBLEMS.get(AccountState(account.state))
    if known is not None:
        severity, words, fix = known
        yield AccountProblem("error" if severity == "error" else "warning", account.id, account.name, words, fix)


def _of_network(account: AccountFacts, payload: Payload) -> Iterator[AccountProblem]:
    try:
        rules = publisher(account.network)
    except (KeyError, StopIteration):
        yield AccountProblem(
            "error", account.id, account.name, f"Masthead can't publish to {account.network}.", "Ask your operator."
        )
        return
    for each in rules.problems(payload):
        yield AccountProblem(each.severity, account.id, account.name, each.words, each.fix, each.place)


def _of_what_is_left_out(account: AccountFacts, content: AccountContent, payload: Payload) -> Iterator[AccountProblem]:
    """What was written and doesn't go there."""
    if content.link is not None and payload.link is None:
        words = "The link is left out: this network takes none."
        fix = "Put the address into the text if people should see it."
        yield AccountProblem("warning", account.id, account.name, words, fix, "link")
    if content.alt.strip() and payload.media and not payload.media[0].alt:
        words = "The description of the image is left out: this network takes none."
        yield AccountProblem("warning", account.id, account.name, words, place="image")


def _of_slot(account: AccountFacts, due_at: datetime | None, situation: Situation) -> Iterator[AccountProblem]:
    if due_at is None:
        return
    organization = situation.organization
    if due_at <= situation.moment:
        when = slots.said(due_at, organization.timezone)
        yield AccountProblem("error", account.id, account.name, f"Its time has passed ({when}).", "Choose a later one.")
    elif due_at > situation.moment + timedelta(days=organization.approval_days):
        yield AccountProblem(
            "warning",
            account.id,
            account.name,
            f"Its time is more than {organization.approval_days} days away, and approvals last no longer.",
            "It will have to be approved again before it goes out.",
        )
