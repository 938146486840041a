"""LinkedIn's two apps keep the contract of every provider; Pages, images and members the one of every publisher."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from core.provider_kit.contract import (
    ProviderContract,
    PublisherContract,
    Refusal,
    Shown,
    UnreadablePublisherContract,
)
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import MediaItem, Payload
from core.providers.linkedin import build
from core.providers.linkedin.little_text import little_text
from tests.providers.scripted import Scripted

PAGE = "urn:li:organization:1001"
MEMBER = "urn:li:person:782bbtaQ"
IMAGE = "urn:li:image:C4E10AQcanary"
SECRET, MEMBER_SECRET = "test_app_secret", "test_member_secret"

Answer = tuple[int, bytes, Mapping[str, str]]


def error(status: int, code: str | None = None, service: int | None = None, message: str = "no", **more: Any) -> bytes:
    said = {"status": status, "code": code, "serviceErrorCode": service, "message": message, **more}
    return orjson.dumps({name: value for name, value in said.items() if value is not None})


def inner(code: str, description: str = "no") -> dict[str, Any]:
    return {"errorDetails": {"inputErrors": [{"code": code, "description": description, "input": {}}]}}


def linkedin(url: str, **settings: str) -> dict[str, Provider]:
    environment = {
        "client_id": "77pages",
        "client_secret": SECRET,
        "member_client_id": "77member",
        "member_client_secret": MEMBER_SECRET,
        "api_url": f"{url}/api.linkedin.com",
        "www_url": f"{url}/www.linkedin.com",
        "upload_url": f"{url}/www.linkedin.com",
        "call_timeout_s": "3",
        "fresh_token_pause_s": "0",
        **settings,
    }
    return {each.key: each for each in build(environment)}


def posts(url: str, **settings: str) -> Publisher:
    return linkedin(url, **settings)["linkedin"].publishers["linkedin"]


def upload(url: str) -> list[Answer]:
    """The answers to registering and uploading an image."""
    address = f"{url}/www.linkedin.com/dms-uploads/sp/abc?sig=x%2Fy"
    value = {"uploadUrlExpiresAt": 1_766_392_000_000, "uploadUrl": address, "image": IMAGE}
    return [(200, orjson.dumps({"value": value}), {}), (201, b"", {})]


def state(status: str) -> Answer:
    return 200, orjson.dumps({"owner": PAGE, "id": IMAGE, "status": status}), {}


@pytest.fixture(autouse=True)
def _stand_in(request: pytest.FixtureRequest, stand_in: Scripted) -> None:
    if request.instance is not None:
        request.instance.stand_in = stand_in


class TestPagesApp(ProviderContract):
    stand_in: Scripted
    secrets = (SECRET, MEMBER_SECRET)

    def build(self, **settings: str) -> Provider:
        return linkedin(self.stand_in.url, **settings)["linkedin"]

    def dead_token(self) -> Refusal:
        return Refusal(401, error(401, "REVOKED_ACCESS_TOKEN", 65601, "revoked: %SECRET%"), ReconnectNeeded)


class TestMemberApp(TestPagesApp):
    def build(self, **settings: str) -> Provider:
        return linkedin(self.stand_in.url, **settings)["linkedin_member"]


class Posts:
    """What all three kinds of posts have in common."""

    stand_in: Scripted
    post_id = "urn:li:share:7000"

    @property
    def permalink_of_id(self) -> str | None:
        return f"{self.stand_in.url}/www.linkedin.com/feed/update/{self.post_id}/"

    def permalink_answer(self, address: object) -> bytes | None:
        return None

    def publisher(self) -> Publisher:
        return posts(self.stand_in.url)

    def unreachable(self) -> Publisher:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        return posts(url)

    def yes(self) -> Answer:
        return 201, b"", {"x-restli-id": self.post_id, "x-li-uuid": "AAYk+3/x=="}

    def refusals(self) -> Sequence[Refusal]:
        told: list[tuple[int, bytes, type[ProviderFailure]]] = [
            (401, error(401, "INVALID_ACCESS_TOKEN", 65600, "Invalid access token %SECRET%"), ReconnectNeeded),
            (401, error(401, None, 65602), ReconnectNeeded),
            (401, error(401, "NEVER_HEARD_OF"), OutcomeUnknown),
            (403, error(403, "ACCESS_DENIED", 100, "Not enough permissions to access: %SECRET%"), ReconnectNeeded),
            (400, error(400, "VERSION_MISSING"), RetryLater),
            (426, error(426, "NONEXISTENT_VERSION"), RetryLater),
            (400, error(400, "FIELD_LENGTH_TOO_LONG", **inner("FIELD_LENGTH_TOO_LONG")), Rejected),
            (400, error(400, "MEDIA_ASSET_WAITING_UPLOAD"), RetryLater),
            (422, error(422, "UNPROCESSABLE_ENTITY"), OutcomeUnknown),
            (422, error(422, "UNPROCESSABLE_ENTITY", **inner("DUPLICATE_POST")), OutcomeUnknown),
            (400, error(400, "FIELD_LENGTH_TOO_LONG", **inner("NEVER_HEARD_OF")), Rejected),
            (429, error(429, "TOO_MANY_REQUESTS", 101), OutcomeUnknown),
            (429, error(429, "TOO_MANY_REQUESTS", 101, "… throttle APPLICATION DAY limit …"), RetryLater),
            (500, error(500, "INTERNAL_SERVER_ERROR"), OutcomeUnknown),
            (504, b"", OutcomeUnknown),
        ]
        return [Refusal(status, body, failure) for status, body, failure in told]

    def undocumented(self) -> Refusal:
        return Refusal(400, error(400, "SOMETHING_NEW", 4711), OutcomeUnknown)


class Listed:
    """A Page's posts as the finder gives them."""

    def shown_id(self, number: int) -> str:
        return f"urn:li:share:{9000 + number}"

    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        elements = [self.element(post) for post in posts]
        links = [{"rel": "next", "type": "application/json", "href": "https://elsewhere.example/?start=7"}]
        paging = {"start": 0, "count": 50, "links": links if more else []}
        return orjson.dumps({"elements": elements, "paging": paging})

    def element(self, post: Shown) -> dict[str, Any]:
        return {
            "id": post.post_id,
            "author": PAGE,
            "commentary": little_text(post.text),
            "createdAt": int(post.created_at.timestamp() * 1000),
            "lifecycleState": "PUBLISHED",
            "content": {"article": {"source": post.link, "title": "A page"}} if post.link else {},
        }


class TestPage(Listed, Posts, PublisherContract):
    def payload(self) -> Payload:
        return Payload("linkedin", PAGE, "Fresh (beans) today #coffee ☕️ ünïcode", "https://shop.example.com/a?m=1&x=1")


class TestPageImage(Listed, Posts, PublisherContract):
    def payload(self) -> Payload:
        item = MediaItem("ab" * 32, "image/jpeg", 1200, 800, 64, "A bag of beans")
        return Payload("linkedin", PAGE, "Fresh (beans) today #coffee", media=(item,))

    def invisible(self) -> Sequence[Answer]:
        return [*upload(self.stand_in.url), state("PROCESSING"), state("AVAILABLE")]

    def invisible_again(self) -> Sequence[Answer]:
        return [state("AVAILABLE")]

    def element(self, post: Shown) -> dict[str, Any]:
        ours = post.text == self.payload().text
        return super().element(post) | {"content": {"media": {"id": IMAGE if ours else "urn:li:image:other"}}}


class TestMemberImage(Posts, UnreadablePublisherContract):
    def payload(self) -> Payload:
        item = MediaItem("ab" * 32, "image/png", 1200, 800, 64)
        return Payload("linkedin", MEMBER, "Fresh beans", media=(item,))

    def invisible(self) -> Sequence[Answer]:
        return upload(self.stand_in.url)


class TestMemberText(Posts, UnreadablePublisherContract):
    def payload(self) -> Payload:
        return Payload("linkedin", MEMBER, "Fresh beans")
