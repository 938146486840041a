"""LinkedIn's names of things, and how they are written into addresses (linkedin 1.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote, urlsplit

Query = str | int | Sequence["Query"]

_ACCOUNT: Final = re.compile(r"urn:li:(organization|person):([A-Za-z0-9_-]{1,100})", re.ASCII)
_POST: Final = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}", re.ASCII)
_IMAGE: Final = re.compile(r"urn:li:image:[A-Za-z0-9_-]{1,150}", re.ASCII)
_VIDEO: Final = re.compile(r"urn:li:video:[A-Za-z0-9_-]{1,150}", re.ASCII)
_DOCUMENT: Final = re.compile(r"urn:li:document:[A-Za-z0-9_-]{1,150}", re.ASCII)
_KINDS: Final = {"share": "share", "ugcpost": "ugcPost", "activity": "activity"}
# `/feed/update/urn:li:activity:7/`, `/posts/name_some-words-activity-7-x1Yz`, `/posts/name_activity-7-x1Yz` (seen).
_MEANT: Final = re.compile(
    r"(?:^|urn:li:|[-_/])(share|ugcPost|activity)[:-]([0-9]{1,30})(?![0-9])", re.ASCII | re.IGNORECASE
)
_NAMED: Final = re.compile(r"urn:li:(?:share|ugcPost|activity):[0-9]{1,30}", re.ASCII)


def organization(number: str) -> str:
    """The URN of an organization."""
    return f"urn:li:organization:{number}"


def person(name: str) -> str:
    """The URN of a member; the id is another for each app (linkedin 2.7)."""
    return f"urn:li:person:{name}"


def organization_number(urn: object) -> str | None:
    """The number in an organization's URN."""
    found = _ACCOUNT.fullmatch(urn) if isinstance(urn, str) else None
    return found[2] if found and found[1] == "organization" and found[2].isdigit() else None


def is_account(urn: str) -> bool:
    """Whether this can be the author of a post."""
    return _ACCOUNT.fullmatch(urn) is not None


def is_person(urn: str) -> bool:
    """Whether this is a member and no organization."""
    return urn.startswith("urn:li:person:")


def post(value: object) -> str | None:
    """A post's URN; both kinds occur and nobody promises which (linkedin 4.1)."""
    return value if isinstance(value, str) and _POST.fullmatch(value) else None


def image(value: object) -> str | None:
    """An image's URN."""
    return value if isinstance(value, str) and _IMAGE.fullmatch(value) else None


def video(value: object) -> str | None:
    """A video's URN."""
    return value if isinstance(value, str) and _VIDEO.fullmatch(value) else None


def document(value: object) -> str | None:
    """A document's URN."""
    return value if isinstance(value, str) and _DOCUMENT.fullmatch(value) else None


def post_named_in(message: str) -> str | None:
    """The post that an error's words name."""
    found = _NAMED.search(message)
    return found[0] if found else None


def post_meant(said: str) -> str | None:
    """The post that a person means by an address or an id: the website writes it as a URN, or at the end of words."""
    said = said.strip()
    # What an address has besides its path may name a comment, or where the person came from.
    places = urlsplit(said)[2:4] if "/" in said else (said,)
    found = next(filter(None, (list(_MEANT.finditer(unquote(place))) for place in places)), None)
    return f"urn:li:{_KINDS[found[-1][1].lower()]}:{found[-1][2]}" if found else None


def names_of(post_urn: str) -> tuple[str, ...]:
    """Every id that a post may have here: a share and a ugcPost of one number are one post, an activity's is its own.

    Nobody promises which of both an answer has (linkedin 4.1); an activity has another number (linkedin 6).
    """
    if post_urn.startswith("urn:li:activity:"):
        return (post_urn,)
    number = number_of(post_urn)
    return f"urn:li:share:{number}", f"urn:li:ugcPost:{number}"


def number_of(post_urn: str) -> str:
    """The number at the end, which every address of the post has in it."""
    return post_urn.rsplit(":", 1)[-1]


def public_address(www_url: str, post_urn: str) -> str:
    """Where people see a post, below the site's address (linkedin 1.1 [S+])."""
    return f"{www_url}/feed/update/{post_urn}/"


def path(*segments: str) -> str:
    """`/rest/...`, each segment percent-encoded whole: a raw colon in a key is refused (linkedin 1.5 [O])."""
    return "/".join(("/rest", *(quote(segment, safe="") for segment in segments)))


def query(parameters: Mapping[str, Query]) -> str:
    """A query as Rest.li 2.0 reads it: values encoded, the brackets and commas of a list raw (linkedin 1.5 [P])."""
    return "&".join(f"{name}={_encoded(value)}" for name, value in parameters.items())


def _encoded(value: Query) -> str:
    if isinstance(value, str | int):
        return quote(str(value), safe="")
    return f"List({','.join(map(_encoded, value))})"
