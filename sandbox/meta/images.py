"""What a picture is, told by its content and never by its name (meta 5.7, 6)."""

from __future__ import annotations

import asyncio
import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError


@dataclass(frozen=True, slots=True)
class Picture:
    """Format as Pillow names it (`JPEG`, `MPO`, `PNG`), and the size in pixels."""

    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        """What a browser is told."""
        return str(Image.MIME.get(self.format, "application/octet-stream"))


async def read_picture(content: bytes) -> Picture | None:
    """The picture in these bytes; None when there is none, or a broken one. Decoding keeps nobody else waiting."""
    return await asyncio.to_thread(_decode, content)


def _decode(content: bytes) -> Picture | None:
    try:
        # A picture of absurdly many pixels is broken for our purpose.
        with warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content))
            image.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    return Picture(image.format or "", image.width, image.height)
