"""What the sandbox says of itself becomes settings, unless people have set their own."""

from __future__ import annotations

import pytest

from core import providers
from core.cli import stand_in
from core.infra import settings as environment
from tests.fixtures.programs import RunningSandbox
from tests.providers.scripted import answer, scripted


@pytest.fixture
def groups(sandbox: RunningSandbox) -> list[dict[str, str]]:
    return stand_in.environments(sandbox.url)


def test_every_company_of_the_sandbox_becomes_one_group_of_settings(
    groups: list[dict[str, str]], sandbox: RunningSandbox
) -> None:
    sign_in = next(group for group in groups if "MASTHEAD_OIDC_CLIENT_ID" in group)
    assert sign_in["MASTHEAD_OIDC_METADATA_URL"] == f"{sandbox.url}/oidc/.well-known/openid-configuration"
    assert all(sign_in.values())


def test_mail_goes_to_the_sandbox(groups: list[dict[str, str]], sandbox: RunningSandbox) -> None:
    assert {"MASTHEAD_SMTP_URL": sandbox.get("/_sandbox/world")["smtp_url"]} in groups


def test_a_provider_that_reads_its_group_is_configured_and_points_at_the_sandbox(
    groups: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in next(group for group in groups if "PROVIDER_META_CLIENT_ID" in group).items():
        monkeypatch.setenv(name, value)
    providers.providers.cache_clear()
    meta = providers.provider("meta")
    providers.providers.cache_clear()
    assert meta.configured
    assert meta.points_elsewhere


def test_a_group_is_taken_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_META_CLIENT_ID", "of an app of my own")
    monkeypatch.setenv("MASTHEAD_OIDC_CLIENT_ID", "")
    environment.adopt_whole({"PROVIDER_META_CLIENT_ID": "sandbox", "PROVIDER_META_GRAPH_URL": "http://localhost:1"})
    environment.adopt_whole({"MASTHEAD_OIDC_CLIENT_ID": "sandbox"})
    assert not environment.is_set("PROVIDER_META_GRAPH_URL")
    assert environment.provider_environment("meta")["client_id"] == "of an app of my own"
    assert environment.is_set("MASTHEAD_OIDC_CLIENT_ID")


def test_the_apps_of_one_company_share_a_group() -> None:
    """Else the second app would find the hosts that the first has set, and be left out."""
    apps = [
        {"provider": key, "client_id": f"id of {key}", "client_secret": f"secret of {key}"}
        for key in ("linkedin", "meta", "linkedin_member", "of_no_folder_here")
    ]
    with scripted() as world:
        world.otherwise = answer(200, {"apps": apps, "smtp_url": "smtp://127.0.0.1:1025"})
        both, meta, _mail = stand_in.environments(world.url)
        assert meta["PROVIDER_META_CLIENT_ID"] == "id of meta"
        assert both == {
            "PROVIDER_LINKEDIN_CLIENT_ID": "id of linkedin",
            "PROVIDER_LINKEDIN_CLIENT_SECRET": "secret of linkedin",
            "PROVIDER_LINKEDIN_MEMBER_CLIENT_ID": "id of linkedin_member",
            "PROVIDER_LINKEDIN_MEMBER_CLIENT_SECRET": "secret of linkedin_member",
            "PROVIDER_LINKEDIN_API_URL": f"{world.url}/api.linkedin.com",
            "PROVIDER_LINKEDIN_WWW_URL": f"{world.url}/www.linkedin.com",
            "PROVIDER_LINKEDIN_UPLOAD_URL": f"{world.url}/www.linkedin.com",
        }
