"""Whether a server or a program answers, and whether it is new enough.

The servers' checks raise SettingsInvalid with the setting, its trouble and the next step; the doctor prints the same
words that a start refuses with.
"""

from __future__ import annotations

import http.client
import re
import secrets
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import DBAPIError

from core.infra.settings import Settings, SettingsInvalid

LOOPBACK: Final = "127.0.0.1"  # `localhost` may not resolve on a bare machine
_PORTS: Final = range(20_000, 32_000)  # below what the kernel hands out for outgoing connections
_OLDEST_REDIS: Final = (6, 2)
_OLDEST_VALKEY: Final = (7, 2)
_CONNECTION: Final = re.compile(r'^connection failed: connection to server at "([^"]+)", port (\d+) failed: ')


@dataclass(frozen=True, slots=True)
class QueueServer:
    """What Redis or Valkey says of itself; a policy that may not be asked for is empty."""

    product: str
    version: str
    policy: str
    append_only: bool


def queue_server(settings: Settings) -> QueueServer:
    """Ask REDIS_URL who it is. Raises SettingsInvalid when it doesn't answer or is too old."""
    client = asked_once(settings.queue_url())
    try:
        info = client.info()
        policy = _policy(client)
    except (redis.RedisError, OSError) as error:
        raise SettingsInvalid(
            f"REDIS_URL: {_one_line(error):.110}. Start that server or correct the setting."
        ) from None
    finally:
        client.close()
    valkey = info.get("valkey_version")
    product, version, oldest = (
        ("Valkey", str(valkey), _OLDEST_VALKEY) if valkey else ("Redis", str(info["redis_version"]), _OLDEST_REDIS)
    )
    if _as_numbers(version) < oldest:
        needed = ".".join(map(str, oldest))
        raise SettingsInvalid(f"REDIS_URL: this is {product} {version}; Masthead needs {needed} or newer. Upgrade it.")
    return QueueServer(product, version, policy, bool(info.get("aof_enabled")))


def asked_once(url: str) -> redis.Redis:
    """A client that says at once whether the server answers; by default it would try for seconds."""
    return redis.Redis.from_url(url, socket_connect_timeout=5, decode_responses=True, retry=Retry(NoBackoff(), 0))


def database_words(error: DBAPIError) -> str:
    """What Postgres, or the way to it, said: its first line, which holds no password, without what a driver adds."""
    said = " ".join(_one_line(error.orig or error).split())
    return _CONNECTION.sub(r"\1:\2: ", said)


def program_answers(port: int, path: str) -> bool:
    """True when a program of ours answers 200 on loopback, asked by the name that people use."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_is_free(port: int) -> bool:
    """True when nobody listens on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """A port of loopback that nobody listens on, chosen at random so that two who ask at once don't get the same."""
    return next(port for port in secrets.SystemRandom().sample(_PORTS, len(_PORTS)) if port_is_free(port))


def without_password(url: str) -> str:
    """An address fit to be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _policy(client: redis.Redis) -> str:
    try:
        answer = client.config_get("maxmemory-policy")
    except redis.ResponseError:  # hosted servers forbid CONFIG
        return ""
    return str(answer.get("maxmemory-policy", ""))


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _one_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0].rstrip(".")
