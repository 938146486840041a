"""From the first chunk to the image: resumable, bounded, and idempotent at every step."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.audit.model import AuditEvent
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from core.media import commands, files, making, model, queries
from core.media.rules import LARGEST_CHUNK, LARGEST_FILE, SMALLEST_CHUNK, Busy, StorageFull, TooManyUploads, WrongOffset
from core.provider_kit.errors import NotSent, Rejected
from tests.factories.media import make_media, picture, send
from tests.factories.organizations import make_actor

NOISE = picture("PNG", (900, 700), noise=True)


def lines(actor: Actor) -> list[str]:
    with db.transaction(actor) as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def count(actor: Actor, table: type[db.Base]) -> int:
    with db.transaction(actor) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_file_sent_in_chunks_becomes_an_image(editor: Actor, storage: Path) -> None:
    made = commands.finish_upload(editor, send(editor, NOISE, file_name="noise.png", chunk=SMALLEST_CHUNK))
    assert (made.file_name, made.mime, made.width, made.height) == ("noise.png", "image/png", 900, 700)
    assert queries.media(editor, made.id) == made
    kept = files.read(editor.organization_id, made.sha256)
    assert hashlib.sha256(kept).hexdigest() == made.sha256
    assert len(kept) == made.size
    assert Image.open(io.BytesIO(kept)).tobytes() == Image.open(io.BytesIO(NOISE)).tobytes(), "a PNG loses nothing"
    assert lines(editor)[-2:] == ["media.start", "media.add"]


def test_files_lie_under_their_hash_for_their_owner_alone_and_the_chunks_are_gone(editor: Actor, storage: Path) -> None:
    made = make_media(editor, NOISE)
    found = [path for path in storage.rglob("*") if path.is_file()]
    thumbnail = files.named_by((made.thumbnail or "").rpartition("/")[2]).sha256
    hashes = {made.sha256, thumbnail} | {each.sha256 for each in made.renditions}
    assert {path.name for path in found} == hashes
    assert {path.parts[-3] for path in found} == {str(editor.organization_id)}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def test_each_network_gets_what_it_takes(editor: Actor) -> None:
    made = make_media(editor, NOISE)
    got = {each.network: each for each in made.renditions}
    assert set(got) == {"any", "jpeg", "few_pixels"}
    assert got["any"].as_kept
    assert got["any"].sha256 == made.sha256
    jpeg = got["jpeg"]
    assert (jpeg.mime, jpeg.as_kept, jpeg.size <= 200_000) == ("image/jpeg", False, True)
    few = got["few_pixels"]
    assert few.mime == "image/jpeg"
    assert few.width * few.height <= 100_000
    assert few.width / few.height == pytest.approx(900 / 700, rel=0.01), "the shape stays"
    for each in made.renditions:
        seen = Image.open(io.BytesIO(files.read(editor.organization_id, each.sha256)))
        assert (seen.size, Image.MIME[seen.format or ""]) == ((each.width, each.height), each.mime)


def test_a_payload_gets_the_networks_own_rendition_and_the_kept_image_where_there_is_none(editor: Actor) -> None:
    made = make_media(editor, NOISE)
    with db.transaction(editor) as session:
        items = queries.items(session, made.id, ["jpeg", "none", "later"])
        with pytest.raises(NotFound):
            queries.items(session, uuid4(), ["jpeg"])
    rendition = next(each for each in made.renditions if each.network == "jpeg")
    assert (items["jpeg"].sha256, items["jpeg"].size, items["jpeg"].alt) == (rendition.sha256, rendition.size, "")
    assert items["none"].sha256 == items["later"].sha256 == made.sha256


def test_a_wide_image_is_scaled_and_never_enlarged(editor: Actor) -> None:
    wide = {each.network: each for each in make_media(editor, picture(size=(3000, 1000))).renditions}
    assert (wide["jpeg"].width, wide["jpeg"].height) == (1440, 480)
    small = {each.network: each for each in make_media(editor, picture(size=(40, 30))).renditions}
    assert all((each.width, each.height, each.as_kept) == (40, 30, True) for each in small.values())


def test_a_repeated_chunk_is_let_pass_and_a_wrong_one_is_told_where_to_go_on(editor: Actor) -> None:
    upload = commands.start_upload(editor, uuid4(), file_name="x.png", size=len(NOISE))
    part = NOISE[:SMALLEST_CHUNK]
    assert commands.add_chunk(editor, upload.id, offset=0, content=part).received == len(part)
    assert commands.add_chunk(editor, upload.id, offset=0, content=io.BytesIO(part)).received == len(part)
    for wrong in (1, len(part) + 1, -1, len(NOISE)):
        with pytest.raises(WrongOffset, match=f"{len(part):,}") as refused:
            commands.add_chunk(editor, upload.id, offset=wrong, content=part)
        assert refused.value.received == len(part)
    assert isinstance(refused.value, Conflict)
    with pytest.raises(WrongOffset):
        commands.finish_upload(editor, upload.id)
    rest = NOISE[len(part) :]
    for offset in range(0, len(rest), LARGEST_CHUNK):
        commands.add_chunk(editor, upload.id, offset=len(part) + offset, content=rest[offset : offset + LARGEST_CHUNK])
    assert commands.finish_upload(editor, upload.id).width == 900


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "1 to 1,048,576 bytes"),
        (b"x" * (LARGEST_CHUNK + 1), "1 to 1,048,576 bytes"),
        (b"x" * 10, "at least 65,536"),
        (b"x" * 300_000, "more than the 200,000 bytes"),
    ],
    ids=["empty", "too large", "too small", "more than announced"],
)
def test_a_chunk_that_can_not_be_taken_changes_nothing(editor: Actor, content: bytes, words: str) -> None:
    upload = commands.start_upload(editor, uuid4(), file_name="x.png", size=200_000)
    with pytest.raises(Invalid, match=words):
        commands.add_chunk(editor, upload.id, offset=0, content=content)
    assert commands.upload(editor, upload.id).received == 0


@pytest.mark.parametrize(
    ("size", "words"), [(0, "empty"), (-1, "empty"), (LARGEST_FILE + 1, "at most 10 MB")], ids=["none", "less", "more"]
)
def test_a_file_of_a_size_that_can_not_be_is_refused_before_anything_is_sent(
    editor: Actor, size: int, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        commands.start_upload(editor, uuid4(), file_name="x.png", size=size)


def test_finishing_again_gives_the_same_image_and_one_line(editor: Actor) -> None:
    upload_id = send(editor, NOISE)
    assert commands.finish_upload(editor, upload_id) == commands.finish_upload(editor, upload_id)
    assert count(editor, model.Media) == 1
    assert lines(editor).count("media.add") == 1
    with pytest.raises(Conflict, match="finished"):
        commands.add_chunk(editor, upload_id, offset=len(NOISE), content=b"more")


def test_starting_again_with_the_same_click_gives_the_same_upload(editor: Actor) -> None:
    click = uuid4()
    first = commands.start_upload(editor, click, file_name="x.png", size=10)
    assert commands.start_upload(editor, click, file_name="x.png", size=10) == first
    assert count(editor, model.Upload) == 1


def test_a_file_that_is_no_image_is_refused_with_the_reason_for_good(editor: Actor, storage: Path) -> None:
    upload_id = send(editor, b"GIF89a" + b"\0" * 100, file_name="really.jpg")
    with pytest.raises(Invalid, match=r"This is a GIF, whatever its name says\. Save it as JPEG or PNG"):
        commands.finish_upload(editor, upload_id)
    with pytest.raises(Refused, match="This is a GIF"):
        commands.finish_upload(editor, upload_id)
    assert "GIF" in (commands.upload(editor, upload_id).failed_because or "")
    assert [path for path in storage.rglob("*") if path.is_file()] == []
    assert count(editor, model.Media) == 0
    assert lines(editor)[-1] == "media.refuse"


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 24 KB for what is worked on, as far as the user may have one."""
    with tempfile.TemporaryDirectory() as name:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", name], capture_output=True)
        if mounted.returncode:
            pytest.skip("this user may not mount a small disk")
        try:
            monkeypatch.setattr(tempfile, "tempdir", name)
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


@pytest.mark.parametrize("photo", [picture("PNG", (600, 500), noise=True), picture("PNG", (2000, 2000))])
def test_a_full_disk_is_not_held_against_the_image(editor: Actor, full_disk: Path, photo: bytes) -> None:
    upload_id = send(editor, photo)
    with pytest.raises(StorageFull):
        commands.finish_upload(editor, upload_id)
    assert list(full_disk.iterdir()) == []
    tempfile.tempdir = None
    assert commands.finish_upload(editor, upload_id).size > 0


def test_what_a_killed_program_left_of_its_work_is_thrown_away(
    editor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = tmp_path / "masthead-image-old", tmp_path / "masthead-image-new"
    for each in (old, new):
        each.mkdir()
        (each / "source").write_bytes(b"left")
    os.utime(old, (0, 0))
    make_media(editor)
    assert (old.exists(), new.exists()) == (False, True)


def test_chunks_that_vanished_from_storage_are_said_to_be_gone(editor: Actor, storage: Path) -> None:
    upload_id = send(editor, NOISE)
    next(path for path in storage.rglob("*") if path.is_file()).unlink()
    with pytest.raises(Invalid, match="gone from storage"):
        commands.finish_upload(editor, upload_id)


def test_a_storage_that_can_not_be_written_is_said_to_be_so_and_nothing_is_lost(editor: Actor, storage: Path) -> None:
    upload = commands.start_upload(editor, uuid4(), file_name="x.png", size=10)
    storage.write_text("a file where the folder should be")
    with pytest.raises(StorageFull, match="Tell your operator"):
        commands.add_chunk(editor, upload.id, offset=0, content=b"0123456789")
    storage.unlink()
    assert commands.add_chunk(editor, upload.id, offset=0, content=b"0123456789").received == 10


def test_no_more_images_are_decoded_at_once_than_the_machine_may(editor: Actor) -> None:
    upload_id = send(editor, NOISE)
    with making.turns.one(uuid4()), making.turns.one(uuid4()), pytest.raises(Busy):
        commands.finish_upload(editor, upload_id)
    assert commands.finish_upload(editor, upload_id).width == 900, "nothing was lost by it"


def test_an_organization_whose_images_take_long_leaves_room_for_another(editor: Actor) -> None:
    upload_id, greedy = send(editor, NOISE), uuid4()
    with making.turns.one(greedy):
        with pytest.raises(Busy), making.turns.one(greedy):
            pass
        assert commands.finish_upload(editor, upload_id).width == 900


def test_uploads_that_nobody_finishes_do_not_fill_the_disk(
    editor: Actor, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_UNFINISHED", 3)
    stranger = make_actor(role=Role.EDITOR)
    begun = [
        commands.start_upload(each, uuid4(), file_name="x.png", size=200_000).id for each in (stranger, editor, editor)
    ]
    for owner, upload_id in zip((stranger, editor, editor), begun, strict=True):
        commands.add_chunk(owner, upload_id, offset=0, content=bytes(100_000))
    made = commands.finish_upload(editor, send(editor, NOISE))
    for _ in range(2):
        latest = commands.start_upload(editor, uuid4(), file_name="x.png", size=200_000)
    assert [commands.upload(editor, each).failed_because is None for each in begun[1:]] == [False, True]
    assert latest.failed_because is None
    with pytest.raises(Refused, match="newer ones took its place"):
        commands.add_chunk(editor, begun[1], offset=100_000, content=bytes(100_000))
    kept = {place.name for place in storage.glob("*/uploads/*") if any(place.iterdir())}
    assert kept == {str(begun[0]), str(begun[2])}
    assert made.width == 900


def test_an_organization_starts_at_most_60_uploads_a_minute(editor: Actor) -> None:
    for _ in range(60):
        commands.start_upload(editor, uuid4(), file_name="x.png", size=10)
    with pytest.raises(TooManyUploads, match="Wait a minute"):
        commands.start_upload(make_actor(editor.organization_id, Role.ADMIN), uuid4(), file_name="x.png", size=10)
    commands.start_upload(make_actor(role=Role.EDITOR), uuid4(), file_name="x.png", size=10)


def test_an_upload_belongs_to_who_started_it_and_an_image_to_the_organization(editor: Actor) -> None:
    colleague, stranger = make_actor(editor.organization_id, Role.EDITOR), make_actor(role=Role.ADMIN)
    upload_id = send(editor, NOISE)
    for other in (colleague, stranger):
        for ask in (
            lambda who: commands.upload(who, upload_id),
            lambda who: commands.add_chunk(who, upload_id, offset=0, content=b"x"),
            lambda who: commands.finish_upload(who, upload_id),
        ):
            with pytest.raises(NotFound):
                ask(other)
    made = commands.finish_upload(editor, upload_id)
    assert queries.media(colleague, made.id) == made
    with pytest.raises(NotFound):
        queries.media(stranger, made.id)


@pytest.mark.parametrize("role", Role)
def test_viewers_see_images_and_upload_none(editor: Actor, role: Role) -> None:
    made, actor = make_media(editor), make_actor(editor.organization_id, role)
    assert queries.media(actor, made.id) == made
    if role is not Role.VIEWER:
        assert make_media(actor).width == 800
        return
    for ask in (
        lambda: commands.start_upload(actor, uuid4(), file_name="x.png", size=10),
        lambda: commands.upload(actor, uuid4()),
        lambda: commands.add_chunk(actor, uuid4(), offset=0, content=b"x"),
        lambda: commands.finish_upload(actor, uuid4()),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_a_file_that_was_changed_or_lost_is_never_given_out(editor: Actor, storage: Path) -> None:
    made = make_media(editor)
    place = next(path for path in storage.rglob(made.sha256))
    place.write_bytes(place.read_bytes()[:-1] + b"x")
    with pytest.raises(Rejected, match="changed") as refused:
        files.read(editor.organization_id, made.sha256)
    assert "Upload it again" in refused.value.how_to_fix
    place.unlink()
    for asked in (made.sha256, "../" * 8 + "etc/passwd", made.sha256.upper(), ""):
        with pytest.raises(Rejected):
            files.read(editor.organization_id, asked)


def test_another_organization_reads_nothing_by_the_same_hash(editor: Actor) -> None:
    made = make_media(editor)
    with pytest.raises(NotSent):
        files.read(make_actor().organization_id, made.sha256)


def test_the_same_picture_again_is_the_same_image_and_mends_a_damaged_file(editor: Actor, storage: Path) -> None:
    first = make_media(editor, NOISE)
    next(path for path in storage.rglob(first.sha256)).write_bytes(b"damaged")
    second = make_media(editor, NOISE)
    assert (first.id, first.sha256) == (second.id, second.sha256)
    assert len(files.read(editor.organization_id, first.sha256)) == first.size
