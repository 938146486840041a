"""Files in a store of objects, over HTTP: in parts, by ranges, by signed addresses, and while it is away."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff

from core import providers
from core.cli import findings_of_use
from core.cli.findings import State
from core.infra import db, installation
from core.infra.actor import Role
from core.infra.settings import Settings
from core.media import files, object_store, queries, storage
from core.media.rules import DOCX, StorageAway, StorageFull
from core.media.storage import Storage
from core.provider_kit.errors import NotSent
from core.provider_kit.types import ImageRules, Network, TextRules
from tests.factories import clips
from tests.factories.media import make_media, make_prepared, picture
from tests.factories.organizations import make_actor
from tests.fixtures.object_store import BUCKET, KEY_ID, SECRET
from tests.fixtures.programs import await_health, free_ports, program
from tests.fixtures.servers import SECRET_KEY

ORGANIZATION = uuid4()


@dataclass(frozen=True)
class Store:
    """The server, as an operator and as a mischief-maker sees it."""

    url: str

    def settings(self, **more: object) -> Settings:
        return Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,
            MASTHEAD_STORAGE_URL=f"s3://{BUCKET}/kept",
            MASTHEAD_STORAGE_ENDPOINT=self.url,
            MASTHEAD_STORAGE_REGION="eu-central-1",
            MASTHEAD_STORAGE_KEY_ID=KEY_ID,
            MASTHEAD_STORAGE_SECRET=SECRET,
            **more,
        )

    def trouble(self, **told: object) -> None:
        httpx.post(f"{self.url}/_trouble", content=json.dumps(told)).raise_for_status()

    def seen(self) -> list[str]:
        requests: list[str] = httpx.get(f"{self.url}/_seen").json()
        return requests

    def names(self) -> list[str]:
        return [each["Key"] for each in self.client().list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="eu-central-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    (port,) = free_ports(1)
    log = tmp_path_factory.mktemp("store") / "log"
    command = [sys.executable, "-m", "tests.fixtures.object_store", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with program(command, log, environment) as process:
        found = Store(f"http://127.0.0.1:{port}")
        await_health(f"{found.url}/_seen", process, log, within_s=60)
        found.client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield found


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long botocore waits between its tries is botocore's; here it counts that it tries."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)


@pytest.fixture
def kept(store: Store) -> Iterator[Storage]:
    store.trouble()
    installation.use(store.settings())
    yield storage.current()
    store.trouble()
    installation.use(None)


def keep(kept: Storage, content: bytes) -> str:
    return kept.keep(ORGANIZATION, io.BytesIO(content))


def test_a_large_file_goes_in_parts_and_comes_back_by_ranges(kept: Storage, store: Store) -> None:
    content = os.urandom(2 * object_store.PART + 1_000)
    store.trouble()
    name = keep(kept, content)
    assert name == hashlib.sha256(content).hexdigest()
    sent = store.seen()
    assert len([each for each in sent if each.startswith("PUT partNumber")]) >= 2
    assert any(each.startswith("POST uploadId") for each in sent), "and is whole by one call at the end"
    assert f"kept/{ORGANIZATION}/{name[:2]}/{name}" in store.names()
    file, size = files.served(ORGANIZATION, name)
    with file:
        assert size == len(content)
        store.trouble()
        file.seek(size - 500)
        assert file.read(500) == content[-500:]
    assert all("bytes=" in each for each in store.seen() if each.startswith("GET"))
    assert files.read(ORGANIZATION, name) == content


def test_a_file_that_breaks_off_while_it_is_written_is_not_there(kept: Storage, store: Store) -> None:
    class Breaks(io.BytesIO):
        passes = 0

        def read(self, size: int | None = -1, /) -> bytes:
            if self.passes and self.tell() > object_store.PART:
                raise OSError("the disk that this is read from is gone")
            block = super().read(size)
            self.passes += not block
            return block

    content = os.urandom(2 * object_store.PART)
    with pytest.raises(StorageFull):
        kept.keep(ORGANIZATION, Breaks(content))
    assert not any(hashlib.sha256(content).hexdigest() in each for each in store.names())
    assert store.client().list_multipart_uploads(Bucket=BUCKET, Prefix="kept/").get("Uploads", []) == []


def test_chunks_are_objects_of_their_own_and_are_thrown_away(kept: Storage, store: Store) -> None:
    upload = uuid4()
    parts = [os.urandom(70_000), os.urandom(70_000), b"end"]
    at = 0
    for part in parts:
        kept.put_chunk(ORGANIZATION, upload, at, part)
        kept.put_chunk(ORGANIZATION, upload, at, part)
        at += len(part)
    assert kept.beginning(ORGANIZATION, upload) == parts[0][:64]
    assert b"".join(kept.chunks(ORGANIZATION, upload, at)) == b"".join(parts)
    kept.drop_chunks(ORGANIZATION, upload)
    kept.drop_chunks(ORGANIZATION, upload)
    assert not any(str(upload) in each for each in store.names())
    with pytest.raises(FileNotFoundError):
        list(kept.chunks(ORGANIZATION, upload, at))


def test_one_missing_object_is_no_missing_store(kept: Storage) -> None:
    keep(kept, b"something")
    assert kept.has(ORGANIZATION, "ab" * 32) is False
    with pytest.raises(FileNotFoundError):
        kept.open(ORGANIZATION, "ab" * 32)
    assert files.lost(ORGANIZATION, ["ab" * 32]) == {"ab" * 32}


@pytest.mark.parametrize("status", [503, 500])
def test_a_store_that_stumbles_is_asked_again(kept: Storage, store: Store, status: int) -> None:
    for method, ask in (
        ("PUT", lambda: keep(kept, b"stumbled")),
        ("GET", lambda: files.read(ORGANIZATION, keep(kept, b"stumbled"))),
        ("HEAD", lambda: kept.has(ORGANIZATION, hashlib.sha256(b"stumbled").hexdigest())),
    ):
        store.trouble(status=status, times=2, method=method)
        assert ask()


def test_a_store_that_stays_away_is_said_to_be_in_words_and_nothing_is_called_lost(kept: Storage, store: Store) -> None:
    name = keep(kept, b"still here")
    store.trouble(status=503, times=1_000)
    for ask in (
        lambda: files.opened(ORGANIZATION, name),
        lambda: kept.has(ORGANIZATION, name),
        lambda: list(kept.chunks(ORGANIZATION, uuid4(), 5)),
        lambda: kept.drop_leftovers(1),
    ):
        with pytest.raises(StorageAway, match="Tell your operator"):
            ask()
    with pytest.raises(StorageFull, match="Tell your operator"):
        keep(kept, b"another")
    with pytest.raises(NotSent):
        files.read(ORGANIZATION, name)
    assert files.lost(ORGANIZATION, [name]) == frozenset()
    store.trouble()
    assert files.read(ORGANIZATION, name) == b"still here"


def test_a_store_that_does_not_answer_at_all_is_away(store: Store) -> None:
    (nobody,) = free_ports(1)
    installation.use(store.settings().model_copy(update={"storage_endpoint": f"http://127.0.0.1:{nobody}"}))
    began = time.monotonic()
    with pytest.raises(StorageAway):
        files.opened(ORGANIZATION, "ab" * 32)
    assert time.monotonic() - began < 30
    installation.use(None)


def test_networks_get_the_stores_own_signed_address_where_the_operator_says_that_they_reach_it(
    store: Store, kept: Storage
) -> None:
    name = keep(kept, b"words")
    assert "/files/" in files.address_to_fetch(ORGANIZATION, name, DOCX)
    installation.use(store.settings(MASTHEAD_STORAGE_SIGNED_ADDRESSES=True))
    address = files.address_to_fetch(ORGANIZATION, name, DOCX)
    assert address.startswith(f"{store.url}/{BUCKET}/kept/")
    assert SECRET not in address
    store.trouble()
    assert files.address_to_fetch(ORGANIZATION, name, DOCX).startswith(f"{store.url}/{BUCKET}/kept/")
    assert not [each for each in store.seen() if each.startswith("GET")], "it was compared with its hash already"
    answer = httpx.get(address, headers={"Range": "bytes=1-3"})
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (206, b"ord", DOCX)
    assert f"{name[:12]}.docx" in answer.headers["Content-Disposition"]
    assert files.address(ORGANIZATION, name, DOCX).startswith("http://localhost"), "pages show them from here"


def test_what_never_became_whole_is_thrown_away_after_its_time(kept: Storage, store: Store) -> None:
    client = store.client()
    client.create_multipart_upload(Bucket=BUCKET, Key=f"kept/{ORGANIZATION}/left")
    for others in ("another/left", "kept-by-others/left"):
        client.create_multipart_upload(Bucket=BUCKET, Key=others)
    # This server says of every upload that it began in 2010.
    assert kept.drop_leftovers(100 * 365 * 86_400) == 0
    assert kept.drop_leftovers(3_600) == 1
    left = [each["Key"] for each in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]]
    assert left == ["another/left", "kept-by-others/left"]


def test_images_and_videos_take_the_whole_way_through_it(
    kept: Storage, committed_database: db.Database, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = ImageRules(("image/jpeg",), 1_000_000)
    known = {"one": Network("one", "One", "", "", TextRules("codepoints", 9), takes_link=True, images=rules)}
    monkeypatch.setattr(providers, "networks", lambda: known)
    author = make_actor(role=Role.EDITOR)
    image = make_media(author, picture("PNG"))
    content = clips.clip()
    video = make_prepared(author, worker_database, content)
    assert files.read(author.organization_id, video.sha256) == content
    assert {each.network for each in queries.media(author, image.id).renditions} == {"one"}


DOCTOR: dict[str, tuple[Callable[[Store], Settings], State, str]] = {
    "well": (lambda store: store.settings(), State.GOOD, f"s3://{BUCKET}/kept at http"),
    "no such bucket": (
        lambda store: store.settings().model_copy(update={"storage_url_setting": _s3("nowhere")}),
        State.MISSING,
        "can't be written",
    ),
}


def _s3(bucket: str) -> object:
    return Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_STORAGE_URL=f"s3://{bucket}").storage_url_setting


@pytest.mark.parametrize("name", DOCTOR)
def test_the_doctor_writes_reads_and_deletes(store: Store, name: str) -> None:
    store.trouble()
    make, state, words = DOCTOR[name]
    (finding,) = findings_of_use.storage_findings(make(store))
    assert (finding.state, words in finding.words) == (state, True), finding.words
    assert not any(".masthead-" in each for each in store.names())


def test_the_doctor_says_that_the_store_is_away_in_a_line(store: Store) -> None:
    store.trouble(status=503, times=1_000)
    (finding,) = findings_of_use.storage_findings(store.settings())
    assert finding.state is State.MISSING
    assert "MASTHEAD_STORAGE_URL" in finding.next_step
    store.trouble()


def test_the_doctor_tries_out_a_folder_too(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    settings = Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_STORAGE_URL=f"file://{folder}")
    (finding,) = findings_of_use.storage_findings(settings)
    assert finding.state in (State.GOOD, State.ADVICE)
    assert list(folder.iterdir()) == []
