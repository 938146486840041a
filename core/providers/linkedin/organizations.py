"""Which Pages a grant reaches, and why some can't be chosen (linkedin 3)."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import OfferedAccount
from core.providers.linkedin import urns
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import LinkedInSettings

# Roles that may create posts (linkedin 3.2 [S+]); the documents spell one of them in two ways.
MAY_POST: Final = frozenset(
    {"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"}
)
_NEEDED: Final = (("w_organization_social", "publish on"), ("r_organization_social", "read posts of"))
_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 20
_BATCH: Final = 50
_BRAND: Final = re.compile(r"urn:li:organizationBrand:([0-9]{1,30})", re.ASCII)
_LOGO: Final = re.compile(r"urn:li:(?:digitalmediaAsset|image):([A-Za-z0-9_-]{1,150})", re.ASCII)
# The same reference under the names that documents and answers have used for it (linkedin 3.1 [O]).
_TARGETS: Final = ("organization", "organizationTarget", "organizationalTarget")


def has_next(body: Mapping[str, Any]) -> bool:
    """Whether an answer links to a next page (linkedin 1.7). A short page is no end: some are filtered after paging."""
    links = hostile.items(hostile.mapping(body.get("paging")).get("links"))
    return any(hostile.mapping(link).get("rel") == "next" for link in links)


def organizations(
    rest: Rest, settings: LinkedInSettings, token: SecretStr, scopes: Collection[str], end: float
) -> list[OfferedAccount]:
    """Every Page the person has a role on, until `end` on the monotonic clock. Raises ProviderFailure."""
    roles = roles_of(rest, token, end)
    numbers = {urn: number for urn in roles if (number := urns.organization_number(urn) or _brand_number(urn))}
    found = _by_number(_several(rest, "organizations", [*numbers.values()], token, end))
    # Whoever isn't an administrator sees what is public of them, by another resource that is asked by list only.
    hidden = [number for number in numbers.values() if number not in found]
    found |= _by_number(_several(rest, "organizationsLookup", hidden, token, end, least=1))
    logos = _logos(rest, found.values(), token, end) if settings.logos else {}
    offered = [
        _offered(settings.www_url, urn, number, roles[urn], found.get(number, {}), logos, scopes)
        for urn, number in numbers.items()
    ]
    return sorted(offered, key=lambda account: (account.name.lower(), account.provider_account_id))


def _by_number(several: Iterator[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(number): each for each in several if (number := hostile.whole(each.get("id"))) is not None}


def roles_of(rest: Rest, token: SecretStr, end: float) -> dict[str, set[str]]:
    """The person's approved roles by organization. All roles are asked for, to say why some don't do."""
    found: dict[str, set[str]] = {}
    for number in range(_MOST_PAGES):
        reply = rest.get(
            "organizationAcls",
            token=token,
            method="FINDER",
            query={"q": "roleAssignee", "state": "APPROVED", "start": number * _PAGE_SIZE, "count": _PAGE_SIZE},
            timeout_s=_left(end),
        )
        elements = hostile.items(reply.body.get("elements"))
        for element in map(hostile.mapping, elements):
            urn = next((element[name] for name in _TARGETS if isinstance(element.get(name), str)), "")
            if element.get("state", "APPROVED") == "APPROVED":
                found.setdefault(urn, set()).add(hostile.line(element.get("role"), limit=60))
        if not elements or not has_next(reply.body):
            return found
    raise RetryLater("LinkedIn's list of Pages has no end.", how_to_fix="Press Connect again in some minutes.")


def _several(
    rest: Rest, resource: str, keys: Sequence[str], token: SecretStr, end: float, *, least: int = 2
) -> Iterator[Mapping[str, Any]]:
    """Entities by key, as far as LinkedIn shows them: many at once, or one by one where that isn't open to the app.

    The Development tier refuses BATCH_GET (linkedin 1.7 [S+]). `least`: how many make a list.
    """
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        together = _batch(rest, resource, some, token, end) if len(some) >= least else None
        yield from _one_by_one(rest, resource, some, token, end) if together is None else together


def _batch(
    rest: Rest, resource: str, keys: Sequence[str], token: SecretStr, end: float
) -> list[Mapping[str, Any]] | None:
    """What LinkedIn shows of these entities, None where the app may not ask so."""
    try:
        reply = rest.get(resource, token=token, method="BATCH_GET", query={"ids": keys}, timeout_s=_left(end))
    except (ReconnectNeeded, Rejected):
        return None
    return [hostile.mapping(each) for each in hostile.mapping(reply.body.get("results")).values()]


def _one_by_one(
    rest: Rest, resource: str, keys: Sequence[str], token: SecretStr, end: float
) -> Iterator[Mapping[str, Any]]:
    for key in keys:
        try:
            yield rest.get(resource, key, token=token, timeout_s=_left(end)).body
        except (ReconnectNeeded, Rejected):
            continue


def _logos(rest: Rest, found: Collection[Mapping[str, Any]], token: SecretStr, end: float) -> Mapping[str, str]:
    """Addresses of logos by their id; a list without pictures is better than none (linkedin 3.3)."""
    ids = {logo_id for each in found if (logo_id := _logo_id(each)) is not None}
    logos: dict[str, str] = {}
    try:
        for each in _several(rest, "images", sorted(f"urn:li:image:{one}" for one in ids), token, end):
            named, address = _LOGO.fullmatch(str(each.get("id"))), hostile.web_address(each.get("downloadUrl"))
            if named and address:
                logos[named[1]] = address
    except ProviderFailure:
        return logos
    return logos


def logo_urn(found: Mapping[str, Any]) -> str | None:
    """The image that is a Page's logo; None where it has none."""
    logo_id = _logo_id(found)
    return None if logo_id is None else f"urn:li:image:{logo_id}"


def _logo_id(found: Mapping[str, Any]) -> str | None:
    """The id in `logoV2`; one asset has the same id as a digitalmediaAsset and as an image ([G])."""
    logo = hostile.mapping(found.get("logoV2"))
    named = _LOGO.fullmatch(str(logo.get("cropped") or logo.get("original")))
    return named[1] if named else None


def _offered(
    www_url: str,
    urn: str,
    number: str,
    roles: Collection[str],
    found: Mapping[str, Any],
    logos: Mapping[str, str],
    scopes: Collection[str],
) -> OfferedAccount:
    vanity = hostile.identifier(found.get("vanityName"))
    reason = _reason(urn, roles, scopes)
    return OfferedAccount(
        network="linkedin",
        provider_account_id=urn,
        name=hostile.line(found.get("localizedName"), limit=200) or f"Page {number}",
        url=f"{www_url}/company/{vanity or number}",
        picture_url=logos.get(_logo_id(found) or ""),
        token=None,
        eligible=not reason,
        reason=reason,
    )


def _reason(urn: str, roles: Collection[str], scopes: Collection[str]) -> str:
    """Why a Page can't be chosen, empty if it can."""
    if _brand_number(urn):
        return "Masthead doesn't publish on Showcase Pages."
    for scope, words in _NEEDED:
        if scope not in scopes:
            return f"Masthead was not given the permission to {words} Pages. Ask your operator which the app has."
    if not MAY_POST.intersection(roles):
        held = ", ".join(sorted(role.lower().replace("_", " ") for role in roles if role)) or "unknown"
        return f"Your role on this Page ({held}) doesn't include posting. Ask one of its administrators."
    return ""


def _brand_number(urn: str) -> str | None:
    found = _BRAND.fullmatch(urn)
    return found[1] if found else None


def _left(end: float) -> float:
    """Seconds until the list must be complete. Raises RetryLater."""
    left = end - time.monotonic()
    if left <= 0:
        raise RetryLater("LinkedIn takes too long to list your Pages.", how_to_fix="Press Connect again.")
    return left
