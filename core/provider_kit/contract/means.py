"""The means of the contract suite: a server that says what a test tells it, and ears for everything that is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO, Final, Protocol

from typing_extensions import override

from core.provider_kit.errors import ProviderFailure
from core.provider_kit.types import MediaItem

CANARY: Final = "canary-token-6f1d0c"
TIMEOUT_S: Final = 3.0


class Heard(Protocol):
    """A request as the stand-in received it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class StandIn(Protocol):
    """A server that says what a test tells it to, one queued thing per request."""

    @property
    def received(self) -> Sequence[Heard]: ...

    def reply(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, delay_s: float = 0
    ) -> None: ...

    def hang_up(self, *, reset: bool) -> None: ...

    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as a network's list should show it."""

    post_id: str
    text: str
    link: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer and the failure that it stands for on the call that makes a post visible."""

    status: int
    body: bytes
    failure: type[ProviderFailure]


class KeptSteps:
    """What a publication's invisible steps made, kept in memory, and files made of their own hash."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.dropped: list[tuple[str, str]] = []

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        self.kept[name] = reference

    def drop(self, name: str, because: str) -> None:
        self.dropped.append((name, because))
        self.kept.pop(name, None)

    def address(self, item: MediaItem) -> str:
        return f"https://masthead.example/files/{item.sha256[:12]}"

    def read(self, item: MediaItem) -> bytes:
        return item.sha256.encode()

    def open(self, item: MediaItem) -> BinaryIO:
        return BytesIO(self.read(item))


def promise(kept: bool, words: str) -> None:
    """Raise AssertionError with the promise that was broken."""
    if not kept:
        raise AssertionError(words)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Everything that is logged by anyone at any level, formatted, tracebacks included."""
    lines: list[str] = []

    class Listener(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{logging.Formatter().format(record)} {record.__dict__}")

    root, listener = logging.getLogger(), Listener(level=logging.DEBUG)
    before = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(listener)
        root.setLevel(before)


def everything(error: BaseException) -> str:
    """All that a log or a crash report could print of an exception and those behind it."""
    found: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        found += [repr(seen), str(seen), repr(seen.args), repr(getattr(seen, "__dict__", ""))]
        seen = seen.__cause__ or seen.__context__
    return " ".join(found)


def failure_of(do: Callable[[], object], what: str) -> ProviderFailure:
    """The failure of a call that must fail, and only with the port's failures."""
    try:
        given = do()
    except ProviderFailure as failure:
        return failure
    raise AssertionError(f"{what}: expected a ProviderFailure, got {given!r}")


def now() -> datetime:
    """The current instant in whole seconds, as networks show it."""
    return datetime.now(UTC).replace(microsecond=0)


# Status and body of answers that no network documents as a refusal, some quoting the token back.
NONSENSE: Final[tuple[tuple[int, bytes], ...]] = (
    (500, b'{"error":{"message":"%SECRET%","code":2}}'),
    (503, b""),
    (502, b"<html>Bad gateway %SECRET%</html>"),
    (302, b""),
    (200, b""),
    (200, b"<html>hello</html>"),
    (200, b"[]"),
    (200, b"null"),
    (200, b'{"id":null,"data":7}'),
    (200, b'{"id":{"a":[1]},"data":[null,7,"x",{"id":[]},[[]]],"paging":[]}'),
    (200, b'{"id":"../../x\\u0000","data":{"data":[]}}'),
    (200, b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    (200, b'{"n":' + b"9" * 10_000 + b"}"),
    (200, b'{"error":{"message":"%SECRET% \\ud800","code":"190"}}'),
    (400, b'{"error":"%SECRET%"}'),
    (400, b'{"error":{"code":true,"message":["%SECRET%"]}}'),
    (404, b"not found"),
    (429, b"slow down"),
)
