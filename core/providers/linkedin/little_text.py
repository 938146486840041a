"""LinkedIn's "little text": how a post's words are written, and how they are read back (linkedin 4.3).

A reserved character that isn't escaped cuts the post off there, silently and with a yes. So every one is escaped but
the sign that begins a hashtag, which is how a hashtag is made (inside one the rest is escaped as everywhere), and the
marks of a mention, which people write as LinkedIn does: `@[Northwind Coffee](urn:li:organization:1001)`.
"""

from __future__ import annotations

import re
from typing import Final

RESERVED: Final = "\\|{}@[]()<>#*_~"

# A hashtag begins where no word goes on, and has a letter: neither "C#" nor "issue #7" nor a part of an address is one.
_HASHTAG: Final = re.compile(r"\w+://\S*|(?<![\w&/#])(?P<sign>#)(?=\w*[^\W\d_])")
_TEMPLATE: Final = re.compile(r"\{hashtag\|\\?[#\uff03]\|([^{}|]*)\}")
_WHO: Final = r"urn:li:(?:organization:[0-9]{1,20}|person:[A-Za-z0-9_-]{1,100})"
_MENTION: Final = re.compile(rf"@\[(?P<name>[^\[\]\r\n]{{1,200}})\]\((?P<urn>{_WHO})\)", re.ASCII)
_SHOWN_MENTION: Final = re.compile(rf"@\[((?:[^\]\\]|\\.)*)\]\({_WHO}\)", re.ASCII)
# What looks as if somebody meant one.
_MEANT: Final = re.compile(r"@\[[^\[\]\r\n]{1,200}\]\([^()\r\n]{1,200}\)")
_ESCAPE: Final = re.compile(r"\\([" + re.escape(RESERVED) + r"])")


def little_text(text: str) -> str:
    """Plain words as little text; what people wrote as hashtags and mentions stays that."""
    hashtags = {found.start("sign") for found in _HASHTAG.finditer(text)}
    mentions = {found.start(): found for found in _MENTION.finditer(text)}
    written, place = [], 0
    while place < len(text):
        if mention := mentions.get(place):
            written.append(f"@[{_escaped(mention['name'])}]({mention['urn']})")
            place = mention.end()
        else:
            written.append(text[place] if place in hashtags else _escaped(text[place]))
            place += 1
    return "".join(written)


def mentioned(text: str) -> list[str]:
    """The names of whom it mentions, each once."""
    return list(dict.fromkeys(found["name"] for found in _MENTION.finditer(text)))


def not_mentioned(text: str) -> list[str]:
    """What looks like a mention and names nobody whom LinkedIn could mean; each once."""
    meant = (found[0] for found in _MEANT.finditer(text))
    return list(dict.fromkeys(each for each in meant if not _MENTION.fullmatch(each)))


def as_read(text: str) -> str:
    """What people read of a text: of a mention its name."""
    return _MENTION.sub(lambda found: found["name"], text)


def readings(commentary: str) -> tuple[str, str]:
    """What a post says to people, by both ways it may be given: with escapes, and with none but in templates.

    Only the templates of hashtags are documented for what is read; whether escapes come back too is not.
    """
    escaped = _SHOWN_MENTION.sub(r"\1", _TEMPLATE.sub(lambda found: f"#{found[1]}", commentary))
    return _ESCAPE.sub(r"\1", escaped), escaped


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in RESERVED else character for character in text)
