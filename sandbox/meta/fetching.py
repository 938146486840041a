"""Fetching what a client names by its address: really, over HTTP, bounded in size and time (meta 4.4, 4.6, 5.1)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx

from sandbox.meta.facts import FETCHER

REDIRECTS = 3  # [A]
ROBOTS_MAX = 500_000  # [A]


class FetchFailed(Exception):
    """Nothing usable came: a wrong address, no connection, or a status other than 200."""


class FetchTimeout(Exception):
    """It took too long."""


class TooLarge(Exception):
    """There are more bytes than allowed; the rest was not read."""


async def fetch(url: str, limit: int, within_s: float) -> bytes:
    """The bytes behind an http(s) address, at most `limit`, within so many real seconds altogether."""
    content = bytearray()
    await _fetch(url, limit, within_s, content.extend)
    return bytes(content)


async def fetch_to(path: Path, url: str, limit: int, within_s: float) -> None:
    """The same into a file."""
    with path.open("wb") as file:
        await _fetch(url, limit, within_s, file.write)


async def may_fetch(url: str, within_s: float) -> bool:
    """Whether robots.txt of the address's host lets us (meta 4.6); one that isn't there lets everybody."""
    try:
        lines = (await fetch(urljoin(url, "/robots.txt"), ROBOTS_MAX, within_s)).decode(errors="replace").splitlines()
    except (FetchFailed, TooLarge):
        return True
    robots = RobotFileParser()
    robots.parse(lines)
    return robots.can_fetch(FETCHER, url)


async def _fetch(url: str, limit: int, within_s: float, take: Callable[[bytes], Any]) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise FetchFailed(str(problem)) from problem
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchFailed("the address is not http or https")
    try:
        async with asyncio.timeout(within_s):
            await _read(url, limit, within_s, take)
    except (TimeoutError, httpx.TimeoutException) as problem:
        raise FetchTimeout from problem
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise FetchFailed(str(problem) or type(problem).__name__) from problem


async def _read(url: str, limit: int, within_s: float, take: Callable[[bytes], Any]) -> None:
    # No proxy of the environment: what is fetched here lies on this machine.
    client = httpx.AsyncClient(
        verify=_certificates(),
        trust_env=False,
        follow_redirects=True,
        max_redirects=REDIRECTS,
        timeout=within_s,
        headers={"User-Agent": FETCHER},
    )
    size = 0
    async with client, client.stream("GET", url) as answer:
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed(f"HTTP {answer.status_code}")
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > limit:
                raise TooLarge
            take(part)


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than most answers."""
    return ssl.create_default_context()
