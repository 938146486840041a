"""What changed between two payloads for one account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Final
from uuid import UUID

from core import providers
from core.media import files
from core.posts import option_words
from core.posts.redline import redline
from core.posts.views import Change, Difference, FileChange, Picture, Told
from core.provider_kit.types import MediaItem, Payload

_NO_POSTERS: Final[Mapping[str, str]] = MappingProxyType({})
_POSTER: Final = "image/jpeg"


def between(organization_id: UUID, before: Payload, after: Payload) -> Difference:
    """What an approver should see of it: words word by word; which files came, went, moved or are described anew."""
    return Difference(
        text=redline(before.text, after.text),
        link_before=before.link,
        link_changed=before.link != after.link,
        files=tuple(_files(organization_id, before.media, after.media)),
        comment=redline(before.comment, after.comment),
        told=tuple(_told(before, after)),
        cover_before=None if before.cover is None else picture(organization_id, before.cover),
        cover_changed=_sha256(before.cover) != _sha256(after.cover),
    )


def unchanged(files_now: Sequence[Picture]) -> tuple[FileChange, ...]:
    """Files that there is nothing to compare with."""
    return tuple(FileChange("same", each, redline(each.alt, each.alt)) for each in files_now)


def pictures(organization_id: UUID, payload: Payload, posters: Mapping[str, str] = _NO_POSTERS) -> tuple[Picture, ...]:
    """The files of a payload, with where they can be seen; `posters`: video -> what stands for it, by their SHA-256."""
    return tuple(picture(organization_id, item, posters.get(item.sha256)) for item in payload.media)


def picture(organization_id: UUID, item: MediaItem, poster: str | None = None) -> Picture:
    """One file of a payload, with where it can be seen."""
    return Picture(
        sha256=item.sha256,
        mime=item.mime,
        kind=item.kind,
        width=item.width,
        height=item.height,
        size=item.size,
        alt=item.alt,
        duration_ms=item.duration_ms,
        pages=item.pages,
        address=files.address(organization_id, item.sha256, item.mime),
        poster=None if poster is None else files.address(organization_id, poster, _POSTER),
    )


def form_title(payload: Payload) -> str:
    """How people call the form of post of a payload."""
    network = providers.networks().get(payload.network)
    form = network.form(payload.format) if network is not None else None
    return form.title if form is not None else payload.format.replace("_", " ").capitalize()


def told(payload: Payload) -> tuple[tuple[str, str], ...]:
    """(title, what it says) of the form of post, where the network has several, and of every option that is set."""
    network = providers.networks().get(payload.network)
    several = network is not None and len(network.forms) > 1
    form = (("Form", form_title(payload)),) if several else ()
    return (*form, *option_words.listed(network, payload.format, payload.options))


def _told(before: Payload, after: Payload) -> Iterator[Told]:
    was, now = dict(told(before)), dict(told(after))
    for title in dict.fromkeys([*now, *was]):
        yield Told(title, was.get(title, ""), now.get(title, ""))


def _files(organization_id: UUID, before: Sequence[MediaItem], after: Sequence[MediaItem]) -> Iterator[FileChange]:
    """What is there now, in its order, then what was taken off."""
    old, new = [each.sha256 for each in before], [each.sha256 for each in after]
    common = [each for each in new if each in old]
    matcher = SequenceMatcher(a=[each for each in old if each in new], b=common)
    stayed = {common[at] for block in matcher.get_matching_blocks() for at in range(block.b, block.b + block.size)}
    described = {each.sha256: each.alt for each in before}
    for each in after:
        alt = redline(described.get(each.sha256, ""), each.alt)
        change: Change = "same" if each.sha256 in stayed else "moved" if each.sha256 in described else "added"
        yield FileChange(change, picture(organization_id, each), alt)
    for each in before:
        if each.sha256 not in new:
            yield FileChange("removed", picture(organization_id, each), redline(each.alt, ""))


def _sha256(item: MediaItem | None) -> str | None:
    return None if item is None else item.sha256
