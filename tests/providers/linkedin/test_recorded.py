"""Recorded answers of LinkedIn for connecting, listing and reading back, and what comes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import ProviderFailure, RetryLater
from core.provider_kit.types import Access, MediaItem, Payload
from tests.providers.linkedin.test_contract import PAGE, SECRET, error, linkedin, posts
from tests.providers.scripted import Scripted, answer

FIXTURES = Path(__file__).parents[3] / "core/providers/linkedin/fixtures"
CALLBACK = "https://m.example/cb"


def cases(name: str) -> Any:
    recorded = orjson.loads((FIXTURES / name).read_bytes())["cases"]
    return pytest.mark.parametrize("case", recorded, ids=lambda case: f"{case['spec']} {case['what']}")


def script(stand_in: Scripted, case: dict[str, Any]) -> None:
    stand_in.say(*(answer(call["answer"]["status"], call["answer"]["body"]) for call in case["calls"]))


def check_requests(stand_in: Scripted, case: dict[str, Any]) -> None:
    """The calls were made in this order, with at least the recorded parameters; tokens and secrets in no address."""
    assert [f"{one.method} {one.path}" for one in stand_in.received] == [call["request"] for call in case["calls"]]
    for one, call in zip(stand_in.received, case["calls"], strict=True):
        assert one.query.items() >= call.get("query", {}).items()
        assert not any(secret in one.target for secret in ("AQX", SECRET))
        if "form" in call:
            assert one.form.items() >= call["form"].items()
            assert {"client_id", "client_secret"} <= set(one.form)
        if "/rest/" in one.path:
            assert one.headers["linkedin-version"] == "202609"
            assert one.headers["x-restli-protocol-version"] == "2.0.0"


@cases("sign_in.json")
def test_sign_in(stand_in: Scripted, case: dict[str, Any]) -> None:
    oauth = linkedin(stand_in.url)[case["app"]].oauth
    script(stand_in, case)
    if "failure" in case:
        with pytest.raises(ProviderFailure) as failure:
            oauth.exchange(code="AQT1", redirect_uri=CALLBACK, code_verifier=None)
        seen = (type(failure.value).__name__, failure.value.reason, failure.value.how_to_fix)
        assert seen == (case["failure"], case["seen"], case["fix"])
    else:
        before = datetime.now(UTC)
        grant = oauth.exchange(code="AQT1", redirect_uri=CALLBACK, code_verifier=None)
        kept = case["grant"]
        assert (grant.provider_user_id, grant.name) == (kept["provider_user_id"], kept["name"])
        assert grant.token.get_secret_value() == kept["token"]
        assert (sorted(grant.scopes), sorted(grant.declined)) == (kept["scopes"], kept["declined"])
        if kept["lives_s"] is None:
            assert grant.expires_at is None
        else:
            assert grant.expires_at is not None
            assert timedelta(0) <= grant.expires_at - before - timedelta(seconds=kept["lives_s"]) < timedelta(seconds=5)
    check_requests(stand_in, case)


@cases("accounts.json")
def test_accounts(stand_in: Scripted, case: dict[str, Any]) -> None:
    oauth = linkedin(stand_in.url)[case["app"]].oauth
    script(stand_in, case)
    if "failure" in case:
        with pytest.raises(ProviderFailure) as failure:
            oauth.accounts(SecretStr("AQXlong"))
        assert (type(failure.value).__name__, failure.value.reason) == (case["failure"], case["seen"])
    else:
        offered = oauth.accounts(SecretStr("AQXlong"))
        site = f"{stand_in.url}/www.linkedin.com"
        assert [
            {"id": one.provider_account_id, "name": one.name, "picture": one.picture_url, "reason": one.reason,
             "url": one.url and one.url.replace(site, "https://www.linkedin.com")}
            for one in offered
        ] == case["offered"]  # fmt: skip
        for one in offered:
            assert (one.network, one.token, one.eligible) == ("linkedin", None, not one.reason)
    check_requests(stand_in, case)


def test_several_are_asked_for_in_a_list_as_restli_reads_it(stand_in: Scripted) -> None:
    elements = [{"role": "ADMINISTRATOR", "organization": f"urn:li:organization:{number}"} for number in (1, 2)]
    stand_in.say(
        answer(200, {"active": True, "scope": "rw_organization_admin"}),
        answer(200, {"elements": elements}),
        answer(200, {"results": {}}),
        answer(200, {"results": {}}),
        answer(200, {"id": "x"}),
    )
    linkedin(stand_in.url)["linkedin"].oauth.accounts(SecretStr("AQXlong"))
    asked = stand_in.received[2]
    assert asked.target == "/api.linkedin.com/rest/organizations?ids=List(1,2)"
    assert asked.headers["x-restli-method"] == "BATCH_GET"
    assert stand_in.received[3].target == "/api.linkedin.com/rest/organizationsLookup?ids=List(1,2)"


def test_a_list_of_pages_without_end_is_given_up(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"active": True, "scope": "rw_organization_admin"}))
    stand_in.otherwise = answer(200, {"elements": [{}], "paging": {"links": [{"rel": "next"}]}})
    with pytest.raises(RetryLater, match="no end"):
        linkedin(stand_in.url)["linkedin"].oauth.accounts(SecretStr("AQXlong"))
    assert len(stand_in.received) == 21


def test_listing_pages_obeys_its_total_time(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"active": True, "scope": "rw_organization_admin"}))
    stand_in.otherwise = answer(200, {"elements": [{}], "paging": {"links": [{"rel": "next"}]}}, delay_s=0.1)
    with pytest.raises(RetryLater):
        linkedin(stand_in.url, accounts_timeout_s="0.5")["linkedin"].oauth.accounts(SecretStr("AQXlong"))
    assert len(stand_in.received) < 10


@cases("read_back.json")
def test_read_back(stand_in: Scripted, case: dict[str, Any]) -> None:
    stand_in.say(*(answer(one["status"], one["body"]) for one in case["answers"]))
    text, link, image = (case["payload"][name] for name in ("text", "link", "image"))
    media = () if image is None else (MediaItem("ab" * 32, "image/png", 9, 9, 9),)
    steps = KeptSteps()
    if image:
        steps.keep("image", image)
    found = posts(stand_in.url).read_back(
        Payload("linkedin", PAGE, text, link, media),
        Access(PAGE, SecretStr("AQXlong"), "cid"),
        steps,
        since=datetime.fromisoformat(case["since"]),
        timeout_s=3,
    )
    assert found.complete is case["complete"]
    assert [post.provider_post_id for post in found.matches] == case["matches"]
    assert [post.provider_post_id for post in found.look_alikes] == case["look_alikes"]
    assert len(stand_in.received) == len(case["answers"])


def test_the_consent_page_as_documented() -> None:
    address = linkedin("http://localhost:1")["linkedin"].oauth.authorize_url(
        redirect_uri="https://m.example/cb?x=1", state="s t", scopes=["a", "b"], code_challenge=None, ask_again=True
    )
    assert address == (
        "http://localhost:1/www.linkedin.com/oauth/v2/authorization?response_type=code&client_id=77pages"
        "&redirect_uri=https%3A%2F%2Fm.example%2Fcb%3Fx%3D1&state=s%20t&scope=a%20b"
    )


def test_scopes_are_the_operators_choice() -> None:
    """An app that isn't approved for one of them can't be consented to at all (linkedin 2.1)."""
    apps = linkedin("http://localhost:1", scopes="r_basicprofile w_member_social something_new", member_scopes="openid")
    assert [(scope.name, scope.required) for scope in apps["linkedin"].oauth.scopes] == [
        *(("r_basicprofile", True), ("w_member_social", False), ("something_new", False))
    ]
    assert [scope.name for scope in apps["linkedin_member"].oauth.scopes] == ["openid"]


@pytest.mark.parametrize(
    ("status", "body", "may_pass"),
    [
        (200, b"", False),
        (200, b"{}", False),
        (400, b'{"error":"invalid_request","error_description":"x"}', False),
        (404, error(404, "RESOURCE_NOT_FOUND"), False),
        (404, b"<html>", False),
        (429, error(429, "TOO_MANY_REQUESTS", 101), True),
        (404, error(404, "NOT_FOUND"), False),
        (401, error(401, "REVOKED_ACCESS_TOKEN", 65601), False),
        (503, b"", True),
    ],
)
def test_giving_back(stand_in: Scripted, status: int, body: bytes, may_pass: bool) -> None:
    """Documented nowhere: only what may pass is worth another try (linkedin 2.5 [S])."""
    stand_in.say(answer(status, body))
    oauth = linkedin(stand_in.url)["linkedin"].oauth
    if may_pass:
        with pytest.raises(RetryLater):
            oauth.revoke(SecretStr("AQXlong"))
    else:
        oauth.revoke(SecretStr("AQXlong"))
    (heard,) = stand_in.received
    assert (heard.method, heard.path) == ("POST", "/www.linkedin.com/oauth/v2/revoke")
    assert heard.form == {"token": "AQXlong", "client_id": "77pages", "client_secret": SECRET}
