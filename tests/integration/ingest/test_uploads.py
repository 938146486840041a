"""Uploads over HTTP: from the console's pages alone, in words, with nothing but one chunk in memory."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.infra import db
from core.infra.actor import Role
from core.infra.settings import Settings
from core.media import commands, making
from core.media.rules import LARGEST_CHUNK
from core.organizations.cookie import COOKIE
from tests.factories import clips
from tests.factories.media import picture, prepare_all
from tests.factories.organizations import make_organization, make_signed_in
from tests.integration.accounts.people import cookie_value

PHOTO = picture("PNG", (600, 500), noise=True)
BYTES = "application/octet-stream"


class Caller:
    """The composer's script in somebody's browser."""

    def __init__(self, client: FlaskClient, settings: Settings, role: Role = Role.EDITOR) -> None:
        self.client, self.settings = client, settings
        sign_in, self.actor = make_signed_in(make_organization(), role)
        client.set_cookie(COOKIE, cookie_value(sign_in, settings), domain="localhost")

    def call(self, method: str, path: str, *, without: str = "", **options: Any) -> TestResponse:
        headers = {
            "Accept": "application/json",
            "Origin": self.settings.console_url,
            "X-Masthead-Call": "console",
            **options.pop("headers", {}),
        }
        headers.pop(without, None)
        return self.client.open(path, method=method, base_url=self.settings.ingest_url, headers=headers, **options)

    def start(self, size: int = len(PHOTO), **more: Any) -> TestResponse:
        body = {"action_id": str(uuid4()), "file_name": "C:\\pictures\\autumn.png", "size": size}
        return self.call("POST", "/api/uploads", json=body | more)

    def chunk(self, upload_id: str, offset: object, content: bytes, **headers: str) -> TestResponse:
        told = {"Upload-Offset": str(offset), "Content-Type": BYTES} | headers
        return self.call("PATCH", f"/api/uploads/{upload_id}", data=content, headers=told)


@pytest.fixture
def caller(client: FlaskClient, settings: Settings, database: db.Database) -> Caller:
    return Caller(client, settings)


def test_a_file_becomes_an_image_and_its_address_gives_it_back(caller: Caller, client: FlaskClient) -> None:
    started = caller.start()
    assert (started.status_code, started.json["file_name"], started.json["received"]) == (201, "autumn.png", 0)
    upload_id = started.json["id"]
    assert caller.chunk(upload_id, 0, PHOTO[:100_000]).json["received"] == 100_000
    assert caller.call("GET", f"/api/uploads/{upload_id}").json["received"] == 100_000
    assert caller.chunk(upload_id, 100_000, PHOTO[100_000:]).json["received"] == len(PHOTO)
    finished = caller.call("POST", f"/api/uploads/{upload_id}/finish")
    assert (finished.status_code, finished.json["width"], finished.json["file_name"]) == (200, 600, "autumn.png")
    assert caller.call("POST", f"/api/uploads/{upload_id}/finish", json={}).json["id"] == finished.json["id"]
    shown = client.get(finished.json["address"])
    assert (shown.status_code, shown.mimetype, len(shown.data)) == (200, "image/png", finished.json["size"])


def test_a_wrong_offset_is_answered_with_the_right_one(caller: Caller) -> None:
    upload_id = caller.start().json["id"]
    caller.chunk(upload_id, 0, PHOTO[:100_000])
    wrong = caller.chunk(upload_id, 200_000, PHOTO[200_000:300_000])
    assert (wrong.status_code, wrong.json["received"]) == (409, 100_000)
    assert "Go on from byte 100,000" in wrong.json["message"]
    assert caller.chunk(upload_id, 0, PHOTO[:100_000]).json["received"] == 100_000, "a repetition is harmless"
    early = caller.call("POST", f"/api/uploads/{upload_id}/finish")
    assert (early.status_code, early.json["received"]) == (409, 100_000)


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "x", "٣", "9" * 30])
def test_an_offset_that_is_none_is_refused(caller: Caller, offset: str) -> None:
    upload_id = caller.start().json["id"]
    refused = caller.chunk(upload_id, offset, b"x", **{"Upload-Offset": offset.encode().decode("latin-1")})
    assert refused.status_code == 400


def test_a_body_is_of_the_right_kind_and_size_or_refused(caller: Caller) -> None:
    upload_id = caller.start().json["id"]
    assert caller.chunk(upload_id, 0, b"x" * (LARGEST_CHUNK + 1)).status_code == 413
    assert caller.chunk(upload_id, 0, b"{}", **{"Content-Type": "application/json"}).status_code == 415
    assert caller.call("POST", "/api/uploads", data=b"size=1", content_type="text/plain").status_code == 415
    assert caller.call("POST", "/api/uploads", data=b"{", content_type="application/json").status_code == 400
    assert caller.call("POST", "/api/uploads", json=[]).status_code == 400
    assert caller.start(more="field").status_code == 400
    assert caller.start(size="many").status_code == 400
    assert caller.call("POST", f"/api/uploads/{upload_id}/finish", json={"more": 1}).status_code == 400
    assert caller.call("POST", "/api/uploads", json={"file_name": "x" * 70_000}).status_code == 413
    assert caller.call("GET", f"/api/uploads/{upload_id}").json["received"] == 0


def test_refusals_are_in_words_for_the_person(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    large = caller.start(size=10 * 1024 * 1024 + 1)
    assert (large.status_code, large.json["message"]) == (
        422,
        "An image can have at most 10 MB. Make it smaller and upload that.",
    )
    image = caller.start().json["id"]
    caller.chunk(image, 0, PHOTO)
    with making.turns.one(caller.actor.organization_id):
        busy = caller.call("POST", f"/api/uploads/{image}/finish")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")
    upload_id = caller.start(size=106).json["id"]
    caller.chunk(upload_id, 0, b"GIF89a" + bytes(100))
    refused = caller.call("POST", f"/api/uploads/{upload_id}/finish")
    assert (refused.status_code, "This is a GIF" in refused.json["message"]) == (422, True)
    assert caller.call("GET", f"/api/uploads/{uuid4()}").status_code == 404
    assert caller.call("GET", "/api/uploads/7").status_code == 404


def test_the_61st_start_in_a_minute_is_told_to_wait(caller: Caller) -> None:
    for _ in range(60):
        commands.start_upload(caller.actor, uuid4(), file_name="x.png", size=1)
    refused = caller.start()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "Wait a minute" in refused.json["message"]


def test_a_viewer_is_told_what_role_it_takes(client: FlaskClient, settings: Settings, database: db.Database) -> None:
    refused = Caller(client, settings, Role.VIEWER).start()
    assert (refused.status_code, "takes an editor" in refused.json["message"]) == (403, True)


def test_a_video_is_told_to_be_in_preparation_until_a_worker_made_it(
    client: FlaskClient, settings: Settings, committed_database: db.Database, worker_database: db.Database
) -> None:
    caller, content = Caller(client, settings), clips.clip()
    upload_id = caller.start(size=len(content), file_name="walk.mp4").json["id"]
    caller.chunk(upload_id, 0, content)
    for _ in range(2):
        early = caller.call("POST", f"/api/uploads/{upload_id}/finish")
        assert (early.status_code, early.json["preparing"], early.json["received"]) == (202, True, len(content))
    prepare_all(worker_database)
    made = caller.call("POST", f"/api/uploads/{upload_id}/finish")
    assert (made.status_code, made.json["kind"], made.json["codec"]) == (200, "video", "h264")
    assert client.get(made.json["address"]).data == content
    assert client.get(made.json["poster"]).mimetype == "image/jpeg"


# Other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://localhost:8501.evil.example"},
        {"X-Masthead-Call": "other"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_page_gets_nothing_done_and_may_read_nothing(
    caller: Caller, method: str, headers: dict[str, str]
) -> None:
    path = "/api/uploads" if method == "POST" else f"/api/uploads/{caller.start().json['id']}"
    refused = caller.call(method, path, headers=headers)
    assert refused.status_code == 403
    if "Origin" in headers:
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_what_changes_something_must_say_where_it_comes_from(caller: Caller) -> None:
    body = {"action_id": str(uuid4()), "file_name": "x.png", "size": 1}
    assert caller.call("POST", "/api/uploads", json=body, without="Origin").status_code == 403
    assert caller.call("POST", "/api/uploads", json=body, without="X-Masthead-Call").status_code == 403
    upload_id = caller.start().json["id"]
    same_origin = caller.call("GET", f"/api/uploads/{upload_id}", without="Origin")
    assert same_origin.status_code == 200, "browsers name no origin when a page reads from its own"
    assert caller.call("GET", f"/api/uploads/{upload_id}", without="X-Masthead-Call").status_code == 403


def test_a_browser_that_asks_first_is_told_that_the_console_may(client: FlaskClient, settings: Settings) -> None:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "upload-offset"}
    for path in ("/api/uploads", f"/api/uploads/{uuid4()}", f"/api/uploads/{uuid4()}/finish"):
        answer = client.options(path, base_url=settings.ingest_url, headers={**asked, "Origin": settings.console_url})
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == settings.console_url
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Upload-Offset" in answer.headers["Access-Control-Allow-Headers"]
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert "Origin" in answer.headers["Vary"]
        other = client.options(path, base_url=settings.ingest_url, headers={**asked, "Origin": "https://evil.example"})
        assert not [name for name, _ in other.headers if name.startswith("Access-Control")]


def test_the_console_may_read_refusals_too(client: FlaskClient, settings: Settings) -> None:
    headers = {"Origin": settings.console_url, "X-Masthead-Call": "console", "Accept": "application/json"}
    answer = client.get(f"/api/uploads/{uuid4()}", base_url=settings.ingest_url, headers=headers)
    assert (answer.status_code, "You are signed out" in answer.json["message"]) == (401, True)
    assert answer.headers["Access-Control-Allow-Origin"] == settings.console_url
    nowhere = client.get("/api/nowhere", base_url=settings.ingest_url, headers=headers)
    assert (nowhere.status_code, nowhere.headers["Access-Control-Allow-Origin"]) == (404, settings.console_url)
    page = client.get("/readyz", headers={"Origin": settings.console_url})
    assert "Access-Control-Allow-Origin" not in page.headers
