"""`PROVIDER_LINKEDIN_*`: two apps with hosts in common, and every wrong one is a line that names it."""

from __future__ import annotations

import pytest

from core.infra.settings import SettingsInvalid
from core.providers.linkedin import build
from core.providers.linkedin.settings import LinkedInSettings


def test_without_settings_nothing_is_configured_and_it_points_at_linkedin() -> None:
    providers = build({})
    assert [each.key for each in providers] == ["linkedin", "linkedin_member"]
    assert not any(each.configured or each.points_elsewhere for each in providers)


@pytest.mark.parametrize(("prefix", "configured"), [("", [True, False]), ("member_", [False, True])])
def test_either_app_works_alone(prefix: str, configured: list[bool]) -> None:
    providers = build({f"{prefix}client_id": "1", f"{prefix}client_secret": "s3cr3t"})
    assert [each.configured for each in providers] == configured


def test_a_stand_in_has_every_host_as_a_path() -> None:
    towards = LinkedInSettings.towards("http://localhost:8503", "linkedin")
    settings = LinkedInSettings.load({
        name.removeprefix("PROVIDER_LINKEDIN_").lower(): value for name, value in towards.items()
    })  # fmt: skip
    assert settings.points_elsewhere
    assert settings.api_url == "http://localhost:8503/api.linkedin.com"
    assert settings.upload_url == settings.www_url == "http://localhost:8503/www.linkedin.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_url", "http://api.linkedin.com"),
        ("www_url", "https://user:pw@www.linkedin.com"),
        ("upload_url", "javascript:alert(1)"),
        ("version", "202613"),
        ("version", "v1"),
        ("scopes", ""),
        ("scopes", "a,b"),
        ("member_scopes", "a&b"),
        ("text_max", "0"),
        ("text_counter", "words"),
        ("image_lives_s", "1"),
        ("read_page_size", "101"),
        ("logos", "perhaps"),
        ("nonsense", "x" * 300),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        build({name: value})
    line = str(refused.value)
    assert line.startswith(f"PROVIDER_LINKEDIN_{name.upper()}")
    assert len(line) <= 200
    assert "\n" not in line


def test_no_secret_is_ever_shown() -> None:
    given = {"client_id": "1", "client_secret": "s3cr3t", "member_client_id": "2", "member_client_secret": "s3cr3t"}
    settings = LinkedInSettings.load(given)
    assert "s3cr3t" not in f"{settings!r}{settings.pages_app!r}{settings.member_app!r}"
