"""What the doctor looks at: each check yields what it found, in words, with the next step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from core.infra import clock, db, revisions
from core.infra.addresses import is_private
from core.infra.answering import database_is_away
from core.infra.migrate import CLAIM_ROLE, OLDEST_POSTGRES, current_revision
from core.infra.reachable import database_words, queue_server, without_password
from core.infra.settings import LOGIN_ROLES, Program, Settings, SettingsInvalid, misspelled, provider_names

_CLOCKS_APART_S = 60.0
_MIGRATE = "Run `masthead migrate`."
_KEY_OR_MIGRATE = (
    "Run `masthead migrate`. Where it ran before, MASTHEAD_SECRET_KEY was another: set that one, unless it was changed"
    " on purpose."
)
_WHICH_DATABASE = text(
    "select pg_postmaster_start_time() || ' ' || oid from pg_database where datname = current_database()"
)


class State(Enum):
    """How grave a finding is."""

    GOOD = 1
    ADVICE = 2
    MISSING = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: State
    words: str
    next_step: str = ""


@contextmanager
def logged_in(settings: Settings, program: Program) -> Iterator[db.Database]:
    """The database as a program sees it. Raises SettingsInvalid, and DBAPIError at the first statement."""
    engine = db.make_engine(settings.program_url(program), pool_size=1, application="masthead-doctor")
    try:
        yield db.Database(engine)
    finally:
        engine.dispose()


def misspelled_findings() -> Iterator[Finding]:
    """What was set in vain, because no program reads it."""
    for name, nearest in sorted(misspelled().items()):
        step = (
            f"Set {nearest} instead, or unset it."
            if nearest
            else "Unset it; docs/operating.md says where all settings stand."
        )
        yield Finding("Settings", State.ADVICE, f"{name:.60} is not a setting", step)


def data_folder_findings(settings: Settings) -> Iterator[Finding]:
    """Can programs keep their files?"""
    folder = settings.data.absolute()
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(nearest, os.W_OK):
        step = "Let this user write there, or set MASTHEAD_DATA."
        yield Finding("Data folder", State.MISSING, f"{folder} can't be written", step)
        return
    free = shutil.disk_usage(nearest).free >> 20
    state = State.GOOD if free > 1024 else State.ADVICE
    yield Finding("Data folder", state, f"{folder}, {free:,} MB free", "" if state is State.GOOD else "Make room.")


def postgres_findings(settings: Settings, *, has_key: bool = True) -> Iterator[Finding]:
    """The owner's database: server, privileges, schema; then whether each program can log in, and to the same.

    Without a secret key nobody can tell the passwords that derive from it.
    """
    if settings.database_url is None:
        on_their_own = all(settings.has_own_url(program) for program in LOGIN_ROLES)
        step = "Set it to the owner's address for `masthead migrate`; `make run` starts a PostgreSQL of its own."
        yield Finding("PostgreSQL", State.ADVICE if on_their_own else State.MISSING, "DATABASE_URL is not set", step)
    else:
        yield from _database_findings(settings)
    databases: dict[str, str] = {}
    for program in LOGIN_ROLES:
        if settings.has_own_url(program) or (settings.database_url is not None and has_key):
            yield _login_finding(settings, program, databases)
    if len(set(databases.values())) > 1:
        words = f"the programs {' and '.join(databases)} don't work in the same database"
        yield Finding("Logins", State.MISSING, words, "Let all DATABASE_URL_<PROGRAM> name one server and database.")


def _database_findings(settings: Settings) -> Iterator[Finding]:
    try:
        connect_args = {"connect_timeout": 5, **db.NOTICES_SILENCE}
        engine = create_engine(settings.owner_url(), poolclass=NullPool, connect_args=connect_args)
        with engine.connect() as connection:
            yield from _server_findings(connection, without_password(settings.owner_url()))
            yield from _owner_findings(connection)
            yield from _schema_findings(connection)
    except DBAPIError as error:
        words = f"DATABASE_URL does not let us in: {database_words(error)}"
        yield Finding("PostgreSQL", State.MISSING, words, "Start that server or correct DATABASE_URL.")


def queue_findings(settings: Settings) -> Iterator[Finding]:
    """Redis or Valkey: hints may be lost, but must never be evicted."""
    try:
        server = queue_server(settings)
    except SettingsInvalid as problem:
        yield Finding("Queue", State.MISSING, str(problem))
        return
    name = f"{server.product} {server.version} at {without_password(settings.queue_url())}"
    if server.policy not in ("", "noeviction"):
        step = "Set maxmemory-policy to noeviction: a queue that is evicted delays every post."
        yield Finding("Queue", State.MISSING, f"{name} may throw jobs away ({server.policy})", step)
    elif not server.append_only:
        step = "Set appendonly yes; without it a restart of the server delays what was queued."
        yield Finding("Queue", State.ADVICE, f"{name} keeps nothing on disk", step)
    else:
        yield Finding("Queue", State.GOOD, name)


def sign_in_findings(settings: Settings) -> Iterator[Finding]:
    """The OpenID provider, by asking for its discovery document."""
    address = str(settings.oidc_metadata_url or "")
    if not address or settings.oidc_client_secret is None:
        step = "Set MASTHEAD_OIDC_METADATA_URL, MASTHEAD_OIDC_CLIENT_ID and MASTHEAD_OIDC_CLIENT_SECRET."
        yield Finding("Sign-in", State.MISSING, "no OpenID provider is configured", step)
        return
    try:
        document = httpx.get(address, timeout=5, follow_redirects=True).raise_for_status().json()
        missing = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"} - set(document)
    except (httpx.HTTPError, ValueError, TypeError) as error:
        step = "Correct MASTHEAD_OIDC_METADATA_URL; it ends in /.well-known/openid-configuration."
        yield Finding("Sign-in", State.MISSING, f"{address} gives no discovery document ({error})", step)
        return
    if missing:
        words = f"the document at {address} lacks {', '.join(sorted(missing))}"
        yield Finding("Sign-in", State.MISSING, words, "Ask whoever runs that OpenID provider.")
    else:
        step = f"The provider must allow the redirect address {settings.console_url}/oauth2callback."
        yield Finding("Sign-in", State.GOOD, f"{document['issuer']} as {settings.oidc_client_id}", step)


def provider_findings() -> Iterator[Finding]:
    """Which networks' apps are configured. One is enough; none means nothing can be connected."""
    try:
        registry = import_module("core.providers")
        providers = registry.providers()
    except SettingsInvalid as problem:
        yield Finding("Networks", State.MISSING, str(problem))
        return
    for name in sorted(provider_names()):
        if registry.folder(name.removeprefix("PROVIDER_").lower()) is None:
            step = f"A network's settings begin with PROVIDER_ and one of {', '.join(registry.folders()).upper()}."
            yield Finding("Networks", State.ADVICE, f"{name:.60} is not a setting of any network", step)
    any_configured = any(each.configured for each in providers.values())
    for key, each in sorted(providers.items()):
        if each.configured:
            words = "configured; it points at a sandbox" if each.points_elsewhere else "configured"
            yield Finding(each.title, State.GOOD, words)
        else:
            readme = f"core/providers/{registry.folder(key)}/README.md"
            step = f"Set PROVIDER_{key.upper()}_CLIENT_ID and _CLIENT_SECRET; {readme} says how."
            yield Finding(each.title, State.ADVICE if any_configured else State.MISSING, "no app is configured", step)


def address_findings(settings: Settings) -> Iterator[Finding]:
    """Whether browsers are asked over TLS, and whether the networks can fetch files from here."""
    if settings.secure_cookies:
        yield Finding("Console", State.GOOD, settings.console_url)
    else:
        step = "In production set MASTHEAD_CONSOLE_URL to the https:// address that people open."
        yield Finding("Console", State.ADVICE, f"{settings.console_url} is not encrypted", step)
    yield from _sign_in_reaches_ingest(settings)
    yield _public_address_finding(settings)


def _sign_in_reaches_ingest(settings: Settings) -> Iterator[Finding]:
    """Ingest reads the console's cookie, which browsers give to that host alone, and over TLS where it came by TLS."""
    console, ingest = urlsplit(settings.console_url), urlsplit(settings.ingest_url)
    if console.hostname == ingest.hostname and (console.scheme == "http" or ingest.scheme == "https"):
        return
    unset = " (MASTHEAD_PUBLIC_URL is not set)" if settings.public_url_setting is None else ""
    addresses = f"{settings.console_url} and {settings.ingest_url}{unset}"
    words = f"{addresses} share no sign-in: nothing can be connected or uploaded"
    step = "Give MASTHEAD_CONSOLE_URL and MASTHEAD_PUBLIC_URL one host, both with https:// or both without."
    yield Finding("Addresses", State.MISSING, words, step)


def _public_address_finding(settings: Settings) -> Finding:
    """Networks fetch images from this address; a sandbox on this machine reaches any."""
    subject, address = "Public address", settings.ingest_url
    if not is_private(urlsplit(address).hostname or ""):
        return Finding(subject, State.GOOD, address)
    if not _speaks_to_real_networks():
        return Finding(subject, State.GOOD, f"{address}, which is enough while no real network is connected")
    unset = "MASTHEAD_PUBLIC_URL is not set, so " if settings.public_url_setting is None else ""
    step = "Set MASTHEAD_PUBLIC_URL to an https:// address that the internet reaches; text posts work without."
    words = f"{unset}networks can't fetch images from this machine: {address} can't be reached from outside"
    return Finding(subject, State.ADVICE, words, step)


def _speaks_to_real_networks() -> bool:
    try:
        found = import_module("core.providers").providers().values()
    except SettingsInvalid:
        return True
    return not any(each.configured for each in found) or any(
        each.configured and not each.points_elsewhere for each in found
    )


def _server_findings(connection: Connection, address: str) -> Iterator[Finding]:
    version = int(connection.exec_driver_sql("show server_version_num").scalar_one())
    words = f"{version // 10000}.{version % 10000} at {address}"
    if version < OLDEST_POSTGRES:
        yield Finding("PostgreSQL", State.MISSING, f"{words} is too old", "Use PostgreSQL 15 or newer.")
    else:
        yield Finding("PostgreSQL", State.GOOD, words)
    there = connection.exec_driver_sql("select clock_timestamp()").scalar_one()
    apart = abs((clock.now() - there).total_seconds())
    if apart > _CLOCKS_APART_S:
        step = "Let the clocks of both machines be set by NTP."
        yield Finding("Clock", State.MISSING, f"this machine's and PostgreSQL's differ by {apart:,.0f} s", step)
    if behind := _standbys_behind(connection):
        words = f"{', '.join(behind)} may lack what was committed last: after it takes over, a post may go out twice"
        step = "Name it in synchronous_standby_names, or run `masthead restored` after a takeover."
        yield Finding("Standby", State.ADVICE, words, step)


def _standbys_behind(connection: Connection) -> list[str]:
    """Standbys that commits don't wait for; empty where this role may not see (`pg_read_all_stats`)."""
    query = (
        "select distinct coalesce(nullif(application_name, ''), 'a standby') from pg_stat_replication"
        " where state in ('streaming', 'catchup') and sync_state = 'async' and application_name <> 'pg_receivewal'"
        " order by 1"
    )
    return list(connection.exec_driver_sql(query).scalars())


def _owner_findings(connection: Connection) -> Iterator[Finding]:
    """What `masthead migrate` will need of the role in DATABASE_URL."""
    row = connection.exec_driver_sql(
        "select current_user, rolsuper, rolcreaterole, has_database_privilege(current_database(), 'create'),"
        " exists (select 1 from pg_roles where rolname = %s) from pg_roles where rolname = current_user",
        (CLAIM_ROLE,),
    ).one()
    name, is_superuser, may_make_roles, may_create, claim_exists = row
    if not may_create:
        step = f"As a superuser: grant create on database ... to {name}."
        yield Finding("Owner", State.MISSING, f"{name} may not create a schema here", step)
    if not (claim_exists or may_make_roles or is_superuser):
        step = f"As a superuser: alter role {name} createrole."
        yield Finding("Owner", State.MISSING, f"{name} may not make the programs' roles", step)
    if claim_exists and not _may_become_claim_role(connection):
        step = f"As a superuser: grant {CLAIM_ROLE} to {name}."
        yield Finding("Owner", State.MISSING, f"{name} may not hand functions to {CLAIM_ROLE}", step)
    if is_superuser:
        step = "Use an ordinary role that owns the database and has CREATEROLE."
        yield Finding("Owner", State.ADVICE, f"{name} is a superuser", step)


def _may_become_claim_role(connection: Connection) -> bool:
    version = int(connection.exec_driver_sql("show server_version_num").scalar_one())
    kind = "SET" if version >= 160000 else "MEMBER"
    return bool(connection.exec_driver_sql("select pg_has_role(%s, %s)", (CLAIM_ROLE, kind)).scalar_one())


def _schema_findings(connection: Connection) -> Iterator[Finding]:
    newest = revisions.newest()
    try:
        has = current_revision(connection)
    except DBAPIError as error:
        yield Finding("Schema", State.MISSING, database_words(error), "Let DATABASE_URL name the owner of the schema.")
        return
    if has == newest:
        yield Finding("Schema", State.GOOD, f"revision {newest}, the newest")
    elif has and has not in revisions.known():
        step = "Update Masthead here to the version that migrated this database, or to a newer one."
        yield Finding("Schema", State.ADVICE, f"is at {has:.20}; this Masthead is older and knows {newest}", step)
    else:
        yield Finding("Schema", State.MISSING, f"is at {has or 'nothing'}, the newest is {newest}", _MIGRATE)


def _login_finding(settings: Settings, program: Program, databases: dict[str, str]) -> Finding:
    """Whether it can log in; what tells the database that it is in from others goes into `databases`."""
    subject = f"Login of {program}"
    try:
        with logged_in(settings, program) as database:
            database.refuse_owner()
            with database.free_transaction() as session:
                databases[program] = session.execute(_WHICH_DATABASE).scalar_one()
    except SettingsInvalid as problem:
        return Finding(subject, State.MISSING, str(problem))
    except DBAPIError as error:
        return Finding(subject, State.MISSING, database_words(error), _login_step(settings, program, error))
    return Finding(subject, State.GOOD, f"works as {urlsplit(settings.program_url(program)).username}")


def _login_step(settings: Settings, program: Program, error: DBAPIError) -> str:
    """A server that answers refuses a login with FATAL; of one that doesn't, no key and no role is to blame."""
    name = f"DATABASE_URL_{program.upper()}" if settings.has_own_url(program) else "DATABASE_URL"
    if database_is_away(error) and "FATAL" not in str(error.orig):
        return f"Start that server or correct {name}."
    return f"Correct {name}." if settings.has_own_url(program) else _KEY_OR_MIGRATE
