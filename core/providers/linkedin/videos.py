"""A video before its post: begun, sent part by part, finished, processed (linkedin 5.2).

Nobody sees any of it. LinkedIn says which bytes go where; the address of each part is kept at once, and in its place,
once LinkedIn has the part, the ETag that finishing must name. So whoever goes on after a crash sends no part twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, NotSent, ProviderFailure, Rejected, RetryLater
from core.provider_kit.http import FilePart
from core.provider_kit.types import MediaItem
from core.providers.linkedin import urns
from core.providers.linkedin.assets import AVAILABLE, FAILED, GONE, PROCESSING, VIDEO, WAITING, Turn, age_s, now
from core.providers.linkedin.rest import AddressEnded

OCTETS: Final = "application/octet-stream"
WHOLE: Final = "video_whole"
_PARTS: Final = "video_parts"
_ECHO: Final = "video_echo"  # uploadToken, which finishing says back
_COVER: Final = "video_cover"
_ASKED: Final = "video_finishing"
_SPOILT: Final = "video_spoilt"
_MOST_PARTS: Final = 2_000
_LONGEST_KEPT: Final = 1_900
_HAS_IT: Final = "="  # stands before what LinkedIn gave for bytes that it has
_MOST_FINISHES: Final = 2
_LAGS_S: Final = 60.0  # for so long a finished video may still be said to wait for its bytes
_CHANGE: Final = "Export the video again, or choose another one, and send the post again."


@dataclass(frozen=True, slots=True)
class _Begun:
    """A video that LinkedIn waits for: its URN, how many parts it comes in, and what finishing must say back."""

    video: str
    parts: int
    echo: str


def ready_video(turn: Turn, item: MediaItem, cover: MediaItem | None) -> str:
    """The URN of a video, usable in a post of this account. Raises NotReady, and other ProviderFailures."""
    begun = _kept(turn) or _begin(turn, item, cover)
    finished_now = turn.steps.get(WHOLE) is None
    if finished_now:
        with closing(turn.steps.open(item)) as file:
            etags = _send(turn, file, begun)
        _send_cover(turn, cover)
        _finish(turn, begun, etags)
    return _processed(turn, begun.video, fresh=finished_now)


def _kept(turn: Turn) -> _Begun | None:
    video, parts, echo = (turn.steps.get(name) for name in (VIDEO.name, _PARTS, _ECHO))
    if video is None or parts is None or echo is None:
        return None
    return _Begun(video, int(parts), echo.removeprefix(_HAS_IT))


def _begin(turn: Turn, item: MediaItem, cover: MediaItem | None) -> _Begun:
    asked: dict[str, Any] = {
        "owner": turn.access.provider_account_id,
        "fileSizeBytes": item.size,
        "uploadCaptions": False,
        "uploadThumbnail": cover is not None,
    }
    reply = turn.rest.act(
        VIDEO.resource,
        "initializeUpload",
        {"initializeUploadRequest": asked},
        token=turn.access.token,
        correlation_id=turn.access.correlation_id,
    )
    value = hostile.mapping(reply.body.get("value"))
    video, echo = urns.video(value.get("video")), value.get("uploadToken", "")
    parts = _instructions(turn, value, item.size)
    if video is None or not parts or not isinstance(echo, str) or len(echo) > _LONGEST_KEPT or "\0" in echo:
        raise RetryLater("LinkedIn didn't say where to send the video.")
    thumbnail = hostile.web_address(value.get("thumbnailUploadUrl"))
    if cover is not None and (thumbnail is None or not _is_usable(turn, thumbnail)):
        raise Rejected(
            "LinkedIn takes no cover for this video.", how_to_fix="Remove the cover and send the post again."
        )
    lives_s = turn.settings.upload_lives_s
    for name in (WHOLE, _ASKED):  # they outlive what was begun before them
        if turn.steps.get(name) is not None:
            turn.steps.drop(name, "The video is begun anew.")
    for number, part in enumerate(parts):
        turn.steps.keep(_part(number), part, lives_s=lives_s)
    if cover is not None and thumbnail is not None:
        turn.steps.keep(_COVER, thumbnail, lives_s=lives_s)
    turn.steps.keep(_PARTS, str(len(parts)), lives_s=lives_s)
    turn.steps.keep(_ECHO, _HAS_IT + echo, lives_s=lives_s)
    turn.steps.keep(VIDEO.name, video, lives_s=lives_s)  # last: with it everything else is there
    return _Begun(video, len(parts), echo)


def _instructions(turn: Turn, value: Mapping[str, Any], size: int) -> list[str]:
    """`first last address` of every part, which together are the whole file; none where they aren't."""
    said = hostile.items(value.get("uploadInstructions"))
    found: list[str] = []
    following = 0
    for each in map(hostile.mapping, said[: _MOST_PARTS + 1]):
        first, last = hostile.whole(each.get("firstByte")), hostile.whole(each.get("lastByte"))
        address = hostile.web_address(each.get("uploadUrl"))
        if first != following or last is None or last < following or address is None or not _is_usable(turn, address):
            return []
        found.append(f"{first} {last} {address}")
        following = last + 1
    return found if following == size and len(found) <= _MOST_PARTS else []


def _is_usable(turn: Turn, address: str) -> bool:
    return turn.rest.is_upload(address) and len(address) <= _LONGEST_KEPT


def _part(number: int) -> str:
    return f"video_part_{number}"


def _send(turn: Turn, file: BinaryIO, begun: _Begun) -> list[str]:
    """The parts that LinkedIn doesn't have yet; gives what it named all of them, in order."""
    etags: list[str] = []
    sent = 0
    for number in range(begun.parts):
        kept = turn.steps.get(_part(number))
        if kept is None:
            _forget(turn, "A part of it is no longer known.")
            raise RetryLater("The upload to LinkedIn took too long.")
        if not kept.startswith(_HAS_IT):
            if sent and turn.is_over:
                raise _some(turn, number, begun)
            kept = _HAS_IT + _send_part(turn, file, kept, number=number, begun=begun, sent=sent)
            turn.steps.keep(_part(number), kept, lives_s=turn.settings.upload_lives_s)
            sent += 1
        etags.append(kept.removeprefix(_HAS_IT))
    return etags


def _send_part(turn: Turn, file: BinaryIO, kept: str, *, number: int, begun: _Begun, sent: int) -> str:
    """The ETag of one part, sent now."""
    first, last, address = kept.split(" ", 2)
    settings = turn.settings
    lost: RetryLater | None = None
    try:
        reply = turn.put(
            address,
            FilePart(file, int(first), int(last) - int(first) + 1),
            OCTETS,
            sends_token=settings.video_sends_token,
            timeout_s=settings.upload_timeout_s,
        )
    except AddressEnded as ended:
        _forget(turn, ended.reason)
        raise
    except RetryLater as failed:
        lost = failed
    if lost is not None:
        # Cut off: while parts arrive, no try is used up and nobody is held.
        raise _some(turn, number, begun) if sent and lost.trace.http_status is None else lost
    etag = _unquoted(reply.made or "")
    if not etag or len(etag) > _LONGEST_KEPT or not etag.isprintable():
        raise RetryLater("LinkedIn took a part of the video and didn't name it.")
    return etag


def _some(turn: Turn, number: int, begun: _Begun) -> NotReady:
    words = f"LinkedIn has {number} of the video's {begun.parts} parts."
    return NotReady(words, after_s=turn.settings.poll_first_s)


def _unquoted(etag: str) -> str:
    """Verbatim, but without quotes around it (linkedin 5.2 [S+])."""
    return etag[1:-1] if len(etag) > 1 and etag.startswith('"') and etag.endswith('"') else etag


def _send_cover(turn: Turn, cover: MediaItem | None) -> None:
    """The picture that stands for the video (linkedin 5.2 [G])."""
    if cover is None:
        return
    address = turn.steps.get(_COVER)
    if address is None:
        _forget(turn, "The place of its cover is no longer known.")
        raise RetryLater("The upload to LinkedIn took too long.")
    if address == _HAS_IT:
        return
    with closing(turn.steps.open(cover)) as file:
        turn.put(
            address,
            FilePart(file, 0, cover.size),
            cover.mime,
            sends_token=turn.settings.video_sends_token,
            timeout_s=turn.settings.upload_timeout_s,
            headers={"media-type-family": "STILLIMAGE"},
        )
    turn.steps.keep(_COVER, _HAS_IT, lives_s=turn.settings.upload_lives_s)


def _finish(turn: Turn, begun: _Begun, etags: list[str]) -> None:
    """Have LinkedIn put the parts together; a finish whose answer was lost is asked about before it is repeated."""
    lives_s = turn.settings.upload_lives_s
    asked = int(turn.steps.get(_ASKED) or 0)
    if not asked or turn.state_of(VIDEO, begun.video) not in {PROCESSING, AVAILABLE, FAILED}:
        turn.steps.keep(_ASKED, str(asked + 1), lives_s=lives_s)
        request = {"video": begun.video, "uploadToken": begun.echo, "uploadedPartIds": etags}
        try:
            turn.rest.act(
                VIDEO.resource,
                "finalizeUpload",
                {"finalizeUploadRequest": request},
                token=turn.access.token,
                correlation_id=turn.access.correlation_id,
                empty_is_yes=True,
            )
        except NotSent:
            raise
        except (RetryLater, Rejected) as failed:
            failure = _not_finished(turn, failed, asked + 1)
            if failure is failed:
                raise
            raise failure from None
    turn.steps.keep(WHOLE, now(), lives_s=lives_s)


def _not_finished(turn: Turn, failed: ProviderFailure, asked: int) -> ProviderFailure:
    """What a finish that was refused comes to: LinkedIn's own trouble is met once more as it is, then begun anew."""
    code = failed.trace.code
    if isinstance(failed, RetryLater):
        if code == "EXPIRED_UPLOAD_URL" or (code == "UPDATING_ASSET_FAILED" and asked >= _MOST_FINISHES):
            _forget(turn, failed.reason)
        return failed
    _forget(turn, failed.reason)
    if turn.steps.get(_SPOILT) is not None:
        return failed
    turn.steps.keep(_SPOILT, "once", lives_s=turn.settings.upload_lives_s)
    return RetryLater(failed.reason, how_to_fix="Masthead sends it once more by itself.", trace=failed.trace)


def _processed(turn: Turn, video: str, *, fresh: bool) -> str:
    whole = turn.steps.get(WHOLE)
    state = turn.state_of(VIDEO, video)
    if state == AVAILABLE:
        return video
    if state == FAILED:
        words = "LinkedIn couldn't process the video."
        _forget(turn, words)
        raise Rejected(words, how_to_fix=_CHANGE)
    if state is None and not fresh:  # nobody may ask, and the grace is over; the post itself is refused while it waits
        return video
    if state in {WAITING, GONE} and not fresh and age_s(whole) > _LAGS_S:
        _forget(turn, f"LinkedIn doesn't have the file any more ({state}).")
        raise RetryLater("LinkedIn doesn't have the video any more.")
    wait_s = turn.settings.video_grace_s if state is None else turn.wait_s(whole)
    raise NotReady("LinkedIn is still processing the video.", after_s=wait_s)


def _forget(turn: Turn, because: str) -> None:
    """Let go of a video; a new one shows nothing either."""
    parts = int(turn.steps.get(_PARTS) or 0)
    for name in (VIDEO.name, WHOLE, _PARTS, _ECHO, _COVER, _ASKED, *map(_part, range(parts))):
        turn.steps.drop(name, because)
