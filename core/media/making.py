"""From the bytes that arrived to the file that is kept and what each network gets, by a limited child process."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Final, cast
from uuid import UUID

from core import providers
from core.infra.programs import tied_to_parent
from core.infra.turns import Turns
from core.media import storage
from core.media.rules import Busy, Family, NotAnImage, NotTaken, StorageFull
from core.provider_kit.types import Packing

_AT_ONCE: Final = 2  # a child may take over a gigabyte
_AT_ONCE_FOR_ONE: Final = 1
_WITHIN_S: Final = 50.0  # a browser waits a minute for its answer
_LOOK_WITHIN_S: Final = 1_200.0  # nobody waits for it: a slow disk is given its time
_STOP_SEEN_WITHIN_S: Final = 0.5
_PREFIX: Final = "masthead-image-"
_LEFT_AFTER_S: Final = 3 * 3600.0  # many times as long as anybody works
_LONGEST_ANSWER: Final = 64 * 1024
_TOO_HARD: Final = "This file takes too long or too much memory to open. Make it smaller and upload that."
turns: Final = Turns(in_all=_AT_ONCE, for_one=_AT_ONCE_FOR_ONE, refusal=Busy)
_log = logging.getLogger(__name__)


class Stopped(Exception):
    """Work was given up before it was done; nothing is known of the file."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in storage, its facts as `provider_kit.types.MediaItem` has them; the hash as 32 bytes."""

    sha256: bytes
    mime: str
    width: int
    height: int
    size: int
    duration_ms: int = 0
    codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    pages: int = 0
    packing: Packing = ""


_FACTS: Final = frozenset(each.name for each in fields(Kept)) - {"sha256", "size"}


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it is kept, what each network gets of it where that is another, and what stands for it in lists."""

    kept: Kept
    renditions: Mapping[str, Kept]
    thumbnail: Kept | None = None
    poster: Kept | None = None


def make(organization_id: UUID, chunks: Iterable[bytes]) -> Made:
    """Decode an image, keep it, and keep what every network gets.

    Raises NotAnImage with words for the person who sent it, Busy when as many are being decoded as this machine
    or this organization may, StorageFull when there is no room to work in or to keep it.
    """
    with turns.one(organization_id), workspace() as folder:
        gather(chunks, folder / "source")
        return decode(organization_id, folder)


def decode(organization_id: UUID, folder: Path) -> Made:
    """As `make`, of the image that lies as `source` in a workspace. Raises NotAnImage, StorageFull."""
    answer = _answer_of_child("core.media.decoding", folder, {"wanted": _wanted()}, _WITHIN_S, _never)
    return _made(organization_id, folder, answer)


def look(
    organization_id: UUID, folder: Path, family: Family, *, stop: Callable[[], bool], keep: Callable[[], None]
) -> Made:
    """Look into the video or document that lies as `source` in a workspace, and keep it with what stands for it.

    What networks get of a video where that is another is kept, too.
    `stop` is asked meanwhile whether to give up; `keep` is called before anything is kept and may raise what it likes.
    Raises NotTaken with words for the person who sent it, Stopped, StorageFull.
    """
    job = {"family": family.value, "plain": _wanted_plain()}
    answer = _answer_of_child("core.media.inspecting", folder, job, _LOOK_WITHIN_S, stop)
    keep()
    return _made(organization_id, folder, answer)


def _made(organization_id: UUID, folder: Path, answer: Mapping[str, Any]) -> Made:
    files: dict[str, Kept] = {}

    def kept(described: Mapping[str, Any]) -> Kept:
        name = described["name"]
        if name not in files:
            files[name] = _keep(organization_id, folder, described)
        return files[name]

    thumbnail, poster = answer.get("thumbnail"), answer.get("poster")
    return Made(
        kept=kept(answer["kept"]),
        renditions={network: kept(each) for network, each in answer.get("renditions", {}).items()},
        thumbnail=kept(thumbnail) if thumbnail else None,
        poster=kept(poster) if poster else None,
    )


def _never() -> bool:
    return False


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder to work in, gone afterwards. Raises StorageFull."""
    _tidy()
    try:
        made = tempfile.TemporaryDirectory(prefix=_PREFIX)
    except OSError as error:
        raise _no_room(error.errno) from None
    with made as name:
        yield Path(name)


def _tidy() -> None:
    """Throw away what a process that was killed at work left behind."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another process was faster, or it belongs to another user
            if time.time() - left.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(left)


def gather(chunks: Iterable[bytes], place: Path) -> None:
    """Write the parts of a file one after the other. Raises StorageFull, and what storage raises of a part."""
    for chunk in chunks:
        try:
            with place.open("ab") as source:
                source.write(chunk)
        except OSError as error:
            raise _no_room(error.errno) from None


def _no_room(code: int | None) -> StorageFull:
    _log.error("workspace_unwritable", extra={"folder": tempfile.gettempdir(), "errno": code})
    return StorageFull()


def _wanted() -> list[dict[str, Any]]:
    return [
        {
            "network": key,
            "mimes": network.images.mimes,
            "max_bytes": network.images.max_bytes,
            "max_width": network.images.max_width,
            "max_pixels": network.images.max_pixels,
        }
        for key, network in sorted(providers.networks().items())
        if network.images is not None
    ]


def _wanted_plain() -> list[dict[str, Any]]:
    """Networks that take no edit lists, once for each form of post, with the encodings that they take at all."""
    return [
        {"network": key, "codecs": form.videos.codecs, "audio_codecs": form.videos.audio_codecs}
        for key, network in sorted(providers.networks().items())
        for form in network.forms
        if form.videos is not None and form.videos.plain
    ]


def _answer_of_child(
    module: str, folder: Path, job: Mapping[str, Any], within_s: float, stop: Callable[[], bool]
) -> dict[str, Any]:
    """What the child made of `source`. Raises NotAnImage or NotTaken with words, Stopped, StorageFull."""
    refused = NotAnImage if module.endswith("decoding") else NotTaken
    # Where our code is, and nothing that a decoder could give away.
    environment = {"PYTHONPATH": os.pathsep.join(str(Path(each).absolute()) for each in sys.path)}
    command = tied_to_parent([sys.executable, "-P", "-m", module, str(folder)], signal.SIGKILL)
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=said, cwd=folder, env=environment) as child,
    ):
        try:
            _tell(child, json.dumps(job).encode())
            ended = _await(child, within_s, stop)
        finally:
            child.kill()
        out.seek(0)
        written = out.read(_LONGEST_ANSWER)
        said.seek(0)
        last_words = said.read(_LONGEST_ANSWER)[-500:].decode(errors="replace")
    if not ended:
        _log.warning("media_too_slow", extra={"child": module})
        raise refused(_TOO_HARD)
    try:
        answer: dict[str, Any] = json.loads(written)
    except ValueError:
        _log.warning("image_child_died", extra={"returncode": child.returncode, "said": last_words, "child": module})
        raise refused(_TOO_HARD) from None
    if "unwritable" in answer:
        raise _no_room(answer["unwritable"])
    if "refused" in answer:
        _log.info("image_refused", extra={"words": answer["refused"], "cause": answer.get("cause")})
        raise refused(answer["refused"])
    return answer


def _tell(child: subprocess.Popen[bytes], job: bytes) -> None:
    with suppress(BrokenPipeError), cast("IO[bytes]", child.stdin) as stdin:
        stdin.write(job)


def _await(child: subprocess.Popen[bytes], within_s: float, stop: Callable[[], bool]) -> bool:
    """Whether the child ended in time. Raises Stopped."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            child.wait(min(_STOP_SEEN_WITHIN_S, within_s))
        except subprocess.TimeoutExpired:
            if stop():
                raise Stopped from None
        else:
            return True
    return False


def _keep(organization_id: UUID, folder: Path, described: Mapping[str, Any]) -> Kept:
    place = folder / Path(described["name"]).name
    with place.open("rb") as file:
        sha256 = storage.current().keep(organization_id, file)
    facts = {name: described[name] for name in _FACTS if name in described}
    return Kept(sha256=bytes.fromhex(sha256), size=place.stat().st_size, **facts)
