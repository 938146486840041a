"""The values that pass between Masthead and a provider."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission asked of the network, and in words what doesn't work without it."""

    name: str
    breaks: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class TextRules:
    """How a network counts and shows text.

    `counter` names a function of `provider_kit.counting`; lengths are in its units. Each character of `escaped` goes
    out with an escape before it, which the network counts too.
    """

    counter: Literal["codepoints", "utf16", "utf8", "graphemes"]
    max_length: int
    fold_at: int | None = None
    source: str = ""
    escaped: str = ""


@dataclass(frozen=True, slots=True)
class ImageRules:
    """What a network takes as an image; what it doesn't take as it is gets a rendition that it does.

    Sizes in bytes and pixels; `ratio` is the least and the greatest width / height; `max_width` is what a rendition is
    scaled down to; `max_pixels` bounds width x height. `max_alt` counts code points of the alternative text, 0 where
    the network takes none.
    """

    mimes: tuple[str, ...]
    max_bytes: int
    ratio: tuple[float, float] | None = None
    min_width: int = 1
    max_width: int | None = None
    max_pixels: int | None = None
    max_alt: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """Where a post appears: what the composer, the preview and the checks need to know. Data, no behaviour.

    `images` None: the network takes none. `fetches_media`: it reads files from our public address by itself.
    `daily_posts`: how many posts of ours an account takes in any 24 hours, None where no such limit is known.
    """

    key: str
    title: str
    icon: str
    color: str
    text: TextRules
    takes_link: bool
    needs_media: bool = False
    images: ImageRules | None = None
    actions: tuple[str, ...] = ()
    fetches_media: bool = False
    daily_posts: int | None = None


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """The version of a network's interface that we speak, the day it ends, and the setting that names it."""

    version: str
    ends_on: date
    setting: str


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One file of a payload: exactly the bytes that were seen and approved, by their SHA-256 (hex). Sizes in pixels."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int
    alt: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored in `publication.payload`."""
        return {
            "sha256": self.sha256,
            "mime": self.mime,
            "width": self.width,
            "height": self.height,
            "size": self.size,
            "alt": self.alt,
        }


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes to one account, complete: the thing that is approved, hashed and sent (PRODUCT 5)."""

    network: str
    provider_account_id: str
    text: str
    link: str | None = None
    media: tuple[MediaItem, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored in `publication.payload`."""
        return {
            "network": self.network,
            "account": self.provider_account_id,
            "text": self.text,
            "link": self.link,
            "media": [item.as_json() for item in self.media],
            "options": dict(self.options),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Payload:
        """The payload back from its stored form."""
        return cls(
            network=stored["network"],
            provider_account_id=stored["account"],
            text=stored["text"],
            link=stored["link"],
            media=tuple(MediaItem(**item) for item in stored["media"]),
            options=stored["options"],
        )

    def sha256(self) -> bytes:
        """32 bytes over the canonical JSON; two payloads are the same to an approver exactly if these are equal."""
        canonical = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        # A lone surrogate is a problem that checks name; hashing must not trip over it before.
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()


Place = Literal["post", "text", "length", "link", "image"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a payload that a person should know; an error refuses submit, approve, schedule and publish.

    `place` is the part of the post where it is mended, "length" for a text that is too long: pages count that at every
    key themselves.
    """

    severity: Literal["error", "warning"]
    words: str
    fix: str = ""
    place: Place = field(default="post", compare=False)


@dataclass(frozen=True, slots=True)
class Access:
    """What a call on behalf of an account needs."""

    provider_account_id: str
    token: SecretStr
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person's consent gave us. `expires_at` None: no date known."""

    provider_user_id: str
    name: str
    token: SecretStr
    scopes: frozenset[str]
    declined: frozenset[str]
    expires_at: datetime | None
    data_access_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferedAccount:
    """An account that a grant reaches.

    `token` is the account's own where the network has such; `reason` says why it is not eligible.
    """

    network: str
    provider_account_id: str
    name: str
    url: str | None
    picture_url: str | None
    token: SecretStr | None
    eligible: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VisibleCall:
    """The one request that makes a post visible, built but not sent.

    `body` goes out as it stands; `sha256` is over method, path and body without token (`signatures.call_sha256`).
    """

    method: str
    url: str
    body: bytes
    content_type: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """The network's yes.

    `usage` is what the answer said of our budgets, each key only where it was said: `app_percent` and
    `account_percent` (0 to 100 and above), `regain_s` (seconds until calls are welcome again), `detail` (as sent).
    """

    provider_post_id: str
    http_status: int
    trace_id: str | None = None
    permalink: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LivePost:
    """A post as the network shows it."""

    provider_post_id: str
    text: str
    link: str | None
    created_at: datetime
    permalink: str | None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read of the account's recent posts found.

    `complete`: paging covered everything since the asked instant. `look_alikes`: not the payload, but near enough that
    a person should look; `others`: what else was made since that instant. `usage` as in `Published`.

    `note`: what the network says besides that a person should know, in words.

    `proof`: the network says that this very publication is live, whether or not `matches` tells which post it is; kept
    as it stands. `may_repeat`: the network says that the visible call had no effect, and the same call again, with the
    same token in it, can't make a second post. `unreadable`: why this account can never be read, in words; no further
    read will tell more.
    """

    complete: bool
    matches: tuple[LivePost, ...]
    seen: int
    look_alikes: tuple[LivePost, ...] = ()
    others: tuple[LivePost, ...] = ()
    trace_id: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    proof: Mapping[str, Any] | None = None
    may_repeat: bool = False
    unreadable: str = ""
