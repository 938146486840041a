"""The composer: what all accounts get and what single ones get instead, with counters and previews at every key.

What is written is handed over shortly after the last key; files go from the browser to ingest, past Streamlit. The
counting rules come from the networks' declared data; core checks everything again when it saves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args
from uuid import UUID

import streamlit as st

from console import navigation, places, state
from console.components import frontend
from console.components.files import tile
from console.components.networks import IMAGE_TYPES, network_data
from console.plain import one_line
from core.media.views import MediaView
from core.posts.content import Attached, Content, Files, Variant, differing
from core.posts.library import Library
from core.posts.views import AccountProblem
from core.provider_kit.types import MediaKind

_COMPOSER: Final = st.components.v2.component(
    "masthead_composer",
    html=frontend.markup("composer"),
    css=frontend.style("preview", "tiles", "composer", "shelf"),
    js=frontend.script(
        "counting",
        "dom",
        "preview",
        "upload",
        "version",
        "forms",
        "preview_files",
        "saving",
        "scopes",
        "counters",
        "sending",
        "files_field",
        "options_field",
        "form_field",
        "tiles",
        "shelf",
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
class Asked:
    """What somebody who writes wants to see of the library; `number` tells the browser whose answer it gets."""

    words: str
    kinds: tuple[MediaKind, ...]
    after: str | None
    number: int


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
    files: Iterable[MediaView],
    targets: Sequence[Target],
    problems: Iterable[AccountProblem],
    library: tuple[Asked, Library] | None,
    locked: str | None,
    saved_words: str,
    trouble: str,
    on_written: Callable[[], None],
) -> None:
    """Draw the composer for one post. `locked` says why nothing can be written; `done` is the last number saved.

    `library`: what was `asked` for last, and the files that answer it.
    """
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
            "media": [_media(each) for each in files],
            "image_types": IMAGE_TYPES,
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
            "library": library and _shelf(*library),
            "library_href": navigation.address("library"),
            "locked": locked is not None,
            "locked_words": locked or "",
            "saved_words": saved_words,
            "trouble": trouble,
            "ready": "Ready: passes the rules of " + _listed(sorted({str(each["title"]) for each in networks})) + ".",
            "placeholder": "What do you want to share?",
            "describe": "Description for people who can't see the image",
        },
        on_written_change=on_written,
        on_library_change=_nothing,
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


def asked(key: str) -> Asked | None:
    """What is asked for of the library, checked for shape; None while nobody looks."""
    held: Any = state.value(key)
    said: Any = held.get("library") if held else None
    if not isinstance(said, Mapping):
        return None
    try:
        kinds = tuple(kind for kind in get_args(MediaKind) if kind in said["kinds"])
        found = Asked(str(said["words"]), kinds, _word(said["after"]), int(said["number"]))
    except (KeyError, TypeError, ValueError):
        return None
    return found if kinds else None


def _shelf(asked_for: Asked, found: Library) -> dict[str, Any]:
    files = [{**_media(row.media), **tile(row)} for row in found.rows]
    return {"number": asked_for.number, "files": files, "after": found.after}


def _problem(problem: AccountProblem) -> dict[str, Any]:
    return {
        "account": str(problem.account_id) if problem.account_id else None,
        "severity": problem.severity,
        "words": problem.words,
        "fix": problem.fix,
        "place": problem.place,
        "href": navigation.address("accounts") if problem.mend == "resume" else "",
        "at": problem.at,
    }


def _media(view: MediaView) -> dict[str, Any]:
    """A file as ingest's answer to an upload shows it, too."""
    return {
        "id": str(view.id),
        "file_name": view.file_name,
        "mime": view.mime,
        "width": view.width,
        "height": view.height,
        "size": view.size,
        "duration_ms": view.duration_ms,
        "pages": view.pages,
        "alt": view.alt,
        "rights": view.rights,
        "prepared": view.prepared,
        "address": view.address,
        "thumbnail": view.thumbnail,
        "poster": view.poster,
        "renditions": [
            {
                "network": each.network,
                "mime": each.mime,
                "width": each.width,
                "height": each.height,
                "address": each.address,
            }
            for each in view.renditions
        ],
    }


def _version(content: Content) -> dict[str, Any]:
    return {
        "text": content.text,
        "link": content.link or "",
        "files": _listed_files(content.files),
        "cover": str(content.cover) if content.cover else None,
        "format": content.format,
        "options": dict(content.options),
        "comment": content.comment,
        "variants": {
            str(account_id): {
                "text": each.text,
                "files": None if each.files is None else _listed_files(each.files),
                "cover": str(each.cover) if each.cover else None,
                "format": each.format,
                "options": dict(each.options),
                "comment": each.comment,
            }
            for account_id, each in content.variants.items()
        },
    }


def _content(version: Mapping[str, Any]) -> Content:
    variants = {UUID(account_id): _variant(each) for account_id, each in version["variants"].items()}
    return Content(
        text=str(version["text"]),
        link=str(version["link"]).strip() or None,
        files=_files(version["files"]),
        cover=_id(version["cover"]),
        format=_word(version["format"]) or None,
        options=dict(version["options"]),
        comment=str(version["comment"]),
        variants=differing(variants),
    )


def _variant(said: Mapping[str, Any]) -> Variant:
    return Variant(
        text=_word(said["text"]),
        files=None if said["files"] is None else _files(said["files"]),
        cover=_id(said["cover"]),
        format=_word(said["format"]) or None,
        options=dict(said["options"]),
        comment=_word(said["comment"]),
    )


def _listed_files(files: Files) -> list[dict[str, str]]:
    return [{"media": str(each.media_id), "alt": each.alt} for each in files]


def _files(said: Iterable[Mapping[str, Any]]) -> Files:
    return tuple(Attached(UUID(str(each["media"])), str(each["alt"])) for each in said)


def _id(said: object) -> UUID | None:
    return UUID(str(said)) if said else None


def _word(said: object) -> str | None:
    return None if said is None else str(said)


def _nothing() -> None:
    """What is asked for is read where the page looks it up."""


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
