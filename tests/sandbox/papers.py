"""Documents of every kind that LinkedIn takes, with as many pages as a test wants."""

from __future__ import annotations

import io
import zipfile
import zlib

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")


def pdf(pages: int = 2, packed: bool = False) -> bytes:
    """A PDF; `packed` puts its pages into a compressed object stream, as newer programs do."""
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(pages))
    tree = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    tree += b"2 0 obj\n<< /Type /Pages /Count %d /Kids [%s] >>\nendobj\n" % (pages, kids)
    leaves = [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>\n"] * pages
    if packed:
        stream = zlib.compress(b"".join(leaves))
        head = b"9999 0 obj\n<< /Type /ObjStm /N %d /First 0 /Filter /FlateDecode /Length %d >>\n" % (
            pages,
            len(stream),
        )
        body = head + b"stream\n" + stream + b"\nendstream\nendobj\n"
    else:
        body = b"".join(b"%d 0 obj\n%sendobj\n" % (number + 3, leaf) for number, leaf in enumerate(leaves))
    return b"%PDF-1.7\n" + tree + body + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def pptx(slides: int = 2) -> bytes:
    return _office("ppt/presentation.xml", *(f"ppt/slides/slide{number + 1}.xml" for number in range(slides)))


def docx(pages: int = 2) -> bytes:
    return _office("word/document.xml", **{"docProps/app.xml": f"<Properties><Pages>{pages}</Pages></Properties>"})


def doc() -> bytes:
    return OLE + "WordDocument".encode("utf-16-le")


def ppt() -> bytes:
    return OLE + "PowerPoint Document".encode("utf-16-le")


def _office(*names: str, **contents: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()
