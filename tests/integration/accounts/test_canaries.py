"""Every kind of secret x every place where something is kept or shown: none is found anywhere.

The secrets are the real ones of one whole story (invitation, sign-in, consent, choice, reading, a failure, disconnect;
at LinkedIn a renewal too, and one that is refused), caught where they pass; the places are read whole, the database by
a superuser whom no policy holds back. In each place something that has to be there is looked for too, so that an empty
dump can't pass.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import psycopg
import pytest
import redis

from core import providers
from core.accounts import commands, queries
from core.accounts.access import access_for
from core.accounts.connecting import code_verifier
from core.accounts.tending import tend_due
from core.infra import db, logs
from core.infra.actor import Role
from core.infra.settings import LOGIN_ROLES, Settings, TokenTimes
from core.organizations import commands as organizations
from core.organizations.cookie import COOKIE
from core.provider_kit.errors import ReconnectNeeded
from core.provider_kit.http import Answer, Http
from core.provider_kit.port import Provider
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from tests.factories.publishing import acting_as
from tests.factories.tower import make_due
from tests.fixtures.programs import RunningSandbox
from tests.fixtures.servers import Servers
from tests.integration.accounts.conftest import MakePerson, use_provider
from tests.integration.accounts.people import app_of, cookie_value, query_of
from tests.integration.accounts.test_linkedin import OF_PAGES, PAGE, grant, listing
from tests.integration.accounts.test_linkedin import connect as connect_linkedin
from tests.integration.accounts.test_oauth_abuse import WithPkce
from tests.integration.accounts.test_reconnecting import connect
from tests.providers.linkedin.test_contract import SECRET as LINKEDIN_SECRET
from tests.providers.linkedin.test_contract import linkedin
from tests.providers.scripted import answer, scripted

KINDS = (
    "access token",
    "page token",
    "refresh token",
    "app secret",
    "code",
    "state",
    "PKCE verifier",
    "session cookie",
    "master key",
    "role password",
    "invitation token",
)
FIRST_REFRESH, NEXT_REFRESH = "AQR-the-refresh-token-that-is-used", "AQR-the-refresh-token-that-follows"
SINKS = ("Postgres dump", "Valkey", "DEBUG logs", "HTML", "error page", "job payload")


@dataclass
class Story:
    """The secrets that were used, and what was kept or shown, by kind and place."""

    secrets: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    sinks: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def story(
    committed_database: db.Database,
    worker_database: db.Database,
    new_person: MakePerson,
    installation: Settings,
    sandbox: RunningSandbox,
    servers: Servers,
    provider: Provider,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Story:
    told = Story()
    _watch_tokens(told, monkeypatch)
    use_provider(monkeypatch, replace(provider, oauth=WithPkce(provider.oauth)))
    monkeypatch.setenv("PROVIDER_META_CLIENT_SECRET", app_of(sandbox)["client_secret"])
    told.secrets["app secret"] = {app_of(sandbox)["client_secret"]}
    told.secrets["master key"] = {
        installation.secret_key.get_secret_value(),
        *(_text_forms(key) for key in installation.credential_key_ring().values()),
        *(_text_forms(installation.derived(purpose)) for purpose in ("console-cookie", "connect-pkce")),
    }
    told.secrets["role password"] = {installation.role_password(role) for role in LOGIN_ROLES}

    with _debug_logs(installation) as lines:
        pages, errors = _play(told, new_person, installation, monkeypatch, provider)
        pages += _play_at_linkedin(told, new_person, installation, monkeypatch, worker_database)
        with redis.Redis.from_url(redis_url) as queue:
            dumps = []
            for job in JobName:
                queue.flushdb()
                Hints(queue).give(job)
                dumps.append(_dump_of_valkey(queue))
            told.sinks["Valkey"], told.sinks["job payload"] = map("\n".join, zip(*dumps, strict=True))
        told.sinks["Postgres dump"] = _dump_of_postgres(servers, installation)
    told.sinks["DEBUG logs"] = lines.getvalue()
    told.sinks["HTML"], told.sinks["error page"] = "\n".join(pages), "\n".join(errors)
    return told


def test_no_secret_is_found_in_any_place(story: Story) -> None:
    assert all(story.secrets[kind] for kind in KINDS), "every kind was caught"
    assert story.secrets["refresh token"] == {FIRST_REFRESH, NEXT_REFRESH}, "the one that was used and its follower"
    assert set(story.sinks) == set(SINKS)
    hits = {
        (kind, sink): secret[:6]
        for kind in KINDS
        for secret in story.secrets[kind]
        for sink in SINKS
        if any(form in story.sinks[sink] for form in _forms(secret))
    }
    assert hits == {}

    # What has to be there is there, so the places were read whole.
    for sink, words in {
        "Postgres dump": (
            *("Northwind Coffee", "connect.refused", "provider_user_id", "credential", "console_session"),
            *("\trefresh\t", "token.renewed", "token.renewal_failed", "token.renewal_refused", "expired or revoked"),
        ),
        "Valkey": ("rq:queue:low",),
        "job payload": (JobName.REVOKE_OVERDUE_CHOICES.value, JobName.DRAIN.value),
        "DEBUG logs": (
            *("connect_refused", "request_failed", "insert into", '"level": "DEBUG"', "me/accounts"),
            *("oauth/v2/accessToken", "grant_renewal_refused"),
        ),
        "HTML": ("Nothing was connected", "used already"),
        "error page": ("That went wrong",),
    }.items():
        for word in words:
            assert word.lower() in story.sinks[sink].lower(), f"{word} is missing in {sink}"


def test_a_secret_that_was_there_would_be_found() -> None:
    """The search itself: it knows a secret in every dress in which one of these places would wear it."""
    secret = "AQB/x+y=0123 456789"
    for dress in (
        secret,
        quote(secret, safe=""),
        secret.encode().hex(),
        base64.b64encode(secret.encode()).decode(),
        json.dumps(secret),
    ):
        assert any(form in f"before {dress} after" for form in _forms(secret))


def _play(
    told: Story, new_person: MakePerson, installation: Settings, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> tuple[list[str], list[str]]:
    """The story; returns the pages that ingest showed, and its error pages for bugs."""
    maya = new_person()
    link = organizations.invite(maya.actor, uuid.uuid4(), "new@people.example", Role.EDITOR).link_path
    told.secrets["invitation token"] = set(parse_qs(urlsplit(link).query)["invitation"])
    told.secrets["session cookie"] = {cookie_value(maya.sign_in, installation)}
    for token in told.secrets["session cookie"]:
        maya.ingest.set_cookie(COOKIE, token, domain="localhost")

    answers = [maya.get(f"/nowhere{link[1:]}")]
    dialog = maya.start()
    callbacks = [maya.answer_of_facebook(dialog), maya.answer_of_facebook(maya.start(), cancel=True), maya.consent()]
    for address in callbacks:
        told.secrets["state"].add(query_of(address)["state"])
        told.secrets["code"] |= {query_of(address)["code"]} if "code" in query_of(address) else set()
    told.secrets["PKCE verifier"] = {code_verifier(state) for state in told.secrets["state"]}
    answers += [maya.get(callbacks[0]), maya.get(callbacks[0]), maya.get(callbacks[1])]

    connected = connect(maya, ["Northwind Coffee"])
    with db.transaction(maya.actor) as session:
        access = access_for(session, connected.account_ids[0], "corr-1")
    logging.getLogger("a.sender").debug("access %r and %s", access, access.token, extra={"access": access})
    with pytest.raises(ReconnectNeeded):
        provider.oauth.accounts(type(access.token)("EAAmadeuptokenofnobody"))

    class Leaks:
        uses_pkce = True
        scopes = provider.oauth.scopes

        def exchange(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> Any:
            """A bug at its worst: an exception that says everything it knows."""
            raise RuntimeError(
                f"GET /oauth/access_token?code={code}&code_verifier={code_verifier}&client_secret={app} failed,"
                f" access_token={access.token.get_secret_value()}"
            )

    app = next(iter(told.secrets["app secret"]))
    use_provider(monkeypatch, replace(provider, oauth=Leaks()))
    broken = maya.get(callbacks[2])
    assert broken.status_code == 500
    use_provider(monkeypatch, provider)
    commands.disconnect(maya.actor, uuid.uuid4(), account_id=connected.account_ids[0])
    maya.connect()
    assert queries.accounts(maya.actor)
    return [answer.text for answer in answers], [broken.text]


def _play_at_linkedin(
    told: Story,
    new_person: MakePerson,
    installation: Settings,
    monkeypatch: pytest.MonkeyPatch,
    worker: db.Database,
) -> list[str]:
    """A consent, its renewal, and one that is refused by a network that repeats what it was sent."""
    ada = new_person()
    told.secrets["session cookie"].add(cookie_value(ada.sign_in, installation))
    told.secrets["app secret"].add(LINKEDIN_SECRET)
    with scripted() as network:
        both = linkedin(network.url)
        monkeypatch.setattr(providers, "providers", lambda: both)
        account_id = connect_linkedin(ada, network, "linkedin", "AQX-the-first-grant", PAGE, refresh=FIRST_REFRESH)
        connection_id = queries.account(ada.actor, account_id).connection_id
        with acting_as(worker):
            network.say(grant("AQX-the-renewed-grant", OF_PAGES, NEXT_REFRESH), *listing(OF_PAGES), *listing(OF_PAGES))
            make_due(ada.actor, connection_id, renewal=True)
            assert tend_due(1, within_s=60, times=TokenTimes()) == 1
            network.forget()
            echo = f"The provided authorization grant or refresh token is invalid, expired or revoked: {NEXT_REFRESH}"
            for error in ("invalid_grant", "invalid_request"):  # a code that Masthead doesn't know, and LinkedIn's own
                network.otherwise = answer(400, {"error": error, "error_description": echo})
                make_due(ada.actor, connection_id, renewal=True)
                assert tend_due(1, within_s=60, times=TokenTimes()) == 1
        return [ada.get("/oauth/linkedin/callback?error=access_denied&state=nothing").text]


def _watch_tokens(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catch every token in what the network answers."""
    send = Http.send

    def watched(self: Http, *positional: Any, **named: Any) -> Answer:
        answer = send(self, *positional, **named)
        body = json.loads(answer.body) if answer.body[:1] == b"{" else {}
        if isinstance(body.get("access_token"), str):
            told.secrets["access token"].add(body["access_token"])
        if isinstance(body.get("refresh_token"), str):
            told.secrets["refresh token"].add(body["refresh_token"])
        for page in body.get("data") or [] if isinstance(body.get("data"), list) else []:
            if "access_token" in page:
                told.secrets["page token"].add(page["access_token"])
        return answer

    monkeypatch.setattr(Http, "send", watched)


@contextmanager
def _debug_logs(settings: Settings) -> Iterator[io.StringIO]:
    """Log as ingest does, at DEBUG, into a string."""
    stream = io.StringIO()
    logs.configure("ingest", "DEBUG", secrets=settings.concealed(), stream=stream)
    logging.getLogger("sqlalchemy.engine").setLevel("DEBUG")
    try:
        yield stream
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)


def _dump_of_postgres(servers: Servers, settings: Settings) -> str:
    """Every row of every table, as COPY writes it; row-level security holds for everybody but a superuser."""
    name = settings.owner_url().rpartition("/")[2]
    parts: list[str] = []
    with psycopg.connect(psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=name)) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'masthead'").fetchall()
        for (table,) in tables:
            statement = psycopg.sql.SQL("copy {} to stdout with (header)").format(
                psycopg.sql.Identifier("masthead", table)
            )
            with connection.cursor().copy(statement) as rows:
                parts += [table, *(bytes(block).decode() for block in rows)]
    return "\n".join(parts)


def _dump_of_valkey(client: redis.Redis) -> tuple[str, str]:
    """Every key with its value, and of these the jobs alone."""
    everything, jobs = [], []
    for key in client.scan_iter():
        kind = client.type(key)
        value: Any = {
            b"hash": client.hgetall,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            b"string": client.get,
        }[kind](key)
        line = f"{key.decode()} {_readable(value)}"
        everything.append(line)
        if key.startswith(b"rq:job:"):
            jobs.append(line)
    return "\n".join(everything), "\n".join(jobs)


def _readable(value: Any) -> str:
    """RQ packs payloads with zlib; what can be unpacked is shown unpacked too."""
    shown = str(value)
    for each in value.values() if isinstance(value, dict) else []:
        try:
            shown += zlib.decompress(each).decode(errors="replace")
        except zlib.error:
            continue
    return shown


def _text_forms(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _forms(secret: str) -> set[str]:
    """A secret as text, in an address, in JSON, as hex and in base64; a key also as the bytes behind its base64."""
    raw = secret.encode()
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], raw.hex()}
    forms |= {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    try:
        key = base64.b64decode(secret, validate=True)
    except ValueError:
        return forms
    if len(key) == 32:
        forms |= {key.hex(), base64.urlsafe_b64encode(key).decode().rstrip("=")}
    return forms
