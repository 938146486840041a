"""What each program is handed of the environment: its own login and the secrets it works with, nothing else's.

PRODUCT 2: the owner's DATABASE_URL is for `masthead migrate` alone. A program that is taken over gives away what it was
handed, so the one that renders pages can't become a sender, and the one that watches the clock holds no token's key.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from core.infra.settings import Program, Settings, SettingsInvalid, whole_environment

_ROLES: Final[dict[str, Program]] = {"console": "web", "ingest": "web", "dispatcher": "dispatch"}
_WORKER: Final = "worker"  # every program of this name, and `worker-<queue>`
_NAMES_OF_DATABASES: Final = "DATABASE_URL"
_SIGN_IN: Final = "MASTHEAD_OIDC_CLIENT_SECRET"
_KEYS_OF_TOKENS: Final = "MASTHEAD_CREDENTIAL_KEYS"
_MAIL: Final = "MASTHEAD_SMTP_URL"
_ONLY_WATCH: Final = ("dispatcher", "scheduler")
_OF_MASTHEAD_ALONE: Final = ("MASTHEAD_SECRET_KEY", _KEYS_OF_TOKENS, _SIGN_IN, _MAIL, "REDIS_URL")


def environment_of(name: str, settings: Settings) -> dict[str, str]:
    """The environment of a program of the Procfile. One that is not known here gets no database at all.

    An address that can't be told is left out: the program itself refuses to start without it, in words.
    """
    handed = _without(lambda each: _is_of_a_database(each) or (each == _SIGN_IN and name != "console"))
    if name in _ONLY_WATCH:
        handed = {each: value for each, value in handed.items() if not _opens_networks(each) and each != _MAIL}
    role = _role_of(name)
    if role is not None:
        with suppress(SettingsInvalid):
            handed[f"{_NAMES_OF_DATABASES}_{role.upper()}"] = settings.program_url(role)
    return handed


def environment_of_sandbox() -> dict[str, str]:
    """The sandbox stands for the networks, so it knows of Masthead what they know: nothing."""
    return _without(lambda each: _is_of_a_database(each) or _opens_networks(each) or each in _OF_MASTHEAD_ALONE)


def _role_of(name: str) -> Program | None:
    if name == _WORKER or name.startswith(f"{_WORKER}-"):
        return "worker"
    return _ROLES.get(name)


def _is_of_a_database(name: str) -> bool:
    """DATABASE_URL, DATABASE_URL_<PROGRAM>, and the superuser's TEST_DATABASE_URL of a developer's shell."""
    return _NAMES_OF_DATABASES in name


def _opens_networks(name: str) -> bool:
    return name == _KEYS_OF_TOKENS or (name.startswith("PROVIDER_") and name.endswith("SECRET"))


def _without(withheld: Callable[[str], bool]) -> dict[str, str]:
    return {name: value for name, value in whole_environment().items() if not withheld(name)}
