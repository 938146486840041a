"""Clients of Redis or Valkey, with time limits that suit what they are for."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_HINT_TIMEOUT_S = 2


def for_hints(url: str) -> Redis:
    """A client whose calls fail at once or within 2 s: a hint that can't be given now is given later."""
    return Redis.from_url(
        url,
        socket_timeout=_HINT_TIMEOUT_S,
        socket_connect_timeout=_HINT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def for_worker(url: str) -> Redis:
    """A client for an RQ worker, which sets the time limit of its blocking reads itself (rq 3.0 with redis-py 8)."""
    return Redis.from_url(url, socket_connect_timeout=5, health_check_interval=30)
