"""What the OpenID provider keeps: codes, access tokens, browser sessions, its key and its one client."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING

from joserfc.jwk import RSAKey

from sandbox.port import App
from sandbox.seeding import hexadecimal, opaque

if TYPE_CHECKING:
    from sandbox.world import World

TABLES = """
create table oidc_code (
    code text primary key, person_id text not null, redirect_uri text not null, scope text not null, nonce text,
    challenge text, asked_at real, expires_at real not null, used_at real
) without rowid;
create table oidc_token (
    token text primary key, code text not null, person_id text not null, scope text not null, expires_at real not null
) without rowid;
create table oidc_session (id text primary key, person_id text not null, asked_at real not null) without rowid;
"""
CLIENT_ID = "masthead-console"
KEY_FACT = "oidc.key"
KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person agreed to: the meaning of a code. `asked_at`: when they were asked, where that is to be told."""

    person_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str | None
    asked_at: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """Who uses a browser, and when they were last asked."""

    person_id: str
    asked_at: float


def make(world: World) -> None:
    """The client's secret follows from the seed; the key is made once and outlives even a reset."""
    world.set_fact("oidc.client_secret", hexadecimal(world.seed, "oidc client secret"))
    if not world.fact(KEY_FACT):
        key = RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        world.set_fact(KEY_FACT, key.as_pem(private=True).decode())


def app(world: World) -> App:
    """The console, as registered here."""
    redirect_uri = f"{world.settings.console_url}/oauth2callback"
    return App("oidc", CLIENT_ID, world.fact("oidc.client_secret"), (redirect_uri,))


def signing_key(world: World) -> RSAKey:
    """The key that signs id tokens; its `kid` is its thumbprint."""
    return _load(world.fact(KEY_FACT))


@lru_cache(maxsize=2)
def _load(pem: str) -> RSAKey:
    key = RSAKey.import_key(pem, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key


def new_code(world: World, grant: Grant, expires_at: float) -> str:
    """A code for one exchange."""
    code = opaque(world.seed, f"oidc code {world.count('oidc code')}")
    world.db.execute(
        "insert into oidc_code values (?, ?, ?, ?, ?, ?, ?, ?, null)",
        (code, *astuple(grant), expires_at),
    )
    return code


def use_code(world: World, code: str, now: float) -> Grant | None:
    """Spend a code. A second use gets nothing, and takes back what the first one gave (RFC 6749 4.1.2)."""
    row = world.db.execute("select * from oidc_code where code = ?", (code,)).fetchone()
    if row is None or row["expires_at"] <= now:
        return None
    if row["used_at"] is not None:
        world.db.execute("delete from oidc_token where code = ?", (code,))
        return None
    world.db.execute("update oidc_code set used_at = ? where code = ?", (now, code))
    return Grant(*(row[each.name] for each in fields(Grant)))


def new_token(world: World, code: str, grant: Grant, expires_at: float) -> str:
    """An access token for userinfo."""
    token = opaque(world.seed, f"oidc token {world.count('oidc token')}")
    world.db.execute(
        "insert into oidc_token values (?, ?, ?, ?, ?)", (token, code, grant.person_id, grant.scope, expires_at)
    )
    return token


def find_token(world: World, token: str, now: float) -> sqlite3.Row | None:
    """The access token, while it lives."""
    row: sqlite3.Row | None = world.db.execute(
        "select * from oidc_token where token = ? and expires_at > ?", (token, now)
    ).fetchone()
    return row


def new_session(world: World, session: Session) -> str:
    """Remember a person in a browser."""
    key = opaque(world.seed, f"oidc session {world.count('oidc session')}")
    world.db.execute("insert into oidc_session values (?, ?, ?)", (key, *astuple(session)))
    return key


def find_session(world: World, key: str) -> Session | None:
    """Who a browser's session belongs to."""
    row = world.db.execute("select person_id, asked_at from oidc_session where id = ?", (key,)).fetchone()
    return Session(*row) if row else None


def end_session(world: World, key: str) -> None:
    """Forget a browser's session."""
    world.db.execute("delete from oidc_session where id = ?", (key,))
