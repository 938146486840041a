"""What would refuse or spoil a publication: asked inside every command that takes a post further, by whatever route.

found = problems.of(session, post_id, publications, Ask.SUBMIT, situation, content)
problems.refuse(found)          # raises Invalid with every error listed; warnings pass

The questions themselves are in `checks`; here is read what they want to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.accounts import queries as accounts
from core.infra import installation
from core.infra.errors import Invalid
from core.media import files
from core.posts import editing, store
from core.posts.candidates import Ask, Candidate, Subject
from core.posts.checks import checks
from core.posts.content import Content
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.posts.store import Situation
from core.posts.views import AccountProblem
from core.provider_kit.checks import link_fault
from core.provider_kit.throttle import Route
from core.provider_kit.types import Payload
from core.throttle import store as throttle

__all__ = ["NO_ACCOUNT", "Ask", "Candidate", "find", "of", "refuse"]

NO_ACCOUNT: Final = AccountProblem("error", None, "", "No account is chosen.", "Choose where this should appear.")


def of(
    session: Session,
    post_id: UUID,
    publications: Sequence[Publication],
    ask: Ask,
    situation: Situation,
    content: Content | None,
) -> tuple[AccountProblem, ...]:
    """Problems of publications as their rows stand, errors first. A few statements, however many publications.

    `content` None: what was left out of it on the way to the network isn't of interest.
    """
    facts = store.accounts(session, {each.account_id for each in publications})
    candidates = [
        Candidate(
            facts[each.account_id],
            Payload.from_json(each.payload),
            each.due_at,
            None if content is None else content.of(each.account_id),
            each.approved_until if editing.approval_holds(each, situation.moment) else None,
            _refused(each),
        )
        for each in publications
    ]
    return find(session, post_id, candidates, ask, situation)


def find(
    session: Session, post_id: UUID, candidates: Sequence[Candidate], ask: Ask, situation: Situation
) -> tuple[AccountProblem, ...]:
    """Problems of publications as they would be, errors first."""
    subjects = _subjects(session, post_id, candidates, ask, situation)
    found = [problem for each in subjects for check in checks().values() for problem in check(each)]
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def refuse(problems: Iterable[AccountProblem]) -> tuple[AccountProblem, ...]:
    """The warnings among the problems. Raises Invalid with every error, one sentence each."""
    listed = tuple(problems)
    errors = [each.sentence for each in listed if each.severity == "error"]
    if errors:
        raise Invalid(list(dict.fromkeys(errors)))
    return listed


def _refused(publication: Publication) -> tuple[str, str] | None:
    """What `core.publishing.ahead` was told of what is scheduled; what is approved anew, it knows nothing of."""
    said = publication.last_error or {}
    if publication.state is not PublicationState.SCHEDULED or not said.get("ahead"):
        return None
    return said["reason"], said.get("how_to_fix", "")


def _subjects(
    session: Session, post_id: UUID, candidates: Sequence[Candidate], ask: Ask, situation: Situation
) -> list[Subject]:
    moment = situation.moment
    at = {each.account.id: moment if ask is Ask.PUBLISH_NOW else each.due_at or moment for each in candidates}
    known = providers.networks()
    counted = [
        (each.account.id, at[each.account.id])
        for each in candidates
        if (network := known.get(each.account.network)) and network.daily_posts is not None
    ]
    twins = store.twins(
        session,
        post_id,
        [
            (each.account.id, each.payload.text, at[each.account.id])
            for each in candidates
            if each.payload.text.strip()  # what has no words is no twin of all that has none either
        ],
    )
    standings = accounts.standings_in(session, at)
    planned = store.planned(session, post_id, counted)
    held = throttle.last_holds(session, at, (Route.PREPARE, Route.PUBLISH))
    hashes = {item.sha256 for each in candidates for item in (*each.payload.media, each.payload.cover) if item}
    lost = files.lost(store.organization_of(session), hashes) if hashes else frozenset()
    public_url = installation.settings().ingest_url if hashes else ""
    subjects = []
    for each in candidates:
        standing = standings.get(each.account.id)
        pretends = bool(standing and standing.provider and standing.provider.points_elsewhere)
        subjects.append(
            Subject(
                candidate=each,
                ask=ask,
                at=at[each.account.id],
                situation=situation,
                network=known.get(each.account.network),
                standing=standing,
                twin=twins.get(each.account.id),
                planned=planned.get(each.account.id, 0),
                held=held.get(each.account.id),
                lost=lost,
                public_url=public_url,
                # A stand-in on this machine fetches from any address.
                reachable=pretends or not public_url or not link_fault(public_url),
            )
        )
    return subjects
