"""Which revisions of the schema these sources know, by the names of their files: no program needs Alembic for it."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from core.infra.settings import SettingsInvalid


@cache
def known() -> tuple[str, ...]:
    """Every revision, oldest first. Raises SettingsInvalid where the migrations aren't installed."""
    found = sorted(path.name.partition("_")[0] for path in (folder() / "versions").glob("[0-9]*_*.py"))
    if not found:
        raise _missing()
    return tuple(found)


def newest() -> str:
    """The revision that these sources bring. Raises as `known` does."""
    return known()[-1]


def folder() -> Path:
    """Where the migrations are, in a checkout and in an installed wheel. Raises SettingsInvalid."""
    spec = find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise _missing()
    return Path(spec.submodule_search_locations[0])


def _missing() -> SettingsInvalid:
    return SettingsInvalid("The migrations are not installed. Install Masthead again from its wheel.")
