"""What a refused call means: from an answer, by way of `errors_table`, to one of the port's failures (meta 10.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

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
from core.provider_kit.throttle import USED_UP, Scope, Usage, retry_after_s
from core.providers.meta.errors_table import TABLE, Row, Then
from core.providers.meta.usage import usage

LOOKS: Final = "Masthead looks whether the post is on the {place} before anything else happens."
LOOK: Final = "Look at the post on the {place} before you do it again."
_SHORTEST_WAIT_S: Final = 60.0  # meta 9: "min 1" minute
_LONGEST_READ: Final = 5_000  # cut shorter only without secrets in it: half a token is one too
_LONGEST_QUOTE: Final = 300
_LONGEST_KEPT: Final = 500
_NUMBER: Final = re.compile(r"^\(#\d+\)\s*")
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")


WRONG_OFFSET: Final = 1363037


class Purpose(StrEnum):
    """What was asked for. PUBLISH and CHANGE (of a live post) show; everything else is safe to ask again."""

    READ = "read"
    PUBLISH = "publish"
    CHANGE = "change"


class WrongOffset(RetryLater):
    """Facebook has the bytes of a video up to `start`, and wants those up to `end` next (meta 4.5 [SDK])."""

    def __init__(self, refused: RetryLater, start: int, end: int) -> None:
        super().__init__(refused.reason, how_to_fix=refused.how_to_fix, trace=refused.trace)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose words a failure tells, and what a person looks at there."""

    network: str
    place: str

    def words(self, template: str) -> str:
        """A row's words or fix in this network's name."""
        return template.format(network=self.network, place=self.place)


FACEBOOK: Final = Speaker("Facebook", "Page")
INSTAGRAM: Final = Speaker("Instagram", "account")


@dataclass(frozen=True, slots=True)
class Said:
    """Meta's error envelope (meta 10.1), each field as far as it is what it should be."""

    code: int | None
    subcode: int | None
    message: str
    for_people: str
    transient: bool
    trace_id: str | None

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> Said:
        """Read an error object; /debug_token writes `subcode` where all others write `error_subcode` (meta 2.5)."""
        title = hostile.line(envelope.get("error_user_title"), limit=_LONGEST_READ)
        words = hostile.line(envelope.get("error_user_msg"), limit=_LONGEST_READ)
        return cls(
            code=hostile.whole(envelope.get("code")),
            subcode=hostile.whole(envelope.get("error_subcode", envelope.get("subcode"))) or None,
            message=hostile.line(envelope.get("message"), limit=_LONGEST_READ),
            for_people=words or title,
            transient=envelope.get("is_transient") is True,
            trace_id=hostile.identifier(envelope.get("fbtrace_id")),
        )


def row_for(said: Said, status: int) -> Row | None:
    """The table's row for an error: exact pairs first, then known subcodes, then codes, then the HTTP status."""
    if said.code is None:
        return next((row for row in TABLE if row.code is None and row.subcode is None and row.status == status), None)
    code, message = said.code, said.message.lower()
    exact = (row for row in TABLE if row.exact and row.code is not None and row.has_code(code))
    for row in exact:
        if (row.subcode is not None and row.subcode == said.subcode) or (row.contains and row.contains in message):
            return row
    if said.subcode is not None:
        for row in TABLE:
            if row.code is None and row.subcode == said.subcode:
                return row
    for row in TABLE:
        if row.code is not None and not row.exact and row.has_code(code) and (row.any_subcode or said.subcode is None):
            return row
    return None


def explained(
    speaker: Speaker, code: str | None, subcode: str | None, status: int | None, message: str
) -> Explained | None:
    """What the table says of an error that was met before (`port.Explain`)."""
    said = Said(_whole(code), _whole(subcode), message, "", transient=False, trace_id=None)
    row = row_for(said, status or 0)
    return None if row is None else Explained(speaker.words(row.words), speaker.words(row.fix), row.mend)


def _whole(said: str | None) -> int | None:
    return int(said) if said and _WHOLE.fullmatch(said) else None


def row_of(subcode: int) -> Row | None:
    """The table's row for a subcode that comes without its code, as in a container's status (meta 5.3)."""
    return next((row for row in TABLE if row.subcode == subcode), None)


def failure(
    answer: Answer,
    purpose: Purpose,
    *,
    speaker: Speaker = FACEBOOK,
    envelope: Mapping[str, Any] | None = None,
    secrets: Iterable[str] = (),
) -> ProviderFailure:
    """The failure that an answer stands for.

    `envelope` is its error object, None where the body isn't one. `secrets` are cut out of what Meta says, for it
    quotes tokens back.
    """
    said = Said.of(envelope or {})
    row = row_for(said, answer.status)
    quote = _NUMBER.sub("", masked(said.for_people or said.message, secrets))
    trace = Trace(
        http_status=answer.status,
        code=None if said.code is None else str(said.code),
        subcode=None if said.subcode is None else str(said.subcode),
        trace_id=said.trace_id,
        message=masked(said.message, secrets)[:_LONGEST_KEPT] or None,
        usage=usage(answer.headers),
    )
    broken = answer.status >= 500 or envelope is None
    words = speaker.words(row.words if row else _unknown(answer.status, broken=broken))
    fix = speaker.words(row.fix) if row else ""
    # An answer without a code of ours speaks in Meta's words, and so does content that a person must change.
    if quote and (row is None or said.for_people or row.then is Then.REJECT):
        words = f"{words} {speaker.network} says: {quote[:_LONGEST_QUOTE]}"
    # Meta says when calls are welcome again for accounts alone (meta 9): our app's limit holds everybody's.
    of_account = row is not None and row.limit is Scope.ACCOUNT
    regain_s = _wait(trace.usage) if of_account else None
    after_s = regain_s or retry_after_s(answer.headers) or (row.wait_s if row else None)
    limit = None
    if row is not None and row.limit is not None:
        limit = Usage(row.limit, USED_UP, after_s, row.of_route, exact=row.of_route)
    if purpose is not Purpose.READ and not _refused_before(answer, said, row):
        return OutcomeUnknown(
            words,
            how_to_fix=speaker.words(LOOKS if purpose is Purpose.PUBLISH else LOOK),
            trace=trace,
            provider_health=broken or bool(row and row.whole_app),
            limit=limit,
        )
    if row is None or row.then is Then.UNSURE:
        # Meta says nothing we know about a call that changes nothing: known trouble and broken answers pass, new
        # codes don't.
        if row is not None or broken or said.transient:
            later = RetryLater(words, trace=trace, provider_health=broken)
            offsets = _offsets(envelope or {}) if said.subcode == WRONG_OFFSET else None
            return WrongOffset(later, *offsets) if offsets else later
        return Rejected(words, how_to_fix="If it stays, show this to your operator.", trace=trace)
    match row.then:
        case Then.WAIT:
            return RetryLater(
                words,
                after_s=after_s,
                how_to_fix=fix,
                trace=trace,
                provider_health=row.whole_app or answer.status == 429,
                limit=limit,
            )
        case Then.RECONNECT:
            return ReconnectNeeded(words, how_to_fix=fix, trace=trace)
        case Then.REJECT:
            return Rejected(words, how_to_fix=fix, trace=trace)


def _refused_before(answer: Answer, said: Said, row: Row | None) -> bool:
    """Whether a publishing POST was provably refused before anything was done (RELIABILITY C row 8)."""
    if row is None or not row.before or not 400 <= answer.status < 500:
        return False
    # "Transient" contradicts "your content is wrong": then nothing is proven.
    return not (said.transient and row.then is Then.REJECT)


def _offsets(envelope: Mapping[str, Any]) -> tuple[int, int] | None:
    """Which bytes Facebook wants next; `error_data` is an object or JSON (meta 10.1), offsets are strings (4.5)."""
    data = envelope.get("error_data")
    if isinstance(data, str):
        try:
            data = hostile.json_object(data.encode())
        except ValueError:
            return None
    return offsets(hostile.mapping(data))


def offsets(said: Mapping[str, Any]) -> tuple[int, int] | None:
    """`start_offset` and `end_offset`; None unless both are there and in order."""
    start, end = (_number(said.get(name)) for name in ("start_offset", "end_offset"))
    return (start, end) if start is not None and end is not None and start <= end else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        return int(value)
    whole = hostile.whole(value)
    return whole if whole is not None and whole >= 0 else None


def _unknown(status: int, *, broken: bool) -> str:
    if status >= 500:
        return f"{{network}} had an error (HTTP {status})."
    if broken:
        return f"{{network}}'s answer can't be read (HTTP {status})."
    return f"{{network}} answered with an error that Masthead doesn't know (HTTP {status})."


def _wait(seen: Mapping[str, Any]) -> float | None:
    regain = seen.get("regain_s")
    return max(_SHORTEST_WAIT_S, float(regain)) if regain else None
