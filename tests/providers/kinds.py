"""Every kind of post that the networks declare: a form that is declared tomorrow is a kind tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.provider_kit.types import Format, MediaKind, Network


@dataclass(frozen=True)
class Kind:
    """A form of post of a network, with these files, or with a link."""

    network: Network
    form: Format
    files: tuple[MediaKind, ...]
    has_link: bool = False

    def __str__(self) -> str:
        """As the documents name it: instagram-carousel-image-video."""
        return "-".join((self.network.key, self.form.key, *self.files, *(["link"] if self.has_link else [])))

    @property
    def shape(self) -> str:
        """What it is, whatever the number of its files: several of one kind are one shape."""
        return shape(self.network.key, self.form.key, self.files, has_link=self.has_link)


def shape(network: str, form: str, files: Sequence[str], *, has_link: bool) -> str:
    """`instagram-carousel-images`, `facebook-feed-link`."""
    named = sorted(f"{kind}s" if files.count(kind) > 1 else kind for kind in set(files))
    return "-".join((network, form, *named, *(["link"] if has_link else [])))


def kinds(network: Network) -> Iterator[Kind]:
    """Each form with no file, with the fewest of each kind and one more, and with two kinds, where it takes them so."""
    for form in network.forms:
        fewest = max(form.files[0], 1)
        carried: list[tuple[MediaKind, ...]] = [()]
        for kind in ("image", "video", "document"):
            carried += [(kind,) * fewest, (kind,) * (fewest + 1)]
        carried.append(("image", "video"))
        yield from (Kind(network, form, files) for files in carried if form.takes(files))
        if form.takes_link and form.takes(()):
            yield Kind(network, form, (), has_link=True)
