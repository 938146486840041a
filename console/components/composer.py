"""The composer: a text and a link with counters and preview at every key, handed over shortly after the last one.

The counting rules come from the networks' declared data; core checks everything again when it saves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console import state
from console.components import frontend
from console.components.networks import network_data
from console.plain import one_line

_COMPOSER: Final = st.components.v2.component(
    "masthead_composer",
    html=frontend.markup("composer"),
    css=frontend.style("preview", "composer"),
    js=frontend.script("counting", "dom", "preview", "composer"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """What the browser hands over: the words, what they grew from, and a number that tells it what was saved."""

    text: str
    link: str | None
    was_text: str
    was_link: str | None
    base: int
    number: int
    token: UUID


@dataclass(frozen=True, slots=True)
class Target:
    """An account that the post goes to, as the preview shows it."""

    account_id: UUID
    name: str
    network: str
    when: str


@dataclass(frozen=True, slots=True)
class Hint:
    """Something about the post that a person should know, at the place where they write."""

    severity: str
    words: str
    fix: str = ""
    about_length: bool = False


def composer(
    *,
    key: str,
    token: UUID,
    post_id: UUID | None,
    refill: int,
    revision: int,
    done: int,
    text: str,
    link: str | None,
    targets: Sequence[Target],
    hints: Sequence[Hint],
    locked: str | None,
    saved_words: str,
    trouble: str,
    on_written: Callable[[], None],
) -> None:
    """Draw the composer for one post. `locked` says why nothing can be written; `done` is the last number saved."""
    networks = [network_data(target.network) for target in targets]
    _COMPOSER(
        key=key,
        data={
            "token": str(token),
            "post": str(post_id) if post_id else None,
            "refill": refill,
            "revision": revision,
            "done": done,
            "text": text,
            "link": link or "",
            "accounts": [
                {"id": str(target.account_id), "name": one_line(target.name), "network": network, "when": target.when}
                for target, network in zip(targets, networks, strict=True)
            ],
            "problems": [
                {"severity": hint.severity, "words": hint.words, "fix": hint.fix, "about_length": hint.about_length}
                for hint in hints
            ],
            "takes_link": not networks or any(network.get("takes_link") for network in networks),
            "locked": locked is not None,
            "locked_words": locked or "",
            "saved_words": saved_words,
            "trouble": trouble,
            "ready": "Ready: passes the rules of " + _listed(sorted({str(each["title"]) for each in networks})) + ".",
            "placeholder": "What do you want to share?",
        },
        on_written_change=on_written,
    )


def written(key: str) -> Written | None:
    """What the browser last handed over, checked for shape; None when there is nothing."""
    held: Any = state.value(key)
    said: Any = held.get("written") if held else None
    if not isinstance(said, Mapping):
        return None
    try:
        return Written(
            text=str(said["text"]),
            link=str(said["link"]).strip() or None,
            was_text=str(said["was"]["text"]),
            was_link=str(said["was"]["link"]).strip() or None,
            base=int(said["base"]),
            number=int(said["number"]),
            token=UUID(str(said["token"])),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
