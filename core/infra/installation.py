"""The settings of this process, for what core does with keys, files and addresses without being handed them."""

from __future__ import annotations

from core.infra.settings import Settings

_in_use: Settings | None = None


def use(settings: Settings | None) -> None:
    """Run with these settings; None reads the environment again at the next need."""
    global _in_use
    _in_use = settings


def settings() -> Settings:
    """The settings in use. Raises SettingsInvalid when the environment has none that work."""
    global _in_use
    if _in_use is None:
        _in_use = Settings.load()
    return _in_use
