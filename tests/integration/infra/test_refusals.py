"""What an operator can mend ends with exit code 2 and one line: setting, value, next step; never a traceback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from core import cli, providers
from core.cli import commands
from core.infra import data_folder, migrate, reachable, revisions
from core.infra.settings import Settings
from tests.fixtures.programs import free_ports
from tests.fixtures.servers import SECRET_KEY, Servers

Refused = Callable[..., str]


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings, tmp_path: Path
) -> Refused:
    """Run a command in a sound environment but for what the test changes; gives the one line it refuses with."""
    sound = {
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_DATA": str(tmp_path),
        "MASTHEAD_PORT": str(free_row_of_ports()),
        "DATABASE_URL": settings.owner_url(),
        "REDIS_URL": settings.queue_url(),
    }

    def run(*arguments: str, **changed: str) -> str:
        for name, value in (sound | changed).items():
            monkeypatch.setenv(name, value)
        assert cli.main(arguments) == 2
        said = capsys.readouterr()
        line = said.err.rstrip("\n")
        assert "\n" not in line
        assert len(line) <= 200
        assert "Traceback" not in said.err + said.out
        return line

    return run


def free_row_of_ports() -> int:
    """A port whose two followers are free as well."""
    return next(port for port in free_ports(20) if all(reachable.port_is_free(port + step) for step in range(3)))


@pytest.fixture
def spare(servers: Servers, worker_number: int) -> Iterator[str]:
    """The owner's address of a database of the test's own, migrated."""
    name = f"{servers.template}_spare_{worker_number}"
    servers.copy_template(name)
    yield servers.owner_url(name)
    servers.drop(name)


@pytest.fixture
def closed_port() -> int:
    return free_ports(1)[0]


def test_a_setting_that_is_no_number(refused: Refused) -> None:
    assert refused("migrate", MASTHEAD_PORT="eighty") == (
        "masthead: MASTHEAD_PORT ('eighty'): Input should be a valid integer, unable to parse string as an integer."
        " Change or unset it."
    )


def test_a_secret_key_that_is_too_short_is_not_repeated(refused: Refused) -> None:
    line = refused("migrate", MASTHEAD_SECRET_KEY="short-and-private")
    assert "MASTHEAD_SECRET_KEY" in line
    assert "short-and-private" not in line
    assert line.endswith("Set it to 32 or more random characters.")


def test_a_database_url_of_another_kind(refused: Refused) -> None:
    line = refused("migrate", DATABASE_URL="mysql://owner:hidden@db/masthead")
    assert "DATABASE_URL: Value error, must start with postgresql://" in line
    assert "hidden" not in line


def test_no_database_url(refused: Refused) -> None:
    assert refused("migrate", DATABASE_URL="").startswith("masthead: DATABASE_URL is not set. Use `make run`")


def test_only_one_of_the_two_servers_given(refused: Refused) -> None:
    assert "DATABASE_URL is set alone" in refused("run", "--embedded", REDIS_URL="")


def test_what_a_single_program_would_refuse_starts_none(refused: Refused) -> None:
    line = refused("run", MASTHEAD_PUBLISH_READ_TIMEOUT_S="90")
    assert line.startswith("masthead: MASTHEAD_PUBLISH_LEASE_SENDING_S (60) must be more than SEND_WITHIN_S +")
    providers.providers.cache_clear()
    line = refused("run", MASTHEAD_PUBLISH_READ_TIMEOUT_S="30", PROVIDER_META_NONSENSE="1")
    assert line == ("masthead: PROVIDER_META_NONSENSE ('1'): is not a setting of this provider. Change or unset it.")


def test_a_postgres_that_does_not_answer(refused: Refused, closed_port: int) -> None:
    line = refused("migrate", DATABASE_URL=f"postgresql://o:hidden@127.0.0.1:{closed_port}/masthead")
    assert "DATABASE_URL" in line
    assert str(closed_port) in line
    assert line.endswith("`masthead doctor` says more.")
    assert "hidden" not in line


def test_a_postgres_that_is_too_old(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "OLDEST_POSTGRES", 990000)
    assert "Masthead needs 15 or newer. Upgrade it or name another." in refused("migrate")


def test_a_redis_that_does_not_answer(refused: Refused, closed_port: int) -> None:
    line = refused("run", REDIS_URL=f"redis://:hidden@127.0.0.1:{closed_port}/0")
    assert line.startswith("masthead: REDIS_URL: ")
    assert line.endswith("Start that server or correct the setting.")
    assert "hidden" not in line


@pytest.mark.parametrize("product", ["_OLDEST_REDIS", "_OLDEST_VALKEY"])
def test_a_redis_that_is_too_old(refused: Refused, monkeypatch: pytest.MonkeyPatch, product: str) -> None:
    for each in ("_OLDEST_REDIS", "_OLDEST_VALKEY"):
        monkeypatch.setattr(reachable, each, (99, 0))
    assert "Masthead needs 99.0 or newer. Upgrade it." in refused("run")


@pytest.mark.parametrize(("step", "arguments"), [(0, ()), (1, ()), (2, ("--with-sandbox",))])
def test_a_port_that_is_taken(refused: Refused, step: int, arguments: tuple[str, ...]) -> None:
    first = free_row_of_ports()
    with socket.create_server(("127.0.0.1", first + step)):
        line = refused("run", *arguments, MASTHEAD_PORT=str(first))
    assert f"MASTHEAD_PORT ({first}): port {first + step} is taken by another program." in line


def test_a_full_disk(refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data_folder.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1024))
    line = refused("run", "--embedded", MASTHEAD_SECRET_KEY="")
    assert (
        line == f"masthead: The disk of MASTHEAD_DATA ({str(tmp_path)[:80]}) is full. Free 200 MB or set MASTHEAD_DATA."
    )


def test_a_data_folder_that_is_a_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refused("run", "--embedded", MASTHEAD_DATA=str(tmp_path / "file"))
    assert "file exists. Mend it or set MASTHEAD_DATA." in line


def test_a_time_zone_that_does_not_exist(refused: Refused) -> None:
    line = refused("init", "--name", "Northwind", "--email", "maya@northwind.example", "--zone", "Europe/Berlim")
    assert "--zone 'Europe/Berlim' is no time zone. Give a name such as Europe/Berlin." in line


def test_a_login_that_can_not_get_in(refused: Refused, closed_port: int) -> None:
    line = refused(
        "init",
        "--name",
        "N",
        "--email",
        "m@n.example",
        DATABASE_URL_WEB=f"postgresql://w:hidden@127.0.0.1:{closed_port}/x",
    )
    assert "DATABASE_URL_WEB" in line
    assert "hidden" not in line


@pytest.mark.parametrize("there_is", ["nothing", "something older"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("init", "--name", "N", "--email", "m@n.example"),
        ("account", "release", "--network", "facebook", "--id", "1"),
        ("keys", "status"),
        ("keys", "rotate"),
        ("verify", "--account", "1"),
    ],
)
def test_a_schema_that_is_too_old_leads_to_migrate(
    refused: Refused, spare: str, there_is: str, arguments: tuple[str, ...]
) -> None:
    with psycopg.connect(spare, autocommit=True) as connection:
        if there_is == "nothing":
            connection.execute("drop schema masthead cascade")
        else:
            connection.execute("update masthead.alembic_version set version_num = %s", (revisions.known()[-2],))
    line = refused(*arguments, DATABASE_URL=spare)
    assert line.endswith("Run `masthead migrate`.")


def test_a_schema_that_is_newer_is_migrated_by_no_older_version(refused: Refused, spare: str) -> None:
    with psycopg.connect(spare, autocommit=True) as connection:
        connection.execute("update masthead.alembic_version set version_num = '9999'")
    line = refused("migrate", DATABASE_URL=spare)
    assert "DATABASE_URL: this database is at revision 9999" in line
    assert line.endswith("Install the version that migrated it, or a newer one.")


def test_a_database_that_lacks_something_is_told_in_a_line(refused: Refused, spare: str) -> None:
    with psycopg.connect(spare, autocommit=True) as connection:
        connection.execute("drop function masthead.organizations_after")
    line = refused("keys", "status", DATABASE_URL=spare)
    assert "Postgres: function masthead.organizations_after" in line
    assert line.endswith("`masthead doctor` says more.")


@pytest.mark.parametrize("content", [None, "web: python -m 'console", b"\xff\xfe: 1"])
def test_a_procfile_that_can_not_be_read(refused: Refused, tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        (tmp_path / "Procfile").write_bytes(content.encode() if isinstance(content, str) else content)
    line = refused("run", "--procfile", str(tmp_path / "Procfile"))
    assert "Procfile" in line


def test_a_long_message_is_cut_to_one_line() -> None:
    line = commands.one_line(ValueError("two\nlines " + "long " * 100))
    assert line.startswith("two lines long")
    assert len(line) <= 190
