"""What a document is, how many pages it has and what its first looks like. Runs in a confined child alone."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import olefile
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from core.media import decoding
from core.media.rules import DOC, DOCX, PDF, PPT, PPTX, TAKEN, Family, NotTaken

_TAIL: Final = 4_096
_THUMBNAIL_SIDE: Final = 960
_MOST_UNPACKED: Final = 1024 * 1024 * 1024
_MOST_PARTS: Final = 20_000
_LARGEST_CONTENTS: Final = 4 * 1024 * 1024
_LARGEST_PICTURE: Final = 16 * 1024 * 1024
_CONTENTS: Final = "[Content_Types].xml"
_SLIDE: Final = re.compile(r"ppt/slides/slide\d+\.xml")
_BLOCK: Final = 1024 * 1024
_CUT_OFF: Final = "This document is cut off: its end is missing. Save or copy it once more and upload that."
_DAMAGED: Final = "This document is damaged: it can't be read. Save it once more and upload that."
_LOCKED: Final = "This document is protected by a password. Save it without protection and upload that."
_BOMB: Final = "This document unpacks to more than 1 GB, so it isn't opened. Save it smaller and upload that."
_MACROS: Final = "This document has macros, which no network takes. Save it without macros and upload that."
_ENCRYPTED: Final = 0x01  # fEncrypted in the second byte of flags of a Word file ([MS-DOC] 2.5.2)


Read = tuple[str, int, Image.Image | None]  # type, pages (0 where nobody can tell), a picture of it


def made(folder: Path, family: Family) -> dict[str, Any]:
    """What `source` is, as it is kept, with a thumbnail where it has one. Raises NotTaken."""
    source = folder / "source"
    mime, pages, picture = _READERS[family](source)
    return {
        "kept": {"name": "source", "mime": mime, "width": 0, "height": 0, "pages": pages},
        "poster": None,
        "thumbnail": None if picture is None else decoding.thumbnail(picture, folder / "thumbnail"),
    }


def _pdf(source: Path) -> Read:
    with source.open("rb") as file:
        file.seek(max(0, source.stat().st_size - _TAIL))
        if b"%%EOF" not in file.read():
            raise NotTaken(_CUT_OFF)
    try:
        document = pypdfium2.PdfDocument(str(source))
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        raise NotTaken(_LOCKED if "assword" in str(error) else _DAMAGED) from None
    if raw.FPDF_GetSecurityHandlerRevision(document.raw) != -1:
        raise NotTaken(_LOCKED)
    if not pages:
        raise NotTaken(_DAMAGED)
    page = document[0]
    scale = min(4.0, _THUMBNAIL_SIDE / max(*page.get_size(), 1.0))
    return PDF, pages, page.render(scale=scale).to_pil().convert("RGB")


def _package(source: Path) -> Read:
    try:
        with zipfile.ZipFile(source) as package:
            return _office(package)
    except zipfile.BadZipFile:
        raise NotTaken(_CUT_OFF) from None


def _office(package: zipfile.ZipFile) -> Read:
    parts = package.infolist()
    if len(parts) > _MOST_PARTS or sum(each.file_size for each in parts) > _MOST_UNPACKED:
        raise NotTaken(_BOMB)
    if any(each.flag_bits & 1 for each in parts):
        raise NotTaken(_LOCKED)
    contents = next((each for each in parts if each.filename == _CONTENTS), None)
    if contents is None or contents.file_size > _LARGEST_CONTENTS:
        raise NotTaken(f"This is an archive, whatever its name says. {TAKEN}")
    types = package.read(contents)
    if b"macroEnabled" in types:
        raise NotTaken(_MACROS)
    if b"wordprocessingml.document.main+xml" in types:
        mime, pages = DOCX, 0
    elif b"presentationml.presentation.main+xml" in types:
        mime, pages = PPTX, sum(1 for each in parts if _SLIDE.fullmatch(each.filename))
    else:
        kind = "an Excel file" if b"spreadsheetml" in types else "an archive"
        raise NotTaken(f"This is {kind}, whatever its name says. {TAKEN}")
    for each in parts:
        _read_through(package, each)
    return mime, pages, _picture_in(package)


def _read_through(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Compare a part with its checksum, never more than a block of it in memory. Raises NotTaken."""
    try:
        with package.open(part) as file:
            while file.read(_BLOCK):
                pass
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError):
        raise NotTaken(_DAMAGED) from None


def _picture_in(package: zipfile.ZipFile) -> Image.Image | None:
    """The picture that the program which wrote the document put in for lists; many have none."""
    for name in ("docProps/thumbnail.jpeg", "docProps/thumbnail.png"):
        if name not in package.namelist() or package.getinfo(name).file_size > _LARGEST_PICTURE:
            continue
        try:
            image = Image.open(io.BytesIO(package.read(name)), formats=("JPEG", "PNG"))
            image.load()
        except Exception:  # noqa: S112 - it is an ornament: what is wrong with it is nothing against the document
            continue
        return image.convert("RGB")
    return None


def _compound(source: Path) -> Read:
    try:
        with olefile.OleFileIO(str(source)) as file:
            return _old_office(file), 0, None
    except NotTaken:
        raise
    except (OSError, EOFError, ValueError, IndexError):
        raise NotTaken(_DAMAGED) from None


def _old_office(file: olefile.OleFileIO) -> str:
    if file.exists("EncryptedPackage") or file.exists("EncryptedSummary"):
        raise NotTaken(_LOCKED)
    if file.exists("WordDocument"):
        head = _whole(file, "WordDocument")
        if len(head) < 12 or head[:2] != b"\xec\xa5":
            raise NotTaken(_DAMAGED)
        if head[11] & _ENCRYPTED:
            raise NotTaken(_LOCKED)
        return DOC
    if file.exists("PowerPoint Document"):
        _whole(file, "PowerPoint Document")
        return PPT
    kind = "an Excel file" if file.exists("Workbook") or file.exists("Book") else "a file of another program"
    raise NotTaken(f"This is {kind}, whatever its name says. {TAKEN}")


def _whole(file: olefile.OleFileIO, name: str) -> bytes:
    content: bytes = file.openstream(name).read()
    if len(content) < file.get_size(name):
        raise NotTaken(_CUT_OFF)
    return content


_READERS: Final[Mapping[Family, Callable[[Path], Read]]] = {
    Family.PDF: _pdf,
    Family.PACKAGE: _package,
    Family.COMPOUND: _compound,
}
