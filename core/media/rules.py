"""What holds of files and uploads: limits, names, kinds by content, and what can go wrong in words. Sizes in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from core.infra.errors import Conflict, NotFound, Refused
from core.provider_kit import hostile

LARGEST_FILE: Final = 10 * 1024 * 1024  # of an image
LARGEST_DOCUMENT: Final = 100 * 1024 * 1024
LARGEST_CHUNK: Final = 1024 * 1024
SMALLEST_CHUNK: Final = 64 * 1024
MOST_PIXELS: Final = 50_000_000
LONGEST_NAME: Final = 120
LONGEST_ALT: Final = 5_000  # of any network's: each says in its checks what is too long for it
LONGEST_RIGHTS: Final = 1_000
UPLOADS_PER_MINUTE: Final = 60
# Of one organization: begun uploads lie in storage until they are finished or a day old.
MOST_UNFINISHED: Final = 60
MOST_UNFINISHED_VIDEOS: Final = 10  # as many of the largest size, in bytes
MOST_TRIES: Final = 5  # of work on one file that ends without an answer: a kill, a crash, a machine without room
UPLOAD_LIFETIME: Final = timedelta(hours=24)
ADDRESS_LIFETIME: Final = timedelta(hours=24)

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
MP4: Final = "video/mp4"
MOV: Final = "video/quicktime"
PDF: Final = "application/pdf"
DOC: Final = "application/msword"
PPT: Final = "application/vnd.ms-powerpoint"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
# Their order is part of every signed address: add at the end.
MIMES: Final = (JPEG, PNG, MP4, MOV, PDF, DOC, PPT, DOCX, PPTX)
ENDINGS: Final[Mapping[str, str]] = {
    JPEG: "jpg",
    PNG: "png",
    MP4: "mp4",
    MOV: "mov",
    PDF: "pdf",
    DOC: "doc",
    PPT: "ppt",
    DOCX: "docx",
    PPTX: "pptx",
}

SAVE_AS: Final = "Save it as JPEG or PNG and upload that."
TAKEN: Final = "Masthead takes JPEG, PNG, MP4, MOV, PDF, Word and PowerPoint files."
_NAMELESS: Final = "file"
_KINDS: Final[Mapping[bytes, str]] = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
# What people try besides, by how it begins: only for the words.
_OTHERS: Final = (
    (0, b"GIF8", "a GIF"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftyphei", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypavif", "an AVIF image"),
    (4, b"ftyp", "a video"),
    (0, b"BM", "a BMP image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"%PDF", "a PDF"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"PK\x03\x04", "an archive"),
    (0, b"<", "a web page or drawing"),
)


class TooManyUploads(Refused):
    """That was more than 60 uploads in a minute here. Wait a minute, then upload it again."""


class Busy(Refused):
    """Masthead is working on other files right now. Try again in a moment."""


class StorageFull(Refused):
    """Masthead can't keep files right now: its storage is full or can't be written. Tell your operator."""


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """Where the store is and as whom we come; None: as the machine says (AWS's own ways)."""

    endpoint: str | None = None
    region: str | None = None
    key_id: str | None = None
    secret: str | None = None


class StorageAway(Refused):
    """Masthead's storage of files can't be read right now. Tell your operator, and try again later."""


class FileUnknown(NotFound):
    """There is no such file here. The address may have been cut off; copy the whole of it."""


class AddressExpired(NotFound):
    """This address was good for a day, and that is over. Open the post in Masthead to see the file."""


class BeingPrepared(Conflict):
    """Masthead is preparing this file. It will be here in a moment."""


class WrongOffset(Conflict):
    """A chunk doesn't follow what has arrived; `received` says where to go on."""

    def __init__(self, received: int) -> None:
        self.received = received
        super().__init__(f"This part does not follow what has arrived. Go on from byte {received:,}.")


class NotTaken(ValueError):
    """A file that can't be taken, in words that say what to do."""


class NotAnImage(NotTaken):
    """A file that can't be taken as an image, in words that say what to do."""


class Family(StrEnum):
    """What a file is by its first bytes; what exactly is in a package, only looking inside tells."""

    IMAGE = "image"
    VIDEO = "video"
    PDF = "pdf"
    PACKAGE = "package"  # a ZIP: Word and PowerPoint since 2007
    COMPOUND = "compound"  # Word and PowerPoint before


# How a file begins -> what it is. MOV files of old begin with a box of their data instead of their type.
_FAMILIES: Final = (
    (0, b"\xff\xd8\xff", Family.IMAGE),
    (0, b"\x89PNG\r\n\x1a\n", Family.IMAGE),
    (4, b"ftyphei", None),
    (4, b"ftypmif1", None),
    (4, b"ftypavif", None),
    (4, b"ftyp", Family.VIDEO),
    *((4, box, Family.VIDEO) for box in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
    (0, b"%PDF-", Family.PDF),
    (0, b"PK\x03\x04", Family.PACKAGE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Family.COMPOUND),
)
_FAMILY_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "image": ("jpg", "jpeg", "png"),
    "document": ("pdf", "doc", "docx", "ppt", "pptx"),
}
# What people try besides, that no still image is: only for the words.
_STRANGERS: Final = (
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (0, b"RIFF", "an AVI video or a WAV recording"),
    (0, b"FLV", "a Flash video"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "a Windows Media file"),
    (0, b"\0\0\1\xba", "an MPEG video"),
    (0, b"OggS", "an Ogg file"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"{\\rtf", "a rich text file"),
    (0, b"%!PS", "a PostScript file"),
)


def family(head: bytes) -> Family:
    """What a file is by its first 32 bytes, whatever its name. Raises NotTaken with what it is instead."""
    for offset, signature, found in _FAMILIES:
        if head[offset:].startswith(signature) and found is not None:
            return found
        if head[offset:].startswith(signature):
            break
    for others, instead in ((_OTHERS, SAVE_AS), (_STRANGERS, TAKEN)):
        for offset, signature, words in others:
            if head[offset:].startswith(signature):
                raise NotTaken(f"This is {words}, whatever its name says. {instead}")
    raise NotTaken(f"This is no file of a kind that can be posted, whatever its name says. {TAKEN}")


def refuse_size(name: str, size: int, largest_video: int) -> None:
    """Raise NotTaken when a file is larger than what its name promises may be."""
    ending = name.rpartition(".")[2].lower()
    if ending in _FAMILY_NAMES["image"]:
        refuse_larger(Family.IMAGE, size, largest_video)
    elif ending in _FAMILY_NAMES["document"]:
        refuse_larger(Family.PDF, size, largest_video)
    else:
        refuse_larger(Family.VIDEO, size, largest_video)


def refuse_larger(of: Family, size: int, largest_video: int) -> None:
    """Raise NotTaken when a file of this family has more bytes than it may."""
    if of is Family.IMAGE and size > LARGEST_FILE:
        raise NotTaken(f"An image can have at most {LARGEST_FILE >> 20} MB. Make it smaller and upload that.")
    if of is Family.VIDEO and size > largest_video:
        raise NotTaken(f"A video can have at most {largest_video >> 20:,} MB. Make it smaller and upload that.")
    if of not in (Family.IMAGE, Family.VIDEO) and size > LARGEST_DOCUMENT:
        raise NotTaken(f"A document can have at most {LARGEST_DOCUMENT >> 20} MB. Make it smaller and upload that.")


def cleaned_name(name: str) -> str:
    """A file's name as people may see it: the last part of a path, one line, at most 120 characters."""
    line = hostile.line(name.replace("\\", "/").rpartition("/")[2], limit=1_000)
    if len(line) > LONGEST_NAME:
        stem, dot, ending = line.rpartition(".")
        kept = f"{dot}{ending}" if stem and len(ending) < 10 else ""
        line = line[: LONGEST_NAME - len(kept)] + kept
    return line or _NAMELESS


def kind_by_content(head: bytes) -> str:
    """JPEG or PNG, by the first bytes of a file and not by its name. Raises NotAnImage with what it is instead."""
    for signature, mime in _KINDS.items():
        if head.startswith(signature):
            return mime
    for offset, signature, words in _OTHERS:
        if head[offset:].startswith(signature):
            raise NotAnImage(f"This is {words}, whatever its name says. {SAVE_AS}")
    raise NotAnImage(f"This is neither a JPEG nor a PNG, whatever its name says. {SAVE_AS}")
