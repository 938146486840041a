"""From the bytes that arrived to the image that is kept and what each network gets, by a limited child process."""

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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from core import providers
from core.infra.programs import tied_to_parent
from core.infra.turns import Turns
from core.media import storage
from core.media.rules import Busy, NotAnImage, StorageFull

_AT_ONCE: Final = 2  # a child may take over a gigabyte
_AT_ONCE_FOR_ONE: Final = 1
_WITHIN_S: Final = 50.0  # a browser waits a minute for its answer
_PREFIX: Final = "masthead-image-"
_LEFT_AFTER_S: Final = 3600.0  # many times as long as anybody works
_LONGEST_ANSWER: Final = 64 * 1024
_TOO_HARD: Final = "This image takes too long or too much memory to open. Make it smaller and upload that."
turns: Final = Turns(in_all=_AT_ONCE, for_one=_AT_ONCE_FOR_ONE, refusal=Busy)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in storage. Size in bytes, width and height in pixels, the hash as 32 bytes."""

    sha256: bytes
    mime: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Made:
    """An image as it is kept, and what each network gets of it."""

    kept: Kept
    renditions: Mapping[str, Kept]


def make(organization_id: UUID, chunks: Iterable[bytes]) -> Made:
    """Decode a file, keep it, and keep what every network gets.

    Raises NotAnImage with words for the person who sent it, Busy when as many are being decoded as this machine
    or this organization may, StorageFull when there is no room to work in or to keep it.
    """
    with turns.one(organization_id), _workspace() as folder:
        _gather(chunks, folder / "source")
        answer = _answer_of_child(folder)
        files: dict[str, Kept] = {}
        for each in (answer["kept"], *answer["renditions"].values()):
            if each["name"] not in files:
                files[each["name"]] = _keep(organization_id, folder, each)
        return Made(
            files[answer["kept"]["name"]],
            {network: files[each["name"]] for network, each in answer["renditions"].items()},
        )


@contextmanager
def _workspace() -> Iterator[Path]:
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


def _gather(chunks: Iterable[bytes], place: Path) -> None:
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


def _answer_of_child(folder: Path) -> dict[str, Any]:
    command = tied_to_parent([sys.executable, "-P", "-m", "core.media.decoding", str(folder)], signal.SIGKILL)
    try:
        done = subprocess.run(
            command,
            input=json.dumps({"wanted": _wanted()}).encode(),
            capture_output=True,
            cwd=folder,
            # Where our code is, and nothing that a decoder could give away.
            env={"PYTHONPATH": os.pathsep.join(str(Path(each).absolute()) for each in sys.path)},
            timeout=_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        _log.warning("image_too_slow")
        raise NotAnImage(_TOO_HARD) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout[:_LONGEST_ANSWER])
    except ValueError:
        extra = {"returncode": done.returncode, "said": done.stderr[-500:].decode(errors="replace")}
        _log.warning("image_child_died", extra=extra)
        raise NotAnImage(_TOO_HARD) from None
    if "unwritable" in answer:
        raise _no_room(answer["unwritable"])
    if "refused" in answer:
        _log.info("image_refused", extra={"words": answer["refused"], "cause": answer.get("cause")})
        raise NotAnImage(answer["refused"])
    return answer


def _keep(organization_id: UUID, folder: Path, described: Mapping[str, Any]) -> Kept:
    place = folder / Path(described["name"]).name
    with place.open("rb") as file:
        sha256 = storage.current().keep(organization_id, file)
    return Kept(
        sha256=bytes.fromhex(sha256),
        mime=described["mime"],
        width=described["width"],
        height=described["height"],
        size=place.stat().st_size,
    )
