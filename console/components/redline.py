"""What changed in what goes out since it was last approved, or the whole as it stands when it never was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from console.components import frontend
from core.posts.redline import Segment
from core.posts.redline import redline as words_between
from core.posts.views import Change, Difference, FileChange, PublicationRow, Told
from core.provider_kit.types import MediaKind

_REDLINE: Final = st.components.v2.component(
    "masthead_redline",
    html=frontend.markup("redline"),
    css=frontend.style("redline"),
    js=frontend.script("dom", "redline"),
)


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file in a redline: what became of it, where it can be seen, and its description word by word."""

    change: Change
    kind: MediaKind
    address: str
    alt: Sequence[Segment] = ()
    name: str | None = None


def redline(
    segments: Sequence[Segment],
    *,
    link: str | None,
    link_before: str | None,
    compared: bool,
    key: str,
    files: Sequence[ShownFile] = (),
    told: Sequence[Told] = (),
    comment: Sequence[Segment] = (),
) -> None:
    """Draw the segments, the link, the files and what else was set; `compared` False: there is nothing before."""
    if not compared or link == link_before:
        links = [["same", link]] if link else []
    else:
        links = [[change, address] for change, address in (("removed", link_before), ("added", link)) if address]
    data = {
        "segments": _pairs(segments),
        "links": links,
        "files": [
            {
                "change": each.change,
                "kind": each.kind,
                "address": each.address,
                "name": each.name,
                "alt": _pairs(each.alt),
            }
            for each in files
        ],
        "told": [[each.title, each.before, each.after] for each in told],
        "comment": _pairs(comment),
    }
    _REDLINE(key=key, data=data)


def publication_redline(publication: PublicationRow, difference: Difference | None, *, key: str) -> None:
    """Draw what an account gets, beside what it got before where there is a before."""
    if difference is None:
        redline(
            words_between(publication.text, publication.text),
            link=publication.link,
            link_before=None,
            compared=False,
            files=list(_as_it_is(publication)),
            told=[Told(title, words, words) for title, words in publication.told],
            comment=words_between(publication.comment, publication.comment),
            key=key,
        )
        return
    redline(
        difference.text,
        link=publication.link,
        link_before=difference.link_before,
        compared=True,
        files=[*map(_shown, difference.files), *_covers(publication, difference)],
        told=difference.told,
        comment=difference.comment,
        key=key,
    )


def _as_it_is(publication: PublicationRow) -> Iterator[ShownFile]:
    for each in publication.files:
        yield ShownFile("same", each.kind, each.address, words_between(each.alt, each.alt))
    if publication.cover is not None:
        yield ShownFile("same", "image", publication.cover.address, name="Cover")


def _shown(each: FileChange) -> ShownFile:
    return ShownFile(each.change, each.picture.kind, each.picture.address, each.alt)


def _covers(publication: PublicationRow, difference: Difference) -> Iterator[ShownFile]:
    now, before = publication.cover, difference.cover_before
    if now is not None:
        yield ShownFile("added" if difference.cover_changed else "same", "image", now.address, name="Cover")
    if before is not None and difference.cover_changed:
        yield ShownFile("removed", "image", before.address, name="Cover")


def _pairs(segments: Sequence[Segment]) -> list[list[str]]:
    return [[each.change, each.text] for each in segments]
