"""Files of the organization as people see them: tiles to open, one of them large, and sending new ones.

What a browser sends goes to ingest, past Streamlit (PRODUCT 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console import navigation, places, state
from console.components import frontend
from console.plain import one_line
from core.media.rules import ENDINGS
from core.media.views import MediaView, Upload
from core.posts.library import LibraryRow

_LIBRARY: Final = st.components.v2.component(
    "masthead_library",
    html=frontend.markup("library"),
    css=frontend.style("tiles", "library"),
    js=frontend.script("dom", "upload", "tiles", "library"),
)
_VIEW: Final = st.components.v2.component(
    "masthead_media_view",
    html='<div class="root"><div class="view"></div><div class="ways"></div></div>',
    css=frontend.style("media_view"),
    js=frontend.script("dom", "media_view"),
)
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Library:
    """What the page hands to `library`: the files of this page of it, and this person's uploads under way."""

    rows: Sequence[LibraryRow]
    uploads: Iterable[Upload]
    may_send: bool
    opened: UUID | None


def library(shown: Library, *, key: str, page: str, on_open: Callable[[UUID], None]) -> None:
    """Draw the tiles, and for who may send files a place to drop them; `on_open` gets the file that was pressed."""

    def opened() -> None:
        on_open(UUID(str(state.value(key)["opened"])))

    _LIBRARY(
        key=key,
        data={
            "files": [
                tile(row)
                | {"href": navigation.address(page, file=row.media.id), "selected": row.media.id == shown.opened}
                for row in shown.rows
            ],
            "uploads": [_upload(each) for each in shown.uploads],
            "may_send": shown.may_send,
            "ingest": places.ingest_url(),
        },
        on_opened_change=opened,
        on_changed_change=state.count_write,
    )


def media_view(media: MediaView, *, key: str) -> None:
    """Draw one file large."""
    data = {
        "kind": media.kind,
        "name": one_line(media.file_name),
        "address": media.address,
        "poster": media.poster,
        "thumbnail": media.thumbnail,
        "alt": one_line(media.alt),
    }
    _VIEW(key=key, data=data, width="stretch")


def facts(media: MediaView) -> str:
    """A line about a file: what it is, how large."""
    size = f"{media.size / _MEGABYTE:,.1f} MB" if media.size >= _MEGABYTE else f"{max(1, media.size // 1000):,} KB"
    kind = ENDINGS[media.mime].upper()
    if media.kind == "document":
        pages = f"{media.pages:,} page{'s' if media.pages != 1 else ''}" if media.pages else ""
        return ", ".join(each for each in (kind, pages, size) if each)
    return f"{kind}, {media.width:,} x {media.height:,}, {size}"


def lasting(duration_ms: int) -> str:
    """A duration as players show it."""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def used(uses: int) -> str:
    """In how many posts a file is, in words."""
    return "Not used" if not uses else "In one post" if uses == 1 else f"In {uses:,} posts"


def tile(row: LibraryRow) -> dict[str, Any]:
    """What a tile shows of a file, for a component."""
    media = row.media
    return {
        "id": str(media.id),
        "kind": media.kind,
        "name": one_line(media.file_name),
        "facts": facts(media),
        "uses": row.uses,
        "used": used(row.uses),
        "thumbnail": media.thumbnail,
        "mark": lasting(media.duration_ms) if media.kind == "video" else "",
    }


def _upload(upload: Upload) -> dict[str, Any]:
    return {
        "id": str(upload.id),
        "name": one_line(upload.file_name),
        "share": upload.received / upload.size if upload.size else 0.0,
        "preparing": upload.preparing,
        "trouble": upload.failed_because or "",
    }
