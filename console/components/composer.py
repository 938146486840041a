"""The composer: what all accounts get and what single ones get instead, with counters and previews at every key.

What is written is handed over shortly after the last key; files go from the browser to ingest, past Streamlit. The
counting rules come from the networks' declared data; core checks everything again when it saves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console import navigation, places, state
from console.components import frontend
from console.components.networks import network_data
from console.plain import one_line
from core.media.views import MediaView
from core.posts.content import Content, Image, Variant, differing
from core.posts.views import AccountProblem

_COMPOSER: Final = st.components.v2.component(
    "masthead_composer",
    html=frontend.markup("composer"),
    css=frontend.style("preview", "composer"),
    js=frontend.script(
        "counting",
        "dom",
        "preview",
        "upload",
        "version",
        "saving",
        "scopes",
        "counters",
        "image_field",
        "composer",
    ),
)


@dataclass(frozen=True, slots=True)
class Written:
    """What the browser hands over: the words, what they grew from, and a number that tells it what was saved."""

    content: Content
    was: Content
    base: int
    number: int
    token: UUID


@dataclass(frozen=True, slots=True)
class Target:
    """An account that the post goes to, as the preview shows it; `price`: what changing its post costs, in words."""

    account_id: UUID
    name: str
    network: str
    when: str
    price: str


def composer(
    *,
    key: str,
    token: UUID,
    post_id: UUID | None,
    refill: int,
    revision: int,
    done: int,
    content: Content,
    images: Iterable[MediaView],
    targets: Sequence[Target],
    problems: Iterable[AccountProblem],
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
            "version": _version(content),
            "images": [{**asdict(image), "id": str(image.id)} for image in images],
            "ingest": places.ingest_url(),
            "accounts": [
                {
                    "id": str(target.account_id),
                    "name": one_line(target.name),
                    "network": network,
                    "when": target.when,
                    "price": target.price,
                }
                for target, network in zip(targets, networks, strict=True)
            ],
            "problems": [_problem(each) for each in problems],
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
            content=_content(said["version"]),
            was=_content(said["was"]),
            base=int(said["base"]),
            number=int(said["number"]),
            token=UUID(str(said["token"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _problem(problem: AccountProblem) -> dict[str, Any]:
    return {
        "account": str(problem.account_id) if problem.account_id else None,
        "severity": problem.severity,
        "words": problem.words,
        "fix": problem.fix,
        "place": problem.place,
        "href": navigation.address("accounts") if problem.mend == "resume" else "",
    }


def _version(content: Content) -> dict[str, Any]:
    return {
        "text": content.text,
        "link": content.link or "",
        "media": str(content.media_id) if content.media_id else None,
        "alt": content.alt,
        "variants": {str(account_id): each.as_json() for account_id, each in content.variants.items()},
    }


def _content(version: Mapping[str, Any]) -> Content:
    variants = {UUID(account_id): _variant(each) for account_id, each in version["variants"].items()}
    return Content(
        text=str(version["text"]),
        link=str(version["link"]).strip() or None,
        media_id=UUID(version["media"]) if version["media"] else None,
        alt=str(version["alt"]),
        variants=differing(variants),
    )


def _variant(said: Mapping[str, Any]) -> Variant:
    text, media, alt = said["text"], str(said["media"]), said["alt"]
    return Variant(
        text=None if text is None else str(text),
        media=Image(media) if media in set(Image) else UUID(media),
        alt=None if alt is None else str(alt),
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
