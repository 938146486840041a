"""The only place that speaks HTTP to networks.

Three promises that `requests` alone doesn't give:

- **A total deadline.** Its read timeout starts anew with every byte, so a dribbling peer holds a sender for ever. Here
  every single wait on the socket gets what is left of the call's time, name lookup and TLS included (`wire`).
- **Sent or not.** A call fails as `NotSent` only while not one byte of the request was handed to the socket; from the
  first byte on every failure is `OutcomeUnknown`, also on a kept-alive connection that turns out to be closed.
- **Silence about secrets.** Failures are raised outside the handlers of the library's exceptions, whose chains hold the
  request with its token; `Request` and `Answer` don't show their contents.

No retries, no redirects, no cookies, no proxies or passwords from the environment.
"""

from __future__ import annotations

import http.client
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO, Final, cast
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from typing_extensions import override

from core.provider_kit import throttle, wire
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotSent, OutcomeUnknown, Throttled, Trace
from core.provider_kit.redaction import DropQueries

CONNECT_TIMEOUT_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
POOL_SIZE: Final = 16
FORM: Final = "application/x-www-form-urlencoded"
_CHUNK: Final = 64 * 1024

_log = logging.getLogger(__name__)
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.response"):
    logging.getLogger(_name).addFilter(DropQueries())


@dataclass(frozen=True, slots=True)
class FilePart:
    """`size` bytes of an open file from `offset` on, as a body that is never wholly in memory; more than none.

    `before` and `after` go out around them. A file that ends early breaks the call off.
    """

    file: BinaryIO
    offset: int
    size: int
    before: bytes = b""
    after: bytes = b""

    def __len__(self) -> int:
        return len(self.before) + self.size + len(self.after)

    def __iter__(self) -> Iterator[bytes]:
        if self.before:
            yield self.before
        self.file.seek(self.offset)
        left = self.size
        while left:
            block = self.file.read(min(_CHUNK, left))
            if not block:
                raise ValueError("the file is shorter than was said")
            left -= len(block)
            yield block
        if self.after:
            yield self.after


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with a form or a body of `content_type`.

    Shows its method and address without the query; the rest may hold secrets.
    """

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | FilePart | None = field(default=None, repr=False)
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: SecretStr | None = None
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status. Shows only its status: bodies of networks hold tokens."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def form_bytes(form: Mapping[str, str]) -> bytes:
    """A form as it goes over the wire: the same mapping gives the same bytes."""
    return urlencode(list(form.items())).encode("ascii")


class Http:
    """Speaks to the given bases (scheme, host and perhaps a path) and to no other address."""

    def __init__(
        self,
        bases: Iterable[str],
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        certificates: str | None = None,
    ) -> None:
        self._bases = tuple(base.rstrip("/") + "/" for base in bases)
        self._connect_timeout_s = connect_timeout_s
        self._max_answer_bytes = max_answer_bytes
        self._certificates = certificates

    def send(self, request: Request, *, timeout_s: float, begin_by: BeginBy | None = None) -> Answer:
        """Send once and give the whole answer, whatever its status, within `timeout_s` seconds in total.

        If the first byte can't be written before `begin_by`, nothing is sent.
        Raises NotSent or OutcomeUnknown, and Throttled when an earlier answer of the same work said to stop calling.
        Where the work under way has an end (`throttle.Meter.until`), the call ends with it.
        """
        place = _place(request)
        if not request.url.startswith(self._bases):
            raise NotSent(f"{place} is not an address of this network; nothing was sent.")
        meter = throttle.current()
        if meter is not None:
            if meter.stopped_by is not None:
                raise Throttled(meter.stopped_by)
            if meter.until is not None:
                timeout_s = min(timeout_s, meter.until - time.monotonic())
                if timeout_s <= 0:
                    raise NotSent(f"There was no time left to ask {place}.")
            meter.calls += 1
        started = time.monotonic()
        exchange = wire.Exchange(
            deadline=started + timeout_s,
            connect_by=started + min(timeout_s, self._connect_timeout_s),
            begin_by=begin_by,
        )
        status: int | None = None
        answer: Answer | None = None
        cause = ""
        mark = wire.current.set(exchange)
        try:
            response = self._open(request)
            status = response.status_code
            try:
                answer = Answer(status, response.headers, self._body(response))
            finally:
                response.close()
        except (wire.OutOfTime, _TooLong) as stop:
            cause = str(stop)
        except _LIBRARY_ERRORS as error:
            cause = _words(error)
        finally:
            wire.current.reset(mark)
        _log.info(
            "%s %s -> %s in %d ms",
            request.method,
            place,
            status or "no answer",
            (time.monotonic() - started) * 1000,
            extra={"correlation_id": request.correlation_id},
        )
        if answer is not None:
            if meter is not None:
                meter.answered(answer.status, answer.headers)
            return answer
        if meter is not None:
            meter.troubles += not exchange.too_late
        if not exchange.begun:
            raise NotSent(
                f"Nothing was sent to {_host(request)}: {cause}.",
                how_to_fix="Masthead tries again by itself.",
                provider_health=not exchange.too_late,
            )
        raise OutcomeUnknown(
            f"{_host(request)} was called and gave no complete answer: {cause}.",
            how_to_fix="Masthead looks what became of it before anything else happens.",
            trace=Trace(http_status=status),
            provider_health=True,
        )

    def _open(self, request: Request) -> requests.Response:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Masthead", **request.headers}
        if request.token is not None:
            headers["Authorization"] = f"Bearer {request.token.get_secret_value()}"
        body, content_type = request.body, request.content_type
        if request.form is not None:
            body, content_type = form_bytes(request.form), FORM
        if content_type:
            headers["Content-Type"] = content_type
        prepared = requests.Request(
            request.method, request.url, params=list(request.query.items()), data=body, headers=headers
        ).prepare()
        # The adapter and not a Session: a Session keeps cookies and reads the whole body of a redirect it won't follow.
        return _adapter().send(
            prepared, stream=True, timeout=self._connect_timeout_s, verify=self._certificates or True, proxies={}
        )

    def _body(self, response: requests.Response) -> bytes:
        held = bytearray()
        for chunk in cast("urllib3.HTTPResponse", response.raw).stream(_CHUNK, decode_content=True):
            held += chunk
            if len(held) > self._max_answer_bytes:
                raise _TooLong(f"the answer is longer than {self._max_answer_bytes} bytes")
        return bytes(held)


class _TooLong(Exception):
    """The answer is longer than we read."""


class _Adapter(HTTPAdapter):
    """requests' adapter over connections that know deadlines."""

    @override
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": wire.Pool, "https": wire.SecurePool}


@cache
def _adapter() -> _Adapter:
    """The connections of this process."""
    return _Adapter(pool_connections=8, pool_maxsize=POOL_SIZE, max_retries=0, pool_block=False)


def _place(request: Request) -> str:
    """Host and path of a request, without its query."""
    return f"{_host(request)}{urlsplit(request.url).path}"


def _host(request: Request) -> str:
    return urlsplit(request.url).hostname or "nowhere"


_LIBRARY_ERRORS: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)

# The first that occurs in an exception or its causes; the libraries' own words may quote the address with its query.
_CAUSES: Final = (
    ("SSLCertVerificationError", "its certificate could not be verified"),
    ("CertificateError", "its certificate could not be verified"),
    ("gaierror", "its name could not be looked up"),
    ("ConnectionRefusedError", "the connection was refused"),
    ("SSLError", "the encrypted connection could not be made or broke"),
    ("TimeoutError", "no answer in time"),
    ("IncompleteRead", "the answer broke off"),
    ("DecodeError", "the answer is compressed in a broken way"),
    ("RemoteDisconnected", "the connection was closed without an answer"),
    ("ConnectionResetError", "the connection was reset"),
    ("BrokenPipeError", "the connection was closed while sending"),
    ("BadStatusLine", "the answer is not HTTP"),
    ("LineTooLong", "the answer is not HTTP"),
    ("HTTPException", "the answer is not HTTP"),
    ("InvalidHeader", "a header can't be used"),
)


def _words(error: BaseException) -> str:
    """A library's exception in our words."""
    chain: list[BaseException] = [error]
    for one in chain:
        causes = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        chain += [cause for cause in causes if isinstance(cause, BaseException) and cause not in chain]
    names = {type(one).__name__ for one in chain}
    return next((words for name, words in _CAUSES if name in names), "the connection broke")
