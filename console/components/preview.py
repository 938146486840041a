"""One post as one account will show it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console.components import frontend
from console.components.networks import network_data
from console.plain import one_line
from core.posts.views import Picture

_PREVIEW: Final = st.components.v2.component(
    "masthead_preview",
    html='<div class="root"><div class="slot"></div></div>',
    css=frontend.style("preview"),
    js=frontend.script("counting", "dom", "preview", "preview_card"),
)


def preview(
    *,
    account_id: str,
    name: str,
    network: str,
    text: str,
    link: str | None,
    image: Picture | None,
    when: str,
    key: str,
) -> None:
    """Draw the card: name, folded text, links and hashtags marked, the image as it goes out, the link's own card."""
    account = {"id": account_id, "name": one_line(name), "network": network_data(network), "when": when}
    post = {"text": text, "link": link or "", "alt": image.alt if image is not None else ""}
    shown = image and {"address": image.address, "width": image.width, "height": image.height}
    _PREVIEW(key=key, data={"account": account, "post": post, "image": shown})
