"""The values that pass between Masthead and a provider."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import SecretStr

MediaKind = Literal["image", "video", "document"]
# How a video is packed: its index first and no edit list; its index first and an edit list; not known.
Packing = Literal["plain", "edited", ""]
# What can be done to a post that is live.
Deed = Literal["comment", "edit", "delete"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission asked of the network, and in words what doesn't work without it.

    `deed`: what of a live post can't be done without it, where that is all that it breaks, on the network `network`.
    """

    name: str
    breaks: str
    required: bool = True
    deed: Deed | None = None
    network: str = ""


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
class VideoRules:
    """What a network takes as a video. Each None or empty: no such limit is known.

    Sizes in bytes and pixels; `duration_s`, `ratio` (width / height) and `frame_rate` (per second) are the least and
    the greatest; `bit_rate` bounds bits per second of all streams. Codecs by FFmpeg's names (h264, hevc, aac).

    `plain`: its index must come before its pictures, and no edit list may be in it; one that has such a list gets a
    rendition without it.
    """

    mimes: tuple[str, ...]
    max_bytes: int
    duration_s: tuple[float, float]
    ratio: tuple[float, float] | None = None
    min_width: int = 1
    min_height: int = 1
    max_width: int | None = None
    codecs: tuple[str, ...] = ()
    audio_codecs: tuple[str, ...] = ()
    frame_rate: tuple[float, float] | None = None
    bit_rate: int | None = None
    source: str = ""
    min_bytes: int = 1
    plain: bool = False


@dataclass(frozen=True, slots=True)
class DocumentRules:
    """What a network takes as a document; size in bytes."""

    mimes: tuple[str, ...]
    max_bytes: int
    max_pages: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """Something more that a form of post may say; its value stands in `Payload.options` under `key`.

    What the shapes hold: switch a bool; line and text a str, at most `most` long in code points; people a list of at
    most `most` names of accounts there; tags a list of `{"username", "file"}` with `x` and `y` from 0 to 1 on an image;
    moment whole milliseconds into the video; poll `{"question", "answers": [...], "days"}`.

    `of`: only a post that carries such a file, or a link, is asked for it; empty: every post.
    """

    key: str
    title: str
    shape: Literal["switch", "line", "text", "people", "tags", "moment", "poll"]
    words: str = ""
    required: bool = False
    default: bool = False
    most: int = 0
    source: str = ""
    of: tuple[MediaKind | Literal["link"], ...] = ()

    def belongs(self, carried: Collection[str]) -> bool:
        """Whether it is asked of a post that carries these: kinds of files, and "link" for a link."""
        return not self.of or any(each in self.of for each in carried)


@dataclass(frozen=True, slots=True)
class Format:
    """One form a post may have on a network: a feed post, a story, a reel. Data, with where it comes from.

    `files`: the least and the most it carries; `videos_most` of them may be videos. Rules None: it takes none of that
    kind, `mixed`: images and videos may go together. `text` None: the network's own rules; `takes_text` False: it has
    no text, and what was written is left out; so is a first comment where it `takes_comments` False. `covers`: what it
    takes as the picture that stands for a video.
    """

    key: str
    title: str
    words: str = ""
    files: tuple[int, int] = (0, 1)
    images: ImageRules | None = None
    videos: VideoRules | None = None
    documents: DocumentRules | None = None
    videos_most: int = 1
    mixed: bool = False
    text: TextRules | None = None
    takes_text: bool = True
    takes_link: bool = False
    takes_comments: bool = True
    covers: ImageRules | None = None
    options: tuple[Option, ...] = ()
    source: str = ""

    def takes(self, kinds: Sequence[MediaKind]) -> bool:
        """Whether it carries these files, by their number and kinds alone."""
        known: dict[MediaKind, object] = {"image": self.images, "video": self.videos, "document": self.documents}
        return (
            self.files[0] <= len(kinds) <= self.files[1]
            and all(known[each] is not None for each in kinds)
            and kinds.count("video") <= self.videos_most
            and (self.mixed or len(set(kinds)) < 2)
        )


FEED: Final = "feed"


@dataclass(frozen=True, slots=True)
class Network:
    """Where a post appears: what the composer, the preview and the checks need to know. Data, no behaviour.

    `images` None: the network takes none; it also says what an image is made into for this network. `fetches_media`: it
    reads files from our public address by itself. `daily_posts`: how many posts of ours an account takes in any 24
    hours, None where no such limit is known. `formats`: the forms a post may have, the plain one first; none: the one
    that `takes_link`, `needs_media` and `images` describe. `comments`: rules of a first comment, None: can't be made.
    `edits`, `deletes`: whether a live post's text can be changed, and the post taken away. `mentions`: whether
    `@[Name](urn:…)` in a text becomes a mention there; elsewhere people read it as it stands. `needs_data_access`:
    whether posts stop with the access to a person's data (`Grant.data_access_expires_at`), though the token lives on.
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
    formats: tuple[Format, ...] = ()
    comments: TextRules | None = None
    edits: bool = False
    deletes: bool = False
    mentions: bool = False
    needs_data_access: bool = False

    @property
    def forms(self) -> tuple[Format, ...]:
        """The forms a post may have, at least one; the plain one first."""
        return self.formats or (
            Format(
                FEED,
                "Post",
                files=(int(self.needs_media), int(self.images is not None)),
                images=self.images,
                takes_link=self.takes_link,
            ),
        )

    def form(self, key: str) -> Format | None:
        """The form of that name."""
        return next((each for each in self.forms if each.key == key), None)

    def fitting(self, kinds: Sequence[MediaKind]) -> Format:
        """The form of a post for which none was chosen: the first that carries such files, else the plain one."""
        return next((each for each in self.forms if each.takes(kinds)), self.forms[0])


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """The version of a network's interface that we speak, the day it ends, and the setting that names it."""

    version: str
    ends_on: date
    setting: str


def kind_of(mime: str) -> MediaKind:
    """What a file is, by its type."""
    family = mime.partition("/")[0]
    return "image" if family == "image" else "video" if family == "video" else "document"


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One file of a payload: exactly the bytes that were seen and approved, by their SHA-256 (hex).

    Sizes in pixels, 0 x 0 for a document. What follows `alt` is of videos (milliseconds, FFmpeg's names, frames and
    bits per second, `packing`) and documents (`pages`), 0 or empty where it isn't known or of no meaning.
    """

    sha256: str
    mime: str
    width: int
    height: int
    size: int
    alt: str = ""
    duration_ms: int = 0
    codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    pages: int = 0
    packing: Packing = ""

    @property
    def kind(self) -> MediaKind:
        """What it is, by its type."""
        return kind_of(self.mime)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored in `publication.payload`; what an image never has is only there where it is said."""
        stored = asdict(self)
        return {name: value for name, value in stored.items() if name in _OF_EVERY_FILE or value}


_OF_EVERY_FILE: Final = frozenset({"sha256", "mime", "width", "height", "size", "alt"})


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes to one account, complete: the thing that is approved, hashed and sent (PRODUCT 5).

    `format` names one of the network's forms; `options` holds what that form asks besides, by `Option.key`; `cover` is
    the picture that stands for a video; `comment` is written under the post as its first, once it is live.
    """

    network: str
    provider_account_id: str
    text: str
    link: str | None = None
    media: tuple[MediaItem, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    format: str = FEED
    cover: MediaItem | None = None
    comment: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored in `publication.payload`. What a plain post doesn't have is left out.

        So the hash of what was approved before there were formats still holds.
        """
        stored: dict[str, Any] = {
            "network": self.network,
            "account": self.provider_account_id,
            "text": self.text,
            "link": self.link,
            "media": [item.as_json() for item in self.media],
            "options": dict(self.options),
        }
        if self.format != FEED:
            stored["format"] = self.format
        if self.cover is not None:
            stored["cover"] = self.cover.as_json()
        if self.comment:
            stored["comment"] = self.comment
        return stored

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
            format=stored.get("format", FEED),
            cover=MediaItem(**stored["cover"]) if stored.get("cover") else None,
            comment=stored.get("comment", ""),
        )

    def sha256(self) -> bytes:
        """32 bytes over the canonical JSON; two payloads are the same to an approver exactly if these are equal."""
        return canonical_sha256(self.as_json())


def canonical_sha256(stored: Mapping[str, Any]) -> bytes:
    """32 bytes over the canonical JSON of a stored payload, also of one with parts that this version doesn't know."""
    canonical = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate is a problem that checks name; hashing must not trip over it before.
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()


Place = Literal["post", "text", "length", "link", "image", "format", "option", "comment"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a payload that a person should know; an error refuses submit, approve, schedule and publish.

    `place` is the part of the post where it is mended, "length" for a text that is too long: pages count that at every
    key themselves. `at`: which file (0 is the first) or which option (by its key) of that place, where there are many.
    """

    severity: Literal["error", "warning"]
    words: str
    fix: str = ""
    place: Place = field(default="post", compare=False)
    at: int | str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Access:
    """What a call on behalf of an account needs.

    `credential_id`: which stored token it is, so that a refusal holds nothing that stands on another by then.
    """

    provider_account_id: str
    token: SecretStr
    correlation_id: str = ""
    credential_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person's consent gave us. `expires_at` None: no date known.

    `refresh_token`: what renews the token, where the network gives such. `consent_ends_at`: when the person must
    consent anew, however often it is renewed; None where the network doesn't say.
    """

    provider_user_id: str
    name: str
    token: SecretStr
    scopes: frozenset[str]
    declined: frozenset[str]
    expires_at: datetime | None
    data_access_expires_at: datetime | None = None
    refresh_token: SecretStr | None = None
    consent_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A token that follows another of the same consent; `refresh_token` None: the one that renewed it goes on.

    Dates as in `Grant`.
    """

    token: SecretStr
    expires_at: datetime | None
    refresh_token: SecretStr | None = None
    consent_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a network says of a token that lives: its permissions and its ends, each None where it says none."""

    scopes: frozenset[str]
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
    `shows`: the network's id of what becomes visible, where it gave that before and doesn't name it in its yes.
    """

    method: str
    url: str
    body: bytes
    content_type: str
    sha256: bytes
    shows: str = ""


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
class PostName:
    """Which post a person means, by what they gave: its id, its address, or words.

    `key` is the same for each name of one post that the network's folder knows to be one; only it takes keys apart.
    `part`: what each such name has in it, to look for; never empty. `ids`: what of it may be the id that the post is
    kept under here. `url`: where people see it, on the network's own site; None where that isn't known.
    """

    key: str
    part: str
    ids: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read of the account's recent posts found.

    `complete`: paging covered everything since the asked instant. `look_alikes`: not the payload, but near enough that
    a person should look; `others`: what else was made since that instant. `usage` as in `Published`.

    `note`: what the network says besides that a person should know, in words.

    `proof`: the network says that this very publication is live, whether or not `matches` tells which post it is; kept
    as it stands. `may_repeat`: the network says that the visible call had no effect, and the same call again, with the
    same token in it, can't make a second post. `listed`: the read isn't `complete`, for the network doesn't find any
    more what it was given before, but its list was read to the end; no further read may ever tell more. `unreadable`:
    why this account can never be read, in words; no further read will tell more.
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
    listed: bool = False
    unreadable: str = ""
