"""Videos and documents as people have them: encoded, packed and printed here, each as small as it can be."""

from __future__ import annotations

import io
import math
import struct
import tempfile
import zipfile
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import olefile
import pypdfium2
from PIL import Image

_RATE: Final = 44_100


def clip(
    *,
    seconds: float = 2.0,
    size: tuple[int, int] = (320, 240),
    rate: int = 12,
    codec: str = "libx264",
    sound: bool = True,
    form: str = "mp4",
    index_first: bool = True,
    fragmented: bool = False,
    metadata: dict[str, str] | None = None,
    shade: int = 0,
    edit_list: bool = True,
) -> bytes:
    """A video whose left half is red and whose right half is blue, with a tone. `shade` makes another one of it, up to
    2^16: one bit of it is a square in the lowest line, which no encoder takes for the same picture.

    Encoders write edit lists unless told otherwise.
    """
    flags = "frag_keyframe+empty_moov" if fragmented else "faststart" if index_first else "0"
    options = {"movflags": flags} | ({} if edit_list else {"use_editlist": "0"})
    with (
        tempfile.NamedTemporaryFile() as written,
        av.open(written.name, "w", format=form, options=options) as output,
    ):
        output.metadata.update(metadata or {})
        pictures = output.add_stream(codec, rate=rate)
        pictures.width, pictures.height = size
        pictures.pix_fmt = "yuv420p"
        pictures.thread_count = 1  # how a picture is cut for several threads shows in its bytes
        tone = output.add_stream("aac", rate=_RATE) if sound else None
        image = Image.new("RGB", size, (220, 40, 40))
        image.paste((40, 40, 220), (size[0] // 2, 0, *size))
        for bit in range(16):
            if shade >> bit & 1:
                image.paste((255, 255, 255), (16 * bit, size[1] - 16, 16 * bit + 16, size[1]))
        for number in range(round(seconds * rate)):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(pictures.encode(frame))
        if tone is not None:
            for frame in _tone(seconds):
                output.mux(tone.encode(frame))
            output.mux(tone.encode(None))
        output.mux(pictures.encode(None))
        output.close()
        return Path(written.name).read_bytes()


def recording() -> bytes:
    """Sound alone, in the container of videos."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as output:
        tone = output.add_stream("aac", rate=_RATE)
        for frame in _tone(1.0):
            output.mux(tone.encode(frame))
        output.mux(tone.encode(None))
    return written.getvalue()


def _tone(seconds: float) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, int(seconds * _RATE), 1024):
        samples = array("f", (0.1 * math.sin((start + each) * 0.06) for each in range(1024)))
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = _RATE, start, Fraction(1, _RATE)
        frames.append(frame)
    return frames


def pdf(pages: int = 3, *, side: int = 200) -> bytes:
    """A PDF of blank pages."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(side, side)
    written = io.BytesIO()
    document.save(written)
    document.close()
    return written.getvalue()


def locked_pdf() -> bytes:
    """A PDF that says it is encrypted by the standard handler, and whose password nobody knows."""
    lock = b"<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
        lock,
    ]
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(written))
        written += b"%d 0 obj" % number + body + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    at = len(written)
    ids = b"/ID[<" + b"43" * 16 + b"><" + b"43" * 16 + b">]"
    trailer = b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R" + ids + b">>\nstartxref\n%d\n%%%%EOF\n" % at
    return written + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


def office(kind: str = "word", *, slides: int = 4, macros: bool = False, more: dict[str, bytes] | None = None) -> bytes:
    """A DOCX (`word`), PPTX (`slides`) or XLSX (`sheet`), with nothing in it but what says so."""
    main = {
        "word": "wordprocessingml.document.main+xml",
        "slides": "presentationml.presentation.main+xml",
        "sheet": "spreadsheetml.sheet.main+xml",
    }[kind]
    if macros:
        main = "ms-word.document.macroEnabled.main+xml"
    types = f'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.{main}"/></Types>'
    parts = {"[Content_Types].xml": types.encode(), "docProps/app.xml": b"<Properties/>", **(more or {})}
    if kind == "slides":
        parts |= {f"ppt/slides/slide{number}.xml": b"<p:sld/>" for number in range(1, slides + 1)}
    return package(parts)


def package(parts: dict[str, bytes]) -> bytes:
    """A ZIP of these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def old_office(stream: str = "WordDocument", content: bytes = b"\xec\xa5" + bytes(5_000)) -> bytes:
    """A file of Word or PowerPoint from before 2007: a compound file with one stream ([MS-CFB])."""
    content = content.ljust(-(-max(len(content), 4_096) // 512) * 512, b"\0")
    sectors = len(content) // 512
    end, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    # Sector 0 is the table of sectors, 1 the folder, the stream follows.
    chain = [table, end, *range(3, 2 + sectors), end]
    sectors_table = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    head = olefile.MAGIC + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4_096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    folder = _entry("Root Entry", 5, 1, end, 0) + _entry(stream, 2, free, 2, len(content))
    return head + sectors_table + folder.ljust(512, b"\0") + content


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    spelled = (name + "\0").encode("utf-16-le")
    none = 0xFFFFFFFF
    about = struct.pack("<HBB3I", len(spelled), kind, 1, none, none, child)
    return spelled.ljust(64, b"\0") + about + bytes(36) + struct.pack("<IQ", start, size)
