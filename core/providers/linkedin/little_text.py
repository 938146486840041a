"""LinkedIn's "little text": how a post's words are written, and how they are read back (linkedin 4.3).

A reserved character that isn't escaped cuts the post off there, silently and with a yes. So every one is escaped but
the sign that begins a hashtag, which is how a hashtag is made; inside one the rest is escaped as everywhere.
"""

from __future__ import annotations

import re
from typing import Final

RESERVED: Final = "\\|{}@[]()<>#*_~"

# A hashtag begins where no word goes on, and has a letter: neither "C#" nor "issue #7" nor a part of an address is one.
_HASHTAG: Final = re.compile(r"\w+://\S*|(?<![\w&/#])(?P<sign>#)(?=\w*[^\W\d_])")
_TEMPLATE: Final = re.compile(r"\{hashtag\|\\?[#\uff03]\|([^{}|]*)\}")
_MENTION: Final = re.compile(r"@\[((?:[^\]\\]|\\.)*)\]\(urn:li:[^()]*\)")
_ESCAPE: Final = re.compile(r"\\([" + re.escape(RESERVED) + r"])")


def little_text(text: str) -> str:
    """Plain words as little text; what people wrote as hashtags stays one."""
    hashtags = {found.start("sign") for found in _HASHTAG.finditer(text)}
    return "".join(
        f"\\{character}" if character in RESERVED and place not in hashtags else character
        for place, character in enumerate(text)
    )


def readings(commentary: str) -> tuple[str, str]:
    """What a post says to people, by both ways it may be given: with escapes, and with none but in templates.

    Only the templates of hashtags are documented for what is read; whether escapes come back too is not.
    """
    escaped = _MENTION.sub(r"\1", _TEMPLATE.sub(lambda found: f"#{found[1]}", commentary))
    return _ESCAPE.sub(r"\1", escaped), escaped
