"""Rendering of pages. Every value is escaped: what people post is shown as text, never as markup."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parent.parent
HUES = 12


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%-d %b %Y, %H:%M UTC")


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in [*words[:1], *words[-1:]] if word).upper()[: len(words)] or "?"


def _hue(name: str) -> int:
    return sum(name.encode()) % HUES * (360 // HUES)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(ROOT), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters.update(when=_when, initials=_initials, hue=_hue)


def render(template: str, **values: Any) -> str:
    """Render `folder/templates/name.html`, named as `folder/name.html`."""
    folder, _, name = template.partition("/")
    return _ENVIRONMENT.get_template(f"{folder}/templates/{name}").render(**values)
