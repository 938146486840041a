"""What a refused call means: from an answer, by way of `errors_table`, to one of the port's failures (linkedin 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import (
    Explained,
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Trace,
)
from core.provider_kit.http import Answer
from core.provider_kit.redaction import masked
from core.provider_kit.throttle import USED_UP, Usage, retry_after_s
from core.providers.linkedin import urns
from core.providers.linkedin.errors_table import TABLE, Row, Then
from core.providers.linkedin.settings import WWW_URL

_LONGEST_QUOTE: Final = 300
_FIND_OUT: Final = "Masthead finds out whether the post is live before anything else happens."
_LOOK_AT: Final = "Look at the post on LinkedIn before you do it again."


class Purpose(StrEnum):
    """What was asked for. PUBLISH can leave a post behind, CHANGE alters what is live; a READ is safe to ask again."""

    READ = "read"
    PUBLISH = "publish"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Said:
    """LinkedIn's error (linkedin 10.1, 2.3), each field as far as it is what it should be. `empty`: it is none."""

    details: tuple[str, ...] = ()
    code: str | None = None
    service: int | None = None
    message: str = ""
    described: str = ""
    empty: bool = True

    @classmethod
    def of(cls, body: bytes, secrets: Collection[str] = ()) -> Said:
        """Read the body of an answer, without secrets; any field may be missing, and any body may be no JSON."""
        try:
            envelope = hostile.json_object(body)
        except ValueError:
            return cls()

        def words(value: object) -> str:
            return masked(hostile.line(value, limit=5_000), secrets)[:500]  # cut after: half a token is one too

        def code(value: object) -> str | None:
            return hostile.identifier(words(value))

        errors = hostile.items(hostile.mapping(envelope.get("errorDetails")).get("inputErrors"))
        inputs = [hostile.mapping(each) for each in errors[:10]]
        return cls(
            details=tuple(filter(None, (code(each.get("code")) for each in inputs))),
            code=code(envelope.get("code")) or code(envelope.get("error")),
            service=hostile.whole(envelope.get("serviceErrorCode")),
            message=words(envelope.get("message")) or words(envelope.get("error_description")),
            described=next(filter(None, (words(each.get("description")) for each in inputs)), ""),
            empty=False,
        )

    @property
    def named(self) -> str | None:
        """The code by which it is known: the most exact one."""
        return self.details[0] if self.details else self.code


def row_for(said: Said, status: int) -> Row | None:
    """The table's row: by the codes of the fields, the code, the serviceErrorCode, the words, the status alone."""
    for codes in (said.details, (said.code,) if said.code else ()):
        for row in _fitting(said, status):
            if row.code in codes:
                return row
    for row in _fitting(said, status):
        if said.service is not None and row.service == said.service:
            return row
    known = {said.code, *said.details} - {None}
    for row in _fitting(said, status):
        # A status alone means something only where nothing more exact was said.
        if row.code is None and row.service is None and (row.contains or not (known or said.service)):
            return row
    return None


def explained(code: str | None, subcode: str | None, status: int | None, message: str) -> Explained | None:
    """What the table says of an error that was met before (`port.Explain`)."""
    service = next((int(each) for each in (subcode, code) if each and each.isascii() and each.isdecimal()), None)
    known = code if code and not code.isdecimal() else None
    said = Said((known,) if known else (), known, service, message, empty=False)
    row = row_for(said, status or 0)
    return None if row is None else Explained(row.words, row.fix, row.mend)


def _fitting(said: Said, status: int) -> Iterable[Row]:
    words = f"{said.message} {said.described}".lower()
    return (row for row in TABLE if row.status == status and row.contains in words)


def failure(
    answer: Answer,
    purpose: Purpose,
    *,
    secrets: Collection[str] = (),
    now: datetime | None = None,
    www_url: str = WWW_URL,
) -> ProviderFailure:
    """The failure that an answer stands for. `secrets` are cut out of what LinkedIn says; `www_url` is its site.

    On publish a refusal of a repeat that names a post keeps its URN as the trace's subcode: evidence, not a verdict.
    """
    said = Said.of(answer.body, secrets)
    row = row_for(said, answer.status)
    quote = said.described or said.message
    duplicate = urns.post_named_in(f"{said.message} {said.described}") if row is not None and row.names_post else None
    trace = Trace(
        http_status=answer.status,
        code=said.named or (None if said.service is None else str(said.service)),
        subcode=duplicate or (str(said.service) if said.service is not None and said.named else None),
        trace_id=trace_id(answer.headers),
        message=said.message or None,
        names_post=duplicate,
    )
    broken = answer.status >= 500 or said.empty
    words = row.words if row else _unknown(answer.status, broken=broken)
    # What we have no words for, and content that a person must change, speaks in LinkedIn's own.
    if quote and (row is None or row.then is Then.REJECT):
        words = f"{words} LinkedIn says: {quote[:_LONGEST_QUOTE]}"
    daily = row is not None and row.then is Then.WAIT_FOR_DAY
    # Retry-After is not documented, and honoured if it comes (linkedin 9).
    after_s = retry_after_s(answer.headers) or (_until_midnight(now or datetime.now(UTC)) if daily else None)
    limit = Usage(row.limit, USED_UP, after_s, of_route=True) if row is not None and row.limit is not None else None
    certain = row is not None and (row.before or (row.gone and purpose is Purpose.CHANGE))
    if purpose is not Purpose.READ and not certain:
        fix = _FIND_OUT if purpose is Purpose.PUBLISH else _LOOK_AT
        if duplicate:
            fix = f"{fix} If {urns.public_address(www_url, duplicate)} is this post, it went out."
        health = broken or bool(row and row.whole_app)
        return OutcomeUnknown(words, how_to_fix=fix, trace=trace, provider_health=health, limit=limit)
    if row is None or row.then is Then.UNSURE:
        # LinkedIn says nothing we know about a call that changes nothing: broken answers pass, new codes don't.
        if row is not None or broken:
            return RetryLater(words, trace=trace, provider_health=broken)
        return Rejected(words, how_to_fix="If it stays, show this to your operator.", trace=trace)
    match row.then:
        case Then.WAIT | Then.WAIT_FOR_DAY:
            return RetryLater(
                words,
                after_s=after_s,
                how_to_fix=row.fix,
                trace=trace,
                provider_health=row.whole_app,
                limit=limit,
            )
        case Then.RECONNECT:
            return ReconnectNeeded(words, how_to_fix=row.fix, trace=trace)
        case Then.REJECT:
            return Rejected(words, how_to_fix=row.fix, trace=trace)


def trace_id(headers: Mapping[str, str]) -> str | None:
    """What LinkedIn's support asks for (linkedin 1.4 [P])."""
    return hostile.line(headers.get("x-li-uuid") or headers.get("x-li-request-id"), limit=100) or None


def _unknown(status: int, *, broken: bool) -> str:
    if status >= 500:
        return f"LinkedIn had an error (HTTP {status})."
    if broken:
        return f"LinkedIn's answer can't be read (HTTP {status})."
    return f"LinkedIn answered with an error that Masthead doesn't know (HTTP {status})."


def _until_midnight(now: datetime) -> float:
    """Seconds until LinkedIn's daily limits start anew: 00:00 UTC (linkedin 9 [P])."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1) - now).total_seconds()
