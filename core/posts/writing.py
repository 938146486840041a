"""Writing: create, duplicate, save, and what a save would cost. See `commands` for what holds of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Refused
from core.organizations.rules import Permission, require
from core.posts import content, editing, files, problems, receipts, store
from core.posts.content import Content, Wanted
from core.posts.editing import Plan, Stored
from core.posts.holding import conflict, existing, locked_whole
from core.posts.inputs import More, PostInput
from core.posts.model import Post
from core.posts.payloads import intent_key
from core.posts.problems import Ask
from core.posts.receipts import Made
from core.posts.rules import PublicationState
from core.posts.store import Situation
from core.posts.views import Lost, Saved

_S = PublicationState
NOTHING = Content()


class WouldCost(Refused):
    """Saving would take something out of review, approval or schedule, and that was not agreed to. Nothing is saved."""

    def __init__(self, lost: tuple[Lost, ...]) -> None:
        self.lost = lost
        super().__init__(f"Not saved yet, for it has a price: {'; '.join(each.words for each in lost)}.")


def create(
    actor: Actor,
    action_id: UUID,
    *,
    text: str = "",
    link: str | None = None,
    account_ids: Collection[UUID] = (),
    slot_at: datetime | None = None,
    own_slots: Mapping[UUID, datetime | None] | None = None,
    **more: Unpack[More],
) -> UUID:
    """A new draft by the actor; gives its id. Raises NotAllowed, Invalid."""
    require(actor, Permission.WRITE)
    wanted = PostInput.read(
        text=text,
        link=link,
        account_ids=tuple(account_ids),
        slot_at=slot_at,
        own_slots=_plain(own_slots),
        **_plain_more(more),
    ).over(NOTHING)
    with db.transaction(actor) as session:
        made = receipts.earlier(session, actor, action_id, "post.create", Made)
        if made is None:
            post = _create(session, actor, wanted)
            record(
                session, actor, "post.create", "post", post.id, after=_audited(post, wanted.content, wanted.account_ids)
            )
            made = Made(post.id)
            receipts.keep(session, actor, action_id, made)
    return made.post_id


def duplicate(actor: Actor, action_id: UUID, post_id: UUID) -> UUID:
    """A new draft with everything a post says and its accounts, without its times; gives its id."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        made = receipts.earlier(session, actor, action_id, "post.duplicate", Made)
        if made is None:
            original = existing(store.post(session, post_id))
            accounts = tuple(editing.newest(store.publications(session, [post_id])))
            said = store.content(session, original)
            post = _create(session, actor, Wanted(said, accounts))
            after = {**_audited(post, said, accounts), "duplicate_of": post_id}
            record(session, actor, "post.duplicate", "post", post.id, after=after)
            made = Made(post.id)
            receipts.keep(session, actor, action_id, made)
    return made.post_id


def save(
    actor: Actor,
    post_id: UUID,
    revision: int,
    *,
    text: str,
    link: str | None,
    account_ids: Collection[UUID],
    slot_at: datetime | None,
    own_slots: Mapping[UUID, datetime | None] | None = None,
    may_cost: bool = True,
    **more: Unpack[More],
) -> Saved:
    """Save the whole post as the composer has it, if `revision` is still the newest (autosave calls this).

    `own_slots` are the accounts with a time of their own, complete; None, and whatever `More` names and isn't given,
    stays as it is. Publications whose bytes change go
    back to draft and are listed in `voided`; all others keep review, approval and schedule, a new slot included. Saving
    what is saved already changes nothing, so a repeated call is harmless.

    Raises NotAllowed, NotFound, Invalid, Refused when the words are fixed (being sent, perhaps live, published),
    EditConflict with both versions when the revision has moved, and with `may_cost=False` WouldCost where `voided`
    would not be empty: for a composer that has not told the person, whose page may be older than an approval.
    """
    require(actor, Permission.WRITE)
    given = PostInput.read(
        text=text,
        link=link,
        account_ids=tuple(account_ids),
        slot_at=slot_at,
        own_slots=_plain(own_slots),
        **_plain_more(more),
    )
    with db.transaction(actor) as session:
        stored = locked_whole(session, post_id)
        post, wanted = stored.post, given.over(stored.content)
        if not stored.changes(wanted):
            return Saved(post.revision, post.updated_at, changed=False)
        if post.revision != revision:
            raise conflict(session, stored, wanted)
        situation = store.situation(session)
        plan = _plan(session, stored, wanted, situation)
        lost = plan.lost(situation)
        if lost and not may_cost:
            raise WouldCost(lost)
        before = _audited(post, stored.content, stored.chosen)
        _refuse_problems_of_schedule(session, stored, plan, wanted, situation)
        _carry_out(session, actor, stored, plan, situation.moment)
        post.revision += 1
        post.updated_at, post.updated_by = situation.moment, actor.member_id
        if not content.SAID.isdisjoint(plan.changed) and actor.member_id not in (post.author_id, *post.writers):
            post.writers = [*post.writers, actor.member_id]
        store.write(session, post, wanted)
        after = {
            **_audited(post, wanted.content, wanted.account_ids),
            "changed": plan.changed,
            "voided": [each.words for each in lost],
        }
        record(session, actor, "post.save", "post", post.id, before=before, after=after)
        return Saved(post.revision, situation.moment, lost)


def would_void(
    actor: Actor,
    post_id: UUID,
    *,
    text: str,
    link: str | None,
    account_ids: Collection[UUID] | None = None,
    **more: Unpack[More],
) -> tuple[Lost, ...]:
    """What saving this would cost, publication by publication; changes nothing.

    None: the accounts stay, and so does whatever `More` names and isn't given. Raises Refused when the words are fixed.
    """
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        post = existing(store.post(session, post_id))
        stored = Stored(post, store.content(session, post), store.publications(session, [post_id]))
        wanted = PostInput.read(
            text=text,
            link=link,
            account_ids=tuple(stored.chosen if account_ids is None else account_ids),
            slot_at=post.slot_at,
            **_plain_more(more),
        ).over(stored.content)
        situation = store.situation(session)
        return _plan(session, stored, wanted, situation).lost(situation)


def _plain(given: Mapping[UUID, Any] | None) -> dict[UUID, Any] | None:
    return None if given is None else dict(given)


def _plain_more(more: More) -> dict[str, Any]:
    given: dict[str, Any] = {**more}
    return given | {"variants": _plain(more.get("variants"))}


def _create(session: Session, actor: Actor, wanted: Wanted) -> Post:
    post = store.add_post(session, actor.member_id, wanted)
    stored = Stored(post, wanted.content)
    situation = store.situation(session)
    _carry_out(session, actor, stored, _plan(session, stored, wanted, situation), situation.moment)
    return post


def _plan(session: Session, stored: Stored, wanted: Wanted, situation: Situation) -> Plan:
    """What saving does, with the accounts and files it takes looked up."""
    accounts = store.accounts(session, stored.account_ids | {*wanted.account_ids, *wanted.content.variants})
    found = files.renditions(session, wanted.content, accounts.values())
    unproven = store.unproven(session, [each.id for each in stored.chosen.values()])
    return editing.plan(stored, accounts, found, wanted, situation, unproven)


def _carry_out(session: Session, actor: Actor, stored: Stored, plan: Plan, moment: datetime) -> None:
    for step in plan.steps:
        values: dict[str, Any] = {
            "payload": step.payload.as_json(),
            "payload_sha256": step.payload.sha256(),
            "due_at": step.due_at,
            "not_after": step.not_after,
        }
        if step.publication is None:
            earlier = [each.occurrence for each in stored.publications if each.account_id == step.account.id]
            occurrence = max(earlier, default=0) + 1
            store.add_publication(
                session,
                post_id=stored.post.id,
                account_id=step.account.id,
                occurrence=occurrence,
                intent_key=intent_key(stored.post.id, step.account.id, occurrence),
                correlation_id=actor.correlation_id,
                **values,
            )
            continue
        values["removed_at"] = moment if step.removed else None
        values["state"] = step.state
        if step.state is not _S.NEEDS_HUMAN:
            values["needs"] = None
        if step.due_at != step.publication.due_at:
            values |= {"next_action_at": None, "attempt_count": 0}  # tries and waits belong to the time it had
        if step.is_new_schedule:
            values["correlation_id"] = actor.correlation_id
        store.change(session, step.publication, because=step.because, **values)


def _refuse_problems_of_schedule(
    session: Session, stored: Stored, plan: Plan, wanted: Wanted, situation: Situation
) -> None:
    """A slot given to something approved is what schedules it, so it must stand what `schedule` stands."""
    going = [
        problems.Candidate(each.account, each.payload, each.due_at, wanted.content.of(each.account.id))
        for each in plan.steps
        if each.is_new_schedule
    ]
    problems.refuse(problems.find(session, stored.post.id, going, Ask.SCHEDULE, situation))


def _audited(post: Post, said: Content, account_ids: Iterable[UUID]) -> dict[str, Any]:
    """What an audit line keeps of a post: everything but its words, which the versions keep."""
    return {
        "revision": post.revision,
        "characters": len(said.text),
        "link": said.link,
        "media": [each.media_id for each in said.files],
        "format": said.format,
        "accounts": list(account_ids),
        "own_content": list(said.variants),
        "slot_at": post.slot_at,
    }
