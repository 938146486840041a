"""The badge of a state: colour, icon and word, the same everywhere."""

from __future__ import annotations

from typing import Any

from console.plain import plain
from core.posts.rules import Shown


def badge(shown: Shown) -> str:
    """The badge as Markdown."""
    detail = f": {plain(shown.detail)}" if shown.detail else ""
    return f":{shown.color}-badge[:material/{shown.icon}: {shown.label}{detail}]"


def mark(shown: Shown) -> str:
    """The icon in the state's colour and the word, as Markdown: a filter that explains the badges, too."""
    return f":{shown.color}[:material/{shown.icon}:] {shown.label}"


def badge_data(shown: Shown) -> dict[str, Any]:
    """The badge for our own components."""
    return {"label": shown.brief, "color": shown.color, "icon": shown.icon, "words": shown.words}
