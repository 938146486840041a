"""Videos: parts with their ETags, put together when the upload is finalized, and what LinkedIn takes as one (5.2)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import clips
from sandbox.linkedin import assets, images, uploads
from sandbox.linkedin.assets import Asset, AssetKind, Found
from sandbox.linkedin.facts import FORMATS, PART_BYTES, VIDEO_MAX_S, VIDEO_MIN_S
from sandbox.linkedin.uploads import Takes, Upload
from sandbox.seeding import opaque
from sandbox.videos import MP4, NotAVideo, read_video

if TYPE_CHECKING:
    from sandbox.world import World

ETAG = "/ambry-video/signedId/"
CONTENT_TYPE = "video/mp4"
CAPTION = re.compile(r"\ufeff?\s*\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}")
THUMBNAILS = frozenset({FORMATS["JPEG"], FORMATS["PNG"]})


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes with a video beside its bytes."""

    captions: bool = False
    thumbnail: bool = False


def reserve(world: World, app_id: str, owner: str, size: int, extras: Extras) -> Asset:
    """A place for a video of so many bytes: an address for each part of 4 MiB, and for what goes with it.

    The token that finalizing must echo "may be the empty string": it is for every second video.
    """
    turn = world.count("linkedin upload token")
    token = "" if turn % 2 else opaque(world.seed, f"linkedin upload token {turn}")
    video = assets.add(world, AssetKind.VIDEO, app_id, owner, size=size, token=token)
    for place, first in enumerate(range(0, size, PART_BYTES)):
        uploads.add(world, video, Takes.PART, place, first, min(first + PART_BYTES, size) - 1)
    if extras.captions:
        uploads.add(world, video, Takes.CAPTIONS)
    if extras.thumbnail:
        uploads.add(world, video, Takes.THUMBNAIL)
    return video


def take_part(world: World, upload: Upload, file: Path) -> str:
    """Keep a part and return its ETag: the same for the same bytes, so that a PUT can be repeated."""
    name = opaque(world.seed, f"linkedin part {upload.key} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    file.replace(clips.on_the_way(world, name))
    world.db.execute("insert or ignore into linkedin_part values (?, ?, ?)", (ETAG + name, upload.key, name))
    return ETAG + name


def find_parts(world: World, video: Asset, part_ids: Sequence[str]) -> list[Path] | None:
    """The files of all parts, in their order; None when these aren't the ETags of all parts in their order."""
    wanted = uploads.of_asset(world, video, Takes.PART)
    rows = [world.db.execute("select * from linkedin_part where etag = ?", (each,)).fetchone() for each in part_ids]
    if [row and row["upload"] for row in rows] != [upload.key for upload in wanted]:
        return None
    return [clips.on_the_way(world, row["file"]) for row in rows]


def put_together(world: World, parts: Sequence[Path]) -> tuple[str, Found]:
    """The whole video as a file of its own: its SHA-256 and what is in it. `finalize` must follow."""
    whole = clips.new_file(world)
    digest = hashlib.sha256()
    with whole.open("wb") as out:
        for part in parts:
            content = part.read_bytes()
            digest.update(content)
            out.write(content)
    found = look_at(whole)
    whole.replace(clips.folder(world) / digest.hexdigest())
    return digest.hexdigest(), found


def finalize(world: World, video: Asset, sha256: str, found: Found) -> None:
    """From now on it is PROCESSING."""
    clips.keep(world, sha256, CONTENT_TYPE)
    assets.take(world, video, sha256, found)


def look_at(file: Path) -> Found:
    """What is wrong with a whole video, if anything, and what its header says."""
    try:
        with file.open("rb") as opened:
            video = read_video(opened)
    except NotAVideo:
        return Found(CONTENT_TYPE, "not an MP4 video")
    trouble = None
    if video.container != MP4:
        trouble = "not an MP4 video"
    elif video.seconds < VIDEO_MIN_S:
        trouble = "shorter than 3 seconds"
    elif video.seconds > VIDEO_MAX_S:
        trouble = "longer than 30 minutes"
    return Found(CONTENT_TYPE, trouble, video.width, video.height, video.seconds)


def thumbnail(world: World, video: Asset) -> str | None:
    """The SHA-256 of the picture that was uploaded for it."""
    return next((each.sha256 for each in uploads.of_asset(world, video, Takes.THUMBNAIL)), None)


def are_captions(content: bytes) -> bool:
    """Is this an SRT file?"""
    try:
        return CAPTION.match(content.decode()) is not None
    except UnicodeDecodeError:
        return False


def is_thumbnail(content: bytes) -> bool:
    """Is this a JPG or PNG?"""
    found = images.look_at(content)
    return found.trouble is None and found.content_type in THUMBNAILS
