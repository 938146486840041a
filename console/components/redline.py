"""What changed in what goes out since it was last approved, or the whole as it stands when it never was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from console.components import frontend
from core.posts.redline import Segment

_REDLINE: Final = st.components.v2.component(
    "masthead_redline",
    html='<div class="root"><div class="df"></div><div class="lks"></div><div class="ims"></div></div>',
    css=frontend.style("redline"),
    js=frontend.script("dom", "redline"),
)


@dataclass(frozen=True, slots=True)
class Images:
    """Where the image before and the one now can be seen, None for none, with what changed in the description."""

    before: str | None
    after: str | None
    changed: bool
    alt: Sequence[Segment] = ()


def redline(
    segments: Sequence[Segment],
    *,
    link: str | None,
    link_before: str | None,
    compared: bool,
    key: str,
    images: Images | None = None,
) -> None:
    """Draw the segments, the link and the image; `compared` False: there is nothing to compare the link with."""
    if not compared or link == link_before:
        links = [["same", link]] if link else []
    else:
        links = [[change, address] for change, address in (("removed", link_before), ("added", link)) if address]
    _REDLINE(key=key, data={"segments": _pairs(segments), "links": links, "images": images and _images(images)})


def _images(images: Images) -> dict[str, object]:
    if images.changed:
        shown = [[change, each] for change, each in (("removed", images.before), ("added", images.after)) if each]
    else:
        shown = [["same", images.after]] if images.after else []
    return {"shown": shown, "alt": _pairs(images.alt)}


def _pairs(segments: Sequence[Segment]) -> list[list[str]]:
    return [[each.change, each.text] for each in segments]
