"""What LinkedIn takes as a document, told by its content: PDF, DOC, DOCX, PPT, PPTX (linkedin 5.3).

Pages are counted, not drawn: page objects of a PDF, slides of a PPTX, what a DOCX says of itself. Those of the
old binary formats aren't counted: they tell them in no way worth reading here.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from sandbox.linkedin.assets import Found
from sandbox.linkedin.facts import DOCUMENT_PAGES_MAX

PDF, OLE, ZIP = b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
OFFICE = "application/vnd.openxmlformats-officedocument."
UNKNOWN = "application/octet-stream"
PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b.*?stream\r?\n", re.DOTALL)
SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
PAGES_TOLD = re.compile(rb"<Pages>(\d{1,9})</Pages>")
INFLATED_MAX = 8 * 1024 * 1024
PROPERTIES, PROPERTIES_MAX = "docProps/app.xml", 1024 * 1024


def look_at(content: bytes) -> Found:
    """Its content type and what is wrong with it, if anything."""
    content_type, pages = _read(content)
    if content_type == UNKNOWN:
        return Found(UNKNOWN, "not a PDF, DOC, DOCX, PPT or PPTX")
    return Found(content_type, "too many pages" if pages > DOCUMENT_PAGES_MAX else None)


def _read(content: bytes) -> tuple[str, int]:
    if content.startswith(PDF):
        return "application/pdf", _pdf_pages(content)
    if content.startswith(OLE):
        return _old_office(content), 0
    if content.startswith(ZIP):
        return _office(content)
    return UNKNOWN, 0


def _pdf_pages(content: bytes) -> int:
    """Page objects in the open, and those within compressed object streams."""
    pages = len(PAGE.findall(content))
    left = INFLATED_MAX
    for match in OBJECT_STREAM.finditer(content):
        try:
            inflated = zlib.decompressobj().decompress(content[match.end() :], left)
        except zlib.error:
            continue  # another filter than the usual one: its pages stay uncounted
        pages += len(PAGE.findall(inflated))
        left -= len(inflated)
        if left <= 0:
            break
    return pages


def _old_office(content: bytes) -> str:
    """By the name of the stream that holds the text."""
    if "WordDocument".encode("utf-16-le") in content:
        return "application/msword"
    if "PowerPoint Document".encode("utf-16-le") in content:
        return "application/vnd.ms-powerpoint"
    return UNKNOWN


def _office(content: bytes) -> tuple[str, int]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "ppt/presentation.xml" in names:
                slides = sum(bool(SLIDE.fullmatch(name)) for name in names)
                return f"{OFFICE}presentationml.presentation", slides
            if "word/document.xml" in names:
                return f"{OFFICE}wordprocessingml.document", _pages_told(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error):
        return UNKNOWN, 0
    return UNKNOWN, 0


def _pages_told(archive: zipfile.ZipFile) -> int:
    if PROPERTIES not in archive.namelist():
        return 0
    with archive.open(PROPERTIES) as properties:
        told = PAGES_TOLD.search(properties.read(PROPERTIES_MAX))
    return int(told[1]) if told else 0
