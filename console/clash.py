"""Two people saved the same post: what is different between their versions, and which of the two stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import streamlit as st

from console import drafting
from console.components.networks import network_title
from console.components.redline import ShownFile
from console.components.redline import redline as draw_redline
from console.components.times import ago
from console.identity import Visitor
from console.plain import plain
from console.state import DraftInHand
from core import providers
from core.media import queries as media
from core.posts import option_words
from core.posts.content import AccountContent, Content
from core.posts.redline import Segment, redline
from core.posts.views import Change, Draft, Told
from core.provider_kit.types import kind_of


def show(visitor: Visitor, hand: DraftInHand, draft: Draft | None) -> None:
    """Draw both versions and the choice; `hand` holds a conflict."""
    clash: drafting.Clash = hand.conflict
    theirs = clash.theirs
    with st.container(border=True, gap="small", key="conflict"):
        st.markdown(
            f":red[:material/call_split:] **{plain(theirs.saved_by)} saved this post {ago(theirs.saved_at)},"
            " while you were writing.** Yours is not saved over it. Choose one; Undo brings the other back."
        )
        st.caption("Theirs, with what is different in yours marked")
        _both(visitor, clash, None, "conflict_redline")
        for account in draft.accounts if draft is not None else ():
            account_id = account.account_id
            if clash.saved.variants.get(account_id) != clash.mine.variants.get(account_id):
                st.caption(f"{plain(account.name)} · {network_title(account.network)}")
                _both(visitor, clash, account_id, f"conflict_redline_{account_id}")
        with st.container(horizontal=True):
            st.button("Keep mine", type="primary", on_click=drafting.keep_mine, args=(hand,), key="keep_mine")
            st.button("Take theirs", on_click=drafting.take_theirs, args=(hand,), key="take_theirs")


def _both(visitor: Visitor, clash: drafting.Clash, account_id: UUID | None, key: str) -> None:
    """Their words and image and ours, for all accounts (None) or for one."""
    theirs, mine = clash.saved, clash.mine
    before, after = (theirs, mine) if account_id is None else (theirs.of(account_id), mine.of(account_id))
    draw_redline(
        redline(before.text, after.text),
        link=after.link,
        link_before=before.link,
        compared=True,
        files=list(_files(visitor, before, after)),
        told=list(_told(before, after)),
        comment=redline(before.comment, after.comment),
        key=key,
    )


def _files(visitor: Visitor, before: Content | AccountContent, after: Content | AccountContent) -> Iterator[ShownFile]:
    """Ours in our order, then those that only they have."""
    described = {each.media_id: each.alt for each in before.files}
    ids = [each.media_id for each in after.files]
    moved = [each.media_id for each in before.files] != ids and set(described) == set(ids)
    for each in after.files:
        change: Change = "added" if each.media_id not in described else "moved" if moved else "same"
        yield _file(visitor, each.media_id, change, redline(described.get(each.media_id, ""), each.alt))
    for each in before.files:
        if each.media_id not in ids:
            yield _file(visitor, each.media_id, "removed", redline(each.alt, ""))
    for media_id, change in ((after.cover, "added"), (before.cover, "removed")):
        if media_id is not None and before.cover != after.cover:
            yield replace(_file(visitor, media_id, change, ()), name="Cover")


def _file(visitor: Visitor, media_id: UUID, change: Change, alt: Sequence[Segment]) -> ShownFile:
    view = media.media(visitor.actor, media_id)
    return ShownFile(change, kind_of(view.mime), view.address, alt)


def _told(before: Content | AccountContent, after: Content | AccountContent) -> Iterator[Told]:
    """The form and the options in which the two differ."""
    if before.format != after.format:
        yield Told("Form", _form_words(before), _form_words(after))
    for key in sorted({*before.options, *after.options}):
        was, now = before.options.get(key), after.options.get(key)
        if was != now:
            title = option_words.title_of(key, providers.networks())
            yield Told(title, *("" if each is None else option_words.words(each) for each in (was, now)))


def _form_words(said: Content | AccountContent) -> str:
    return (said.format or "by its files").replace("_", " ")
