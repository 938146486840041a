"""Bytes of videos that come in: piece by piece into a file, measured when it is whole (meta 4.5, 4.6, 5.2)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import clips
from sandbox.videos import NotAVideo, Video, read_video

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file at its place. `video` is None when it is none."""

    sha256: str
    video: Video | None

    def keep(self, world: World) -> None:
        """Know it inside the caller's transaction."""
        clips.keep(world, self.sha256, self.video.content_type if self.video else "application/octet-stream")


class Lost(Exception):
    """What came isn't there: moved by another call with the same bytes, or by one that a kill -9 cut off."""


def append(world: World, upload_id: str, received: int, content: Path | bytes) -> int:
    """Put a piece behind the `received` bytes that are known, and tell how many there are then.

    Nothing is awaited in here, so two pieces of one upload can't come between each other. What a kill -9 left behind
    the known bytes is cut off. Raises Lost when the known ones aren't there.
    """
    target = clips.on_the_way(world, upload_id)
    if received and (not target.exists() or target.stat().st_size < received):
        raise Lost
    if not received and isinstance(content, Path):
        content.replace(target)
        return target.stat().st_size
    with target.open("r+b" if received else "wb") as file:
        file.truncate(received)
        file.seek(received)
        if isinstance(content, bytes):
            file.write(content)
        else:
            with content.open("rb") as piece:
                shutil.copyfileobj(piece, file)
        return file.tell()


def forget(world: World, upload_id: str) -> None:
    """Let go of what came of an upload."""
    clips.on_the_way(world, upload_id).unlink(missing_ok=True)


async def complete(world: World, path: Path) -> Arrived:
    """Measure a whole file and move it to its place; `keep` must follow. Raises Lost when it isn't there."""
    try:
        with path.open("rb") as file:
            try:
                video = read_video(file)
            except NotAVideo:
                video = None
        return Arrived(await clips.settle(world, path), video)
    except FileNotFoundError as problem:
        raise Lost from problem
