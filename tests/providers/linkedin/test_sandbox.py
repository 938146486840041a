"""The client against the sandbox over HTTP: neither was written from the other, so each checks the other."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from typing_extensions import override

from core.cli import stand_in
from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import Access, MediaItem, OfferedAccount, Payload, Published, ReadBack
from core.providers.linkedin import build
from tests.fixtures.programs import RunningSandbox

PROVIDERS = pytest.mark.parametrize("key", ["linkedin", "linkedin_member"])


class Files(KeptSteps):
    """One real file."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    @override
    def read(self, item: MediaItem) -> bytes:
        return self.content


@dataclass(frozen=True)
class Granted:
    """A provider at the sandbox with a token of somebody there."""

    provider: Provider
    token: SecretStr
    url: str

    def accounts(self) -> list[OfferedAccount]:
        return [*self.provider.oauth.accounts(self.token)]

    @property
    def posts(self) -> Publisher:
        return self.provider.publishers["linkedin"]

    def publish(self, payload: Payload, steps: KeptSteps, *, timeout_s: float = 10) -> Published:
        access = self.access(payload)
        while True:
            try:
                call = self.posts.prepare(payload, access, steps)
            except NotReady as wait:
                time.sleep(wait.after_s)
            else:
                return self.posts.publish(call, access, timeout_s=timeout_s)

    def read(self, payload: Payload, steps: KeptSteps) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=1)
        return self.posts.read_back(payload, self.access(payload), steps, since=since, timeout_s=10)

    def payload(self) -> Payload:
        """Words for the first account that can be chosen."""
        account = next(each for each in self.accounts() if each.eligible)
        return Payload("linkedin", account.provider_account_id, f"Fresh beans {uuid4()}")

    def image(self) -> tuple[Payload, KeptSteps]:
        """The same with an image, and the steps that have its file."""
        held = BytesIO()
        Image.new("RGB", (600, 400), tuple(os.urandom(3))).save(held, "PNG")
        content = held.getvalue()
        item = MediaItem(hashlib.sha256(content).hexdigest(), "image/png", 600, 400, len(content), "Beans")
        return replace(self.payload(), media=(item,)), Files(content)

    def fault(self, method: str, path: str, mode: str, **args: Any) -> None:
        """The next call there meets this."""
        body = {"route": f"{method} /*linkedin.com/{path}", "mode": mode, "times": 1, "args": args}
        httpx.post(f"{self.url}/_sandbox/faults", json=body, timeout=10).raise_for_status()

    def live(self, payload: Payload) -> list[dict[str, Any]]:
        """What followers of the account see of it."""
        posts = httpx.get(f"{self.url}/_sandbox/posts", timeout=10).json()
        return [post for post in posts if post["text"] == payload.text and post["network"] == "linkedin"]

    def access(self, payload: Payload) -> Access:
        return Access(payload.provider_account_id, self.token, "cid")

    def seen(self, payload: Payload) -> dict[str, Any]:
        """The post as its followers see it."""
        (found,) = self.live(payload)
        return found


Grant = Callable[[str], Granted]


@pytest.fixture
def granted(sandbox: RunningSandbox) -> Iterator[Grant]:
    """Maya's grant to one of the apps; nothing that is asked with it may be malformed in the network's eyes.

    Addresses say localhost, as those that the sandbox gives for uploads do.
    """
    url = sandbox.url.replace("127.0.0.1", "localhost")
    prefix = "PROVIDER_LINKEDIN_"
    group = next(one for one in stand_in.environments(url) if f"{prefix}CLIENT_ID" in one)
    quick = {"image_poll_s": "0.2", "image_grace_s": "2"}
    both = build({name.removeprefix(prefix).lower(): value for name, value in group.items()} | quick)

    def grant(key: str) -> Granted:
        provider = next(each for each in both if each.key == key)
        asked = {"provider": key, "person": "p-maya", "scopes": [scope.name for scope in provider.oauth.scopes]}
        given = httpx.post(f"{url}/_sandbox/tokens", json=asked, timeout=10).raise_for_status().json()
        return Granted(provider, SecretStr(given["access_token"]), url)

    last = requests_at(url)[-1:]
    yield grant
    sandbox.delete("/_sandbox/faults")
    made = sandbox.get("/_sandbox/requests", after=last[0]["number"] if last else 0)
    assert [each for each in made if each["kind"] == "protocol"] == []


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


def requests_at(url: str) -> list[dict[str, Any]]:
    return [*httpx.get(f"{url}/_sandbox/requests", timeout=10).json()]


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
