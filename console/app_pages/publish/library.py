"""Library: every file of the organization, where it is used, what it shows and what may be done with it."""

from __future__ import annotations

from functools import partial
from typing import Final, get_args
from uuid import UUID

import streamlit as st

from console import feedback, filters, navigation, state
from console.components import files
from console.components.dialog import dialog
from console.components.empty import empty
from console.components.header import header
from console.components.split import split
from console.components.status import badge
from console.components.times import Zones, when
from console.filter_bar import FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import beginning, plain
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.media import commands as media
from core.media import queries as media_reads
from core.media.rules import LONGEST_ALT, LONGEST_RIGHTS
from core.media.views import MediaView
from core.organizations.rules import Permission
from core.posts import commands, queries
from core.posts.library import Wanted
from core.provider_kit.types import MediaKind

PAGE = PageSpec(
    title="Library",
    icon="perm_media",
    help="Images, videos and documents: drop new ones here, see which posts carry them, say what they show.",
    permission=Permission.READ,
    url_path="library",
    order=32,
)
PER_PAGE: Final = 40

_WORDS: Final = "q"
_KIND: Final = "kind"
_USED: Final = "used"
_FILE: Final = "file"
_OPENED: Final = "library_opened"
_ADDRESS: Final = "library_address"
_BAR: Final = FilterBar("library", (_WORDS, _KIND, _USED))
_STRAYS: Final = ("post", "from", "account", "state")
_KINDS: Final = {"image": "Images", "video": "Videos", "document": "Documents"}
_USES: Final = {"yes": "Used", "no": "Not used"}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    filters.mend_address("library", _STRAYS)
    wanted = _from_address()
    found = queries.library(visitor.actor, wanted, after=st.query_params.get(_BAR.place), limit=PER_PAGE)
    may_write = visitor.may(Permission.WRITE)
    with header("Library"):
        _from_the_web(visitor)
        navigation.new_post(visitor)
    _filter_row()
    files.library(
        files.Library(
            rows=found.rows,
            uploads=media.uploads(visitor.actor) if may_write else (),
            may_send=may_write,
            opened=filters.uuid(_FILE),
        ),
        key="library_files",
        page="library",
        on_open=_open,
    )
    if not found.rows:
        _nothing(may_write=may_write)
    _BAR.pager(found.after)
    _show_opened(visitor)


def _from_address() -> Wanted:
    kind = st.query_params.get(_KIND)
    return Wanted(
        words=st.query_params.get(_WORDS, ""),
        kinds=tuple(each for each in get_args(MediaKind) if each == kind),
        used={"yes": True, "no": False}.get(st.query_params.get(_USED, "")),
    )


def _filter_row() -> None:
    words, kind, used, clear = split("library", [2.2, 1.4, 1.4, 0.8], filters=True)
    _BAR.search(words, _WORDS, "Name, description or rights")
    _BAR.choice(kind, _KIND, "Kind", _KINDS, "All kinds")
    _BAR.choice(used, _USED, "In posts", _USES, "Used or not")
    _BAR.clear_button(clear)


def _nothing(*, may_write: bool) -> None:
    if _BAR.is_narrowed or st.query_params.get(_BAR.place):
        _BAR.nothing("No file matches", "Nothing fits this search and these filters.")
    else:
        why = "Drop one above, or add one to a post." if may_write else "Editors add them here or to a post."
        empty("perm_media", "No files yet", why, key="library_none")


def _from_the_web(visitor: Visitor) -> None:
    with st.popover(
        "From the web",
        icon=":material/link:",
        disabled=not visitor.may(Permission.WRITE),
        help=visitor.why_not(Permission.WRITE),
        key="library_web",
    ):
        st.text_input("Address of a file", placeholder="https://", key=_ADDRESS)
        st.caption("It has to lead to the file itself, and to be open to everybody.")
        st.button("Fetch it", type="primary", on_click=_fetch, key="library_fetch")


def _fetch() -> None:
    address = str(state.value(_ADDRESS) or "")
    begun = feedback.act(
        "media.fetch",
        lambda actor: media.fetch(actor, feedback.action_id(actor, "media.fetch", address), address=address),
        done="It is being fetched.",
    )
    if begun is not None:
        state.put(_ADDRESS, "")


# One file


def _open(media_id: UUID) -> None:
    filters.put(_FILE, media_id)


def _close() -> None:
    filters.put(_FILE, None)


def _show_opened(visitor: Visitor) -> None:
    media_id = filters.uuid(_FILE)
    if media_id is None:
        return
    try:
        shown = media_reads.media(visitor.actor, media_id)
    except NotFound:
        _close()
        st.info("This file is not here any more.", icon=":material/info:")
        return
    if not shown.deleted:
        _file(visitor, shown)


@dialog("File", width="large", icon="perm_media", on_dismiss=_close)
def _file(visitor: Visitor, shown: MediaView) -> None:
    st.markdown(f"**{plain(shown.file_name)}**  \n:gray[{plain(_about(shown))}]")
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        files.media_view(shown, key="library_view")
    carriers = queries.carriers(visitor.actor, shown.id)
    with right:
        _description(visitor, shown)
        st.markdown(f"**{files.used(len(carriers))}**")
        zones = Zones.of(visitor)
        for each in carriers:
            words = beginning(each.text, 60) or "No text yet"
            navigation.link("post", words, icon="article", post=each.post_id)
            st.markdown(f"{badge(each.shown)} :gray[{plain(when(each.changed_at, zones))}]")
    if visitor.may(Permission.WRITE) and st.button(
        "Delete",
        icon=":material/delete:",
        type="tertiary",
        disabled=bool(carriers),
        help="A post carries it. Take it off there first." if carriers else "It can be brought back at once.",
        key="library_delete",
    ):
        _delete(shown)
        feedback.close_dialog()


def _about(shown: MediaView) -> str:
    parts = [files.facts(shown)]
    if shown.kind == "video":
        sound = shown.audio_codec.upper() if shown.audio_codec else "no sound"
        parts.append(
            f"{files.lasting(shown.duration_ms)}, {shown.codec.upper()}, {sound}, {shown.frame_rate:.4g} a second"
        )
    if shown.prepared:
        parts.append(shown.prepared)
    return " · ".join(parts)


def _description(visitor: Visitor, shown: MediaView) -> None:
    may_write = visitor.may(Permission.WRITE)
    what_for = "A post that takes the image begins with it." if shown.kind == "image" else "What the file shows."
    over = _written_over(shown)
    alt = st.text_area(
        "Description for people who can't see it",
        value=over.alt,
        max_chars=LONGEST_ALT,
        height=90,
        disabled=not may_write,
        help=visitor.why_not(Permission.WRITE) or f"{what_for} The search looks at it too.",
        key=_key("alt", over),
    )
    rights = st.text_input(
        "Rights",
        value=over.rights,
        max_chars=LONGEST_RIGHTS,
        placeholder="Who made it, who allows it, until when",
        disabled=not may_write,
        help=visitor.why_not(Permission.WRITE),
        key=_key("rights", over),
    )
    changed = may_write and (alt, rights) != (over.alt, over.rights)
    if changed and st.button("Save", type="primary", key="library_save"):
        _save(over, alt, rights)
        feedback.close_dialog()


def _written_over(shown: MediaView) -> MediaView:
    """The file as it was when somebody began to type; as it is now where nothing is typed that isn't saved."""
    over: MediaView | None = state.value(_OPENED)
    if over is not None and over.id == shown.id:
        typed = state.value(_key("alt", over)), state.value(_key("rights", over))
        if None not in typed and typed not in ((over.alt, over.rights), (shown.alt, shown.rights)):
            return over
    state.put(_OPENED, shown)
    return shown


def _key(field: str, over: MediaView) -> str:
    return f"library_{field}_{over.id}_{over.revision}"


def _save(over: MediaView, alt: str, rights: str) -> None:
    def run(actor: Actor) -> MediaView:
        return media.describe(actor, over.id, alt=alt, rights=rights, revision=over.revision)

    if feedback.act("media.describe", run, done="Saved.") is not None:
        state.forget(_OPENED)


def _delete(shown: MediaView) -> None:
    def run(actor: Actor) -> bool:
        commands.delete_file(actor, shown.id)
        return True

    done = feedback.act(
        "posts.delete_file",
        run,
        undo=lambda _: state.Undo(f"{shown.file_name} was deleted.", partial(_undelete, shown)),
    )
    if done:
        _close()


def _undelete(shown: MediaView) -> None:
    feedback.act("posts.undelete_file", lambda actor: commands.undelete_file(actor, shown.id), done="It is back.")
