"""What a post becomes on one account: the bytes that are approved, hashed and sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from core import providers
from core.posts.content import AccountContent
from core.posts.store import AccountFacts
from core.provider_kit.types import FEED, Format, MediaItem, MediaKind, Network, Option, Payload

# A file as one network gets it.
Rendition = tuple[UUID, str]


def build(account: AccountFacts, content: AccountContent, files: Mapping[Rendition, MediaItem]) -> Payload:
    """The payload of a post on one account.

    What the form of post takes no part of is left out (text, link, files, descriptions, cover, options, comment), so
    that changing it costs no approval there. A form that the network doesn't have stays as it was asked for: its checks
    say so.
    """
    network = providers.networks().get(account.network)
    items = [
        replace(item, alt=each.alt.strip())
        for each in content.files
        if (item := files.get((each.media_id, account.network))) is not None
    ]
    kinds = [item.kind for item in items]
    key, form = form_of(network, content, kinds)
    cover = None if content.cover is None else files.get((content.cover, account.network))
    payload = Payload(
        network=account.network,
        provider_account_id=account.provider_account_id,
        text=content.text,
        link=content.link,
        media=tuple(items),
        options={name: value for name, value in content.options.items() if is_said(value)},
        format=key,
        cover=cover,
        comment=content.comment.strip(),
    )
    if network is None or form is None:
        return payload
    link = payload.link if form.takes_link else None
    carried = [*kinds, *(["link"] if link else [])]
    return replace(
        payload,
        text=payload.text if form.takes_text else "",
        link=link,
        media=tuple(_described(item, form) for item in items) if form.files[1] else (),
        options={
            option.key: payload.options[option.key]
            for option in form.options
            if option.key in payload.options
            and option.belongs(carried)
            and not _is_default(option, payload.options[option.key])
        },
        cover=cover if form.covers is not None and "video" in kinds else None,
        comment=payload.comment if network.comments is not None and form.takes_comments else "",
    )


def form_of(network: Network | None, content: AccountContent, kinds: Sequence[MediaKind]) -> tuple[str, Format | None]:
    """The form of post that one account gets, and what its network declares of it; None: it has none of that name."""
    if network is None:
        return content.format or FEED, None
    if content.format is not None:
        return content.format, network.form(content.format)
    common = network.form(content.common_format) if content.common_format else None
    form = common or network.fitting(kinds)
    return form.key, form


def is_said(value: Any) -> bool:
    """Whether an option holds anything: what was left empty goes nowhere."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], {})


def intent_key(post_id: UUID, account_id: UUID, occurrence: int) -> str:
    """The name of one intent to publish, unique in the organization: doubled clicks and imports meet in one row."""
    return hashlib.sha256(f"{post_id}|{account_id}|{occurrence}".encode()).hexdigest()


def _described(item: MediaItem, form: Format) -> MediaItem:
    keeps = item.kind == "image" and form.images is not None and form.images.max_alt > 0
    return item if keeps else replace(item, alt="")


def _is_default(option: Option, value: Any) -> bool:
    """A switch that stands where it stands by itself says nothing."""
    return option.shape == "switch" and value is option.default
