"""What the tests of videos send: a Page's reels and stories, and the bytes at rupload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tests.factories.videos import video
from tests.sandbox.driver import Box, Page

REEL = video(10)


def local(url: str) -> str:
    """An address of the sandbox, as the client of the tests reaches it."""
    return url.replace("localhost", "127.0.0.1")


def start(box: Box, page: Page, edge: str = "video_reels") -> dict[str, str]:
    """The id of a new video and where its bytes go."""
    answer = box.graph("POST", f"{page.id}/{edge}", page.token, upload_phase="start")
    assert answer.is_success, answer.text
    told: dict[str, str] = answer.json()
    return told


def send(
    box: Box,
    page: Page,
    url: str,
    content: bytes,
    offset: int = 0,
    size: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Bytes from an offset on; everything, unless `size` says that there is more."""
    given = {"Authorization": f"OAuth {page.token}", "offset": str(offset)}
    given["file_size"] = str(offset + len(content) if size is None else size)
    return box.http.post(local(url), content=content, headers={**given, **(headers or {})})


def uploaded(box: Box, page: Page, content: bytes = REEL, edge: str = "video_reels") -> str:
    """The id of a video whose bytes are all there."""
    told = start(box, page, edge)
    assert send(box, page, told["upload_url"], content).json() == {"success": True}
    return told["video_id"]


def finish(box: Box, page: Page, video_id: str, edge: str = "video_reels", **parameters: Any) -> httpx.Response:
    """Ask for it to be published."""
    if edge == "video_reels":
        parameters = {"video_state": "PUBLISHED", "description": "A reel", **parameters}
    return box.graph("POST", f"{page.id}/{edge}", page.token, upload_phase="finish", video_id=video_id, **parameters)


def publish_reel(box: Box, page: Page, content: bytes = REEL, **parameters: Any) -> str:
    """The id of a reel that was accepted."""
    video_id = uploaded(box, page, content)
    answer = finish(box, page, video_id, **parameters)
    assert answer.json() == {"success": True}, answer.text
    return video_id


def look(box: Box, page: Page, node: str, fields: str, **parameters: Any) -> dict[str, Any]:
    """Fields of a node, or of what an edge lists."""
    answer = box.graph("GET", node, page.token, fields=fields, **parameters)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def status(box: Box, page: Page, video_id: str) -> dict[str, Any]:
    """`status` of a video."""
    told: dict[str, Any] = look(box, page, video_id, "status")["status"]
    return told


def process(box: Box) -> None:
    """Let the sandbox's clock go over the time that a video takes."""
    box.control("clock", {"advance_s": 3})
