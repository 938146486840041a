"""Video files that nobody can watch and everybody can measure: MP4 and MOV of any length, size and codec.

Every box that tells what a video is stands where it belongs, and every sample is there: one byte each. Nothing is
encoded, so a video of four hours takes less than a megabyte.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any

TIMESCALE = 90_000
MP4, MOV = b"isom", b"qt  "
_UPRIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_TURNED = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


@dataclass(frozen=True)
class Recipe:
    """What the file will say of itself. `seconds` is its length, `fps` its pictures a second.

    `audio` is None for a silent one. `size` counts pixels as they are stored: with `turned` they are shown on their
    side, as phones film. `chroma` is 420, 422 or 444.
    """

    seconds: float = 5.0
    size: tuple[int, int] = (1080, 1920)
    codec: str = "avc1"
    fps: float = 30.0
    audio: str | None = "mp4a"
    sample_rate: int = 48_000
    channels: int = 2
    brand: bytes = MP4
    turned: bool = False
    chroma: int = 420
    moov_first: bool = True
    edit_list: bool = False


def video(seconds: float = 5.0, size: tuple[int, int] = (1080, 1920), *, bytes_at_least: int = 0, **more: Any) -> bytes:
    """A video, upright and in H.264 with sound unless told otherwise (see Recipe); no two are the same bytes.

    With `bytes_at_least` it is filled up to that many.
    """
    return write(Recipe(seconds, size, **more), bytes_at_least)


def write(recipe: Recipe, bytes_at_least: int = 0) -> bytes:
    """The file that a recipe describes."""
    ftyp = _box(b"ftyp", recipe.brand, struct.pack(">I", 512), recipe.brand)
    pictures = max(1, round(recipe.seconds * recipe.fps))
    sounds = max(1, round(recipe.seconds * recipe.sample_rate / 1024)) if recipe.audio else 0
    # The samples are random, so that no two files of a test are one.
    samples = os.urandom(min(64, pictures + sounds)).ljust(pictures + sounds, b"\0")
    # The places of samples don't change the length of moov, so it is written once to be measured.
    length = len(_moov(recipe, pictures, sounds, 0))
    before = len(ftyp) + (length if recipe.moov_first else 0) + 8
    moov, mdat = _moov(recipe, pictures, sounds, before), _box(b"mdat", samples)
    parts = [ftyp, moov, mdat] if recipe.moov_first else [ftyp, mdat, moov]
    missing = bytes_at_least - sum(map(len, parts))
    if missing > 0:
        parts.append(_box(b"free", bytes(max(0, missing - 8))))
    return b"".join(parts)


def _moov(recipe: Recipe, pictures: int, sounds: int, at: int) -> bytes:
    length = round(recipe.seconds * TIMESCALE)
    mvhd = struct.pack(">IIIIII2x10x9i24xI", 0, 0, 0, TIMESCALE, length, 0x10000, *_UPRIGHT, 3)
    traks = [_picture_track(recipe, pictures, at)]
    if recipe.audio:
        traks.append(_sound_track(recipe, sounds, at + pictures))
    return _box(b"moov", _box(b"mvhd", mvhd), *traks)


def _picture_track(recipe: Recipe, pictures: int, at: int) -> bytes:
    width, height = recipe.size
    step = round(TIMESCALE / recipe.fps)
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1)
    entry = _box(recipe.codec.encode(), entry, _configuration(recipe))
    media = _media(
        recipe, b"vide", _box(b"vmhd", struct.pack(">I8x", 1)), entry, (TIMESCALE, pictures * step), pictures, step, at
    )
    matrix = _TURNED if recipe.turned else _UPRIGHT
    return _track(recipe, 1, matrix, recipe.size, media)


def _sound_track(recipe: Recipe, sounds: int, at: int) -> bytes:
    entry = struct.pack(">6xH8xHH4xI", 1, recipe.channels, 16, recipe.sample_rate << 16)
    entry = _box(str(recipe.audio).encode(), entry)
    duration = (recipe.sample_rate, sounds * 1024)
    media = _media(recipe, b"soun", _box(b"smhd", bytes(8)), entry, duration, sounds, 1024, at)
    return _track(recipe, 2, _UPRIGHT, (0, 0), media)


def _track(recipe: Recipe, number: int, matrix: tuple[int, ...], size: tuple[int, int], media: bytes) -> bytes:
    length = round(recipe.seconds * TIMESCALE)
    fixed = (size[0] << 16, size[1] << 16)
    tkhd = struct.pack(">IIIIII8xHHH2x9iII", 7, 0, 0, number, 0, length, 0, 0, 0, *matrix, *fixed)
    edits = _box(b"edts", _box(b"elst", struct.pack(">IIIiI", 0, 1, length, 0, 0x10000))) if recipe.edit_list else b""
    return _box(b"trak", _box(b"tkhd", tkhd), edits, media)


def _media(
    recipe: Recipe,
    kind: bytes,
    header: bytes,
    entry: bytes,
    duration: tuple[int, int],
    samples: int,
    step: int,
    at: int,
) -> bytes:
    mdhd = struct.pack(">IIIIIHH", 0, 0, 0, *duration, 0x55C4, 0)
    hdlr = struct.pack(">I4s4s12x", 0, bytes(4), kind) + b"\0"
    dinf = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1), _box(b"url ", struct.pack(">I", 1))))
    stbl = _box(
        b"stbl",
        _box(b"stsd", struct.pack(">II", 0, 1), entry),
        _box(b"stts", struct.pack(">IIII", 0, 1, samples, step)),
        _box(b"stsc", struct.pack(">IIIII", 0, 1, 1, samples, 1)),
        _box(b"stsz", struct.pack(">III", 0, 1, samples)),
        _box(b"stco", struct.pack(">III", 0, 1, at)),
    )
    return _box(b"mdia", _box(b"mdhd", mdhd), _box(b"hdlr", hdlr), _box(b"minf", header, dinf, stbl))


def _configuration(recipe: Recipe) -> bytes:
    """The decoder's configuration, which tells how finely colour is stored."""
    if recipe.codec.startswith("avc"):
        profile = {420: 100, 422: 122, 444: 244}[recipe.chroma]
        return _box(b"avcC", bytes([1, profile, 0, 31, 0xFF, 0xE0, 0]))
    if recipe.codec in ("hvc1", "hev1"):
        chroma = {420: 1, 422: 2, 444: 3}[recipe.chroma]
        return _box(b"hvcC", bytes([1, 1]) + bytes(14) + bytes([0xFC | chroma]) + bytes(6))
    return b""


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content
