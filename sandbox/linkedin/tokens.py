"""Access and refresh tokens: issue, refresh, and why one no longer works (linkedin 2.2 to 2.5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.linkedin import apps
from sandbox.linkedin.errors import EXPIRED, REVOKED
from sandbox.linkedin.facts import TOKEN_LENGTH
from sandbox.port import App
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

ACCESS, REFRESH = "access", "refresh"
PREFIX = {ACCESS: "AQX", REFRESH: "AQW"}
SEED_LENGTH = 43


@dataclass(frozen=True, slots=True)
class Consent:
    """What a member agreed to at once; the tokens that came of it have its number."""

    app_id: str
    person_id: str
    scopes: frozenset[str]
    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Token:
    """A token as issued; whether it still works is `trouble`."""

    value: str
    kind: str
    consent: Consent
    issued_at: float
    expires_at: float
    dead: int | None

    @property
    def app_id(self) -> str:
        """The app it was given to."""
        return self.consent.app_id

    @property
    def person_id(self) -> str:
        """The member who gave it."""
        return self.consent.person_id

    @property
    def scopes(self) -> frozenset[str]:
        """What it allows."""
        return self.consent.scopes


@dataclass(frozen=True, slots=True)
class Grant:
    """What one exchange gives: the refresh token is None for apps that get none."""

    access: Token
    refresh: Token | None

    def as_answer(self, now: float) -> dict[str, Any]:
        """The body of 2.2. Real answers separate scopes by commas [O]."""
        told: dict[str, Any] = {
            "access_token": self.access.value,
            "expires_in": int(self.access.expires_at - now),
        }
        if self.refresh is not None:
            told["refresh_token"] = self.refresh.value
            told["refresh_token_expires_in"] = int(self.refresh.expires_at - now)
        return {**told, "scope": ",".join(sorted(self.access.scopes)), "token_type": "Bearer"}


def issue(world: World, app: App, person_id: str, scopes: Iterable[str]) -> Grant:
    """Tokens of a new consent. Another set of scopes than before ends the person's earlier tokens of the app (2.2)."""
    wanted = frozenset(scopes)
    for earlier in _living(world, app.client_id, person_id):
        if earlier.scopes != wanted:
            _end(world, earlier.value, REVOKED)
    consent = Consent(app.client_id, person_id, wanted, world.count("linkedin consent"), world.now)
    access = _issue(world, ACCESS, consent, _lifetime_s(world, ACCESS))
    if not _gets_refresh_tokens(world, app):
        return Grant(access, None)
    return Grant(access, _issue(world, REFRESH, consent, _lifetime_s(world, REFRESH)))


def renew(world: World, refresh: Token) -> Grant:
    """A new access token, which never outlives the refresh token; that stays, with what is left of its time (2.4)."""
    lifetime_s = min(_lifetime_s(world, ACCESS), refresh.expires_at - world.now)
    return Grant(_issue(world, ACCESS, refresh.consent, lifetime_s), refresh)


def _gets_refresh_tokens(world: World, app: App) -> bool:
    """Approved apps only, as the options say of each (2.4)."""
    option = "refresh_tokens" if app.provider == apps.ORGANIZATIONS else "share_refresh_tokens"
    return world.option("linkedin", option) == "true"


def _lifetime_s(world: World, kind: str) -> float:
    return float(world.option("linkedin", f"{kind}_lifetime_s"))


def _issue(world: World, kind: str, consent: Consent, lifetime_s: float) -> Token:
    turn = world.count("linkedin token")
    pieces = -(-TOKEN_LENGTH // SEED_LENGTH)
    random = "".join(opaque(world.seed, f"linkedin token {turn} {piece}") for piece in range(pieces))
    value = (PREFIX[kind] + random)[:TOKEN_LENGTH]
    token = Token(value, kind, consent, world.now, world.now + lifetime_s, None)
    world.db.execute(
        "insert into linkedin_token values (?, ?, ?, ?, ?, ?, ?, ?, ?, null)",
        (
            value,
            kind,
            consent.app_id,
            consent.person_id,
            ",".join(sorted(consent.scopes)),
            consent.number,
            consent.at,
            token.issued_at,
            token.expires_at,
        ),
    )
    return token


def find(world: World, value: str) -> Token | None:
    """The token of this value, dead or alive."""
    row: sqlite3.Row | None = world.db.execute("select * from linkedin_token where token = ?", (value,)).fetchone()
    return _token(row) if row is not None else None


def _token(row: sqlite3.Row) -> Token:
    value, kind, app_id, person_id, scopes, number, at, *rest = row
    return Token(value, kind, Consent(app_id, person_id, frozenset(scopes.split(",")) - {""}, number, at), *rest)


def trouble(world: World, token: Token) -> int | None:
    """The serviceErrorCode with which a call with this token fails, or None while it works (10.2)."""
    if token.dead is not None:
        return token.dead
    return EXPIRED if token.expires_at <= world.now else None


def revoke(world: World, token: Token) -> None:
    """End a token; with a refresh token goes all that came of the same consent [A: RFC 7009]."""
    _end(world, token.value, REVOKED)
    if token.kind == REFRESH:
        for each in _living(world, token.app_id, token.person_id):
            if each.consent.number == token.consent.number:
                _end(world, each.value, REVOKED)


def kill_all(world: World, app_id: str, person_id: str, service: int) -> int:
    """End every token of a person for an app, and forget that they agreed; says how many ended."""
    living = _living(world, app_id, person_id)
    for each in living:
        _end(world, each.value, service)
    world.db.execute("delete from linkedin_grant where app_id = ? and person_id = ?", (app_id, person_id))
    return len(living)


def drop_scope(world: World, app_id: str, person_id: str, scope: str) -> None:
    """Take a scope out of every token of a person; a new consent brings it back."""
    for each in _living(world, app_id, person_id):
        left = ",".join(sorted(each.scopes - {scope}))
        world.db.execute("update linkedin_token set scopes = ? where token = ?", (left, each.value))
    world.db.execute("delete from linkedin_grant where app_id = ? and person_id = ?", (app_id, person_id))


def _living(world: World, app_id: str, person_id: str) -> list[Token]:
    rows = world.db.execute(
        "select * from linkedin_token where person_id = ? and app_id = ? and dead is null", (person_id, app_id)
    )
    return [_token(row) for row in rows.fetchall()]


def _end(world: World, value: str, service: int) -> None:
    world.db.execute("update linkedin_token set dead = ? where token = ?", (service, value))


def issue_for_tool(world: World, app: App, person_id: str, scopes: Sequence[str]) -> Mapping[str, Any]:
    """Tokens without a dialog (PRODUCT 8)."""
    with world.write():
        grant = issue(world, app, person_id, scopes)
    return grant.as_answer(world.now)
