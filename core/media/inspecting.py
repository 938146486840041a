"""`python -m core.media.inspecting <folder>`: looks into videos and documents of strangers, in a process of its own.

Confined (`core.media.confined`). It reads `source` in the folder and, on stdin,
`{"family": word, "plain": [{"network", "codecs", "audio_codecs"}]}`, the networks that take no edit lists. On stdout
it says what is kept, `{"kept": {"name", "mime", "width", "height", "duration_ms", "codec", "audio_codec", "frame_rate",
"bit_rate", "packing", "pages"}}`, what such networks get instead, `"renditions": {network: as kept}`, and what stands
for it in lists, `"poster"` and `"thumbnail"` as `core.media.decoding` names files, or None.

Nothing is encoded anew. A video is written anew, stream by stream as it is, when its index comes last, when it is in
fragments or when it tells where it was taken; and once more without its edit list for networks that take none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.media import confined, documents, videos
from core.media.confined import Limits, Words
from core.media.rules import Family

MEMORY_BYTES: Final = 1_500 * 1024 * 1024
_DOCUMENT_BYTES: Final = 256 * 1024 * 1024  # a scanned page of 35 million pixels takes a third of that
CPU_S: Final = 300  # 2 GB of video written anew take 20 on a busy machine
_LARGEST_WRITTEN: Final = 2_200 * 1024 * 1024
_WORDS: Final = Words(
    broken="This file is damaged: it can't be read. Export it once more and upload that.",
    too_much="This file takes too much memory to open. Make it smaller and upload that.",
)


def main() -> int:
    """Do the one job on stdin."""
    return confined.answer(_made, Limits(MEMORY_BYTES, CPU_S, _LARGEST_WRITTEN), _WORDS)


def _made(folder: Path, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    family = Family(asked["family"])
    if family is Family.VIDEO:
        return videos.made(folder, asked["plain"])
    confined.hold_data(_DOCUMENT_BYTES)
    return documents.made(folder, family)


if __name__ == "__main__":
    sys.exit(main())
