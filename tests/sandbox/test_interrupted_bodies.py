"""Bodies that are cut off: an upload of Meta's keeps what came (meta 4.5, 4.6), nothing else was ever made."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlencode, urlsplit

from tests.sandbox.driver import Box, Page
from tests.sandbox.linkedin_driver import Author, LinkedIn, picture
from tests.sandbox.papers import pdf
from tests.sandbox.videos import REEL, finish, look, process, send, start, status


def cut_off(box: Box, path: str, headers: dict[str, str], sent: bytes, announced: int, method: str = "POST") -> None:
    """Send the beginning of a request whose body is longer, and hang up."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{box.port}", f"Content-Length: {announced}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", box.port)) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + sent)
        time.sleep(0.2)


def test_an_upload_keeps_what_came(box: Box, page: Page) -> None:
    told, half = start(box, page), len(REEL) // 2
    headers = {"Authorization": f"OAuth {page.token}", "offset": "0", "file_size": str(len(REEL))}
    cut_off(box, urlsplit(told["upload_url"]).path, headers, REEL[:half], len(REEL))
    until = time.monotonic() + 5
    while not status(box, page, told["video_id"])["uploading_phase"]["bytes_transferred"] and time.monotonic() < until:
        time.sleep(0.05)
    assert status(box, page, told["video_id"])["uploading_phase"]["bytes_transferred"] == half
    assert send(box, page, told["upload_url"], REEL[half:], offset=half).json() == {"success": True}
    finish(box, page, told["video_id"])
    process(box)
    assert len(box.posts(page.id)) == 1


def test_a_post_that_did_not_come_in_whole_was_never_made(box: Box, page: Page) -> None:
    form = {"access_token": page.token, "appsecret_proof": box.proof(page.token), "message": "All of this or nothing"}
    body = urlencode(form).encode()
    path = f"/graph.facebook.com/v26.0/{page.id}/feed"
    cut_off(box, path, {"Content-Type": "application/x-www-form-urlencoded"}, body[:-8], len(body))
    assert look(box, page, f"{page.id}/feed", "id")["data"] == []
    assert box.posts(page.id) == []
    assert box.publish(page, "whole").is_success


def test_a_picture_or_document_at_linkedin_comes_whole_or_not_at_all(
    box: Box, linkedin: LinkedIn, company: Author
) -> None:
    for resource, content in (("images", picture(300, 300)), ("documents", pdf())):
        place = linkedin.reserve(company, resource)
        address = urlsplit(place["uploadUrl"])
        cut_off(box, f"{address.path}?{address.query}", {}, content[:-9], len(content), "PUT")
        urn = place[resource.removesuffix("s")]
        assert linkedin.status(company, urn) == "WAITING_UPLOAD"
        assert linkedin.put(place["uploadUrl"], content).is_success
        box.control("clock", {"advance_s": 2})
        assert linkedin.status(company, urn) == "AVAILABLE"
