"""Files made to harm whoever looks into them, each with a word of what must be said of it; "" where it does no harm.

What has no word is taken as it is, or as plain pixels: it looks odd and costs little.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from PIL import Image

from tests.factories import clips
from tests.factories.media import picture
from tests.integration.media import hostile
from tests.integration.media.inside import paper

Trap = tuple[Callable[[], bytes], str]
MEGABYTE: Final = 1 << 20
_DAMAGED: Final = "damaged"
_CUT_OFF: Final = "cut off"
_NO_VIDEO: Final = "no video in this file"
_TOO_MUCH: Final = "too much memory"


# Videos, box by box (ISO/IEC 14496-12)


def box(kind: bytes, *parts: bytes, says: int | None = None) -> bytes:
    """A box; `says`: how long it claims to be."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content) if says is None else says, kind) + content


@cache
def film() -> bytes:
    """A sound video to spoil, its index first."""
    return clips.clip(seconds=1, size=(160, 120), rate=12)


def spoilt(kind: bytes, at: int, *what: bytes) -> bytes:
    """The film with other bytes `at` so many behind the head of its first box of a kind."""
    content, said = film(), b"".join(what)
    begins = content.index(kind) + 4 + at
    return content[:begins] + said + content[begins + len(said) :]


def in_index(more: bytes) -> bytes:
    """The film with more boxes at the end of its index; where pictures lie is moved with them."""
    content = film()
    begins = content.index(b"moov") - 4
    length = int.from_bytes(content[begins : begins + 4], "big")
    index = box(b"moov", content[begins + 8 : begins + length], more)
    return content[:begins] + _moved(index, len(more)) + content[begins + length :]


def _moved(index: bytes, by: int) -> bytes:
    written, at = bytearray(index), 0
    while (at := index.find(b"stco", at + 1)) > 0:
        (count,) = struct.unpack_from(">I", index, at + 8)
        for number in range(count):
            place = at + 12 + 4 * number
            struct.pack_into(">I", written, place, struct.unpack_from(">I", index, place)[0] + by)
    return bytes(written)


def tracks(count: int) -> bytes:
    content = film()
    begins = content.index(b"trak") - 4
    length = int.from_bytes(content[begins : begins + 4], "big")
    return in_index(content[begins : begins + length] * count)


def nested(deep: int) -> bytes:
    """Boxes in boxes, each as long as what it holds."""
    content = b""
    for _ in range(deep):
        content = box(b"moov", content)
    return box(b"ftyp", b"isom", bytes(4)) + content


def packed_index(megabytes: int) -> bytes:
    """An index that is packed and unpacks to so much (QuickTime's `cmov`)."""
    size = struct.pack(">I", megabytes * MEGABYTE)
    inside = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", size, squeezed(megabytes)))
    return box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", inside) + box(b"mdat", bytes(64))


def large_pictures() -> bytes:
    """A video whose head speaks of small pictures and whose pictures have 50.5 million pixels."""
    content = clips.clip(seconds=0.25, size=(7_104, 7_104), rate=4, codec="mpeg4", sound=False)
    at = content.index(b"mp4v") + 4 + 24
    return content[:at] + struct.pack(">HH", 160, 120) + content[at + 4 :]


VIDEOS: Final[Mapping[str, Trap]] = {
    "a video of 136 years": (lambda: spoilt(b"mvhd", 12, b"\0\0\0\1", b"\xff" * 4), ""),
    "a video whose track has 136 years": (lambda: spoilt(b"mdhd", 12, b"\0\0\0\1", b"\xff" * 4), ""),
    "a video without time": (lambda: spoilt(b"mdhd", 12, bytes(8)), ""),
    "a video of 65,535 squared": (lambda: spoilt(b"avc1", 24, b"\xff" * 4), ""),
    "a video of nothing squared": (lambda: spoilt(b"avc1", 24, bytes(4)), ""),
    "a video whose pictures are larger than it says": (large_pictures, "more than 50 million pixels"),
    "a video of four billion pictures": (lambda: spoilt(b"stsz", 4, b"\0\0\0\1", b"\xff" * 4), _DAMAGED),
    "a video of forty million pictures": (lambda: spoilt(b"stsz", 4, struct.pack(">II", 1, 40_000_000)), _DAMAGED),
    "a video of pictures that last for ever": (
        lambda: spoilt(b"stts", 4, struct.pack(">3I", 1, 2**32 - 1, 2**31)),
        _DAMAGED,
    ),
    "a video whose pictures lie behind its end": (lambda: spoilt(b"stco", 8, b"\x7f\xff\xff\xff"), "can't be read"),
    "a video whose places don't fit its pictures": (lambda: spoilt(b"stsc", 4, b"\xff" * 4), _DAMAGED),
    "a video of 2,000 tracks": (lambda: tracks(2_000), _TOO_MUCH),
    "boxes without end": (lambda: film() + box(b"free") * 100_001, _DAMAGED),
    "boxes in boxes": (lambda: nested(20_000), _DAMAGED),
    "a box longer than the one around it": (lambda: spoilt(b"moov", 0, b"\x7f\xff\xff\xff"), _NO_VIDEO),
    "a box longer than the file": (lambda: film() + box(b"free", bytes(64), says=2**31), _CUT_OFF),
    "a box of 2^63 bytes": (
        lambda: film() + struct.pack(">I4sQ", 1, b"free", 2**63 + 7),
        _CUT_OFF,
    ),
    "a box of no length in the index": (lambda: in_index(bytes(4) + b"trak" + bytes(64)), ""),
    "an index of nothing": (lambda: box(b"ftyp", b"isom", bytes(4)) + box(b"moov"), _NO_VIDEO),
    "a packed index that unpacks to a gigabyte": (lambda: packed_index(1_000), "index of this video is compressed"),
    "an index with 40 MB of words": (lambda: in_index(box(b"udta", box(b"\xa9cmt", bytes(40 * MEGABYTE)))), ""),
    "a video with an archive behind it": (lambda: film() + b"PK\x03\x04" + bytes(5_000), _CUT_OFF),
    "an archive with a video in front": (lambda: film() + clips.package({"a.txt": b"a" * 999}), _CUT_OFF),
}


# Documents


def page(more: bytes = b"", *others: bytes, size: bytes = b"[0 0 99 99]") -> bytes:
    """A PDF of one page with these entries, and objects from number 4 on."""
    return paper(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox" + size + more + b">>",
        *others,
    )


def stream(about: bytes, content: bytes) -> bytes:
    return b"<<%b/Length %d>>stream\n" % (about, len(content)) + content + b"\nendstream"


def squeezed(megabytes: int, byte: bytes = b"\0") -> bytes:
    """So many megabytes of one byte as zlib packs them, of which only the first is packed here (RFC 1950, 1951)."""
    block = byte * MEGABYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(megabytes):
        check = zlib.adler32(block, check)
    return b"\x78\xda" + one * megabytes + packer.flush() + struct.pack(">I", check)


def _page_tree_in_a_circle() -> bytes:
    return paper(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R/Count 1>>")


def _form_in_itself() -> bytes:
    form = stream(
        b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</A 5 0 R/B 5 0 R>>>>", b"/A Do /B Do"
    )
    return page(b"/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>>>", stream(b"", b"/A Do"), form)


def _forms_of_forms(deep: int) -> bytes:
    """Each draws the next ten times over: 10 to the power of `deep` drawings, as the billion laughs of XML."""
    about = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</A %d 0 R>>>>"
    forms = [stream(about % (number + 6), b"/A Do " * 10) for number in range(deep)]
    last = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]", b"0 0 9 9 re f")
    return page(b"/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>>>", stream(b"", b"/A Do"), *forms, last)


def _large_image() -> bytes:
    about = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceGray/BitsPerComponent 8"
    image = stream(about + b"/Filter/FlateDecode", squeezed(3_434))
    drawn = stream(b"", b"99 0 0 99 0 0 cm /A Do")
    return page(b"/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>>>", drawn, image)


def _earlier_table_is_this_one() -> bytes:
    content = page()
    at = content.rindex(b"startxref\n") + 10
    place = content[at:].split(b"\n")[0]
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev " + place)


def _overlapping_parts() -> bytes:
    """A Word file four thousand parts of which are the same ten megabytes of it (D. Fifield, A better zip bomb)."""
    content = clips.office(more={"word/a.xml": bytes(10 * MEGABYTE)})
    end = content.rindex(b"PK\x05\x06")
    count, size, begins = struct.unpack_from("<HII", content, end + 10)
    directory = content[begins : begins + size]
    again = directory[_places(directory, b"PK\x01\x02")[-1] :] * 4_000
    total = count + 4_000
    told = struct.pack("<HHII", total, total, size + len(again), begins)
    return content[:end] + again + content[end : end + 8] + told + content[end + 20 :]


def _part_that_lies() -> bytes:
    """A Word file with a part of 200 MB that says that it has ten bytes."""
    content = bytearray(clips.office(more={"word/a.xml": bytes(200 * MEGABYTE)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, _places(bytes(content), mark)[-1] + at, 10)
    return bytes(content)


def _places(content: bytes, mark: bytes) -> list[int]:
    found, at = [], -1
    while (at := content.find(mark, at + 1)) >= 0:
        found.append(at)
    return found


def _chain_in_a_circle() -> bytes:
    """An old Word file whose stream never ends: its last sector is followed by its first ([MS-CFB] 2.3)."""
    content = bytearray(clips.old_office())
    end = content.index(struct.pack("<I", 0xFFFFFFFE), 512 + 8)
    struct.pack_into("<I", content, end, 2)
    return bytes(content)


DOCUMENTS: Final[Mapping[str, Trap]] = {
    "a PDF of two billion pages": (lambda: page().replace(b"/Count 1", b"/Count 2147483647"), ""),
    "a PDF whose pages go in a circle": (_page_tree_in_a_circle, _DAMAGED),
    "a PDF whose drawing draws itself": (_form_in_itself, _TOO_MUCH),
    "a PDF of a billion drawings": (lambda: _forms_of_forms(9), _TOO_MUCH),
    "a PDF whose page is a kilometre wide": (lambda: page(size=b"[0 0 2834646 2834646]"), ""),
    "a PDF whose page has no size": (lambda: page(size=b"[0 0 0 0]"), ""),
    "a PDF whose page is inside out": (lambda: page(size=b"[9 9 -1e30 -1e30]"), ""),
    "a PDF whose page unpacks to 4 GB": (
        lambda: page(b"/Contents 4 0 R", stream(b"/Filter/FlateDecode", squeezed(4_000, b" "))),
        _TOO_MUCH,
    ),
    "a PDF with an image of 60,000 squared": (_large_image, ""),
    "a PDF whose table comes before itself": (_earlier_table_is_this_one, ""),
    "a PDF of lists in lists": (lambda: page(b"/A " + b"[" * 200_000 + b"]" * 200_000), ""),
    "a PDF that runs a script": (
        lambda: page(b"/AA<</O<</S/JavaScript/JS(while\\(true\\);)>>>>").replace(
            b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/Launch/F(/bin/sh)>>"
        ),
        "",
    ),
    "an image that is a PDF too": (lambda: picture(size=(40, 30)) + page(), ""),
    "a PDF that is an archive too": (lambda: page() + clips.package({"a.txt": b"a"}) + b"\n%%EOF", ""),
    "a Word file whose parts lie over each other": (_overlapping_parts, "unpacks to more than 1 GB"),
    "a Word file with a part that lies": (_part_that_lies, _DAMAGED),
    "a Word file of 30,000 parts": (
        lambda: clips.office(more={f"word/{number}.xml": b"" for number in range(30_000)}),
        "unpacks to more than 1 GB",
    ),
    "a Word file that reaches out of its folder": (lambda: clips.office(more={"../../../tmp/a": b"a"}), ""),
    "an old Word file without an end": (_chain_in_a_circle, ""),
}


# Images


def _profile_of_9_mb() -> bytes:
    return picture(size=(80, 50), icc_profile=b"junk" * (9 * MEGABYTE // 4))


def _exif_of_9_mb() -> bytes:
    """As many segments for EXIF as ten megabytes hold."""
    content = picture(size=(80, 50))
    segment = b"\xff\xe1" + struct.pack(">H", 65_535) + b"Exif\0\0" + bytes(65_527)
    return content[:2] + segment * 140 + content[2:]


def _exif_in_a_circle() -> bytes:
    """An EXIF whose directory is followed by itself."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\x08"
    content = picture(size=(80, 50))
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + content[2:]


def _many_scans() -> bytes:
    """A progressive JPEG that repeats its last scan two thousand times: each is a walk over the whole image."""
    content = picture(size=(1_000, 1_000), progressive=True)
    begins = content.rindex(b"\xff\xda")
    scan = content[begins : content.rindex(b"\xff\xd9")]
    return content[:begins] + scan * min(2_000, 9 * MEGABYTE // len(scan)) + b"\xff\xd9"


def _webp_of_16383_squared() -> bytes:
    written = io.BytesIO()
    Image.new("1", (16_383, 9)).save(written, "WEBP", lossless=True)
    return written.getvalue()


def _gif_of_65535_squared() -> bytes:
    return b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\1\0\x3b"


def _frames_without_end() -> bytes:
    said = hostile.chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    frame = hostile.chunk(b"fcTL", struct.pack(">5I2H2B", 0, 4, 4, 0, 0, 1, 10, 0, 0))
    return hostile.png(4, 4, pixels=b"\0" * 13 * 4, more=said + frame)


IMAGES: Final[Mapping[str, Trap]] = {
    **{
        name: hostile.REFUSED[name]
        for name in (
            "a PNG of two billion squared",
            "a PNG bomb",
            "a true PNG bomb",
            "a JPEG of 65,500 squared",
            "a text bomb",
            "a PNG with a length of four gigabytes",
            "half a JPEG",
            "a PNG with junk in its pixels",
        )
    },
    "a WebP of 16,383 pixels": (_webp_of_16383_squared, "a WebP"),
    "a GIF of 65,535 squared": (_gif_of_65535_squared, "a GIF"),
    "a PNG of two billion pictures": (_frames_without_end, "animated"),
    "a profile of 9 MB": (_profile_of_9_mb, ""),
    "an EXIF of 9 MB": (_exif_of_9_mb, ""),
    "an EXIF in a circle": (_exif_in_a_circle, ""),
    "a JPEG of two thousand scans": (_many_scans, ""),
    "a megabyte of zeros": (lambda: bytes(MEGABYTE), "no file of a kind"),
}

TRAPS: Final[Mapping[str, Trap]] = {**VIDEOS, **DOCUMENTS, **IMAGES}
