"""Meta keeps the contract of every provider; Facebook, Facebook with a photo, and Instagram that of every publisher."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from core.provider_kit.contract import ProviderContract, PublisherContract, Refusal, Shown
from core.provider_kit.errors import OutcomeUnknown, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import MediaItem, Payload
from core.providers.meta import build
from tests.providers.scripted import Scripted

PAGE = "1001"
INSTAGRAM = "17841400000000001"
SECRET = "test_app_secret"
IMAGE = MediaItem("ab" * 32, "image/jpeg", 1080, 1080, 200_000, "A cup of coffee")
Answers = Sequence[tuple[int, bytes, Mapping[str, str]]]


def error(code: int | None, subcode: int | None = None, message: str = "(#0) no", **more: Any) -> bytes:
    said = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, **more}
    return orjson.dumps({"error": {name: value for name, value in said.items() if value is not None}})


def meta(url: str, **settings: str) -> Provider:
    return build(
        {
            "client_id": "777",
            "client_secret": SECRET,
            "graph_url": f"{url}/graph.facebook.com",
            "dialog_url": f"{url}/www.facebook.com",
            "video_url": f"{url}/graph-video.facebook.com",
            "upload_url": f"{url}/rupload.facebook.com",
            "call_timeout_s": "3",
            **settings,
        }
    )


@pytest.fixture(autouse=True)
def _stand_in(request: pytest.FixtureRequest, stand_in: Scripted) -> None:
    if request.instance is not None:
        request.instance.stand_in = stand_in


class TestMeta(ProviderContract):
    stand_in: Scripted
    secrets = (SECRET,)

    def build(self, **settings: str) -> Provider:
        return meta(self.stand_in.url, **settings)

    def dead_token(self) -> Refusal:
        return Refusal(400, error(190, 460, "Error validating access token: %SECRET%"), ReconnectNeeded)


class TestFacebook(PublisherContract):
    stand_in: Scripted
    post_id = f"{PAGE}_2001"

    def publisher(self) -> Publisher:
        return meta(self.stand_in.url).publishers["facebook"]

    def unreachable(self) -> Publisher:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        return meta(url).publishers["facebook"]

    def payload(self) -> Payload:
        return Payload("facebook", PAGE, "Fresh beans today ☕️ ünïcode", "https://shop.example.com/a?utm_source=m&x=1")

    def yes(self) -> tuple[int, bytes, Mapping[str, str]]:
        return 200, orjson.dumps({"id": self.post_id}), {"x-app-usage": '{"call_count":28}'}

    def refusals(self) -> Sequence[Refusal]:
        quoting = "Malformed access token %SECRET%"
        return [
            Refusal(400, error(190, 460, quoting), ReconnectNeeded),
            Refusal(401, error(190, None, quoting), ReconnectNeeded),
            Refusal(400, error(190, 4711), ReconnectNeeded),
            Refusal(403, error(200, None, "(#200) requires pages_manage_posts"), ReconnectNeeded),
            Refusal(400, error(100, 33), ReconnectNeeded),
            Refusal(400, error(100), Rejected),
            Refusal(400, error(1609005), Rejected),
            Refusal(403, error(4), RetryLater),
            Refusal(400, error(80001), RetryLater),
            Refusal(400, error(4, 2207051), OutcomeUnknown),
            Refusal(400, error(506), OutcomeUnknown),
            Refusal(400, error(368), OutcomeUnknown),
            Refusal(500, error(2), OutcomeUnknown),
            Refusal(500, error(190, 460), OutcomeUnknown),
            Refusal(400, error(100, 4711), OutcomeUnknown),
            Refusal(400, error(100, None, is_transient=True), OutcomeUnknown),
        ]

    def undocumented(self) -> Refusal:
        return Refusal(400, error(987654, 321), OutcomeUnknown)

    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        items = []
        for post in posts:
            item: dict[str, Any] = {
                "id": post.post_id,
                "message": post.text,
                "created_time": post.created_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            }
            if post.link:
                item["attachments"] = {"data": [{"url": post.link, "target": {"url": post.link}}]}
            items.append(item)
        paging: dict[str, Any] = {"cursors": {"before": "a", "after": "b"}}
        if more:
            paging["next"] = f"https://graph.facebook.com/v26.0/1001/published_posts?access_token=x&after=c{len(posts)}"
        return orjson.dumps({"data": items, "paging": paging})

    def permalink_answer(self, address: object) -> bytes:
        return orjson.dumps({"id": self.post_id, "permalink_url": address})


class TestFacebookPhoto(TestFacebook):
    """The same with an image, which is uploaded first and is then what a post is known by."""

    photo_id = "3001"

    def payload(self) -> Payload:
        return Payload("facebook", PAGE, "Fresh beans today ☕️ ünïcode", media=(IMAGE,))

    def invisible(self) -> Answers:
        return [(200, orjson.dumps({"id": self.photo_id}), {})]

    def invisible_again(self) -> Answers:
        return self.invisible()

    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        page = orjson.loads(super().listing(posts, more=more))
        for item in page["data"]:
            if item["message"] == self.payload().text:
                item["attachments"] = {"data": [{"url": "https://www.facebook.com/p", "target": {"id": self.photo_id}}]}
        return orjson.dumps(page)


class TestInstagram(PublisherContract):
    stand_in: Scripted
    post_id = "17950000000000001"
    ids = itertools.count(17_900_000_000_000_001)

    def publisher(self) -> Publisher:
        return meta(self.stand_in.url).publishers["instagram"]

    def unreachable(self) -> Publisher:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        return meta(url).publishers["instagram"]

    def payload(self) -> Payload:
        return Payload("instagram", INSTAGRAM, "Fresh beans today ☕️ ünïcode #coffee", media=(IMAGE,))

    def invisible(self) -> Answers:
        return [(200, orjson.dumps({"id": f"{next(self.ids)}"}), {}), *self.invisible_again()]

    def invisible_again(self) -> Answers:
        limit = {"data": [{"quota_usage": 2, "config": {"quota_total": 50, "quota_duration": 86400}}]}
        return [(200, orjson.dumps({"id": "1790", "status_code": "FINISHED"}), {}), (200, orjson.dumps(limit), {})]

    def before_listing(self) -> Answers:
        return [(200, orjson.dumps({"id": "1790", "status_code": "PUBLISHED"}), {})]

    def yes(self) -> tuple[int, bytes, Mapping[str, str]]:
        return 200, orjson.dumps({"id": self.post_id}), {"x-app-usage": '{"call_count":28}'}

    def refusals(self) -> Sequence[Refusal]:
        return [
            Refusal(400, error(190, 460, "Malformed access token %SECRET%"), ReconnectNeeded),
            Refusal(403, error(200), ReconnectNeeded),
            Refusal(400, error(9007, 2207027, "Media ID is not available"), RetryLater),
            Refusal(400, error(9, 2207042), RetryLater),
            Refusal(400, error(80002), RetryLater),
            Refusal(400, error(25, 2207050), Rejected),
            Refusal(400, error(36000, 2207004), Rejected),
            Refusal(400, error(36003, 2207009), Rejected),
            Refusal(400, error(36004, 2207010), Rejected),
            Refusal(400, error(100), Rejected),
            Refusal(400, error(100, 33), OutcomeUnknown),
            Refusal(400, error(24, 2207006), OutcomeUnknown),
            Refusal(400, error(24, 2207008), OutcomeUnknown),
            Refusal(400, error(4, 2207051), OutcomeUnknown),
            Refusal(400, error(-1, 2207001), OutcomeUnknown),
            Refusal(400, error(-2, 2207020), OutcomeUnknown),
            Refusal(400, error(9, 4711), OutcomeUnknown),
            Refusal(400, error(9007, 4711), OutcomeUnknown),
            Refusal(500, error(9007, 2207027), OutcomeUnknown),
        ]

    def undocumented(self) -> Refusal:
        return Refusal(400, error(987654, 321), OutcomeUnknown)

    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        items = [
            {
                "id": post.post_id,
                "caption": post.text,
                "media_type": "IMAGE",
                "media_product_type": "FEED",
                "timestamp": post.created_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "permalink": f"https://www.instagram.com/p/{post.post_id}/",
            }
            for post in posts
        ]
        paging: dict[str, Any] = {"cursors": {"before": "a", "after": "b"}}
        if more:
            paging["next"] = f"https://graph.facebook.com/v26.0/{INSTAGRAM}/media?access_token=x&after=c{len(posts)}"
        return orjson.dumps({"data": items, "paging": paging})

    def permalink_answer(self, address: object) -> bytes:
        return orjson.dumps({"id": self.post_id, "permalink": address})
