"""What a person reads when everything runs: the address, who to be, and what to try first."""

from __future__ import annotations

from collections.abc import Sequence

from core.infra.settings import Settings


def words(settings: Settings, introduction: Sequence[str], seconds: float) -> str:
    """The message; `introduction` is what the demo says of its people and of what to try first."""
    lines = [
        "",
        f"  Masthead runs (ready in {seconds:.1f} s). Open {settings.console_url}",
        *(f"  {line}".rstrip() for line in introduction),
        f"  All data lies in {settings.data}. Ctrl-C stops everything and keeps it.",
    ]
    return "\n".join(lines) + "\n"
