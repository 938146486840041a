"""The client against the sandbox over HTTP: neither was written from the other, so each checks the other."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Provider
from core.provider_kit.types import Payload
from tests.fixtures.programs import RunningSandbox
from tests.providers.linkedin.at_sandbox import Grant

PROVIDERS = pytest.mark.parametrize("key", ["linkedin", "linkedin_member"])


def test_pages_are_listed_by_name_and_some_can_not_be_chosen(granted: Grant) -> None:
    offered = {each.name: each for each in granted("linkedin").accounts()}
    assert offered["Northwind Coffee"].eligible
    assert offered["Northwind Coffee"].provider_account_id.startswith("urn:li:organization:")
    assert "doesn't include posting" in offered["Northwind Foundation"].reason
    assert offered["Maya Okafor"].eligible


def test_the_members_app_lists_the_member(granted: Grant) -> None:
    (member,) = granted("linkedin_member").accounts()
    assert (member.name, member.eligible) == ("Maya Okafor", True)


@PROVIDERS
@pytest.mark.parametrize("link", [None, "https://shop.example.com/spring_(roast)?a=1&b=#top"])
def test_a_post_is_seen_exactly_as_written(granted: Grant, key: str, link: str | None) -> None:
    maya = granted(key)
    account = next(each for each in maya.accounts() if each.eligible)
    text = (
        f"Beans (fresh) #spring_roast, C# & me@x.example [a] {{b}} <c> *d* |e| \\ https://x.example/a_(b)#c {uuid4()}"
    )
    payload, steps = Payload("linkedin", account.provider_account_id, text, link), KeptSteps()
    published = maya.publish(payload, steps)
    seen = maya.seen(payload)
    assert (seen["account_id"], seen["link"]) == (account.provider_account_id, link)
    found = maya.read(payload, steps)
    if account.provider_account_id.startswith("urn:li:person:"):
        assert found.unreadable
    else:
        assert found.complete
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
    with pytest.raises(OutcomeUnknown) as repeated:
        maya.publish(payload, steps)
    assert (repeated.value.trace.code, repeated.value.trace.subcode) == ("DUPLICATE_POST", published.provider_post_id)


@PROVIDERS
def test_an_image_is_seen_byte_for_byte(granted: Grant, key: str) -> None:
    maya = granted(key)
    payload, steps = maya.image()
    published = maya.publish(payload, steps)
    assert [each["sha256"] for each in maya.seen(payload)["media"]] == [payload.media[0].sha256]
    if key == "linkedin":
        found = maya.read(payload, steps)
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]


@PROVIDERS
def test_a_grant_that_was_given_back_is_dead(granted: Grant, key: str) -> None:
    maya = granted(key)
    maya.provider.oauth.revoke(maya.token)
    with pytest.raises(ReconnectNeeded):
        maya.accounts()
    maya.provider.oauth.revoke(maya.token)


# --- connect ----------------------------------------------------------------------------------------------------------


@PROVIDERS
def test_a_person_consents_and_their_accounts_are_listed(granted: Grant, sandbox: RunningSandbox, key: str) -> None:
    oauth, url = granted(key).provider.oauth, granted(key).url
    redirect_uri = f"{sandbox.ingest_url}/oauth/{key}/callback"
    asked = [scope.name for scope in oauth.scopes]
    address = oauth.authorize_url(
        redirect_uri=redirect_uri, state="s" * 43, scopes=asked, code_challenge=None, ask_again=False
    )
    back = httpx.post(address, data={"action": "continue", "person": "p-maya"}, timeout=10).headers["location"]
    said = parse_qs(urlsplit(back).query)
    assert (back.partition("?")[0], said["state"]) == (redirect_uri, ["s" * 43])
    grant = oauth.exchange(code=said["code"][0], redirect_uri=redirect_uri, code_verifier=None)
    assert (grant.name, sorted(grant.scopes), grant.declined) == ("Maya Okafor", sorted(asked), frozenset())
    assert grant.expires_at is not None
    assert timedelta(days=59) < grant.expires_at - datetime.now(UTC) <= timedelta(days=60)
    offered = oauth.accounts(grant.token)
    assert "Maya Okafor" in [each.name for each in offered if each.eligible]
    for each in offered:  # every address leads to the network's page of that account
        if each.url is not None:
            assert each.url.startswith(f"{url}/www.linkedin.com/")
            page = httpx.get(each.url, timeout=10)
            assert page.headers["location"].startswith("/?account=urn:li:")
    with pytest.raises(Rejected, match="sign-in"):
        oauth.exchange(code=said["code"][0], redirect_uri=redirect_uri, code_verifier=None)


@PROVIDERS
def test_a_person_says_no(granted: Grant, sandbox: RunningSandbox, key: str) -> None:
    oauth = granted(key).provider.oauth
    address = oauth.authorize_url(
        redirect_uri=f"{sandbox.ingest_url}/oauth/{key}/callback",
        state="s" * 43,
        scopes=[scope.name for scope in oauth.scopes],
        code_challenge=None,
        ask_again=False,
    )
    back = httpx.post(address, data={"action": "cancel"}, timeout=10).headers["location"]
    (error,) = parse_qs(urlsplit(back).query)["error"]
    assert oauth.callback_errors[error] == ""


# --- what became of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "args", "live"),
    [
        ("error_before", {}, 0),
        ("error_before", {"status": 504}, 0),
        ("error_after", {}, 1),
        ("reset_before", {}, 0),
        ("reset_after", {}, 1),
        ("slow_after", {"ms": 1500}, 1),
        ("garbage_body", {}, 1),
    ],
)
def test_after_a_lost_answer_the_page_shows_it(granted: Grant, mode: str, args: dict[str, Any], live: int) -> None:
    maya = granted("linkedin")
    payload, steps = maya.payload(), KeptSteps()
    maya.fault("POST", "rest/posts", mode, **args)
    with pytest.raises(ProviderFailure) as raised:
        maya.publish(payload, steps, timeout_s=0.7)
    assert isinstance(raised.value, OutcomeUnknown)
    found = maya.read(payload, steps)
    assert (found.complete, len(found.matches)) == (True, live)
    assert len(maya.live(payload)) == live
    for post in found.matches:
        assert post.permalink is not None
        assert payload.text.split()[-1] in httpx.get(post.permalink, timeout=10).text


def test_a_limit_that_is_said_of_a_live_post_costs_no_second_one(granted: Grant) -> None:
    """A 429 that names no limit proves nothing: the post is read back, and not sent again."""
    maya = granted("linkedin")
    payload, steps = maya.payload(), KeptSteps()
    maya.fault("POST", "rest/posts", "refused_but_live")
    with pytest.raises(OutcomeUnknown):
        maya.publish(payload, steps)
    (live,) = maya.live(payload)
    assert [post.provider_post_id for post in maya.read(payload, steps).matches] == [live["id"]]


def test_a_post_that_shows_late_is_found_later(granted: Grant) -> None:
    maya = granted("linkedin")
    payload, steps = maya.payload(), KeptSteps()
    maya.fault("POST", "rest/posts", "delayed_visibility", ms=700)
    maya.fault("POST", "rest/posts", "reset_after")
    with pytest.raises(OutcomeUnknown):
        maya.publish(payload, steps)
    assert not maya.read(payload, steps).matches
    deadline = time.monotonic() + 5
    while not (found := maya.read(payload, steps)).matches and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [post.provider_post_id for post in found.matches] == [maya.live(payload)[0]["id"]]


@pytest.mark.parametrize(
    ("mode", "args", "failure"),
    [
        ("refuse", {}, Rejected),
        ("rate_limited", {"limit": "member"}, RetryLater),
        ("rate_limited", {"limit": "application"}, RetryLater),
        ("rate_limited", {}, RetryLater),
        ("scope_missing", {}, ReconnectNeeded),
        ("token_revoked", {}, ReconnectNeeded),
    ],
)
def test_a_refusal_names_what_to_do_next(
    granted: Grant, mode: str, args: dict[str, Any], failure: type[ProviderFailure]
) -> None:
    maya = granted("linkedin")
    payload = maya.payload()
    maya.fault("POST", "rest/posts", mode, **args)
    with pytest.raises(failure) as raised:
        maya.publish(payload, KeptSteps())
    assert maya.live(payload) == []
    if args:
        assert isinstance(raised.value, RetryLater)
        assert raised.value.after_s is not None
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        assert abs(raised.value.after_s - (midnight - datetime.now(UTC)).total_seconds()) < 60


# --- images -----------------------------------------------------------------------------------------------------------


def test_a_slow_image_is_waited_for_and_uploaded_once(granted: Grant) -> None:
    maya = granted("linkedin")
    payload, steps = maya.image()
    maya.fault("POST", "rest/images", "slow_container", polls=2)
    for _ in range(2):
        with pytest.raises(NotReady) as wait:
            maya.posts.prepare(payload, maya.access(payload), steps)
        assert 0 < wait.value.after_s <= 30
    image = steps.get("image")
    assert maya.live(payload) == []
    maya.publish(payload, steps)
    assert steps.get("image") == image
    (seen,) = maya.live(payload)
    assert [each["sha256"] for each in seen["media"]] == [payload.media[0].sha256]


def test_an_image_that_linkedin_can_not_process_is_refused_and_forgotten(granted: Grant) -> None:
    maya = granted("linkedin")
    payload, steps = maya.image()
    maya.fault("POST", "rest/images", "container_error")
    with pytest.raises(Rejected, match="couldn't process the image"):
        maya.publish(payload, steps)
    assert (maya.live(payload), steps.get("image")) == ([], None)
    maya.publish(payload, steps)
    assert len(maya.live(payload)) == 1


@pytest.mark.parametrize("mode", ["error_before", "error_after", "reset_before", "reset_after"])
@pytest.mark.parametrize(("method", "route"), [("POST", "rest/images"), ("PUT", "dms-uploads/*")])
def test_an_upload_without_an_answer_is_made_again_and_shows_nothing(
    granted: Grant, method: str, route: str, mode: str
) -> None:
    maya = granted("linkedin")
    payload, steps = maya.image()
    maya.fault(method, route, mode)
    with pytest.raises(ProviderFailure) as raised:
        maya.publish(payload, steps)
    assert not isinstance(raised.value, OutcomeUnknown | Rejected)
    assert maya.live(payload) == []
    maya.publish(payload, steps)
    assert len(maya.live(payload)) == 1


# --- tokens -----------------------------------------------------------------------------------------------------------


def consent(granted: Grant, sandbox: RunningSandbox, key: str) -> tuple[Provider, Any]:
    """The provider and what a person's consent gave."""
    provider = granted(key).provider
    redirect_uri = f"{sandbox.ingest_url}/oauth/{key}/callback"
    address = provider.oauth.authorize_url(
        redirect_uri=redirect_uri,
        state="s" * 43,
        scopes=[scope.name for scope in provider.oauth.scopes],
        code_challenge=None,
        ask_again=False,
    )
    back = httpx.post(address, data={"action": "continue", "person": "p-maya"}, timeout=10).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    return provider, provider.oauth.exchange(code=code, redirect_uri=redirect_uri, code_verifier=None)


def test_a_refresh_token_renews_the_access_and_never_the_consent(granted: Grant, sandbox: RunningSandbox) -> None:
    provider, grant = consent(granted, sandbox, "linkedin")
    tokens = provider.tokens
    assert tokens is not None
    assert grant.refresh_token is not None
    assert timedelta(days=364) < grant.consent_ends_at - datetime.now(UTC) <= timedelta(days=365)
    renewed = tokens.renew(grant.token, grant.refresh_token)
    assert renewed.token != grant.token
    assert abs(renewed.consent_ends_at - grant.consent_ends_at) < timedelta(minutes=1)
    for token in (grant.token, renewed.token):
        assert tokens.look(token).scopes == grant.scopes
    sandbox.post("/_sandbox/linkedin/revocations", {"app": "linkedin", "person": "p-maya", "reason": "revoked"})
    with pytest.raises(ReconnectNeeded, match="taken back"):
        tokens.look(renewed.token)
    with pytest.raises(ReconnectNeeded):
        tokens.renew(renewed.token, renewed.refresh_token or grant.refresh_token)


def test_the_app_for_profiles_gets_nothing_to_renew_by(granted: Grant, sandbox: RunningSandbox) -> None:
    provider, grant = consent(granted, sandbox, "linkedin_member")
    assert (grant.refresh_token, grant.consent_ends_at) == (None, None)
    assert provider.tokens is not None
    with pytest.raises(ReconnectNeeded, match="nothing to renew"):
        provider.tokens.renew(grant.token, None)
