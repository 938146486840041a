"""A carousel: a container for each of its files, and when all are finished, one of them all (meta 5.1, 5.3)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from core.provider_kit.errors import NotReady
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, Payload
from core.providers.meta.containers import CONTAINER, Containers, Wanted
from core.providers.meta.instagram_media import described, file, tagged, written
from core.providers.meta.settings import MetaSettings

_LEAST_S: Final = 10.0  # a container that is given less isn't begun


def carousel(
    containers: Containers, settings: MetaSettings, payload: Payload, access: Access, steps: Steps, end: float
) -> Wanted:
    """The container of all files; the files' own are had ready only when it has to be made."""

    def form() -> Mapping[str, str]:
        children = _children(containers, settings, payload, access, steps, end)
        return {"media_type": "CAROUSEL", "children": ",".join(children), **written(payload)}

    return Wanted(CONTAINER, "the carousel", form)


def _children(
    containers: Containers, settings: MetaSettings, payload: Payload, access: Access, steps: Steps, end: float
) -> list[str]:
    """The files' containers in order, each FINISHED: a carousel made earlier can't be published (meta 5.3 [2]).

    All are begun before the first is waited for. What doesn't fit into one turn waits for the next.
    """
    wanted = [
        Wanted(f"child_{number}", f"{item.kind} {number + 1}", partial(_of_a_child, payload, number, steps))
        for number, item in enumerate(payload.media)
    ]
    for look in (containers.made, containers.ready):
        for done, child in enumerate(wanted):
            if done and end - time.monotonic() < _LEAST_S:
                raise NotReady(f"Instagram has {done} of {len(wanted)} files.", after_s=settings.poll_first_s)
            look(child, access, steps, end)
    return [containers.made(child, access, steps, end) for child in wanted]


def _of_a_child(payload: Payload, number: int, steps: Steps) -> Mapping[str, str]:
    """No caption and no collaborators: those are the carousel's (meta 5.1)."""
    item = payload.media[number]
    kind = {"media_type": "VIDEO"} if item.kind == "video" else {}
    return {"is_carousel_item": "true", **kind, **file(item, steps), **described(item), **tagged(payload, number)}
