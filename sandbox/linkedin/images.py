"""What LinkedIn takes as a picture, told by its first bytes (linkedin 5.1)."""

from __future__ import annotations

import io
import warnings

from PIL import Image as Picture
from PIL import UnidentifiedImageError

from sandbox.linkedin.assets import Found
from sandbox.linkedin.facts import FORMATS, GIF_FRAMES_MAX, PIXELS_MAX

UNKNOWN = "application/octet-stream"


def look_at(content: bytes) -> Found:
    """Its content type and what is wrong with it, if anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            picture = Picture.open(io.BytesIO(content), formats=tuple(FORMATS))
            frames = getattr(picture, "n_frames", 1)
    except (UnidentifiedImageError, OSError, ValueError, Picture.DecompressionBombError):
        return Found(UNKNOWN, "not a JPG, PNG or GIF")
    content_type = FORMATS.get(picture.format or "", UNKNOWN)
    if picture.width * picture.height >= PIXELS_MAX:
        return Found(content_type, "too many pixels")
    if frames > GIF_FRAMES_MAX:
        return Found(content_type, "too many frames")
    return Found(content_type, width=picture.width, height=picture.height)
