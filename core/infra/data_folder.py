"""The data folder: made so that only its owner can look in, with words for what can go wrong with it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from core.infra.programs import CanNotStart

_NEEDED_BYTES: Final = 200 * 1024 * 1024
_OF_OTHERS: Final = 0o077  # the permissions of everybody but the owner
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Turn the system's errors about the folder into CanNotStart."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise CanNotStart(disk_full(folder)) from None
        reason = (error.strerror or str(error)).lower()
        raise CanNotStart(f"MASTHEAD_DATA ({folder!s:.80}): {reason:.60}. Mend it or set MASTHEAD_DATA.") from None


def make(folder: Path) -> None:
    """Make the folder if it is missing, and let nobody else in.

    Raises CanNotStart when it can't be made, belongs to another user, or its disk has no room.
    """
    with in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Who owns the link that leads there decides where it leads; root's are the machine's own.
        if folder.stat().st_uid != os.geteuid() or folder.lstat().st_uid not in (os.geteuid(), 0):
            raise CanNotStart(f"MASTHEAD_DATA ({folder!s:.80}) belongs to another user. Set MASTHEAD_DATA.")
        if folder.stat().st_mode & _OF_OTHERS:
            folder.chmod(0o700)
        if shutil.disk_usage(folder).free < _NEEDED_BYTES:
            raise CanNotStart(disk_full(folder))


def disk_full(folder: Path) -> str:
    """One line that says so."""
    return f"The disk of MASTHEAD_DATA ({folder!s:.80}) is full. Free {_NEEDED_BYTES >> 20} MB or set MASTHEAD_DATA."


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; not for an instant is it half written or readable by others."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.rename(path)


def kept_secret(path: Path) -> str:
    """A random secret that stays the same once made. Raises CanNotStart when another user made it."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    with path.open(encoding="utf-8") as file:
        make_private(file, path)
        return file.read().strip()


def make_private(file: TextIO, path: Path) -> None:
    """Let nobody but its owner read or write an open file. Raises CanNotStart when that is another user."""
    about = os.fstat(file.fileno())
    if about.st_uid != os.geteuid():
        raise CanNotStart(f"A file of MASTHEAD_DATA ({path!s:.90}) belongs to another user. Set MASTHEAD_DATA.")
    if about.st_mode & _OF_OTHERS:
        os.fchmod(file.fileno(), 0o600)
