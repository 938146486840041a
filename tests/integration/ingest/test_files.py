"""`/files/<token>`: what was signed here, for a day, and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import time
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient

from core.infra import crypto, db
from core.infra.settings import Settings
from core.infra.turns import Turns
from core.media import files, storage
from core.media.rules import DOCX, AddressExpired, Busy, FileUnknown
from core.media.views import MediaView
from ingest.files import routes
from tests.factories.media import make_media
from tests.factories.organizations import make_actor

HASH = "ab" * 32


@pytest.fixture
def made(client: FlaskClient, database: db.Database) -> MediaView:
    return make_media(make_actor())


def token_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_anybody_with_the_address_gets_exactly_the_kept_bytes(client: FlaskClient, made: MediaView) -> None:
    answer = client.get(made.address)
    assert answer.status_code == 200
    headers = answer.headers
    assert headers["Content-Type"] == "image/jpeg"
    assert int(headers["Content-Length"]) == len(answer.data) == made.size
    assert headers["ETag"] == f'"{made.sha256}"'
    assert headers["Cache-Control"] == "private, max-age=86400, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    head = client.head(made.address)
    assert (head.status_code, head.data, int(head.headers["Content-Length"])) == (200, b"", made.size)


def test_the_address_stays_the_same_for_a_while_and_is_good_for_a_day(
    client: FlaskClient, made: MediaView, settings: Settings
) -> None:
    organization = uuid4()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        address = files.address(organization, HASH, "image/png")
        assert address.startswith(f"{settings.ingest_url}/files/")
        clock.shift(60)
        assert files.address(organization, HASH, "image/png") == address
        clock.shift(24 * 3600 - 60)
        named = files.named_by(token_of(address))
        assert (named.organization_id, named.sha256, named.mime) == (organization, HASH, "image/png")
        clock.shift(3601)
        with pytest.raises(AddressExpired):
            files.named_by(token_of(address))


def test_after_its_day_it_is_gone_in_words(client: FlaskClient, made: MediaView) -> None:
    with time_machine.travel(time.time() + 26 * 3600):
        answer = client.get(made.address)
    assert answer.status_code == 410
    assert "good for a day" in answer.text


def test_every_other_address_is_answered_alike(client: FlaskClient, made: MediaView, here: str) -> None:
    token = token_of(made.address)
    wrong = [
        *(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token), 7)),
        token[:-1],
        token + "A",
        token + "=",
        token.lower(),
        secrets.token_urlsafe(90)[:120],
        "..",
        quote("../../etc/passwd", safe=""),
        "%00",
        "é" * 120,
    ]
    answers = {(answer.status_code, answer.data) for each in wrong for answer in [client.get(f"{here}/files/{each}")]}
    unknown = {each for each in answers if each[0] == 404}
    assert {status for status, _ in answers} == {404}
    assert len(unknown) <= 2, "one page for what was not signed here, one for what is no address at all"
    assert "no such file" in client.get(f"{here}/files/{token[:-1]}").text
    assert client.post(made.address).status_code == 405


def test_the_last_character_has_one_spelling(made: MediaView) -> None:
    token = token_of(made.address)
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        other = token[:-1] + character
        if other != token:
            with pytest.raises(FileUnknown):
                files.named_by(other)


def test_another_installations_address_opens_nothing_here(made: MediaView, settings: Settings) -> None:
    crypto.use(settings.model_copy(update={"secret_key": Settings(MASTHEAD_SECRET_KEY="o" * 32).secret_key}))
    address = files.address(uuid4(), made.sha256, made.mime)
    crypto.use(settings)
    with pytest.raises(FileUnknown):
        files.named_by(token_of(address))


def test_a_file_that_is_gone_or_changed_is_not_found(client: FlaskClient, made: MediaView, settings: Settings) -> None:
    places = list((settings.data / "files").rglob(made.sha256))  # other tests of this worker keep the same picture
    for place in places:
        place.write_bytes(b"something else")
    assert client.get(made.address).status_code == 404
    for place in places:
        place.unlink()
    assert client.get(made.address).status_code == 404


# Parts, and what is large


@pytest.fixture
def film(client: FlaskClient, database: db.Database) -> tuple[str, bytes]:
    """The address of a file of 17 MB, and its bytes."""
    return kept_as("video/mp4", os.urandom(17 << 20))


def kept_as(mime: str, content: bytes) -> tuple[str, bytes]:
    organization = uuid4()
    sha256 = storage.current().keep(organization, io.BytesIO(content))
    return files.address(organization, sha256, mime), content


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=1000000-", 1_000_000, 17 << 20), ("bytes=-10", (17 << 20) - 10, 17 << 20)],
)
def test_a_part_of_a_file_is_given_as_it_is_asked_for(
    client: FlaskClient, film: tuple[str, bytes], asked: str, start: int, end: int
) -> None:
    address, content = film
    answer = client.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.headers["Accept-Ranges"]) == (206, "bytes")
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{17 << 20}"
    assert (int(answer.headers["Content-Length"]), answer.data) == (end - start, content[start:end])


def test_a_part_that_there_is_not_is_answered_with_the_size(client: FlaskClient, film: tuple[str, bytes]) -> None:
    answer = client.get(film[0], headers={"Range": "bytes=99999999-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{17 << 20}")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "nonsense"])
def test_what_is_no_single_range_gets_all_of_it(client: FlaskClient, film: tuple[str, bytes], asked: str) -> None:
    answer = client.get(film[0], headers={"Range": asked})
    assert (answer.status_code, answer.data == film[1]) == (200, True)


def test_a_part_of_another_file_than_this_is_not_given(client: FlaskClient, film: tuple[str, bytes]) -> None:
    address, content = film
    same = client.get(address, headers={"Range": "bytes=0-9", "If-Range": f'"{hashlib.sha256(content).hexdigest()}"'})
    other = client.get(address, headers={"Range": "bytes=0-9", "If-Range": f'"{HASH}"'})
    assert (same.status_code, other.status_code, len(other.data)) == (206, 200, 17 << 20)


def test_a_players_open_range_is_given_in_pieces(client: FlaskClient, film: tuple[str, bytes]) -> None:
    answer = client.get(film[0], headers={"Range": "bytes=0-", "Sec-Fetch-Dest": "video"})
    assert (answer.status_code, len(answer.data)) == (206, 4 << 20)
    assert answer.headers["Content-Range"] == f"bytes 0-{(4 << 20) - 1}/{17 << 20}"


def test_what_is_large_takes_a_turn_until_it_is_given(
    client: FlaskClient, film: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "streams", Turns(in_all=1, for_one=1, refusal=Busy))
    first = client.get(film[0], buffered=False)
    assert client.get(film[0]).status_code == 503
    assert client.get(film[0], headers={"Range": "bytes=0-9"}).status_code == 206, "small parts take none"
    assert len(first.data) == 17 << 20
    first.close()
    assert client.get(film[0]).status_code == 200


def test_a_video_is_shown_and_a_document_is_saved_under_a_name(client: FlaskClient, database: db.Database) -> None:
    video = client.get(kept_as("video/quicktime", b"film")[0]).headers
    assert (video["Content-Type"], video["Content-Disposition"]) == ("video/quicktime", "inline")
    for mime, ending in (("application/pdf", "pdf"), (DOCX, "docx")):
        address, content = kept_as(mime, b"words of " + ending.encode())
        headers = client.get(address).headers
        name = f"{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        assert headers["Content-Type"] == mime
        assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_compared_with_its_hash_once_and_again_when_it_was_written(
    client: FlaskClient, film: tuple[str, bytes], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, content = film
    compared: list[str] = []
    whole = files.opened
    monkeypatch.setattr(files, "opened", lambda *which: compared.append(which[1]) or whole(*which))
    for _ in range(3):
        assert client.get(address, headers={"Range": "bytes=5-9"}).data == content[5:10]
    assert len(compared) == 1
    (place,) = (settings.data / "files").rglob(hashlib.sha256(content).hexdigest())
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert client.get(address, headers={"Range": "bytes=5-9"}).status_code == 404


def test_a_storage_that_is_away_is_no_missing_file(client: FlaskClient, made: MediaView, settings: Settings) -> None:
    here = settings.data / "files"
    away = here.rename(here.with_name("unmounted"))
    try:
        answer = client.get(made.address)
    finally:
        away.rename(here)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Tell your operator, and try again later" in answer.text
