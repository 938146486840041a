"""Videos and documents: taken by what they are, prepared by a worker, refused in words."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import av
import pytest
from PIL import Image

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Invalid
from core.media import boxes, commands, files, inspecting, making, queries, storage
from core.media.rules import DOC, DOCX, LARGEST_CHUNK, MOV, MP4, PDF, PPT, PPTX, BeingPrepared
from tests.factories import clips
from tests.factories.media import make_media, make_prepared, picture, prepare_all, send
from tests.factories.organizations import make_actor


@pytest.fixture
def author(committed_database: db.Database, storage: Path) -> Iterator[Actor]:
    return make_actor(role=Role.EDITOR)


def kept(actor: Actor, sha256: str) -> bytes:
    return files.read(actor.organization_id, sha256)


def test_a_video_is_prepared_by_a_worker_and_then_is_a_file_of_the_organization(
    author: Actor, worker_database: db.Database, storage: Path
) -> None:
    content = clips.clip(seconds=2, size=(320, 240), rate=12)
    upload_id = send(author, content, file_name="walk.mp4")
    for _ in range(2):
        with pytest.raises(BeingPrepared, match="is preparing this file"):
            commands.finish_upload(author, upload_id)
    assert commands.upload(author, upload_id).preparing
    assert prepare_all(worker_database) == 1
    made = commands.finish_upload(author, upload_id)
    assert (made.kind, made.mime, made.file_name) == ("video", MP4, "walk.mp4")
    assert (made.width, made.height, made.codec, made.audio_codec, made.frame_rate) == (320, 240, "h264", "aac", 12.0)
    assert 1_900 <= made.duration_ms <= 2_200
    assert made.bit_rate == pytest.approx(made.size * 8_000 / made.duration_ms, rel=0.01)
    assert kept(author, made.sha256) == content, "its index comes first already, so that it is kept as it came"
    assert not commands.upload(author, upload_id).preparing
    assert list(storage.rglob("uploads/*/*")) == []
    assert prepare_all(worker_database) == 0


def test_every_network_gets_the_video_as_it_is_kept_with_all_that_is_known_of_it(
    author: Actor, worker_database: db.Database
) -> None:
    made = make_prepared(author, worker_database, clips.clip())
    with db.transaction(author) as session:
        items = queries.items(session, made.id, ["any", "jpeg", "none"])
        poster = queries.poster(session, made.id)
    assert len({item.sha256 for item in items.values()}) == 1
    item = items["jpeg"]
    assert (item.kind, item.sha256, item.codec, item.duration_ms) == ("video", made.sha256, "h264", made.duration_ms)
    assert poster is not None
    shown = Image.open(io.BytesIO(kept(author, poster.sha256)))
    assert (shown.format, shown.size) == ("JPEG", (320, 240))
    assert (poster.width, poster.height, poster.size) == (320, 240, len(kept(author, poster.sha256)))
    left, right = shown.getpixel((20, 20)), shown.getpixel((300, 20))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (lambda: clips.clip(index_first=False), MP4),
        (lambda: clips.clip(fragmented=True), MP4),
        (lambda: clips.clip(form="mov", index_first=False), MOV),
    ],
    ids=["index last", "in fragments", "QuickTime"],
)
def test_a_video_is_written_anew_stream_by_stream_where_its_index_does_not_come_first(
    author: Actor, worker_database: db.Database, content: Callable[[], bytes], mime: str
) -> None:
    sent = content()
    made = make_prepared(author, worker_database, sent)
    written = kept(author, made.sha256)
    assert made.mime == mime
    assert hashlib.sha256(sent).hexdigest() != made.sha256
    layout = boxes.layout(io.BytesIO(written), len(written))
    assert (layout.begins_with_index, layout.fragmented) == (True, False)
    assert packets(written) == packets(sent), "not a byte of the pictures and of the sound is another"


def packets(content: bytes) -> list[bytes]:
    with av.open(io.BytesIO(content), format="mov") as container:
        return sorted(bytes(packet) for packet in container.demux() if packet.size)


def test_a_large_video_that_says_it_is_over_at_once_is_kept(author: Actor, worker_database: db.Database) -> None:
    made = make_prepared(author, worker_database, lasting(0.001) + b"\0\x06\0\0free" + bytes(0x60000 - 8))
    with db.transaction(author) as session:
        item = queries.items(session, made.id, ["any"])["any"]
    assert (item.duration_ms, item.bit_rate) == (1, 1_000_000_000)


def test_where_a_video_was_taken_is_not_kept(author: Actor, worker_database: db.Database) -> None:
    sent = clips.clip(form="mov", metadata={"location": "+52.5163+013.3777/"})
    assert b"+52.5163" in sent
    made = make_prepared(author, worker_database, sent)
    assert b"+52.5163" not in kept(author, made.sha256)


@pytest.mark.parametrize(
    ("content", "mime", "pages", "pictured"),
    [
        (lambda: clips.pdf(3), PDF, 3, True),
        (clips.office, DOCX, 0, False),
        (lambda: clips.office("slides", slides=5), PPTX, 5, False),
        (lambda: clips.office(more={"docProps/thumbnail.jpeg": picture()}), DOCX, 0, True),
        (lambda: clips.office(more={"docProps/thumbnail.jpeg": b"no picture"}), DOCX, 0, False),
        (clips.old_office, DOC, 0, False),
        (lambda: clips.old_office("PowerPoint Document", b"slides"), PPT, 0, False),
    ],
    ids=["PDF", "Word", "PowerPoint", "with a picture", "with a broken picture", "old Word", "old PowerPoint"],
)
def test_a_document_is_kept_as_it_came(
    author: Actor, worker_database: db.Database, content: Callable[[], bytes], mime: str, pages: int, pictured: bool
) -> None:
    sent = content()
    made = make_prepared(author, worker_database, sent, file_name="report.bin")
    assert (made.kind, made.mime, made.pages, made.thumbnail is not None) == ("document", mime, pages, pictured)
    assert (made.width, made.height) == (0, 0)
    assert kept(author, made.sha256) == sent
    with db.transaction(author) as session:
        item = queries.items(session, made.id, ["any"])["any"]
    assert (item.kind, item.pages, item.size) == ("document", pages, len(sent))


def spoilt(content: bytes, at: float) -> bytes:
    middle = int(len(content) * at)
    return content[:middle] + b"\xff" * 400 + content[middle + 400 :]


def lasting(seconds: float) -> bytes:
    """A video that says so in each of the places where it says how long it lasts."""
    content = bytearray(clips.clip(sound=False, edit_list=False))
    ticks = 24_000  # for 24 pictures
    per_second = max(1, round(ticks / seconds))
    ticks = round(per_second * seconds)
    for kind, values in ((b"mdhd", (per_second, ticks)), (b"stts", (ticks // 24,))):
        at = content.index(kind) + len(kind) + 12
        said = b"".join(value.to_bytes(4, "big") for value in values)
        content[at : at + len(said)] = said
    return bytes(content)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a video without its end": (lambda: clips.clip()[:-900], "This video is cut off"),
    "a video without its index": (lambda: clips.clip(index_first=False)[:20_000], "This video is cut off"),
    "the head of a video": (lambda: clips.clip()[:32], "This video is cut off"),
    "only sound": (clips.recording, "no video in this file"),
    "a video of junk": (lambda: clips.clip()[:32] + b"\0\0\0\x10\xff\xfe\xfd\xfc" + bytes(50), "damaged"),
    "a video of many years": (lambda: lasting(2_000_000_000), "lasts longer than a day"),
    "boxes of no sense": (lambda: b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\x02zzzz" + bytes(90), "damaged"),
    "a PDF without its end": (lambda: clips.pdf()[:-20], "This document is cut off"),
    "a PDF of junk": (lambda: b"%PDF-1.7\n" + bytes(500) + b"%%EOF", "damaged"),
    "a PDF behind a password": (clips.locked_pdf, "protected by a password"),
    "a Word file without its end": (lambda: clips.office()[:-30], "This document is cut off"),
    "a Word file with macros": (lambda: clips.office(macros=True), "has macros"),
    "a Word file with a damaged part": (
        lambda: spoilt(clips.office(more={"word/a.xml": picture(noise=True)}), 0.6),
        "damaged",
    ),
    "a bomb": (
        lambda: clips.office(more={f"word/{each}.xml": bytes(200 << 20) for each in range(6)}),
        "unpacks to more than 1 GB",
    ),
    "a spreadsheet": (lambda: clips.office("sheet"), "This is an Excel file"),
    "an archive": (lambda: clips.package({"a.txt": b"a"}), "This is an archive"),
    "an old spreadsheet": (lambda: clips.old_office("Workbook"), "This is an Excel file"),
    "an encrypted Word file": (lambda: clips.old_office("EncryptedPackage"), "protected by a password"),
    "an old Word file behind a password": (
        lambda: clips.old_office(content=b"\xec\xa5" + bytes(9) + b"\1" + bytes(5_000)),
        "protected by a password",
    ),
    "an old Word file without its end": (lambda: clips.old_office()[:-2_000], "This document is cut off"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_cut_off_mislabelled_locked_or_a_bomb_is_refused_in_words(
    author: Actor, worker_database: db.Database, storage: Path, name: str
) -> None:
    content, words = REFUSED[name]
    upload_id = send(author, content(), file_name="looks-fine.mp4")
    with pytest.raises(BeingPrepared):
        commands.finish_upload(author, upload_id)
    prepare_all(worker_database)
    because = commands.upload(author, upload_id).failed_because or ""
    assert words in because
    assert because.endswith(".")
    assert [path for path in storage.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        (b"\x1aE\xdf\xa3", "This is a Matroska or WebM video"),
        (b"RIFF\0\0\0\0AVI LIST", "This is an AVI video"),
        (b"hello", "no file of a kind that can be posted"),
        (b"\xff\xd8\xff", "An image can have at most 10 MB"),
    ],
    ids=["Matroska", "AVI", "words", "a huge image"],
)
def test_what_can_never_be_taken_is_refused_at_its_first_part(author: Actor, beginning: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        send(author, beginning + bytes(LARGEST_CHUNK), announced=300_000_000, file_name="film.mp4")


def test_a_size_that_can_not_be_is_refused_before_anything_is_sent(author: Actor) -> None:
    for name, size, words in (
        ("film.mp4", 1_025 << 20, "A video can have at most 1,024 MB"),
        ("paper.pdf", 101 << 20, "A document can have at most 100 MB"),
        ("photo.jpeg", 11 << 20, "An image can have at most 10 MB"),
    ):
        with pytest.raises(Invalid, match=words):
            send(author, b"", file_name=name, announced=size)


def test_the_same_file_sent_again_is_the_same_file(author: Actor, worker_database: db.Database, storage: Path) -> None:
    first = make_prepared(author, worker_database, clips.clip(index_first=False), file_name="one.mp4")
    again = make_prepared(author, worker_database, clips.clip(index_first=False), file_name="two.mp4")
    assert (again.id, again.file_name) == (first.id, "one.mp4")
    image = picture()
    assert make_media(author, image).id == make_media(author, image, file_name="again.jpg").id
    other = make_actor(role=Role.EDITOR)
    assert make_media(other, image).id != make_media(author, image).id, "no organization feels another"


def test_a_child_that_takes_too_much_memory_is_ended_and_the_file_refused(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PDF page of two billion squares: the limit holds, whatever a reader makes of it."""
    monkeypatch.setattr(making, "_LOOK_WITHIN_S", 20.0)
    huge = clips.pdf(1, side=14_400)
    made = make_prepared(author, worker_database, huge, file_name="poster.pdf")
    assert made.thumbnail is not None
    assert inspecting.MEMORY_BYTES <= 1_500 << 20


def test_a_place_without_its_upload_is_told_in_words(author: Actor, worker_database: db.Database) -> None:
    upload_id = send(author, clips.clip())
    with pytest.raises(BeingPrepared):
        commands.finish_upload(author, upload_id)
    storage.current().drop_chunks(author.organization_id, upload_id)
    # Storage itself is here, as another file shows; it is this upload that is gone.
    make_media(author)
    prepare_all(worker_database)
    assert "gone from storage" in because(author, upload_id)


def because(actor: Actor, upload_id: UUID) -> str:
    return commands.upload(actor, upload_id).failed_because or ""
