"""`/files/<token>`: what was signed here, for a day, and nothing else."""

from __future__ import annotations

import secrets
import time
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient

from core.infra import crypto, db
from core.infra.settings import Settings
from core.media import files
from core.media.rules import AddressExpired, FileUnknown
from core.media.views import MediaView
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


def test_a_storage_that_is_away_is_no_missing_file(client: FlaskClient, made: MediaView, settings: Settings) -> None:
    here = settings.data / "files"
    away = here.rename(here.with_name("unmounted"))
    try:
        answer = client.get(made.address)
    finally:
        away.rename(here)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Tell your operator, and try again later" in answer.text
