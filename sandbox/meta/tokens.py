"""Access tokens: issue, exchange, and why one no longer works (meta 2.2 to 2.7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.meta import consent, directory
from sandbox.meta.facts import LONG_EXCHANGE_AGE_S, LONG_LIVED_S, SHORT_LIVED_S
from sandbox.port import App
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

USER, PAGE, APP = "USER", "PAGE", "APP"
NEVER = 0
# Subcodes of code 190 (meta 10.2).
APP_REMOVED, PASSWORD_CHANGED, EXPIRED, NO_ROLE = 458, 460, 463, 492


@dataclass(frozen=True, slots=True)
class Token:
    """A token as issued; whether it still works is `trouble`."""

    value: str
    kind: str
    app_id: str
    person_id: str
    page_id: str | None
    long_lived: bool
    issued_at: float
    expires_at: float
    dead: int | None


def issue_user(world: World, app_id: str, person_id: str, long_lived: bool) -> Token:
    """A new user token."""
    lifetime = LONG_LIVED_S if long_lived else SHORT_LIVED_S
    return _issue(world, USER, app_id, person_id, None, long_lived, world.now + lifetime)


def page_token(world: World, user: Token, page_id: str) -> str:
    """The Page token that belongs to a user token: without a date if that is long-lived, else it dies with it."""
    row = world.db.execute(
        "select token from meta_token where person_id = ? and app_id = ? and page_id = ? and dead is null"
        " and long_lived = ? and expires_at = ?",
        (user.person_id, user.app_id, page_id, user.long_lived, NEVER if user.long_lived else user.expires_at),
    ).fetchone()
    if row is not None:
        return str(row[0])
    expires_at = NEVER if user.long_lived else user.expires_at
    return _issue(world, PAGE, user.app_id, user.person_id, page_id, user.long_lived, expires_at).value


def extend(world: World, token: Token) -> Token:
    """Short-lived to long-lived; a long-lived one is renewed at most once a day (meta 2.3)."""
    if token.long_lived and world.now - token.issued_at < LONG_EXCHANGE_AGE_S:
        return token
    return issue_user(world, token.app_id, token.person_id, long_lived=True)


def _issue(
    world: World, kind: str, app_id: str, person_id: str, page_id: str | None, long_lived: bool, expires_at: float
) -> Token:
    value = "EAA" + opaque(world.seed, f"meta token {world.count('meta token')}").replace("-", "x").replace("_", "y")
    token = Token(value, kind, app_id, person_id, page_id, long_lived, world.now, float(int(expires_at)), None)
    world.db.execute(
        "insert into meta_token values (?, ?, ?, ?, ?, ?, ?, ?, null)",
        (value, kind, app_id, person_id, page_id, long_lived, token.issued_at, token.expires_at),
    )
    return token


def find(world: World, value: str) -> Token | None:
    """The token of this value, dead or alive."""
    row: sqlite3.Row | None = world.db.execute("select * from meta_token where token = ?", (value,)).fetchone()
    return Token(*row) if row is not None else None


def trouble(world: World, token: Token) -> int | None:
    """The subcode with which a call with this token fails, or None while it works (meta 2.7, 10.2)."""
    if token.dead is not None:
        return token.dead
    if token.expires_at and token.expires_at <= world.now:
        return EXPIRED
    if token.page_id is None:
        return None if consent.exists(world, token.app_id, token.person_id) else APP_REMOVED
    if not directory.tasks(world, token.person_id, token.page_id):
        return NO_ROLE
    return None if consent.covers(world, token.app_id, token.person_id, token.page_id) else NO_ROLE


def kill_all(world: World, app_id: str, person_id: str, subcode: int) -> None:
    """End every token of a person for this app, Page tokens too."""
    world.db.execute(
        "update meta_token set dead = ? where person_id = ? and app_id = ? and dead is null",
        (subcode, person_id, app_id),
    )


def expire_all(world: World, app_id: str, person_id: str, at: float) -> None:
    """Let the tokens of a person that have a date expire at another moment."""
    world.db.execute(
        "update meta_token set expires_at = ? where person_id = ? and app_id = ? and expires_at <> ?",
        (float(int(at)), person_id, app_id, NEVER),
    )


def count(world: World, app_id: str, person_id: str) -> int:
    """How many of a person's tokens were not killed; some may have expired."""
    row = world.db.execute(
        "select count(*) from meta_token where person_id = ? and app_id = ? and dead is null", (person_id, app_id)
    ).fetchone()
    return int(row[0])


def issue_for_tool(world: World, app: App, person_id: str, scopes: Sequence[str]) -> Mapping[str, Any]:
    """A long-lived user token without a dialog, for all Pages of the person (PRODUCT 8)."""
    app_id = app.client_id
    with world.write():
        consent.grant(world, app_id, person_id, scopes, (), consent.ALL_PAGES)
        token = issue_user(world, app_id, person_id, long_lived=True)
    return {
        "access_token": token.value,
        "token_type": "bearer",
        "expires_in": int(token.expires_at - world.now),
        "user_id": directory.user_id(world, person_id),
    }
