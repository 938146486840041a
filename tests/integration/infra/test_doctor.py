"""`masthead doctor`: what is configured, reachable, missing, and the next step for each."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import text

from core import cli, providers
from core.accounts.commands import rotate_keys
from core.cli import findings, findings_of_use
from core.infra import clock, crypto, db
from core.infra.actor import Role
from core.infra.reachable import QueueServer
from core.infra.settings import Settings
from core.publishing import due_rows
from core.publishing.pulse import Ticker
from core.queueing import inspection
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from tests.factories.accounts import make_account
from tests.factories.media import make_media
from tests.factories.organizations import make_actor
from tests.factories.publishing import (
    leave_unclear,
    let_connect_long_ago,
    make_due,
    make_quiet_house,
    tamper,
    use_owner,
)
from tests.fixtures.programs import RunningSandbox, free_ports
from tests.fixtures.servers import SECRET_KEY, Servers

Doctor = Callable[..., tuple[int, dict[str, str]]]


class Discovery(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        document = {name: f"{origin}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        if "complete" in self.path:
            document["issuer"] = origin
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def openid() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Discovery) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def beat(committed_database: db.Database, worker_database: db.Database) -> Callable[..., None]:
    """Let the last look of tickers, by default of all, have been so many seconds ago."""

    def look(ago_s: float, *tickers: Ticker) -> None:
        with worker_database.free_transaction() as session:
            for ticker in tickers or Ticker:
                due_rows.beat(session, ticker)
                session.execute(
                    text(
                        "update masthead.ticker_heartbeat set at = clock_timestamp() - make_interval(secs => :ago)"
                        " where name = :name"
                    ),
                    {"ago": ago_s, "name": ticker},
                )

    return look


@pytest.fixture
def doctor(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    redis_url: str,
    openid: str,
    sandbox: RunningSandbox,
    tmp_path: Path,
) -> Iterator[Doctor]:
    """Ask the doctor about a sound installation, but for what the test changes: exit code, {subject: the rest}."""
    sound = {
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_DATA": str(tmp_path),
        "MASTHEAD_CONSOLE_URL": "https://posts.example.com",
        "MASTHEAD_PUBLIC_URL": "https://posts.example.com",
        "MASTHEAD_OIDC_METADATA_URL": f"{openid}/complete",
        "MASTHEAD_OIDC_CLIENT_SECRET": "a test secret",
        "DATABASE_URL": settings.owner_url(),
        "REDIS_URL": redis_url,
        "MASTHEAD_SMTP_URL": sandbox.get("/_sandbox/world")["smtp_url"],
    } | {
        f"PROVIDER_{key.upper()}_{name}": "a test value"
        for key in providers.providers()
        for name in ("CLIENT_ID", "CLIENT_SECRET")
    }

    def ask(**changed: str) -> tuple[int, dict[str, str]]:
        for name in [name for name in os.environ if name.startswith(("MASTHEAD_", "PROVIDER_", "DATABASE_", "REDIS_"))]:
            monkeypatch.delenv(name)
        for name, value in (sound | changed).items():
            if value:
                monkeypatch.setenv(name, value)
        providers.providers.cache_clear()
        code = cli.main(["doctor"])
        said = capsys.readouterr()
        assert said.err == ""
        found: dict[str, str] = {}
        subject = ""
        for line in said.out.splitlines():
            if line.startswith("         -> "):
                found[subject] += line.removeprefix("        ")
            elif ": " in line:
                state, subject, rest = line[:7].strip(), *line[9:].split(": ", 1)
                found[subject] = f"{found.get(subject, '')} {state} {rest}".lstrip()
        return code, found

    yield ask
    providers.providers.cache_clear()


def test_a_sound_installation_lacks_nothing(doctor: Doctor) -> None:
    code, found = doctor()
    assert {subject: words for subject, words in found.items() if not words.startswith("ok")} == {}
    assert code == 0
    assert found["Login of worker"] == "ok works as masthead_worker"
    assert found["Sending"] == "ok nobody has looked yet, nothing due waits"
    assert "the newest" in found["Schema"]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("smtp://127.0.0.1:{closed}", "ConnectionRefusedError"),
        ("smtps://127.0.0.1:{open}", "SSLError"),
        ("smtp+starttls://127.0.0.1:{open}", "STARTTLS extension not supported"),
        ("smtp://someone:hidden@127.0.0.1:{open}", "SMTP AUTH extension not supported"),
    ],
)
def test_mail_that_can_not_go_out_is_named_with_its_cause(
    doctor: Doctor, sandbox: RunningSandbox, address: str, says: str
) -> None:
    mail_port = sandbox.get("/_sandbox/world")["smtp_url"].rpartition(":")[2]
    code, found = doctor(MASTHEAD_SMTP_URL=address.format(open=mail_port, closed=free_ports(1)[0]))
    assert code == 1
    assert found["Mail"].startswith("MISSING 127.0.0.1:")
    assert says in found["Mail"]
    assert "hidden" not in found["Mail"]


def test_times_that_do_not_fit_together_are_named_as_the_programs_would_name_them(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_PUBLISH_READ_TIMEOUT_S="90")
    assert code == 1
    assert found["Settings"].startswith("MISSING MASTHEAD_PUBLISH_LEASE_SENDING_S (60) must be more than")
    assert found["Login of worker"].startswith("ok")  # all else is looked at all the same


def test_mail_that_is_not_set_up_is_advice(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_SMTP_URL="")
    assert code == 0
    assert found["Mail"].startswith("advice MASTHEAD_SMTP_URL is not set")


def test_a_storage_that_can_not_be_written_is_named(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, found = doctor(MASTHEAD_STORAGE_URL=f"file://{tmp_path}/file/inside")
    assert code == 1
    assert found["Storage"].startswith(f"MISSING {tmp_path}/file/inside can't be written")


@pytest.mark.parametrize(("free_mb", "state"), [(0, "MISSING"), (500, "advice"), (2000, "ok")])
def test_a_storage_that_gets_full_is_named(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, free_mb: int, state: str
) -> None:
    monkeypatch.setattr(findings_of_use.shutil, "disk_usage", lambda _path: SimpleNamespace(free=free_mb << 20))
    assert doctor()[1]["Storage"].startswith(state)


def test_tokens_whose_key_is_not_set_are_counted(
    doctor: Doctor, committed_database: db.Database, worker_database: db.Database
) -> None:
    key = f"of-2027:{base64.b64encode(b'k' * 32).decode()}"
    make_account(make_actor(role=Role.ADMIN))
    crypto.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_CREDENTIAL_KEYS=key))
    db.use(worker_database)
    list(rotate_keys())
    code, found = doctor()
    assert code == 1
    assert re.match(r"MISSING \d stored tokens need key of-2027, which isn't set", found["Keys of tokens"])
    code, found = doctor(MASTHEAD_CREDENTIAL_KEYS=key)
    assert code == 0
    assert found["Keys of tokens"].startswith("ok")


def test_programs_that_stopped_looking_are_advice_and_what_they_leave_waiting_is_trouble(
    doctor: Doctor, beat: Callable[..., None], settings: Settings, committed_database: db.Database
) -> None:
    beat(4)
    assert "Programs" not in doctor()[1]
    assert re.fullmatch(r"ok somebody looked \d+ s ago, nothing due waits", doctor()[1]["Sending"])
    beat(600)
    assert doctor()[1]["Sending"].startswith("advice somebody looked 10 min ago, nothing due waits -> Start Masthead")
    db.use(committed_database)  # the doctor logs in as everybody and leaves nobody logged in
    use_owner(settings.owner_url())
    house = make_quiet_house()
    let_connect_long_ago(house.organization_id)
    make_due(house, ago_s=7_300, window_s=600)
    code, found = doctor()
    assert code == 1
    assert found["Sending"].startswith("MISSING the oldest due post waits for 2 h, somebody looked 10 min ago")


def test_a_post_that_nobody_reads_back_is_trouble_though_the_clock_is_watched(
    doctor: Doctor, beat: Callable[..., None], settings: Settings, worker_database: db.Database
) -> None:
    use_owner(settings.owner_url())
    house = make_quiet_house()
    row = make_due(house)
    leave_unclear(worker_database, house, row.id)
    beat(4)
    assert doctor()[0] == 0
    long_ago = "clock_timestamp() - interval '10 min'"
    tamper(house.organization_id, f"update masthead.attempt set opened_at = {long_ago}")  # noqa: S608 - our own words
    tamper(house.organization_id, f"update masthead.publication set next_action_at = {long_ago}")  # noqa: S608 - ours
    code, found = doctor()
    assert code == 1
    assert found["Sending"].startswith("MISSING the oldest due post waits for 10 min, somebody looked")
    assert "worker-publish" in found["Sending"]


def test_a_backlog_that_is_spaced_is_no_trouble(
    doctor: Doctor, beat: Callable[..., None], settings: Settings, committed_database: db.Database
) -> None:
    use_owner(settings.owner_url())
    house = make_quiet_house()
    let_connect_long_ago(house.organization_id)
    for _ in range(3):
        make_due(house, ago_s=600)
    beat(4)
    assert doctor()[0] == 1
    soon = "clock_timestamp() + interval '10 min'"
    tamper(house.organization_id, f"update masthead.account set next_send_at = {soon}")  # noqa: S608 - our own words
    assert doctor()[0] == 0


def test_a_program_that_does_nothing_is_named_though_posts_go_out_without_it(
    doctor: Doctor, beat: Callable[..., None], client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(4)
    beat(600, Ticker.DISPATCHER)
    code, found = doctor()
    assert code == 0
    assert found["Programs"].startswith("advice the dispatcher did not look for 10 min: scheduler and worker-tick look")
    beat(4)
    beat(600, Ticker.TICK)
    code, found = doctor()
    assert code == 1
    assert found["Programs"].startswith("MISSING scheduler and worker-tick did not look for 10 min: notices, mail,")
    beat(4)
    Hints(client).give(JobName.SEND_MAIL)
    assert "Programs" not in doctor()[1]
    later = clock.now() + timedelta(minutes=4)
    monkeypatch.setattr(inspection, "clock", SimpleNamespace(now=lambda: later))
    code, found = doctor()
    assert code == 1
    assert found["Programs"].startswith("MISSING worker-low has taken up nothing for 4 min: mail, checks ahead, tokens")


def test_where_nothing_runs_or_the_queue_is_away_no_single_program_is_named(
    doctor: Doctor, beat: Callable[..., None], client: redis.Redis
) -> None:
    Hints(client).give(JobName.SEND_MAIL)
    assert "Programs" not in doctor()[1]
    beat(600)
    assert "Programs" not in doctor()[1]
    beat(4, Ticker.DISPATCHER)
    assert "Programs" not in doctor(REDIS_URL=f"redis://127.0.0.1:{free_ports(1)[0]}/0")[1]


def test_an_empty_environment_is_told_everything_that_is_missing(doctor: Doctor) -> None:
    code, found = doctor(
        **dict.fromkeys(("MASTHEAD_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "MASTHEAD_OIDC_METADATA_URL"), "")
    )
    assert code == 1
    missing = {subject for subject, words in found.items() if words.startswith("MISSING")}
    assert missing == {"Settings", "PostgreSQL", "Queue", "Sign-in"}
    assert "`make run`" in found["PostgreSQL"]


def test_programs_with_addresses_of_their_own_need_no_owner(doctor: Doctor, settings: Settings) -> None:
    own = {f"DATABASE_URL_{name.upper()}": settings.program_url(name) for name in ("web", "worker", "dispatch")}
    code, found = doctor(DATABASE_URL="", **own)
    assert code == 0
    assert found["PostgreSQL"].startswith("advice DATABASE_URL is not set")
    assert found["Login of web"] == "ok works as masthead_web"


def test_a_program_that_would_log_in_as_owner_is_named(doctor: Doctor, settings: Settings) -> None:
    code, found = doctor(DATABASE_URL_WEB=settings.owner_url())
    assert code == 1
    assert "owns tables or bypasses row-level security" in found["Login of web"]


def test_a_wrong_password_leads_to_migrate(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_SECRET_KEY="another key, so every derived password is wrong")
    assert code == 1
    assert "password authentication failed" in found["Login of dispatch"]
    assert "Run `masthead migrate`. Where it ran before, MASTHEAD_SECRET_KEY was another" in found["Login of dispatch"]


def test_a_login_of_the_operators_own_that_is_wrong_leads_to_its_setting(doctor: Doctor, settings: Settings) -> None:
    own = settings.program_url("worker").replace(settings.role_password("worker"), "another")
    code, found = doctor(DATABASE_URL_WORKER=own)
    assert code == 1
    assert re.search(r"MISSING 127.0.0.1:\d+: FATAL: password authentication failed", found["Login of worker"])
    assert found["Login of worker"].endswith("Correct DATABASE_URL_WORKER.")


def test_a_database_that_was_never_migrated(doctor: Doctor, servers: Servers, worker_number: int) -> None:
    name = f"{servers.template}_bare_{worker_number}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} owner masthead_owner").format(sql.Identifier(name)))
    try:
        code, found = doctor(DATABASE_URL=servers.owner_url(name))
    finally:
        servers.drop(name)
    assert code == 1
    assert found["Schema"].startswith("MISSING is at nothing, the newest is ")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([], "may not create a schema here -> As a superuser: grant create on database"),
        (
            ["alter database {database} owner to {role}"],
            "may not hand functions to masthead_claim -> As a superuser: grant",
        ),
    ],
)
def test_an_owner_who_could_not_migrate_is_told_the_statement_that_helps(
    doctor: Doctor, servers: Servers, settings: Settings, worker_number: int, statements: list[str], words: str
) -> None:
    weak, database = f"weak_owner_{worker_number}", settings.owner_url().rpartition("/")[2]
    names = {"role": sql.Identifier(weak), "database": sql.Identifier(database)}
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {role} login password 'a-test'").format(**names))
        try:
            for statement in ["grant masthead_owner to {role}", *statements]:
                connection.execute(sql.SQL(statement).format(**names))
            connection.execute(sql.SQL("revoke masthead_owner from {role}").format(**names))
            host = servers.superuser_url.rpartition("@")[2].partition("/")[0]
            code, found = doctor(DATABASE_URL=f"postgresql://{weak}:a-test@{host}/{database}")
        finally:
            connection.execute(sql.SQL("alter database {database} owner to masthead_owner").format(**names))
            connection.execute(sql.SQL("drop role {role}").format(**names))
    assert code == 1
    assert words in found["Owner"]


def test_a_postgres_that_is_too_old(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "OLDEST_POSTGRES", 990000)
    code, found = doctor()
    assert code == 1
    assert "is too old -> Use PostgreSQL 15 or newer." in found["PostgreSQL"]


def test_a_data_folder_that_can_not_be_written(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    may = os.access  # root may write anywhere
    monkeypatch.setattr(os, "access", lambda path, mode, **how: path != tmp_path and may(path, mode, **how))
    code, found = doctor()
    assert code == 1
    assert found["Data folder"].endswith("Let this user write there, or set MASTHEAD_DATA.")


def test_a_provider_whose_settings_can_not_be_used(doctor: Doctor) -> None:
    code, found = doctor(PROVIDER_META_GRAPH_URL="ftp://graph")
    assert code == 1
    assert "PROVIDER_META_GRAPH_URL" in found["Networks"]


def test_a_superuser_as_owner_is_advised_against(doctor: Doctor, servers: Servers, settings: Settings) -> None:
    database = settings.owner_url().rpartition("/")[2]
    code, found = doctor(DATABASE_URL=psycopg_url(servers.superuser_url, database))
    assert code == 0
    assert "is a superuser" in found["Owner"]


def test_servers_that_do_not_answer(doctor: Doctor) -> None:
    closed = free_ports(1)[0]
    code, found = doctor(
        DATABASE_URL=f"postgresql://o:hidden@127.0.0.1:{closed}/x",
        REDIS_URL=f"redis://:hidden@127.0.0.1:{closed}/0",
        MASTHEAD_OIDC_METADATA_URL=f"http://127.0.0.1:{closed}/",
    )
    assert code == 1
    for subject in ("PostgreSQL", "Queue", "Sign-in"):
        assert found[subject].startswith("MISSING")
    for program in ("web", "worker", "dispatch"):
        assert found[f"Login of {program}"].endswith("-> Start that server or correct DATABASE_URL.")
    assert "hidden" not in str(found)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (
            QueueServer("Redis", "7.0", "allkeys-lru", True),
            1,
            "may throw jobs away (allkeys-lru) -> Set maxmemory-policy",
        ),
        (QueueServer("Redis", "7.0", "noeviction", False), 0, "keeps nothing on disk -> Set appendonly yes"),
        (QueueServer("Redis", "7.0", "", True), 0, "ok Redis 7.0 at redis://127.0.0.1"),
    ],
)
def test_a_queue_that_forgets(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, answer: QueueServer, code: int, words: str
) -> None:
    monkeypatch.setattr(findings, "queue_server", lambda _settings: answer)
    asked = doctor()
    assert asked[0] == code
    assert words in asked[1]["Queue"]


def test_a_discovery_document_with_holes(doctor: Doctor, openid: str) -> None:
    code, found = doctor(MASTHEAD_OIDC_METADATA_URL=f"{openid}/holes")
    assert code == 1
    assert "lacks issuer" in found["Sign-in"]


def test_no_network_configured(doctor: Doctor) -> None:
    code, found = doctor(**{f"PROVIDER_{key.upper()}_CLIENT_ID": "" for key in providers.providers()})
    assert code == 1
    for key, provider in providers.providers().items():
        assert f"Set PROVIDER_{key.upper()}_CLIENT_ID and _CLIENT_SECRET" in found[provider.title]
        assert f"core/providers/{providers.folder(key)}/README.md" in found[provider.title]


def test_one_configured_network_is_enough(doctor: Doctor) -> None:
    others = {f"PROVIDER_{key.upper()}_CLIENT_ID": "" for key in providers.providers() if key != "linkedin_member"}
    code, found = doctor(**others)
    assert code == 0
    assert found[providers.provider("linkedin_member").title] == "ok configured"
    assert found[providers.provider("linkedin").title].startswith("advice no app is configured")


def test_addresses_that_only_this_machine_reaches_are_pointed_out(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_CONSOLE_URL="http://192.168.1.7:8501", MASTHEAD_PUBLIC_URL="http://192.168.1.7:8502")
    assert code == 0
    assert found["Console"].startswith("advice http://192.168.1.7:8501 is not encrypted")
    assert found["Public address"].startswith("advice networks can't fetch images from this machine")


@pytest.mark.parametrize("public", ["", "https://files.example.com", "http://posts.example.com"])
def test_addresses_between_which_no_sign_in_goes_are_told(doctor: Doctor, public: str) -> None:
    code, found = doctor(MASTHEAD_PUBLIC_URL=public)
    assert code == 1
    assert "share no sign-in: nothing can be connected or uploaded" in found["Addresses"]
    assert ("MASTHEAD_PUBLIC_URL is not set" in found["Addresses"]) == (public == "")


def test_clocks_that_differ_are_told(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
    code, found = doctor()
    assert code == 1
    assert re.match(r"MISSING this machine's and PostgreSQL's differ by 3,\d{3} s -> Let the clocks", found["Clock"])


def test_a_standby_that_commits_do_not_wait_for_is_advice(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Standby" not in doctor()[1]
    monkeypatch.setattr(findings, "_standbys_behind", lambda _connection: ["north", "south"])
    code, found = doctor()
    assert code == 0
    assert found["Standby"].startswith("advice north, south may lack what was committed last")
    assert "synchronous_standby_names" in found["Standby"]


def test_a_store_of_objects_that_is_set_up_in_vain_is_advice(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_STORAGE_ENDPOINT="https://store.example.com", MASTHEAD_STORAGE_KEY_ID="key")
    assert code == 0
    assert "advice a store of objects is set up, and files are kept in a folder all the same" in found["Storage"]


def test_a_sandbox_fetches_images_from_wherever_this_machine_is(doctor: Doctor) -> None:
    alone = {f"PROVIDER_{key.upper()}_CLIENT_ID": "" for key in providers.providers() if key != "meta"}
    sandbox = {"PROVIDER_META_GRAPH_URL": "http://localhost:8503/graph.facebook.com"}
    _, found = doctor(MASTHEAD_PUBLIC_URL="", **alone, **sandbox)
    assert found["Public address"].startswith("ok http://localhost:8502, which is enough")
    _, found = doctor(MASTHEAD_PUBLIC_URL="", **alone)
    assert found["Public address"].startswith("advice MASTHEAD_PUBLIC_URL is not set, so networks can't fetch images")
    assert "Set MASTHEAD_PUBLIC_URL to an https:// address" in found["Public address"]


def test_a_setting_that_can_not_be_used_is_a_finding_too(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_PORT="eighty")
    assert code == 1
    assert "MASTHEAD_PORT ('eighty')" in found["Settings"]


def test_programs_that_are_older_than_the_schema_are_advice(
    doctor: Doctor, servers: Servers, settings: Settings
) -> None:
    other = f"{servers.template}_newer"
    servers.copy_template(other)
    try:
        with psycopg.connect(servers.owner_url(other), autocommit=True) as connection:
            connection.execute("update masthead.alembic_version set version_num = '9999'")
        code, found = doctor(DATABASE_URL=servers.owner_url(other))
    finally:
        servers.drop(other)
    assert code == 0
    assert found["Schema"].startswith("advice is at 9999; this Masthead is older")
    assert "Update Masthead here" in found["Schema"]


def test_files_that_are_not_in_the_storage_that_is_set_are_counted(
    doctor: Doctor, committed_database: db.Database, kept_files: Path, tmp_path: Path
) -> None:
    actor = make_actor(role=Role.ADMIN)
    for _ in range(3):
        make_media(actor)
    db.use(None)
    code, found = doctor(MASTHEAD_STORAGE_URL=f"file://{kept_files}")
    assert code == 0
    assert found["Files"] == "ok the newest 3 are in the storage"
    code, found = doctor(MASTHEAD_STORAGE_URL=f"file://{tmp_path}/moved")
    assert code == 1
    assert found["Files"].startswith("MISSING 3 of 3 files that were looked for are not in file://")
    assert "Let MASTHEAD_STORAGE_URL name the place they were kept in" in found["Files"]


def test_what_is_no_setting_is_named_with_the_one_that_was_meant(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_STORAGE_URI="s3://files", PROVIDER_METTA_CLIENT_ID="12")
    assert code == 0
    assert "advice MASTHEAD_STORAGE_URI is not a setting -> Set MASTHEAD_STORAGE_URL instead" in found["Settings"]
    assert "advice PROVIDER_METTA_CLIENT_ID is not a setting of any network" in found["Networks"]
    assert "LINKEDIN, META" in found["Networks"]


def test_without_a_secret_key_no_login_is_called_wrong(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_SECRET_KEY="")
    assert code == 1
    assert {subject for subject, words in found.items() if words.startswith("MISSING")} == {"Settings"}
    assert found["Settings"].endswith("Set it to 32 or more random characters.")


def test_keys_of_tokens_that_can_not_be_used_make_no_login_wrong(doctor: Doctor) -> None:
    code, found = doctor(MASTHEAD_CREDENTIAL_KEYS="nonsense")
    assert code == 1
    assert {subject for subject, words in found.items() if words.startswith("MISSING")} == {
        "Settings",
        "Keys of tokens",
    }


def test_programs_in_different_databases_are_told(doctor: Doctor, servers: Servers, settings: Settings) -> None:
    other = f"{servers.template}_other"
    servers.copy_template(other)
    try:
        code, found = doctor(DATABASE_URL_WORKER=psycopg_url(settings.program_url("worker"), other))
    finally:
        servers.drop(other)
    assert code == 1
    assert found["Logins"].startswith(
        "MISSING the programs web and worker and dispatch don't work in the same database"
    )


def psycopg_url(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"
