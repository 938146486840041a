"""docs/providers names what isn't verified at each network: every setting and option it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.infra.settings import ProviderSettings
from core.provider_kit.verifying import OpenFact
from core.providers.linkedin.open_facts import FACTS as LINKEDIN_FACTS
from core.providers.linkedin.settings import LinkedInSettings
from core.providers.meta.open_facts import FACTS as META_FACTS
from core.providers.meta.settings import MetaSettings
from sandbox.linkedin.facts import OPTIONS as LINKEDIN_OPTIONS
from sandbox.meta.facts import OPTIONS as META_OPTIONS

DOCUMENTS = Path(__file__).parents[2] / "docs" / "providers"
CODE = re.compile(r"`([^`]+)`")
CELL = re.compile(r"(?<!\\)\|")
NAME = re.compile(r"[A-Z][A-Z_]*[A-Z]")
OPTION = re.compile(r"[a-z]+(_[a-z]+)+")
# Options whose cell may also name faults, orders and their arguments.
WORDS = {"token_revoked", "delayed_visibility", "rate_limited", "slow_after", "slow_container", "reset_before"}
WORDS |= {"reset_after"}


@pytest.mark.parametrize(
    ("network", "settings", "options"),
    [("linkedin", LinkedInSettings, LINKEDIN_OPTIONS), ("meta", MetaSettings, META_OPTIONS)],
)
def test_every_setting_and_option_that_is_named_exists(
    network: str, settings: type[ProviderSettings], options: dict[str, str]
) -> None:
    lines = (DOCUMENTS / f"{network}.md").read_text("utf-8").splitlines()
    rows = [row for row in (CELL.split(line)[1:-1] for line in lines) if len(row) == 5]
    assert len(rows) > 20
    named = [name for row in rows for name in CODE.findall(row[2])]
    assert [name for name in named if not NAME.fullmatch(name)] == []
    assert {name.lower() for name in named} <= settings.model_fields.keys()
    set_at = {name for row in rows for name in CODE.findall(row[3]) if OPTION.fullmatch(name)}
    assert set_at - WORDS <= options.keys()


def test_every_setting_of_meta_is_named_with_what_it_decides() -> None:
    document = (DOCUMENTS / "meta.md").read_text("utf-8")
    asked = {name for name in MetaSettings.model_fields if name not in ProviderSettings.model_fields}
    assert {name for name in asked if not name.endswith("_url") and f"`{name.upper()}`" not in document} == set()


@pytest.mark.parametrize(("network", "facts"), [("linkedin", LINKEDIN_FACTS), ("meta", META_FACTS)])
def test_every_fact_that_verify_knows_stands_in_the_document(network: str, facts: tuple[OpenFact, ...]) -> None:
    rows = [CELL.split(line)[1:-1] for line in (DOCUMENTS / f"{network}.md").read_text("utf-8").splitlines()]
    named = {tuple(name.lower() for name in CODE.findall(row[2])) for row in rows if len(row) == 5} - {()}
    assert {fact.settings for fact in facts} == named
    assert all(fact.what and fact.by_hand.endswith((".", "?")) for fact in facts)
