"""`POST /rest/posts` (linkedin 4.1, 4.3, 4.6): live if and only if the transaction commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import NewPost
from sandbox.linkedin import directory, littletext
from sandbox.linkedin.apps import ORGANIZATIONS
from sandbox.linkedin.directory import NETWORK, PERSON
from sandbox.linkedin.errors import bad_input, duplicate, missing_field
from sandbox.linkedin.facts import COMMENTARY_LIMIT
from sandbox.linkedin.littletext import LittleText
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.content import Content, read_content
from sandbox.linkedin.rest.reposting import read_repost
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import require_writing

FIELDS = (
    "author",
    "commentary",
    "visibility",
    "distribution",
    "lifecycleState",
    "isReshareDisabledByAuthor",
    "content",
    "reshareContext",
    "contentLandingPage",
    "contentCallToActionLabel",
)
DISTRIBUTION_FIELDS = ("feedDistribution", "targetEntities", "thirdPartyDistributionChannels")
FACETS = frozenset(
    {
        "degrees",
        "fieldsOfStudy",
        "industries",
        "interfaceLocales",
        "jobFunctions",
        "geoLocations",
        "schools",
        "organizations",
        "seniorities",
        "staffCountRanges",
    }
)
DARK = "NONE"
CREATE_PARAMETERS: frozenset[str] = frozenset()
ID_BASE = 7_265_000_000_000_000_000
ACTIVITY_BASE = 7_266_000_000_000_000_000
DEFAULT_DELAY_MS = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A body that was checked. `repost` is the `reshareContext` that the post keeps."""

    account_id: str
    text: LittleText
    content: Content
    dark: bool
    repost: Mapping[str, str] | None


def create(request: RestRequest) -> None:
    """Take a post; its URN goes into `x-restli-id`, the body stays empty."""
    draft = _checked(request)
    world, now = request.world, request.world.now
    live_at = draft.content.live_at(now)
    fingerprint = _fingerprint(request, draft)
    with world.write():
        _refuse_duplicate(request, draft.account_id, fingerprint)
        turn = world.count("linkedin post")
        urn = f"urn:li:{draft.content.urn_kind}:{ID_BASE + turn}"
        new = NewPost(
            id=urn,
            provider=ORGANIZATIONS,
            network=NETWORK,
            account_id=draft.account_id,
            app_id=request.app.client_id,
            text=draft.text.shown,
            link=draft.content.link,
            detail=_kept(request, draft),
            created_at=now,
            live_at=live_at,
            listed_at=max(now, live_at or now)
            + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS),
            media=draft.content.media,
            poll=draft.content.poll,
            hidden=draft.dark,
        )
        ledger.add(world.db, new)
        world.db.execute(
            "insert into linkedin_post values (?, ?, ?, ?, ?)",
            (urn, draft.account_id, fingerprint, now, f"urn:li:activity:{ACTIVITY_BASE + turn}"),
        )
    request.told.append(("x-restli-id", urn))


def _checked(request: RestRequest) -> Draft:
    """Scope and author first, then every field (13: real order unknown)."""
    body = request.body
    request.require("w_organization_social", "w_member_social")
    author = fields.needed(body, "author")
    account_id = require_writing(request, author, "author")
    fields.only_known(body, FIELDS)
    dark = _distribution(body)
    fields.one_of(body, "lifecycleState", ("PUBLISHED",))
    visibility = fields.one_of(body, "visibility", ("PUBLIC", "CONNECTIONS", "LOGGED_IN"))
    if visibility == "CONNECTIONS" and not author.startswith(PERSON):
        raise fields.wrong("visibility", "CONNECTIONS is for members only")
    if not isinstance(body.get("isReshareDisabledByAuthor", False), bool):
        raise fields.wrong("isReshareDisabledByAuthor", "must be a boolean")
    text = read_commentary(request, body)
    content = read_content(request, account_id)
    repost, content = read_repost(request, content)
    if not body["commentary"].strip() and not body.get("content") and repost is None:
        raise bad_input("INVALID_VALUE_BLANK_FIELD", "commentary", "commentary is blank and there is no content")
    return Draft(account_id, text, content, dark, repost)


def _kept(request: RestRequest, draft: Draft) -> str:
    """The body as later answers tell it."""
    kept = {**request.body, "commentary": draft.text.kept}
    if draft.content.kept is not None:
        kept["content"] = draft.content.kept
    if draft.repost is not None:
        kept["reshareContext"] = draft.repost
    return orjson.dumps(kept).decode()


def read_commentary(request: RestRequest, values: dict[str, Any]) -> LittleText:
    """The text, which may be empty beside content but not missing."""
    commentary = fields.text(values, "commentary", most=COMMENTARY_LIMIT)
    if commentary is None:
        raise missing_field("commentary")
    return littletext.read(commentary, lambda urn: directory.name_of(request.world, request.app.client_id, urn))


def _distribution(body: dict[str, Any]) -> bool:
    """Is it a dark post, which no feed shows?"""
    distribution = fields.record(body, "distribution")
    if distribution is None:
        raise missing_field("distribution")
    fields.only_known(distribution, DISTRIBUTION_FIELDS, "/distribution")
    fields.items(distribution, "thirdPartyDistributionChannels", "distribution/")
    for facet in fields.items(distribution, "targetEntities", "distribution/"):
        if not isinstance(facet, dict) or facet.keys() - FACETS:
            raise fields.wrong("distribution/targetEntities", "has an unknown facet")
    return fields.one_of(distribution, "feedDistribution", ("MAIN_FEED", DARK), "distribution/") == DARK


def _fingerprint(request: RestRequest, draft: Draft) -> str:
    """What duplicates are compared by: the text without differences of space, and the content (4.6)."""
    compared = [request.body.get("content") or {}, draft.repost or {}]
    content = orjson.dumps(compared, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(" ".join(draft.text.shown.split()).encode() + b"\n" + content).hexdigest()


def _refuse_duplicate(request: RestRequest, account_id: str, fingerprint: str) -> None:
    """422 with the older post's URN, also when that was deleted since [O]."""
    window_s = float(request.world.option("linkedin", "duplicate_window_s"))
    row = request.world.db.execute(
        "select id from linkedin_post where account_id = ? and fingerprint = ? and made_at > ?"
        " order by made_at desc limit 1",
        (account_id, fingerprint, request.world.now - window_s),
    ).fetchone()
    if window_s and row is not None:
        raise duplicate(row[0])
