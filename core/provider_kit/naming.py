"""Which post a person means by an id or an address, and whether that address is the network's own.

An address comes from a person and is shown to others as "the live post", so nothing of it is believed: its host must be
the site's, and what doesn't tell which post it is, like the marks of a share, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from core.provider_kit import hostile
from core.provider_kit.types import PostName

# Browsers read a backslash in a host as its end: what is no plain host name is nobody's.
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII)
_WITHOUT_SCHEME: Final = re.compile(r"[\w-]+(\.[\w-]+)+(:[0-9]+)?/\S*")


def post_name(said: str, site: str, *, telling: Collection[str] = ()) -> PostName | None:
    """What a person means by `said`; None for nothing and for an address that is none of a post on this site.

    `site` is the address of the site where people see the network's posts; its subdomains are the network's too.
    `telling` are the parameters of an address that tell which post it is.
    """
    said = said.strip()
    if not said or "\0" in unquote(said):  # which no table holds, so nothing can be compared with it
        return None
    ids = tuple(dict.fromkeys((said, *words_of(said))))
    if "://" not in said and not _WITHOUT_SCHEME.fullmatch(said):
        return PostName(said, said, ids)
    address = hostile.web_address(said if "://" in said else f"https://{said}")
    if address is None:
        return None
    parts, own = urlsplit(address), urlsplit(site)
    path, root = unquote(parts.path).rstrip("/"), unquote(own.path).rstrip("/")
    if not _is_on(parts, own) or not path.startswith(f"{root}/"):
        return None
    query = urlencode(sorted((name, value) for name, value in parse_qsl(parts.query) if name in telling))
    url = urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, ""))
    return PostName(f"{_domain(own)}{path}?{query}".rstrip("?"), path.rsplit("/", 1)[-1], ids, url)


def words_of(said: str) -> list[str]:
    """What stands between the blanks of words and the marks of an address: one of them may be a post's id."""
    text = unquote(said)
    for mark in "/?&=#":
        text = text.replace(mark, " ")
    return text.split()


def _is_on(parts: SplitResult, own: SplitResult) -> bool:
    host = parts.hostname or ""
    if _HOST.fullmatch(host) is None or parts.port not in {None, own.port}:
        return False
    return f".{host}".endswith(f".{_domain(own)}")


def _domain(own: SplitResult) -> str:
    return (own.hostname or "").removeprefix("www.")
