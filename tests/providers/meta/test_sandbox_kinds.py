"""Our client against the sandbox over HTTP: every kind of post, what a lost answer leaves, and what comes after."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from uuid import uuid4

import pytest
from pydantic import SecretStr
from typing_extensions import override

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady, NotShown, OutcomeUnknown, ProviderFailure, Rejected
from core.provider_kit.port import Live, Provider, Publisher
from core.provider_kit.types import Access, MediaItem, Payload, Published, ReadBack, VisibleCall
from tests.factories.videos import video
from tests.providers.meta.at_sandbox import World, meta_at
from tests.sandbox.shelf import Shelf, picture

FACEBOOK = ("photos", "video", "reel", "photo story", "video story")
INSTAGRAM = ("carousel", "ig reel", "ig image story", "ig video story")
VISIBLE = {
    "photos": ("graph.facebook.com", "feed"),
    "video": ("graph-video.facebook.com", "videos"),
    "reel": ("graph.facebook.com", "video_reels"),
    "photo story": ("graph.facebook.com", "photo_stories"),
    "video story": ("graph.facebook.com", "video_stories"),
}


class Steps(KeptSteps):
    """Real files, read in parts and fetched by address."""

    def __init__(self, shelf: Shelf, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.addresses = {name: shelf.put(content) for name, content in files.items()}

    @override
    def read(self, item: MediaItem) -> bytes:
        return self.files[item.sha256]

    @override
    def open(self, item: MediaItem) -> BinaryIO:
        return io.BytesIO(self.files[item.sha256])

    @override
    def address(self, item: MediaItem) -> str:
        return self.addresses[item.sha256]


@dataclass
class Account:
    """An account of the test's own, one post for it, and what its steps have made so far."""

    world: World
    provider: Provider
    access: Access
    payload: Payload
    steps: Steps
    turns: list[str] = field(default_factory=list)

    @property
    def publisher(self) -> Publisher:
        return self.provider.publishers[self.payload.network]

    @property
    def after(self) -> Live:
        return self.provider.live[self.payload.network]

    def prepare(self) -> VisibleCall:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                return self.publisher.prepare(self.payload, self.access, self.steps)
            except NotReady as wait:
                self.turns.append(wait.reason)
                time.sleep(min(wait.after_s, 0.2))
        raise AssertionError(self.turns)

    def publish(self, *, timeout_s: float = 5) -> Published:
        return self.publisher.publish(self.prepare(), self.access, timeout_s=timeout_s)

    def read(self) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=2)
        return self.publisher.read_back(self.payload, self.access, self.steps, since=since, timeout_s=5)

    def read_until_shown(self) -> ReadBack:
        deadline = time.monotonic() + 30
        while not ((found := self.read()).matches or found.proof) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def live(self) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            posts: list[dict[str, Any]] = self.world.sandbox.get(
                "/_sandbox/posts", account_id=self.access.provider_account_id
            )
            if posts:
                return posts
            time.sleep(0.2)
        return []

    def address(self, published: Published) -> str | None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.publisher.permalink(published.provider_post_id, self.access, timeout_s=5)
            if found is not None:
                return found
            time.sleep(0.2)
        return None

    def requests(self, method: str, edge: str) -> int:
        path = f"/{self.access.provider_account_id}/{edge}"
        return len([one for one in self.world.sandbox.get("/_sandbox/requests", path=path) if one["method"] == method])


def clip(**more: Any) -> tuple[MediaItem, bytes]:
    content = video(**more)
    size = more.get("size", (1080, 1920))
    name = hashlib.sha256(content).hexdigest()
    return (
        MediaItem(
            name,
            "video/mp4",
            *size,
            len(content),
            duration_ms=5000,
            codec="h264",
            audio_codec="aac",
            frame_rate=30.0,
            bit_rate=1_000_000,
            packing="plain",
        ),
        content,
    )


def image(width: int = 1080, height: int = 1080) -> tuple[MediaItem, bytes]:
    content = picture(width, height)
    name = hashlib.sha256(content).hexdigest()
    return MediaItem(name, "image/jpeg", width, height, len(content), "A bag of beans"), content


def account_for(world: World, shelf: Shelf, kind: str) -> Account:
    network = "facebook" if kind in FACEBOOK else "instagram"
    person = f"p-{uuid4().hex[:8]}"
    world.sandbox.post("/_sandbox/people", {"id": person, "name": "Kind Person", "email": f"{person}@k.example"})
    bulk: dict[str, Any] = {"count": 1, "person": person, "prefix": "Kinds"}
    bulk |= {"network": network} if network == "instagram" else {}
    (made,) = world.sandbox.post("/_sandbox/accounts", bulk)
    account_id = made["id"] if network == "facebook" else made["instagram_id"]
    payload = Payload(network, account_id, f"Fresh beans ☕️ {uuid4()}")
    cover: tuple[MediaItem, bytes] | None = None
    match kind:
        case "photos":
            files = [image() for _ in range(3)]
        case "video":
            files = [clip(size=(1920, 1080), bytes_at_least=3_000_000)]
            payload = replace(payload, options={"title": "Beans"})
        case "reel":
            files = [clip(bytes_at_least=200_000)]
            payload = replace(payload, format="reel")
        case "photo story":
            files = [image()]
            payload = replace(payload, format="story", text="")
        case "video story":
            files = [clip()]
            payload = replace(payload, format="story", text="")
        case "carousel":
            files = [image(), clip(), image()]
            payload = replace(payload, format="carousel")
        case "ig reel":
            files, cover = [clip()], image(1080, 1920)
            payload = replace(payload, format="reel", cover=cover[0])
        case "ig image story":
            files = [image()]
            payload = replace(payload, format="story", text="")
        case _:
            files = [clip()]
            payload = replace(payload, format="story", text="")
    held = {item.sha256: content for item, content in [*files, *([cover] if cover else [])]}
    return Account(
        world,
        meta_at(world.sandbox, poll_first_s="0.05", repeat_after_s="121"),
        Access(account_id, SecretStr(made["page_token"]), "cid"),
        replace(payload, media=tuple(item for item, _ in files)),
        Steps(shelf, held),
    )


@pytest.fixture
def account(world: World, shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[Account]:
    """One account for one kind of post; nothing we asked of it may be malformed in the network's eyes."""
    with world.without_mistakes():
        yield account_for(world, shelf, request.param)


@pytest.mark.parametrize("account", [*FACEBOOK, *INSTAGRAM], indirect=True)
def test_every_kind_of_post_goes_live_whole_and_once(account: Account) -> None:
    published = account.publish()
    (seen,) = account.live()
    assert (seen["text"] or "") == account.payload.text
    assert [each["sha256"] for each in seen["media"]] == [item.sha256 for item in account.payload.media]
    found = account.read_until_shown()
    if account.payload.format != "story" or account.payload.network == "facebook":
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
        assert found.complete
    address = account.address(published)
    assert address is not None
    assert address.startswith("http")
    assert account.publisher.prepare(account.payload, account.access, account.steps)  # a repeat makes no second one
    assert len(account.live()) == 1


@pytest.mark.parametrize("account", FACEBOOK, indirect=True)
@pytest.mark.parametrize("mode", ["error_after", "reset_after", "garbage_body"])
def test_after_a_lost_answer_what_was_made_tells(account: Account, mode: str, request: pytest.FixtureRequest) -> None:
    host, edge = VISIBLE[request.node.callspec.params["account"]]
    call = account.prepare()
    route = f"POST /{host}/*/{account.access.provider_account_id}/{edge}"
    account.world.sandbox.post("/_sandbox/faults", {"route": route, "mode": mode, "times": 1, "args": {}})
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=3)
    assert len(account.live()) == 1
    found = account.read_until_shown()
    assert found.matches or found.proof
    assert len(found.matches) <= 1


@pytest.mark.parametrize("account", FACEBOOK, indirect=True)
def test_what_never_arrived_is_neither_found_nor_proven(account: Account, request: pytest.FixtureRequest) -> None:
    host, edge = VISIBLE[request.node.callspec.params["account"]]
    call = account.prepare()
    route = f"POST /{host}/*/{account.access.provider_account_id}/{edge}"
    account.world.sandbox.post("/_sandbox/faults", {"route": route, "mode": "reset_before", "times": 1, "args": {}})
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=3)
    found = account.read()
    assert (found.matches, found.proof, found.may_repeat) == ((), None, False)
    assert account.publish().provider_post_id
    assert len(account.live()) == 1


@pytest.mark.parametrize("account", INSTAGRAM, indirect=True)
@pytest.mark.parametrize("mode", ["error_after", "reset_after"])
def test_a_lost_answer_of_instagram_is_proven_by_the_container(account: Account, mode: str) -> None:
    call = account.prepare()
    account.world.fault(f"POST {account.access.provider_account_id}/media_publish", mode)
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=3)
    found = account.read()
    assert found.proof is not None
    assert len(account.live()) == 1
    if account.payload.format != "story":
        assert [post.provider_post_id for post in found.matches] == [account.live()[0]["id"]]


@pytest.mark.parametrize("account", ["reel", "video story"], indirect=True)
def test_an_upload_that_broke_off_is_gone_on_with(account: Account) -> None:
    route = "POST /rupload.facebook.com/*"
    account.world.sandbox.post("/_sandbox/faults", {"route": route, "mode": "reset_before", "times": 1, "args": {}})
    with pytest.raises(ProviderFailure) as failure:
        account.prepare()
    assert not isinstance(failure.value, OutcomeUnknown | Rejected)
    edge = "video_reels" if account.payload.format == "reel" else "video_stories"
    account.publish()
    assert len(account.live()) == 1
    assert account.requests("POST", edge) == 2  # one start, one finish


@pytest.mark.parametrize("account", ["video"], indirect=True)
def test_a_part_of_a_feed_video_that_got_lost_is_sent_again(account: Account) -> None:
    page = account.access.provider_account_id
    route = f"POST /graph-video.facebook.com/*/{page}/videos"
    for _ in range(2):
        account.world.sandbox.post("/_sandbox/faults", {"route": route, "mode": "reset_after", "times": 1, "args": {}})
        with pytest.raises(ProviderFailure):
            account.publisher.prepare(account.payload, account.access, account.steps)
    account.publish()
    (seen,) = account.live()
    assert [each["sha256"] for each in seen["media"]] == [item.sha256 for item in account.payload.media]


@pytest.mark.parametrize("account", ["video"], indirect=True)
def test_a_video_that_is_accepted_and_can_not_be_processed_afterwards_is_said_not_to_be_shown(account: Account) -> None:
    page, call = account.access.provider_account_id, account.prepare()
    route = f"POST /graph-video.facebook.com/*/{page}/videos"
    fault = {"route": route, "mode": "container_error", "times": 1, "args": {"subcode": 1363024}}
    account.world.sandbox.post("/_sandbox/faults", fault)
    published = account.publisher.publish(call, account.access, timeout_s=5)
    with pytest.raises(NotShown, match=r"took the video and then couldn't process it\. .+ is not supported") as failed:
        account.address(published)
    assert failed.value.how_to_fix.startswith("Look at the Page")


@pytest.mark.parametrize("account", ["photos", "video", "reel", "carousel", "ig reel"], indirect=True)
def test_a_live_post_gets_one_first_comment_and_is_taken_away(account: Account) -> None:
    published = account.publish()
    account.live()
    since = datetime.now(UTC) - timedelta(minutes=1)
    post_id, text = published.provider_post_id, f"Link in bio {uuid4()}"
    assert account.after.find_comment(post_id, text, account.access, since=since, timeout_s=5) is None
    made = account.after.comment(post_id, text, account.access, timeout_s=5)
    assert account.after.find_comment(post_id, text, account.access, since=since, timeout_s=5) == made
    if account.payload.network == "facebook":
        account.after.edit(post_id, "Now roasted darker", account.access, timeout_s=5)
        account.after.edit(post_id, "Now roasted darker", account.access, timeout_s=5)
        assert [one["text"] for one in account.live()] == ["Now roasted darker"]
    account.after.delete(post_id, account.access, timeout_s=5)
    assert all(one["deleted_at"] for one in account.live())
    account.after.delete(post_id, account.access, timeout_s=5)
