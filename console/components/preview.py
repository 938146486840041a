"""One post as one account will show it."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from console.components import frontend
from console.components.networks import form_data, network_data
from console.plain import one_line, plain
from core.posts.views import Picture, PublicationRow

_PREVIEW: Final = st.components.v2.component(
    "masthead_preview",
    html='<div class="root"><div class="slot"></div></div>',
    css=frontend.style("preview"),
    js=frontend.script("counting", "dom", "forms", "preview", "preview_files", "preview_card"),
)


def preview(publication: PublicationRow, *, when: str, key: str, described: bool = True) -> None:
    """Draw the card: name, folded text, links and hashtags marked, the files as they go out, a poll, the link's card.

    Under it what the picture doesn't show: the form of post, what else was set, and (`described`) what the files say to
    people who can't see them.
    """
    network = network_data(publication.network)
    account = {
        "id": str(publication.account_id),
        "name": one_line(publication.account_name),
        "network": network,
        "when": when,
    }
    post = {
        "text": publication.text,
        "link": publication.link or "",
        "files": [file_data(each) for each in publication.files],
        "cover": None if publication.cover is None else file_data(publication.cover),
        "options": dict(publication.options),
        "comment": publication.comment,
    }
    _PREVIEW(key=key, data={"account": account, "form": form_data(network, publication.format), "post": post})
    for title, words in publication.told:
        st.caption(f"{plain(title)}: {plain(words)}")
    for number, each in enumerate(publication.files if described else (), start=1):
        if each.kind == "image":
            called = "image" if len(publication.files) == 1 else f"image {number}"
            st.caption(f":material/image: {plain(each.alt or f'The {called} has no description.')}")


def file_data(picture: Picture) -> dict[str, Any]:
    """A file for a component."""
    return {
        "address": picture.address,
        "poster": picture.poster,
        "mime": picture.mime,
        "kind": picture.kind,
        "width": picture.width,
        "height": picture.height,
        "size": picture.size,
        "duration_ms": picture.duration_ms,
        "pages": picture.pages,
        "alt": picture.alt,
    }
