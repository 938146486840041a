"""What holds of images and uploads: limits, names, kinds by content, and what can go wrong in words. Sizes in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from core.infra.errors import Conflict, NotFound, Refused
from core.provider_kit import hostile

LARGEST_FILE: Final = 10 * 1024 * 1024
LARGEST_CHUNK: Final = 1024 * 1024
SMALLEST_CHUNK: Final = 64 * 1024
MOST_PIXELS: Final = 50_000_000
LONGEST_NAME: Final = 120
UPLOADS_PER_MINUTE: Final = 60
MOST_UNFINISHED: Final = 60  # of one organization: begun uploads lie on the disk until they are finished or a day old
UPLOAD_LIFETIME: Final = timedelta(hours=24)
ADDRESS_LIFETIME: Final = timedelta(hours=24)

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"

SAVE_AS: Final = "Save it as JPEG or PNG and upload that."
_NAMELESS: Final = "image"
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
    """Masthead is working on other images right now. Try again in a moment."""


class StorageFull(Refused):
    """Masthead can't keep files right now: its storage is full or can't be written. Tell your operator."""


class StorageAway(Refused):
    """Masthead's storage of files can't be read right now. Tell your operator, and try again later."""


class FileUnknown(NotFound):
    """There is no such file here. The address may have been cut off; copy the whole of it."""


class AddressExpired(NotFound):
    """This address was good for a day, and that is over. Open the post in Masthead to see the image."""


class WrongOffset(Conflict):
    """A chunk doesn't follow what has arrived; `received` says where to go on."""

    def __init__(self, received: int) -> None:
        self.received = received
        super().__init__(f"This part does not follow what has arrived. Go on from byte {received:,}.")


class NotAnImage(ValueError):
    """A file that can't be taken, in words that say what to do."""


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
