"""`python -m core.media.decoding <folder>`: decodes images that strangers made, in a process of its own.

Confined (`core.media.confined`). It reads `source` in the folder and, on stdin,
`{"wanted": [{"network", "mimes", "max_bytes", "max_width", "max_pixels"}]}`. It writes the image as it is kept, what
each network gets and a thumbnail, and on stdout
`{"kept": file, "renditions": {network: file}, "thumbnail": file}` with `{"name", "mime", "width", "height"}` per file.

Kept means: decoded and encoded anew (so that nothing rides along), upright, in sRGB, 8 bits, without metadata.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps

from core.media import confined
from core.media.confined import Limits, Words
from core.media.rules import JPEG, LARGEST_FILE, MOST_PIXELS, PNG, SAVE_AS, NotAnImage, kind_by_content

MEMORY_BYTES: Final = 1_200 * 1024 * 1024
CPU_S: Final = 40  # 50 million pixels of PNG, kept and made smaller, take 15 on a busy machine
LIMITS: Final = Limits(MEMORY_BYTES, CPU_S, 256 * 1024 * 1024)
THUMBNAIL_SIDE: Final = 480  # twice what a tile of the library shows, for screens with small pixels
_THUMBNAIL_QUALITY: Final = 82
_QUALITIES: Final = (92, 88, 84, 80, 75, 70, 60, 50)
_SMALLER: Final = 0.8
_BROKEN: Final = f"This image is damaged: it can't be read to its end. Export it once more. {SAVE_AS}"
_TOO_MUCH: Final = "This image takes too much memory to open. Make it smaller and upload that."
_FORMATS: Final = {JPEG: ("JPEG", "MPO"), PNG: ("PNG",)}


def main() -> int:
    """Do the one job on stdin."""
    return confined.answer(_made, LIMITS, Words(_BROKEN, _TOO_MUCH))


def _made(folder: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    wanted: Sequence[dict[str, Any]] = asked["wanted"]
    image, mime = _decoded((folder / "source").read_bytes())
    kept = _kept(image, mime, folder / "kept")
    renditions: dict[str, Any] = {}
    made: dict[str, dict[str, Any]] = {}
    flat: Image.Image | None = None
    for each in wanted:
        if _fits(kept, (folder / "kept").stat().st_size, each):
            renditions[each["network"]] = kept
            continue
        limits = json.dumps([each["max_bytes"], each["max_width"], each["max_pixels"]])
        if limits not in made:
            flat = flat or _on_white(image)
            name = f"rendition-{len(made)}"
            width, height = _shrunk(flat, each, folder / name)
            made[limits] = {"name": name, "mime": JPEG, "width": width, "height": height}
        renditions[each["network"]] = made[limits]
    return {"kept": kept, "renditions": renditions, "thumbnail": thumbnail(image, folder / "thumbnail")}


def thumbnail(image: Image.Image, place: Path) -> dict[str, Any]:
    """Write a small JPEG of an image for lists."""
    scale = min(1.0, THUMBNAIL_SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = _on_white(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))
    small.save(place, "JPEG", quality=_THUMBNAIL_QUALITY, optimize=True)
    return {"name": place.name, "mime": JPEG, "width": small.width, "height": small.height}


def _decoded(source: bytes) -> tuple[Image.Image, str]:
    mime = kind_by_content(source[:32])
    try:
        opened = Image.open(io.BytesIO(source), formats=_FORMATS[mime])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    with opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise _too_many_pixels()
        if mime == PNG and getattr(opened, "is_animated", False):
            raise NotAnImage("This PNG is animated. Upload a still image: networks would show its first picture only.")
        opened.load()
        return _plain(_upright(opened)), mime


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its camera says. A camera that talks nonsense isn't listened to."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # EXIF is as hostile as the rest, and only a hint
        return image


def _plain(image: Image.Image) -> Image.Image:
    """8 bits of gray, RGB or RGBA in sRGB; nothing but pixels."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("P", "PA", "LA", "La") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if profile and image.mode in ("L", "RGB", "RGBA", "CMYK"):
        image = _in_srgb(image, profile)
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGB")
    image.info.clear()
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours as the profile means them. A profile that doesn't fit the image is left out."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
        if converted is not None:
            return converted
    return image


def _kept(image: Image.Image, mime: str, place: Path) -> dict[str, Any]:
    if mime == PNG:
        image.save(place, "PNG")
    else:
        _as_jpeg(image if image.mode == "L" else image.convert("RGB"), LARGEST_FILE, place)
    return {"name": place.name, "mime": mime, "width": image.width, "height": image.height}


def _fits(kept: dict[str, Any], size: int, limits: dict[str, Any]) -> bool:
    """Whether a network takes the image as it is kept."""
    return (
        kept["mime"] in limits["mimes"]
        and size <= limits["max_bytes"]
        and kept["width"] <= (limits["max_width"] or kept["width"])
        and kept["width"] * kept["height"] <= (limits["max_pixels"] or MOST_PIXELS)
    )


def _shrunk(image: Image.Image, limits: dict[str, Any], place: Path) -> tuple[int, int]:
    """Write a JPEG within the limits; its width and height. The shape stays: a ratio is for a person to mend."""
    for width, height in _sizes(image, limits):
        scaled = image if (width, height) == image.size else image.resize((width, height), Image.Resampling.LANCZOS)
        if _as_jpeg(scaled, limits["max_bytes"], place):
            break
    return width, height


def _sizes(image: Image.Image, limits: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The largest size within the limits, then smaller and smaller ones."""
    scale = min(1.0, (limits["max_width"] or image.width) / image.width)
    if limits["max_pixels"]:
        scale = min(scale, (limits["max_pixels"] / (image.width * image.height)) ** 0.5)
    while True:
        width, height = max(1, int(image.width * scale)), max(1, int(image.height * scale))
        yield width, height
        if width == height == 1:
            return
        scale *= _SMALLER


def _as_jpeg(image: Image.Image, most_bytes: int, place: Path) -> bool:
    """Write a JPEG as good as fits; False when even the worst is larger, and then that one is written."""
    for quality in _QUALITIES:
        image.save(place, "JPEG", quality=quality, optimize=True)
        if place.stat().st_size <= most_bytes:
            return True
    return False


def _on_white(image: Image.Image) -> Image.Image:
    """What a network without transparency gets."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _too_many_pixels() -> NotAnImage:
    millions = MOST_PIXELS // 1_000_000
    return NotAnImage(f"This image has more than {millions} million pixels. Make it smaller and upload that.")


if __name__ == "__main__":
    sys.exit(main())
