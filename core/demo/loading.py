"""Loading the demo once, and letting its people in again when the sandbox moved to another port."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from core import providers
from core.demo.content import ORGANIZATIONS, PEOPLE
from core.demo.people import Team, enrol, founded
from core.demo.programs import Programs
from core.demo.shelf import files_given_out
from core.demo.stage import Stage
from core.demo.story import tell
from core.infra.data_folder import write_private
from core.infra.settings import Settings

_MARK = "demo.json"


def load(settings: Settings) -> Sequence[str]:
    """Make the demo unless it is there; gives the lines that `make run` prints. Needs the sandbox to be up."""
    metadata_url = str(settings.oidc_metadata_url)
    issuer = metadata_url.removesuffix("/.well-known/openid-configuration")
    providers.providers.cache_clear()  # the sandbox's addresses became settings after this process had started
    mark = settings.data / _MARK
    with Programs(settings) as programs:
        before = _read(mark)
        if all(founded(before.get(each.key)) for each in ORGANIZATIONS):
            for each in ORGANIZATIONS:
                enrol(each, before[each.key], issuer)
        else:
            teams = [Team.found(each, issuer) for each in ORGANIZATIONS]
            stage = Stage(issuer.removesuffix("/oidc"))
            with files_given_out(settings.port + 1), stage.pictures_at_once():
                for team in teams:
                    tell(team, programs, stage, settings.ingest_url)
            write_private(mark, json.dumps({team.organization.key: str(team.id) for team in teams}))
    return _introduction(settings)


def _read(mark: Path) -> dict[str, UUID]:
    try:
        return {key: UUID(value) for key, value in json.loads(mark.read_text()).items()}
    except FileNotFoundError:
        return {}


def _introduction(settings: Settings) -> list[str]:
    names = {subject: name for subject, (name, _email) in PEOPLE.items()}
    lines = ["", "Sign in as one of the demo people (no password):"]
    for organization in ORGANIZATIONS:
        people = ", ".join(f"{names[subject]} ({role.value})" for subject, role in organization.roles.items())
        lines += [f"  {organization.name}: {people}"]
    return [
        *lines,
        "",
        "Try this first: as Maya, switch to Northwind in the sidebar, open Accounts and connect the Page Northwind",
        "Careers. As Sara, write a post in Compose and send it for approval. As Ivo (a private window), approve it.",
        "Watch it go live in the public feed:",
        f"  {_sandbox(settings)}/",
        "",
    ]


def _sandbox(settings: Settings) -> str:
    return f"http://localhost:{settings.port + 2}"
