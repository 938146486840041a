"""Our client against the sandbox's Instagram over HTTP: connect, container, publish, and what became of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Publisher
from core.provider_kit.types import Access, MediaItem, Payload, Published, ReadBack, VisibleCall
from tests.providers.meta.at_sandbox import ALL, INSTAGRAM, World, meta_at
from tests.sandbox.shelf import Shelf, picture

EVERY = (*ALL, *INSTAGRAM)
DAY_S = 86_400


class Steps(KeptSteps):
    """Files that the network can really fetch."""

    def __init__(self, shelf: Shelf, content: bytes) -> None:
        super().__init__()
        self.url = shelf.put(content)

    @override
    def address(self, item: MediaItem) -> str:
        return self.url


@dataclass
class Account:
    """An Instagram account, one post for it, and what its steps have made so far."""

    world: World
    access: Access
    publisher: Publisher
    payload: Payload
    steps: Steps

    def prepare(self) -> VisibleCall:
        while True:
            try:
                return self.publisher.prepare(self.payload, self.access, self.steps)
            except NotReady as wait:
                time.sleep(min(wait.after_s, 0.2))

    def publish(self, *, timeout_s: float = 5) -> Published:
        return self.publisher.publish(self.prepare(), self.access, timeout_s=timeout_s)

    def read(self) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=2)
        return self.publisher.read_back(self.payload, self.access, self.steps, since=since, timeout_s=5)

    def live(self) -> list[dict[str, Any]]:
        posts: list[dict[str, Any]] = self.world.sandbox.get(
            "/_sandbox/posts", account_id=self.access.provider_account_id
        )
        return posts

    def fault(self, edge: str, mode: str, **args: Any) -> None:
        self.world.fault(f"POST {self.access.provider_account_id}/{edge}", mode, **args)


@pytest.fixture
def account(world: World, shelf: Shelf) -> Iterator[Account]:
    """An account of this test's own; nothing we asked of it may be malformed in the network's eyes."""
    person = f"p-{uuid4().hex[:8]}"
    world.sandbox.post("/_sandbox/people", {"id": person, "name": "Ig Person", "email": f"{person}@ig.example"})
    bulk = {"count": 1, "person": person, "prefix": "Ig", "network": "instagram"}
    (made,) = world.sandbox.post("/_sandbox/accounts", bulk)
    content = picture()
    item = MediaItem(hashlib.sha256(content).hexdigest(), "image/jpeg", 1080, 1080, len(content), "A bag of beans")
    provider = meta_at(world.sandbox, poll_first_s="0.05", repeat_after_s="121")
    with world.without_mistakes():
        yield Account(
            world,
            Access(made["instagram_id"], SecretStr(made["page_token"]), "cid"),
            provider.publishers["instagram"],
            Payload("instagram", made["instagram_id"], f"Fresh beans ☕️ #roast @ana {uuid4()}", media=(item,)),
            Steps(shelf, content),
        )


# --- connect ----------------------------------------------------------------------------------------------------------


def test_connecting_offers_the_accounts_that_are_linked_to_pages(world: World) -> None:
    with world.without_mistakes():
        grant = world.grant("p-maya", asked=EVERY, scopes=EVERY)
        offered = world.provider.oauth.accounts(grant.token)
    linked = {one.name: one for one in offered if one.network == "instagram"}
    # Other tests at this sandbox give her more, which it names account.<number>.
    assert {name for name in linked if not name.startswith("account.")} == {
        "harbor.museum",
        "northwind.coffee",
        "northwind.events",
        "northwind.wholesale",
    }
    coffee = next(one for one in offered if one.name == "Northwind Coffee")
    assert linked["northwind.coffee"].eligible
    assert linked["northwind.coffee"].token == coffee.token
    assert offered.index(linked["northwind.coffee"]) == offered.index(coffee) + 1
    assert "role on this Page" in linked["northwind.events"].reason


def test_without_its_permission_no_account_can_be_chosen(world: World) -> None:
    with world.without_mistakes():
        world.forget("p-sara")
        grant = world.grant("p-sara", asked=EVERY, scopes=[*ALL, "instagram_basic"])
        offered = world.provider.oauth.accounts(grant.token)
        reason = next(one.reason for one in offered if one.name == "northwind.coffee")
        world.grant("p-sara", asked=EVERY, scopes=EVERY)
    assert "permission to publish on this Instagram account" in reason


# --- publish ----------------------------------------------------------------------------------------------------------


def test_an_image_is_seen_byte_for_byte_with_its_words(account: Account) -> None:
    published = account.publish()
    (seen,) = account.live()
    assert seen["id"] == published.provider_post_id
    assert (seen["text"], [each["sha256"] for each in seen["media"]]) == (
        account.payload.text,
        [account.payload.media[0].sha256],
    )
    found = account.read()
    assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
    assert found.proof is not None
    address = account.publisher.permalink(published.provider_post_id, account.access, timeout_s=5)
    assert address is not None
    assert address == found.matches[0].permalink
    assert account.payload.text.split()[-1] in httpx.get(address, timeout=5).text


def test_a_slow_container_is_waited_for_and_made_once(account: Account) -> None:
    account.fault("media", "slow_container", polls=2)
    for _ in range(2):
        with pytest.raises(NotReady) as wait:
            account.publisher.prepare(account.payload, account.access, account.steps)
        assert 0 < wait.value.after_s <= 30
    container = account.steps.get("container")
    assert account.live() == []
    account.publish()
    assert account.steps.get("container") == container
    assert len(account.live()) == 1


@pytest.mark.parametrize(
    ("subcode", "failure"), [(2207053, RetryLater), (2207082, RetryLater), (2207005, Rejected), (2207999, Rejected)]
)
def test_a_container_that_failed_says_why_and_is_forgotten(
    account: Account, subcode: int, failure: type[ProviderFailure]
) -> None:
    account.fault("media", "container_error", subcode=subcode)
    with pytest.raises(failure):
        account.publisher.prepare(account.payload, account.access, account.steps)
    assert account.steps.get("container") is None
    account.publish()
    assert len(account.live()) == 1


def test_an_expired_container_is_made_anew(account: Account) -> None:
    account.prepare()
    first = account.steps.get("container")
    account.world.sandbox.post("/_sandbox/clock", {"advance_s": DAY_S})
    try:
        account.publish()
        assert account.steps.get("container") != first
        assert account.steps.dropped[0][1] == "It has expired at Instagram."
        assert len(account.live()) == 1
    finally:
        account.world.sandbox.post("/_sandbox/clock", {"advance_s": -DAY_S})


def test_a_container_that_is_not_there_for_a_moment_is_waited_for(account: Account) -> None:
    account.prepare()
    container = account.steps.get("container")
    account.world.fault(f"GET {container}", "not_found_once")
    with pytest.raises(NotReady, match="doesn't show"):
        account.publisher.prepare(account.payload, account.access, account.steps)
    account.publish()
    assert account.steps.get("container") == container


@pytest.mark.parametrize(
    ("status", "content", "failure"),
    [(404, b"gone", RetryLater), (200, b"no picture", RetryLater), (200, picture(kind="PNG"), Rejected)],
)
def test_an_image_that_is_not_there_or_not_fit_says_so(
    account: Account, shelf: Shelf, status: int, content: bytes, failure: type[ProviderFailure]
) -> None:
    account.steps.url = shelf.put(content, status=status)
    with pytest.raises(failure):
        account.publisher.prepare(account.payload, account.access, account.steps)
    assert account.steps.get("container") is None


def test_the_days_quota_holds_a_post_before_and_at_its_publishing(account: Account) -> None:
    options = account.world.sandbox.get("/_sandbox/options")["meta"]
    call = account.prepare()
    account.world.sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"publish_quota": "0"}})
    try:
        with pytest.raises(RetryLater, match="daily number") as early:
            account.prepare()
        with pytest.raises(RetryLater, match="daily number") as late:
            account.publisher.publish(call, account.access, timeout_s=5)
    finally:
        old = {"publish_quota": options["publish_quota"]}
        account.world.sandbox.post("/_sandbox/options", {"provider": "meta", "options": old})
    assert early.value.after_s == late.value.after_s == 600
    account.publish()
    assert len(account.live()) == 1


# --- what became of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "args", "failure", "live"),
    [
        ("error_before", {}, OutcomeUnknown, 0),
        ("error_after", {}, OutcomeUnknown, 1),
        ("reset_before", {}, OutcomeUnknown, 0),
        ("reset_after", {}, OutcomeUnknown, 1),
        ("slow_after", {"ms": 1500}, OutcomeUnknown, 1),
        ("refused_but_live", {}, OutcomeUnknown, 1),
        ("garbage_body", {}, OutcomeUnknown, 1),
        ("not_found_once", {}, OutcomeUnknown, 0),
        ("refuse", {"code": 24, "subcode": 2207008}, OutcomeUnknown, 0),
    ],
)
def test_a_lost_answer_is_settled_by_the_container(
    account: Account, mode: str, args: dict[str, Any], failure: type[ProviderFailure], live: int
) -> None:
    account.fault("media_publish", mode, **args)
    call = account.prepare()
    with pytest.raises(ProviderFailure) as raised:
        account.publisher.publish(call, account.access, timeout_s=0.7)
    assert type(raised.value) is failure
    assert len(account.live()) == live
    found = account.read()
    assert (found.proof is not None, len(found.matches)) == (bool(live), live)
    assert not found.may_repeat  # not so soon: Instagram may still be at it


@pytest.mark.parametrize("mode", ["error_before", "reset_before"])
def test_what_had_no_effect_goes_out_again_and_is_one_post(world: World, account: Account, mode: str) -> None:
    account.publisher = meta_at(world.sandbox, repeat_after_s="0").publishers["instagram"]
    account.fault("media_publish", mode)
    call = account.prepare()
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=5)
    found = account.read()
    assert (found.may_repeat, found.complete, found.proof) == (True, True, None)
    again = account.prepare()
    assert again.sha256 == call.sha256
    account.publisher.publish(again, account.access, timeout_s=5)
    assert len(account.live()) == 1


def test_a_proof_needs_no_list_that_shows_the_post(account: Account) -> None:
    account.fault("media_publish", "delayed_visibility", ms=700)
    account.fault("media_publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        account.publish()
    proven = account.read()
    assert proven.proof is not None
    assert not proven.matches
    deadline = time.monotonic() + 5
    while not (found := account.read()).matches and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [post.provider_post_id for post in found.matches] == [account.live()[0]["id"]]


@pytest.mark.parametrize("answer", ["error", "same_id"])
def test_publishing_a_container_twice_makes_one_post(account: Account, answer: str) -> None:
    """What Instagram says to that is unverified (meta 5.8); both ways are known."""
    published = account.publish()
    account.world.sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"republish": answer}})
    try:
        if answer == "same_id":
            assert account.publish().provider_post_id == published.provider_post_id
        else:
            with pytest.raises(OutcomeUnknown):
                account.publish()
            assert account.read().proof is not None
    finally:
        account.world.sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"republish": "error"}})
    assert len(account.live()) == 1


@pytest.mark.parametrize("step", ["media", "media_publish"])
@pytest.mark.parametrize(
    ("mode", "failure"),
    [("token_revoked", ReconnectNeeded), ("scope_missing", ReconnectNeeded), ("rate_limited", RetryLater)],
)
def test_a_refusal_names_what_to_do_next(
    account: Account, step: str, mode: str, failure: type[ProviderFailure]
) -> None:
    account.fault(step, mode)
    with pytest.raises(failure):
        account.publish()
    assert account.live() == []
