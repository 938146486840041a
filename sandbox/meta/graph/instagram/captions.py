"""The words of a post on Instagram (meta 5.7)."""

from __future__ import annotations

import re
from typing import Final

from sandbox.meta.errors import invalid
from sandbox.meta.facts import ALT_TEXT_LIMIT, CAPTION_LIMIT, HASHTAGS_MAX, MENTIONS_MAX
from sandbox.meta.graph.instagram.errors import caption_too_long

_HASHTAG: Final = re.compile(r"(?<!\w)#\w+")
_MENTION: Final = re.compile(r"(?<![\w@])@\w[\w.]*")


def check_caption(caption: str | None) -> None:
    """Characters, hashtags and @ tags are limited."""
    if caption is None:
        return
    too_long = len(caption) > CAPTION_LIMIT
    if too_long or len(_HASHTAG.findall(caption)) > HASHTAGS_MAX or len(_MENTION.findall(caption)) > MENTIONS_MAX:
        raise caption_too_long()


def check_alt_text(alt_text: str | None) -> None:
    """An alternative text has a length."""
    if alt_text is not None and len(alt_text) > ALT_TEXT_LIMIT:
        raise invalid(f"Param alt_text must be no longer than {ALT_TEXT_LIMIT} characters")
