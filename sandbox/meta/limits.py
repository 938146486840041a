"""What a video may be, for each place where it can be shown (meta 4.5, 4.7, 5.7, 6, 14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sandbox.videos import H264, HEVC, Video

if TYPE_CHECKING:
    from sandbox.world import World

MEGABYTE: Final = 1024 * 1024
RATIO_TOLERANCE: Final = 0.01  # [A] 9:16 in whole pixels is seldom exact


class Problem(StrEnum):
    """What is wrong with a video."""

    SHORT = "too short"
    LONG = "too long"
    LARGE = "too large"
    FORMAT = "of a format that is not supported"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds, each as far as the specification gives one. `shape` is a ratio that must be met, `ratio` one within."""

    seconds: tuple[float, float]
    bytes_max: int | None = None
    codecs: frozenset[str] | None = None
    fps: tuple[float, float] | None = None
    ratio: tuple[float, float] | None = None
    shape: float | None = None
    least: tuple[int, int] | None = None
    columns_max: int | None = None
    bits_max: float | None = None
    sound: bool = False
    layout: bool = False


# Meta's sample takes 23 pictures a second, its page says 24 (meta 6): the wider one here [A].
REEL: Final = Limits(
    (3, 90), codecs=frozenset({H264, HEVC, "VP9", "AV1"}), fps=(23, 60), shape=9 / 16, least=(540, 960), sound=True
)
PAGE_VIDEO: Final = Limits((1, 240 * 60), bytes_max=10 * 1024 * MEGABYTE)  # [2] 10 GB, 240 min; the least is ours [A]
_INSTAGRAM: Final = Limits(
    (3, 15 * 60),
    bytes_max=1024 * MEGABYTE,  # CONFLICT 300 MB or 1 GB; the sandbox takes the larger [A]
    codecs=frozenset({H264, HEVC}),
    fps=(23, 60),
    ratio=(0.01, 10),
    columns_max=1_920,
    bits_max=25_000_000,
    sound=True,
    layout=True,
)
INSTAGRAM_REEL: Final = _INSTAGRAM
INSTAGRAM_STORY: Final = replace(_INSTAGRAM, seconds=(3, 60), bytes_max=100 * MEGABYTE, ratio=(0.1, 10))
INSTAGRAM_ITEM: Final = replace(_INSTAGRAM, seconds=(3, 60), bytes_max=100 * MEGABYTE)  # meta 14.8


def of_page(world: World, kind: str) -> Limits:
    """Of a Page's `video`, `reel` or `story`, as the options stand."""
    if kind == "video":
        return PAGE_VIDEO
    limits = REEL if kind == "reel" else replace(REEL, seconds=(3, float(world.option("meta", "story_seconds"))))
    return limits if world.option("meta", "strict_reels") == "true" else replace(limits, shape=None, least=None)


def problem(video: Video, limits: Limits) -> Problem | None:
    """The first thing that is wrong."""
    if limits.bytes_max is not None and video.size > limits.bytes_max:
        return Problem.LARGE
    if not _codecs_fit(video, limits) or not _shape_fits(video, limits) or not _stream_fits(video, limits):
        return Problem.FORMAT
    least, most = limits.seconds
    if video.seconds < least:
        return Problem.SHORT
    return Problem.LONG if video.seconds > most else None


def _codecs_fit(video: Video, limits: Limits) -> bool:
    if limits.codecs is not None and (video.codec not in limits.codecs or not video.chroma_420):
        return False
    loud = limits.sound and video.audio is not None
    return not loud or (video.audio == "AAC" and video.sample_rate <= 48_000 and video.channels <= 2)


def _shape_fits(video: Video, limits: Limits) -> bool:
    if limits.shape is not None and abs(video.ratio - limits.shape) > RATIO_TOLERANCE:
        return False
    if limits.least is not None and (video.width < limits.least[0] or video.height < limits.least[1]):
        return False
    if limits.columns_max is not None and video.width > limits.columns_max:
        return False
    return limits.ratio is None or limits.ratio[0] <= video.ratio <= limits.ratio[1]


def _stream_fits(video: Video, limits: Limits) -> bool:
    # Rates such as 23.976 and 59.94 belong to the whole numbers beside them.
    if limits.fps is not None and not limits.fps[0] <= round(video.fps, 2) <= limits.fps[1]:
        return False
    if limits.bits_max is not None and video.bits_per_second > limits.bits_max:
        return False
    return not limits.layout or (video.moov_first and not video.edit_list)


# Subcodes of a Page's video, "older documented upload subcodes" [2] (meta 4.5).
OF_PAGES: Final[Mapping[Problem, int]] = {
    Problem.SHORT: 1363025,
    Problem.LONG: 1363026,
    Problem.LARGE: 1363023,
    Problem.FORMAT: 1363024,
}
# Subcodes of Instagram: 352/2207026 is its only word for a video that it doesn't take (meta 10.4).
OF_INSTAGRAM: Final[Mapping[Problem, int]] = {
    Problem.SHORT: 2207026,
    Problem.LONG: 2207026,
    Problem.LARGE: 2207082,
    Problem.FORMAT: 2207026,
}
