"""What this installation is told from outside: the one place that reads the environment.

A setting that can't be used raises `SettingsInvalid`, whose message is one line of at most 200 characters that names
the setting, its value (never a secret's) and the next step.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AnyHttpUrl, AnyUrl, BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis import Redis
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

Program = Literal["web", "worker", "dispatch"]
LOGIN_ROLES: Final[tuple[Program, ...]] = ("web", "worker", "dispatch")

_DERIVED_KEY: Final = "derived-1"
COOKIE_PURPOSE: Final = "console-cookie"  # what the key that signs sign-ins is derived for

# A year: what Postgres can add to a time, and more than anybody can have meant.
_LONGEST_S: Final = 366 * 86_400
Seconds = Annotated[float, Field(gt=0, le=_LONGEST_S)]
SecondsFromZero = Annotated[float, Field(ge=0, le=_LONGEST_S)]
_LABEL: Final = "[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"
_MAIL_ADDRESS: Final = rf"^[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@{_LABEL}(\.{_LABEL})*$"


class SettingsInvalid(ValueError):
    """A setting can't be used as it stands."""


class PublishTimes(BaseSettings):
    """The times of the publishing state machine in seconds (RELIABILITY 9.1, PRODUCT 6 and 7).

    Each is a setting of its own, `MASTHEAD_PUBLISH_<NAME>`, so that a harness can run the same machine faster.
    """

    model_config = SettingsConfigDict(env_prefix="MASTHEAD_PUBLISH_", frozen=True, env_ignore_empty=True)

    # Invisible steps run from 45 minutes before the slot on: time for a large video and several tries, far less than
    # a container lives. What is not longer than `lease_preparing_s` prepares nothing ahead.
    prepare_ahead_s: Seconds = 2700
    lease_queued_s: Seconds = 30
    lease_claimed_s: Seconds = 60
    lease_preparing_s: Seconds = 120
    lease_sending_s: Seconds = 60
    connect_timeout_s: Seconds = 5
    read_timeout_s: Seconds = 30
    send_within_s: Seconds = 10
    first_read_after_s: Seconds = 15
    read_spacing_s: Annotated[tuple[Seconds, ...], NoDecode] = (15, 60, 600)
    late_read_least_s: Seconds = 300
    late_reads_last_s: Seconds = 86_400
    retry_after_s: Annotated[tuple[Seconds, ...], NoDecode] = (5, 15, 60, 300)
    backlog_older_than_s: Seconds = 300
    backlog_spacing_s: Seconds = 60
    twin_spacing_s: Seconds = 60
    tick_s: Annotated[float, Field(gt=0, le=60)] = 1
    drain_budget_s: Seconds = 60
    in_flight: Annotated[int, Field(ge=1, le=16)] = 16
    breaker_window_s: Seconds = 60
    breaker_open_s: Seconds = 30
    breaker_longest_s: Seconds = 900
    breaker_failures: Annotated[int, Field(ge=1)] = 5
    probe_timeout_s: Seconds = 10

    @field_validator("read_spacing_s", "retry_after_s", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.split(",")) if isinstance(value, str) else value


class TokenTimes(BaseSettings):
    """When tokens are renewed and looked at, in seconds, `MASTHEAD_TOKEN_<NAME>`.

    `renew_ahead_s`: before a token's end, and more than the 14 days at which people are told, so that they hear of it
    only where renewing doesn't work; `renew_jitter_s` and `check_jitter_s` spread what was connected at one time.
    `reach_every_s`: how often the accounts of a grant are listed anew, to see whether somebody lost a role.
    """

    model_config = SettingsConfigDict(env_prefix="MASTHEAD_TOKEN_", frozen=True, env_ignore_empty=True)

    renew_ahead_s: Seconds = 16 * 86_400
    renew_jitter_s: SecondsFromZero = 86_400
    renew_at_most_every_s: Seconds = 86_400
    check_every_s: Seconds = 21_600
    check_jitter_s: SecondsFromZero = 3_600
    reach_every_s: Seconds = 86_400
    retry_after_s: Annotated[tuple[Seconds, ...], NoDecode] = (60, 300, 900, 3_600, 21_600)
    lease_s: Seconds = 300
    trial_again_for_s: Seconds = 600

    @field_validator("retry_after_s", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.split(",")) if isinstance(value, str) else value


class SignInTimes(BaseSettings):
    """The times of sign-ins in seconds, `MASTHEAD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="MASTHEAD_", frozen=True, extra="ignore", env_ignore_empty=True)

    fresh_sign_in_s: Seconds = 900


class Settings(BaseSettings):
    """Everything but the providers' own settings; see `provider_environment` for those."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True)

    port: Annotated[int, Field(alias="MASTHEAD_PORT", ge=1024, le=65532)] = 8501
    data: Annotated[Path, Field(alias="MASTHEAD_DATA")] = Path(".data")
    secret_key: Annotated[SecretStr, Field(alias="MASTHEAD_SECRET_KEY", min_length=32)]
    credential_keys: Annotated[SecretStr | None, Field(alias="MASTHEAD_CREDENTIAL_KEYS")] = None
    console_url_setting: Annotated[AnyHttpUrl | None, Field(alias="MASTHEAD_CONSOLE_URL")] = None
    public_url_setting: Annotated[AnyHttpUrl | None, Field(alias="MASTHEAD_PUBLIC_URL")] = None
    storage_url_setting: Annotated[AnyUrl | None, Field(alias="MASTHEAD_STORAGE_URL")] = None
    storage_endpoint: Annotated[AnyHttpUrl | None, Field(alias="MASTHEAD_STORAGE_ENDPOINT")] = None
    storage_region: Annotated[str | None, Field(alias="MASTHEAD_STORAGE_REGION")] = None
    storage_key_id: Annotated[str | None, Field(alias="MASTHEAD_STORAGE_KEY_ID")] = None
    storage_secret: Annotated[SecretStr | None, Field(alias="MASTHEAD_STORAGE_SECRET")] = None
    storage_signs: Annotated[bool, Field(alias="MASTHEAD_STORAGE_SIGNED_ADDRESSES")] = False
    video_max_mb: Annotated[int, Field(alias="MASTHEAD_MEDIA_VIDEO_MAX_MB", ge=10, le=2_000)] = 1024
    media_at_once: Annotated[int, Field(alias="MASTHEAD_MEDIA_AT_ONCE", ge=1, le=16)] = 2
    media_lease_s: Annotated[Seconds, Field(alias="MASTHEAD_MEDIA_LEASE_S")] = 60
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="MASTHEAD_LOG_LEVEL")] = "INFO"

    database_url: Annotated[SecretStr | None, Field(alias="DATABASE_URL")] = None
    database_url_web: Annotated[SecretStr | None, Field(alias="DATABASE_URL_WEB")] = None
    database_url_worker: Annotated[SecretStr | None, Field(alias="DATABASE_URL_WORKER")] = None
    database_url_dispatch: Annotated[SecretStr | None, Field(alias="DATABASE_URL_DISPATCH")] = None
    redis_url: Annotated[SecretStr | None, Field(alias="REDIS_URL")] = None

    smtp_url: Annotated[SecretStr | None, Field(alias="MASTHEAD_SMTP_URL")] = None
    mail_from_setting: Annotated[str | None, Field(alias="MASTHEAD_MAIL_FROM")] = None

    keep_notices_days: Annotated[int, Field(alias="MASTHEAD_KEEP_NOTICES_DAYS", ge=7, le=3650)] = 180

    oidc_metadata_url: Annotated[AnyHttpUrl | None, Field(alias="MASTHEAD_OIDC_METADATA_URL")] = None
    oidc_client_id: Annotated[str, Field(alias="MASTHEAD_OIDC_CLIENT_ID")] = "masthead-console"
    oidc_client_secret: Annotated[SecretStr | None, Field(alias="MASTHEAD_OIDC_CLIENT_SECRET")] = None

    sign_in: SignInTimes = Field(default_factory=SignInTimes)
    publish: PublishTimes = Field(default_factory=PublishTimes)
    tokens: TokenTimes = Field(default_factory=TokenTimes)

    @field_validator("database_url", "database_url_web", "database_url_worker", "database_url_dispatch")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("must start with postgresql://")
        if value and not _can_be_read(value.get_secret_value(), make_url):
            raise ValueError("must be postgresql://user:password@host:port/database")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        if value and not _can_be_read(value.get_secret_value(), _redis_parts):
            raise ValueError("must be redis://:password@host:port/0; a / in a password is written %2F")
        return value

    @field_validator("data")
    @classmethod
    def _data(cls, value: Path) -> Path:
        return _whole_path(value)

    @field_validator("console_url_setting", "public_url_setting")
    @classmethod
    def _origin(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if value and (value.username or value.password or value.query is not None or value.fragment is not None):
            raise ValueError("must be an address without user, query or #, such as https://posts.example.com")
        return value

    @field_validator("console_url_setting")
    @classmethod
    def _at_the_root(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if value and (value.path or "").strip("/"):
            raise ValueError("must end with its host: the console answers at the root of it")
        return value

    @field_validator("mail_from_setting")
    @classmethod
    def _mail_from(cls, value: str | None) -> str | None:
        if value and not (len(value) <= 254 and re.fullmatch(_MAIL_ADDRESS, value)):
            raise ValueError("must be one plain address, such as masthead@example.com")
        return value

    @field_validator(
        "storage_region", "storage_key_id", "storage_secret", "oidc_client_id", "oidc_client_secret", mode="before"
    )
    @classmethod
    def _pasted(cls, value: object) -> object:
        return _without_blanks(value)

    @field_validator("storage_url_setting")
    @classmethod
    def _storage(cls, value: AnyUrl | None) -> AnyUrl | None:
        is_folder = value and value.scheme == "file" and not value.host and (value.path or "").strip("/")
        is_bucket = value and value.scheme == "s3" and value.host and not (value.username or value.port)
        plain = value and value.query is None and value.fragment is None and "%00" not in str(value)
        if value and not (plain and (is_folder or is_bucket)):
            raise ValueError("must start with file:/// and name a folder, or s3:// and name a bucket")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        """`smtp://`, `smtp+starttls://` or `smtps://`, then `user:password@` where it is needed, host and port."""
        if value is not None and not _is_mail_server(value.get_secret_value()):
            raise ValueError("must be smtp://, smtp+starttls:// or smtps://, then user:password@host:port")
        return value

    @cached_property
    def console_url(self) -> str:
        """Origin that people open, without a trailing slash."""
        return str(self.console_url_setting or f"http://localhost:{self.port}").rstrip("/")

    @cached_property
    def mail_from(self) -> str:
        """Address that mail comes from: `masthead@` the console's host unless it is set."""
        return self.mail_from_setting or f"masthead@{urlsplit(self.console_url).hostname}"

    @cached_property
    def ingest_url(self) -> str:
        """Origin of ingest as browsers and networks reach it, without a trailing slash."""
        return str(self.public_url_setting or f"http://localhost:{self.port + 1}").rstrip("/")

    @cached_property
    def storage_url(self) -> str:
        """Where uploaded files are kept: an address for fsspec, without a trailing slash."""
        if self.storage_url_setting is None:
            return f"file://{self.data.absolute() / 'files'}"
        if self.storage_url_setting.scheme == "s3":
            return f"s3://{self.storage_url_setting.host}{unquote(self.storage_url_setting.path or '')}".rstrip("/")
        return f"file://{unquote(self.storage_url_setting.path or '')}".rstrip("/")

    @property
    def largest_video(self) -> int:
        """How many bytes a video may have."""
        return self.video_max_mb << 20

    @property
    def secure_cookies(self) -> bool:
        """True when the console is served over TLS, so that cookies may say Secure."""
        return self.console_url.startswith("https://")

    def callback_url(self, provider: str) -> str:
        """Where a provider sends people back to after their consent; the operator enters it there, to the letter."""
        return f"{self.ingest_url}/oauth/{provider}/callback"

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose, derived from MASTHEAD_SECRET_KEY; the same on every start."""
        secret = self.secret_key.get_secret_value().encode()
        return hmac.digest(secret, f"masthead/1/{purpose}".encode(), hashlib.sha256)

    def role_password(self, program: Program) -> str:
        """Password of the login role `masthead_<program>` where no DATABASE_URL_<PROGRAM> is set."""
        return base64.urlsafe_b64encode(self.derived(f"role/{program}")).decode().rstrip("=")

    def has_own_url(self, program: Program) -> bool:
        """True when DATABASE_URL_<PROGRAM> is set, so that role and password are the operator's business."""
        return getattr(self, f"database_url_{program}") is not None

    def owner_url(self) -> str:
        """SQLAlchemy address of the owner, who migrates; programs never use it. Raises SettingsInvalid if unset."""
        if self.database_url is None:
            raise SettingsInvalid("DATABASE_URL is not set. Use `make run`, which starts its own Postgres, or set it.")
        return _psycopg(self.database_url.get_secret_value())

    def program_url(self, program: Program) -> str:
        """SQLAlchemy address with which a program logs in. Raises SettingsInvalid if it can't be told."""
        own: SecretStr | None = getattr(self, f"database_url_{program}")
        if own is not None:
            return _psycopg(own.get_secret_value())
        own_login = make_url(self.owner_url()).set(username=f"masthead_{program}", password=self.role_password(program))
        return own_login.render_as_string(hide_password=False)

    def queue_url(self) -> str:
        """Address of Redis or Valkey. Raises SettingsInvalid if unset."""
        if self.redis_url is None:
            raise SettingsInvalid("REDIS_URL is not set. Use `make run`, which starts its own Valkey, or set it.")
        return self.redis_url.get_secret_value()

    def concealed(self) -> list[str]:
        """Every secret that this process knows from its environment, in the clear: for logs, which must never say it.

        Passwords inside addresses are given as they stand there and decoded; networks' secrets are what is set as
        PROVIDER_<KEY>_..._SECRET.
        """
        kept = [self.secret_key, self.credential_keys, self.oidc_client_secret, self.storage_secret]
        secrets = [each.get_secret_value() for each in kept if each is not None]
        if self.credential_keys is not None:
            secrets += [part.partition(":")[2].strip() for part in self.credential_keys.get_secret_value().split(",")]
        secrets += [self.role_password(program) for program in LOGIN_ROLES]
        secrets += [self.derived(COOKIE_PURPOSE).hex()]
        addresses = [self.database_url, *(getattr(self, f"database_url_{program}") for program in LOGIN_ROLES)]
        for address in (*addresses, self.redis_url, self.smtp_url):
            secrets += _passwords_in(address.get_secret_value()) if address is not None else []
        secrets += [value.strip() for name, value in os.environ.items() if _is_network_secret(name)]
        return [*dict.fromkeys(each for each in secrets if each)]

    def credential_key_ring(self) -> dict[str, bytes]:
        """Key id -> 32 bytes, newest first: the first wraps, all unwrap.

        MASTHEAD_CREDENTIAL_KEYS is `id:base64,id:base64`. The key `derived-1`, which comes from MASTHEAD_SECRET_KEY, is
        always the last one, so that an installation that began without keys of its own can rotate to them.
        """
        derived = {_DERIVED_KEY: self.derived("credential-key/1")}
        if self.credential_keys is None:
            return derived
        ring: dict[str, bytes] = {}
        for part in self.credential_keys.get_secret_value().split(","):
            key_id, _, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:
                key = b""
            if not key_id or key_id in ring or len(key) != 32:
                raise SettingsInvalid(
                    "MASTHEAD_CREDENTIAL_KEYS must be id:base64 of 32 bytes, with commas, each id once. Mend it."
                )
            ring[key_id] = key
        ring.setdefault(_DERIVED_KEY, derived[_DERIVED_KEY])
        return ring

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises SettingsInvalid with one line of at most 200 characters."""
        loaded = cls.read()
        loaded.credential_key_ring()  # a program with a wrong one would find out at the first token it needs
        return loaded

    @classmethod
    def read(cls) -> Self:
        """As `load`, whatever the keys of tokens look like."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsInvalid(_one_line(error)) from None


def provider_environment(key: str) -> dict[str, str]:
    """A provider's own settings, `PROVIDER_<KEY>_<NAME>` as {name in lower case: value}; its folder validates them.

    An empty value is no value, as everywhere.
    """
    prefix = f"PROVIDER_{key.upper()}_"
    return {
        name.removeprefix(prefix).lower(): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and value.strip()
    }


def misspelled() -> dict[str, str]:
    """Names in the environment that look like settings of ours and are none -> the setting that is nearest, or ""."""
    known = {str(field.alias) for field in Settings.model_fields.values() if field.alias} | _OF_A_HARNESS
    known |= {f"{prefix}{name.upper()}" for cls, prefix in _GROUPS.items() for name in cls.model_fields}
    parts = {name.removeprefix(_OURS): name for name in known}  # what all begin with says nothing of likeness
    looks = [name for name in os.environ if name.startswith((_OURS, "DATABASE_URL", "REDIS_URL"))]
    near = {name: get_close_matches(name.removeprefix(_OURS), parts, n=1, cutoff=0.8) for name in looks}
    return {name: parts[found[0]] if found else "" for name, found in near.items() if name not in known}


def provider_names() -> list[str]:
    """The names of all settings of networks that the environment has."""
    return [name for name, value in os.environ.items() if name.startswith("PROVIDER_") and value.strip()]


def whole_environment() -> dict[str, str]:
    """A copy of this process's environment, for what its children are handed of it."""
    return dict(os.environ)


def data_folder() -> Path:
    """MASTHEAD_DATA, for what must be done before all settings can be read. Raises SettingsInvalid."""
    try:
        return _whole_path(Path(os.environ.get("MASTHEAD_DATA") or ".data"))
    except ValueError as error:
        raise SettingsInvalid(f"MASTHEAD_DATA: {error}. Change or unset it.") from None


def is_set(name: str) -> bool:
    """True when the environment has a value for this name."""
    return bool(os.environ.get(name))


def adopt_whole(values: Mapping[str, str]) -> None:
    """Make these part of the environment of this process and its children, unless people have set any of them.

    All or none: half of one app's settings with half of another's would work for neither.
    """
    if not any(is_set(name) for name in values):
        os.environ.update(values)


class ProviderSettings(BaseModel):
    """What every provider's settings have in common; a provider subclasses it and adds its hosts and version.

    By convention a field that ends in `_url` is a host of the network, the real one by default.
    """

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")

    @field_validator("*", mode="before")
    @classmethod
    def _pasted(cls, value: object) -> object:
        return _without_blanks(value)

    @property
    def configured(self) -> bool:
        """True when the operator has entered an app's id and secret."""
        return bool(self.client_id and self.client_secret.get_secret_value())

    @classmethod
    def towards(cls, stand_in: str, key: str) -> dict[str, str]:
        """The environment that points every host of this provider at a stand-in, where each host is a path prefix."""
        hosts = {name: field.default for name, field in cls.model_fields.items() if name.endswith("_url")}
        return {
            f"PROVIDER_{key.upper()}_{name.upper()}": f"{stand_in}/{urlsplit(host).netloc}"
            for name, host in hosts.items()
        }


def _can_be_read(address: str, read: Callable[[str], object]) -> bool:
    """Whether an address has the form of one. What is wrong is not repeated: it may be a part of the password."""
    try:
        read(address)
    except (ValueError, TypeError, ArgumentError):
        return False
    return True


def _redis_parts(address: str) -> None:
    """Raise ValueError or TypeError where redis-py would, when it connects. A database that is no number it calls 0."""
    parts = urlsplit(address)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d{0,5}", parts.path):
        raise ValueError("no number of a database")
    Redis.from_url(address).connection_pool.make_connection()


def _whole_path(path: Path) -> Path:
    """Only a shell knows whose home a `~` is. Raises ValueError."""
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise ValueError("~ stands for a home only in a shell; write the whole path")
    return path


def _without_blanks(value: object) -> object:
    """What was copied with a blank or a line break around it; no network or store gives out one that has any."""
    return value.strip() if isinstance(value, str) else value


def _is_mail_server(address: str) -> bool:
    """Whether mail can be handed over there. SMTP's sign-in knows ASCII alone (RFC 4954), as sent by Python."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # its own words would repeat what may be a part of the password
        return False
    return (
        parts.scheme in ("smtp", "smtps", "smtp+starttls")
        and re.fullmatch(r"[A-Za-z0-9.:_-]+", host) is not None
        and port != 0
        and not (parts.path.strip("/") or parts.query or parts.fragment)
        and unquote(f"{parts.username}{parts.password}").isascii()
    )


def _is_network_secret(name: str) -> bool:
    return name.startswith("PROVIDER_") and name.endswith("SECRET")


def _passwords_in(address: str) -> list[str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return [address]
    # A slash, # or ? that should have been percent-encoded ends the host early; the password goes to the last @.
    written = address.partition("://")[2].rpartition("@")[0].partition(":")[2]
    passwords = [parts.password or "", written, *parse_qs(parts.query).get("password", [])]
    return [form for each in passwords for form in (each, unquote(each))]


def _psycopg(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme != "postgresql+psycopg" else url


_GROUPS: Final[Mapping[type[BaseSettings], str]] = {
    each: str(each.model_config["env_prefix"]) for each in (PublishTimes, TokenTimes, SignInTimes)
}
# Pydantic names the class; the settings of `Settings` itself are named by their aliases.
_PREFIXES: Final = {each.__name__: prefix for each, prefix in _GROUPS.items()}
_OURS: Final = "MASTHEAD_"
_OF_A_HARNESS: Final = frozenset({"MASTHEAD_CRASH_AT", "MASTHEAD_STOP_AT"})
_SECRET_WORDS: Final = ("SECRET", "KEYS", "DATABASE_URL", "REDIS_URL", "SMTP_URL")


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "A setting"
    prefix = _PREFIXES.get(error.title)
    name = f"{prefix}{name.upper()}" if prefix else name
    given = "" if any(word in name for word in _SECRET_WORDS) else f" ({first['input']!r:.40})"
    if first["type"] == "missing":
        given = ""
    next_step = "Set it to 32 or more random characters." if name == "MASTHEAD_SECRET_KEY" else "Change or unset it."
    return f"{name}{given}: {first['msg']:.90}. {next_step}"[:200]
