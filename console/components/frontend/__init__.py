"""The scripts and styles of our own components, put together from the files beside this one (Components v2, inline)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent


def script(*names: str) -> str:
    """These scripts as one, in this order; the last one exports the component."""
    return "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in names)


def style(*names: str) -> str:
    """These styles as one, after what every component has in common."""
    return "\n".join((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("base", *names))


def markup(name: str) -> str:
    """The elements a component starts from."""
    return (_HERE / f"{name}.html").read_text(encoding="utf-8")
