"""`PROVIDER_META_*`: every wrong one is a line that names it."""

from __future__ import annotations

import pytest

from core.infra.settings import SettingsInvalid
from core.providers.meta import build
from core.providers.meta.settings import MetaSettings


def test_without_settings_it_is_not_configured_and_points_at_meta() -> None:
    provider = build({})
    assert not provider.configured
    assert not provider.points_elsewhere
    assert provider.networks["facebook"].text.max_length == 63_206


def test_a_trailing_slash_is_not_elsewhere() -> None:
    assert not MetaSettings.load({"graph_url": "https://graph.facebook.com/"}).points_elsewhere


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8503/graph.facebook.com", "http://127.0.0.1:1/x", "http://[::1]:1", "https://stand-in.example/"],
)
def test_a_stand_in_may_be_near_or_over_tls(url: str) -> None:
    settings = MetaSettings.load({"graph_url": url})
    assert settings.points_elsewhere
    assert settings.graph_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("graph_url", "http://graph.facebook.com"),
        ("graph_url", "http://localhost.evil.example"),
        ("graph_url", "http://127.0.0.1@evil.example"),
        ("graph_url", "https://user:pw@graph.example"),
        ("graph_url", "https://graph.example/?x=1"),
        ("graph_url", "graph.facebook.com"),
        ("graph_url", ""),
        ("dialog_url", "javascript:alert(1)"),
        ("api_version", "26"),
        ("api_version", "v26.0/../me"),
        ("login_config_id", "abc"),
        ("text_max", "0"),
        ("text_max", "many"),
        ("text_counter", "words"),
        ("read_page_size", "101"),
        ("call_timeout_s", "0"),
        ("business_pages", "perhaps"),
        ("nonsense", "x" * 300),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        build({name: value})
    line = str(refused.value)
    assert line.startswith(f"PROVIDER_META_{name.upper()}")
    assert len(line) <= 200
    assert "\n" not in line
    assert line.endswith("Change or unset it.") or len(line) == 200


def test_the_secret_is_never_shown() -> None:
    assert "s3cr3t" not in repr(MetaSettings.load({"client_id": "1", "client_secret": "s3cr3t"}))


def test_permissions_for_live_posts_are_asked_for_unless_the_operator_says_otherwise() -> None:
    plain = {scope.name for scope in build({"live_scopes": "false"}).oauth.scopes}
    more = {scope.name: (scope.deed, scope.network, scope.required) for scope in build({}).oauth.scopes}
    assert {name: more[name] for name in set(more) - plain} == {
        "pages_manage_engagement": ("comment", "facebook", False),
        "pages_read_user_content": ("comment", "facebook", False),
        "instagram_manage_comments": ("comment", "instagram", False),
        "instagram_manage_contents": ("delete", "instagram", False),
    }


def test_every_host_that_is_not_metas_counts_as_elsewhere() -> None:
    for name in ("graph_url", "dialog_url", "video_url", "upload_url"):
        assert build({name: "http://localhost:8503/x"}).points_elsewhere
