"""Our client against the sandbox over HTTP: every kind of post, of Pages and members, and what comes after it."""

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
from core.provider_kit.errors import NotReady, OutcomeUnknown, ProviderFailure, Rejected, RetryLater
from core.provider_kit.port import Live, Provider, Publisher
from core.provider_kit.types import Access, MediaItem, Payload, Published, ReadBack, VisibleCall
from core.providers.linkedin.little_text import as_read
from tests.factories.videos import video
from tests.fixtures.programs import RunningSandbox
from tests.providers.linkedin.at_sandbox import linkedin_at
from tests.sandbox import papers
from tests.sandbox.shelf import picture

KINDS = ("words", "card", "card with picture", "image", "images", "video", "document", "poll")
WITH_FILES = ("card with picture", "image", "images", "video", "document")
PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


class Steps(KeptSteps):
    """Real files, read in parts."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files

    @override
    def read(self, item: MediaItem) -> bytes:
        return self.files[item.sha256]

    @override
    def open(self, item: MediaItem) -> BinaryIO:
        return io.BytesIO(self.files[item.sha256])


@dataclass
class Account:
    """An account of the test's own, one post for it, and what its steps have made so far."""

    sandbox: RunningSandbox
    provider: Provider
    access: Access
    payload: Payload
    steps: Steps
    turns: list[str] = field(default_factory=list)

    @property
    def publisher(self) -> Publisher:
        return self.provider.publishers["linkedin"]

    @property
    def after(self) -> Live:
        return self.provider.live["linkedin"]

    @property
    def is_page(self) -> bool:
        return self.access.provider_account_id.startswith("urn:li:organization:")

    def prepare(self) -> VisibleCall:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                return self.publisher.prepare(self.payload, self.access, self.steps)
            except NotReady as wait:
                self.turns.append(wait.reason)
                time.sleep(min(wait.after_s, 2))
        raise AssertionError(self.turns)

    def publish(self) -> Published:
        return self.publisher.publish(self.prepare(), self.access, timeout_s=5)

    def read(self) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=2)
        return self.publisher.read_back(self.payload, self.access, self.steps, since=since, timeout_s=5)

    def live(self) -> list[dict[str, Any]]:
        posts = self.sandbox.get("/_sandbox/posts", account_id=self.access.provider_account_id)
        return [post for post in posts if post["deleted_at"] is None]

    def fault(self, route: str, mode: str, *, times: int = 1, **args: Any) -> None:
        method, path = route.split(" ")
        body = {"route": f"{method} /*linkedin.com/{path}", "mode": mode, "times": times, "args": args}
        self.sandbox.post("/_sandbox/faults", body)

    def requests(self, method: str, path: str) -> int:
        asked = self.sandbox.get("/_sandbox/requests", path=path)
        return len([one for one in asked if one["method"] == method])


def image(width: int = 1200, height: int = 800) -> tuple[MediaItem, bytes]:
    content = picture(width, height)
    name = hashlib.sha256(content).hexdigest()
    return MediaItem(name, "image/jpeg", width, height, len(content), "A bag of beans"), content


def clip(bytes_at_least: int = 9_000_000) -> tuple[MediaItem, bytes]:
    content = video(size=(1920, 1080), bytes_at_least=bytes_at_least)
    name = hashlib.sha256(content).hexdigest()
    return (
        MediaItem(name, "video/mp4", 1920, 1080, len(content), duration_ms=5000, codec="h264", audio_codec="aac"),
        content,
    )


def paper(mime: str = PDF) -> tuple[MediaItem, bytes]:
    make = {PDF: papers.pdf, WORD: papers.docx, SLIDES: papers.pptx}[mime]
    content = make(3)
    return MediaItem(hashlib.sha256(content).hexdigest(), mime, 0, 0, len(content), pages=3), content


def written(payload: Payload, kind: str) -> tuple[Payload, list[tuple[MediaItem, bytes]]]:
    """A post of that kind and the files that it carries."""
    link = "https://shop.example.com/spring_(roast)?a=1"
    match kind:
        case "card":
            options = {"title": "Spring (roast)", "description": "What we roast #1"}
            return replace(payload, link=link, options=options), []
        case "card with picture":
            return replace(payload, link=link), [image()]
        case "image":
            return payload, [image()]
        case "images":
            return payload, [image(), image(900, 1200), image()]
        case "video":
            return replace(payload, options={"title": "Launch clip"}), [clip()]
        case "document":
            return replace(payload, format="document", options={"title": "Report"}), [paper()]
        case "poll":
            poll = {"question": "Tea or coffee?", "answers": ["Tea", "Coffee", "Both"], "days": 7}
            return replace(payload, format="poll", options={"poll": poll}), []
        case _:
            return payload, []


def account_for(sandbox: RunningSandbox, whose: str, kind: str) -> Account:
    url = sandbox.url.replace("127.0.0.1", "localhost")
    # A member's video can't be watched, so what it waits for is time.
    both = linkedin_at(url, poll_first_s="0.2", video_grace_s="2", image_grace_s="1.5")
    person = f"p-{uuid4().hex[:8]}"
    sandbox.post("/_sandbox/people", {"id": person, "name": f"Kind {person}", "email": f"{person}@k.example"})
    if whose == "page":
        asked = {"count": 1, "person": person, "prefix": f"Kinds {person}", "provider": "linkedin"}
        (made,) = sandbox.post("/_sandbox/accounts", asked)
        provider, account_id, name, token = both["linkedin"], made["id"], made["name"], made["access_token"]
    else:
        provider = both["linkedin_member"]
        scopes = [scope.name for scope in provider.oauth.scopes]
        given = sandbox.post("/_sandbox/tokens", {"provider": "linkedin_member", "person": person, "scopes": scopes})
        token = given["access_token"]
        (member,) = provider.oauth.accounts(SecretStr(token))
        account_id, name = member.provider_account_id, member.name
    text = f"Fresh beans (today) by @[{name}]({account_id}) #spring_roast ☕️ {uuid4()}"
    payload, files = written(Payload("linkedin", account_id, text), kind)
    payload = replace(payload, media=tuple(item for item, _ in files))
    held = {item.sha256: content for item, content in files}
    if kind == "video":
        cover, content = image(1280, 720)
        payload, held = replace(payload, cover=cover), {**held, cover.sha256: content}
    return Account(sandbox, provider, Access(account_id, SecretStr(token), "cid"), payload, Steps(held))


@pytest.fixture
def account(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> Iterator[Account]:
    """One account for one kind of post."""
    yield account_for(sandbox, *request.param)
    sandbox.delete("/_sandbox/faults")


def of(*kinds: str, members: bool = True) -> pytest.MarkDecorator:
    whose = ("page", "member") if members else ("page",)
    return pytest.mark.parametrize(
        "account", [(who, kind) for kind in kinds for who in whose], indirect=True, ids=lambda each: " ".join(each)
    )


@of(*KINDS)
def test_every_kind_of_post_goes_live_whole_and_once(account: Account) -> None:
    published = account.publish()
    (seen,) = account.live()
    payload = account.payload
    assert seen["text"] == as_read(payload.text)
    assert (seen["link"], seen["id"]) == (payload.link, published.provider_post_id)
    if payload.link is None:
        assert [each["sha256"] for each in seen["media"]] == [item.sha256 for item in payload.media]
    if payload.format == "poll":
        assert seen["poll"]["question"] == "Tea or coffee?"
    found = account.read()
    if account.is_page:
        assert found.complete
        assert [post.provider_post_id for post in found.matches] == [published.provider_post_id]
        assert not found.look_alikes
    else:
        assert found.unreadable
    made = account.requests("POST", "initializeUpload")
    assert account.publisher.prepare(payload, account.access, account.steps)  # a repeat makes nothing a second time
    assert account.requests("POST", "initializeUpload") == made
    assert len(account.live()) == 1


@of("card", "images", "video", "document", "poll", members=False)
@pytest.mark.parametrize("mode", ["error_after", "reset_after"])
def test_after_a_lost_answer_the_page_shows_it(account: Account, mode: str) -> None:
    call = account.prepare()
    account.fault("POST rest/posts", mode)
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=3)
    (live,) = account.live()
    found = account.read()
    assert (found.complete, [post.provider_post_id for post in found.matches]) == (True, [live["id"]])


@of("images", "video", "document", "poll", members=False)
def test_what_never_arrived_is_not_found_and_goes_out_with_what_was_made(account: Account) -> None:
    call = account.prepare()
    account.fault("POST rest/posts", "reset_before")
    with pytest.raises(OutcomeUnknown):
        account.publisher.publish(call, account.access, timeout_s=3)
    found = account.read()
    assert (found.complete, found.matches) == (True, ())
    account.publish()
    assert len(account.live()) == 1


@of("video")
@pytest.mark.parametrize(
    ("route", "mode", "args"),
    [
        ("POST rest/videos", "reset_before", {}),
        ("POST rest/videos", "reset_after", {}),
        ("PUT dms-uploads/*", "reset_before", {}),
        ("PUT dms-uploads/*", "reset_after", {}),
        ("PUT dms-uploads/*", "error_before", {}),
    ],
)
def test_an_upload_that_broke_off_is_gone_on_with(account: Account, route: str, mode: str, args: Any) -> None:
    account.fault(route, mode, **args)
    with pytest.raises(ProviderFailure) as failed:
        account.prepare()
    assert not isinstance(failed.value, OutcomeUnknown | Rejected)
    account.publish()
    (seen,) = account.live()
    assert [each["sha256"] for each in seen["media"]] == [item.sha256 for item in account.payload.media]


@of("video")
@pytest.mark.parametrize("mode", ["reset_before", "reset_after", "error_before"])
def test_a_finish_that_got_lost_is_made_good(account: Account, mode: str) -> None:
    def lose() -> None:
        args = {"status": 500, "error": "UPDATING_ASSET_FAILED"} if mode == "error_before" else {}
        account.fault("POST rest/videos", mode, **args)

    kept = account.steps.keep

    def keep(name: str, reference: str, *, lives_s: float | None = None) -> None:
        kept(name, reference, lives_s=lives_s)
        if name == "video_finishing" and reference == "1":
            lose()

    account.steps.keep = keep  # type: ignore[method-assign]
    with pytest.raises(RetryLater):
        account.prepare()
    account.publish()
    assert len(account.live()) == 1


@of("video", "document", members=False)
def test_what_linkedin_can_not_process_is_refused_and_forgotten(account: Account) -> None:
    resource = f"{account.payload.media[0].kind}s"
    account.fault(f"POST rest/{resource}", "container_error")
    with pytest.raises(Rejected, match="couldn't process"):
        account.publish()
    assert account.live() == []
    account.publish()
    assert len(account.live()) == 1


@of("video", "document", "images", members=False)
def test_what_takes_long_is_waited_for_and_uploaded_once(account: Account) -> None:
    resource = f"{account.payload.media[0].kind}s"
    account.fault(f"POST rest/{resource}", "slow_container", polls=3)
    account.publish()
    assert any("still processing" in turn for turn in account.turns)
    assert len(account.live()) == 1


@pytest.mark.parametrize("mime", [WORD, SLIDES])
def test_documents_of_other_programs_are_taken_too(sandbox: RunningSandbox, mime: str) -> None:
    account = account_for(sandbox, "page", "document")
    item, content = paper(mime)
    account.payload = replace(account.payload, media=(item,))
    account.steps = Steps({item.sha256: content})
    account.publish()
    (seen,) = account.live()
    assert [each["sha256"] for each in seen["media"]] == [item.sha256]


@of("words", "images", "video", members=False)
def test_a_live_post_of_a_page_gets_one_first_comment_other_words_and_is_taken_away(account: Account) -> None:
    published = account.publish()
    since = datetime.now(UTC) - timedelta(minutes=1)
    post_id, text = published.provider_post_id, f"Order at https://x.example/a_(b) #beans {uuid4()}"
    assert account.after.find_comment(post_id, text, account.access, since=since, timeout_s=5) is None
    made = account.after.comment(post_id, text, account.access, timeout_s=5)
    assert account.after.find_comment(post_id, text, account.access, since=since, timeout_s=5) == made
    (seen,) = account.live()
    assert [each["text"] for each in seen["comments"]] == [text]
    for _ in range(2):
        account.after.edit(post_id, "Now roasted (darker) #dark", account.access, timeout_s=5)
    assert [each["text"] for each in account.live()] == ["Now roasted (darker) #dark"]
    for _ in range(2):
        account.after.delete(post_id, account.access, timeout_s=5)
        assert account.live() == []


@pytest.mark.parametrize("account", [("member", "words")], indirect=True)
def test_a_live_post_of_a_member_gets_a_comment_that_nobody_can_look_for(account: Account) -> None:
    published = account.publish()
    post_id, text = published.provider_post_id, f"Order here {uuid4()}"
    assert account.after.comment(post_id, text, account.access, timeout_s=5)
    with pytest.raises(OutcomeUnknown, match="doesn't let apps read"):
        account.after.find_comment(post_id, text, account.access, since=datetime.now(UTC), timeout_s=5)
    account.after.edit(post_id, "Other words", account.access, timeout_s=5)
    assert [each["text"] for each in account.live()] == ["Other words"]
    account.after.delete(post_id, account.access, timeout_s=5)
    assert account.live() == []


@pytest.mark.parametrize("account", [("page", "words")], indirect=True)
@pytest.mark.parametrize(("mode", "there"), [("reset_before", False), ("reset_after", True), ("garbage_body", True)])
def test_a_comment_whose_answer_was_lost_is_found_or_certainly_not_there(
    account: Account, mode: str, there: bool
) -> None:
    published = account.publish()
    since = datetime.now(UTC) - timedelta(minutes=1)
    post_id, text = published.provider_post_id, f"Order here {uuid4()}"
    account.fault("POST rest/socialActions/*", mode)
    with pytest.raises(OutcomeUnknown):
        account.after.comment(post_id, text, account.access, timeout_s=5)
    found = account.after.find_comment(post_id, text, account.access, since=since, timeout_s=5)
    assert (found is not None) is there
