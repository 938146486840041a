"""What the composer's controls do: save, choose accounts, settle a conflict, submit. `draft_times` has the times.

Each is a callback: it reads the post as it is now, changes the one thing that was touched, and saves the whole at the
revision it read. Only words can be in conflict, because only they are typed over a while.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console import feedback, navigation, state
from console.components import composer
from console.plain import beginning
from console.state import DraftInHand
from core.infra.actor import Actor
from core.infra.errors import Refused
from core.organizations import commands as organizations
from core.posts import commands, queries
from core.posts.commands import EditConflict
from core.posts.content import Content
from core.posts.views import Draft, Saved, Theirs

COMPOSER: Final = "composer"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two versions of the same words: ours, which isn't saved, and theirs, which is."""

    mine: Content
    number: int
    theirs: Theirs

    @property
    def saved(self) -> Content:
        """What they wrote."""
        return self.theirs.content


def key_of(hand: DraftInHand, name: str) -> str:
    """The key of a control of this post: another post's controls never share its values."""
    return f"{name}_{hand.token}"


def written(hand: DraftInHand) -> None:
    """The browser handed words over."""
    said = composer.written(COMPOSER)
    if said is None or said.token != hand.token or said.number <= hand.done:
        return

    def save(actor: Actor) -> Saved | None:
        with hand.turn:
            return None if said.number <= hand.done else _save_words(hand, actor, said)

    def refused(refusal: Refused) -> bool:
        if isinstance(refusal, EditConflict):
            hand.conflict = Clash(said.content, said.number, refusal.theirs)
        else:
            hand.not_saved = refusal.message
        return True

    saved = feedback.act("posts.save", save, refused=refused, quiet=True)
    if saved is not None:
        _tell_voided(saved)
        _put_into_address(hand)


def _save_words(hand: DraftInHand, actor: Actor, said: composer.Written) -> Saved:
    if hand.post_id is None:
        made = commands.create(actor, hand.token, **_words(said.content))
        return _note(hand, _made(hand, actor, made), said.number)
    draft = queries.draft(actor, hand.post_id)
    saved = commands.save(
        actor,
        hand.post_id,
        _revision(hand, draft, said),
        **_words(said.content),
        account_ids=_chosen(draft),
        slot_at=draft.post.slot_at,
        may_cost=hand.editing_approved,  # it may have been approved since this tab read it
    )
    return _note(hand, saved, said.number)


def accounts_chosen(hand: DraftInHand) -> None:
    """Accounts were ticked or unticked."""
    wanted = [UUID(str(each)) for each in state.value(key_of(hand, "accounts")) or ()]
    _change(hand, account_ids=wanted)


def give_time(hand: DraftInHand, slot_at: datetime | None) -> None:
    """Give the post this time, or none. Accounts with a time of their own keep it."""
    _change(hand, slot_at=slot_at, sets_slot=True)


def give_times(hand: DraftInHand, own: Mapping[UUID, datetime | None], as_the_post: Collection[UUID] = ()) -> bool:
    """Give accounts a time of their own (None: none yet), or the post's again; whether it was saved."""
    return _change(hand, own=own, as_the_post=as_the_post)


def edit_anyway(hand: DraftInHand) -> None:
    """Whoever writes has read what an edit costs."""
    hand.editing_approved = True


def keep_mine(hand: DraftInHand) -> None:
    """Settle a conflict: our words over theirs; theirs can be brought back."""
    clash: Clash = hand.conflict

    def save(actor: Actor) -> Saved:
        theirs = clash.theirs
        return commands.save(
            actor,
            _post(hand),
            theirs.revision,
            **_words(clash.mine),
            account_ids=theirs.account_ids,
            slot_at=theirs.slot_at,
        )

    def refused(refusal: Refused) -> bool:
        if isinstance(refusal, EditConflict):  # a third version came meanwhile
            hand.conflict = Clash(clash.mine, clash.number, refusal.theirs)
            return True
        return False

    def undo(saved: Saved) -> state.Undo:
        return state.Undo("Your version is saved.", lambda: _put_back(hand, clash.saved))

    saved = feedback.act("posts.save", save, refused=refused, undo=undo)
    if saved is not None:
        hand.conflict, hand.own_revision, hand.done = None, saved.revision, clash.number


def take_theirs(hand: DraftInHand) -> None:
    """Settle a conflict: their words into the composer; ours can be brought back."""
    clash: Clash = hand.conflict
    hand.conflict = None
    hand.own_revision, hand.done = clash.theirs.revision, clash.number
    hand.refill += 1
    words = f"Took the version of {clash.theirs.saved_by}."
    state.offer_undo(state.Undo(words, lambda: _put_back(hand, clash.mine)))


def submit(hand: DraftInHand) -> None:
    """Hand over what is still in the browser, then ask for approval and show the post."""
    written(hand)
    if hand.conflict is not None or hand.not_saved or hand.post_id is None:
        return
    post_id, reviewer = hand.post_id, state.value(key_of(hand, "reviewer"))

    def ask(actor: Actor) -> object:
        with hand.turn:
            revision = queries.draft(actor, post_id).post.revision
            action = feedback.action_id(actor, "posts.submit", post_id, revision)
            return commands.submit(actor, action, post_id, revision, UUID(str(reviewer)) if reviewer else None)

    if feedback.act("posts.submit", ask, done="Sent for approval.") is not None:
        navigation.go("post", post=post_id)


def withdraw(post_id: UUID, version: int) -> None:
    """Take a post back from review."""
    feedback.act(
        "posts.withdraw",
        lambda actor: commands.withdraw(actor, feedback.action_id(actor, "posts.withdraw", post_id, version), post_id),
        done="Taken back. It is a draft again.",
    )


def allow_own_work() -> None:
    """Let people of this organization approve their own work; the timeline says so each time."""

    def change(actor: Actor) -> bool:
        action = feedback.action_id(actor, "organizations.allow_own_work", state.writes())
        organizations.update_settings(actor, action, organizations.SettingsChange(self_approval=True))
        return True

    feedback.act("organizations.update_settings", change, done="Allowed for everybody who may approve here.")


def duplicate(post_id: UUID, nonce: object) -> None:
    """Make a new draft of a post and open it."""
    made = feedback.act(
        "posts.duplicate",
        lambda actor: commands.duplicate(
            actor, feedback.action_id(actor, "posts.duplicate", post_id, nonce, state.writes()), post_id
        ),
        done="This is the copy. It has no time yet.",
    )
    if made is not None:
        navigation.go("compose", post=made)


def delete(post_id: UUID, revision: int, text: str) -> None:
    """Delete a draft, with the way back on offer."""

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "posts.delete", post_id, revision, state.writes())
        commands.delete(actor, action, post_id)
        return True

    def take_back() -> None:
        feedback.act("posts.undelete", _undelete(post_id), done="The draft is back.")

    words = f"Deleted “{beginning(text, 50)}”" if text.strip() else "Deleted an empty draft"
    if feedback.act("posts.delete", run, undo=lambda _: state.Undo(words, take_back)) is not None:
        navigation.go("posts")


def _put_back(hand: DraftInHand, content: Content) -> None:
    """The words that lost a conflict, saved over the ones that won."""

    def save(actor: Actor) -> Saved:
        with hand.turn:
            draft = queries.draft(actor, _post(hand))
            return commands.save(
                actor,
                draft.post.id,
                draft.post.revision,
                **_words(content),
                account_ids=_chosen(draft),
                slot_at=draft.post.slot_at,
            )

    saved = feedback.act("posts.save", save, done="The other version is back.")
    if saved is not None:
        hand.own_revision = saved.revision
        hand.refill += 1


def _undelete(post_id: UUID) -> feedback.Run[bool]:
    def run(actor: Actor) -> bool:
        commands.undelete(actor, feedback.action_id(actor, "posts.undelete", post_id, state.writes()), post_id)
        return True

    return run


def _change(
    hand: DraftInHand,
    *,
    account_ids: Collection[UUID] | None = None,
    slot_at: datetime | None = None,
    sets_slot: bool = False,
    own: Mapping[UUID, datetime | None] | None = None,
    as_the_post: Collection[UUID] = (),
) -> bool:
    """Save the post with one thing changed that is no words; whether it was saved."""

    def save(actor: Actor) -> Saved:
        with hand.turn:
            if hand.post_id is None:
                made = commands.create(actor, hand.token, account_ids=account_ids or (), slot_at=slot_at)
                return _note(hand, _made(hand, actor, made))
            draft = queries.draft(actor, hand.post_id)
            times = {**draft.own_slots, **(own or {})}
            saved = commands.save(
                actor,
                hand.post_id,
                draft.post.revision,
                text=draft.post.text,
                link=draft.post.link,
                account_ids=_chosen(draft) if account_ids is None else account_ids,
                slot_at=slot_at if sets_slot else draft.post.slot_at,
                own_slots={each: at for each, at in times.items() if each not in as_the_post},
            )
            return _note(hand, saved)

    saved = feedback.act("posts.save", save)
    if saved is not None:
        _tell_voided(saved)
        _put_into_address(hand)
        return True
    # What was refused must not go on standing there as if it were saved.
    for name in ("accounts", "day", "time"):
        state.forget(key_of(hand, name))
    return False


def _made(hand: DraftInHand, actor: Actor, post_id: UUID) -> Saved:
    hand.post_id = post_id
    post = queries.draft(actor, post_id).post
    return Saved(post.revision, post.updated_at)


def _note(hand: DraftInHand, saved: Saved, number: int | None = None) -> Saved:
    """Note a save before anything else: the next click may end this run at any access to the session state.

    What isn't noted would be taken for somebody else's save by the next one.
    """
    hand.own_revision, hand.saved_at = saved.revision, saved.saved_at
    if number is not None:
        hand.done, hand.not_saved = number, ""
    return saved


def _revision(hand: DraftInHand, draft: Draft, said: composer.Written) -> int:
    """The revision to save at: the newest, unless its words are neither what ours grew from nor our own last save."""
    if draft.content == said.was or draft.post.revision == hand.own_revision:
        return draft.post.revision
    return said.base


def _words(content: Content) -> dict[str, Any]:
    """What a post says, as `create` and `save` take it."""
    return {
        "text": content.text,
        "link": content.link,
        "files": content.files,
        "cover": content.cover,
        "format": content.format or "",
        "options": content.options,
        "comment": content.comment,
        "variants": content.variants,
    }


def _chosen(draft: Draft) -> list[UUID]:
    return [each.account_id for each in draft.accounts if each.chosen]


def _post(hand: DraftInHand) -> UUID:
    if hand.post_id is None:
        raise Refused("This post isn't saved yet. Write something first.")
    return hand.post_id


def _tell_voided(saved: Saved) -> None:
    for lost in saved.voided:
        state.say(lost.words, "gpp_maybe")


def _put_into_address(hand: DraftInHand) -> None:
    if hand.post_id is not None and st.query_params.get("post") != str(hand.post_id):
        st.query_params["post"] = str(hand.post_id)
