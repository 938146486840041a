"""Recorded answers of the Graph API for connecting, listing and reading back, and what comes of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import ProviderFailure, RetryLater
from core.provider_kit.types import Access, Payload
from tests.providers.meta.test_contract import IMAGE, PAGE, meta
from tests.providers.scripted import Scripted, answer

FIXTURES = Path(__file__).parents[3] / "core/providers/meta/fixtures"


def cases(name: str) -> Any:
    recorded = orjson.loads((FIXTURES / name).read_bytes())["cases"]
    return pytest.mark.parametrize("case", recorded, ids=lambda case: f"{case['spec']} {case['what']}")


def script(stand_in: Scripted, case: dict[str, Any]) -> None:
    stand_in.say(*(answer(call["answer"]["status"], call["answer"]["body"]) for call in case["calls"]))


def check_requests(stand_in: Scripted, case: dict[str, Any]) -> None:
    """The calls were made in this order, with at least the recorded parameters."""
    heard = [f"{one.method} {one.path.removeprefix('/graph.facebook.com')}" for one in stand_in.received]
    assert heard == [call["request"] for call in case["calls"]]
    for one, call in zip(stand_in.received, case["calls"], strict=True):
        assert one.query.items() >= call.get("query", {}).items()
        assert "access_token" not in one.query
        if "form" in call:
            assert one.form == call["form"]


@cases("sign_in.json")
def test_sign_in(stand_in: Scripted, case: dict[str, Any]) -> None:
    oauth = meta(stand_in.url).oauth
    script(stand_in, case)
    if "failure" in case:
        with pytest.raises(ProviderFailure) as failure:
            oauth.exchange(code="AQB1", redirect_uri="https://m.example/cb", code_verifier=None)
        seen = (type(failure.value).__name__, failure.value.reason, failure.value.how_to_fix)
        assert seen == (case["failure"], case["seen"], case["fix"])
    else:
        grant = oauth.exchange(code="AQB1", redirect_uri="https://m.example/cb", code_verifier=None)
        kept = {
            "provider_user_id": grant.provider_user_id,
            "name": grant.name,
            "token": grant.token.get_secret_value(),
            "scopes": sorted(grant.scopes),
            "declined": sorted(grant.declined),
            "expires_at": grant.expires_at and grant.expires_at.isoformat(),
            "data_access_expires_at": grant.data_access_expires_at and grant.data_access_expires_at.isoformat(),
        }
        assert kept == case["grant"]
    check_requests(stand_in, case)


@cases("accounts.json")
def test_accounts(stand_in: Scripted, case: dict[str, Any]) -> None:
    script(stand_in, case)
    offered = meta(stand_in.url).oauth.accounts(SecretStr("EAABlong"))
    shown = [[one.network, one.provider_account_id, one.name, one.eligible, one.reason] for one in offered]
    assert shown == case["offered"]
    page = ""
    for one in offered:  # an Instagram account follows its Page and acts with the Page's token
        page = one.provider_account_id if one.network == "facebook" else page
        if one.token is not None:
            assert one.token.get_secret_value() == f"EAAP{page}"
    check_requests(stand_in, case)


@cases("read_back.json")
def test_read_back(stand_in: Scripted, case: dict[str, Any]) -> None:
    pages = meta(stand_in.url).publishers["facebook"]
    stand_in.say(*(answer(one["status"], one["body"]) for one in case["answers"]))
    media = (IMAGE,) if case["payload"].get("image") else ()
    payload = Payload("facebook", PAGE, case["payload"]["text"], case["payload"]["link"], media)
    access, steps = Access(PAGE, SecretStr("EAAP1001"), "cid"), KeptSteps()
    if case.get("photo"):
        steps.keep("photo", case["photo"])
    found = pages.read_back(payload, access, steps, since=datetime.fromisoformat(case["since"]), timeout_s=3)
    assert found.complete is case["complete"]
    assert [post.provider_post_id for post in found.matches] == case["matches"]
    assert [post.provider_post_id for post in found.look_alikes] == case["look_alikes"]
    assert len(stand_in.received) == len(case["answers"])


def test_a_list_of_pages_without_end_is_given_up(stand_in: Scripted) -> None:
    valid = {"app_id": "777", "is_valid": True, "user_id": "1", "scopes": ["pages_manage_posts"]}
    for following in ("https://x.example/?after=same", "https://[broken"):
        stand_in.forget()
        stand_in.say(answer(200, {"data": valid}))
        stand_in.otherwise = answer(200, {"data": [], "paging": {"next": following}})
        with pytest.raises(RetryLater, match="no end"):
            meta(stand_in.url).oauth.accounts(SecretStr("EAABlong"))
        assert len(stand_in.received) <= 3


def test_listing_pages_obeys_its_total_time(stand_in: Scripted) -> None:
    valid = {"app_id": "777", "is_valid": True, "user_id": "1", "scopes": ["pages_manage_posts"]}
    pages = [answer(200, {"data": [], "paging": {"next": f"https://x/?after={n}"}}, delay_s=0.1) for n in range(20)]
    stand_in.say(answer(200, {"data": valid}), *pages)
    with pytest.raises(RetryLater):
        meta(stand_in.url, accounts_timeout_s="0.5").oauth.accounts(SecretStr("EAABlong"))
    assert len(stand_in.received) < 10


@pytest.mark.parametrize(
    ("picture", "kept"),
    [
        ({"data": {"url": "https://scontent.example/1.jpg"}}, "https://scontent.example/1.jpg"),
        ({"data": {"url": "javascript:alert(1)"}}, None),
        ({"data": []}, None),
        ("https://scontent.example/1.jpg", None),
        (None, None),
    ],
)
def test_pictures_are_web_addresses_or_none(stand_in: Scripted, picture: object, kept: str | None) -> None:
    valid = {"app_id": "777", "is_valid": True, "user_id": "1", "scopes": ["pages_manage_posts"]}
    stand_in.say(answer(200, {"data": valid}), answer(200, {"data": [{"id": "1", "picture": picture}]}))
    (offered,) = meta(stand_in.url).oauth.accounts(SecretStr("EAABlong"))
    assert offered.picture_url == kept


def test_an_instagram_account_has_its_own_picture_and_address(stand_in: Scripted) -> None:
    scopes = ["instagram_basic", "instagram_content_publish", "pages_read_engagement"]
    linked = {"id": "17841", "username": "demo.shop", "profile_picture_url": "https://scontent.example/ig.jpg"}
    page = {"id": "1", "picture": {"data": {"url": "https://x.example/p.jpg"}}, "instagram_business_account": linked}
    stand_in.say(answer(200, {"data": {"is_valid": True, "scopes": scopes}}), answer(200, {"data": [page]}))
    _, offered = meta(stand_in.url).oauth.accounts(SecretStr("EAABlong"))
    assert (offered.name, offered.url) == ("demo.shop", "https://www.instagram.com/demo.shop/")
    assert offered.picture_url == "https://scontent.example/ig.jpg"


def test_pictures_can_be_left_out(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"data": {"is_valid": True}}), answer(200, {"data": []}))
    meta(stand_in.url, page_pictures="false").oauth.accounts(SecretStr("EAABlong"))
    assert "picture" not in stand_in.received[1].query["fields"]


def test_login_for_business_names_its_configuration_instead_of_scopes() -> None:
    oauth = meta("http://localhost:1", login_config_id="4711").oauth
    address = oauth.authorize_url(
        redirect_uri="https://m.example/cb", state="s", scopes=["a"], code_challenge=None, ask_again=True
    )
    assert "config_id=4711&override_default_response_type=true&auth_type=rerequest" in address
    assert "scope=" not in address


def test_the_dialog_as_documented() -> None:
    address = meta("http://localhost:1").oauth.authorize_url(
        redirect_uri="https://m.example/cb?x=1", state="s t", scopes=["a", "b"], code_challenge=None, ask_again=False
    )
    assert address == (
        "http://localhost:1/www.facebook.com/v26.0/dialog/oauth?client_id=777"
        "&redirect_uri=https%3A%2F%2Fm.example%2Fcb%3Fx%3D1&state=s+t&response_type=code&scope=a%2Cb"
    )


@pytest.mark.parametrize(
    ("status", "body", "given_back"),
    [
        (200, b"true", True),
        (200, b'{"success":true}', True),
        (200, b'{"success":false}', False),
        (200, b"{}", False),
        (400, b'{"error":{"code":190,"error_subcode":458,"message":"x"}}', True),
        (400, b'{"error":{"code":102,"message":"x"}}', True),
        (403, b'{"error":{"code":10,"message":"x"}}', False),
        (500, b"", False),
    ],
)
def test_giving_back(stand_in: Scripted, status: int, body: bytes, given_back: bool) -> None:
    stand_in.say(answer(status, body))
    oauth = meta(stand_in.url).oauth
    if given_back:
        oauth.revoke(SecretStr("EAABlong"))
    else:
        with pytest.raises(ProviderFailure):
            oauth.revoke(SecretStr("EAABlong"))
    (heard,) = stand_in.received
    assert (heard.method, heard.path) == ("DELETE", "/graph.facebook.com/v26.0/me/permissions")
