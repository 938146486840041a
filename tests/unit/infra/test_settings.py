"""Settings: what is derived, what is refused and in which words, and that no secret is repeated."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.infra import settings as environment
from core.infra.settings import ProviderSettings, Settings, SettingsInvalid

KEY = "a key for tests alone, 32 characters or more"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTHEAD_PORT", "MASTHEAD_DATA", "MASTHEAD_CONSOLE_URL", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", KEY)


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refused:
        Settings.load()
    line = str(refused.value)
    assert len(line) <= 200
    assert "\n" not in line
    return line


def test_only_the_secret_key_is_needed() -> None:
    settings = Settings.load()
    assert (settings.port, settings.data) == (8501, Path(".data"))
    assert settings.console_url == "http://localhost:8501"
    assert settings.ingest_url == "http://localhost:8502"
    assert not settings.secure_cookies


def test_files_are_kept_in_the_data_folder_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASTHEAD_DATA", str(tmp_path))
    assert Settings.load().storage_url == f"file://{tmp_path}/files"
    monkeypatch.setenv("MASTHEAD_STORAGE_URL", f"file://{tmp_path}/our files/")
    assert Settings.load().storage_url == f"file://{tmp_path}/our files"


def test_without_a_secret_key_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASTHEAD_SECRET_KEY")
    with pytest.raises(SettingsInvalid, match=r"MASTHEAD_SECRET_KEY: .*Set it to 32 or more random characters\."):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MASTHEAD_PORT", "80"),
        ("MASTHEAD_PORT", "65534"),
        ("MASTHEAD_CONSOLE_URL", "posts.example.com"),
        ("MASTHEAD_LOG_LEVEL", "LOUD"),
        ("MASTHEAD_STORAGE_URL", "s3:///files"),
        ("MASTHEAD_STORAGE_URL", "s3://key:secret@bucket/files"),
        ("MASTHEAD_STORAGE_URL", "gs://bucket/files"),
        ("MASTHEAD_STORAGE_ENDPOINT", "store.example.com"),
        ("MASTHEAD_MEDIA_VIDEO_MAX_MB", "3000"),
        ("MASTHEAD_STORAGE_URL", "file://elsewhere/files"),
        ("MASTHEAD_STORAGE_URL", "file:///"),
        ("MASTHEAD_STORAGE_URL", "file:/files#2"),
        ("MASTHEAD_STORAGE_URL", "file:/files%00"),
        ("MASTHEAD_MAIL_FROM", "Masthead <posts@northwind.example>"),
        ("MASTHEAD_MAIL_FROM", "posts@northwind..example"),
        ("MASTHEAD_MAIL_FROM", ".posts@northwind.example"),
        ("MASTHEAD_MAIL_FROM", "posts@-"),
        ("MASTHEAD_KEEP_NOTICES_DAYS", "6"),
        ("MASTHEAD_KEEP_NOTICES_DAYS", "for ever"),
        ("MASTHEAD_PUBLISH_TICK_S", "1 s"),
        ("MASTHEAD_PUBLISH_TICK_S", "3600"),
        ("MASTHEAD_PUBLISH_LEASE_SENDING_S", "inf"),
        ("MASTHEAD_PUBLISH_LEASE_SENDING_S", "1e30"),
        ("MASTHEAD_PUBLISH_READ_SPACING_S", "15;60"),
        ("MASTHEAD_TOKEN_RENEW_JITTER_S", "-1"),
        ("MASTHEAD_TOKEN_RENEW_AHEAD_S", "16 days"),
        ("MASTHEAD_MEDIA_LEASE_S", "inf"),
        ("MASTHEAD_FRESH_SIGN_IN_S", "nan"),
        ("MASTHEAD_CONSOLE_URL", "https://posts.example.com?x=1"),
        ("MASTHEAD_CONSOLE_URL", "https://example.com/posts"),
        ("MASTHEAD_PUBLIC_URL", "https://posts.example.com/#top"),
        ("MASTHEAD_DATA", "~/masthead"),
        ("MASTHEAD_PORT", "x" * 500),
    ],
)
def test_a_setting_that_can_not_be_used_is_named_with_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    line = refusal(monkeypatch, name, value)
    assert line.startswith(f"{name} ('{value[:30]}")
    assert line.endswith("Change or unset it.")


def test_the_folder_that_is_needed_first_is_refused_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTHEAD_DATA", "~/masthead")
    with pytest.raises(SettingsInvalid, match=r"MASTHEAD_DATA: ~ stands for a home only in a shell"):
        environment.data_folder()


def test_a_list_of_which_one_part_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "MASTHEAD_PUBLISH_READ_SPACING_S", "15,0").startswith(
        "MASTHEAD_PUBLISH_READ_SPACING_S ('0'): "
    )


@pytest.mark.parametrize("query", ["nonsense=1", "socket_timeout=soon"])
def test_what_the_library_for_redis_would_stumble_over_later_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    assert refusal(monkeypatch, "REDIS_URL", f"redis://queue:6379/0?{query}").startswith("REDIS_URL: Value error, must")


def test_a_queue_whose_database_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "REDIS_URL", "redis://queue:6379/staging").startswith("REDIS_URL: Value error, must")


@pytest.mark.parametrize("address", ["redis://queue", "rediss://:word@queue:6380/3", "unix:///run/valkey.sock?db=2"])
def test_a_queue_with_a_plain_address_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("REDIS_URL", address)
    assert Settings.load().queue_url() == address


def test_keys_of_tokens_that_can_not_be_used_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    line = refusal(monkeypatch, "MASTHEAD_CREDENTIAL_KEYS", "a:hidden")
    assert line.startswith("MASTHEAD_CREDENTIAL_KEYS must be id:base64 of 32 bytes")
    assert "hidden" not in line


def test_a_password_in_the_address_that_people_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "without user" in refusal(monkeypatch, "MASTHEAD_CONSOLE_URL", "https://maya:word@posts.example.com")


def test_an_address_for_mail_that_is_none_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "MASTHEAD_MAIL_FROM", "me").endswith(
        "must be one plain address, such as masthead@example.com. Change or unset it."
    )


def test_blanks_that_were_copied_with_a_secret_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTHEAD_OIDC_CLIENT_SECRET", " of-the-sign-in\n")
    monkeypatch.setenv("MASTHEAD_STORAGE_KEY_ID", "key ")
    settings = Settings.load()
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.get_secret_value() == "of-the-sign-in"
    assert settings.storage_key_id == "key"
    app = ProviderSettings.model_validate({"client_id": " 12", "client_secret": "of-a-network\n"})
    assert (app.client_id, app.client_secret.get_secret_value()) == ("12", "of-a-network")
    assert not ProviderSettings.model_validate({"client_id": " ", "client_secret": " "}).configured


def test_a_name_that_is_no_setting_is_told_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTHEAD_STORAGE_URI", "s3://files")
    monkeypatch.setenv("MASTHEAD_PUBLISH_TICK", "1")
    monkeypatch.setenv("MASTHEAD_COLOUR", "red")
    monkeypatch.setenv("MASTHEAD_PUBLISH_TICK_S", "1")
    found = environment.misspelled()
    assert found["MASTHEAD_STORAGE_URI"] == "MASTHEAD_STORAGE_URL"
    assert found["MASTHEAD_PUBLISH_TICK"] == "MASTHEAD_PUBLISH_TICK_S"
    assert found["MASTHEAD_COLOUR"] == ""
    assert not {"MASTHEAD_PUBLISH_TICK_S", "MASTHEAD_SECRET_KEY"} & found.keys()


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_WEB", "REDIS_URL", "MASTHEAD_SECRET_KEY"])
def test_a_secret_that_can_not_be_used_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert "hidden" not in refusal(monkeypatch, name, "mysql://o:hidden@x")


@pytest.mark.parametrize("host", ["db:hidden", "[::hidden", "db:99hidden"])
@pytest.mark.parametrize(("name", "scheme"), [("DATABASE_URL", "postgresql"), ("REDIS_URL", "redis")])
def test_an_address_without_form_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, scheme: str, host: str
) -> None:
    line = refusal(monkeypatch, name, f"{scheme}://someone:word@{host}/0")
    assert line.startswith(f"{name}: Value error, must be {scheme}://")
    assert "hidden" not in line


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("MASTHEAD_PORT", "")
    assert Settings.load().database_url is None
    assert not environment.is_set("DATABASE_URL")


def test_programs_log_in_by_derived_passwords_that_stay_the_same() -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=KEY, DATABASE_URL="postgres://o:pw@db.internal:5433/posts")
    web, worker = settings.program_url("web"), settings.program_url("worker")
    assert web.startswith("postgresql+psycopg://masthead_web:")
    assert web.endswith("@db.internal:5433/posts")
    assert web == Settings(MASTHEAD_SECRET_KEY=KEY, DATABASE_URL="postgresql://x:y@db.internal:5433/posts").program_url(
        "web"
    )
    assert settings.role_password("web") != settings.role_password("worker")
    assert "pw" not in worker.partition("@")[0].rpartition(":")[0]


def test_a_programs_own_address_comes_first() -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=KEY, DATABASE_URL_WORKER="postgresql://w:pw@db/posts")
    assert settings.program_url("worker") == "postgresql+psycopg://w:pw@db/posts"
    assert settings.has_own_url("worker")
    with pytest.raises(SettingsInvalid, match="DATABASE_URL is not set"):
        settings.program_url("web")


def test_programs_log_in_where_an_owner_does_whose_password_was_not_encoded() -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=KEY, DATABASE_URL="postgresql://o:p/w@db/posts")
    assert settings.program_url("web").endswith(f":{settings.role_password('web')}@db/posts")


def test_an_address_that_is_not_set_is_missed_in_words() -> None:
    with pytest.raises(SettingsInvalid, match="REDIS_URL is not set"):
        Settings(MASTHEAD_SECRET_KEY=KEY).queue_url()


def test_the_key_ring_comes_from_the_secret_key_or_is_given_newest_first() -> None:
    derived = Settings(MASTHEAD_SECRET_KEY=KEY).credential_key_ring()
    assert [(name, len(key)) for name, key in derived.items()] == [("derived-1", 32)]
    newer, older = (base64.b64encode(bytes([number]) * 32).decode() for number in (2, 1))
    given = Settings(MASTHEAD_SECRET_KEY=KEY, MASTHEAD_CREDENTIAL_KEYS=f"b:{newer}, a:{older}").credential_key_ring()
    assert list(given.items()) == [("b", b"\2" * 32), ("a", b"\1" * 32), *derived.items()]


@pytest.mark.parametrize(
    "ring",
    [
        "a",
        "a:short",
        f"a:{'YWFh' * 10}YWE=,a:{'YWFh' * 10}YWE=",
        ":YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
        "a:%%%",
    ],
)
def test_a_key_ring_that_can_not_be_used_is_refused(ring: str) -> None:
    with pytest.raises(SettingsInvalid, match="MASTHEAD_CREDENTIAL_KEYS must be id:base64"):
        Settings(MASTHEAD_SECRET_KEY=KEY, MASTHEAD_CREDENTIAL_KEYS=ring).credential_key_ring()


def test_the_times_of_publishing_are_settings_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTHEAD_PUBLISH_LEASE_QUEUED_S", "0.6")
    monkeypatch.setenv("MASTHEAD_PUBLISH_READ_SPACING_S", "0.3,1.2,12")
    times = Settings.load().publish
    assert times.lease_queued_s == 0.6
    assert times.read_spacing_s == (0.3, 1.2, 12)
    assert times.retry_after_s == (5, 15, 60, 300)


def test_settings_do_not_change_and_do_not_show_secrets() -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=KEY, DATABASE_URL="postgresql://o:hidden@db/x")
    assert KEY not in repr(settings)
    assert "hidden" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_every_secret_of_the_environment_is_concealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_NET_CLIENT_SECRET", "of-a-network")
    monkeypatch.setenv("PROVIDER_NET_WEBHOOK_SECRET", "of-its-webhooks")
    monkeypatch.setenv("PROVIDER_NET_CLIENT_ID", "no secret at all")
    settings = Settings(
        MASTHEAD_SECRET_KEY=KEY,
        MASTHEAD_CREDENTIAL_KEYS="b:bmV3ZXI=, a:b2xkZXI=",
        MASTHEAD_OIDC_CLIENT_SECRET="of-the-sign-in",
        DATABASE_URL="postgresql://owner:of%2Fowner@db/x",
        DATABASE_URL_WEB="postgresql://web:of/web@db/x",
        DATABASE_URL_WORKER="postgresql://worker:of-worker@db/x",
        DATABASE_URL_DISPATCH="postgresql://db/x?user=dispatch&password=of-dispatch",
        REDIS_URL="rediss://:of-redis@queue:6379/0",
        MASTHEAD_SMTP_URL="smtps://masthead:of%2Dmail@mail.example:465",
    )
    assert set(settings.concealed()) == {
        *(KEY, "b:bmV3ZXI=, a:b2xkZXI=", "bmV3ZXI=", "b2xkZXI=", "of-the-sign-in", "of-a-network", "of-its-webhooks"),
        *("of%2Fowner", "of/owner", "of/web", "of-worker", "of-dispatch", "of-redis", "of%2Dmail", "of-mail"),
        *(settings.role_password(program) for program in environment.LOGIN_ROLES),
        settings.derived("console-cookie").hex(),
    }


def test_addresses_without_a_password_conceal_nothing() -> None:
    given = {"DATABASE_URL": "postgresql://db.internal:5432/x", "REDIS_URL": "unix:///run/valkey.sock"}
    bare, with_addresses = Settings(MASTHEAD_SECRET_KEY=KEY), Settings(MASTHEAD_SECRET_KEY=KEY, **given)
    assert with_addresses.concealed() == bare.concealed()


@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_mail_has_an_address_of_a_known_kind(scheme: str) -> None:
    settings = Settings(MASTHEAD_SECRET_KEY=KEY, MASTHEAD_SMTP_URL=f"{scheme}://someone:word@mail.example:587")
    assert settings.smtp_url is not None
    assert "word" not in repr(settings)


@pytest.mark.parametrize(
    "address",
    [
        *("mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:0", "smtp://mail..example"),
        *("smtp://someone:mail.example/word@host", "smtp://host/mail.example", "smtp://host?mail.example"),
        *("smtp://mail.example mail.example", "smtp://someone:w%C3%B6rd@mail.example"),
    ],
)
def test_another_address_for_mail_is_refused_without_saying_it(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", KEY)
    monkeypatch.setenv("MASTHEAD_SMTP_URL", address)
    with pytest.raises(SettingsInvalid) as refused:
        Settings.load()
    assert str(refused.value).startswith("MASTHEAD_SMTP_URL: ")
    assert "mail.example" not in str(refused.value)


def test_programs_with_addresses_of_their_own_need_no_owner() -> None:
    settings = Settings(
        MASTHEAD_SECRET_KEY=KEY,
        **{f"DATABASE_URL_{role.upper()}": f"postgresql://{role}:p@db/x" for role in environment.LOGIN_ROLES},
    )
    assert [settings.program_url(role) for role in environment.LOGIN_ROLES] == [
        f"postgresql+psycopg://{role}:p@db/x" for role in environment.LOGIN_ROLES
    ]


def test_a_providers_hosts_can_be_pointed_at_a_stand_in() -> None:
    class Network(ProviderSettings):
        api_url: str = "https://api.network.example/v2"
        version: str = "v2"

    assert Network.towards("http://localhost:8503", "net") == {
        "PROVIDER_NET_API_URL": "http://localhost:8503/api.network.example"
    }
    assert not Network().configured


def test_a_providers_settings_are_found_by_their_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_NET_CLIENT_ID", "1")
    monkeypatch.setenv("PROVIDER_OTHER_CLIENT_ID", "2")
    monkeypatch.setenv("PROVIDER_NET_VERSION", "")
    assert environment.provider_environment("net") == {"client_id": "1"}
    assert {"PROVIDER_NET_CLIENT_ID", "PROVIDER_OTHER_CLIENT_ID"} <= {*environment.provider_names()}
