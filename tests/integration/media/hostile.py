"""Files as an attacker, a broken program or a hurried person sends them, each with a word of what must be said of it.

`REFUSED` can't be taken and are told why; `TAKEN` look odd and are sound images all the same.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageCms, PngImagePlugin

from tests.factories.media import picture

PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
GPS: Final = 0x8825


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    """One chunk of a PNG."""
    check = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b"", more: bytes = b"") -> bytes:
    """A PNG put together by hand, so that its head may promise what its body doesn't keep."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(pixels, 9)
    return PNG_HEAD + chunk(b"IHDR", head) + more + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A small JPEG whose head says that it is of another size."""
    content = bytearray(picture(size=(16, 16)))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=100)
    return written.getvalue()


def with_text(size: int) -> bytes:
    """A PNG whose compressed text is far larger than the file."""
    packed = b"Comment\0\0" + zlib.compress(b"A" * size, 9)
    return png(4, 4, pixels=b"\0" * 13 * 4, more=chunk(b"zTXt", packed))


def with_profile(profile: bytes, mode: str = "RGB", kind: str = "JPEG") -> bytes:
    return picture(kind, (40, 30), mode=mode, icc_profile=profile)


def with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 0.0)
    return picture(size=(80, 50), exif=exif, comment=b"SECRET COMMENT")


def png_with_words() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "SECRET AUTHOR")
    words.add_itxt("XML:com.adobe.xmp", "<x>SECRET XMP</x>")
    return picture("PNG", (80, 50), pnginfo=words)


def gray16() -> bytes:
    rows = b"".join(b"\0" + struct.pack(">2H", 0, 65535) for _ in range(2))
    return png(2, 2, depth=16, colour=0, pixels=rows)


def spliced(content: bytes, at: float, junk: bytes) -> bytes:
    middle = int(len(content) * at)
    return content[:middle] + junk + content[middle + len(junk) :]


_JPEG: Final = picture(size=(300, 200))
_PNG: Final = picture("PNG", (300, 200), noise=True)

REFUSED: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "one byte": (lambda: b"\0", "neither a JPEG nor a PNG"),
    "words": (lambda: b"I am a picture, honestly", "neither a JPEG nor a PNG"),
    "a page": (lambda: b"<script>alert(1)</script>", "a web page or drawing"),
    "a drawing": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a web page or drawing"),
    "GIF": (lambda: animated("GIF"), "a GIF"),
    "WebP": (lambda: picture("WEBP"), "a WebP"),
    "BMP": (lambda: picture("BMP"), "a BMP"),
    "TIFF": (lambda: picture("TIFF"), "a TIFF"),
    "HEIC": (lambda: b"\0\0\0\x18ftypheic" + bytes(100), "a HEIC"),
    "PDF": (lambda: b"%PDF-1.7\n" + bytes(100), "a PDF"),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "neither"),
    "FITS": (lambda: b"SIMPLE  =                    T" + bytes(3000), "neither"),
    "JPEG 2000": (lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100), "neither"),
    "an archive": (lambda: b"PK\x03\x04" + bytes(100), "an archive"),
    "only a JPEG's head": (lambda: b"\xff\xd8\xff", "damaged"),
    "only a PNG's head": (lambda: PNG_HEAD, "damaged"),
    "half a JPEG": (lambda: _JPEG[: len(_JPEG) // 2], "damaged"),
    "half a PNG": (lambda: _PNG[: len(_PNG) // 2], "damaged"),
    "a PNG with a wrong checksum": (
        lambda: PNG_HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0), crc=1) + chunk(b"IEND", b""),
        "damaged",
    ),
    "a PNG with junk in its pixels": (lambda: spliced(_PNG, 0.5, b"\xff" * 64), "damaged"),
    "a PNG without size": (lambda: png(0, 0), "damaged"),
    "a PNG without pixels": (lambda: png(300, 200), "damaged"),
    "a PNG of two billion squared": (lambda: png(2**31 - 1, 2**31 - 1), "more than 50 million pixels"),
    "a PNG bomb": (lambda: png(20_000, 20_000, pixels=bytes(20_000)), "more than 50 million pixels"),
    "a true PNG bomb": (
        lambda: png(10_000, 6_000, depth=1, colour=0, pixels=bytes(1_251 * 6_000)),
        "more than 50 million pixels",
    ),
    "a JPEG of 65,500 squared": (lambda: jpeg_of_size(65_500, 65_500), "more than 50 million pixels"),
    "an icon": (lambda: b"\0\0\1\0" + bytes(100), "neither"),
    "a text bomb": (lambda: with_text(300_000_000), "damaged"),
    "an animated PNG": (lambda: animated("PNG"), "animated"),
    "a PNG with a length of four gigabytes": (lambda: PNG_HEAD + b"\xff\xff\xff\xffIHDR" + bytes(50), "damaged"),
}

TAKEN: Final[Mapping[str, Callable[[], bytes]]] = {
    "CMYK": lambda: picture(mode="CMYK", size=(80, 50)),
    "CMYK with a profile of RGB": lambda: with_profile(ImageCms.ImageCmsProfile(_srgb()).tobytes(), "CMYK"),
    "gray": lambda: picture(mode="L", size=(80, 50)),
    "gray with a profile of RGB": lambda: with_profile(ImageCms.ImageCmsProfile(_srgb()).tobytes(), "L"),
    "a profile of junk": lambda: with_profile(b"junk" * 500),
    "16 bits of gray": gray16,
    "one bit": lambda: picture("PNG", (80, 50), mode="1"),
    "a palette": lambda: picture("PNG", (80, 50), mode="P"),
    "a palette with a transparent colour": lambda: picture("PNG", (80, 50), mode="P", transparency=0),
    "half transparent": lambda: picture("PNG", (80, 50), mode="RGBA"),
    "gray and transparent": lambda: picture("PNG", (80, 50), mode="LA"),
    "a JPEG whose head promises more than follows": lambda: jpeg_of_size(900, 900),
    "one pixel": lambda: picture(size=(1, 1)),
    "a line": lambda: picture("PNG", (60_000, 1)),
    "progressive": lambda: picture(size=(80, 50), progressive=True),
    "an archive behind an image": lambda: picture(size=(80, 50)) + b"PK\x03\x04" + bytes(5_000),
    "several pictures in one": lambda: animated("MPO"),
    "an orientation that is none": lambda: with_exif(77),
}


def red_for_blue() -> bytes:
    """sRGB with its red and its blue exchanged."""
    profile = ImageCms.ImageCmsProfile(_srgb()).tobytes()
    return profile.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")


def _srgb() -> ImageCms.core.CmsProfile:
    return ImageCms.createProfile("sRGB")
