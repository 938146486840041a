"""Reads of notices: frozen dataclasses for pages. A person sees their own alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.infra import db, installation
from core.infra.actor import Actor
from core.notices import store
from core.notices.rules import ABOUT, Delivery, Kind, sentence
from core.organizations.rules import Permission, require

COUNTED_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice. `words` are plain text; `subject_kind` is "post" or "account"; `seen_at` None: not seen yet."""

    id: UUID
    kind: Kind
    icon: str
    words: str
    subject_kind: str
    subject_id: UUID
    at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """How one kind is mailed to a person."""

    kind: Kind
    title: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class MailStanding:
    """Whether mail is set up here, and what of this organization's doesn't get through, within a week."""

    is_set_up: bool
    waiting: int
    given_up: int
    last_error: str | None


def unseen(actor: Actor) -> int:
    """How many of one's own notices are not seen yet, `COUNTED_AT_MOST` for more."""
    with db.transaction(actor) as session:
        return store.unseen(session, actor.member_id, COUNTED_AT_MOST)


def listed(actor: Actor, at_most: int = 50) -> tuple[NoticeRow, ...]:
    """One's own notices, newest first."""
    with db.transaction(actor) as session:
        return tuple(
            NoticeRow(
                id=each.id,
                kind=Kind(each.kind),
                icon=ABOUT[Kind(each.kind)].icon,
                words=sentence(Kind(each.kind), each.data),
                subject_kind=each.subject_kind,
                subject_id=each.subject_id,
                at=each.at,
                seen_at=each.seen_at,
            )
            for each in store.listed(session, actor.member_id, at_most)
        )


def preferences(actor: Actor) -> tuple[PreferenceRow, ...]:
    """How each kind is mailed to the actor, in the order of the table."""
    with db.transaction(actor) as session:
        chosen = store.preferences(session, [actor.member_id])
    return tuple(
        PreferenceRow(kind, about.title, chosen.get((actor.member_id, kind), about.default))
        for kind, about in ABOUT.items()
    )


def mail_is_set_up() -> bool:
    """Whether this installation sends mail."""
    return installation.settings().smtp_url is not None


def mail_standing(actor: Actor) -> MailStanding:
    """How mail stands here. Raises NotAllowed."""
    require(actor, Permission.MANAGE_SETTINGS)
    with db.transaction(actor) as session:
        found = store.trouble(session)
    return MailStanding(
        is_set_up=mail_is_set_up(),
        waiting=found.waiting,
        given_up=found.given_up,
        last_error=found.last_error,
    )
