"""What every child has in common that reads files of strangers: limits, and an answer whatever happens.

A child has limits on memory, time and files, no secrets in its environment and nothing to do with any network. It is
told its job by a JSON object on stdin and answers by one on stdout: what `make` gives, or `{"refused": words}`, or
`{"unwritable": errno}` when it can't write where it works.
"""

from __future__ import annotations

import errno
import json
import resource
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from core.media.rules import MOST_PIXELS, NotTaken

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@dataclass(frozen=True, slots=True)
class Limits:
    """Memory and the largest file written in bytes, CPU in seconds."""

    memory: int
    cpu_s: int
    largest_written: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a person is told of a file that can't be read, and of one that takes too much memory."""

    broken: str
    too_much: str


def answer(make: Callable[[Path, Mapping[str, Any]], Mapping[str, Any]], limits: Limits, words: Words) -> int:
    """Do the one job on stdin in the folder named by the first argument; the exit code."""
    _limit(limits)
    try:
        told = make(Path(sys.argv[1]), json.loads(sys.stdin.read()))
    except NotTaken as refusal:
        told = {"refused": str(refusal)}
    except MemoryError:
        told = {"refused": words.too_much}
    except OSError as error:  # what decoders raise of a damaged file has no number
        told = {"unwritable": error.errno} if error.errno in _NO_ROOM else _damaged(error, words)
    except Exception as error:  # decoders meet hostile bytes: whatever they raise means that the file is not sound
        told = _damaged(error, words)
    sys.stdout.write(json.dumps(told))
    return 0


def hold_data(most: int) -> None:
    """From here on this process gets no more than so many bytes of memory of its own, what it has included."""
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _damaged(error: Exception, words: Words) -> dict[str, Any]:
    return {"refused": words.broken, "cause": f"{type(error).__name__}: {error}"[:300]}


def _limit(limits: Limits) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.largest_written),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
